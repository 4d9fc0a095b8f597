#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A flood of wrong passwords on 64 connections, from one address and from as many as there are requests, beside what must not suffer
# from it: a guarded GET, the owner of a known device who signs in, and hashing itself. Idle and flooded turn by turn in one run,
# since machines differ. Prints tables, writes JSON.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use IO::Select;
use IO::Socket::INET;
use JSON  ();
use POSIX ();
use Time::HiRes qw(sleep time);

my $seconds     = $ENV{BENCH_SECONDS} || ($ENV{BENCH_QUICK} ? 4 : 20);
my $rounds      = $ENV{BENCH_QUICK} ? 1 : 3;
my $connections = 64;
my $cost        = 12;
my $modules     = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
# As Debian has it.
my $size = "StartServers 2\nServerLimit 6\nThreadsPerChild 25\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads 75\n";
my $conf = $size . "KeepAlive On\nMaxKeepAliveRequests 0\nLoadModule remoteip_module $modules/mod_remoteip.so\n"
    . "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n";
my $ada = { email => 'ada@example.org', password => 'three calm words' };

sub at { my ($part, @s) = @_; @s = sort { $a <=> $b } @s; return @s ? $s[$part * $#s + 0.5] : 0 }
sub median { return at(0.5, @_) }

# In a process of its own: what $work returns, when it is done.
sub start {
    my ($work) = @_;
    my $pid = open(my $pipe, '-|') // die "fork: $!\n";
    if (!$pid) {
        my $out = eval { JSON->new->encode($work->()) } // JSON->new->encode({ died => "$@" });
        print $out;
        close STDOUT;
        POSIX::_exit(0);
    }
    return $pipe;
}

sub finish {
    my ($pipe) = @_;
    local $/;
    my $answer = JSON->new->decode(<$pipe>);
    die $answer->{died} if $answer->{died};
    return $answer;
}

sub body_of { my ($data) = @_; return JSON->new->utf8->encode($data) }

# Keeps $n connections busy for $time seconds: {status => [milliseconds]}.
sub flood {
    my ($port, $n, $time, $far) = @_;
    my (%seen, %of);
    my $select = IO::Select->new;
    my $send = sub {
        my ($slot) = @_;
        if (!$slot->{socket}) {
            $slot->{socket} = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return;
            $of{ fileno $slot->{socket} } = $slot;
            $select->add($slot->{socket});
        }
        my $ip   = $far ? join '.', 10, map { int rand 250 } 1 .. 3 : '192.0.2.1';
        my $body = body_of({ email => 'x' . int(rand 1e9) . '@example.org', password => 'a wrong one' });
        @$slot{qw(began buffer)} = (time, '');
        syswrite $slot->{socket}, "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: $ip\r\n"
            . "Content-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    };
    local $SIG{PIPE} = 'IGNORE';
    my $drop = sub { my ($slot) = @_; $select->remove($slot->{socket}); close $slot->{socket}; delete $slot->{socket} };
    my @slots = map { {} } 1 .. $n;
    my $end = time + $time;
    $send->($_) for @slots;
    while (time < $end) {
        for my $socket ($select->can_read(0.1)) {
            my $slot = $of{ fileno $socket };
            my $got = sysread $socket, $slot->{buffer}, 65536, length $slot->{buffer};
            if (!$got) { $seen{cut}++; $drop->($slot); $send->($slot); next }
            my ($head, $rest) = split /\r\n\r\n/, $slot->{buffer}, 2;
            next if !defined $rest || length $rest < ($head =~ /^Content-Length: (\d+)/mi ? $1 : 0);
            my ($status) = $head =~ /^HTTP\S+ (\d+)/;
            push @{ $seen{$status} }, 1000 * (time - $slot->{began});
            $seen{unsaid}++ if $status =~ /^(?:429|503)$/ && $head !~ /^Retry-After: [1-9]/mi;
            $drop->($slot) if $head =~ /^Connection: close/mi;
            $send->($slot);
        }
        $send->($_) for grep { !$_->{socket} } @slots;
    }
    return \%seen;
}

# A page every few milliseconds, and now and then the owner signs in: how long both took.
sub probe {
    my ($httpd, $token, $device, $time) = @_;
    my (@page, @owner);
    my $end  = time + $time;
    my $next = time + $time / 4;
    my $socket;
    while (time < $end) {
        $socket ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $httpd->{port}) or die "connect: $!\n";
        my $began = time;
        print {$socket} "GET /page.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer $token\r\n\r\n";
        my ($head, $data) = ('', '');
        while (defined(my $line = <$socket>)) { $head .= $line; last if $line eq "\r\n" }
        if ($head eq '') { undef $socket; next }    # an idle connection that the server gave up
        read $socket, $data, $head =~ /^Content-Length: (\d+)/mi ? $1 : 0;
        $head =~ / 200 / or die "page: $head\n";
        push @page, 1000 * (time - $began);
        sleep 0.004;
        if ($device && time > $next) {
            $next = time + $time / 4;
            my $asked = time;
            my $answer;
            do { $answer = $httpd->api('/login', $ada, headers => { Cookie => $device }) } while $answer->{status} != 200 && time < $asked + 20;
            push @owner, time - $asked;
        }
    }
    return { page => \@page, owner => \@owner };
}

sub serve {
    my ($settings) = @_;
    my $httpd = AuthPlatform::Httpd->new(settings => "BCRYPT_ROUNDS=$cost\n$settings", limits => $conf)->start;
    my $made = $httpd->api('/register', $ada);
    $made->{status} == 201 or die "register: $made->{body}\n";
    my ($device) = map {/^(__Secure-authp_device=[^;]+)/} @{ $made->{headers}{'set-cookie'} };
    return ($httpd, $made->{json}{access_token}, $device);
}

my (%p99, %p50, %ratio, %refused, %late, %counts, @owner, @full);
{
    my ($httpd, $token, $device) = serve("AUTH_LIMITS=on\n");
    for my $round (1 .. $rounds) {
        for my $phase ('idle', 'one address', 'many addresses') {
            my $flood = $phase eq 'idle' ? undef : start(sub { flood($httpd->{port}, $connections, $seconds + 1, $phase ne 'one address') });
            sleep 1;
            my $got = finish(start(sub { $httpd->{pid} = undef; probe($httpd, $token, $phase eq 'idle' ? undef : $device, $seconds) }));
            push @{ $p99{$phase} }, at(0.99, @{ $got->{page} });
            push @{ $p50{$phase} }, at(0.50, @{ $got->{page} });
            push @{ $ratio{$phase} }, $p99{$phase}[-1] / $p99{idle}[-1];
            push @owner, @{ $got->{owner} };
            next if !$flood;
            my $seen = finish($flood);
            my @refused = map { @{ $seen->{$_} || [] } } 429, 503;
            push @{ $refused{$phase} }, at(0.99, @refused);
            push @{ $late{$phase} }, @refused ? (grep { $_ > 100 } @refused) / @refused : 0;
            $counts{$phase}{$_} += @{ $seen->{$_} || [] } for 200, 401, 429, 503;
            die "an answer without Retry-After\n" if $seen->{unsaid};
        }
    }
    $httpd->stop;
}
{
    # As many connections as may run or wait, so that nobody is refused and nobody else wants the processors.
    chomp(my $cores = qx(getconf _NPROCESSORS_ONLN));
    my ($httpd) = serve("AUTH_LIMITS=off\n");
    for my $round (1 .. $rounds) {
        my $time = $seconds / 2;
        chomp(my $raw = qx{$ENV{AUTHP_HASH_RATE} $cost $time});
        my $seen = finish(start(sub { flood($httpd->{port}, 3 * $cores, $time, 1) }));
        push @full, @{ $seen->{401} || [] } / $time / $raw;
    }
    $httpd->stop;
}

printf "%-16s %12s %12s %10s %16s %14s %10s %8s %8s\n", '64 connections', 'GET p50 ms', 'GET p99 ms', 'to idle', 'refused p99 ms', 'over 100 ms', '401/s', '429/s', '503/s';
my @rows;
for my $phase ('idle', 'one address', 'many addresses') {
    my %row = (phase => $phase, p50 => median(@{ $p50{$phase} }), p99 => median(@{ $p99{$phase} }), ratio => median(@{ $ratio{$phase} }));
    if ($phase ne 'idle') {
        @row{qw(refused late)} = (median(@{ $refused{$phase} }), median(@{ $late{$phase} }));
        $row{$_} = $counts{$phase}{$_} / $rounds / ($seconds + 1) for 401, 429, 503;
    }
    $row{$_} = 0 + sprintf '%.3f', $row{$_} for grep { $_ ne 'phase' } keys %row;
    printf "%-16s %12.2f %12.2f %10.2f", @row{qw(phase p50 p99 ratio)};
    printf ' %16.1f %13.2f%% %10.1f %8.0f %8.0f', $row{refused}, 100 * $row{late}, @row{401, 429, 503} if $phase ne 'idle';
    print "\n";
    push @rows, \%row;
}
printf "the owner, with a known device, signs in within: %.2f s (median %.2f s, %d times)\n", at(1, @owner), median(@owner), scalar @owner;
printf "hashing, to bcrypt alone on all cores: %.3f\n", median(@full);
my $file = "$ENV{BENCH_OUT}/flood.json";
AuthPlatform::Httpd::write_file($file, JSON->new->canonical->pretty->encode({ at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), seconds => $seconds,
            rounds => $rounds, rows => \@rows, owner => 0 + sprintf('%.3f', at(1, @owner)), hashing => 0 + sprintf('%.3f', median(@full)) }));
print "written to $file\n";
