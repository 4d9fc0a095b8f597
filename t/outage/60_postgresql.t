# SPDX-License-Identifier: Apache-2.0
# PostgreSQL is missing, killed, frozen, restarted, slow, locked, cut off or full: clients soon get 503 with Retry-After, guarded pages still
# work, nothing is half written, and everything works within five seconds of its return.
# Quiet: how long answers take while the store is away.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

# t/outage/30_live.t tests guarded pages when the live table has had no news for long. Here that takes longer than the test.
my $PATIENT = 'AuthPlatformRevocationMaxLag 60s';

sub settings { my ($pg) = @_; return 'AUTH_STORE=postgresql' . "\nDATABASE_URL=" . $pg->uri . "\n" }

# --- not there when httpd starts ------------------------------------------------------------------------------------
my $pg    = AuthPlatform::Postgres->new;
my $httpd = AuthPlatform::Httpd->new(settings => settings($pg), more => $PATIENT)->start;
is($httpd->get('/page.txt')->{status}, 401, 'httpd starts without its store and guards its pages');
is_away($httpd, 'never there', 4);
$pg->start;
my $ada    = someone();
my $began  = time;
my $signed = {};
while (($signed->{status} || 0) != 201 && time - $began < 15) {
    $signed = $httpd->api('/register', $ada);
    sleep 0.1;
}
is($signed->{status}, 201, 'signs people up when it comes') or diag $signed->{body}, $httpd->log;
cmp_ok(time - $began, '<', 5, 'within five seconds');
my $token = $signed->{json}{access_token};
is_served($httpd, 'at first', $token);
is_back($httpd, 'started', $ada);

# --- restarted: connections that the server closed are not used ------------------------------------------------------
for my $round (1 .. 3) {
    $pg->restart;
    is($httpd->api('/login', $ada)->{status}, 200, "restarted $round: the first request works");
    is($httpd->api('/register', someone())->{status}, 201, "restarted $round: and the first that writes");
}

# --- killed ---------------------------------------------------------------------------------------------------------
$pg->kill9;
is_away($httpd, 'killed');
is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'killed: the guarded page goes on');
$pg->start;
is_back($httpd, 'killed', $ada);

# --- frozen, with a crowd at the door -------------------------------------------------------------------------------
sub crowd_is_told {
    my ($name) = @_;
    my ($seen, $page, $slowest) = crowd($httpd, $token, 10, 50);
    is(join(' ', sort keys %$seen), '503', "$name: each of the sign-ins at once got 503") or diag explain $seen;
    is($seen->{503}, 500, "$name: none was left without an answer");
    cmp_ok($page, '<', $ENV{AUTHP_SANITIZE} ? 3 : 0.5, sprintf '%s: the slowest guarded page took %.0f ms', $name, 1000 * $page);
    diag sprintf '%s: the slowest of the crowd after %.1f s', $name, $slowest;
    return;
}
$pg->freeze;
crowd_is_told('frozen');
is_away($httpd, 'frozen');
$pg->thaw;
is_back($httpd, 'frozen', $ada);

# --- locked: another program holds the table -------------------------------------------------------------------------
my $locked = q{SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND mode = 'AccessExclusiveLock' AND granted};
my $holder = $pg->hold('LOCK TABLE users', $locked);
crowd_is_told('locked');
my $slowest = 0;
for (1 .. 4) {
    $began = time;
    my $answer = $httpd->api('/login', $ada);
    is("$answer->{status} $answer->{json}{code}", '503 store_unavailable', 'locked: 503');
    $slowest = time - $began if time - $began > $slowest;
}
cmp_ok($slowest, '<', BOUND, sprintf 'locked: the slowest of them after %.2f s', $slowest);
is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'locked: the guarded page goes on');
$pg->let_go($holder);
is_back($httpd, 'locked', $ada);
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|three calm words|\Q$pg->{password}/, 'no crash, no secret in the log');

# --- no connection is left --------------------------------------------------------------------------------------------
my $small = AuthPlatform::Postgres->new(settings => ['max_connections=8', 'superuser_reserved_connections=0'])->start;
$httpd = AuthPlatform::Httpd->new(settings => settings($small), more => $PATIENT)->start;
is_back($httpd, 'a small server', do { my $bob = someone(); $httpd->api('/register', $bob); $bob });
my $eve = someone();
is($httpd->api('/register', $eve)->{status}, 201, 'a small server: signs up');
$httpd->stop;
my @busy = map { $small->hold("SELECT $_", "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%SELECT $_;%pg_sleep%' AND pid <> pg_backend_pid()") } 1 .. 7;
push @busy, $small->hold('SELECT 8');
$httpd->start;
is_away($httpd, 'no connection left');
like($httpd->log, qr/AUTHP0203: store: cannot open a connection: .*too many clients/, 'no connection left: the log says why');
$small->let_go(@busy);
is_back($httpd, 'connections left again', $eve);
$httpd->stop;

# --- slow, cut, refused, by way of a proxy --------------------------------------------------------------------------
$pg->proxy;
$httpd = AuthPlatform::Httpd->new(settings => settings($pg), more => $PATIENT)->start;
my $bob = someone();
is($httpd->api('/register', $bob)->{status}, 201, 'by way of a proxy');
# The first request of a child makes a connection and prepares its statements: 20 to 30 answers of the server, which must come within 2 s. The rest
# of these 2 s is for a busy test machine.
$pg->mode('slow 20');
is($httpd->api('/login', $bob)->{status}, 200, 'a little slow is fine');
$pg->mode('slow 5000');
is_away($httpd, 'slow');
$pg->mode('pass');
is_back($httpd, 'slow', $bob);
$pg->mode('refuse');
is_away($httpd, 'refused');
$pg->mode('pass');
is_back($httpd, 'refused', $bob);
$pg->mode('hole');
is_away($httpd, 'a hole');
$pg->mode('pass');
is_back($httpd, 'a hole', $bob);

# Connections are cut again and again while people register: each account either exists completely or not at all.
my (@people, %outcome);
for my $round (1 .. 8) {
    $pg->mode($round % 2 ? 'pass' : 'cut');
    for (1 .. 4) {
        my $person = someone();
        my $answer = $httpd->api('/register', $person);
        $outcome{ $answer->{status} }++;
        push @people, [$person, $answer->{status}];
        sleep 0.05;
    }
    sleep 0.6;
}
$pg->mode('pass');
is_back($httpd, 'cut', $bob);
is(join(' ', grep { !/^(?:201|503)$/ } keys %outcome), '', 'cut: signed up or told to come again') or diag explain \%outcome;
cmp_ok($outcome{201} || 0, '>', 0, "cut: $outcome{201} were signed up");
cmp_ok($outcome{503} || 0, '>', 0, "cut: $outcome{503} were not");
for my $entry (@people) {
    my ($person, $status) = @$entry;
    my $login = $httpd->api('/login', $person)->{status};
    if ($status == 201 || $login == 200) {
        is($login, 200, "$person->{email}: $status, and can sign in");
    }
    else {
        is($httpd->api('/register', $person)->{status}, 201, "$person->{email}: was not signed up, and can be");
    }
}
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|\Q$pg->{password}/, 'no crash, no secret in the log');
done_testing;
