#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# What operations cost in a store with 1 million accounts and 3 million sessions, beside a store of the same kind with 1,000 accounts.
#   SCALE_USERS=N             another number of accounts
#   SCALE_STORES='sqlite ...' some of the stores: sqlite, postgresql, mongodb
# MongoDB's test server keeps everything in the memory of one Java process, and knows no index but unique ones. It gets a twentieth of the
# accounts, or SCALE_MONGO_USERS. Prints a table and writes JSON.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Postgres;
use File::Temp ();
use JSON       ();
use POSIX      ();

my $users  = $ENV{SCALE_USERS} || 1_000_000;
my @stores = split ' ', $ENV{SCALE_STORES} || 'sqlite postgresql mongodb';
my $rounds = $ENV{BENCH_QUICK} ? 11 : 31;
my $few    = 1000;

# In the folder of the build, because /tmp may be in memory.
my $dir = File::Temp::tempdir('scale-XXXXXX', DIR => $ENV{BENCH_OUT}, CLEANUP => 1);

sub load { return system($ENV{AUTHP_SCALE_RATES}, 'load', @_) == 0 || die "loading failed\n" }

# Returns [operation, microseconds in the full store, in the empty one]...
sub compare {
    my @rows;
    open my $pipe, '-|', $ENV{AUTHP_SCALE_RATES}, 'compare', @_, $rounds or die "scale_rates: $!\n";
    while (<$pipe>) { push @rows, [split] }
    close $pipe or die "comparing failed\n";
    return @rows;
}

my %of = (
    sqlite => sub {
        my @place = map { "$dir/$_.db" } qw(full empty);
        load('sqlite', $place[0], $users);
        load('sqlite', $place[1], $few);
        my @rows = compare('sqlite', @place, $users);
        unlink glob "$dir/*.db*";
        return ($users, @rows);
    },
    postgresql => sub {
        my $server = AuthPlatform::Postgres->new(settings => ['shared_buffers=256MB', 'max_wal_size=4GB', 'checkpoint_timeout=30min'])->start;
        my @place = map { $server->uri . " $_" } qw(full empty);
        load('postgresql', $place[0], $users);
        load('postgresql', $place[1], $few);
        $server->sql('VACUUM ANALYZE');
        my @rows = compare('postgresql', @place, $users);
        $server->stop;
        return ($users, @rows);
    },
    mongodb => sub {
        my $some = $ENV{SCALE_MONGO_USERS} || int $users / 20;
        if (!$ENV{AUTHP_MONGODB_URI}) {
            local @ENV{qw(SCALE_STORES AUTHP_MONGO_HEAP)} = ('mongodb', '3g');
            open my $pipe, '-|', 'build/with-mongo.sh', $^X, $0, 'rows' or die "with-mongo.sh: $!\n";
            my @rows;
            while (<$pipe>) { push @rows, [split] }
            close $pipe or die "MongoDB failed\n";
            return ($some, @rows);
        }
        my @place = map { "$ENV{AUTHP_MONGODB_URI} scale_$_" } qw(full empty);
        load('mongodb', $place[0], $some);
        load('mongodb', $place[1], $few);
        return ($some, compare('mongodb', @place, $some));
    },
);

if (@ARGV) {
    my (undef, @rows) = $of{mongodb}->();
    print "@$_\n" for @rows;
    exit;
}
my @result;
for my $store (@stores) {
    my ($count, @rows) = ($of{$store} || die "there is no store $store\n")->();
    printf "%-11s %-20s %12s %12s %7s\n", $store, "$count accounts", 'us, full', 'us, empty', 'ratio';
    for my $row (@rows) {
        my ($operation, $full, $empty) = @$row;
        printf "%-11s %-20s %12.0f %12.0f %7.2f\n", '', $operation, $full, $empty, $full / $empty;
        push @result, { store => $store, accounts => $count + 0, operation => $operation, full_us => $full + 0, empty_us => $empty + 0 };
    }
}
my $file = "$ENV{BENCH_OUT}/scale.json";
AuthPlatform::Httpd::write_file($file, JSON->new->canonical->pretty->encode({ at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), rows => \@result }));
print "written to $file\n";
