# SPDX-License-Identifier: Apache-2.0
# Data that is kept for a request while its subrequests come and go. httpd makes subrequests to find a file (MultiViews, DirectoryIndex,
# includes) and frees their memory before the request continues. With MaxMemFree 1 that memory is unmapped.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Backend qw(backend_port);
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use IO::Socket::INET;
use Test::More;

my $rounds = 40;
my $pools  = server_root() . '/htdocs/pools';
mkdir $pools;
mkdir "$pools/$_" for qw(app app/index shut nested);

sub put {
    my ($name, $text) = @_;
    open my $file, '>', "$pools/$name" or die "$name: $!";
    print {$file} $text;
    close $file;
    chmod 0755, "$pools/$name";
    return;
}
my $program = do { local (@ARGV, $/) = (stage() . '/conf/demo/cgi/whoami'); <> };
my $guard   = "AuthType Platform\nAuthName \"t\"\n";
put('app/whoami.cgi',       $program);
put('app/whoami.zzz',       "tried out too\n");
put('app/proxied.html',     "the proxy is asked instead\n");
put('app/index/start.cgi',  $program);
put('app/index/.htaccess',  "DirectoryIndex none start.cgi\n");
put('shut/page.html',       "not for you\n");
put('shut/.htaccess',       "DirectoryIndex page.html none.html\n<Files \"page.html\">\n${guard}Require role admin\n</Files>\n");
put('app/.htaccess',        "CGIPassAuth On\n");
put('nested/.htaccess',     "DirectoryIndex page.shtml\nCGIPassAuth On\n");
put('nested/page.shtml',    join '|', ('<!--#include virtual="/pools/shut/" -->', '<!--#include virtual="/pools/shut/page.html" -->',
    '<!--#include virtual="/pools/app/whoami" -->') x 3);
