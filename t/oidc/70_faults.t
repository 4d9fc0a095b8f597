# SPDX-License-Identifier: Apache-2.0
# Slow, unavailable and faulty providers: each fault of a discovery document or a JWK set is refused in bounded time. Documents are cached.
# Guarded pages keep their response time while a provider does not answer.
# Quiet: response times are measured.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use JSON ();
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

plan skip_all => 'once is enough: with SQLite' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite';

my $BOUND = 4.5;    # s: the time-out of 3 s, and a margin for a busy machine
# One child process, because each child has a cache of its own.
my $ONE = "StartServers 1\nServerLimit 1\nThreadsPerChild 48\nMaxRequestWorkers 48\nMinSpareThreads 1\nMaxSpareThreads 48\n";
my $forge = AuthPlatform::Oidc->forge;

sub timed    { my ($do) = @_; my $began = time; my $got = $do->(); return ($got, time - $began) }

# --- discovery and keys ----------------------------------------------------------------------------------------------
my $huge = 'm' x (1 << 20);
my @discovery = (
    ['another issuer', members => { issuer => 'http://127.0.0.1:9/other' }], ['no issuer', members => { issuer => undef }],
    ['an issuer with a slash', sub { (members => { issuer => $_[0]->issuer . '/' }) }],
    ['no authorization_endpoint', members => { authorization_endpoint => undef }], ['no token_endpoint', members => { token_endpoint => undef }],
    ['no jwks_uri', members => { jwks_uri => undef }], ['a jwks_uri that is no text', members => { jwks_uri => 5 }],
    ['plain http to elsewhere', members => { token_endpoint => 'http://id.example/token' }], ['a script', members => { authorization_endpoint => 'javascript:alert(1)' }],
    ['a file', members => { jwks_uri => 'file:///etc/passwd' }],
    ['no JSON', body => '<html>'], ['a list', body => '[]'], ['nothing', body => ''],
    ['404', status => 404], ['500', status => 500], ['a redirect', sub { (redirect => $_[0]->issuer . '/elsewhere') }],
    ['a mebibyte of white space', pad => 1 << 20], ['a mebibyte of text', members => { more => $huge }],
    ['no answer', close => 'first'], ['half an answer', close => 'half', headers => { 'Content-Length' => 5000 }],
    ['a slow drip', drip => 100], ['a slow answer', delay => 6000],
);
my @keys = (
    ['a mebibyte', jwks => { pad => 1 << 20 }], ['1,000 keys', set => { many => 1000 }], ['101 keys', set => { many => 101 }], ['a key twice', set => { twice => JSON::true }],
    ['no JSON', jwks => { body => 'no' }], ['a list', jwks => { body => '[]' }], ['no list of keys', jwks => { body => '{"keys":5}' }], ['500', jwks => { status => 500 }],
    ['a redirect', sub { (jwks => { redirect => $_[0]->issuer . '/elsewhere' }) }], ['no answer', jwks => { close => 'first' }],
    ['a slow drip', jwks => { drip => 100 }], ['a slow answer', jwks => { delay => 6000 }],
);
my @fine = (
    ['100 keys', set => { many => 100 }],
    ['keys that are of no use beside', set => { more => [{ kty => 'oct', k => 'AAAA', kid => 'o' }, { kty => 'RSA', n => 'AQAB', e => 'AQAB', kid => 'small' }, { kty => 'EC', crv => 'P-521', kid => 'big' }, { kty => 'new' }] }],
    ['keys without alg', set => { without => ['alg'] }], ['keys without use', set => { without => ['use'] }],
    ['one key, no kid', set => { only => ['RS256'], without => ['kid'] }, jws => { kid => undef }],
);
# Each case has a provider of its own, because documents are cached.
my (%realm, %providers);
my $number = 0;
for my $case (@discovery, @keys, @fine) {
    my $name  = sprintf 'p%02d', $number++;
    my $realm = $forge->realm($name);
    my ($what, @fault) = @$case;
    @fault = $fault[0]->($realm) if ref $fault[0] eq 'CODE';
    $realm->plan((grep { $_ == $case } @discovery) ? (discovery => {@fault}) : @fault);
    $realm{$case} = [$name, $realm];
    $providers{$name} = [$realm, EMAIL_DOMAINS => 'gmail.test'];
}
my $google = $forge->realm('google');

# A site has at most 14 of the providers.
my @names = sort keys %providers;
my (%site_of, @sites);
while (my @some = splice @names, 0, 14) {
    push @sites, AuthPlatform::SignIn->site(limits => $ONE, map { $_ => $providers{$_} } @some);
    $site_of{$_} = $sites[-1] for @some;
}

