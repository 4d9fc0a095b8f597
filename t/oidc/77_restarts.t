# SPDX-License-Identifier: Apache-2.0
# Restarts while sign-ins at a slow provider are under way, on event, worker and prefork, with MaxMemFree 1: graceful restarts cut none of
# them, full restarts and stops wait no longer than a request to a provider may take, nothing crashes, and no child stays. A child that cannot
# read OIDC_CA_FILE says so and serves everything else.
# Quiet: how long restarts take.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd ();
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use File::Temp ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'once is enough: with SQLite' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';

my $FETCH  = 3;                                  # s: the time-out of a request to a provider
my $MARGIN = $ENV{AUTHP_SANITIZE} ? 8 : 4;       # s: for a busy machine. A child with sanitizers looks for leaks at its end
my $CLIENTS = 6;
my $rounds = $ENV{AUTHP_LONG} ? 20 : 4;
my $forge  = AuthPlatform::Oidc->forge;
my $google = $forge->realm('google');

# Runs $once in a process of its own: again and again until the pipe is closed, or once if there is no pipe. Returns a handle from which the
# output of $once is read.
sub aside {
    my ($site, $once, $stop, $held) = @_;
    my $pid = open(my $reader, '-|') // die "fork: $!";
    return $reader if $pid;
    close $held if $held;    # the parent alone holds it
    $site->httpd->{pid} = undef;
    my $ended = sub { vec(my $bits = '', fileno $stop, 1) = 1; return scalar select $bits, undef, undef, 0 };
    do {
        my $said = eval { $once->() } // "died: $@";
        print "$said\n";
    } while $stop && !$ended->();
    close STDOUT;
    POSIX::_exit(0);
}

# One sign-in of somebody new. Returns its last answer in short, or "cut" if a connection was cut.
sub sign_in {
    my ($site) = @_;
    my $visitor = $site->visitor;
    my $login   = $visitor->begin('google', login_hint => somebody());
    return words($login) =~ s/^0 $/cut/r if $login->{status} != 302;
    my $back = $visitor->at_provider($login) // return 'lost at the provider';
    return words($visitor->open($back)) =~ s/^0 $/cut/r;
}

# While $work runs, some clients sign in, one person after the other. Returns how often each answer came.
sub under_way {
    my ($site, $work) = @_;
    pipe my $stop, my $held or die "pipe: $!";
    my @clients = map {
        aside($site, sub { return sign_in($site) }, $stop, $held)
    } 1 .. $CLIENTS;
    my $fine = eval { $work->(); 1 };
    my $why  = $@;
    close $held;
    my %seen;
    for my $client (@clients) {
        while (my $said = <$client>) { chomp $said; $seen{$said}++ }
        close $client;
    }
    die $why if !$fine;
    return \%seen;
}

# How many answers were neither tokens nor a place in the line, nor $allowed.
sub others { my ($seen, $allowed) = @_; return join ', ', map {"$_: $seen->{$_}"} grep { !/^(?:200 tokens|503 (?:oauth_unavailable|busy))$/ && !($allowed && /$allowed/) } sort keys %$seen }

# Waits until none of these children is left. Returns how long that took.
sub gone_after {
    my ($site, @old) = @_;
    my %old   = map { $_ => 1 } @old;
    my $began = time;
    sleep 0.05 while time - $began < 30 && grep { $old{$_} } $site->httpd->children;
    return time - $began;
}

# The children whose main thread has all signals blocked, as prefork's have while they wait for a provider.
sub fetching {
    my ($site) = @_;
    return grep { AuthPlatform::Httpd::slurp("/proc/$_/status") =~ /^SigBlk:\s+fffffffe7ffbfeff/m } $site->httpd->children;
}

