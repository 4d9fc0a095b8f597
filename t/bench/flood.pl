#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Measures a flood of wrong passwords on 64 connections, from one address and from as many addresses as requests, and at the same time what
# must not suffer from it: a guarded GET, a sign-in with a known device, and the rate of hashing. Idle and flooded phases alternate in one
# run, because machines differ. The first seconds of a flood, which may be a burst, have a column of their own. Prints tables and writes
# JSON.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use IO::Socket::INET;
use JSON  ();
use POSIX ();
use Time::HiRes qw(sleep time);

my $seconds     = $ENV{BENCH_SECONDS} || ($ENV{BENCH_QUICK} ? 4 : 20);
my $rounds      = $ENV{BENCH_QUICK} ? 1 : 3;
my $crowd       = 8;
my $connections = 64;
my $cost        = 12;
my $modules     = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
# Debian's defaults.
my $size = "StartServers 2\nServerLimit 6\nThreadsPerChild 25\nMaxRequestWorkers 150\nMinSpareThreads 25\nMaxSpareThreads 75\n";
my $conf = $size . "KeepAlive On\nMaxKeepAliveRequests 0\nLoadModule remoteip_module $modules/mod_remoteip.so\n"
    . "RemoteIPHeader X-Forwarded-For\nRemoteIPInternalProxy 127.0.0.1\n";
my $ada = { email => 'ada@example.org', password => 'three calm words' };

