# SPDX-License-Identifier: Apache-2.0
# Prefork ends a child inside a signal handler, at any point of its work. If the child was hashing, writing or waiting for its turn to
# write, it still ends at once, and neither the other children nor the next server wait for it. Other MPMs do so while a child starts.
# Quiet: how long a restart takes.
# Plain: it leaves something out under the sanitizers.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Shim qw(build_shim);
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $rounds = $ENV{AUTHP_LONG} ? 20 : 4;
my $serial = 0;

sub slurp { my ($file) = @_; local $/; open my $in, '<', $file or return ''; return <$in> // '' }

# Runs $code in a process of its own until that is killed.
sub aside {
    my ($httpd, $code) = @_;
    my $pid = fork // die "fork: $!";
    return $pid if $pid;
    $httpd->{pid} = undef;
    $SIG{TERM} = 'DEFAULT';
    $code->();
    POSIX::_exit(0);
}

sub gone {
    my ($pid, $seconds) = @_;
    my $end = time + $seconds;
    sleep 0.02 while time < $end && slurp("/proc/$pid/stat") =~ /\) [^ZX] /;
    return slurp("/proc/$pid/stat") !~ /\) [^ZX] /;
}

# Returns the child that is hashing: one of its threads runs at low priority.
sub hashing {
    my ($httpd) = @_;
    for my $pid ($httpd->children) {
        return $pid if grep { slurp($_) =~ /\) R (?:\S+ ){15}10 / } glob "/proc/$pid/task/*/stat";
    }
    return;
}

# Returns the files in /dev/shm that belong to this httpd's database.
sub queue_files {
    my ($httpd) = @_;
    my ($dev, $ino) = stat "$httpd->{dir}/state/auth_platform.db" or return;
    return glob sprintf '/dev/shm/authp-*-%x-%x*', $dev, $ino;
}

# --- in the middle of a hash -----------------------------------------------------------------------------------------
my $httpd = AuthPlatform::Httpd->new(mpm => 'prefork', settings => "BCRYPT_ROUNDS=15\n")->start;
for my $signal (qw(TERM HUP)) {
    my $client = aside($httpd, sub { $httpd->api('/register', { email => "$signal\@example.org", password => 'three calm words' }) });
    my ($child, $end) = (undef, time + 20);
    sleep 0.01 while !($child = hashing($httpd)) && time < $end;
    ok($child, "a child hashes");
    my $blocked = 0;
    # The thread may have been found before it has set itself up.
    for (my $until = time + 20; !$blocked && time < $until; sleep 0.01) {
        for my $task (grep { !m{/$child$} } glob "/proc/$child/task/*") {
            my ($mask) = slurp("$task/status") =~ /^SigBlk:\s+([0-9a-f]+)/m;
            # All signals are blocked, except the two that cannot be and the two that glibc uses itself.
            $blocked++ if slurp("$task/stat") =~ /\) \S (?:\S+ ){15}10 / && $mask eq 'fffffffe7ffbfeff';
        }
    }
    cmp_ok($blocked, '>=', 1, 'in a thread that takes no signals');
    kill $signal, $child;
    my $began = time;
    ok(gone($child, 15), "$signal ends it") or diag $httpd->log;
    cmp_ok(time - $began, '<', 2, sprintf '... after %.2f s', time - $began);
    kill 'TERM', $client;
    waitpid $client, 0;
}
my $began = time;
my $client = aside($httpd, sub { $httpd->api('/register', { email => 'last@example.org', password => 'three calm words' }) });
sleep 0.01 while !hashing($httpd) && time - $began < 20;
$began = time;
$httpd->hard;
cmp_ok(time - $began, '<', 4, sprintf 'a full restart meanwhile takes %.1f s', time - $began);
waitpid $client, 0;
$httpd->stop;
# httpd logs AH00045 after 3 seconds. A child with sanitizers looks for leaks at its end, which takes that long.
my $slow = $ENV{AUTHP_SANITIZE} ? '' : 'AH00045|';
unlike($httpd->log, qr/AH00046|${slow}exit signal|Assertion|AUTHP0221/, 'nothing had to be killed, nothing crashed');

# --- in the middle of writing ----------------------------------------------------------------------------------------
$httpd = AuthPlatform::Httpd->new(mpm => 'prefork')->start;
my $first = $httpd->api('/register', { email => 'first@example.org', password => 'three calm words' });
is($first->{status}, 201, 'registers');

sub load {
    return map {
        my $writer = $_;
        aside($httpd, sub {
            for (my $i = 0;; $i++) {
                $httpd->api('/register', { email => "w$$-$i\@example.org", password => 'three calm words' });
                $httpd->api('/login', { email => 'first@example.org', password => 'three calm words' });
            }
        })
    } 1 .. 6;
}

