# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my $done = { message => 'Logged out successfully' };
sub alive { return api(GET => '/me', bearer($_[0]))->{status} == 200 }
sub login { return api(POST => '/login', json => { email => $_[0]{email}, password => $_[0]{password} })->{json} }

my $p   = person();
my $out = api(POST => '/logout', json => { refresh_token => $p->{refresh_token} });
is($out->{status}, 200, 'POST /logout with the refresh token') or diag $out->{body};
is_deeply($out->{json}, $done, 'the words of the contract');
problem_is(api(GET => '/me', bearer($p)), 401, 'token_revoked', 'the access token is dead at once');
problem_is(api(POST => '/refresh', json => { refresh_token => $p->{refresh_token} }), 401, 'refresh_invalid', 'so is the refresh token');
is_deeply(api(POST => '/logout', json => { refresh_token => $p->{refresh_token} })->{json}, $done, 'again: the same answer');

my $q = person();
is_deeply(api(POST => '/logout', bearer($q))->{json}, $done, 'with the bearer alone, without a body');
ok(!alive($q), 'the session has ended');

# Ends one session, or all of them.
my $r     = person();
my @more  = map { login($r) } 1 .. 3;
is(api(POST => '/logout', json => { refresh_token => $more[0]{refresh_token} })->{status}, 200, 'one of four');
ok(!alive($more[0]) && alive($r) && alive($more[1]) && alive($more[2]), 'ends that one only');
is(api(POST => '/logout', json => { all => JSON::true() }, bearer($r))->{status}, 200, 'all of them');
ok(!alive($r) && !alive($more[1]) && !alive($more[2]), 'ends every one');

# The token in the body is used first, then the bearer token.
my $a = person();
my $b = person();
is(api(POST => '/logout', json => { refresh_token => $a->{refresh_token} }, bearer($b))->{status}, 200, 'both a token and a bearer');
ok(!alive($a) && alive($b), 'the token in the body counts');

# Forged tokens end no session, and the answer is the same.
my $forged = $b->{access_token};
substr($forged, -2, 1) = substr($forged, -2, 1) eq 'A' ? 'B' : 'A';
is_deeply(api(POST => '/logout', bearer => $forged)->{json}, $done, 'a forged bearer: 200');
is_deeply(api(POST => '/logout', json => { refresh_token => 'nonsense' })->{json}, $done, 'a forged refresh token: 200');
ok(alive($b), 'and nothing ended');
problem_is(api(POST => '/logout'), 401, 'token_missing', 'no credential at all');
problem_is(api(POST => '/logout', json => { all => 'yes' }, bearer($b)), 422, 'validation_failed', 'all is a boolean');
ok(alive($b), 'still there');
done_testing;
