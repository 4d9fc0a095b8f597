# SPDX-License-Identifier: Apache-2.0
# Several mounts on one host, each with a profile of its own: the test profile `tiny` beside `platform`. Then the example of
# conf/guides/own-profile.md: routes, words, roles and tokens of its own.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use JSON ();
use MIME::Base64 'decode_base64url';
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

my %of = (members => "<RequireAll>\nRequire role apprentice\nRequire platform-claim prf guild\n</RequireAll>", masters => 'Require role master');

# The example. ROLES is not set, so its roles are those of the mounted profiles.
my $guild = AuthPlatform::Httpd->new(more => "AuthPlatformMount /guild guild\nAuthPlatformMount /api/auth\n"
        . join '', map {"<Location /$_>\nAuthType Platform\nAuthName t\nAuthPlatformErrorShape guild\n$of{$_}\n</Location>\n"} sort keys %of);
for (sort keys %of) {
    mkdir "$guild->{dir}/site/$_";
    AuthPlatform::Httpd::write_file("$guild->{dir}/site/$_/page.txt", "$_\n");
}
$guild->start;
my %hilda = (username => 'Hilda', password => 'three calm words');
sub post { my ($path, $json, %o) = @_; return $guild->request(POST => "/guild$path", json => $json, %o) }

sub refused {
    my ($got, $status, $reason, $text, $name) = @_;
    is($got->{status}, $status, $name) or diag $got->{body};
    is_deeply($got->{json}, { reason => $reason, text => $text }, '... in its words and shape');
    return;
}
my $card = post('/join', \%hilda);
is($card->{status}, 201, 'a new member') or diag $card->{body};
is_deeply([@{ $card->{json} }{qw(name rank)}], ['hilda', 'apprentice'], '... with the default role');
refused(post('/join', { %hilda, username => 'HILDA' }), 409, 'name_taken', 'A member has this name.', 'a name that is taken');
is_deeply(post('/join', { username => 'h', other => 1 })->{json}, { reason => 'wrong_fields', text => 'Please look at the fields.', fields => ['username', 'password'] }, 'wrong fields');
refused(post('/enter', { %hilda, password => 'other calm words' }), 401, 'not_let_in', 'Wrong name or password.', 'a wrong password');
my $key = $guild->request(POST => '/guild/enter', form => 'grant_type=password&username=Hilda&password=three+calm+words')->{json}{access_token};
my $claims = JSON->new->decode(decode_base64url((split /\./, $key)[1]));
is_deeply([@{$claims}{qw(prf role username)}, $claims->{exp} - $claims->{iat}], ['guild', 'apprentice', 'hilda', 7200], 'a form is enough; the token has its claims and its life');
is($guild->get('/guild/card', bearer => $key)->{json}{number}, $card->{json}{number}, 'the own route of the example');
refused($guild->get('/guild/hall', bearer => $key), 403, 'not_for_you', 'This is for masters.', 'a route for another role');
is($guild->get('/members/page.txt', bearer => $key)->{status}, 200, 'the token opens a page for its role and its profile');
refused($guild->get('/masters/page.txt', bearer => $key), 403, 'not_for_you', 'This is for masters.', 'a page for another role');
is($guild->get('/guild/card')->{status}, 401, 'no token');

{
    local $ENV{AUTHP_ENV_FILE} = "$guild->{dir}/.env";
    # The tool of a test build does not know the profiles of t/, so it is told their roles.
    local $ENV{ROLES} = 'master,apprentice,candidate,recruiter,admin';
    my ($status, undef, $said) = AuthPlatform::Test::cli(['user', 'set-roles', '--id', $card->{json}{number}, '--roles', 'master'], '');
    is($status, 0, 'she becomes a master') or diag $said;
}
$guild->wait_for(sub { $guild->get('/masters/page.txt', bearer => $key)->{status} == 200 }, 'no master');
is_deeply($guild->get('/guild/hall', bearer => $key)->{json}, { master => 'hilda' }, 'the same token is let in');
is($guild->get('/members/page.txt', bearer => $key)->{status}, 403, '... and no longer where apprentices are');
is_deeply(post('/leave', undef, bearer => $key)->{json}, { left => JSON::true }, 'signing out');
is($guild->get('/masters/page.txt', bearer => $key)->{status}, 401, '... counts at once');
ok($guild->get('/guild/openapi.json')->{json}{paths}{'/guild/hall'}, 'its document');
$guild->stop;
done_testing;
