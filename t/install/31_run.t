# SPDX-License-Identifier: Apache-2.0
# make run: the settings file that it makes, the lines that it prints, and that the tool finds the server's database with `--env-file`
# alone, also with a settings file of an earlier version.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::MakeRun;
use AuthPlatform::Ports 'free_port';
use IO::Socket::INET;
use JSON  ();
use LWP::UserAgent;
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
delete @ENV{qw(AUTH_STATE_DIR AUTH_STORE JWT_SECRET_KEY)};

my $port = free_port();
my $base = "http://127.0.0.1:$port";
my $agent = LWP::UserAgent->new(max_redirect => 0, timeout => 20);
my $demo = AuthPlatform::MakeRun->new(port => $port);
my $dir  = $demo->dir;
my $file = $demo->env_file;

sub said { return $demo->said }

sub start {
    my ($name) = @_;
    $demo->start;
    return like(said(), qr/The demo runs/, "$name: it runs");
}

sub stop {
    is($demo->stop, 0, 'it ends as it should');
    is(IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port), undef, 'and leaves nothing running');
    return;
}

# Returns what the tool lists with this settings file and an empty environment.
sub listed {
    AuthPlatform::Httpd::slurp($file) =~ /^AUTH_STATE_DIR=/m or return 'no folder named'; # so it is never the default folder
    my @command = ($ENV{AUTHP_CLI}, '--env-file', $file, qw(user list --json));
    open my $out, '-|', @command or die "authplatform: $!\n";
    local $/;
    my $list = eval { JSON::decode_json(<$out>) } || {};
    return join ' ', sort map { $_->{email} } @{ $list->{items} || [] };
}

sub register {
    my ($email) = @_;
    my $answer = $agent->post("$base/api/auth/register", 'Content-Type' => 'application/json',
        Content => JSON::encode_json({ email => $email, password => 'three calm words' }));
    return is($answer->code, 201, "$email registers") || diag $answer->content;
}

# The first run makes the file, and the tool finds the accounts with it.
start('the first time');
my $made = AuthPlatform::Httpd::slurp($file);
like(said(), qr/^made \Q$file\E with a new secret$/m, 'a settings file is made, and that is said');
my ($state) = $made =~ m{^AUTH_STATE_DIR="(/.*)"$}m;
ok($state && -d $state, 'which names the folder of the data') or diag $made;
is((stat $file)[2] & 07777, 0600, 'for its owner only');
register('bea@example.org');
is(listed(), 'bea@example.org', 'the tool sees the account with --env-file alone');
my $nothing = $agent->get("$base/no/such/page");
is($nothing->code, 404, 'what is not there');
like($nothing->content, qr{<h1>There is no such page</h1>.*href="/"}s, 'has a page of its own');
is($agent->get("$base/api/auth/nothing")->content_type, 'application/problem+json', 'and among the routes a document');
my $icon = $agent->get("$base/favicon.ico");
is($icon->code . ' ' . $icon->content_type, '200 image/svg+xml', 'the icon');
is($agent->get("$base/open/whoami")->code, 200, 'the program that shows what an app receives runs');
my ($line) = said() =~ /^(printf .* user create --role admin .*)$/m;
like($line // '', qr/\Q--env-file $file\E user create/, 'the line that makes an admin');
unlike($line // '', qr/AUTH_STATE_DIR/, 'needs nothing else');
is(system('bash', '-c', "$line >/dev/null"), 0, 'it works as printed');
like(listed(), qr/^admin\.\w+\@example\.org bea\@example\.org$/, 'on the database of the server');
stop();

# A file of an earlier version has no AUTH_STATE_DIR, and this one has no end of the last line.
(my $old = $made) =~ s/^# Where the accounts are.*//ms;
$old =~ s/\n+\z//;
unlike($old, qr/AUTH_STATE_DIR/, 'a file of an earlier version');
AuthPlatform::Httpd::write_file($file, $old);
start('with it');
like(said(), qr/^added AUTH_STATE_DIR to \Q$file\E$/m, 'says that it was completed');
is(AuthPlatform::Httpd::slurp($file), $made, 'the line is there, the rest as it was');
register('cy@example.org');
like(listed(), qr/bea\@example\.org cy\@example\.org$/, 'the old accounts and the new one');
stop();

# The next run adds nothing. A data folder that was removed is made again.
system('rm', '-rf', '--', "$dir/run", $state);
start('without its data');
is(AuthPlatform::Httpd::slurp($file), $made, 'the file stays as it is');
register('dee@example.org');
is(listed(), 'dee@example.org', 'tool and server agree');
stop();

# A settings file of somebody's own is not changed. The printed lines then show what the tool needs.
my ($key) = $made =~ /^(JWT_SECRET_KEY=.*)$/m;
AuthPlatform::Httpd::write_file($file, "$key\nSECURE_COOKIES=false\n");
start('with a file of one\'s own');
is(AuthPlatform::Httpd::slurp($file), "$key\nSECURE_COOKIES=false\n", 'the file stays as it is');
like(said(), qr/\| AUTH_STATE_DIR=\S+ \S+ --env-file/, 'the lines name the folder');
stop();
system('rm', '-rf', '--', $state) if $state =~ m{^/var/tmp/};
done_testing;
