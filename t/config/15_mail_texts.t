# SPDX-License-Identifier: Apache-2.0
# MAIL_TEMPLATE_DIR: `httpd -t` and `authplatform check-config` stop for a text that is wrong, with a line that names the file and the line in
# it.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test ();
use File::Temp ();
use Test::More;

my $httpd = $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2';
my $dir   = File::Temp::tempdir(CLEANUP => 1);
$ENV{$_} // next, delete $ENV{$_} for qw(JWT_SECRET_KEY SECRET_KEY AUTH_STORE MONGODB_URI DATABASE_URL AUTH_STATE_DIR MAIL_TEMPLATE_DIR);

sub put {
    my ($name, $text) = @_;
    open my $file, '>:raw', "$dir/$name" or die "$name: $!";
    print {$file} $text;
    close $file;
    chmod 0600, "$dir/$name";
    return "$dir/$name";
}

put('test.env', "JWT_SECRET_KEY=kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL\nAUTH_STATE_DIR=$dir/state\nMAIL_TEMPLATE_DIR=$dir/mails\n");
my @modules = map { "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so" } qw(mpm_event authn_core authz_core authz_user);
my $conf = put('httpd.conf', join("\n", "ServerRoot $dir", 'ServerName 127.0.0.1', 'Listen 127.0.0.1:1', "PidFile $dir/pid", "ErrorLog $dir/error_log",
        "DefaultRuntimeDir $dir", @modules, "LoadModule auth_platform_module $ENV{AUTHP_MODULE}", 'AuthPlatformEnvFile test.env', ''));

# check(NAME => TEXT...) -> what httpd and the tool say: status, output, status, output
sub check {
    my (%files) = @_;
    mkdir "$dir/mails" or die "mails: $!";
    put("mails/$_", $files{$_}) for keys %files;
    my @said;
    for my $command ("$httpd -t -f $conf", "$ENV{AUTHP_CLI} --env-file $dir/test.env check-config") {
        my $out = qx{$command 2>&1};
        push @said, $? & 127 || $? >> 8, $out;
    }
    unlink glob "$dir/mails/*";
    rmdir "$dir/mails" or die "mails: $!";
    return @said;
}

for my $row (
    ['no texts'],
    ['texts of its own', 'invite.fr.txt' => "Subject: Votre invitation\n\n{{code}}\n", 'invite.fr.html' => '<p>{{code}}'],
    ['a text alone', 'password_changed.en.txt' => "Subject: Hi\n\nHi {{name}},\n\nText\n"],
) {
    my ($name, %files) = @$row;
    my @said = check(%files);
    is($said[0], 0, "$name: httpd starts") or diag $said[1];
    is($said[2], 0, "$name: check-config agrees") or diag $said[3];
}

my $invite = "Subject: A\n\n{{code}}\n";
for my $row (
    ['no subject',              'invite.en.txt'  => "Hello\n\n{{code}}\n",         'invite\.en\.txt, line 1: must be "Subject: "'],
    ['an empty subject',        'invite.en.txt'  => "Subject:\n\n{{code}}\n",      'invite\.en\.txt, line 1: has no subject'],
    ['a control character in the subject', 'invite.en.txt' => "Subject: a\eb\n\n{{code}}\n", 'invite\.en\.txt, line 1: has a control character in the subject'],
    ['a placeholder that is none', 'invite.en.txt' => "$invite\nHi {{nmae}}\n",    'invite\.en\.txt, line 5: \{\{nmae\}\} is no placeholder; did you mean \{\{name\}\}\?'],
    ['no link',                 'reset_password.en.txt' => "Subject: A\n\nB\n",    'reset_password\.en\.txt lacks \{\{link\}\}'],
    ['no code',                 'invite.en.txt'  => "Subject: A\n\nB\n",           'invite\.en\.txt lacks \{\{code\}\}'],
    ['no link in the HTML',     'verify_email.en.html' => "<p>B</p>\n",            'verify_email\.en\.html lacks \{\{link\}\}'],
    ['a link that no mail has', 'new_device.en.txt' => "Subject: A\n\n{{link}}\n", 'new_device\.en\.txt, line 3: mails of the kind new_device have no \{\{link\}\}'],
    ['a kind that is none',     'verify_emial.en.txt' => $invite,                  'verify_emial\.en\.txt is not the name of a kind of mail; did you mean verify_email\.en\.txt\?'],
    ['another name',            'README'         => 'x',                           'README is not named KIND\.LANGUAGE\.txt'],
    ['HTML without its text',   'invite.fr.html' => '<p>{{code}}</p>',             'invite\.fr\.html needs a text, too: invite\.fr\.txt'],
    ['a text that is too large', 'invite.en.txt' => $invite . 'x' x 102400,        'invite\.en\.txt is larger than 100 KiB'],
    ['no UTF-8',                'invite.en.txt'  => "$invite\xff\n",               'invite\.en\.txt is not UTF-8'],
) {
    my ($name, $file, $text, $line) = @$row;
    my ($status, $out, $tool_status, $tool_out) = check($file => $text);
    is($status, 1, "$name: httpd does not start");
    my @lines = grep {/AUTHP0510/} split /\n/, $out;
    is(@lines, 1, "$name: one line") or diag $out;
    like($lines[0] // '', qr{MAIL_TEMPLATE_DIR in \S*test\.env: \Q$dir\E/mails/$line}, '... names the file and what is wrong');
    is($tool_status, 1, '... check-config says so, too');
    like($tool_out, qr{MAIL_TEMPLATE_DIR in \S*test\.env: \Q$dir\E/mails/$line}, '... in the same words');
}

done_testing;
