# SPDX-License-Identifier: Apache-2.0
# The profile `phone` with codes made here, as its front ends use it: literal bodies, answers and errors of auth/*. OTP_PROVIDER=mock.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Phone qw(error_is success_is fields_are claims_of);
use JSON ();
use Test::More;

my $site = AuthPlatform::Phone->new(more => "<Location /shaped>\nAuthType Platform\nAuthName t\nRequire role provider\nAuthPlatformErrorShape phone\n</Location>\n"
        . "<Location /api/v1>\nAuthType Platform\nAuthName t\nRequire role seeker provider\nAuthPlatformErrorShape phone\n</Location>\n");
my $httpd = $site->httpd;
my @wrong = (400, 'OTP is invalid or expired', 'INVALID_OTP');
my @no    = (401, 'Could not validate credentials');

# --- send-otp ---
success_is($site->post('/auth/send-otp', { phone => '9876543210' }), 'OTP sent successfully', { phone => '9876543210' }, 'send-otp');
success_is($site->post('/auth/send-otp', { phone => $_ }), 'OTP sent successfully', { phone => $_ }, "the number as it was sent: $_")
    for '+919876543210', '98765 43210', '(987) 654-3210', '+91 98765-43210';
error_is($site->post('/auth/send-otp', { phone => $_ }), 400, 'Invalid mobile number format', 'MOBILE_INVALID', 'no number: ' . $_ =~ s/([^ -~])/sprintf '%%%02x', ord $1/ger)
    for '12345', '5876543210', '98765432101', '987654321', '', 'abc', '+', '98765x3210', "98765\t43210", "9876543210\n", '+14155550100', '++919876543210', '987+6543210', "\x{661}876543210";
fields_are($site->post('/auth/send-otp', {}), ['phone'], 'no field');
fields_are($site->post('/auth/send-otp', { phone => 9876543210 }), ['phone'], 'a number that is no text');
fields_are($site->post('/auth/send-otp', { phone => "9876543210\0" }), ['phone'], 'a NUL');
is($site->post('/auth/send-otp', { phone => '9876543210', app => 'x' })->{status}, 200, 'unknown fields are ignored');

# --- register ---
my %asha = (full_name => 'Asha Rao', phone => '98765 43210', email => 'Asha@example.org', password => 'three calm words', user_type => 'seeker', otp => '1234');
error_is($site->post('/auth/register', { %asha, otp => '4321' }), @wrong, 'register with a wrong code');
error_is($site->post('/auth/register', { %asha, phone => '9876543211' }), @wrong, '... with that of another number');
error_is($site->post('/auth/register', { %asha, otp => $_ }), @wrong, "... with a code of another form: '$_'") for '', 'abcd', '12345678901';
fields_are($site->post('/auth/register', { %asha, user_type => $_ }), ['user_type'], "... as $_") for 'admin', 'recruiter', 'Seeker', '';
fields_are($site->post('/auth/register', {}), [qw(full_name phone password user_type otp)], '... without its fields');
fields_are($site->post('/auth/register', { %asha, full_name => $_ }), ['full_name'], "... with the name '$_'") for '', '  ', 'x' x 201, "A\nB";
fields_are($site->post('/auth/register', { %asha, password => 'short' }), ['password'], '... with a short password');
fields_are($site->post('/auth/register', { %asha, email => 'nobody' }), ['email'], '... with a wrong address');
is($site->post('/auth/register', { %asha, phone => 'x' })->{json}{code}, 'MOBILE_INVALID', '... without a number');
$site->send_code('/auth/send-otp', { phone => '9876543210' });
my $made = $site->post('/auth/register', \%asha);
my $token = $made->{json}{data}{access_token};
my $id = $made->{json}{data}{user}{id} // '';
like($id, qr/^[0-9a-f]{24}$/, 'an id');
my %user = (id => $id, full_name => 'Asha Rao', phone => '98765 43210', email => 'asha@example.org', user_type => 'seeker', is_verified => JSON::true);
success_is($made, 'Registration successful', { access_token => $token, token_type => 'bearer', user => \%user }, 'register');
ok(!grep({ !/authp_device=/ } @{ $made->{headers}{'set-cookie'} || [] }), 'no cookie with a token');

my $claims = claims_of($token);
is_deeply([@{$claims}{qw(sub user_id phone mobile user_type prf roles permissions)}], [$id, $id, '9876543210', '9876543210', 'seeker', 'phone', ['seeker'], []], 'the claims');
is($claims->{exp} - $claims->{iat}, 30 * 86400, '30 days');
ok(!exists $claims->{aud}, 'no aud');

