# SPDX-License-Identifier: Apache-2.0
# What administrators do with accounts: find, show, change, verify, disable, delete, sign out.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $boss      = admin();
my @as_boss   = bearer($boss);
my $candidate = person(name => 'Ada');
my $id        = $candidate->{user}{id};

# Who may use these routes.
for my $case ([GET => '/users'], [GET => "/users/$id"], [PATCH => "/users/$id"], [DELETE => "/users/$id"],
    [GET => "/users/$id/sessions"], [DELETE => "/users/$id/sessions"], [POST => '/recruiter/verify']) {
    my ($method, $path) = @$case;
    my @body = $method =~ /^P/ ? (json => {}) : ();
    problem_is(api($method => $path, @body), 401, 'token_missing', "$method $path: nobody");
    problem_is(api($method => $path, @body, bearer($candidate)), 403, 'insufficient_role', "$method $path: a candidate");
}

# Finding accounts.
my $mark   = 'list' . $$ . 'x' . time;
my @listed = map { person(email => "$mark-$_\@example.org") } 1 .. 5;
my $all    = api(GET => "/users?email=" . uc $mark, @as_boss);
is($all->{status}, 200, 'a list');
is_deeply([map { $_->{email} } @{ $all->{json}{items} }], [map { "$mark-$_\@example.org" } 1 .. 5], 'in the order of creation');
is($all->{json}{next_cursor}, undef, 'all of it');
is_deeply([sort keys %{ $all->{json}{items}[0] }],
    [qw(created_at disabled email email_verified id is_recruiter_verified name roles)], 'users as everywhere');
my (@seen, $cursor, $pages);
do {
    my $page = api(GET => "/users?email=$mark&limit=2" . ($cursor ? "&cursor=$cursor" : ''), @as_boss);
    push @seen, map { $_->{email} } @{ $page->{json}{items} };
    $cursor = $page->{json}{next_cursor};
    # Accounts are added and deleted while a client reads the pages. No account is missing, and none is listed twice.
    api(DELETE => "/users/$listed[0]{user}{id}", @as_boss) if !$pages++;
} while ($cursor);
is_deeply(\@seen, [map { "$mark-$_\@example.org" } 1 .. 5], 'page by page, the same');
is($pages, 3, 'in three pages');
is(scalar @{ api(GET => "/users?email=$mark&role=admin", @as_boss)->{json}{items} }, 0, 'by role');
is(scalar @{ api(GET => "/users?email=$mark&role=candidate", @as_boss)->{json}{items} }, 4, 'by another role');
is(scalar @{ api(GET => '/users?email=%25&limit=5', @as_boss)->{json}{items} }, 0, 'a prefix is no pattern');
for my $bad ('limit=0', 'limit=201', 'limit=x', 'limit=', 'limit=1e1', 'cursor=x', 'cursor=', 'role=nobody', 'limit=5&cursor=zz&role=q') {
    my $answer = api(GET => "/users?$bad", @as_boss);
    problem_is($answer, 422, 'validation_failed', "?$bad");
    is(scalar @{ $answer->{json}{errors} }, scalar(split /&/, $bad) - ($bad =~ /^limit=5/ ? 1 : 0), 'each one named');
}

# Showing one account.
is(api(GET => "/users/$id", @as_boss)->{json}{email}, $candidate->{email}, 'one account');
is(api(HEAD => "/users/$id", @as_boss)->{status}, 200, 'HEAD too');
problem_is(api(GET => '/users/' . 'f' x 24, @as_boss), 404, 'not_found', 'an id of nobody');
problem_is(api(GET => "/users/$_", @as_boss), 404, 'not_found', "no id: $_") for 'x', uc $id, "${id}0", substr($id, 1), '%7Bid%7D';
my $wrong = api(PUT => "/users/$id", json => {}, @as_boss);
problem_is($wrong, 405, 'method_not_allowed', 'PUT');
is($wrong->{headers}->header('Allow'), 'GET, HEAD, PATCH, DELETE, OPTIONS', 'and what is allowed');

