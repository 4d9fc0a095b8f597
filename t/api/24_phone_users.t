# SPDX-License-Identifier: Apache-2.0
# The profile `phone`: users/register and users/auth, whose codes MSG91 makes, keeps and checks, and codes made here that are sent through MSG91. The
# look-alike of MSG91 is t/lib/AuthPlatform/Msg91.pm.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Msg91;
use AuthPlatform::Phone qw(error_is success_is fields_are claims_of);
use JSON ();
use Test::More;

my @wrong = (400, 'OTP is invalid or expired', 'INVALID_OTP');
my %asha  = (mobile => '9876543210', roles => ['seeker']);
my $msg91 = AuthPlatform::Msg91->new;
for my $way (qw(mock msg91)) {
    my $site = AuthPlatform::Phone->new($way eq 'msg91' ? (msg91 => $msg91) : ());
    my $code = sub { return $site->send_code('/users/register', @_) };
    my $sent = $site->post('/users/register', \%asha);
    is($sent->{status}, 200, "$way: users/register") or diag $sent->{body};
    is_deeply($sent->{json}, { message => 'OTP sent to mobile' }, '... in its words');
    error_is($site->post('/users/register', { %asha, mobile => '12' }), 400, 'Invalid mobile number format', 'MOBILE_INVALID', '... no number');
    fields_are($site->post('/users/register', { mobile => '9876543210', (defined $_ ? (roles => $_) : ()) }), ['roles'], '... roles ' . JSON->new->allow_nonref->encode($_))
        for undef, [], ['admin'], ['seeker', 'admin'], ['seeker', 'seeker'], 'seeker', [1], ['nothing'];
    fields_are($site->post('/users/auth', { mobile => '9876543210', otp => '1', roles => ['admin'] }), ['roles'], 'users/auth gives no such role');

    my $otp = $code->(\%asha);
    error_is($site->post('/users/auth', { %asha, otp => $_ }), @wrong, "users/auth with '$_'") for '9999', '', 'abcd';
    my $in = $site->post('/users/auth', { %asha, otp => $otp });
    is($in->{status}, 200, 'users/auth') or diag $in->{body};
    is_deeply([sort keys %{ $in->{json} }], ['access_token', 'token_type'], '... the token and no field more');
    is($in->{json}{token_type}, 'bearer', 'bearer');
    my $claims = claims_of($in->{json}{access_token});
    is_deeply([@{$claims}{qw(user_id mobile user_type roles)}], [$claims->{sub}, '9876543210', 'seeker', ['seeker']], 'the claims');
    my $used = $site->post('/users/auth', { %asha, otp => $otp });
    is($used->{status}, 400, 'the code again');
    like($used->{json}{code}, qr/^(?:OTP_ALREADY_VERIFIED|INVALID_OTP)$/, '... is refused');
    my $me = $site->get('/auth/me', bearer => $in->{json}{access_token});
    is_deeply($me->{json}{data}{user}, { id => $claims->{sub}, full_name => undef, phone => '9876543210', email => undef, user_type => 'seeker', is_verified => JSON::true }, 'the account');

    $otp = $code->({ %asha, mobile => '+91 98765-43210', roles => ['provider'] });
    my $more = $site->post('/users/auth', { mobile => '98765 43210', otp => $otp, roles => ['provider'] });
    is_deeply([@{ claims_of($more->{json}{access_token}) }{qw(sub roles)}], [$claims->{sub}, ['seeker', 'provider']], 'the role that it lacks is added');
    is($site->get('/me/provider', bearer => $in->{json}{access_token})->{status}, 200, '... for older tokens as well');

    # A code of one kind does not count for the other.
    $otp = $site->send_code('/auth/send-otp', { phone => '9876543210' });
    error_is($site->post('/users/auth', { %asha, otp => $otp }), @wrong, 'the code of send-otp');
    is($site->post('/auth/login-otp', { phone => '9876543210', otp => $otp })->{status}, 200, '... which its own route takes');
    $otp = $code->(\%asha);
    error_is($site->post('/auth/login-otp', { phone => '9876543210', otp => $otp }), @wrong, 'and the other way round');

    # Administrators.
    $site->admin('root@example.org', '+919876543299');
    $otp = $code->({ %asha, mobile => '9876543299' });
    my $refused = $site->post('/users/auth', { mobile => '9876543299', otp => $otp, roles => ['seeker'] });
    is($refused->{status}, 403, 'never an administrator') or diag $refused->{body};
    $otp = $site->send_code('/auth/send-otp', { phone => '9876543299' });
    error_is($site->post('/auth/login-otp', { phone => '9876543299', otp => $otp }), 404, 'User not found', 'not_found', '... nor at login-otp');
    error_is($site->post('/auth/login', { phone => '9876543299', password => $site->password }), 401, 'Invalid credentials', 'invalid_credentials', '... nor by password alone');
    is($site->post('/auth/forgot-password', { phone => '9876543299' })->{status}, 200, 'forgot-password says nothing');
    error_is($site->post('/auth/reset-password', { phone => '9876543299', otp => '1234', new_password => 'four other calm words' }), @wrong, '... and reset-password opens nothing');
    $site->stop;
}

