#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Does the time of a refused sign-in tell whether there is such an account? Tries to sign in as known people with a wrong
# password, as nobody, and as disabled people with the right one, in random order on one kept connection, at the lowest
# bcrypt cost, where everything but the hash shows most. On SQLite it also tries people whose hash is imported (SHA-256, so
# that the server must spend the time of its own hash). --rounds is a higher cost, where that time shows. Prints each mean and Welch's t of each pair; exit 1 if |t| >= 4.5.
#
#   make timing                             on both stores, with servers of its own
#   t/security/timing.pl [--tries 2000] [--store sqlite|mongodb] [--seed N] [--rounds 4] [--hash bcrypt|argon2id]
#   t/security/timing.pl --url http://127.0.0.1:8080/api/auth --known a@example.org [--disabled b@example.org:password]
#
# --tries is for each kind. With --url it asks a server that runs already: its BCRYPT_ROUNDS should be 4, its AUTH_LIMITS off,
# and nobody else busy on it.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use Getopt::Long;
use IO::Socket::INET;
use JSON ();
use POSIX ();
use List::Util qw(shuffle sum);
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

use constant LIMIT => 4.5;
my $PEOPLE   = 40;
my $password = 'three calm words';

my %o = (tries => 2000, store => 'sqlite', seed => time, rounds => 4, hash => 'bcrypt');
GetOptions(\%o, 'tries=i', 'store=s', 'seed=i', 'rounds=i', 'hash=s', 'url=s', 'known=s@', 'disabled=s@') && $o{tries} >= 10 && $o{store} =~ /^(?:sqlite|mongodb)$/
    && (!$o{url} || $o{known}) or die "usage: see the top of $0\n";
srand $o{seed};

