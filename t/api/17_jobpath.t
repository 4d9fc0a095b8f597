# SPDX-License-Identifier: Apache-2.0
# The profile `jobpath`, as its front ends use it: literal bodies, answers and errors.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use JSON ();
use MIME::Base64 'decode_base64url';
use Test::More;

my $httpd = AuthPlatform::Httpd->new(role => 'user', more => "AuthPlatformMount /auth jobpath\n")->start;
my %ada = (email => 'ada@example.org', password => 'three calm words');

sub post { my ($path, $json, %o) = @_; return $httpd->request(POST => "/auth$path", json => $json, %o) }

sub error_is {
    my ($answer, $status, $message, $code, $name) = @_;
    is($answer->{status}, $status, $name) or diag $answer->{body};
    is_deeply($answer->{json}, { error => $code, detail => { message => $message }, status_code => $status }, '... in its words');
    like($answer->{headers}{'content-type'}[0], qr{^application/json\b}, '... as JSON');
    return;
}

my $new = post('/signup', { %ada, plan => 'free' });
is($new->{status}, 201, 'signup') or diag $new->{body};
my $id = $new->{json}{id};
like($id, qr/^[0-9a-f]{24}$/, 'an id');
like(delete $new->{json}{created_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, 'a time');
is_deeply($new->{json}, { id => $id, email => 'ada@example.org' }, 'and no field more');
error_is(post('/signup', { %ada, email => 'ADA@example.org' }), 409, 'Email already registered', 'email_taken', 'the same address');

my $wrong = post('/signup', { email => 'nobody' });
is($wrong->{status}, 400, 'wrong fields');
my $errors = delete $wrong->{json}{detail}{errors};
is_deeply($wrong->{json}, { error => 'validation_failed', detail => { message => 'Some fields are wrong: see errors.' }, status_code => 400 }, 'in its shape');
is_deeply([map { [@$_{qw(field code)}] } @$errors], [['email', 'invalid'], ['password', 'missing']], 'they are listed');
ok(!grep({ keys %$_ != 3 || !$_->{detail} } @$errors), '... with a sentence each');
is_deeply([map { [@$_{qw(field code)}] } @{ post('/signup', { email => undef, password => undef })->{json}{detail}{errors} }], [['email', 'type'], ['password', 'type']],
    'null is a wrong value where a field is needed, and not an absent one');

my $in = post('/login', \%ada);
is($in->{status}, 200, 'login');
my $token = delete $in->{json}{access_token};
is_deeply($in->{json}, { token_type => 'bearer', user => { id => $id, email => 'ada@example.org', is_active => JSON::true } }, 'the token, and the user');
my $claims = JSON->new->decode(decode_base64url((split /\./, $token)[1]));
is($claims->{prf}, 'jobpath', 'prf');
is($claims->{user_id}, $id, 'user_id');
is($claims->{exp} - $claims->{iat}, 1800, '30 minutes');
ok(!exists $claims->{aud} && !exists $claims->{role}, 'neither aud nor role');
is_deeply($claims->{roles}, ['user'], 'the default role of the mount');
error_is(post('/login', { %ada, password => 'other words' }), 401, 'Invalid email or password', 'invalid_credentials', 'a wrong password');
error_is(post('/login', { %ada, email => 'eve@example.org' }), 401, 'Invalid email or password', 'invalid_credentials', 'nobody');

is_deeply($httpd->get('/auth/me', bearer => $token)->{json}, { id => $id, email => 'ada@example.org', is_active => JSON::true }, 'me');
is($httpd->get('/page.txt', bearer => $token)->{status}, 200, 'a guarded page takes the token');
error_is($httpd->get('/auth/me'), 401, 'This needs an access token or a session.', 'token_missing', 'no token');
error_is($httpd->get('/auth/me', bearer => 'x'), 401, 'The token is not valid.', 'token_invalid', 'a bad one');
error_is($httpd->get('/auth/nothing'), 404, 'There is nothing here.', 'not_found', 'no such path');
error_is(post('/me', {}), 405, 'This path does not take that method.', 'method_not_allowed', 'a wrong method');

error_is(post('/logout', undef), 401, 'This needs an access token or a session.', 'token_missing', 'logout without a token');
error_is(post('/logout', undef, bearer => 'x'), 401, 'The token is not valid.', 'token_invalid', '... with a bad one');
my $out = post('/logout', undef, bearer => $token);
is($out->{status}, 200, 'logout');
is_deeply($out->{json}, { message => 'Logged out successfully' }, '... says so');
error_is($httpd->get('/auth/me', bearer => $token), 401, 'The session of this token has ended: sign in again.', 'token_revoked', 'the token is dead at once');
is($httpd->get('/page.txt', bearer => $token)->{status}, 401, '... at the guarded page, too');

$in = $httpd->request(POST => '/auth/login', form => 'username=ada%40example.org&password=three+calm+words');
is($in->{json}{user}{id}, $id, 'a form of OAuth 2.0 signs in') or diag $in->{body};
ok(!$in->{headers}{'set-cookie'}, '... without any cookie');
$wrong = $httpd->request(POST => '/auth/login', form => 'password=x');
is($wrong->{status}, 400, 'a wrong form');
is($wrong->{json}{detail}{errors}[0]{field}, 'username', '... names the field of the form');
$httpd->stop;
done_testing;