# Returns how long one write takes, and whether it worked.
sub write_once {
    my ($what) = @_;
    my $start = time;
    my $answer = $httpd->api('/register', { email => 'once' . $serial++ . '@example.org', password => 'three calm words' });
    is($answer->{status}, 201, "$what: a write works") or diag $answer->{body}, $httpd->log;
    cmp_ok(time - $start, '<', 2, sprintf '%s: at once (%.2f s)', $what, time - $start);
    return;
}

for my $round (1 .. $rounds) {
    my @clients = load();
    for my $how (qw(hard graceful hard)) {
        sleep 0.2 + rand 0.2;
        $httpd->$how;
    }
    sleep 0.1;
    # The same without a restart: each child is told to end.
    kill 'TERM', $httpd->children;
    kill 'TERM', @clients;
    waitpid $_, 0 for @clients;
    $httpd->wait_for(sub { $httpd->get('/nothing')->{status} }, 'no child answers');
    write_once("round $round");
}
my @clients = load();
sleep 0.4;
ok(!-e "/dev/shm/mongoc-$httpd->{pid}", 'libmongoc has no file in /dev/shm, which a killed server would leave');
$httpd->stop;
kill 'TERM', @clients;
waitpid $_, 0 for @clients;
unlike($httpd->log, qr/AUTHP0221|AUTHP0203|exit signal|Assertion|${slow}AH00046/, 'no writer waited in vain, no child crashed or hung');
if (($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite') {
    is(join(' ', queue_files($httpd)), '', 'a stopped server leaves no file in /dev/shm');
}
$httpd->start;
write_once('after stop and start');

# A writer is killed while the queue's file is in use.
for my $round (1 .. 3) {
    my @more = load();
    sleep 0.2;
    kill 'KILL', $httpd->children;
    kill 'TERM', @more;
    waitpid $_, 0 for @more;
    $httpd->wait_for(sub { $httpd->get('/nothing')->{status} }, 'no child answers');
    write_once("killed $round");
}
if (($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite') {
    is(scalar(my @files = queue_files($httpd)), 1, 'all children share one file');
    is((stat +(queue_files($httpd))[0])[2] & 07777, 0600, '... for the server alone to read');
}
$httpd->stop;

# --- in the middle of starting ---------------------------------------------------------------------------------------
# A child that takes longer than usual for a step of its start, with the heap as busy as it can be.
sub busy_in {
    my ($function, $answer) = @_;
    return build_shim(<<"END");
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>
static pid_t parent;
static __attribute__((constructor)) void note_parent(void)
{
    parent = getpid();
}
static void *volatile held[64];
/* exit() runs such destructors of libraries. */
static __attribute__((destructor)) void give_back(void)
{
    for (int i = 0; i < 64; i++) {
        free(held[i]);
    }
}
static void be_busy(void)
{
    struct timespec now, begun;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do {
        for (int i = 0; i < 64; i++) {
            void *before = held[i * 7 % 64];
            held[i * 7 % 64] = NULL;
            free(before);
            held[i * 7 % 64] = malloc(1100 + i * 97);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - begun.tv_sec) * 1000 + (now.tv_nsec - begun.tv_nsec) / 1000000 < 500);
}
$function
{
    static int done;
    if (getppid() == parent && !done) {
        done = 1;
        be_busy();
    }
    $answer
}
END
}

# httpd makes a child's first pool before it calls any module.
my %busy = (
    'makes its first pool' => busy_in('int apr_pool_create_ex(void *pool, void *above, void *abort, void *allocator)',
        'return ((int (*)(void *, void *, void *, void *))dlsym(RTLD_NEXT, "apr_pool_create_ex"))(pool, above, abort, allocator);'),
    'looks up its groups' => busy_in('int initgroups(const char *user, gid_t group)', '(void)user, (void)group; return 0;'),
);
for my $step (sort keys %busy) {
SKIP: {
        skip 'httpd looks up groups only as root', 2 if $< && $step =~ /groups/;
        skip 'the sanitizers have a heap of their own', 2 if $ENV{AUTHP_SANITIZE};
        local $ENV{LD_PRELOAD} = $busy{$step};
        for my $mpm (qw(prefork event)) {
            my $limits = $mpm eq 'prefork' ? "StartServers 20\n" : "StartServers 12\nServerLimit 24\nThreadsPerChild 2\nMaxRequestWorkers 48\n";
            $httpd = AuthPlatform::Httpd->new(mpm => $mpm, limits => $limits)->start;
            for (1 .. 12) {
                my $before = $httpd->generations;
                kill 'HUP', $httpd->{pid};
                $httpd->wait_for(sub { $httpd->generations > $before }, 'no restart');
                sleep 0.1;
            }
            $httpd->stop;
            unlike($httpd->log, qr/exit signal|AH00046/, "$mpm: a child that ends while it $step does not crash");
        }
    }
}
done_testing;
