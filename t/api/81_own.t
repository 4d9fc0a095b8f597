# SPDX-License-Identifier: Apache-2.0
# One's own account: name, password, devices, deletion.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use POSIX ();
use Test::More;

my $me  = person(name => 'Ada');
my @as  = bearer($me);
my $bad = 'not the password';

# Name.
is(api(PATCH => '/me', json => { name => 'Ada L.' }, @as)->{json}{name}, 'Ada L.', 'a name');
is(api(GET => '/me', @as)->{json}{name}, 'Ada L.', 'kept');
is(api(PATCH => '/me', json => { name => undef }, @as)->{json}{name}, undef, 'none');
is(api(PATCH => '/me', json => {}, @as)->{status}, 200, 'nothing to change is fine');
problem_is(api(PATCH => '/me', json => $_, @as), 422, 'validation_failed', join ' ', 'refused:', keys %$_)
    for { roles => ['admin'] }, { email => 'x@example.org' }, { name => 'x' x 201 }, { is_recruiter_verified => JSON::true() };
problem_is(api(PATCH => '/me', json => { name => 'x' }), 401, 'token_missing', 'nobody');

# The list of devices.
my $phone = api(POST => '/login', json => { email => $me->{email}, password => $me->{password}, device_id => 'phone' },
    headers => { 'User-Agent' => 'A phone' });