# Changing an account.
my $changed = api(PATCH => "/users/$id", json => { name => 'Ada L.', roles => ['candidate', 'recruiter'] }, @as_boss);
is($changed->{status}, 200, 'changed') or diag $changed->{body};
is($changed->{json}{name}, 'Ada L.', 'the name');
is_deeply($changed->{json}{roles}, ['candidate', 'recruiter'], 'the roles');
ok(!$changed->{json}{is_recruiter_verified}, 'the role recruiter verifies nobody');
is_deeply(request(GET => '/api/protected/me', bearer($candidate))->{json}{roles}, ['candidate'], 'and does not count yet');
is(api(PATCH => "/users/$id", json => { is_recruiter_verified => JSON::true() }, @as_boss)->{status}, 200, 'verified');
is_deeply(request(GET => '/api/protected/me', bearer($candidate))->{json}{roles}, ['candidate', 'recruiter'], 'counts at once');
is(api(PATCH => "/users/$id", json => { name => undef }, @as_boss)->{json}{name}, undef, 'no name');
is(api(PATCH => "/users/$id", json => {}, @as_boss)->{status}, 200, 'nothing to change is fine');
for my $bad ({ roles => 'admin' }, { roles => ['nobody'] }, { roles => ['admin', 'admin'] }, { roles => [1] }, { disabled => 'yes' },
    { email => 'new@example.org' }, { name => "a\x01b" }, { is_recruiter_verified => undef }) {
    problem_is(api(PATCH => "/users/$id", json => $bad, @as_boss), 422, 'validation_failed', 'refused: ' . join ' ', keys %$bad);
}

# Verification.
my $recruiter = admin(role => 'recruiter');
my $rid       = api(GET => "/users?email=$recruiter->{email}", @as_boss)->{json}{items}[0]{id};
problem_is($recruiter->{login}, 403, 'recruiter_pending', 'not verified: not in');
is(api(POST => '/recruiter/verify', json => { user_id => $rid }, @as_boss)->{json}{is_recruiter_verified}, JSON::true(), 'verified by id');
my $in = api(POST => '/login', json => { email => $recruiter->{email}, password => $recruiter->{password} });
is($in->{status}, 200, 'signs in now');
is(api(POST => '/recruiter/verify', json => { email => uc $recruiter->{email}, verified => JSON::false() }, @as_boss)->{json}{is_recruiter_verified},
    JSON::false(), 'withdrawn by e-mail');
is_deeply(request(GET => '/api/protected/me', bearer => $in->{json}{access_token})->{json}{roles}, [], 'at once');
problem_is(api(POST => '/recruiter/verify', json => { user_id => $listed[1]{user}{id} }, @as_boss), 422, 'not_recruiter', 'no recruiter');
problem_is(api(POST => '/recruiter/verify', json => { user_id => 'f' x 24 }, @as_boss), 404, 'not_found', 'nobody');
problem_is(api(POST => '/recruiter/verify', json => { email => 'nobody@example.org' }, @as_boss), 404, 'not_found', 'nobody by e-mail');
problem_is(api(POST => '/recruiter/verify', json => $_, @as_boss), 422, 'validation_failed', 'neither, both, or no id')
    for {}, { user_id => $rid, email => 'a@example.org' }, { user_id => 'x' };

# Sessions.
my $second = api(POST => '/login', json => { email => $candidate->{email}, password => $candidate->{password}, device_id => 'phone' });
my $list   = api(GET => "/users/$id/sessions", @as_boss);
is(scalar @{ $list->{json}{items} }, 2, 'two places');
is($list->{json}{items}[1]{device_id}, 'phone', 'the second on a phone');
is_deeply([sort keys %{ $list->{json}{items}[0] }], [qw(created_at current device_id id ip last_used_at user_agent)], 'as the contract has them');
is(api(DELETE => "/users/$id/sessions", @as_boss)->{status}, 204, 'signed out everywhere');
problem_is(api(GET => '/me', bearer($candidate)), 401, 'token_revoked', 'the access token is dead');
problem_is(api(POST => '/refresh', json => { refresh_token => $second->{json}{refresh_token} }), 401, 'refresh_invalid', 'the refresh token too');
is(scalar @{ api(GET => "/users/$id/sessions", @as_boss)->{json}{items} }, 0, 'nowhere now');

