# SPDX-License-Identifier: Apache-2.0
# The profile `assessment`, as its front ends use it: literal bodies, answers and errors.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use JSON ();
use MIME::Base64 'decode_base64url';
use Test::More;

my $httpd = AuthPlatform::Httpd->new(more => "AuthPlatformMount /api/v1/auth assessment\nAuthPlatformMount /api/auth\n"
        . "AuthPlatformTokenDelivery cookie\n"
        . "<Location /shaped>\nAuthType Platform\nAuthName t\nRequire role recruiter\nAuthPlatformErrorShape assessment\n"
        . "AuthPlatformSignInPage /in.html\n</Location>\n<Location /shaped/usual>\nAuthPlatformErrorShape platform\n</Location>\n"
        . "<Location /recruiters>\nAuthType Platform\nAuthName t\nRequire role recruiter\n</Location>\n")->start;
my $auth = '/api/v1/auth';
my %ada  = (email => 'ada@example.org', password => 'three calm words');

sub post { my ($path, $json, %o) = @_; return $httpd->request(POST => "$auth$path", json => $json, %o) }
sub form { my ($path, $form, %o) = @_; return $httpd->request(POST => "$auth$path", form => $form, %o) }

sub error_is {
    my ($answer, $status, $detail, $code, $name) = @_;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    is_deeply($answer->{json}, { detail => $detail, code => $code }, '... in its words');
    like($answer->{headers}{'content-type'}[0], qr{^application/json\b}, '... as JSON');
    return;
}

sub claims_of { my ($token) = @_; return JSON->new->decode(decode_base64url((split /\./, $token)[1])) }

sub by_tool {
    my ($role, $email) = @_;
    local $ENV{AUTHP_ENV_FILE} = "$httpd->{dir}/.env";
    my ($status, undef, $error) = AuthPlatform::Test::cli(['user', 'create', '--role', $role, '--email', $email], "a word of the tool\n");
    $status == 0 or die "authplatform user create: $error";
    return post('/login', { email => $email, password => 'a word of the tool' })->{json}{access_token};
}

