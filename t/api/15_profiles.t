# SPDX-License-Identifier: Apache-2.0
# Several mounts on one host, each with a profile of its own: the test profile `tiny` beside `platform`.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use Test::More;

my $httpd = AuthPlatform::Httpd->new(more => "AuthPlatformMount /api/auth\nAuthPlatformMount /api/auth/tiny tiny\nAuthPlatformMount /users tiny\n")->start;
my $tiny = '/api/auth/tiny';
my %person = (email => 'ann@example.org', password => 'three calm words');

my $answer = $httpd->request(POST => "$tiny/signup", json => { %person, other => 1 });
is($answer->{status}, 201, 'a route of the inner mount');
is($answer->{json}{data}{email}, 'ann@example.org', '... with its answer');
$answer = $httpd->request(POST => "$tiny/signup", json => \%person);
is($answer->{status}, 409, 'the same again');
is_deeply($answer->{json}, { error => 'email_taken', detail => { message => 'Email already registered' }, status_code => 409 }, '... in its words and shape');
$answer = $httpd->request(POST => "$tiny/signup", json => { email => 1 });
is($answer->{status}, 400, 'wrong fields');
is_deeply($answer->{json}{detail}{errors}, ['email', 'password'], '... are named');
is($httpd->get("$tiny/me")->{json}{error}, 'token_missing', 'no token');

my $tokens = $httpd->api('/login', \%person)->{json};
ok($tokens->{access_token}, 'the account signs in at the outer mount');
for my $path ("$tiny/me", '/users/me') {
    is($httpd->get($path, bearer => $tokens->{access_token})->{json}{data}{email}, 'ann@example.org', "its token counts at $path");
}
is($httpd->get('/page.txt', bearer => $tokens->{access_token})->{status}, 200, '... and at a guarded page');
is($httpd->get("$tiny/roles/admin/of/ann")->{json}{data}{name}, 'ann', 'values in a path');
is($httpd->get("$tiny/roles/Admin/of/ann")->{status}, 404, '... have types');
$answer = $httpd->get("$tiny/nothing");
is($answer->{json}{error}, 'not_found', 'the inner mount owns what is below it');
is($httpd->get('/api/auth/nothing')->{json}{code}, 'not_found', '... and the outer one the rest');
is($httpd->get('/api/protected/me', bearer => $tokens->{access_token})->{json}{email}, 'ann@example.org', 'the sample endpoint is a mount of its own');

my %paths = map { $_ => $httpd->get("$_/openapi.json")->{json}{paths} } '/api/auth', $tiny, '/users';
ok($paths{$tiny}{"$tiny/signup"} && !$paths{$tiny}{"$tiny/login"}, 'each mount describes its own routes');
ok($paths{'/users'}{'/users/signup'} && !$paths{'/users'}{"$tiny/signup"}, '... at its own path');
ok($paths{'/api/auth'}{'/api/auth/login'} && $paths{'/api/auth'}{'/api/protected/me'}, '... and the first one the sample endpoint');
is($httpd->get("$tiny/docs")->{status}, 200, 'its page');
$httpd->wait_for(sub { ($httpd->get("$tiny/readyz")->{json}{data}{status} // '') eq 'ready' }, 'not ready');

$httpd->graceful;
is($httpd->get("$tiny/me", bearer => $tokens->{access_token})->{status}, 200, 'all of it after a graceful restart');
$httpd->stop;
done_testing;
