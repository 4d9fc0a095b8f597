# SPDX-License-Identifier: Apache-2.0
# Tokens as cookies, with SECURE_COOKIES=true as in production. (The test's client sends such cookies over http.)
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my ($AT, $RT, $CSRF, $DEVICE) = ('__Host-authp_at', '__Secure-authp_rt', 'csrf_token', '__Secure-authp_device');
my %ask  = ('X-Token-Delivery' => 'cookie');
my $self = origin();

my ($email, $password) = (new_email(), 'cookie monster');
my $made = api(POST => '/register', json => { email => $email, password => $password }, headers => { %ask, Origin => $self });
is($made->{status}, 201, 'registration by the cookie way') or diag $made->{body};
ok(!exists $made->{json}{refresh_token}, 'no refresh token in the body');
ok(exists $made->{json}{access_token}, 'the access token is there');
is_deeply([sort keys %{ $made->{cookies} }], [sort $AT, $RT, $CSRF, $DEVICE], 'three cookies, and the device');
my $raw = sub { return lc $made->{cookies}{ $_[0] }{raw} };
for my $part ('httponly', 'secure', 'samesite=lax', 'path=/api/auth') {
    like($raw->($RT), qr/; *\Q$part\E(?:;|$)/, "refresh cookie: $part");
}
for my $part ('httponly', 'secure', 'samesite=lax', 'path=/', 'max-age=900') {
    like($raw->($AT), qr/; *\Q$part\E(?:;|$)/, "access cookie: $part");
}
for my $part ('secure', 'samesite=lax', 'path=/') {
    like($raw->($CSRF), qr/; *\Q$part\E(?:;|$)/, "csrf cookie: $part");
}
# Some milliseconds of the seven days have passed.
like($raw->($_), qr/max-age=(?:604800|604799)(?:;|$)/, "$_ lasts seven days") for $RT, $CSRF;
unlike($raw->($CSRF), qr/httponly/, 'a script can read the csrf cookie');
for my $part ('httponly', 'secure', 'samesite=lax', 'path=/api/auth', 'max-age=34560000') {
    like($raw->($DEVICE), qr/; *\Q$part\E(?:;|$)/, "device cookie: $part");
}
unlike($raw->($_), qr/domain=/, 'host-only') for $AT, $RT, $CSRF, $DEVICE;

my $jar = jar_from($made);
is(api(GET => '/me', cookies => $jar)->{status}, 200, 'GET /me by cookie');
problem_is(api(GET => '/me', cookies => $jar, bearer => 'a.b.c'), 401, 'token_invalid', 'a bad bearer never falls back to the cookie');

# A refresh by cookie needs the CSRF token and an allowed Origin.
my %csrf = ('X-CSRF-Token' => $jar->{$CSRF});
problem_is(api(POST => '/refresh', cookies => $jar, headers => { Origin => $self }), 403, 'csrf_failed', 'refresh without the CSRF token');
problem_is(api(POST => '/refresh', cookies => $jar, headers => { Origin => $self, 'X-CSRF-Token' => 'x' x 43 }),
    403, 'csrf_failed', 'with a wrong one');
problem_is(api(POST => '/refresh', cookies => { %$jar, $CSRF => 'y' x 43 }, headers => { Origin => $self, 'X-CSRF-Token' => 'y' x 43 }),
    403, 'csrf_failed', 'a planted cookie and header that agree are not enough');