sub at { my ($part, @s) = @_; @s = sort { $a <=> $b } @s; return @s ? $s[$part * $#s + 0.5] : 0 }
sub median { return at(0.5, @_) }

# Runs $work in a process of its own. Returns a function that waits for its result.
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
    die $answer->{died} if ref $answer eq 'HASH' && $answer->{died};
    return $answer;
}

# Keeps $n connections busy for $time seconds. flood.lua describes the result.
sub flood {
    my ($port, $n, $time, $far) = @_;
    local $ENV{FAR} = $far;
    my $said = qx{wrk -t1 -c$n -d${time}s --timeout 20s -s t/bench/flood.lua http://127.0.0.1:$port 2>&1};
    my ($line) = $said =~ /^FLOOD (.*)$/m or die "wrk: $said";
    return { map { split /=/ } split / /, $line };
}

# One more such client, which measures how many milliseconds refusals take.
sub refused {
    my ($port, $time, $far) = @_;
    my ($socket, @took);
    my $end = time + $time;
    while (time < $end) {
        $socket ||= IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or next;
        my $ip   = $far ? join '.', 10, map { int rand 250 } 1 .. 3 : '192.0.2.1';
        my $body = '{"email":"x' . int(rand 1e9) . '@example.org","password":"a wrong one"}';
        my $began = time;
        print {$socket} "POST /api/auth/login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: $ip\r\nContent-Type: application/json\r\n"
            . 'Content-Length: ' . length($body) . "\r\n\r\n$body";
        my $head = answer($socket);
        push @took, 1000 * (time - $began) if $head =~ /^HTTP\S+ (?:429|503)/;
        undef $socket if $head eq '' || $head =~ /^Connection: close/mi;
    }
    return \@took;
}

# Returns the header of an answer and reads its body too; "" if there is no answer.
sub answer {
    my ($socket) = @_;
    my ($head, $data) = ('', '');
    while (defined(my $line = <$socket>)) { $head .= $line; last if $line eq "\r\n" }
    read $socket, $data, $1 if $head =~ /^Content-Length: (\d+)/mi;
    return $head;
}

# Requests a page every few milliseconds, and signs in with a known device now and then. Returns how long both took.
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
        my $head = answer($socket);
        if ($head eq '') { undef $socket; next }    # httpd closed the idle connection
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

my (%p99, %first, %p50, %ratio, %refused, %late, %rate, @owner, @full);
{
    my ($httpd, $token, $device) = serve("AUTH_LIMITS=on\n");
    for my $round (1 .. $rounds) {
        for my $phase ('idle', 'one address', 'many addresses') {
            my $flood = $phase eq 'idle' ? undef : start(sub { flood($httpd->{port}, $connections, $crowd + $seconds + 1, $phase eq 'one address' ? 0 : 1) });
            push @{ $first{$phase} }, at(0.99, @{ finish(start(sub { $httpd->{pid} = undef; probe($httpd, $token, undef, $crowd) }))->{page} });
            my $far = $phase eq 'many addresses' ? 1 : 0;
            my $late = $flood && start(sub { $httpd->{pid} = undef; refused($httpd->{port}, $seconds, $far) });
            my $got = finish(start(sub { $httpd->{pid} = undef; probe($httpd, $token, $phase eq 'idle' ? undef : $device, $seconds) }));
            push @{ $p99{$phase} }, at(0.99, @{ $got->{page} });
            push @{ $p50{$phase} }, at(0.50, @{ $got->{page} });
            push @{ $ratio{$phase} }, $p99{$phase}[-1] / $p99{idle}[-1];
            push @owner, @{ $got->{owner} };
            next if !$flood;
            my $seen = finish($flood);
            my @refused = @{ finish($late) };
            push @{ $refused{$phase} }, at(0.99, @refused);
            push @{ $late{$phase} }, @refused ? 100 * (grep { $_ > 100 } @refused) / @refused : 0;
            push @{ $rate{$phase}{$_} }, $seen->{$_} / $seen->{seconds} for 401, 429, 503;
            die "$seen->{unsaid} answers without Retry-After, or of another status\n" if $seen->{unsaid};
        }
    }
    $httpd->stop;
}
{
    # As many connections as may hash or wait, so that no request is refused and no other work uses the processors.
    chomp(my $cores = qx(getconf _NPROCESSORS_ONLN));
    my ($httpd) = serve("AUTH_LIMITS=off\n");
    for my $round (1 .. $rounds) {
        my $time = $seconds > 20 ? $seconds / 2 : 10;    # long enough that the last hashes, which are cut off, do not matter
        chomp(my $raw = qx{$ENV{AUTHP_HASH_RATE} $cost $time});
        my $seen = finish(start(sub { flood($httpd->{port}, 3 * $cores, $time, 1) }));
        push @full, $seen->{401} / $seen->{seconds} / $raw;
    }
    $httpd->stop;
}

printf "%-16s %12s %12s %10s %12s %16s %14s %10s %8s %8s\n", '64 connections', 'GET p50 ms', 'GET p99 ms', 'to idle', 'at first ms', 'refused p99 ms', 'over 100 ms', '401/s', '429/s', '503/s';
my @rows;
for my $phase ('idle', 'one address', 'many addresses') {
    my %row = (phase => $phase, p50 => median(@{ $p50{$phase} }), p99 => median(@{ $p99{$phase} }), first => median(@{ $first{$phase} }), ratio => median(@{ $ratio{$phase} }));
    if ($phase ne 'idle') {
        @row{qw(refused late)} = (median(@{ $refused{$phase} }), median(@{ $late{$phase} }));
        $row{$_} = median(@{ $rate{$phase}{$_} }) for 401, 429, 503;
    }
    $row{$_} = 0 + sprintf '%.3f', $row{$_} for grep { $_ ne 'phase' } keys %row;
    printf "%-16s %12.2f %12.2f %10.2f %12.2f", @row{qw(phase p50 p99 ratio first)};
    printf ' %16.1f %13.1f%% %10.1f %8.0f %8.0f', $row{refused}, @row{qw(late 401 429 503)} if $phase ne 'idle';
    print "\n";
    push @rows, \%row;
}
printf "the owner, with a known device, signs in within: %.2f s (median %.2f s, %d times)\n", at(1, @owner), median(@owner), scalar @owner;
printf "hashing, to bcrypt alone on all cores: %.3f\n", median(@full);
my $file = "$ENV{BENCH_OUT}/flood.json";
AuthPlatform::Httpd::write_file($file, JSON->new->canonical->pretty->encode({ at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), seconds => $seconds,
            rounds => $rounds, rows => \@rows, owner => 0 + sprintf('%.3f', at(1, @owner)), hashing => 0 + sprintf('%.3f', median(@full)) }));
print "written to $file\n";
