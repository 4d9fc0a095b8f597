#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Compares a guarded GET of a 1 KB file with the same GET of an unguarded file, with token: one token again and again, many known tokens in
# turn, and tokens that were never seen before. mod_auth_openidc verifies the same tokens for comparison. Prints requests per second and CPU
# time per request in alternating rounds of one run. Three quarters of that time are the kernel's and vary more than a guard costs, so the
# time outside of the kernel is shown too; guards do not call the kernel. Also prints instructions per request under callgrind, which do not
# depend on the load, and memory per child. Writes JSON. BENCH_LONG=1 also sends a million guarded requests.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use Bench ();
use JSON::PP ();
use POSIX ();

my $quick   = $ENV{BENCH_QUICK};
my $many    = $quick ? 2000 : 20000;
my $rounds  = $quick ? 1 : 8;
my $seconds = $quick ? 1 : 2;
my $fresh   = 60000 * $seconds;    # more than one run of wrk sends
my ($warm, $count) = $quick ? (200, 300) : (300, 1500);
my $with_openidc = -e $Bench::openidc;

sub median { my @s = sort { $a <=> $b } @_; return $s[@s / 2] }
sub rounded { return 0 + sprintf '%.3f', $_[0] }

# The quick mode has a smaller cache, so that the smaller number of tokens exceeds it by the same factor.
Bench::set_up($quick ? '512K' : '4M');
my $pid = Bench::start('guarded');
my @tokens = Bench::make_tokens($many + $fresh);
Bench::stop($pid);
my @fresh = splice @tokens, $many;
Bench::configure_openidc($tokens[0]);
Bench::put('one.txt', "$tokens[0]\n");
Bench::put('many.txt', join "\n", @tokens, '');
Bench::put('fresh.txt', join "\n", @fresh, '');

# name, kind of server, path, tokens, what it is compared with
my @cases = (
    ['unguarded',            'guarded', '/open',    'one'],
    ['one token',            'guarded', '/guarded', 'one',   'unguarded'],
    ['unguarded, many',      'guarded', '/open',    'many'],
    ["$many tokens seen",    'guarded', '/guarded', 'many',  'unguarded, many'],
    ['unguarded, new',       'guarded', '/open',    'fresh'],
    ['new tokens',           'guarded', '/guarded', 'fresh', 'unguarded, new'],
    ['openidc, unguarded',   'openidc', '/open',    'one'],
    ['openidc, one token',   'openidc', '/guarded', 'one',   'openidc, unguarded'],
    ['openidc, many tokens', 'openidc', '/guarded', 'many',  'openidc, unguarded'],
);
@cases = grep { $_->[1] ne 'openidc' } @cases if !$with_openidc;

# --- requests a second and CPU ---
my (%rate, %cpu, %user, %requests, %memory);
for my $round (1 .. $rounds) {
    for my $kind ($with_openidc ? qw(guarded openidc) : 'guarded') {
        my $server = Bench::start($kind);
        Bench::ask('/guarded/file.bin', \@tokens, $many) if $kind eq 'guarded';    # now every token has been seen
        for my $case (grep { $_->[1] eq $kind } @cases) {
            my ($name, undef, $path, $file) = @$case;
            my $ran = Bench::wrk($server, "$path/file.bin", "$file.txt", $seconds);
            die "$ran->{requests} requests: some tokens were not new\n" if $name eq 'new tokens' && $ran->{requests} > $fresh;
            push @{ $rate{$name} }, $ran->{rate};
            push @{ $cpu{$name} }, $ran->{cpu} / $ran->{requests};
            $user{$name} += $ran->{user};
            $requests{$name} += $ran->{requests};
        }
        $memory{$kind} = Bench::memory($server);
        Bench::stop($server);
    }
}
my $server = Bench::start('plain');
Bench::ask('/guarded/file.bin', \@tokens, $many);
Bench::wrk($server, '/guarded/file.bin', 'many.txt', $seconds) for 1 .. 3;
$memory{plain} = Bench::memory($server);
Bench::stop($server);