# Starts a server of its own, with accounts of each kind: {url, known => [email], imported => [email], disabled => [[email, password]]}.
sub own_server {
    require AuthPlatform::Httpd;
    my $out = "$FindBin::Bin/../../build/out/release";
    $ENV{AUTHP_MODULE} ||= "$out/mod_auth_platform.so";
    $ENV{AUTHP_CLI}    ||= "$out/authplatform";
    my $settings = 'AUTH_STORE=sqlite';
    if ($o{store} eq 'mongodb') {
        my $uri = $ENV{AUTHP_MONGODB_URI} or die "$0: --store mongodb needs AUTHP_MONGODB_URI; see build/with-mongo.sh\n";
        $settings = "AUTH_STORE=mongodb\nMONGODB_URI=$uri\nMONGODB_DB=authp_timing_$$";
    }
    my $httpd = AuthPlatform::Httpd->new(settings => "$settings\nBCRYPT_ROUNDS=$o{rounds}\nPASSWORD_HASH=$o{hash}\n",
        limits => "KeepAlive On\nMaxKeepAliveRequests 0\nKeepAliveTimeout 60\n")->start;
    my @people = map { sprintf 'p%07d@example.org', $_ } 1 .. 3 * $PEOPLE;
    for my $email (@people) {
        my $made = $httpd->api('/register', { email => $email, password => $password });
        $made->{status} == 201 or die "register: $made->{status} $made->{body}";
    }
    my $pid = open(my $tool, '|-') // die "fork: $!";
    if (!$pid) {
        open STDOUT, '>', '/dev/null';
        exec $ENV{AUTHP_CLI}, '--env-file', "$httpd->{dir}/.env", qw(user create --role admin --email boss@example.org) or POSIX::_exit(127);
    }
    print {$tool} "$password\n";
    close $tool or die "the tool made no administrator\n";
    my $token = $httpd->api('/login', { email => 'boss@example.org', password => $password })->{json}{access_token};
    my @off   = @people[$PEOPLE .. 2 * $PEOPLE - 1];
    my @away  = $o{store} eq 'sqlite' ? @people[2 * $PEOPLE .. $#people] : ();
    for my $email (@off) {
        my $user = $httpd->get("/api/auth/users?email=$email", bearer => $token)->{json}{items}[0];
        my $done = $httpd->request(PATCH => "/api/auth/users/$user->{id}", json => { disabled => JSON::true() }, bearer => $token);
        $done->{status} == 200 or die "disable: $done->{status} $done->{body}";
    }
    for my $email (@away) {
        my $hash = '$sha256$YQ$ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0';
        system('sqlite3', '-cmd', '.timeout 5000', "$httpd->{dir}/state/auth_platform.db", "UPDATE users SET password_hash = '$hash' WHERE email = '$email'") == 0
            or die "sqlite3 failed\n";
    }
    return { httpd => $httpd, imported => \@away, url => "http://127.0.0.1:$httpd->{port}/api/auth", known => [@people[0 .. $PEOPLE - 1]], disabled => [map { [$_, $password] } @off] };
}

# Returns the seconds of one sign-in that must be refused with 401, on one kept connection.
my $socket;
sub seconds_of {
    my ($server, $email, $word) = @_;
    my ($host, $path) = $server->{url} =~ m{^http://([^/]+)(/.*)$} or die "--url is http://HOST:PORT/PATH\n";
    my $body    = JSON->new->utf8->canonical->encode({ email => $email, password => $word });
    my $request = "POST $path/login HTTP/1.1\r\nHost: $host\r\nContent-Type: application/json\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
    $socket ||= IO::Socket::INET->new(PeerAddr => $host, Timeout => 10) || die "connect to $host: $!\n";
    my $began = clock_gettime(CLOCK_MONOTONIC);
    syswrite($socket, $request) == length $request or die "write: $!\n";
    my $answer = '';
    until ($answer =~ /\r\n\r\n/ && $answer =~ /^Content-Length: (\d+)/mi && length($answer) >= index($answer, "\r\n\r\n") + 4 + $1) {
        sysread($socket, $answer, 65536, length $answer) or die "the connection ended: $!\n";
    }
    my $took = clock_gettime(CLOCK_MONOTONIC) - $began;
    $answer =~ m{^HTTP/1.1 401 } or die "not 401: " . substr($answer, 0, 300) . "\n";
    return $took;
}

sub mean_and_variance {
    my (@x) = @_;
    my $mean = sum(@x) / @x;
    return ($mean, sum(map { ($_ - $mean)**2 } @x) / (@x - 1));
}

sub welch {
    my ($a, $b) = @_;
    my ($ma, $va) = mean_and_variance(@$a);
    my ($mb, $vb) = mean_and_variance(@$b);
    return ($ma - $mb) / sqrt($va / @$a + $vb / @$b);
}

my $server = $o{url} ? { url => $o{url}, known => $o{known}, disabled => [map { [split /:/, $_, 2] } @{ $o{disabled} || [] }] } : own_server();
my ($some)  = @{ $server->{known} };
my $nobody  = sub { my $name = sprintf '%012d', rand 1e12; return substr($name, 0, index($some, '@')) . substr($some, index $some, '@') };
my %person = (
    known    => sub { return ($server->{known}[rand @{ $server->{known} }], 'another wrong word') },
    unknown  => sub { return ($nobody->(), 'another wrong word') },
    imported => sub { return ($server->{imported}[rand @{ $server->{imported} }], 'another wrong word') },
    disabled => sub { my $who = $server->{disabled}[rand @{ $server->{disabled} }]; return ($who->[0], $who->[1] . '') },
);
delete $person{disabled} if !@{ $server->{disabled} };
delete $person{imported} if !@{ $server->{imported} || [] };
my @kinds = sort keys %person;
my %took  = map { $_ => [] } @kinds;
seconds_of($server, $person{$_}->()) for (@kinds) x 50;    # warms up caches, threads and connections
push @{ $took{$_} }, seconds_of($server, $person{$_}->()) for shuffle((@kinds) x $o{tries});

printf "%s: %d tries of each kind, seed %d\n", $o{url} || $o{store}, $o{tries}, $o{seed};
for my $kind (@kinds) {
    my @sorted = sort { $a <=> $b } @{ $took{$kind} };
    my ($mean, $variance) = mean_and_variance(@sorted);
    printf "  %-9s mean %8.1f us, standard deviation %8.1f us; a tenth below %8.1f us, half below %8.1f us\n", $kind,
        map { 1e6 * $_ } $mean, sqrt $variance, $sorted[@sorted / 10], $sorted[@sorted / 2];
}
my $worst = 0;
for my $pair (['known', 'unknown'], ['disabled', 'unknown'], ['disabled', 'known'], ['imported', 'unknown']) {
    my ($one, $other) = @$pair;
    next if !$took{$one};
    my $t = welch($took{$one}, $took{$other});
    printf "  %-9s against %-9s Welch's t = %6.2f%s\n", $one, $other, $t, abs $t < LIMIT ? '' : '   TOO FAR APART';
    $worst = abs $t if abs $t > $worst;
}
$server->{httpd}->stop if $server->{httpd};
exit($worst < LIMIT ? 0 : 1);
