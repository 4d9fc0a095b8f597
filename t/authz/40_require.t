# SPDX-License-Identifier: Apache-2.0
# Conditions other than roles: a proven e-mail address, a recent sign-in, a claim. Also the refusal if one fails.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use JSON ();
use Test::More;
use Time::HiRes 'sleep';

my $p     = person();
my $admin = admin();
my %nav   = ('Sec-Fetch-Mode' => 'navigate');
my $now   = time;

sub may     { my ($name, $path, @rest) = @_; return is(request(GET => $path, @rest)->{status}, 200, $name) }
sub may_not { my ($name, $path, @rest) = @_; return problem_is(request(GET => $path, @rest), 403, 'insufficient_role', $name) }

sub too_old {
    my ($name, $seconds, $path, @rest) = @_;
    my $answer = request(GET => $path, @rest);
    problem_is($answer, 401, 'insufficient_user_authentication', $name);
    is($answer->{headers}->header('WWW-Authenticate'),
        qq(Bearer realm="auth_platform", error="insufficient_user_authentication", max_age="$seconds"), 'with the age that would do');
    return;
}
sub aged { my ($who, $age) = @_; return (bearer => bent_token($who, auth_time => $now - $age)) }

for my $place (qw(verified fresh admin-or-fresh long-ago claim-sub claim-sid claim-email claim-unproven claim-roles claim-not)) {
    problem_is(request(GET => "/require/$place/"), 401, 'token_missing', "$place: signed out is 401");
}

# Require verified.
my %proven = (bearer => bent_token($p, email_verified => JSON::true));
may_not('an address that was not proven', '/require/verified/', bearer($p));
may('a proven one', '/require/verified/', %proven);
is(request(GET => '/require/verified/', bearer($p), headers => {%nav})->{status}, 403, 'signing in again is no help: no redirect');

# Require auth-age.
may('signed in just now', '/require/fresh/', bearer($p));
may('50 seconds ago', '/require/fresh/', aged($p, 50));
too_old('70 seconds ago', 60, '/require/fresh/', aged($p, 70));
may('a minute ahead, by another clock', '/require/fresh/', aged($p, -60));
my $login = api(POST => '/login', json => { email => $p->{email}, password => $p->{password} })->{json};
sleep 2.1;
too_old('two seconds ago', 1, '/require/second/', bearer($login));
my $refreshed = api(POST => '/refresh', json => { refresh_token => $login->{refresh_token} });
is($refreshed->{status}, 200, 'a refresh');
too_old('does not make the sign-in younger', 1, '/require/second/', bearer($refreshed->{json}));
may('signing in does', '/require/second/', bearer => api(POST => '/login', json => { email => $p->{email}, password => $p->{password} })->{json}{access_token});

# A browser is sent to the sign-in page and not to /session/renew, because a renewal does not change the time of the sign-in.
for my $cookies ({}, { csrf_token => 'x' }) {
    my $sent = request(GET => '/require/fresh/?a=b', aged($p, 70), headers => {%nav}, cookies => $cookies);
    is($sent->{status}, 302, 'a navigation that is too old');
    is($sent->{headers}->header('Location'), '/signin.html?return_to=%2Frequire%2Ffresh%2F%3Fa%3Db', 'to the sign-in page');
}
my $gone = request(GET => '/require/fresh/', bearer => bent_token($p, exp => $now - 5), headers => {%nav}, cookies => { csrf_token => 'x' });
is($gone->{headers}->header('Location'), '/api/auth/session/renew?return_to=%2Frequire%2Ffresh%2F', 'one whose token is over goes to renew');
my $page = request(GET => '/require/fresh-nowhere/', aged($p, 70), headers => {%nav});
is($page->{status}, 401, 'no sign-in page: 401');
is($page->{headers}->content_type, 'text/html', 'as a page');
like($page->{headers}->header('WWW-Authenticate'), qr/max_age="60"/, 'with its challenge');
is(request(POST => '/require/fresh/', aged($p, 70), headers => {%nav}, body => '')->{status}, 401, 'other methods are not sent anywhere');

# Together with other conditions: 401 only if a new sign-in would help.
may('fresh and admin', '/require/fresh-admin/', bearer($admin));
too_old('admin, too old', 60, '/require/fresh-admin/', aged($admin, 70));
may_not('fresh, no admin', '/require/fresh-admin/', bearer($p));
may_not('neither', '/require/fresh-admin/', aged($p, 70));
may('RequireAny: an old admin', '/require/admin-or-fresh/', aged($admin, 7000));
may('the longest will do', '/require/admin-or-fresh/', aged($p, 200));
too_old('none will', 60, '/require/admin-or-fresh/', aged($p, 400));
may('RequireNone: long ago', '/require/long-ago/', aged($p, 70));
may_not('not long enough ago', '/require/long-ago/', bearer($p));
may('optional: fresh', '/optional-fresh/', bearer($p));
too_old('optional: too old', 60, '/optional-fresh/', aged($p, 70));
too_old('optional: an admin, too old', 60, '/optional-fresh-admin/', aged($admin, 70));
may_not('optional: no admin', '/optional-fresh-admin/', aged($p, 70));
problem_is(request(GET => '/optional-fresh/'), 401, 'token_missing', 'optional: signed out');

# Require platform-claim.
sub value { my ($value) = @_; return (headers => { 'X-Test-Value' => $value }) }
may('sub, from an expression', '/require/claim-sub/', bearer($p), value($p->{user}{id}));
may_not('another sub', '/require/claim-sub/', bearer($p), value($admin->{user}{id}));
may_not('part of one', '/require/claim-sub/', bearer($p), value(substr $p->{user}{id}, 0, 23));
may('sid', '/require/claim-sid/', bearer => bent_token($p, sid => 'a' x 24), value('a' x 24));
may_not('another sid', '/require/claim-sid/', bearer($p), value('a' x 24));
may_not('an e-mail address that was not proven', '/require/claim-email/', bearer($p), value($p->{email}));
may('a proven one', '/require/claim-email/', %proven, value($p->{email}));
may('in capitals', '/require/claim-email/', %proven, value(uc $p->{email}));
may_not('another one', '/require/claim-email/', %proven, value($admin->{email}));
may_not('no address at all', '/require/claim-email/', bearer => bent_token($p, email => undef, email_verified => JSON::true), value(''));
may('email_verified false', '/require/claim-unproven/', bearer($p));
may_not('email_verified true', '/require/claim-unproven/', %proven);
may('roles: one of them', '/require/claim-roles/', bearer($p));
may_not('none of them: admin passes roles, not claims', '/require/claim-roles/', bearer($admin));
may('not an admin, and proven', '/require/claim-not/', %proven);
may_not('not an admin, not proven', '/require/claim-not/', bearer($p));
may_not('a proven admin', '/require/claim-not/', bearer => bent_token($admin, email_verified => JSON::true));
done_testing;