$site->send_code('/auth/send-otp', { phone => '9876543210' });
error_is($site->post('/auth/register', { %asha, otp => '4321', email => 'other@example.org' }), @wrong, 'a number that is taken: only a right code tells it');
error_is($site->post('/auth/register', { %asha, email => 'other@example.org' }), 400, 'Phone number or email already registered', 'user_exists', '... which then does');
my $in = $site->post('/auth/login-otp', { phone => '9876543210', otp => '1234' });
is($in->{status}, 200, 'the code stays unused') or diag $in->{body};
$site->send_code('/auth/send-otp', { phone => '9876543219' });
my %other = (%asha, phone => '9876543219', email => 'ASHA@example.org');
error_is($site->post('/auth/register', \%other), 400, 'Phone number or email already registered', 'user_exists', 'an address that is taken');
is($site->post('/auth/register', { %other, email => undef, user_type => 'provider', full_name => 'Bala' })->{json}{data}{user}{email}, undef, '... without one; null counts as absent');
error_is($site->post('/auth/register', { %other, email => undef }), 400, 'OTP has already been used', 'OTP_ALREADY_VERIFIED', 'the very code again');
error_is($site->post('/auth/register', { %other, email => undef, otp => '4321' }), @wrong, '... and another one');

# --- login ---
$in = $site->post('/auth/login', { phone => '+91 98765 43210', password => 'three calm words' });
success_is($in, 'Login successful', { access_token => $in->{json}{data}{access_token}, token_type => 'bearer', user => { %user, phone => '+91 98765 43210' } }, 'login: the number as it was sent');
error_is($site->post('/auth/login', { phone => '9876543210', password => 'other words' }), 401, 'Invalid credentials', 'invalid_credentials', 'a wrong password');
error_is($site->post('/auth/login', { phone => '9876543217', password => 'three calm words' }), 401, 'Invalid credentials', 'invalid_credentials', 'a number of nobody');
error_is($site->post('/auth/login', { phone => 'x', password => 'three calm words' }), 400, 'Invalid mobile number format', 'MOBILE_INVALID', 'no number');
fields_are($site->post('/auth/login', { phone => '9876543210' }), ['password'], 'no password');

# --- login-otp ---
$site->send_code('/auth/send-otp', { phone => '9876543210' });
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '9999' }), @wrong, 'login-otp with a wrong code');
$in = $site->post('/auth/login-otp', { phone => '9876543210', otp => '123456' });
success_is($in, 'Login successful', { access_token => $in->{json}{data}{access_token}, token_type => 'bearer', user => { %user, phone => '9876543210' } }, 'login-otp');
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '123456' }), 400, 'OTP has already been used', 'OTP_ALREADY_VERIFIED', 'the very code again');
$site->send_code('/auth/send-otp', { phone => '9876543217' });
error_is($site->post('/auth/login-otp', { phone => '9876543217', otp => '4321' }), @wrong, 'nobody, with a wrong code');
error_is($site->post('/auth/login-otp', { phone => '9876543217', otp => '1234' }), 404, 'User not found', 'not_found', '... with the right one');
error_is($site->post('/auth/login-otp', { phone => '9876543217', otp => '1234' }), 400, 'OTP has already been used', 'OTP_ALREADY_VERIFIED', '... which is used up');
$site->send_code('/auth/send-otp', { phone => '9876543210' });
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '9999' }), @wrong, "wrong code $_") for 1 .. 5;
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '1234' }), @wrong, 'after five wrong ones the right one does not count');
$site->send_code('/auth/send-otp', { phone => '9876543210' });
is($site->post('/auth/login-otp', { phone => '9876543210', otp => '1234' })->{status}, 200, '... but a new one');

