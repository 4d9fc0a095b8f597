# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

sub register { return api(POST => '/register', json => {@_}) }

my $email = new_email();
my $made  = register(email => "  \U$email\E ", password => 'correct horse', name => 'Zoë 日本');
is($made->{status}, 201, 'POST /register') or diag $made->{body};
my $user = $made->{json}{user};
is_deeply(
    [sort keys %{ $made->{json} }],
    [qw(access_token expires_in refresh_token token_type user)],
    'tokens and user, nothing else'
);
is($made->{json}{token_type}, 'bearer', 'token_type');
is($made->{json}{expires_in}, 900,      'expires_in');
is_deeply(
    [sort keys %$user],
    [qw(created_at disabled email email_verified id is_recruiter_verified name roles)],
    'the user as the contract shows it'
);
like($user->{id}, qr/^[0-9a-f]{24}$/, 'id');
is($user->{email}, $email, 'e-mail trimmed and lower-case');
is($user->{name}, 'Zoë 日本', 'name as it was sent');
is_deeply($user->{roles}, ['candidate'], 'roles');
ok(!$user->{is_recruiter_verified} && !$user->{email_verified} && !$user->{disabled}, 'flags are off');
like($user->{created_at}, qr/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, 'created_at');
is($made->{headers}->header('Cache-Control'), 'no-store', 'not cached');
is_deeply([keys %{ $made->{cookies} }], ['__Secure-authp_device'], 'no cookies in the header way, but for the device, which is no credential');
unlike($made->{body}, qr/\$2[aby]\$|hash|salt/, 'no hash');

problem_is(register(email => $email, password => 'another word'), 409, 'email_taken', 'the e-mail again');
problem_is(register(email => uc $email, password => 'another word'), 409, 'email_taken', 'in capitals');

# A very common password is refused with its own code, on every route that sets a password.
sub too_common {
    my ($name, $answer, $field) = @_;
    problem_is($answer, 422, 'validation_failed', "$name: a common password");
    my ($first, @rest) = @{ $answer->{json}{errors} || [] };
    is($first->{field}, $field, 'at its field');
    is($first->{code}, 'too_common', 'with its code');
    like($first->{detail}, qr/too common/, 'and says why');
    return is_deeply(\@rest, [], 'once');
}
my $unused = new_email();
too_common("register with $_", register(email => $unused, password => $_), 'password') for qw(password1 PassWord123 12345678 trustno1);
is(api(POST => '/login', json => { email => $unused, password => 'password1' })->{status}, 401, 'no account was made');
my $chooser = person();
too_common('a new password', api(POST => '/me/password', bearer($chooser),
        json => { current_password => $chooser->{password}, new_password => 'qwertyuiop' }), 'new_password');

# Wrong fields, each of which the answer must name.
my $long72 = 'x' x 72;
is(register(email => new_email(), password => $long72)->{status}, 201, '72 bytes of password');
is(register(email => new_email(), password => 'ä' x 36)->{status},  201, '36 characters of two bytes');
is(register(email => new_email(), password => 'eight888', name => undef, device_id => 'phone-1')->{status}, 201, 'name null, device_id');
my @bad = (
    ['no e-mail',            { password => 'correct horse' },                                      'email'],
    ['no password',          { email    => new_email() },                                          'password'],
    ['e-mail no string',     { email    => 5, password => 'correct horse' },                       'email'],
    ['e-mail null',          { email    => undef, password => 'correct horse' },                   'email'],
    ['e-mail without @',     { email    => 'person', password => 'correct horse' },                'email'],
    ['e-mail with a space',  { email    => 'a b@example.org', password => 'correct horse' },       'email'],
    ['e-mail, bad domain',   { email    => 'a@-example.org', password => 'correct horse' },        'email'],
    ['e-mail too long',      { email    => ('a' x 250) . '@example.org', password => 'correct horse' }, 'email'],
    ['e-mail, not ASCII',    { email    => 'zoë@example.org', password => 'correct horse' },       'email'],
    ['password of 7',        { email    => new_email(), password => 'seven77' },                   'password'],
    ['password of 73 bytes', { email    => new_email(), password => 'x' x 73 },                    'password'],
    ['74 bytes in 37',       { email    => new_email(), password => 'ä' x 37 },                    'password'],
    ['password with NUL',    { email    => new_email(), password => "correct\0horse" },            'password'],
    ['password a list',      { email    => new_email(), password => ['correct horse'] },           'password'],
    ['name too long',        { email    => new_email(), password => 'correct horse', name => 'n' x 201 }, 'name'],
    ['name with a newline',  { email    => new_email(), password => 'correct horse', name => "a\nb" },    'name'],
    ['unknown field',        { email    => new_email(), password => 'correct horse', role => 'admin' },   'role'],
    ['roles',                { email    => new_email(), password => 'correct horse', roles => ['admin'] },'roles'],
    ['an id',                { email    => new_email(), password => 'correct horse', _id => 1 },          '_id'],
);
for my $case (@bad) {
    my ($name, $body, $field) = @$case;
    my $answer = api(POST => '/register', json => $body);
    is($answer->{status}, 422, "$name: 422") or diag $answer->{body};
    is($answer->{json}{code}, 'validation_failed', "$name: code");
    is_deeply([map { $_->{field} } @{ $answer->{json}{errors} || [] }], [$field], "$name: names the field");
    ok(length $answer->{json}{errors}[0]{detail}, "$name: says why");
}
my $all = api(POST => '/register', json => { email => 'x', password => 'y', name => 3, extra => 1 });
is_deeply([sort map { $_->{field} } @{ $all->{json}{errors} }], [qw(email extra name password)], 'every offending field at once');
problem_is($all, 422, 'validation_failed', 'as one problem');

is(register(email => new_email(), password => 'correct horse', name => 'n' x 200)->{status}, 201, 'a name of 200 characters');
done_testing;
