# SPDX-License-Identifier: Apache-2.0
# The demo of `make run`: a token that is sent in a URL or a Referer by mistake does not reach its logs.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::MakeRun;
use AuthPlatform::Ports 'free_port';
use LWP::UserAgent;
use Test::More;

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};

my $port  = free_port();
my $base  = "http://127.0.0.1:$port";
my $agent = LWP::UserAgent->new(max_redirect => 0, timeout => 20);
my $demo  = AuthPlatform::MakeRun->new(port => $port);
my $dir   = $demo->dir;
$demo->start;
is($agent->get("$base/")->code, 200, 'the demo runs') or diag $demo->said;

my $secret = 'eyJhbGciOiJIUzI1NiJ9.mistake';
for my $case (['/', 200], ['/nothing', 404], ['/any/', 302], ['/api/auth/me', 401], ['/signin.html', 200], ["/cgi\xff%5c", 404]) {
    my ($path, $wanted) = @$case;
    my $answer = $agent->get("$base$path?token=$secret", Accept => 'text/html', Referer => "$base/?token=$secret");
    is($answer->code, $wanted, "a token in the URL of $path");
}
# httpd logs an error for this request, by default with the Referer.
my $forbidden = $agent->get("$base/assets/?token=$secret", Referer => "$base/?token=$secret");
is($forbidden->code, 404, 'a folder without a page');

$demo->stop;
my $access = AuthPlatform::Httpd::slurp("$dir/run/access.log");
like($access, qr{"GET /nothing HTTP/1\.1" 404 }, 'the access log has the paths');
unlike($access, qr/\Q$secret\E/, 'and no token');
unlike(AuthPlatform::Httpd::slurp("$dir/run/error.log"), qr/\Q$secret\E/, 'nor has the error log');
done_testing;