# --- forgot-password and reset-password ---
success_is($site->post('/auth/forgot-password', { phone => $_ }), 'OTP sent successfully', { phone => $_ }, "forgot-password, $_") for '9876543216', '98765-43210';
error_is($site->post('/auth/forgot-password', { phone => '1' }), 400, 'Invalid mobile number format', 'MOBILE_INVALID', '... no number');
my %reset = (phone => '9876543210', otp => '1234', new_password => 'four other calm words');
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '1234' }), @wrong, 'a code for a new password opens nothing else');
error_is($site->post('/auth/reset-password', { %reset, otp => '4321' }), @wrong, 'reset-password with a wrong code');
fields_are($site->post('/auth/reset-password', { %reset, new_password => 'x' }), ['new_password'], '... with a short password');
error_is($site->post('/auth/reset-password', { %reset, phone => '9876543216' }), @wrong, '... for a number of nobody');
is($site->get('/auth/me', bearer => $token)->{status}, 200, '... and nothing has ended');
success_is($site->post('/auth/reset-password', \%reset), 'Password reset successful', undef, 'reset-password');
error_is($site->get('/auth/me', bearer => $token), @no, 'token_revoked', 'every session has ended');
error_is($site->post('/auth/login', { phone => '9876543210', password => 'three calm words' }), 401, 'Invalid credentials', 'invalid_credentials', 'the old password');
$in = $site->post('/auth/login', { phone => '9876543210', password => 'four other calm words' });
is($in->{status}, 200, 'the new one') or diag $in->{body};
$token = $in->{json}{data}{access_token};
error_is($site->post('/auth/reset-password', \%reset), 400, 'OTP has already been used', 'OTP_ALREADY_VERIFIED', 'the code again');
$site->send_code('/auth/send-otp', { phone => '9876543210' });
error_is($site->post('/auth/reset-password', \%reset), @wrong, 'a code for a sign-in is none for a new password');

# --- me and logout ---
my $me = $site->get('/auth/me', bearer => $token);
success_is($me, $me->{json}{message}, { user => { %user, phone => '9876543210' } }, 'auth/me');
is($me->{json}{message}, 'User details retrieved successfully', '... with a message');
is($httpd->get('/api/auth/me', bearer => $token)->{json}{id}, $id, 'the token counts at the platform mount');
error_is($site->get('/auth/me'), @no, 'token_missing', 'no token');
error_is($site->get('/auth/me', bearer => 'x.y.z'), @no, 'token_invalid', 'a bad one');
success_is($site->post('/auth/logout', undef, bearer => $token), 'Logged out successfully', undef, 'logout');
error_is($site->get('/auth/me', bearer => $token), @no, 'token_revoked', 'the token is dead at once');
error_is($site->post('/auth/logout'), @no, 'token_missing', 'logout without a token');

# --- the mount owns its rows only ---
my ($bala) = map { $_->{json}{data}{access_token} } $site->post('/auth/login', { phone => '9876543219', password => 'three calm words' });
for my $path ('/api/v1', '/api/v1/jobs/1', '/api/v1/auth', '/api/v1/auth/login/x') {
    error_is($httpd->get($path), @no, 'token_missing', "$path: any other path is guarded as usual");
    like($httpd->get($path, bearer => $bala)->{body}, qr/^<!DOCTYPE HTML/, '... and goes on to httpd');
}
my $method = $httpd->get('/api/v1/auth/login');
error_is($method, 405, 'This path does not take that method.', 'method_not_allowed', 'a wrong method');
is($method->{headers}{allow}[0], 'POST, OPTIONS', '... with Allow');
is($httpd->get("/api/v1$_")->{status}, 200, $_) for qw(/healthz /openapi.json /docs);

# --- guarded places in its words ---
error_is($httpd->get('/shaped'), @no, 'token_missing', 'a guarded place of that shape');
error_is($httpd->get('/shaped', bearer => $token), @no, 'token_revoked', '... with a dead token');
my $seeker = $site->post('/auth/login', { phone => '9876543210', password => 'four other calm words' })->{json}{data}{access_token};
error_is($httpd->get('/shaped', bearer => $seeker), 403, 'Access forbidden: Invalid user type', 'insufficient_role', '... with a wrong role');
is($httpd->get('/shaped', bearer => $bala)->{status}, 404, '... and with the right one');
$site->stop;

# Without a provider no code can be sent. What needs none goes on.
$site = AuthPlatform::Phone->new(none => 1);
for my $route (['/auth/send-otp', { phone => '9876543210' }], ['/auth/forgot-password', { phone => '9876543210' }], ['/users/register', { mobile => '9876543210', roles => ['seeker'] }]) {
    my $answer = $site->post(@$route);
    is("$answer->{status} " . ($answer->{json}{code} // ''), '503 otp_unavailable', "$route->[0] without a provider");
    like($answer->{retry_after} // '', qr/^\d+$/, '... with Retry-After');
}
error_is($site->post('/auth/login', { phone => '9876543210', password => 'x' }), 401, 'Invalid credentials', 'invalid_credentials', 'a password needs none');
$site->stop;
done_testing;
