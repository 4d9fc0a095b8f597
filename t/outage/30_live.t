# SPDX-License-Identifier: Apache-2.0
# The live table while its store is away: known revocations stay in force, AuthPlatformWhenUnavailable decides about what is unknown, and
# everything works again by itself. A token that was revoked before is never accepted.
# Quiet: how long answers take while the store is away.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mongo;
use Test::More;
use Time::HiRes qw(sleep time);

my $LAG   = 2;
my $mongo = AuthPlatform::Mongo->new->start;
my $httpd = AuthPlatform::Httpd->new(
    settings => 'AUTH_STORE=mongodb' . "\nMONGODB_DB=live\nMONGODB_URI=" . $mongo->uri . "\n",
    more     => <<"END")->start;
AuthPlatformRevocationMaxLag ${LAG}s
Alias "/lenient.txt" "$FindBin::Bin/30_live.t"
<Location "/lenient.txt">
    AuthType Platform
    AuthName "t"
    AuthPlatformWhenUnavailable allow-valid
    Require role candidate
</Location>
END

my $serial = 0;

sub person {
    my $answer = $httpd->api('/register', { email => 'p' . ++$serial . '@example.org', password => 'three calm words' });
    $answer->{status} == 201 or die "register: $answer->{status} $answer->{body}" . $httpd->log;
    return $answer->{json};
}

# Returns the statuses of a page in every child; most answers come within 20 ms.
sub answers {
    my ($page, $who) = @_;
    my %seen;
    my $slowest = 0;
    for (1 .. 16) {
        my $began = time;
        $seen{ $httpd->get($page, bearer => $who->{access_token})->{status} }++;
        $slowest = time - $began if time - $began > $slowest;
    }
    return (join(' ', sort keys %seen), $slowest);
}

sub pages_are {
    my ($who, $strict, $lenient, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($at_strict, $slow1) = answers('/page.txt', $who);
    my ($at_lenient, $slow2) = answers('/lenient.txt', $who);
    is("$at_strict, $at_lenient", "$strict, $lenient", "$name (deny, allow-valid)");
    my $slowest = $slow1 > $slow2 ? $slow1 : $slow2;
    cmp_ok($slowest, '<', 2.6, sprintf '%s: the slowest took %.3f s', $name, $slowest);
    return;
}

sub ready {
    $httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'it does not become ready');
    return;
}

ready();
my ($ada, $eve) = (person(), person());
is($httpd->api('/logout', { refresh_token => $eve->{refresh_token} })->{status}, 200, 'one signs out');
pages_are($ada, 200, 200, 'all is well: signed in');
pages_are($eve, 401, 401, 'all is well: signed out');
sleep 1.2;    # the server writes its file once a second

my %away = (
    killed => [sub { $mongo->kill9 },  sub { $mongo->start }],
    frozen => [sub { $mongo->freeze }, sub { $mongo->thaw }],
);
for my $how (sort keys %away) {
    my ($go, $come) = @{ $away{$how} };
    my $went = time;
    $go->();
    # The table's news are still recent enough.
    is($httpd->get('/page.txt', bearer => $ada->{access_token})->{status}, 200, "$how: for now pages go on");
    is($httpd->get('/page.txt', bearer => $eve->{access_token})->{status}, 401, "$how: and who signed out is out");
    sleep 0.1 while time - $went < $LAG + 1.2;
    pages_are($ada, 503, 200, "$how: the news are old");
    pages_are($eve, 401, 401, "$how: who signed out is out, everywhere");
    my $ready = $httpd->get('/api/auth/readyz');
    is($ready->{status}, 503, "$how: not ready");
    my $refused = $httpd->request(GET => '/page.txt', bearer => $ada->{access_token});
    is($refused->{json}{code}, 'store_unavailable', "$how: a problem document says so");

    # The table lives as long as httpd's parent process. A new table knows nothing, so a location with `deny` lets nobody in.
    if ($how eq 'killed') {
        $httpd->hard;
        pages_are($ada, 503, 200, 'reloaded without the store');
        pages_are($eve, 401, 401, 'reloaded without the store: still out');
        $httpd->stop;
        $httpd->start;
        pages_are($ada, 503, 200, 'started without the store');
        pages_are($eve, 503, 200, 'started without the store: nobody knows who signed out');
    }
    my $came = time;
    $come->();
    sleep 0.05 while $httpd->get('/page.txt', bearer => $ada->{access_token})->{status} != 200 && time - $came < 10;
    cmp_ok(time - $came, '<', 6, sprintf '%s: pages are back %.1f s after the store', $how, time - $came);
    ready();
    pages_are($ada, 200, 200, "$how: back: signed in");
    pages_are($eve, 401, 401, "$how: back: signed out");
}
my @told = grep {/AUTHP033[23]/} split /\n/, $httpd->log;
cmp_ok(scalar @told, '>=', 2, 'the log tells when the news stop and when they are back');
unlike($httpd->log, qr/exit signal|Assertion/, 'no crash');
$httpd->stop;
done_testing;
