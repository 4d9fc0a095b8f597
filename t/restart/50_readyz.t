# SPDX-License-Identifier: Apache-2.0
# /readyz during starts and graceful restarts, requested all the time on new connections. A load balancer must not take a host out that is
# ready, and the answer of a host that is not ready must be true.
# Quiet: the answers within the seconds of a restart.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = 10;

# Two clients send requests until $work is done. Returns {"200" => 1234, "503 The words." => 5, ...}.
sub asked_meanwhile {
    my ($httpd, $work) = @_;
    my @tellers;
    pipe my $stop_in, my $stop_out;
    for (1 .. 2) {
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            close $stop_out;
            $httpd->{pid} = undef;
            my %seen;
            vec(my $bits = '', fileno $stop_in, 1) = 1;
            while (!select my $ready = $bits, undef, undef, 0) {
                my $answer = $httpd->get('/api/auth/readyz');
                my $words  = $answer->{status} == 503 ? ' ' . ($answer->{json}{detail} // '') : '';
                $seen{"$answer->{status}$words"}++;
            }
            print map {"$_=$seen{$_}\n"} sort keys %seen;
            close STDOUT;
            POSIX::_exit(0);
        }
        push @tellers, $teller;
    }
    close $stop_in;
    my $ok  = eval { $work->(); 1 };
    my $why = $@;
    close $stop_out;
    my %sum;
    for my $teller (@tellers) {
        while (my $line = <$teller>) {
            $sum{$1} += $2 if $line =~ /^(.*)=(\d+)$/;
        }
        close $teller;
    }
    die $why if !$ok;
    return \%sum;
}

# Checks that there were only these answers. (Status 0: httpd did not listen yet.)
sub only {
    my ($seen, $allowed, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is(join(', ', map {"$_: $seen->{$_}"} grep { !/$allowed/ } sort keys %$seen), '', $name) || diag explain $seen;
}

for my $mpm (qw(event prefork)) {
    # Children with sanitizers take seconds to start and to end.
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, more => $ENV{AUTHP_SANITIZE} ? "AuthPlatformRevocationMaxLag 30s\n" : '');
    my $ready = sub { $httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'not ready') };
    my $seen  = asked_meanwhile($httpd, sub { $httpd->start; $ready->() });
    only($seen, qr/^(?:0|200|503 Not known yet: the live table is being filled;.*)$/, "$mpm: a cold start says what is not known yet");

    $seen = asked_meanwhile($httpd, sub { for (1 .. $rounds) { $httpd->graceful; sleep 0.3 } });
    only($seen, qr/^200$/, sprintf '%s: %d graceful restarts, asked %d times: always ready', $mpm, $rounds, $seen->{200} // 0);
    cmp_ok($seen->{200} // 0, '>', 2 * $rounds, "$mpm: it was asked all the time");

    # There are no children for a moment, but the table stays filled.
    $seen = asked_meanwhile($httpd, sub { $httpd->hard; $ready->(); sleep 0.5 });
    only($seen, qr/^(?:0|200)$/, "$mpm: nor does a restart that ends the children at once");
    my $health = $httpd->get('/api/auth/readyz')->{json};
    cmp_ok(abs($health->{clock_offset_ms}), '<', 20_000, "$mpm: the difference of the clocks is told");
    $httpd->stop;
}
done_testing;
