# SPDX-License-Identifier: Apache-2.0
# Restarts and killed children in the middle of hashing: hashes that run during a graceful restart are finished, and no slot of the bound,
# which all children share over restarts, stays taken.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $person = { email => 'ada@example.org', password => 'three calm words' };
my $kills  = $ENV{AUTHP_LONG} ? 20 : 2;
my $once;                              # how many seconds one hash takes here
chomp(my $cores = qx(getconf _NPROCESSORS_ONLN));
$cores = 4 if $cores > 4;              # a child sends no more requests to its store at once

# Starts $many sign-ins at once, and calls $meanwhile while they hash. Returns the sorted results.
sub sign_ins {
    my ($httpd, $many, $meanwhile) = @_;
    my @tellers;
    for (1 .. $many) {
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            $httpd->{pid} = undef;
            my $answer = $httpd->api('/login', $person);
            print $answer->{status} || $answer->{error};
            close STDOUT;
            POSIX::_exit(0);
        }
        push @tellers, $teller;
    }
    sleep $once / 2;
    $meanwhile->() if $meanwhile;
    return sort map { <$_> } @tellers;
}

for my $mpm (qw(event worker prefork)) {
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, settings => "BCRYPT_ROUNDS=12\n")->start;
    is($httpd->api('/register', $person)->{status}, 201, "$mpm: registers") or diag $httpd->log;
    my $began = time;
    is($httpd->api('/login', $person)->{status}, 200, "$mpm: signs in");
    $once = time - $began;
    cmp_ok($once, '>', 0.05, sprintf '%s: which takes %.2f s', $mpm, $once);

    my @all = sign_ins($httpd, 2, sub { $httpd->graceful });
    is("@all", '200 200', "$mpm: sign-ins under way in a graceful restart end well");

    my $lost = 0;
    for (1 .. $kills) {
        $lost += grep { $_ eq 'cut' } sign_ins($httpd, $cores, sub { kill 'KILL', $httpd->children });
        $httpd->wait_for(sub { $httpd->get('/nothing')->{status} }, 'no child answers');
    }
    cmp_ok($lost, '>', 0, "$mpm: $lost were hashing when their children were killed");
    @all = sign_ins($httpd, $cores);
    is("@all", join(' ', (200) x $cores), "$mpm: and left no place taken: $cores at once");

    $began = time;
    sign_ins($httpd, $cores, sub { $httpd->hard });
    cmp_ok(time - $began, '<', 20, sprintf '%s: a full restart takes %.1f s', $mpm, time - $began);
    @all = sign_ins($httpd, $cores);
    is("@all", join(' ', (200) x $cores), "$mpm: and leaves no place taken");
    sign_ins($httpd, $cores, sub { $began = time; $httpd->stop });
    cmp_ok(time - $began, '<', 15, sprintf '%s: stops after %.1f s', $mpm, time - $began);
    unlike($httpd->log, qr/exit signal (?!Killed)|Assertion|\[auth_platform:(?:emerg|alert|crit|error|warn)\]/, "$mpm: no crash, no error");
}
done_testing;