# Disabling and deleting.
my $again = api(POST => '/login', json => { email => $candidate->{email}, password => $candidate->{password} });
is(api(PATCH => "/users/$id", json => { disabled => JSON::true() }, @as_boss)->{json}{disabled}, JSON::true(), 'disabled');
problem_is(api(GET => '/me', bearer => $again->{json}{access_token}), 401, 'token_revoked', 'out at once');
problem_is(api(POST => '/login', json => { email => $candidate->{email}, password => $candidate->{password} }), 401, 'invalid_credentials', 'and not in again');
is(api(PATCH => "/users/$id", json => { disabled => JSON::false() }, @as_boss)->{status}, 200, 'enabled');
problem_is(api(GET => '/me', bearer => $again->{json}{access_token}), 401, 'token_revoked', 'what was dead stays dead');
is(api(POST => '/login', json => { email => $candidate->{email}, password => $candidate->{password} })->{status}, 200, 'but may sign in');
my $gone = api(DELETE => "/users/$id", @as_boss);
is($gone->{status}, 204, 'deleted');
is($gone->{body}, '', 'no body');
problem_is(api(DELETE => "/users/$id", @as_boss), 404, 'not_found', 'once');
problem_is(api(GET => "/users/$id", @as_boss), 404, 'not_found', 'gone');
problem_is(api(POST => '/login', json => { email => $candidate->{email}, password => $candidate->{password} }), 401, 'invalid_credentials', 'nobody of that name');
is(person(email => $candidate->{email})->{user}{email}, $candidate->{email}, 'the address is free again');

# The last administrator cannot be removed. First the other administrators of this run are made harmless.
admin();    # at least one, whatever other test files left
my $mine    = $boss->{user}{id};
my @admins  = grep { $_->{id} ne $mine && !$_->{disabled} } @{ api(GET => '/users?role=admin&limit=200', @as_boss)->{json}{items} };
cmp_ok(scalar @admins, '>', 0, 'there are other admins');
is(api(PATCH => "/users/$_->{id}", json => { disabled => JSON::true() }, @as_boss)->{status}, 200, 'another admin goes') for @admins;
problem_is(api(PATCH => "/users/$mine", json => { roles => ['candidate'] }, @as_boss), 409, 'last_admin', 'cannot demote themself');
problem_is(api(PATCH => "/users/$mine", json => { disabled => JSON::true() }, @as_boss), 409, 'last_admin', 'nor disable');
problem_is(api(DELETE => "/users/$mine", @as_boss), 409, 'last_admin', 'nor delete');
is(api(PATCH => "/users/$mine", json => { name => 'Boss' }, @as_boss)->{status}, 200, 'but take a name');
is(api(PATCH => "/users/$_->{id}", json => { disabled => JSON::false() }, @as_boss)->{status}, 200, 'the others are back') for @admins;
my $other = admin();
is(api(PATCH => "/users/$mine", json => { roles => [] }, @as_boss)->{status}, 200, 'with another one: steps down');
problem_is(api(GET => '/users', @as_boss), 403, 'insufficient_role', 'and is none any more');
is(api(GET => '/users', bearer($other))->{status}, 200, 'the other one is');

# Requests by cookie need the CSRF token and the Origin on these routes, too.
my $login = api(POST => '/login', json => { email => $other->{email}, password => $other->{password} },
    headers => { 'X-Token-Delivery' => 'cookie', Origin => origin() });
my $jar = jar_from($login);
problem_is(api(DELETE => "/users/$listed[2]{user}{id}", cookies => $jar, headers => { Origin => origin() }), 403, 'csrf_failed', 'no CSRF token');
problem_is(api(DELETE => "/users/$listed[2]{user}{id}", cookies => $jar, headers => { 'X-CSRF-Token' => $jar->{csrf_token}, Origin => 'https://evil.example' }),
    403, 'origin_denied', 'another origin');
is(api(DELETE => "/users/$listed[2]{user}{id}", cookies => $jar, headers => { 'X-CSRF-Token' => $jar->{csrf_token}, Origin => origin() })->{status},
    204, 'with both');
done_testing;