# What MSG91 is asked, and what its answers become.
my $site = AuthPlatform::Phone->new(msg91 => $msg91);
$msg91->forget;
my $otp = $site->send_code('/auth/send-otp', { phone => '98765 43210' });
like($otp, qr/^\d{6}$/, 'six digits');
my ($send) = $msg91->seen;
is("$send->{method} $send->{path}", 'POST /api/v5/otp', 'a code made here is sent through MSG91');
is_deeply([@{ $send->{query} }{qw(template_id mobile otp otp_length otp_expiry)}], [$msg91->template, '919876543210', $otp, 6, 5], '... with code, length and minutes');
is($send->{headers}{authkey}, $msg91->key, '... and the key in a header');
ok(!grep({ $_ eq $msg91->key } %{ $send->{query} }), '... which is not in the URL');
$msg91->forget;
is($site->post('/auth/login-otp', { phone => '9876543210', otp => '000000' })->{status}, 400, 'a wrong code');
is(scalar(() = $msg91->seen), 0, 'codes made here are checked here');
$otp = $site->send_code('/users/register', \%asha);
($send) = $msg91->seen;
is_deeply([@{ $send->{query} }{qw(mobile otp otp_length otp_expiry)}], ['919876543210', undef, 6, 10], 'for users/* MSG91 makes the code');
$msg91->forget;
error_is($site->post('/users/auth', { %asha, otp => '9999' }), @wrong, 'a wrong code there');
my ($verify) = $msg91->seen;
is("$verify->{method} $verify->{path}", 'GET /api/v5/otp/verify', 'asks MSG91');
is_deeply($verify->{query}, { mobile => '919876543210', otp => '9999' }, '... for this number and code');
for (2 .. 5) { is($site->post('/users/auth', { %asha, otp => '9999' })->{json}{code}, 'INVALID_OTP', "wrong $_") }
$msg91->forget;
error_is($site->post('/users/auth', { %asha, otp => $otp }), @wrong, 'after five wrong ones the right one does not count');
is(scalar(() = $msg91->seen), 0, '... and MSG91 is not asked');
error_is($site->post('/users/auth', { %asha, mobile => '9876543218', otp => '1234' }), @wrong, 'a number to which nothing was sent');
is(scalar(() = $msg91->seen), 0, '... nor is it asked then');

# forgot-password sends to an account that a code may open, and to no other one.
$site->admin('root@example.org', '+919876543299');
$site->tool("three calm words\n", qw(user create --role seeker --phone 9876543215));
$msg91->forget;
is($site->post('/auth/forgot-password', { phone => $_ })->{status}, 200, "forgot-password $_") for '9876543216', '9876543299', '9876543215';
my $sent = sub { return join ' ', sort map { $_->{query}{mobile} } $msg91->seen };
for (1 .. 100) { last if $sent->() =~ /919876543215/; select undef, undef, undef, 0.1 }
select undef, undef, undef, 0.3;
is($sent->(), '919876543215', '... goes to neither a number of nobody nor to an administrator');

for my $row (['refuse', 'a refusal'], ['garbage', 'no JSON'], ['status 500', 'an error of its server'], ['lie', 'other words of success']) {
    my ($mode, $name) = @$row;
    $msg91->mode($mode);
    for my $route (['/auth/send-otp', { phone => '9876543213' }], ['/users/register', { %asha, mobile => '9876543213' }]) {
        error_is($site->post(@$route), 500, 'Failed to send OTP via SMS', 'OTP_SEND_FAILED', "$name: $route->[0]");
    }
    is($site->post('/auth/forgot-password', { phone => '9876543213' })->{status}, 200, '... forgot-password sends after the answer');
    $msg91->mode('ok');
}
$otp = $site->send_code('/users/register', \%asha);
$msg91->mode('close');
error_is($site->post('/users/auth', { %asha, otp => $otp }), 500, 'Failed to verify OTP', 'OTP_SEND_FAILED', 'MSG91 is away at users/auth') for 1 .. 6;
$msg91->mode('ok');
is($site->post('/users/auth', { %asha, otp => $otp })->{status}, 200, '... which takes no attempt');
$otp = $site->send_code('/users/register', \%asha);
$msg91->mode('used');
my $already = $site->post('/users/auth', { %asha, otp => $otp });
is("$already->{status} $already->{json}{code}", '400 OTP_ALREADY_VERIFIED', 'already verified is no success');
$msg91->mode('ok');
$site->stop;

$site = AuthPlatform::Phone->new(msg91 => $msg91, settings => "OTP_SEND_FAILED_STATUS=502\n");
$msg91->mode('refuse');
error_is($site->post('/auth/send-otp', { phone => '9876543213' }), 502, 'Failed to send OTP via SMS', 'OTP_SEND_FAILED', 'OTP_SEND_FAILED_STATUS');
my $responses = $site->get('/openapi.json')->{json}{paths}{'/api/v1/auth/send-otp'}{post}{responses};
ok($responses->{502}{content}{'application/json'}{examples}{OTP_SEND_FAILED}, '... is the documented one');
$site->stop;
done_testing;
