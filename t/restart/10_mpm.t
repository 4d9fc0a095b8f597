# SPDX-License-Identifier: Apache-2.0
# The same module under event, worker and prefork: it works, and it goes through graceful restarts, recycled children and a
# killed one under load without a guarded request noticing. AUTHP_LONG=1 does more of each.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds  = $ENV{AUTHP_LONG} ? 40 : 6;
my $clients = 3;
my $person  = { email => 'ada@example.org', password => 'three calm words' };

# Clients ask for the guarded page until their pipe is closed; each tells how often it got what.
sub under_load {
    my ($httpd, $token, $work) = @_;
    my (@tellers, @stops);
    for (1 .. $clients) {
        pipe my $stop_in, my $stop_out;
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            close $stop_out;
            $httpd->{pid} = undef;
            my %seen;
            vec(my $bits = '', fileno $stop_in, 1) = 1;
            while (!select my $ready = $bits, undef, undef, 0) {
                my $answer = $httpd->get('/page.txt', bearer => $token);
                my $fine   = $answer->{status} == 200 && $answer->{body} eq "guarded\n";
                $seen{ $fine ? 'fine' : $answer->{status} || $answer->{error} }++;
            }
            print map {"$_=$seen{$_}\n"} sort keys %seen;
            close STDOUT;
            POSIX::_exit(0);
        }
        close $stop_in;
        push @tellers, $teller;
        push @stops,   $stop_out;
    }
    my $ok  = eval { $work->(); 1 };
    my $why = $@;
    close $_ for @stops;
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

sub sign_in { my ($httpd) = @_; return $httpd->api('/login', $person) }

for my $mpm (qw(event worker prefork)) {
    my $httpd = AuthPlatform::Httpd->new(mpm => $mpm, limits => "MaxConnectionsPerChild 300\n")->start;
    my $new   = $httpd->api('/register', $person);
    is($new->{status}, 201, "$mpm: registers") or diag $new->{body}, $httpd->log;
    my $token = $new->{json}{access_token};
    is($httpd->get('/page.txt')->{status}, 401, "$mpm: a guarded page is guarded");
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, "$mpm: and open with a token");
    my $fresh = $httpd->api('/refresh', { refresh_token => $new->{json}{refresh_token} });
    is($fresh->{status}, 200, "$mpm: refreshes");

    $httpd->graceful for 1 .. 2;
    my ($descriptors, $threads) = ($httpd->descriptors, $httpd->threads);
    my ($first, @bad_sign_ins);
    my $seen = under_load($httpd, $token, sub {
            for my $round (1 .. $rounds) {
                $httpd->graceful;
                $first = $httpd->memory if $round == int($rounds / 4) + 1;
                my $answer = sign_in($httpd);
                push @bad_sign_ins, $answer->{status} if $answer->{status} != 200;
            }
    });
    my $grown = ($httpd->memory - $first) / ($rounds - int($rounds / 4) - 1);
    cmp_ok($seen->{fine}, '>', 50, "$mpm: $rounds graceful restarts under load, $seen->{fine} guarded requests");
    is(join(' ', grep { $_ ne 'fine' } sort keys %$seen), '', "$mpm: each of them was answered as ever");
    is("@bad_sign_ins", '', "$mpm: signs in after each");
    cmp_ok($httpd->descriptors, '<=', $descriptors, "$mpm: the parent keeps $descriptors descriptors");
    cmp_ok($httpd->threads,     '<=', $threads,     "$mpm: and $threads thread");
    # Pages come in fours of kilobytes: only many rounds tell a slow leak from one page.
    cmp_ok($grown, '<=', $ENV{AUTHP_LONG} ? 20 : 80, sprintf '%s: the parent grows by %.1f KB each', $mpm, $grown);

    # One child is shot; its requests are lost, nobody else's.
    my ($victim) = $httpd->children;
    my $after = under_load($httpd, $token, sub {
            kill 'KILL', $victim;
            sleep 1;
            is(sign_in($httpd)->{status}, 200, "$mpm: signs in after a child was killed");
    });
    cmp_ok($after->{fine}, '>', 50, "$mpm: $after->{fine} guarded requests around it");
    my @wrong = grep { $_ ne 'fine' && $_ ne 'cut' && !/^connect/ } sort keys %$after;
    is("@wrong", '', "$mpm: none was answered wrongly");
    cmp_ok($after->{cut} || 0, '<=', 64, "$mpm: no more than that child's were cut");

    $httpd->hard;
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, "$mpm: the token is good after a full restart");
    is(sign_in($httpd)->{status}, 200, "$mpm: and signing in works");
    my $pid = $httpd->{pid};
    my $began = time;
    $httpd->stop;
    cmp_ok(time - $began, '<', 15, "$mpm: stops in time");
    is(kill(0, $pid), 0, "$mpm: and is gone");
    my @crashes = grep { /exit signal|Assertion|AH00052|glibc|corrupt/ && !/\(?Killed|signal 9|child pid $victim / } split /\n/, $httpd->log;
    is("@crashes", '', "$mpm: no crash");
    my @errors = grep { /\[auth_platform:(?:emerg|alert|crit|error|warn)\]/ } split /\n/, $httpd->log;
    is("@errors", '', "$mpm: nothing of ours to complain about");
}

# A running httpd that gets the module by a reload: the first hashes and sign-ins are right there.
my $late = AuthPlatform::Httpd->new(module => 0)->start;
is($late->get('/page.txt')->{status}, 200, 'without the module the page is open');
$late->configure(module => 1)->graceful;
my $end = time + 10;
sleep 0.1 while $late->get('/page.txt')->{status} != 401 && time < $end;
is($late->get('/page.txt')->{status}, 401, 'a graceful restart that loads it closes the page');
my $new = $late->api('/register', $person);
is($new->{status}, 201, 'registers at once') or diag $new->{body}, $late->log;
is($late->get('/page.txt', bearer => $new->{json}{access_token})->{status}, 200, 'and gets in');
$late->configure(module => 0)->graceful;
$end = time + 10;
sleep 0.1 while $late->get('/page.txt')->{status} != 200 && time < $end;
$late->configure(module => 1)->graceful;
$end = time + 10;
sleep 0.1 while $late->get('/page.txt')->{status} != 401 && time < $end;
is(sign_in($late)->{status}, 200, 'out and in again: signs in');
$late->stop;
unlike($late->log, qr/exit signal|Assertion/, 'no crash');
done_testing;