# Sign up and sign in.
my $new = post('/candidate/register', { %ada, name => 'Ada', newsletter => JSON::true });
is($new->{status}, 201, 'candidate/register') or diag $new->{body};
my $user = $new->{json};
like(delete $user->{id}, qr/^[0-9a-f]{24}$/, 'an id');
like(delete $user->{created_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time');
is_deeply($user, { email => 'ada@example.org', name => 'Ada', role => 'candidate', roles => ['candidate'] }, 'the user, and no field more');
error_is(post('/candidate/register', { %ada, email => ' ADA@example.org' }), 409, 'Email already registered', 'email_taken', 'the same address');
error_is(post('/register', \%ada), 409, 'Email already registered', 'email_taken', '... at /register');
is(post('/register', { email => 'bob@example.org', password => 'three calm words', name => undef })->{json}{role}, 'candidate', '/register makes a candidate; null counts as absent');

my $wrong = post('/candidate/register', { email => 'nobody', password => 'short' });
is($wrong->{status}, 422, 'wrong fields');
is_deeply([map { [$_->{loc}, $_->{type}] } @{ $wrong->{json}{detail} }], [[['body', 'email'], 'invalid'], [['body', 'password'], 'invalid']], 'they are listed');
ok((!grep { !$_->{msg} } @{ $wrong->{json}{detail} }) && !exists $wrong->{json}{code}, '... with a sentence each, and the list has no code');
is_deeply([map { $_->{loc} } @{ post('/login', [])->{json}{detail} }], [['body']], 'no object');
is(post('/login', {})->{json}{detail}[0]{type}, 'missing', 'a missing field');
is($httpd->request(POST => "$auth/login", text => '{')->{json}{code}, 'malformed_json', 'no JSON');

my $in = post('/candidate/login', \%ada, headers => { 'X-Token-Delivery' => 'cookie' });
is($in->{status}, 200, 'candidate/login');
is_deeply([sort keys %{ $in->{json} }], ['access_token', 'token_type'], 'the token, and no field more');
is($in->{json}{token_type}, 'bearer', 'bearer');
ok(!grep({ !/authp_device=/ } @{ $in->{headers}{'set-cookie'} || [] }), 'the delivery of the host does not count here: no cookie with a token');
my $claims = claims_of($in->{json}{access_token});
is($claims->{prf}, 'assessment', 'prf');
is($claims->{role}, 'candidate', 'role');
is($claims->{exp} - $claims->{iat}, 3600, '60 minutes');
ok(!exists $claims->{aud}, 'no aud while JWT_AUDIENCE is not set');
error_is(post('/candidate/login', { %ada, password => 'other words' }), 401, 'Incorrect email or password', 'invalid_credentials', 'a wrong password');
error_is(post('/login', { %ada, email => 'eve@example.org' }), 401, 'Incorrect email or password', 'invalid_credentials', 'nobody');
error_is(post('/recruiter/login', \%ada), 403, 'Operation not permitted', 'not_recruiter', 'no recruiter');

# An unknown field comes nowhere, whatever is in it.
my $odd = post('/login', { %ada, device_id => "no\tdevice" x 40 });
is($odd->{status}, 200, 'device_id is no field here');
is_deeply([map { $_->{device_id} } @{ $httpd->get('/api/auth/sessions', bearer => $odd->{json}{access_token})->{json}{items} }], [undef, undef], '... and names no device');

# The token.
my %bearer = (bearer => $in->{json}{access_token});
my $me = $httpd->get("$auth/me", %bearer);
is($me->{status}, 200, 'me');
ok(delete $me->{json}{id} && delete $me->{json}{created_at}, 'id and time');
is_deeply($me->{json}, { email => 'ada@example.org', name => 'Ada', role => 'candidate', roles => ['candidate'], is_recruiter_verified => JSON::false }, 'the account');
is($httpd->get('/page.txt', %bearer)->{status}, 200, 'the token counts at a guarded page');
is($httpd->get('/api/auth/me', %bearer)->{status}, 200, '... and at another mount');
error_is($httpd->get("$auth/me"), 401, 'Could not validate credentials', 'token_missing', 'no token');
error_is($httpd->get("$auth/me", bearer => 'x.y.z'), 401, 'Could not validate credentials', 'token_invalid', 'a bad one');
is($httpd->get("$auth/me")->{headers}{'www-authenticate'}[0], 'Bearer realm="auth_platform"', 'a 401 says how');
error_is($httpd->get("$auth/nothing"), 404, 'There is nothing here.', 'not_found', 'it owns what is below its path');
my $method = $httpd->get("$auth/login");
is($method->{status}, 405, 'a wrong method');
is($method->{headers}{allow}[0], 'POST, OPTIONS', '... with Allow');

# Cookies of the platform are no credential here.
my $cookie = $httpd->api('/login', \%ada);
my ($access) = map { /^(__Host-authp_at=[^;]+)/ } @{ $cookie->{headers}{'set-cookie'} };
is($httpd->get('/page.txt', headers => { Cookie => $access })->{status}, 200, 'a cookie of the platform counts at a guarded page');
error_is($httpd->get("$auth/me", headers => { Cookie => $access }), 401, 'Could not validate credentials', 'token_missing', '... but not at a route of this profile');

my $out = post('/logout', undef, %bearer);
is($out->{status}, 200, 'logout');
is_deeply($out->{json}, { message => 'Logged out successfully' }, '... says so');
error_is($httpd->get("$auth/me", %bearer), 401, 'Could not validate credentials', 'token_revoked', 'the token is dead at once');
is($httpd->get('/page.txt', %bearer)->{status}, 401, '... at the guarded page, too');
is(post('/logout', undef, %bearer)->{status}, 401, 'a second logout');

# AuthPlatformErrorShape: guarded places in the words of the profile.
my $candidate = post('/login', \%ada)->{json}{access_token};
error_is($httpd->get('/shaped'), 401, 'Could not validate credentials', 'token_missing', 'a guarded place of that shape');
error_is($httpd->get('/shaped', %bearer), 401, 'Could not validate credentials', 'token_revoked', '... with a dead token');
error_is($httpd->get('/shaped', bearer => $candidate), 403, 'Operation not permitted', 'insufficient_role', '... with a wrong role');
like($httpd->get('/shaped')->{headers}{'www-authenticate'}[0], qr/^Bearer /, '... says how');
is($httpd->get('/shaped', headers => { 'Sec-Fetch-Mode' => 'navigate' })->{headers}{location}[0], '/in.html?return_to=%2Fshaped', 'browsers go to the sign-in page as always');
like($httpd->get('/shaped', bearer => $candidate, headers => { 'Sec-Fetch-Mode' => 'navigate' })->{body}, qr/<!DOCTYPE html>/, '... and get the page for a wrong role');
is($httpd->get('/shaped/usual')->{headers}{'content-type'}[0], 'application/problem+json', 'an inner place of the usual shape');
is($httpd->get('/page.txt')->{json}{title}, 'Sign-in needed', '... as where nothing is set');

# Forms.
$in = form('/login', 'grant_type=password&username=ada%40example.org&password=three+calm%20words&scope=');
is($in->{status}, 200, 'a form of OAuth 2.0') or diag $in->{body};
is($httpd->get("$auth/me", bearer => $in->{json}{access_token})->{json}{email}, 'ada@example.org', '... signs in');
ok(!$in->{headers}{'set-cookie'}, '... without any cookie');
is(form('/candidate/login', 'username=ada@example.org&password=three+calm+words', type => 'application/x-www-form-urlencoded; charset=UTF-8')->{status}, 200, 'with a charset');
error_is(form('/login', 'username=ada@example.org&password=wrong'), 401, 'Incorrect email or password', 'invalid_credentials', 'a wrong password in a form');
is_deeply([map { [$_->{loc}, $_->{type}] } @{ form('/login', 'password=x')->{json}{detail} }], [[['body', 'username'], 'missing']], 'a missing field has its name in the form');
is_deeply([map { [$_->{loc}, $_->{type}] } @{ form('/login', 'username=a%00b&password=x')->{json}{detail} }], [[['body', 'username'], 'invalid']], 'a NUL');
for my $broken ('username=a&username=b&password=x', 'username=a%4&password=x', 'username=a%zz', 'username=%ff&password=x', 'username=%c0%80', '=x',
    'username=a&email=b&password=x', join '&', map {"f$_=1"} 1 .. 33) {
    my $answer = form('/login', $broken);
    error_is($answer, 400, 'The form is not well-formed, or has a field twice.', 'malformed_json', substr $broken, 0, 40);
}
for my $type ('text/plain', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded; charset=latin1') {
    is(form('/login', 'username=a&password=b', type => $type)->{json}{code}, 'unsupported_media_type', $type);
}
is(form('/register', 'username=a&password=b')->{json}{code}, 'unsupported_media_type', 'only sign-ins take forms');
is($httpd->request(POST => '/api/auth/login', form => 'username=ada%40example.org&password=x')->{status}, 415, '... and only of this profile');

# Recruiters.
my %eve = (email => 'rec@example.org', password => 'three calm words');
error_is(post('/recruiter/register', \%eve), 403, 'A recruiter account needs an invite.', 'invite_required', 'recruiter/register without an invite');
error_is(post('/recruiter/register', { %eve, invite_code => 'x' }), 403, 'The invite is wrong, expired, used, or for another e-mail address.', 'invite_invalid', '... with a bad one');

my $admin = by_tool('admin', 'root@example.org');
my $made  = post('/recruiter/register', { email => 'made@example.org', password => 'three calm words' }, bearer => $admin);
is($made->{status}, 201, '... by an administrator') or diag $made->{body};
is($made->{json}{role}, 'recruiter', '... makes a recruiter');
is(post('/recruiter/login', { email => 'made@example.org', password => 'three calm words' })->{status}, 200, '... who can sign in');
error_is(post('/recruiter/register', { email => 'coded@example.org', password => 'three calm words', invite_code => 'x' }, bearer => $admin),
    403, 'The invite is wrong, expired, used, or for another e-mail address.', 'invite_invalid', '... whose invite code counts as everybody\'s');
is($httpd->get("$auth/me", bearer => $admin)->{json}{role}, 'admin', 'a token of the platform has no role claim: the first role counts');

my $code = $httpd->request(POST => '/api/auth/recruiter/invites', json => { email => $eve{email} }, bearer => $admin)->{json}{code};
AuthPlatform::Httpd::note_secrets($code);
my $recruiter = post('/recruiter/register', { %eve, name => 'Rec', invite_code => $code });
is($recruiter->{status}, 201, '... with a good invite') or diag $recruiter->{body};
is_deeply([sort keys %{ $recruiter->{json} }], [qw(created_at email id name role roles)], 'the user');
is($recruiter->{json}{role}, 'recruiter', '... is a recruiter');
my $token = post('/recruiter/login', \%eve)->{json}{access_token};
is(claims_of($token)->{role}, 'recruiter', 'the role of the door');
is($httpd->get("$auth/me", bearer => $token)->{json}{is_recruiter_verified}, JSON::true, 'verified');
is($httpd->get('/recruiters', bearer => $token)->{status}, 404, 'the token passes Require role recruiter');
is($httpd->get('/recruiters', bearer => $httpd->api('/login', \%ada)->{json}{access_token})->{status}, 403, '... which others do not');
error_is(post('/candidate/login', \%eve), 403, 'Operation not permitted', 'not_candidate', 'a recruiter at the door of candidates');
by_tool('recruiter', 'pending@example.org');
error_is(post('/recruiter/login', { email => 'pending@example.org', password => 'a word of the tool' }), 403, 'Recruiter pending verification', 'recruiter_pending', 'a recruiter who is not verified');

# A second role: the door decides which one the token names, and a change of roles counts at once.
my ($both) = map { $_->{id} } $httpd->get("$auth/me", bearer => $token)->{json};
is($httpd->request(PATCH => "/api/auth/users/$both", json => { roles => ['candidate', 'recruiter'] }, bearer => $admin)->{status}, 200, 'candidate and recruiter');
$token = post('/recruiter/login', \%eve)->{json}{access_token};
is(claims_of($token)->{role}, 'recruiter', 'at the door of recruiters');
is(claims_of(post('/login', \%eve)->{json}{access_token})->{role}, 'candidate', 'elsewhere: the first in the order of ROLES');
is($httpd->get("$auth/me", bearer => $token)->{json}{role}, 'recruiter', 'me says what the token says');
is($httpd->request(PATCH => "/api/auth/users/$both", json => { roles => ['candidate'] }, bearer => $admin)->{status}, 200, 'not recruiter any more');
is($httpd->get("$auth/me", bearer => $token)->{json}{role}, 'candidate', '... then me says another one');
is($httpd->get('/recruiters', bearer => $token)->{status}, 403, '... and the guarded page is closed');
$httpd->stop;

# RECRUITER_REGISTRATION: pending, and open as that back end did it.
for my $way ('pending', 'open') {
    $httpd = AuthPlatform::Httpd->new(settings => "RECRUITER_REGISTRATION=$way\n", more => "AuthPlatformMount /api/v1/auth assessment\n")->start;
    my $answer = post('/recruiter/register', \%eve);
    is($answer->{status}, 201, "$way: registration without an invite") or diag $answer->{body};
    is_deeply([$answer->{json}{role}, $answer->{json}{roles}], ['recruiter', ['recruiter']], '... makes a recruiter');
    error_is(post('/recruiter/register', \%eve), 409, 'Email already registered', 'email_taken', '... once');
    my $signed_in = post('/recruiter/login', \%eve);
    is($signed_in->{status}, 200, '... who can sign in') if $way eq 'open';
    error_is($signed_in, 403, 'Recruiter pending verification', 'recruiter_pending', '... who cannot sign in yet') if $way eq 'pending';
    $httpd->stop;
}

# A form reads no device cookie: it counts for its address, as from a browser that nobody knows.
$httpd = AuthPlatform::Httpd->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=4/1h\n", more => "AuthPlatformMount /api/v1/auth assessment\n")->start;
post('/register', \%ada);
my ($device) = map { /^([^;]+)/ } @{ post('/login', \%ada)->{headers}{'set-cookie'} };
is(post('/login', \%ada, headers => { Cookie => $device })->{status}, 200, 'the device counts for itself');
is(form('/login', 'username=ada%40example.org&password=three+calm+words', headers => { Cookie => $device })->{status}, 200, 'a form') for 1, 2;
error_is(form('/login', 'username=ada%40example.org&password=three+calm+words', headers => { Cookie => $device }), 429, 'Too many tries: wait before the next one.', 'rate_limited', 'the limit of the address');
is(post('/login', \%ada, headers => { Cookie => $device })->{status}, 200, '... which is not that of the device');
$httpd->stop;
done_testing;
