# SPDX-License-Identifier: Apache-2.0
# make run with the route families: what it prints, that the pages answer, that no app outlives it, and that the demo runs without them
# where something is missing.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::MakeRun;
use AuthPlatform::Ports 'free_stretch';
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
delete @ENV{qw(AUTH_STATE_DIR AUTH_STORE JWT_SECRET_KEY AUTHP_PYTHON ROLES)};

my $port = free_stretch();
my $http = HTTP::Tiny->new(timeout => 30);
my $demo = AuthPlatform::MakeRun->new(port => $port);

sub said { return $demo->said }

sub start { return $demo->start(@_) }
sub stop  { return is($demo->stop, 0, 'it ends as it should') }

sub status { my ($url) = @_; return $http->get($url)->{status} }

# Returns the processes that serve an app of this run.
sub apps {
    my ($folder) = @_;
    return grep { (AuthPlatform::Httpd::slurp($_) =~ tr/\0/ /r) =~ m{--uds \Q$folder\E} } glob '/proc/[0-9]*/cmdline';
}

start();
my %page = said() =~ m{^# +(\w+) +(http://127\.0\.0\.1:\d+)/ }mg;
is(join(' ', sort keys %page), 'ai assessment jobpath phone', 'the pages are named') or diag said();
is(status("$page{$_}/"), 200, "the page of $_") for sort keys %page;
is($page{assessment}, 'http://127.0.0.1:' . ($port + 1), 'at the next port');
is(status("$page{assessment}/api/v1/auth/healthz"), 200, 'its routes');
is(status("$page{assessment}/api/v1/recruiter/results"), 401, 'its app is guarded');
is($page{phone}, 'http://127.0.0.1:' . ($port + 4), 'the family phone is at the last one');
my $sent = $http->post("$page{phone}/api/v1/auth/send-otp", { headers => { 'Content-Type' => 'application/json' }, content => '{"phone":"9876543210"}' });
is($sent->{status}, 200, 'it sends codes') or diag $sent->{content};
is(status("$page{phone}/seeker/board.json"), 401, 'its files are guarded');
my ($asks) = said() =~ /^(.* otp status)$/m;
like(scalar `$asks 2>&1`, qr/\Acodes sent on .*, provider mock\n  of the budget +1 of 1000\n/, 'the printed line says by whom, and how many');
my ($line) = said() =~ /^(printf .* user create --role recruiter --verified .*)$/m;
my ($email) = ($line // '') =~ /--email (\S+)/;
is(system('bash', '-c', "$line >/dev/null"), 0, 'the printed line makes a recruiter');
my $in = $http->post("$page{assessment}/api/v1/auth/recruiter/login", { headers => { 'Content-Type' => 'application/json' },
    content => qq({"email":"$email","password":"a calm recruiter password"}) });
my ($token) = $in->{content} =~ /"access_token":"([^"]+)"/;
my $results = $http->get("$page{assessment}/api/v1/recruiter/results", { headers => { Authorization => 'Bearer ' . ($token // '') } });
is($results->{status}, 200, 'who gets an answer of the app') or diag $results->{content};
# Another demo may run on this machine.
my ($folder) = map { m{--uds (\S+)/assessment\.sock} } map { AuthPlatform::Httpd::slurp("$_/cmdline") =~ tr/\0/ /r }
    grep { AuthPlatform::Httpd::slurp("$_/status") =~ /^PPid:\t${\$demo->pid}$/m } glob '/proc/[0-9]*';
my @apps = apps($folder // 'nothing');
is(scalar @apps, 2, 'two apps run');
is((stat $folder)[2] & 077, 0, 'their sockets are in a folder of one user');
is(IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port + 5), undef, 'and they have no port');
stop();
is(scalar apps($folder), 0, 'no app is left');

start(AUTHP_PYTHON => '/bin/false');
like(said(), qr/^The pages of the other route families are not shown: they need the Debian packages python3-fastapi, /m, 'without uvicorn that is said');
is(status("http://127.0.0.1:$port/"), 200, 'and the demo runs') or diag said();
is(status("$page{phone}/api/v1/healthz"), 200, 'with the family phone, which needs no app');
stop();

my $taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port + 2, ReuseAddr => 1) or die "listen: $!\n";
start();
like(said(), qr/are not shown: port ${\($port + 2)} is in use/, 'a port in use is said');
is(status("http://127.0.0.1:$port/"), 200, 'and the demo runs');
stop();
close $taken;

start(ROLES => 'candidate,recruiter,admin');
like(said(), qr/are not shown: httpd refuses them: .*\bnot one of ROLES/, 'settings that are right for the platform alone') or diag said();
is(status("http://127.0.0.1:$port/"), 200, 'and the demo runs');
stop();
start(ROLES => 'candidate,recruiter,seeker,provider,admin');
like(said(), qr/^The pages of the other route families are not shown: httpd refuses them: .*\buser\b/m, 'settings that are right for the family phone, too') or diag said();
is(status("$page{phone}/api/v1/healthz"), 200, 'which is there');
stop();

$taken = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port + 4, ReuseAddr => 1) or die "listen: $!\n";
start();
like(said(), qr/^The pages of the route families are not shown: port ${\($port + 4)} is in use/m, 'no port for the family phone');
is(status("http://127.0.0.1:$port/"), 200, 'and the demo runs');
stop();
done_testing;