# --- instructions ---
my %list = (one => [$tokens[0]], many => \@tokens, fresh => [@fresh[0 .. $warm + $count + 20]]);
my %instructions = ('without the module' => Bench::instructions('plain', '/open/file.bin', $list{one}, $warm, $count));
for my $case (@cases) {
    next if $case->[0] =~ /^unguarded,/;
    my $seen = $case->[3] eq 'many' && $case->[1] eq 'guarded' ? $many : 0;
    $instructions{ $case->[0] } = Bench::instructions($case->[1], "$case->[2]/file.bin", $list{ $case->[3] }, $seen + $warm, $count);
}
$instructions{"unguarded, $_"} = $instructions{unguarded} for qw(many new);

# --- the tables ---
printf "%-22s %10s %7s %11s %8s %9s %8s %11s %9s\n", '1 KB, keep-alive', 'requests/s', 'ratio', 'CPU us/req', 'more', 'user us', 'more', 'instr/req', 'more';
printf "%-22s %10s %7s %11s %8s %9s %8s %11d %9s\n", 'without the module', ('-') x 6, $instructions{'without the module'}, '-';
my @rows = { name => 'without the module', instructions => $instructions{'without the module'} };
for my $case (@cases) {
    my ($name, $base) = @$case[0, 4];
    my %row = (name => $name, rate => rounded(median(@{ $rate{$name} })), cpu_us => rounded(median(@{ $cpu{$name} })),
        user_us => rounded($user{$name} / $requests{$name}), instructions => $instructions{$name});
    if ($base) {
        $row{compared_with}     = $base;
        $row{ratio}             = rounded(median(map { $rate{$name}[$_] / $rate{$base}[$_] } 0 .. $rounds - 1));
        $row{cpu_us_more}       = rounded(median(map { $cpu{$name}[$_] - $cpu{$base}[$_] } 0 .. $rounds - 1));
        $row{user_us_more}      = rounded($row{user_us} - $user{$base} / $requests{$base});
        $row{instructions_more} = $instructions{$name} - $instructions{$base};
    }
    my @more = $base ? (sprintf('%+.1f', $row{cpu_us_more}), sprintf('%+.1f', $row{user_us_more}), sprintf '%+d', $row{instructions_more}) : ('-') x 3;
    printf "%-22s %10.0f %7s %11.1f %8s %9.1f %8s %11d %9s\n", $name, $row{rate}, $base ? sprintf('%.2f', $row{ratio}) : '-', $row{cpu_us}, $more[0],
        $row{user_us}, $more[1], $row{instructions}, $more[2];
    push @rows, \%row;
}
print $with_openidc ? '' : "mod_auth_openidc is not installed (libapache2-mod-auth-openidc)\n";
printf "%-22s %8d KB written to, %d KB with its share of what is shared\n", "a child: $_", @{ $memory{$_} }{qw(anonymous pss)} for sort keys %memory;
printf "%-22s %+8d KB written to, %+d KB\n", 'ours, against plain', map { $memory{guarded}{$_} - $memory{plain}{$_} } qw(anonymous pss);

# --- a million ---
my %million;
if ($ENV{BENCH_LONG}) {
    my $flat = Bench::start('guarded');
    my $sent = 0;
    for my $goal (100_000, 1_000_000) {
        while ($sent < $goal) {
            $sent += Bench::wrk($flat, '/guarded/file.bin', 'many.txt', 5)->{requests};
        }
        $million{$sent} = Bench::memory($flat)->{anonymous};
        printf "after %d guarded requests: %d KB written to\n", $sent, $million{$sent};
    }
    Bench::stop($flat);
}

my $commit = qx{git rev-parse --short HEAD 2>/dev/null} || "unknown\n";
chomp $commit;
my $file = "$ENV{BENCH_OUT}/guard.json";
open my $out, '>', $file or die "$file: $!";
print {$out} JSON::PP->new->canonical->pretty->encode({ commit => $commit, at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime),
    tokens => $many, rounds => $rounds, rows => \@rows, memory_kb => \%memory, memory_kb_after => \%million });
close $out;
print "written to $file\n";
