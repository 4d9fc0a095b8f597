# SPDX-License-Identifier: Apache-2.0
# A flood of sign-ins whose hashes need much memory: Argon2id of ours, and imported hashes of the largest kind. All children together take no
# more memory than the slots of the hasher allow, and give it back.
# Alone: floods fill the machine.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use IO::Select;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
my $password = 'three calm words';
chomp(my $cores = qx(getconf _NPROCESSORS_ONLN));
$cores = 64 if $cores > 64;
my $slots   = $cores + (int($cores / 4) || 1);
my $seconds = $ENV{AUTHP_LONG} ? 20 : 3;
my $clients = 24;
my $around  = 24 * 1024;    # what requests, threads and the store take themselves, in KiB

sub resident {
    my ($httpd) = @_;
    my $sum = 0;
    $sum += eval { $httpd->memory($_) } // 0 for $httpd->children;
    return $sum;
}

# Signs in as one of many people in many processes for some seconds. Returns the most memory that all children had, and how often each
# answer came.
sub flood {
    my ($httpd, $email) = @_;
    my @tellers;
    my $end = time + $seconds;
    for (1 .. $clients) {
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            $httpd->{pid} = undef;
            my %seen;
            while (time < $end) {
                my $answer = $httpd->api('/login', { email => $email, password => 'a wrong one' });
                $seen{ $answer->{status} || $answer->{error} }++;
            }
            print "$_=$seen{$_}\n" for sort keys %seen;
            close STDOUT;
            POSIX::_exit(0);
        }
        push @tellers, $teller;
    }
    my ($most, %sum) = (0);
    while (time < $end) {
        my $now = resident($httpd);
        $most = $now if $now > $most;
        sleep 0.01;
    }
    for my $teller (@tellers) {
        while (my $line = <$teller>) { $sum{$1} += $2 if $line =~ /^(.*)=(\d+)$/ }
    }
    return ($most, \%sum);
}

# Stores a hash as an import does, in SQLite's file.
sub store_hash {
    my ($httpd, $email, $hash) = @_;
    my $rc = system 'sqlite3', '-cmd', '.timeout 5000', "$httpd->{dir}/state/auth_platform.db", "UPDATE users SET password_hash = '$hash' WHERE email = '$email'";
    $rc == 0 or die "sqlite3 failed\n";
    return;
}

# `most` is the memory of one hash, and `before` that of the children before any hash was made, in KiB.
sub try_flood {
    my ($name, $most, $httpd, $email, $before) = @_;
    my ($peak, $seen) = flood($httpd, $email);
    my $grown = $peak - $before;
    diag sprintf '%s: %d MiB before, %d MiB more at most; %s', $name, $before / 1024, $grown / 1024, join ', ', map {"$_: $seen->{$_}"} sort keys %$seen if $ENV{AUTHP_LONG};
    cmp_ok($seen->{401} || 0, '>', $slots, "$name: hashes are made");
    cmp_ok($grown, '<', $slots * $most + $around, sprintf '... in at most %d MiB more: %d MiB', ($slots * $most + $around) / 1024, $grown / 1024);
    my $after;
    for (1 .. 50) {
        $after = resident($httpd) - $before;
        last if $after < $around;
        sleep 0.1;
    }
    cmp_ok($after, '<', $around, sprintf '... which is given back but for %.1f MiB', $after / 1024);
    return;
}

# Store SQLite: its file can be changed from outside.
my $httpd = AuthPlatform::Httpd->new(limits => "KeepAlive Off\n", settings => "AUTH_STORE=sqlite\nPASSWORD_HASH=argon2id\n")->start;
$httpd->get('/api/auth/healthz') for 1 .. 100;
my $before = resident($httpd);
is($httpd->api('/register', { email => 'ada@example.org', password => $password })->{status}, 201, 'an account') or diag $httpd->log;
try_flood('unknown logins', 19456, $httpd, 'nobody@example.org', $before);
try_flood('an account of ours', 19456, $httpd, 'ada@example.org', $before);
my $tail = 'c2FsdHNhbHRzYWx0c2FsdA$vbeKBoM0Y9kQjziRv6BankI3KS805KpQvGQRwSFhWpI';    # of $password by scrypt
my %imported = (
    'scrypt of 64 MiB'   => [65536, "\$scrypt\$ln=16,r=8,p=1\$$tail"],
    'scrypt of 16 MiB'   => [16384, "\$scrypt\$ln=14,r=8,p=1\$$tail"],
    'Argon2id of 64 MiB' => [65536, "\$argon2id\$v=19\$m=65536,t=1,p=1\$$tail"]
);
for my $kind (reverse sort keys %imported) {
    store_hash($httpd, 'ada@example.org', $imported{$kind}[1]);
    try_flood("an imported $kind", $imported{$kind}[0] + 64, $httpd, 'ada@example.org', $before);
}
store_hash($httpd, 'ada@example.org', $imported{'scrypt of 64 MiB'}[1]);
is($httpd->api('/login', { email => 'ada@example.org', password => $password })->{status}, 200, 'its owner signs in');
$httpd->stop;
my @lines = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]|exit signal/} split /\n/, $httpd->log;
is("@lines", '', 'nothing to complain about');
done_testing;
