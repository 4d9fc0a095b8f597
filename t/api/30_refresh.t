# SPDX-License-Identifier: Apache-2.0
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

expect_log(qr/AUTHP0301: refresh_reuse denied/);

sub refresh { return api(POST => '/refresh', json => { refresh_token => $_[0] }) }

my $p   = person();
my $one = refresh($p->{refresh_token});
is($one->{status}, 200, 'POST /refresh') or diag $one->{body};
isnt($one->{json}{refresh_token}, $p->{refresh_token}, 'a new refresh token');
isnt($one->{json}{access_token},  $p->{access_token},  'a new access token');
is_deeply($one->{json}{user}, $p->{user}, 'the user comes along');
is(api(GET => '/me', bearer($one->{json}))->{status}, 200, 'the new access token works');

my $again = refresh($p->{refresh_token});
is($again->{status}, 200, 'the token before, within the grace window');
is($again->{json}{refresh_token}, $one->{json}{refresh_token}, 'gives the same successor');

my $two = refresh($one->{json}{refresh_token});
is($two->{status}, 200, 'the chain goes on');

# A token that is two generations old is theft: the session ends.
my $stolen = refresh($p->{refresh_token});
problem_is($stolen, 401, 'refresh_reused', 'an older token');
problem_is(refresh($two->{json}{refresh_token}), 401, 'refresh_invalid', 'then the newest is dead');
problem_is(api(GET => '/me', bearer($two->{json})), 401, 'token_revoked', 'and the access tokens of that session');

# After the grace window the previous token counts as theft, too.
my $q    = person();
my $next = refresh($q->{refresh_token});
sleep 3;
problem_is(refresh($q->{refresh_token}), 401, 'refresh_reused', 'one behind, after the grace window');
problem_is(refresh($next->{json}{refresh_token}), 401, 'refresh_invalid', 'ends the session');

problem_is(api(POST => '/refresh'),            401, 'token_missing', 'no credential and no body');
problem_is(api(POST => '/refresh', json => {}), 401, 'token_missing', 'no credential in the body');
problem_is(api(POST => '/refresh', json => { refresh_token => 5 }), 422, 'validation_failed', 'not a string');

# Forged tokens are refused, and end no session.
my $r      = person();
my $t      = $r->{refresh_token};
my @forged = ('x', 'A' x length $t, substr($t, 0, -1), "$t=", "${t}A", reverse($t) . '', $r->{access_token}, '%00', "$t $t");
for my $at (0, 5, 17, 20, 30, length($t) - 1) {
    my $copy = $t;
    substr($copy, $at, 1) = substr($copy, $at, 1) eq 'A' ? 'B' : 'A';
    push @forged, $copy;
}
for my $forged (@forged) {
    my $answer = refresh($forged);
    is($answer->{status}, 401, 'forged: 401') or diag $forged;
    is($answer->{json}{code}, 'refresh_invalid', 'forged: code');
}
is(refresh($t)->{status}, 200, 'the real one still works');
done_testing;
