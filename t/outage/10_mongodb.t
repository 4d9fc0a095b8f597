# SPDX-License-Identifier: Apache-2.0
# MongoDB is missing, killed, frozen, slow or cut off: clients soon get 503 with Retry-After, guarded pages still work, nothing is half
# written, and everything works within five seconds of its return.
# Quiet: how long answers take while the store is away.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Mongo;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

# t/outage/30_live.t tests guarded pages when the live table has had no news for long. Here that takes longer than the test.
my $PATIENT = 'AuthPlatformRevocationMaxLag 60s';
my $BOUND  = 2.6;    # 2 s, and what a busy test machine adds
my $serial = 0;

sub someone { return { email => 'someone' . ++$serial . '@example.org', password => 'three calm words' } }

sub settings {
    my ($mongo, $more) = @_;
    return 'AUTH_STORE=mongodb' . "\nMONGODB_DB=outage\nMONGODB_URI=" . $mongo->uri($more) . "\n";
}

# Each answer while the store is away must come in time and be 503 with Retry-After. The code is busy if too many requests wait.
sub is_away {
    my ($httpd, $name, $tries) = @_;
    my ($slowest, %seen) = (0);
    for (1 .. $tries || 6) {
        my $began  = time;
        my $answer = $httpd->api('/login', someone());
        $slowest = time - $began if time - $began > $slowest;
        $seen{"$answer->{status} " . ($answer->{json} ? $answer->{json}{code} : 'no JSON')}++;
        sleep 0.2;
    }
    is(join(', ', sort keys %seen), '503 store_unavailable', "$name: 503 store_unavailable");
    cmp_ok($slowest, '<', $BOUND, sprintf '%s: the slowest of them after %.2f s', $name, $slowest);
    is($httpd->get('/api/auth/readyz')->{status}, 503, "$name: not ready");
    is($httpd->get('/api/auth/healthz')->{status}, 200, "$name: but alive");
    return;
}

# Each child finds out by itself, so several good answers in a row are needed.
sub is_back {
    my ($httpd, $name, $person) = @_;
    my ($began, $in_a_row) = (time, 0);
    while ($in_a_row < 8 && time - $began < 15) {
        my $fine = $httpd->api('/login', $person)->{status} == 200 && $httpd->get('/api/auth/readyz')->{status} == 200;
        $in_a_row = $fine ? $in_a_row + 1 : 0;
        sleep 0.05;
    }
    is($in_a_row, 8, "$name: back, and ready");
    cmp_ok(time - $began, '<', 5, sprintf '%s: after %.1f s', $name, time - $began);
    return;
}

# --- not there when httpd starts ------------------------------------------------------------------------------------
my $mongo = AuthPlatform::Mongo->new;
my $httpd = AuthPlatform::Httpd->new(settings => settings($mongo), more => $PATIENT)->start;
is($httpd->get('/page.txt')->{status}, 401, 'httpd starts without its store and guards its pages');
is_away($httpd, 'never there', 4);
$mongo->start;
my $ada    = someone();
my $began  = time;
my $signed = {};
while (($signed->{status} || 0) != 201 && time - $began < 15) {
    $signed = $httpd->api('/register', $ada);
    sleep 0.1;
}
is($signed->{status}, 201, 'signs people up when it comes') or diag $signed->{body}, $httpd->log;
cmp_ok(time - $began, '<', 5, 'within five seconds');
# The other children notice by themselves that the store is back.
my $again = $httpd->api('/register', $ada);
while ($again->{status} == 503 && time - $began < 15) {
    sleep 0.1;
    $again = $httpd->api('/register', $ada);
}
is($again->{status}, 409, 'the unique indexes are there too');
my $token = $signed->{json}{access_token};
# A child whose live table is not filled yet asks the store, and answers 503 if that takes long.
my $open = $httpd->get('/page.txt', bearer => $token);
for (my $tries = 0; $open->{status} == 503 && $tries < 50; $tries++) {
    sleep 0.1;
    $open = $httpd->get('/page.txt', bearer => $token);
}
is($open->{status}, 200, 'the page is open with a token');

# --- killed ---------------------------------------------------------------------------------------------------------
sleep 1.5;    # the server writes its file once a second
$mongo->kill9;
is_away($httpd, 'killed');
is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'killed: the guarded page goes on');
$mongo->start;
is_back($httpd, 'killed', $ada);

