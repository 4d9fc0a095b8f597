# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $p  = person(name => 'Sam');
my $me = api(GET => '/me', bearer($p));
is($me->{status}, 200, 'GET /me');
is_deeply($me->{json}, $p->{user}, 'is the user');
is($me->{headers}->header('Cache-Control'), 'no-store', 'not cached');
my $protected = request(GET => '/api/protected/me', bearer($p));
is($protected->{status}, 200, 'GET /api/protected/me');
is_deeply($protected->{json}, { id => $p->{user}{id}, email => $p->{email}, name => 'Sam', roles => ['candidate'],
    is_recruiter_verified => JSON::false() }, 'the five fields of the contract');
is(request(GET => '/api/protected/me/', bearer($p))->{status}, 404, 'only exactly there');

for my $path ('/api/auth/me', '/api/protected/me') {
    my $none = request(GET => $path);
    problem_is($none, 401, 'token_missing', "$path without a token");
    unlike($none->{headers}->header('WWW-Authenticate'), qr/error=/, 'no error attribute when nothing was sent');
    my $bad = request(GET => $path, bearer => 'a.b.c');
    problem_is($bad, 401, 'token_invalid', "$path with a bad one");
    like($bad->{headers}->header('WWW-Authenticate'), qr/error="invalid_token"/, 'RFC 6750 error');
    for my $value ('Bearer', 'Bearer ', "Bearer $p->{access_token} x", "Bearer $p->{access_token}, Bearer $p->{access_token}",
        "bearer  $p->{access_token}x")
    {
        is(request(GET => $path, headers => { Authorization => $value })->{status}, 401, 'an odd header: 401');
    }
    is(request(GET => $path, headers => { Authorization => "bEaReR $p->{access_token}" })->{status}, 200, 'the scheme is case-insensitive');
    is(request(GET => "$path?access_token=$p->{access_token}")->{status}, 401, 'never in a URL');
    is(request(GET => $path, headers => { Authorization => 'Basic dXNlcjpwYXNz' })->{json}{code}, 'token_missing', 'another scheme is nobody');
}
is(api(HEAD => '/me', bearer($p))->{status}, 200, 'HEAD /me');
my $admin = admin();
is_deeply(request(GET => '/api/protected/me', bearer($admin))->{json}{roles}, ['admin'], 'an admin\'s roles');
done_testing;
