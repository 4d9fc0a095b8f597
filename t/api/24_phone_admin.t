# SPDX-License-Identifier: Apache-2.0
# The profile `phone`: administrators in two steps, password and code. OTP_PROVIDER=mock.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Phone qw(error_is fields_are claims_of);
use JSON ();
use Test::More;

my $site  = AuthPlatform::Phone->new;
my @wrong = (400, 'OTP is invalid or expired', 'INVALID_OTP');
my %mona  = (email => 'Mona@example.org', password => 'three calm words', mobile => '98765 43210', name => 'Mona', roles => ['admin']);
my $root  = $site->admin('root@example.org');
my $asha  = $site->member('9876543215', 'seeker', email => 'asha@example.org');

sub invite {
    my ($email, @role) = @_;
    my ($status, $said, $complaint) = $site->tool('', '--json', qw(invite create), @role, '--email', $email);
    is($status, 0, "an invite for $email") or diag $complaint;
    my $code = eval { JSON->new->decode($said)->{code} };
    AuthPlatform::Httpd::note_secrets($code);
    return $code;
}

# --- register ---
for my $row ([{}, q{An administrator's token or an invite for the role admin is needed}, 'nobody'], [{ bearer => $asha }, 'Access forbidden: Invalid user type', 'a seeker']) {
    error_is($site->post('/admin/register', \%mona, %{ $row->[0] }), 403, $row->[1], 'insufficient_role', "admin/register: $row->[2]");
}
my $recruiter = invite('mona@example.org');
my $code      = invite('mona@example.org', qw(--role admin));
is($site->post('/admin/register', { %mona, invite_code => $_->[0], email => $_->[1] })->{json}{code}, 'invite_invalid', "... $_->[2]")
    for ['x', 'mona@example.org', 'a wrong invite'], [$recruiter, 'mona@example.org', 'one for a recruiter'], [$code, 'eve@example.org', q{somebody else's}];
is($site->post('/admin/register', \%mona, bearer => 'x.y.z')->{status}, 401, '... a bad token');
fields_are($site->post('/admin/register', { %mona, roles => $_ }, bearer => $root), ['roles'], '... roles ' . JSON->new->encode($_)) for [], ['seeker'], ['admin', 'seeker'], ['admin', 'admin'];
fields_are($site->post('/admin/register', { %mona, name => $_ }, bearer => $root), ['name'], "... the name '$_'") for '', ' ';
fields_are($site->post('/admin/register', {}), [qw(email password mobile name roles)], '... without its fields');
error_is($site->post('/admin/register', { %mona, mobile => '1' }, bearer => $root), 400, 'Invalid mobile number format', 'MOBILE_INVALID', '... no number');
for my $row ([{ email => 'asha@example.org' }, 'an address'], [{ mobile => '9876543215' }, 'a number']) {
    my $taken = $site->post('/admin/register', { %mona, %{ $row->[0] } }, bearer => $root);
    is("$taken->{status} $taken->{json}{code}", '400 user_exists', "... $row->[1] that is taken");
}
my $made = $site->post('/admin/register', { %mona, invite_code => $code });
is($made->{status}, 200, '... with an invite') or diag $made->{body};
is_deeply($made->{json}, { message => 'OTP sent for verification', mobile => '987****3210', status => 'pending_verification' }, '... in its words');
is($site->post('/admin/login', { email => 'mona@example.org', password => 'three calm words' })->{status}, 401, 'nothing is an account before the next step');
my ($status, $said) = $site->tool('', '--json', qw(user list));
unlike($said, qr/mona\@/, '... as the tool says');

# --- verify-registration ---
error_is($site->post('/admin/verify-registration', { mobile => '9876543210', otp => '9999' }), @wrong, 'verify-registration with a wrong code');
error_is($site->post('/admin/verify-registration', { mobile => '9876543211', otp => '1234' }), @wrong, '... for another number');
$made = $site->post('/admin/verify-registration', { mobile => '9876543210', otp => '1234' });
is($made->{status}, 200, 'verify-registration') or diag $made->{body};
my $id = delete $made->{json}{user}{id};
like($id // '', qr/^[0-9a-f]{24}$/, 'an id');
my %user = (email => 'mona@example.org', name => 'Mona', mobile => '987****3210', role => { name => 'admin', permissions => [qw(read create update delete)] });
is_deeply($made->{json}, { message => 'Registration completed successfully', user => \%user }, '... in its words');
is($site->post('/admin/verify-registration', { mobile => '9876543210', otp => '1234' })->{status}, 400, '... once');
is($site->post('/admin/register', { %mona, email => 'mona@example.org', mobile => '9876543212', invite_code => $code })->{status} == 200 ? 1 : 0, 0, 'the invite is used up');
my $second = $site->post('/admin/register', { %mona, email => 'nils@example.org', mobile => '9876543213', name => 'Nils' }, bearer => $root);
is($second->{status}, 200, 'admin/register by an administrator') or diag $second->{body};
is($site->post('/admin/verify-registration', { mobile => '9876543213', otp => '1234' })->{json}{user}{name}, 'Nils', '... is verified the same way');

# --- login ---
my %in = (email => 'MONA@example.org', password => 'three calm words');
error_is($site->post('/admin/login', { %in, password => 'other words' }), 401, 'Invalid credentials', 'invalid_credentials', 'admin/login with a wrong password');
error_is($site->post('/auth/login', { phone => '9876543210', password => 'three calm words' }), 401, 'Invalid credentials', 'invalid_credentials', 'auth/login by number: the password alone opens no administrator');
error_is($site->post('/admin/login', { %in, email => 'nobody@example.org' }), 401, 'Invalid credentials', 'invalid_credentials', '... nobody');
error_is($site->post('/admin/login', { email => 'asha@example.org', password => 'three calm words' }), 401, 'Invalid credentials', 'invalid_credentials', '... no administrator');
error_is($site->post('/admin/login', { email => 'root@example.org', password => 'three calm words' }), 404, 'User not found or not verified', 'not_found', '... an administrator without a number');
error_is($site->post('/admin/verify-login', { email => 'mona@example.org', otp => '1234' }), @wrong, 'verify-login without a password before');
my $step = $site->post('/admin/login', \%in);
is($step->{status}, 200, 'admin/login') or diag $step->{body};
is_deeply($step->{json}, { message => 'OTP sent successfully', email => 'mona@example.org', mobile => '987****3210', status => 'pending_verification' }, '... in its words');
ok(!grep({ /_at=/ } @{ $step->{headers}{'set-cookie'} || [] }), '... and opens nothing');

# --- verify-login ---
error_is($site->post('/admin/verify-login', { email => 'mona@example.org', otp => '9999' }), @wrong, 'verify-login with a wrong code');
error_is($site->post('/admin/verify-login', { email => 'nobody@example.org', otp => '1234' }), @wrong, '... for another address');
error_is($site->post('/admin/verify-login', { email => 'mona@example.org', otp => '1234' }, from => '127.0.0.9'), @wrong, '... from another client');
error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => '1234' }), @wrong, '... the code counts nowhere else');
$step = $site->post('/admin/verify-login', { email => 'mona@example.org', otp => '1234' });
is($step->{status}, 200, 'verify-login') or diag $step->{body};
my $token = delete $step->{json}{access_token};
$user{id} = $id;
is_deeply($step->{json}, { message => 'Login successful', token_type => 'bearer', user => \%user }, '... in its words');
is_deeply([@{ claims_of($token) }{qw(sub user_type permissions prf)}], [$id, 'admin', [qw(read create update delete)], 'phone'], 'the claims');
is($site->get('/auth/me', bearer => $token)->{json}{data}{user}{user_type}, 'admin', 'auth/me');
error_is($site->post('/admin/verify-login', { email => 'mona@example.org', otp => '1234' }), 400, 'OTP has already been used', 'OTP_ALREADY_VERIFIED', 'the code again');
is($site->request(PUT => '/users/' . claims_of($asha)->{sub} . '/profiles/seeker', json => { stats => { a => 1 } }, bearer => $token)->{status}, 200, 'the administrator writes a profile');
$site->stop;

# Permissions by the settings.
$site = AuthPlatform::Phone->new(settings => qq(ROLE_PERMISSIONS={"admin":["read"],"seeker":["jobs:read","jobs:apply"]}\n));
is_deeply(claims_of($site->member('9876543215', 'seeker'))->{permissions}, ['jobs:read', 'jobs:apply'], 'ROLE_PERMISSIONS');
$site->stop;
done_testing;
