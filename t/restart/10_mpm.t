# SPDX-License-Identifier: Apache-2.0
# The module under event, worker and prefork: it works, and guarded requests under load do not notice graceful restarts, children that are
# replaced, or a killed child. AUTHP_LONG=1 does more of each.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use List::Util qw(max min);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds  = $ENV{AUTHP_LONG} ? 40 : 10;
my $warm    = int($rounds / 4) + 1;
my $readers = 3;
my $person  = { email => 'ada@example.org', password => 'three calm words' };

# Sends requests until the pipe is closed. Returns how often each answer came.
sub ask {
    my ($stop, $name, $once) = @_;
    my %seen;
    vec(my $bits = '', fileno $stop, 1) = 1;
    while (!select my $ready = $bits, undef, undef, 0) {
        my ($answer, $fine) = $once->();
        $seen{ $name . ' ' . ($fine ? 'fine' : $answer->{status} || $answer->{error}) }++;
    }
    return \%seen;
}

# While $work runs, clients request the guarded page and one client signs in. Returns {'page fine' => 1234, ...}.
sub under_load {
    my ($httpd, $token, $work) = @_;
    my $page = sub {
        my $answer = $httpd->get('/page.txt', bearer => $token);
        return ($answer, $answer->{status} == 200 && $answer->{body} eq "guarded\n");
    };
    my $sign_in = sub { my $answer = sign_in($httpd); return ($answer, $answer->{status} == 200) };
    my (@tellers, @stops);
    for my $client (0 .. $readers) {
        pipe my $stop_in, my $stop_out;
        my $pid = open(my $teller, '-|') // die "fork: $!";
        if (!$pid) {
            close $stop_out;
            $httpd->{pid} = undef;
            my $seen = $client ? ask($stop_in, page => $page) : ask($stop_in, 'sign-in' => $sign_in);
            print map {"$_=$seen->{$_}\n"} sort keys %$seen;
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

sub are_fine {
    my ($seen, $name, $allowed) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = grep { !/ fine$/ && !($allowed && /$allowed/) } sort keys %$seen;
    is(join(', ', map {"$_: $seen->{$_}"} @wrong), '', sprintf '%s: %d guarded requests, %d sign-ins', $name,
        $seen->{'page fine'} || 0, $seen->{'sign-in fine'} || 0);
    cmp_ok($seen->{'page fine'}    || 0, '>', 20, "$name: there was load");
    cmp_ok($seen->{'sign-in fine'} || 0, '>', 0,  "$name: with sign-ins");
    return;
}

# Returns the largest value of a kind among the children.
sub most { my ($httpd, $what) = @_; return max(0, map { $httpd->$what($_) } $httpd->children) }

sub works {
    my ($httpd, $mpm) = @_;
    my $new = $httpd->api('/register', $person);
    is($new->{status}, 201, "$mpm: registers") or diag $new->{body}, $httpd->log;
    is($httpd->get('/page.txt')->{status}, 401, "$mpm: a guarded page is guarded");
    is($httpd->get('/page.txt', bearer => $new->{json}{access_token})->{status}, 200, "$mpm: and open with a token");
    my $fresh = $httpd->api('/refresh', { refresh_token => $new->{json}{refresh_token} });
    is($fresh->{status}, 200, "$mpm: refreshes");
    return $fresh->{json};
}

sub graceful_restarts {
    my ($httpd, $mpm, $tokens) = @_;
    $httpd->graceful for 1 .. 2;
    my %had = map { $_ => $httpd->$_ } qw(descriptors threads mappings);
    my (%in_a_child, $at_first, @not_signed_in);
    my $seen = under_load($httpd, $tokens->{access_token}, sub {
            for my $round (1 .. $rounds) {
                $httpd->graceful;
                if ($round == $warm) {
                    $at_first = $httpd->memory;
                    %in_a_child = map { $_ => most($httpd, $_) } qw(descriptors threads);
                }
                my $answer = sign_in($httpd);
                push @not_signed_in, $answer->{status} if $answer->{status} != 200;
            }
            # The children have no more either, compared under the same load. The smallest of some samples counts.
            for my $what (qw(descriptors threads)) {
                my $has = min(map { sleep 0.1 if $_; most($httpd, $what) } 0 .. 4);
                cmp_ok($has, '<', $in_a_child{$what} + ($rounds - $warm), "$mpm: no more $what in a child");
            }
    });
    my $grown = ($httpd->memory - $at_first) / ($rounds - $warm);
    are_fine($seen, "$mpm: $rounds graceful restarts");
    is("@not_signed_in", '', "$mpm: signs in after each");
    is($httpd->$_, $had{$_}, "$mpm: the parent keeps $had{$_} $_") for qw(descriptors threads);
    SKIP: {
        # ASan keeps freed memory, and finds leaks by itself.
        skip('memory under ASan', 2) if $ENV{AUTHP_SANITIZE};
        # The heap may use a few more or fewer of these.
        cmp_ok($httpd->mappings, '<', $had{mappings} + $rounds / 2, "$mpm: and about $had{mappings} mappings");
        # Memory grows by pages of 4 KB, so only many rounds show a slow leak.
        cmp_ok($grown, '<=', $ENV{AUTHP_LONG} ? 20 : 40, sprintf '%s: the parent grows by %.1f KB each', $mpm, $grown);
    }
    my $next = $httpd->api('/refresh', { refresh_token => $tokens->{refresh_token} });
    is($next->{status}, 200, "$mpm: and a session from before all of them is refreshed");
    return;
}

# MaxConnectionsPerChild: every one of these children must end under load.
sub recycling {
    my ($httpd, $mpm, $token) = @_;
    my %old  = map { $_ => 1 } $httpd->children;
    my $end  = time + 30;
    my $seen = under_load($httpd, $token, sub { sleep 0.1 while time < $end && grep { $old{$_} } $httpd->children });
    is(scalar(grep { $old{$_} } $httpd->children), 0, "$mpm: all " . keys(%old) . ' children were replaced');
    are_fine($seen, "$mpm: meanwhile");
    return;
}

# One child is killed: its own requests are lost, and no others.
sub shot_child {
    my ($httpd, $mpm, $token) = @_;
    my $victim;
    my $seen = under_load($httpd, $token, sub {
            sleep 0.3;
            $victim = ($httpd->children)[-1];    # the youngest one
            kill 'KILL', $victim;
            # httpd logs nothing about this signal.
            $httpd->wait_for(sub { !grep { $_ == $victim } $httpd->children }, 'the child is still there');
            sleep 0.5;
    });
    # Each client has one request at a time, so at most one of its requests is cut.
    my $cut = 0;
    $cut += $seen->{$_} for grep {/ cut$/} keys %$seen;
    are_fine($seen, "$mpm: a child is killed", qr/ cut$/);
    cmp_ok($cut, '<=', $readers + 1, "$mpm: no more than its requests were cut");
    is(sign_in($httpd)->{status}, 200, "$mpm: signs in after that");
    return;
}

sub full_restart {
    my ($httpd, $mpm, $token) = @_;
    my $began;
    my $seen = under_load($httpd, $token, sub { sleep 0.2; $began = time; $httpd->hard; $began = time - $began; sleep 0.3 });
    are_fine($seen, "$mpm: a full restart", qr/ (?:cut|connect: .*(?:refused|reset).*)$/);
    cmp_ok($began, '<', 15, sprintf '%s: back after %.1f s', $mpm, $began);
    is($httpd->get('/page.txt', bearer => $token)->{status}, 200, "$mpm: the token is good after it");
    is(sign_in($httpd)->{status}, 200, "$mpm: and signing in works");
    return;
}

sub ends {
    my ($httpd, $mpm, $tokens) = @_;
    my ($pid, $began) = ($httpd->{pid}, time);
    $httpd->stop;
    cmp_ok(time - $began, '<', 15, "$mpm: stops in time");
    is(kill(0, $pid), 0, "$mpm: and is gone");
    my @lines   = split /\n/, $httpd->log;
    my @crashes = grep {/exit signal|Assertion|glibc|corrupt|double free/} @lines;
    is("@crashes", '', "$mpm: no crash");
    my @errors = grep {/\[auth_platform:(?:emerg|alert|crit|error|warn)\]/} @lines;
    is("@errors", '', "$mpm: nothing of ours to complain about");
    my @told = grep { index($httpd->log, $_) >= 0 } $person->{email}, $person->{password}, values %$tokens;
    is(scalar(@told), 0, "$mpm: and no secret told");
    return;
}

for my $mpm (qw(event worker prefork)) {
    my $httpd  = AuthPlatform::Httpd->new(mpm => $mpm, limits => "MaxConnectionsPerChild 200\n")->start;
    my $tokens = works($httpd, $mpm);
    my $token  = $tokens->{access_token};
    graceful_restarts($httpd, $mpm, $tokens);
    recycling($httpd, $mpm, $token);
    shot_child($httpd, $mpm, $token);
    full_restart($httpd, $mpm, $token);
    ends($httpd, $mpm, { map { $_ => $tokens->{$_} } qw(access_token refresh_token) });
}
done_testing;