my $tablet = api(POST => '/login', json => { email => $me->{email}, password => $me->{password}, device_id => 'tablet' });
my $list   = api(GET => '/sessions', @as)->{json};
is(scalar @{ $list->{items} }, 3, 'three devices');
is_deeply([map { $_->{current} ? 1 : 0 } @{ $list->{items} }], [1, 0, 0], 'one of them asks');
like($list->{items}[1]{user_agent}, qr{A phone}, 'told apart');
is($list->{items}[1]{ip}, '127.0.0.1', 'and where');
my $first = api(GET => '/sessions?limit=2', @as)->{json};
is(scalar @{ $first->{items} }, 2, 'a page');
is(api(GET => "/sessions?cursor=$first->{next_cursor}", @as)->{json}{items}[0]{device_id}, 'tablet', 'and the next');
problem_is(api(GET => '/sessions?limit=-1', @as), 422, 'validation_failed', 'a bad limit');
my $stranger = person();
my ($theirs) = @{ api(GET => '/sessions', bearer($stranger))->{json}{items} };
problem_is(api(DELETE => "/sessions/$theirs->{id}", @as), 404, 'not_found', q{somebody else's});
is(api(GET => '/me', bearer($stranger))->{status}, 200, 'is left alone');
is(api(DELETE => "/sessions/$list->{items}[1]{id}", @as)->{status}, 204, 'one device out');
problem_is(api(GET => '/me', bearer => $phone->{json}{access_token}), 401, 'token_revoked', 'at once');
problem_is(api(DELETE => "/sessions/$list->{items}[1]{id}", @as), 404, 'not_found', 'once');
is(api(DELETE => '/sessions', @as)->{status}, 204, 'all others out');
problem_is(api(POST => '/refresh', json => { refresh_token => $tablet->{json}{refresh_token} }), 401, 'refresh_invalid', 'the tablet too');
is(api(GET => '/me', @as)->{status}, 200, 'this one stays');
is(api(DELETE => '/sessions', @as)->{status}, 204, 'nobody else is fine');

# Changing the password.
my $other = api(POST => '/login', json => { email => $me->{email}, password => $me->{password} });
my $new   = 'four rather calm words';
problem_is(api(POST => '/me/password', json => { current_password => $bad, new_password => $new }, @as), 403, 'invalid_credentials', 'the wrong one');
problem_is(api(POST => '/me/password', json => { new_password => $new }, @as), 403, 'invalid_credentials', 'none');
problem_is(api(POST => '/me/password', json => { current_password => $me->{password}, new_password => 'short' }, @as), 422, 'validation_failed', 'too short a new one');
problem_is(api(POST => '/me/password', json => { current_password => 'x' x 100, new_password => $new }, @as), 403, 'invalid_credentials', 'longer than any');
is(api(GET => '/me', bearer => $other->{json}{access_token})->{status}, 200, 'nothing has changed');
my $changed = api(POST => '/me/password', json => { current_password => $me->{password}, new_password => $new }, @as);
is($changed->{status}, 200, 'changed') or diag $changed->{body};
ok($changed->{json}{access_token} && $changed->{json}{refresh_token}, 'new tokens');
problem_is(api(GET => '/me', bearer => $other->{json}{access_token}), 401, 'token_revoked', 'the other device is out');
problem_is(api(POST => '/refresh', json => { refresh_token => $other->{json}{refresh_token} }), 401, 'refresh_invalid', 'for good');
problem_is(api(GET => '/me', @as), 401, 'token_revoked', 'the old access token of this one is dead too');
is(api(GET => '/me', bearer => $changed->{json}{access_token})->{status}, 200, 'the new one works');
my $next = api(POST => '/refresh', json => { refresh_token => $changed->{json}{refresh_token} });
is($next->{status}, 200, 'and refreshes');
@as = (bearer => $next->{json}{access_token});
is(scalar @{ api(GET => '/sessions', @as)->{json}{items} }, 1, 'one device is left');
problem_is(api(POST => '/login', json => { email => $me->{email}, password => $me->{password} }), 401, 'invalid_credentials', 'the old password is over');
is(api(POST => '/login', json => { email => $me->{email}, password => $new })->{status}, 200, 'the new one signs in');

# Two requests change the password at once, and both send the present one. One of them must fail.
my @racing;
for my $n (1 .. 6) {
    my $pid = open(my $said, '-|') // die "fork: $!";
    if (!$pid) {
        my $answer = api(POST => '/me/password', json => { current_password => $new, new_password => "word of racer $n" }, @as);
        print $answer->{status};
        close STDOUT;
        POSIX::_exit(0);
    }
    push @racing, $said;
}
my @statuses = map { my $line = <$_>; close $_; $line } @racing;
is(scalar(grep { $_ == 200 } @statuses), 1, "one of six changes it (@statuses)");
is(scalar(grep { !/^(?:200|401|403|503)$/ } @statuses), 0, 'the others are told');

# Requests by cookie: the new tokens are cookies, and the CSRF token is needed.
my $login = api(POST => '/register', json => { email => new_email(), password => 'three calm words' },
    headers => { 'X-Token-Delivery' => 'cookie', Origin => origin() });
my $jar  = jar_from($login);
my %safe = (cookies => $jar, headers => { 'X-CSRF-Token' => $jar->{csrf_token}, Origin => origin() });
problem_is(api(POST => '/me/password', json => { current_password => 'three calm words', new_password => $new }, cookies => $jar, headers => { Origin => origin() }),
    403, 'csrf_failed', 'cookies without their CSRF token');
my $cooked = api(POST => '/me/password', json => { current_password => 'three calm words', new_password => $new }, %safe);
is($cooked->{status}, 200, 'with it');
ok(!exists $cooked->{json}{refresh_token}, 'the refresh token is not in the body');
my $fresh = { %$jar, %{ jar_from($cooked) } };
is(api(GET => '/me', cookies => $fresh)->{status}, 200, 'but in the cookies');

# Deleting the account.
%safe = (cookies => $fresh, headers => { 'X-CSRF-Token' => $fresh->{csrf_token}, Origin => origin() });
problem_is(api(DELETE => '/me', json => { password => $bad }, %safe), 403, 'invalid_credentials', 'not with a wrong password');
problem_is(api(DELETE => '/me', %safe), 403, 'invalid_credentials', 'nor without one');
my $gone = api(DELETE => '/me', json => { password => $new }, %safe);
is($gone->{status}, 204, 'deleted');
is(scalar(grep { $_->{value} eq '' || $_->{raw} =~ /Max-Age=0/ } values %{ $gone->{cookies} }), 3, 'and its cookies with it');
problem_is(api(GET => '/me', cookies => $fresh), 401, 'token_revoked', 'out at once');
problem_is(api(POST => '/login', json => { email => $login->{json}{user}{email}, password => $new }), 401, 'invalid_credentials', 'nobody of that name');
is(person(email => $login->{json}{user}{email})->{user}{email}, $login->{json}{user}{email}, 'the address is free again');
done_testing;