subtest 'discovery' => sub {
    for my $case (@discovery) {
        my ($name, $realm) = @{ $realm{$case} };
        my ($answer, $took) = timed(sub { $site_of{$name}->visitor->begin($name) });
        is(words($answer), '503 oauth_unavailable', $case->[0]) or diag $answer->{body};
        cmp_ok($took, '<', $BOUND, "$case->[0]: in time");
        ok(!$realm->counts->{elsewhere}, "$case->[0]: not followed");
    }
};
subtest 'keys' => sub {
    for my $case (@keys) {
        my ($name, $realm) = @{ $realm{$case} };
        my $visitor = $site_of{$name}->visitor;
        my $back = $visitor->at_provider($visitor->begin($name, login_hint => somebody()));
        my ($answer, $took) = timed(sub { $visitor->open($back) });
        is(words($answer), '503 oauth_unavailable', $case->[0]) or diag $answer->{body};
        cmp_ok($took, '<', $BOUND, "$case->[0]: in time");
        ok(!$realm->counts->{elsewhere}, "$case->[0]: not followed");
    }
};
subtest 'keys that are fine' => sub {
    for my $case (@fine) {
        my ($name) = @{ $realm{$case} };
        my $answer = $site_of{$name}->visitor->sign_in($name, login_hint => somebody());
        is(words($answer), '200 tokens', $case->[0]) or diag $answer->{body};
    }
};
$_->httpd->stop for @sites;

# --- cached documents ------------------------------------------------------------------------------------------------
my $site = AuthPlatform::SignIn->site(limits => $ONE, google => $google);
sub sign_in { return words($site->visitor->sign_in('google', login_hint => somebody())) }
sub fetched { my $counts = $google->counts; return join ' ', $counts->{'.well-known/openid-configuration'} // 0, $counts->{jwks} // 0 }

subtest 'documents are kept' => sub {
    my %no = (headers => { 'Cache-Control' => 'no-store, max-age=0' });
    $google->plan(discovery => \%no, jwks => \%no);
    is(sign_in(), '200 tokens', 'a sign-in');
    sleep 1.2;
    is(sign_in(), '200 tokens', 'and some more') for 1 .. 3;
    is(fetched(), '1 1', 'discovery and keys were fetched once, for five minutes at least');
    $google->rotate;
    is(sign_in(), '200 tokens', 'new keys: a key that is not known is looked for');
    is(fetched(), '1 2', 'once');
    $google->rotate;
    is(sign_in(), '502 oauth_failed', 'new keys again within the minute') for 1 .. 3;
    is(fetched(), '1 2', 'are not looked for');
};

# --- a provider that does not answer ---------------------------------------------------------------------------------
# The response times of guarded requests in seconds, sorted.
sub guarded {
    my ($token, $seconds) = @_;
    my ($end, @took) = (time + $seconds);
    while (time < $end) {
        my ($answer, $took) = timed(sub { $site->httpd->get('/page.txt', bearer => $token) });
        push @took, $answer->{status} == 200 ? $took : 99;
        sleep 0.005;
    }
    return [sort { $a <=> $b } @took];
}
sub percentile { my ($took, $part) = @_; return $took->[int $part * $#$took] }

subtest 'a provider that stands still' => sub {
    my $person = $site->registered(somebody() . '@gmail.test');
    $google->plan;
    $site->httpd->graceful;    # a new child with an empty cache
    my $quiet = guarded($person->{access_token}, 1.5);
    $forge->freeze;
    my @waiting = map {
        my $pid = open(my $reader, '-|') // die "fork: $!";
        if (!$pid) {
            my ($answer, $took) = timed(sub { $site->visitor->begin('google') });
            printf "%s %.3f", words($answer), $took;
            close STDOUT;
            POSIX::_exit(0);
        }
        $reader;
    } 1 .. 60;
    sleep 0.3;
    my $loaded = guarded($person->{access_token}, 1.5);
    is($site->httpd->api('/login', { map { $_ => $person->{$_} } qw(email password) })->{status}, 200, 'signing in with a password goes on');
    my @said = map { my $line = <$_>; close $_; $line } @waiting;
    is(scalar(grep { !/^503 (?:oauth_unavailable|busy) / } @said), 0, 'each of 60 who want to the provider is told to come back') or diag join "\n", @said;
    my ($longest) = sort { $b <=> $a } map { (split)[2] } @said;
    cmp_ok($longest, '<', $BOUND, 'in time');
    my @p = map { sprintf '%.1f', 1000 * $_ } percentile($quiet, 0.99), percentile($loaded, 0.99), percentile($loaded, 0.5);
    note "p99 $p[0] ms, while the provider stands still $p[1] ms (median $p[2] ms)";
    cmp_ok(percentile($loaded, 0.5), '<', 0.1, 'a guarded page as fast as before');
    cmp_ok(percentile($loaded, 0.99), '<', 0.5, 'its slowest too');
    $forge->thaw;
    sleep 1.2;
    is(sign_in(), '200 tokens', 'and when the provider is back, sign-in is too');
};

subtest 'a provider that is down' => sub {
    my $visitor = $site->visitor;
    my $back = $visitor->at_provider($visitor->begin('google', login_hint => somebody()));
    $forge->stop;
    my ($answer, $took) = timed(sub { $visitor->open($back) });
    is(words($answer), '503 oauth_unavailable', 'a callback');
    cmp_ok($took, '<', 1, 'at once');
    is($site->visitor->begin('google')->{status}, 302, 'the way there is known still');
    $forge->run;
    sleep 1.2;
    is(sign_in(), '200 tokens', 'up again, with new keys');
};
done_testing;
