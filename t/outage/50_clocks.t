# SPDX-License-Identifier: Apache-2.0
# A host whose clock is eight days ahead of its store's: it purges nothing, its /readyz says why it is not ready, the times that it stores
# are the store's time, and what is revoked there is refused.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../cli/lib";
use AuthPlatform::Cli qw(run json);
use AuthPlatform::Httpd;
use AuthPlatform::Mongo;
use AuthPlatform::Postgres;
use AuthPlatform::Shim qw(build_shim);
use POSIX      ();
use Test::More;

plan skip_all => 'a library loaded before the sanitizers is refused by them' if $ENV{AUTHP_SANITIZE};

my $DAYS = 8;

# Shifts the wall clock of a program. Its other clocks do not change.
my %shifted = (LD_PRELOAD => build_shim(<<'END'));
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long shift(void) { const char *text = getenv("TEST_CLOCK_SHIFT"); return text ? atol(text) : 0; }
int clock_gettime(clockid_t which, struct timespec *at)
{
    int (*real)(clockid_t, struct timespec *) = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int rc = real(which, at);
    if (which == CLOCK_REALTIME) at->tv_sec += shift();
    return rc;
}
int gettimeofday(struct timeval *at, void *zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
END

my $mongo = AuthPlatform::Mongo->new(backend => 'memory')->start;
my $pg    = AuthPlatform::Postgres->new->start;
my %settings = (
    mongodb    => "AUTH_STORE=mongodb\nMONGODB_DB=clocks\nMONGODB_URI=" . $mongo->uri . "\n",
    postgresql => "AUTH_STORE=postgresql\nDATABASE_URL=" . $pg->uri . "\n",
);

sub check_on {
    my ($settings) = @_;
    my $right = AuthPlatform::Httpd->new(settings => $settings)->start;
    my $ready = sub { my ($host) = @_; $host->wait_for(sub { $host->get('/api/auth/readyz')->{status} == 200 }, 'not ready') };
    $ready->($right);
    my $ada = $right->api('/register', { email => 'ada@example.org', password => 'three calm words' })->{json};
    my $eve = $right->api('/register', { email => 'eve@example.org', password => 'three calm words' })->{json};
    is($right->get('/page.txt', bearer => $ada->{access_token})->{status}, 200, 'signed in, on a host whose clock is right');

    # Runs the purge of the tool.
    my $purge = sub {
        my ($seconds) = @_;
        return run(['--env-file', "$right->{dir}/.env", '--json', 'purge'], env => { %shifted, TEST_CLOCK_SHIFT => $seconds });
    };

    for my $seconds ($DAYS * 86400, 30) {
        my $answer = $purge->($seconds);
        is($answer->{status}, 1, "clock $seconds s wrong: purge fails");
        is($answer->{out}, '', '... prints no result');
        like($answer->{err}, qr/nothing was removed: the store's clock is \d+ seconds behind this host's/, '... and says why');
    }
    is($purge->(10)->{status}, 0, 'ten seconds are allowed');
    is(json($purge->(0))->{removed}, 0, 'nothing is over');
    is($right->api('/refresh', { refresh_token => $eve->{refresh_token} })->{status}, 200, 'the sessions are there');

    # Another host of the same realm.
    my $wrong = AuthPlatform::Httpd->new(realm => $right);
    {
        local @ENV{qw(LD_PRELOAD TEST_CLOCK_SHIFT)} = ($shifted{LD_PRELOAD}, $DAYS * 86400);
        $wrong->start;
    }
    my $health;
    $wrong->wait_for(sub { $health = $wrong->get('/api/auth/readyz'); ($health->{json}{detail} // '') !~ /not known|no recent/i }, 'no poll');
    is($health->{status}, 503, 'that host is not ready');
    like($health->{json}{detail}, qr/clocks of this host and of the store differ by more than 20 seconds/, '... and says why');
    my $login = $wrong->api('/login', { email => 'ada@example.org', password => 'three calm words' });
    is($login->{status}, 200, 'it signs in');
    is($login->{json}{expires_in}, 900, '... for as long as ever');
    is($wrong->get('/page.txt', bearer => $login->{json}{access_token})->{status}, 200, '... and lets in');
    is($right->api('/refresh', { refresh_token => $login->{json}{refresh_token} })->{status}, 200, 'its session is good elsewhere');
    my $fresh = $wrong->api('/login', { email => 'ada@example.org', password => 'three calm words' })->{json};
    my @sessions = @{ $right->get('/api/auth/sessions', bearer => $ada->{access_token})->{json}{items} };
    is(scalar @sessions, 3, 'the right host knows them');
    my ($from, $to) = map { POSIX::strftime('%Y-%m-%dT%H:%M:%S', gmtime $_) } time - 600, time + 600;
    is(join(' ', grep { $_ lt $from || $_ gt $to } map { $_->{created_at} } @sessions), '', 'with times of the store');
    is($wrong->api('/logout', { refresh_token => $fresh->{refresh_token} })->{status}, 200, 'signed out there');
    is($wrong->get('/page.txt', bearer => $fresh->{access_token})->{status}, 401, '... and out at once');
    $wrong->stop;
    is($right->get('/page.txt', bearer => $ada->{access_token})->{status}, 200, 'nobody else was touched');
    $right->stop;
    return;
}

for my $store (sort keys %settings) {
    subtest $store => sub { check_on($settings{$store}) };
}
done_testing;