for my $mpm (qw(event worker prefork)) {
    subtest $mpm => sub {
        my $site = AuthPlatform::SignIn->site(google => $google, mpm => $mpm);
        my %slow = (delay => 250);
        $google->plan(discovery => {%slow}, jwks => {%slow}, token => {%slow});
        my $kept = $site->visitor;
        my $back = $kept->at_provider($kept->begin('google', login_hint => somebody()));

        # A graceful restart: each new child fetches the documents anew, and each old one ends its sign-ins first.
        my @old;
        my $seen = under_way($site, sub {
                for (1 .. $rounds) {
                    sleep 0.5 + rand 0.4;
                    push @old, $site->httpd->children;
                    $site->httpd->graceful;
                }
                sleep 1;
        });
        my %now = map { $_ => 1 } $site->httpd->children;
        is(others($seen), '', "$rounds graceful restarts: no sign-in is cut");
        cmp_ok($seen->{'200 tokens'} // 0, '>', 3, sprintf '... and %d are done', $seen->{'200 tokens'} // 0);
        cmp_ok(gone_after($site, grep { !$now{$_} } @old), '<', $FETCH + $MARGIN, '... no old child stays');
        is(words($kept->open($back)), '200 tokens', '... and a sign-in that began before all of them is done');

        # A full restart may cut sign-ins. It does not wait for them.
        my $longest = 0;
        $seen = under_way($site, sub {
                for (1 .. 2) {
                    sleep 0.5 + rand 0.3;
                    @old = $site->httpd->children;
                    my $began = time;
                    $site->httpd->hard;
                    $longest = time - $began if time - $began > $longest;
                    gone_after($site, @old);
                }
                sleep 1;
        });
        is(others($seen, qr/^cut$/), '', 'full restarts: nothing but cut sign-ins');
        cmp_ok($seen->{'200 tokens'} // 0, '>', 0, '... and some are done');
        cmp_ok($longest, '<', $FETCH + $MARGIN, sprintf '... the longest took %.1f s', $longest);

        # A provider that does not answer at all: a graceful restart is done at once, a full one within the time-out.
        for my $how (qw(graceful hard)) {
            $site->httpd->graceful;
            $forge->freeze;
            my @waiting = map {
                aside($site, sub { return words($site->visitor->begin('google')) =~ s/^0 $/cut/r })
            } 1 .. 3;
            sleep 0.5;
            @old = $site->httpd->children;
            my $began = time;
            $site->httpd->$how;
            my $took = time - $began;
            my $left = gone_after($site, @old);
            my @said = map { my $line = <$_> // ''; close $_; chomp $line; $line } @waiting;
            cmp_ok($took, '<', $how eq 'hard' ? $FETCH + $MARGIN : $MARGIN, sprintf '%s while the provider stands still: %.1f s', $how, $took);
            cmp_ok($took + $left, '<', $FETCH + $MARGIN + 1, sprintf '... the old children are gone after %.1f s', $took + $left);
            is(join(' ', grep { !/^503 / && !($how eq 'hard' && /^cut$/) } @said), '', '... those who waited are told to come back') or diag join ', ', @said;
            is($site->httpd->get('/page.txt')->{status}, 401, '... and a guarded page is guarded meanwhile');
            $forge->thaw;
        }

        # Prefork: a child that is told to end while it waits for a provider.
        if ($mpm eq 'prefork') {
            for my $signal (qw(TERM HUP)) {
                $site->httpd->graceful;
                $forge->freeze;
                my @waiting = map {
                    aside($site, sub { return words($site->visitor->begin('google')) =~ s/^0 $/cut/r })
                } 1 .. 3;
                $site->httpd->wait_for(sub { return scalar fetching($site) }, 'no child waits for the provider');
                @old = fetching($site);
                kill $signal, @old;
                my $took = gone_after($site, @old);
                cmp_ok($took, '<', $FETCH + $MARGIN, sprintf '%s during a request to the provider ends the child after %.1f s', $signal, $took);
                <$_>, close $_ for @waiting;
                $forge->thaw;
            }
        }

        # Everything works after that.
        sleep 1.2;
        $google->plan;
        $site->httpd->graceful;
        is(sign_in($site), '200 tokens', 'a sign-in after all of that');
        my $began = time;
        $site->httpd->stop;
        cmp_ok(time - $began, '<', 2 * $MARGIN, 'a stop');
        my @wrong = grep {/exit signal|Assertion|AH00046|glibc|corrupt|double free|AddressSanitizer|\[auth_platform:(?:emerg|alert|crit|error)\]/} split /\n/, $site->httpd->log;
        is(join("\n", @wrong), '', 'nothing crashed, and nothing had to be killed');
    };
}

# --- OIDC_CA_FILE that a child cannot use ----------------------------------------------------------------------------
subtest 'OIDC_CA_FILE' => sub {
    my $dir = File::Temp::tempdir('authp-ca-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    system(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -keyout), "$dir/key", '-out', "$dir/ca.pem", '-batch') == 0
        or die "openssl\n";
    my %why = ('no certificate in this file' => sub { AuthPlatform::Httpd::write_file("$dir/used.pem", "nothing of use\n"); return });
    # The parent is root and can read the file, the children are not.
    $why{'this file of certificates cannot be read'} = sub { system('cp', "$dir/ca.pem", "$dir/used.pem"); chmod 0600, "$dir/used.pem"; return } if !$<;
    $google->plan;
    for my $why (sort keys %why) {
        $why{$why}->();
        my $site = AuthPlatform::SignIn->site(google => $google, settings => "OIDC_CA_FILE=$dir/used.pem\n");
        my $person = $site->registered(somebody() . '@gmail.test');
        is($site->httpd->get('/page.txt', bearer => $person->{access_token})->{status}, 200, "$why: accounts and guarded pages work");
        is($site->visitor->begin('google')->{status}, 404, '... the routes of providers are not there');
        my %said = map { $_ => scalar(() = $site->httpd->log =~ /$_/g) } 'AUTHP0012: \S+/used\.pem: ' . $why, 'AUTHP0516: this child cannot reach identity providers';
        is(scalar(grep { $_ >= 2 } values %said), 2, '... each child says why') or diag $site->httpd->log;
        system('cp', "$dir/ca.pem", "$dir/used.pem");
        chmod 0644, "$dir/used.pem";
        my @old = $site->httpd->children;
        $site->httpd->graceful;
        gone_after($site, @old);
        is(sign_in($site), '200 tokens', '... and once the file is right, a reload repairs it');
        $site->httpd->stop;
        unlike($site->httpd->log, qr/exit signal|Assertion/, '... nothing crashed');
        unlink "$dir/used.pem";
    }
};
done_testing;