# --- frozen, with a crowd at the door -------------------------------------------------------------------------------
my $slowest_page = 0;
my $groups       = 10;
my @crowd;
my $each         = 50;
$mongo->freeze;
pipe my $told, my $tell;
for (1 .. $groups) {
    my $pid = fork // die "fork: $!";
    if ($pid) {
        push @crowd, $pid;
        next;
    }
    my (%seen, @sockets);
    my $body = '{"email":"crowd@example.org","password":"three calm words"}';
    for (1 .. $each) {
        my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->{port}, Timeout => 20) or next;
        print {$socket} "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
        push @sockets, $socket;
    }
    for my $socket (@sockets) {
        my $line = <$socket> // 'nothing';
        $seen{ $line =~ m{^HTTP/1.1 (\d+)} ? $1 : 'nothing' }++;
    }
    print {$tell} map {"$_=$seen{$_}\n"} keys %seen;
    close $tell;
    POSIX::_exit(0);
}
close $tell;
for (1 .. 60) {
    my $from   = time;
    my $answer = $httpd->get('/page.txt', bearer => $token);
    $slowest_page = time - $from if time - $from > $slowest_page;
    $answer->{status} == 200 or fail "a guarded page: $answer->{status} $answer->{error}";
    sleep 0.02;
}
my %crowd;
while (my $line = <$told>) { $crowd{$1} += $2 if $line =~ /^(\w+)=(\d+)$/ }
waitpid $_, 0 for @crowd;
is(join(' ', sort keys %crowd), '503', "frozen: each of $crowd{503} sign-ins at once got 503") or diag explain \%crowd;
is($crowd{503}, $groups * $each, 'frozen: none was left without an answer');
cmp_ok($slowest_page, '<', $ENV{AUTHP_SANITIZE} ? 3 : 0.5, sprintf 'frozen: the slowest guarded page took %.0f ms', 1000 * $slowest_page);
is_away($httpd, 'frozen');
$mongo->thaw;
is_back($httpd, 'frozen', $ada);
$httpd->stop;
unlike($httpd->log, qr/exit signal|Assertion|three calm words/, 'no crash, no secret in the log');

# --- slow, cut, refused, by way of a proxy --------------------------------------------------------------------------
$mongo->proxy;
$httpd = AuthPlatform::Httpd->new(settings => settings($mongo), more => $PATIENT)->start;
my $bob = someone();
is($httpd->api('/register', $bob)->{status}, 201, 'by way of a proxy');
$mongo->mode('slow 100');
is($httpd->api('/login', $bob)->{status}, 200, 'a little slow is fine');
$mongo->mode('slow 5000');
is_away($httpd, 'slow');
$mongo->mode('pass');
is_back($httpd, 'slow', $bob);
$mongo->mode('refuse');
is_away($httpd, 'refused');
$mongo->mode('pass');
is_back($httpd, 'refused', $bob);

# Connections are cut again and again while people register: each account either exists completely or not at all.
my (@people, %outcome);
for my $round (1 .. 8) {
    $mongo->mode($round % 2 ? 'pass' : 'cut');
    for (1 .. 4) {
        my $person = someone();
        my $answer = $httpd->api('/register', $person);
        $outcome{ $answer->{status} }++;
        push @people, [$person, $answer->{status}];
        sleep 0.05;
    }
    sleep 0.6;
}
$mongo->mode('pass');
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

# --- what cannot work ends the same way -----------------------------------------------------------------------------
for my $case (['tls=true', 'a server without TLS'], ['replicaSet=other', 'another replica set']) {
    my $odd = AuthPlatform::Httpd->new(settings => settings($mongo, "?$case->[0]"))->start;
    is_away($odd, $case->[1], 3);
    $odd->stop;
}
my $secret = 'pass-word-of-the-uri';
(my $uri = $mongo->uri) =~ s{//}{//someone:$secret\@};
my $odd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=mongodb\nMONGODB_DB=outage\nMONGODB_URI=$uri\n")->start;
is_away($odd, 'credentials that are refused', 3);
$odd->stop;
unlike($odd->log, qr/\Q$secret/, 'and the log does not say them');
done_testing;
