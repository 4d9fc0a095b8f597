# SPDX-License-Identifier: Apache-2.0
# Accounts with a username and no e-mail address: sign-in, the own account, what administrators see, guarded pages.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my @as_boss  = bearer(admin());
my $name     = sprintf 'grace.%d-%d', $$, time;
my $password = 'correct horse 9';

sub make {
    my ($status, $out, $err) = cli([qw(user create --json --role candidate), @_], "$password\n");
    is($status, 0, 'an account by the tool') or diag $err;
    return JSON::decode_json($out);
}
my $grace = make('--username', uc $name, '--name', 'Grace');
my $login = api(POST => '/login', json => { username => ucfirst $name, password => $password, device_id => 'laptop' });
is($login->{status}, 200, 'signs in, in any case of letters') or diag $login->{body};
my $user = $login->{json}{user};
is_deeply([sort keys %$user], [qw(created_at disabled email email_verified id is_recruiter_verified name roles username)], 'has a username');
is($user->{username}, $name, 'in lower case');
is($user->{email}, undef, 'and no address');
ok(!$user->{email_verified}, 'which is not proven');
my @as = bearer($login->{json});
problem_is(api(POST => '/login', json => { username => $name, password => "${password}x" }), 401, 'invalid_credentials', 'a wrong password');
problem_is(api(POST => '/login', json => { email => $name, password => $password }), 401, 'invalid_credentials', 'it is no address');
problem_is(api(POST => '/login/candidate', json => { username => $name, password => $password }), 422, 'validation_failed',
    'the doors of roles take addresses only');

# The own account.
is_deeply(api(GET => '/me', @as)->{json}, $user, '/me');
is(request(GET => '/api/protected/me', @as)->{json}{id}, $grace->{id}, 'the sample endpoint');
is(request(GET => '/api/protected/me', @as)->{json}{email}, undef, '... without an address');
my $sessions = api(GET => '/sessions', @as)->{json}{items};
is(scalar(grep { $_->{current} && $_->{device_id} eq 'laptop' } @$sessions), 1, 'its session');
my $again = api(POST => '/refresh', json => { refresh_token => $login->{json}{refresh_token} });
is($again->{status}, 200, 'refresh') or diag $again->{body};
is($again->{json}{user}{username}, $name, '... the same user');
@as = bearer($again->{json});
problem_is(api(POST => '/me/password', json => { current_password => 'wrong horse', new_password => 'another horse' }, @as),
    403, 'invalid_credentials', 'a password change needs the current one');
my $changed = api(POST => '/me/password', json => { current_password => $password, new_password => 'another horse' }, @as);
is($changed->{status}, 200, 'a password change') or diag $changed->{body};
is(api(POST => '/login', json => { username => $name, password => 'another horse' })->{status}, 200, '... and the new password opens');

# Administrators.
my $other = person();
is(api(GET => "/users/$grace->{id}", @as_boss)->{json}{username}, $name, 'an admin sees the username');
ok(!exists api(GET => "/users/$other->{user}{id}", @as_boss)->{json}{username}, 'and none where there is none');
is_deeply([map { $_->{id} } @{ api(GET => '/users?username=' . uc $name, @as_boss)->{json}{items} }], [$grace->{id}], 'finds it');
is_deeply(api(GET => "/users?username=$name&email=a", @as_boss)->{json}{items}, [], 'both filters count');
is(api(GET => "/users?username=$name&role=candidate", @as_boss)->{json}{items}[0]{username}, $name, 'with the role');
is_deeply(api(GET => "/users?username=$name&role=admin", @as_boss)->{json}{items}, [], 'without it');
is_deeply(api(GET => '/users?username=%25', @as_boss)->{json}{items}, [], 'a prefix is no pattern');
problem_is(api(GET => '/users?username=%00', @as_boss), 422, 'validation_failed', 'a NUL');
is(api(PATCH => "/users/$grace->{id}", json => { name => undef }, @as_boss)->{json}{username}, $name, 'a change keeps it');
problem_is(api(PATCH => "/users/$grace->{id}", json => { username => 'another' }, @as_boss), 422, 'validation_failed', 'it cannot be changed');

# A page that the account may not see names it.
my $page = request(GET => '/admin/x', bearer($changed->{json}), headers => { 'Sec-Fetch-Mode' => 'navigate' });
is($page->{status}, 403, 'a page for admins');
like($page->{body}, qr/signed in as <strong><bdi>Grace</, '... whose refusal has the name');

is(request(GET => $_, bearer($changed->{json}))->{status}, 404, "$_ lets it in, where there is no such file") for '/any/x', '/candidate/x', '/mail/x';

make('--username', "$name.x");
$page = request(GET => '/admin/x', bearer(api(POST => '/login', json => { username => "$name.x", password => $password })->{json}), headers => { 'Sec-Fetch-Mode' => 'navigate' });
like($page->{body}, qr/signed in as <strong><bdi>\Q$name.x\E</, '... or the username, without a name and an address');

# It deletes itself, and the name is free.
is(api(DELETE => '/me', json => { password => 'another horse' }, bearer($changed->{json}))->{status}, 204, 'deletes itself');
problem_is(api(POST => '/login', json => { username => $name, password => 'another horse' }), 401, 'invalid_credentials', 'it is gone');
isnt(make('--username', $name)->{id}, $grace->{id}, 'and its name is free');

done_testing();
