#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Can the race tests of the store contract fail? AUTHP_BARE=1 build/with-ferretdb.sh t/mongo/ferretdb/bare.pl UNIT
# FerretDB 1 without the front that serialises messages is a server whose conditional updates are not atomic. The contract must say so.
use strict;
use warnings FATAL => 'all';
use Test::More;

# The races of t/store/contract_races.c that a conditional update decides. A single one may go well by chance, so not all must fail; a
# rotation that succeeds twice is the worst of them, and it must.
my @races = ('rotations', 'ends', 'updates', 'hash upgrades', 'deletions', 'changes of every kind', 'claims', 'claims and withdrawals');
my $LEAST = 5;

my %won;
$ENV{CK_RUN_CASE} = 'races';
open my $tap, '-|', $ARGV[0], 'contract_mongodb' or die "$ARGV[0]: $!\n";
while (my $line = <$tap>) {
    $line =~ s/^/# /;
    print $line;
    $won{$1} = $2 if $line =~ /^# not ok .*:one_wins_each_race: ([\w ]+), round \d+: (\d+) won, \d+ lost$/;
}
close $tap;
my @twice = grep { ($won{$_} || 0) > 1 } @races;
cmp_ok($won{rotations} || 0, '>', 1, 'a refresh token was exchanged more than once, and the contract noticed');
cmp_ok(scalar @twice, '>=', $LEAST, "the contract noticed several winners of: @twice");
is(scalar(grep { $_ eq 'addresses' } keys %won), 0, 'a unique index decides also on this server');
done_testing;
