#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Measures registration, sign-in, refresh and lists through httpd, on SQLite, PostgreSQL and MongoDB, and the same store operations without httpd,
# alternating in one run. bcrypt has its lowest cost, so that the store dominates. Prints a table and writes JSON.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use File::Temp ();
use JSON       ();
use POSIX      ();

my $seconds = $ENV{BENCH_QUICK} ? 1 : 2;
my $rounds  = $ENV{BENCH_QUICK} ? 1 : 3;
my $threads = 4;
# The kinds that add rows come last, so that all stores begin with the same few rows.
my @flows   = ('refresh', 'list', 'sign-in', 'sign-up');
my $dir     = File::Temp::tempdir('authp-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my @stores  = split ' ', $ENV{BENCH_STORES} || 'sqlite postgresql mongodb';
# build/with-mongo.sh and build/with-postgres.sh set these.
my ($mongo, $postgres) = map { $_ // '' } @ENV{qw(AUTHP_MONGODB_URI AUTHP_POSTGRES_URL)};
# The tests give memory back to the system at once (MaxMemFree 1). A server does not.
my $size    = "MaxMemFree 2048\nStartServers 2\nServerLimit 2\nThreadsPerChild 64\nMaxRequestWorkers 128\nMinSpareThreads 64\nMaxSpareThreads 128\n";

sub median { my @s = sort { $a <=> $b } @_; return $s[@s / 2] }

sub raw {
    my ($store, $round) = @_;
    my %where = (sqlite => "$dir/raw$round.db", postgresql => $postgres, mongodb => $mongo);
    my @where = ($where{$store}, "bench_raw_$$\_$round");
    my %rate;
    open my $pipe, '-|', $ENV{AUTHP_STORE_RATES}, $store, @where, $threads, $seconds or die "store_rates: $!\n";
    while (<$pipe>) { $rate{$1} = $2 if /^(\S+) ([\d.]+)/ }
    close $pipe or die "store_rates failed\n";
    return \%rate;
}

sub served {
    my ($store, $round) = @_;
    my $name     = "bench_$$\_$round";
    my %settings = (
        sqlite     => '',
        postgresql => "DATABASE_URL=$postgres\nAUTH_DB_SCHEMA=$name\n",
        mongodb    => "MONGODB_URI=$mongo\nMONGODB_DB=$name\n",
    );
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=$store\n$settings{$store}", limits => $size . "KeepAlive On\nMaxKeepAliveRequests 0\n")->start;
    my $admin = { email => 'admin@example.org', password => 'correct horse' };
    open my $quiet, '>&', \*STDOUT or die "stdout: $!\n";
    open STDOUT, '>', "$dir/said" or die "said: $!\n";
    open my $tool, '|-', $ENV{AUTHP_CLI}, '--env-file', "$httpd->{dir}/.env", qw(user create --role admin --email), $admin->{email}
        or die "authplatform: $!\n";
    my $out = select $tool;
    print "$admin->{password}\n";
    select $out;
    close $tool or die "authplatform failed\n";
    open STDOUT, '>&', $quiet or die "stdout: $!\n";
    my @tokens = $httpd->api('/login', $admin)->{json}{access_token};
    for my $n (1 .. $threads) {
        my $answer = $httpd->api('/register', { email => "in$n\@example.org", password => 'correct horse' });
        push @tokens, $answer->{json}{refresh_token};
    }
    AuthPlatform::Httpd::write_file("$dir/tokens", join "\n", @tokens, '');
    my %rate;
    for my $flow (@flows) {
        my $said = qx{FLOW=$flow TOKENS=$dir/tokens wrk -t$threads -c$threads -d${seconds}s -s t/bench/flow.lua http://127.0.0.1:$httpd->{port} 2>&1};
        die "$store, $flow: $said" if $said =~ /Non-2xx|Socket errors/;
        ($rate{$flow}) = $said =~ m{Requests/sec: *([\d.]+)} or die "wrk: $said";
    }
    $httpd->stop;
    return \%rate;
}

my %got;
for my $round (1 .. $rounds) {
    for my $store (@stores) {
        my $raw    = raw($store, $round);
        my $served = served($store, $round);
        for my $flow (@flows) {
            push @{ $got{$store}{$flow}{raw} },    $raw->{$flow};
            push @{ $got{$store}{$flow}{served} }, $served->{$flow};
            push @{ $got{$store}{$flow}{ratio} },  $served->{$flow} / $raw->{$flow};
        }
    }
}
my @rows;
printf "%-10s %-10s %14s %16s %8s\n", 'store', '', 'requests/s', 'store alone/s', 'ratio';
for my $store (@stores) {
    for my $flow (@flows) {
        my %row = (store => $store, flow => $flow, map { $_ => 0 + sprintf '%.3f', median(@{ $got{$store}{$flow}{$_} }) } qw(served raw ratio));
        printf "%-10s %-10s %14.0f %16.0f %8.2f\n", @row{qw(store flow served raw ratio)};
        push @rows, \%row;
    }
}
my $file = "$ENV{BENCH_OUT}/stores.json";
AuthPlatform::Httpd::write_file($file, JSON->new->canonical->pretty->encode({ at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), rows => \@rows }));
print "written to $file\n";