chmod 0755, $pools, map {"$pools/$_"} qw(app app/index shut nested);
expect_log(qr{unable to include "/pools/|AH01276|AH00687});

my $backend = AuthPlatform::Backend->start('POOLS_PORT');
my $p       = person();

# Headers that are likely to be written into the freed memory next. They contain the role admin.
my %pad = map { ("X-Pad-$_" => join ',', ('admin') x (3 * $_)) } 1 .. 30;

# Counts the wrong answers of many rounds, and shows the first one.
sub every_time {
    my ($name, $path, $fine, %o) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($wrong, $first) = 0;
    for (1 .. $rounds) {
        my $answer = request(GET => $path, headers => { %pad, %{ $o{headers} || {} } }, ($o{signed_in} ? bearer($p) : ()));
        next if $fine->($answer);
        $first //= $answer;
        $wrong++;
    }
    return is($wrong, 0, "$name, $rounds times") || diag "$path: $first->{status} ", $first->{headers}->as_string, substr $first->{body}, 0, 2000;
}

sub is_told {
    my ($answer) = @_;
    my $j = $answer->{json} || {};
    my ($env, $headers) = ($j->{environment} || {}, $j->{headers} || {});
    return $answer->{status} == 200 && ($env->{AUTH_ROLES} // '') eq 'candidate' && ($headers->{'X-Auth-Roles'} // '') eq 'candidate'
        && ($env->{AUTH_USER_ID} // '') eq $p->{user}{id} && ($headers->{'X-Auth-Email'} // '') eq $p->{email};
}
every_time('MultiViews: the program is told the real roles', '/pools/app/whoami', \&is_told, signed_in => 1);
every_time('DirectoryIndex: so is this one', '/pools/app/index/', \&is_told, signed_in => 1);
sub back_end_is_told {
    my ($answer) = @_;
    my $headers = ($answer->{json} || {})->{headers} || {};
    return $answer->{status} == 200 && ($headers->{'X-Auth-Roles'} // '') eq 'candidate' && ($headers->{'X-Auth-User-Id'} // '') eq $p->{user}{id};
}
every_time('MultiViews: and the back end', '/pools/app/proxied', \&back_end_is_told, signed_in => 1);

# A subrequest is refused and freed, and httpd answers the request itself with its status.
sub is_refused {
    my ($status, $code) = @_;
    return sub {
        my ($answer) = @_;
        my $id = $answer->{headers}->header('X-Request-Id') // '';
        return $answer->{status} == $status && $id =~ /^[0-9a-f]{24}$/ && ($answer->{json}{code} // '') eq $code && $answer->{json}{request_id} eq $id
            && $answer->{headers}->content_type eq 'application/problem+json';
    };
}
sub is_page {
    my ($answer) = @_;
    my $id = $answer->{headers}->header('X-Request-Id') // '';
    return $answer->{status} == 403 && $id =~ /^[0-9a-f]{24}$/ && $answer->{body} =~ /Request \Q$id\E/;
}
sub is_sent_to_sign_in {
    my ($answer) = @_;
    return $answer->{status} == 302 && $answer->{headers}->header('Location') =~ m{/signin\.html\?return_to=%2Fpools%2Fshut%2F$}
        && ($answer->{headers}->header('X-Request-Id') // '') =~ /^[0-9a-f]{24}$/;
}
every_time('signed out', '/pools/shut/', is_refused(401, 'token_missing'));
every_time('a bad token', '/pools/shut/', is_refused(401, 'token_invalid'), headers => { Authorization => 'Bearer a.b.c' });
every_time('the wrong role', '/pools/shut/', is_refused(403, 'insufficient_role'), signed_in => 1);
every_time('the wrong role, in a browser', '/pools/shut/', \&is_page, signed_in => 1, headers => { Accept => 'text/html' });
every_time('signed out, in a browser', '/pools/shut/', \&is_sent_to_sign_in, headers => { Accept => 'text/html' });
every_time('MultiViews with a refused page alone', '/pools/shut/page',
    sub { my ($a) = @_; return $a->{status} == 404 && $a->{body} !~ /not for you|"code"/ });
every_time('an included page is refused', '/pools/nested/',
    sub { my ($a) = @_; return $a->{status} == 200 && $a->{body} !~ /not for you|"code"/ && !defined $a->{headers}->header('X-Request-Id') });
every_time('and with somebody there', '/pools/nested/',
    sub { my ($a) = @_; return $a->{status} == 200 && $a->{body} !~ /not for you/ && (() = $a->{body} =~ /"AUTH_ROLES": "candidate"/g) == 3 }, signed_in => 1);
# mod_include makes variables of the outer page's headers, and an included page begins with a copy of them.
{
    my $answer = request(GET => '/pools/nested/', headers => { Cookie => "theme=dark; authp_at=$p->{access_token}" }, bearer($p));
    like($answer->{body}, qr/"AUTH_ROLES": "candidate"/, 'a guarded program in an open page knows who is there');
    unlike($answer->{body}, qr/\Q$p->{access_token}\E/, 'and has not the token');
}
is(scalar(grep {/exit signal/} log_lines()), 0, 'no child crashed');

# Without a section for single files, subrequests take the user from the request itself, and what they compute about the user is kept for
# the request. httpd frees all variants except the chosen one before the request continues.
my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
for my $mpm (qw(event prefork)) {
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm);
    my ($dir, $cgi, $port) = ($httpd->{dir}, $mpm eq 'prefork' ? 'cgi' : 'cgid', backend_port('POOLS_PORT'));
    mkdir "$dir/site/variants";
    for my $type (qw(txt html js jpg pdf svg xml css)) {
        open my $file, '>', "$dir/site/variants/page.$type" or die "$type: $!";
        print {$file} $type eq 'css' ? $program : "one of many\n";
        close $file;
    }
    chmod 0755, "$dir/site/variants", "$dir/site/variants/page.css";
    my $load = join '', map {"LoadModule ${_}_module \"$modules/mod_$_.so\"\n"} qw(mime negotiation proxy proxy_http), $cgi;
    $httpd->configure(more => $load . ($cgi eq 'cgid' ? "ScriptSock \"$dir/cgid.sock\"\n" : '')
            . "TypesConfig \"/dev/null\"\nAddType text/css .css\nAddType text/javascript .js\nAddType image/svg+xml .svg\nAddType text/html .html\n"
            . "<Directory \"$dir/site/variants\">\nOptions +MultiViews +ExecCGI\n${guard}Require valid-user\nAddHandler cgi-script .css\n"
            . "AddHandler \"proxy:http://127.0.0.1:$port\" .svg\n</Directory>\n")->start;
    my $token = $httpd->api('/register', { email => 'ada@example.org', password => 'three calm words' })->{json}{access_token};
    for my $case (['text/css', 'a program', 1], ['image/svg+xml', 'a back end', 0]) {
        my ($type, $what, $has_environment) = @$case;
        my (@wrong, $last);
        for (1 .. $rounds) {
            $last = $httpd->get('/variants/page', bearer => $token, headers => { %pad, Accept => $type });
            my $j = $last->{json} || {};
            push @wrong, $last->{body} if ($j->{headers}{'X-Auth-Roles'} // '') ne 'candidate'
                || ($has_environment && ($j->{environment}{AUTH_ROLES} // '') ne 'candidate');
        }
        is(scalar @wrong, 0, "$mpm: one variant of many is $what: it is told the real roles, $rounds times") or diag $wrong[0], $httpd->log;
    }
    $httpd->stop;
    unlike($httpd->log, qr/exit signal/, "$mpm: no child crashed");
}

# MergeTrailers makes a header of a trailer. A program that has read the body then sends the request on to a guarded back end.
{
    my $httpd = AuthPlatform::Httpd->new;
    my ($dir, $port) = ($httpd->{dir}, backend_port('POOLS_PORT'));
    mkdir "$dir/site/hand";
    AuthPlatform::Httpd::write_file("$dir/site/hand/on.cgi", "#!/bin/sh\ncat >/dev/null\nprintf 'Location: /told/x\\n\\n'\n");
    chmod 0755, "$dir/site/hand", "$dir/site/hand/on.cgi";
    $httpd->configure(more => join '', (map {"LoadModule ${_}_module \"$modules/mod_$_.so\"\n"} qw(proxy proxy_http cgid)),
        "ScriptSock \"$dir/cgid.sock\"\nMergeTrailers on\n<Directory \"$dir/site/hand\">\nOptions +ExecCGI\nSetHandler cgi-script\nRequire all granted\n</Directory>\n",
        "<Location \"/told\">\n${guard}Require valid-user\nProxyPass http://127.0.0.1:$port\n</Location>\n")->start;
    my $token = $httpd->api('/register', { email => 'ada@example.org', password => 'three calm words' })->{json}{access_token};
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->{port}) or die "connect: $!";
    print {$socket} "POST /hand/on.cgi HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer $token\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1\r\na\r\n0\r\nConnection: X-Auth-Roles\r\nX-Auth-Email: boss\@example.org\r\n\r\n";
    my $answer = do { local $/; <$socket> };
    like($answer, qr/"X-Auth-Roles": "candidate"/i, 'trailers take no header of ours away');
    unlike($answer, qr/boss/, 'nor add one');
}
done_testing;