for my $case (['https://evil.example', 'another site'], ['null', 'null'], ["$self.evil.example", 'a longer host'],
    ['http://127.0.0.1:1', 'another port'])
{
    problem_is(api(POST => '/refresh', cookies => $jar, headers => { %csrf, Origin => $case->[0] }), 403, 'origin_denied', "Origin: $case->[1]");
}
problem_is(api(POST => '/refresh', cookies => $jar, headers => {%csrf}), 403, 'origin_denied', 'no Origin and no Sec-Fetch-Site');
problem_is(api(POST => '/refresh', cookies => $jar, headers => { %csrf, 'Sec-Fetch-Site' => 'cross-site' }), 403, 'origin_denied', 'Sec-Fetch-Site: cross-site');
my $refreshed = api(POST => '/refresh', cookies => $jar, headers => { %csrf, Origin => $self });
is($refreshed->{status}, 200, 'with both') or diag $refreshed->{body};
ok(!exists $refreshed->{json}{refresh_token}, 'answers the way the token came in');
isnt($refreshed->{cookies}{$RT}{value}, $jar->{$RT}, 'a new refresh cookie');
is($refreshed->{cookies}{$CSRF}{value}, $jar->{$CSRF}, 'the csrf token belongs to the session and stays');
$jar = jar_from($refreshed);
my $site = api(POST => '/refresh', cookies => $jar, headers => { %csrf, 'Sec-Fetch-Site' => 'same-origin' });
is($site->{status}, 200, 'Sec-Fetch-Site: same-origin instead of Origin');
$jar = jar_from($site);
my $front = api(POST => '/refresh', cookies => $jar, headers => { %csrf, Origin => 'https://app.example.org' });
is($front->{status}, 200, 'an origin of BACKEND_CORS_ORIGINS');
$jar = jar_from($front);
my $mixed = api(POST => '/refresh', cookies => $jar, headers => { %csrf, %ask, Origin => $self }, json => { refresh_token => 'x' });
is($mixed->{json}{code}, 'refresh_invalid', 'a token in the body is chosen before the cookie');

# A sign-in needs no CSRF token, but must not come from a foreign Origin.
my %login = (json => { email => $email, password => $password });
problem_is(api(POST => '/login', %login, headers => { %ask, Origin => 'https://evil.example' }), 403, 'origin_denied', 'sign-in from another site');
problem_is(api(POST => '/login', %login, headers => { %ask, 'Sec-Fetch-Site' => 'cross-site' }), 403, 'origin_denied', 'cross-site without Origin');
is(api(POST => '/login', %login, headers => {%ask})->{status}, 200, 'neither sent: no browser');
is(api(POST => '/login', %login, headers => { Origin => 'https://evil.example' })->{status}, 200, 'the header way has no cookies to protect');

# A sign-in ends the session whose cookies came with it.
my $anew = api(POST => '/login', %login, cookies => $jar, headers => { %ask, Origin => $self });
is($anew->{status}, 200, 'signing in again');
problem_is(api(GET => '/me', cookies => $jar), 401, 'token_revoked', 'the session before has ended');
$jar = jar_from($anew);

# Signing out.
problem_is(api(POST => '/logout', cookies => $jar, headers => { Origin => $self }), 403, 'csrf_failed', 'logout without the CSRF token');
is(api(GET => '/me', cookies => $jar)->{status}, 200, 'changes nothing');
my $out = api(POST => '/logout', cookies => $jar, headers => { 'X-CSRF-Token' => $jar->{$CSRF}, Origin => $self });
is($out->{status}, 200, 'logout');
for my $name ($AT, $RT, $CSRF) {
    is($out->{cookies}{$name}{value}, '', "$name is emptied");
    like($out->{cookies}{$name}{raw}, qr/Max-Age=0/i, "$name is cleared");
}
is(api(GET => '/me', cookies => $jar)->{status}, 401, 'signed out');

# Delivery: with `ask` a request without the header gets JSON, and a host that is set to cookies always sets cookies.
my $silent = api(POST => '/login', %login);
ok($silent->{json}{refresh_token}, 'ask: json when the client is silent');
is_deeply([keys %{ $silent->{cookies} }], [$DEVICE], 'with the device cookie alone, which is no credential');
problem_is(api(GET => '/me', cookies => jar_from($silent)), 401, 'token_missing', 'and opens nothing');
my $always = api(POST => '/login', %login, vhost => 'cookies', headers => { 'X-Token-Delivery' => 'json' });
ok(!$always->{json}{refresh_token} && $always->{cookies}{$RT}, 'AuthPlatformTokenDelivery cookie');
my $never = request(POST => '/accounts/login', %login, vhost => 'guarded', headers => {%ask});
ok($never->{json}{refresh_token} && !$never->{cookies}{$RT} && !$never->{cookies}{$AT}, 'AuthPlatformTokenDelivery json');
like($never->{cookies}{$DEVICE}{raw}, qr{; Path=/accounts(?:;|$)}, 'the device cookie has the path of the mount');
done_testing;
