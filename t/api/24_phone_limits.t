# SPDX-License-Identifier: Apache-2.0
# The profile `phone`: the limits on sending and on wrong codes as its clients see them. t/store and t/restart test them over children and hosts.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Phone qw(error_is success_is);
use JSON ();
use Test::More;

my @often = (429, 'Too many tries: wait before the next one.', 'rate_limited');

sub waits {
    my ($answer, $least, $most, $name) = @_;
    error_is($answer, @often, $name);
    cmp_ok($answer->{retry_after} // -1, '>=', $least, '... Retry-After') and cmp_ok($answer->{retry_after}, '<=', $most, '... in its bounds');
    return;
}

my $site = AuthPlatform::Phone->new(limits => 1);
my $of = sub { return "98765432$_[0]" };
success_is($site->post('/auth/send-otp', { phone => $of->('10') }), 'OTP sent successfully', { phone => $of->('10') }, 'a first code');
waits($site->post('/auth/send-otp', { phone => $of->('10') }), 1, 30, '30 s between two of one number');
waits($site->post($_->[0], $_->[1]), 1, 30, "... at $_->[0], too") for ['/auth/forgot-password', { phone => '+91' . $of->('10') }], ['/users/register', { mobile => $of->('10'), roles => ['seeker'] }];
is($site->post('/auth/register', { full_name => 'A', phone => $of->('10'), password => 'three calm words', user_type => 'seeker', otp => '1234' })->{status}, 200, 'the code counts meanwhile');
is($site->post('/auth/forgot-password', { phone => $of->($_) })->{status}, 200, 'an unknown number') for 11;
waits($site->post('/auth/forgot-password', { phone => $of->('11') }), 1, 30, '... has the same pause');
is($site->post('/auth/send-otp', { phone => $of->($_) })->{status}, 200, "number $_ of one address") for 12 .. 19;
waits($site->post('/auth/send-otp', { phone => $of->('20') }), 60, 3600, 'ten codes an hour for one address');
is($site->post('/auth/send-otp', { phone => $of->('21') }, from => '127.0.0.77')->{status}, 200, '... and not for another one');
my @lines = grep {/AUTHP0/} split /\n/, $site->httpd->log;
unlike(join("\n", @lines), qr/98765432\d\d/, 'no whole number in the log');
$site->stop;

# Wrong codes of one number, over all its codes.
$site = AuthPlatform::Phone->new(limits => 1, settings => "OTP_LIMIT_WRONG=3/1d\nOTP_LIMIT_PHONE=100/1h\nOTP_LIMIT_ADDRESS=100/1h\n");
$site->send_code('/auth/send-otp', { phone => $of->('10') });
is($site->post('/auth/login-otp', { phone => $of->('10'), otp => '9999' })->{json}{code}, 'INVALID_OTP', "wrong code $_") for 1 .. 3;
error_is($site->post('/auth/login-otp', { phone => $of->('10'), otp => '1234' }), 400, 'OTP is invalid or expired', 'INVALID_OTP', 'after OTP_LIMIT_WRONG checks are refused');
waits($site->post('/auth/send-otp', { phone => $of->('10') }), 1, 86400, '... and codes are not sent');
is($site->post('/auth/send-otp', { phone => $of->('11') })->{status}, 200, 'another number');
$site->stop;

# Who counts as a stranger: at each route that sends, a number without an account.
$site = AuthPlatform::Phone->new(limits => 1, settings => "AUTH_LIMIT_REGISTER=1/1h\n");
my $counts = sub {
    my ($status, $out, $err) = $site->tool('', qw(otp status --json));
    diag $err if $status;
    return join ' ', @{ JSON->new->decode($out) }{qw(spent strangers_spent administrators)};
};
my ($number, $strangers) = (30, 0);
for my $route ('/auth/send-otp', '/auth/forgot-password', '/users/register') {
    my ($stranger, $member) = map { $of->($number++) } 1, 2;
    $site->tool("three calm words\n", qw(user create --role seeker --phone), $member);
    my $body = sub { return { phone => $_[0], mobile => $_[0], roles => ['seeker'] } };
    is($site->post($route, $body->($_))->{status}, 200, "$route $_") for $stranger, $member;
    $strangers++;
    is($counts->(), 2 * $strangers . " $strangers 0", '... one of them is a stranger');
}
my $root = $site->admin('root@example.org', $of->('40'));
is($site->post('/admin/login', { email => 'root@example.org', password => $site->password })->{status}, 200, 'admin/login');
is($counts->(), '6 3 1', '... is counted apart');
my $new = sub { my ($number, %how) = @_; return $site->post('/admin/register', { email => "a$number\@example.org", password => $site->password, mobile => $of->($number), name => 'A', roles => ['admin'], %{ delete $how{more} || {} } }, %how) };
is($new->($_, bearer => $root)->{status}, 200, 'an administrator asks for any number of others') for 41 .. 43;
is($counts->(), '6 3 4', '... whose codes are counted apart, too');
$site->admin('other@example.org', $of->('45'));
is($site->post('/auth/forgot-password', { phone => $of->('45') }, from => '127.0.0.78')->{status}, 200, q{forgot-password with an administrator's number});
is($counts->(), '7 3 4', '... is no stranger');
is($new->(44, more => { invite_code => 'x' })->{json}{code}, $_, 'others are bound by AUTH_LIMIT_REGISTER') for 'invite_invalid', 'rate_limited';
$site->stop;

# The step with the password is bound by AUTH_LIMIT_ADDRESS, as each try of a password.
$site = AuthPlatform::Phone->new(limits => 1, settings => "AUTH_LIMIT_ADDRESS=2/1h\n");
is($site->post('/admin/login', { email => "x$_\@example.org", password => 'three calm words' })->{status}, 401, "admin/login: try $_") for 1, 2;
waits($site->post('/admin/login', { email => 'x3@example.org', password => 'three calm words' }), 1, 3600, '... the next one');
$site->stop;

# AUTH_LIMITS=off: no pause and no budget, but five attempts.
$site = AuthPlatform::Phone->new(settings => "OTP_BUDGET_DAY=1\n");
is($site->post('/auth/send-otp', { phone => $of->('10') })->{status}, 200, "AUTH_LIMITS=off: code $_") for 1 .. 12;
is($site->post('/auth/login-otp', { phone => $of->('10'), otp => '9999' })->{status}, 400, 'wrong') for 1 .. 5;
error_is($site->post('/auth/login-otp', { phone => $of->('10'), otp => '1234' }), 400, 'OTP is invalid or expired', 'INVALID_OTP', '... then the right one does not count');
$site->stop;
done_testing;
