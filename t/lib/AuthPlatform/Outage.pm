# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Outage;
# What clients see while a store is away, and when it is back.
use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(BOUND someone crowd is_away is_back is_served);

# An operation waits once for a store that does not answer: 2 s, and up to 0.1 s more until PostgreSQL's guard looks (LOOK_MS). The rest is for a
# busy test machine. An answer after two waits takes more than 4 s, and fails.
use constant BOUND => 3.4;
my $serial = 0;

sub someone { return { email => "someone$$-" . ++$serial . '@example.org', password => 'three calm words' } }

# Each answer while the store is away must come in time and be 503 with Retry-After. The code is busy if too many requests wait.
sub is_away {
    my ($httpd, $name, $tries) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($slowest, %seen) = (0);
    for (1 .. $tries || 6) {
        my $began  = time;
        my $answer = $httpd->api('/login', someone());
        $slowest = time - $began if time - $began > $slowest;
        $seen{"$answer->{status} " . ($answer->{json} ? $answer->{json}{code} : 'no JSON') . ($answer->{retry_after} ? '' : ' without Retry-After')}++;
        sleep 0.2;
    }
    is(join(', ', sort keys %seen), '503 store_unavailable', "$name: 503 store_unavailable");
    cmp_ok($slowest, '<', BOUND, sprintf '%s: the slowest of them after %.2f s', $name, $slowest);
    is($httpd->get('/api/auth/readyz')->{status}, 503, "$name: not ready");
    is($httpd->get('/api/auth/healthz')->{status}, 200, "$name: but alive");
    return;
}

# Each child finds out by itself, so several good answers in a row are needed.
sub is_back {
    my ($httpd, $name, $person) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($began, $in_a_row, $since) = (time, 0, 0);
    while ($in_a_row < 8 && time - $began < 15) {
        my $fine = $httpd->api('/login', $person)->{status} == 200 && $httpd->get('/api/auth/readyz')->{status} == 200;
        $in_a_row = $fine ? $in_a_row + 1 : 0;
        $since    = time if !$fine;
        sleep 0.05;
    }
    $since ||= $began;
    is($in_a_row, 8, "$name: back, and ready") or diag $httpd->log;
    cmp_ok($since - $began, '<', 5, sprintf '%s: after %.1f s', $name, $since - $began);
    return;
}

# While $count sign-ins come at once, by processes of their own, asks for a guarded page. Returns the statuses of the sign-ins, with their
# numbers, and the times of the slowest page and of the slowest sign-in.
sub crowd {
    my ($httpd, $token, $groups, $each) = @_;
    my (@pids, %seen);
    my ($slowest_page, $slowest) = (0, 0);
    pipe my $told, my $tell or die "pipe: $!";
    for (1 .. $groups) {
        my $pid = fork // die "fork: $!";
        if ($pid) {
            push @pids, $pid;
            next;
        }
        close $told;
        my $began = time;
        my $body  = '{"email":"crowd@example.org","password":"three calm words"}';
        my @sockets = map { my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->{port}, Timeout => 20);
            print {$socket} "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
                . length($body) . "\r\n\r\n$body" if $socket;
            $socket // () } 1 .. $each;
        for my $socket (@sockets) {
            my $line = <$socket> // 'nothing';
            syswrite $tell, sprintf "%s %.2f\n", $line =~ m{^HTTP/1.1 (\d+)} ? $1 : 'nothing', time - $began;
        }
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
    while (my $line = <$told>) {
        my ($status, $after) = split ' ', $line;
        $seen{$status}++;
        $slowest = $after if $after > $slowest;
    }
    waitpid $_, 0 for @pids;
    return (\%seen, $slowest_page, $slowest);
}

# Waits until a guarded page is open: a child whose live table is not filled yet asks the store, and answers 503 if that takes long.
sub is_served {
    my ($httpd, $name, $token) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $page = $httpd->get('/page.txt', bearer => $token);
    for (my $tries = 0; $page->{status} == 503 && $tries < 100; $tries++) {
        sleep 0.1;
        $page = $httpd->get('/page.txt', bearer => $token);
    }
    return is($page->{status}, 200, "$name: the guarded page is open with a token");
}

1;
