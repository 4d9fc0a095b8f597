# SPDX-License-Identifier: Apache-2.0
# How accounts become recruiters: by an admin, by an invite at registration, or by an invite at sign-in. Nobody can do it alone.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use POSIX ();
use Test::More;

my $boss     = admin();
my @as_boss  = bearer($boss);
my $password = 'three calm words';

sub invite {
    my ($email, %o) = @_;
    my $answer = api(POST => '/recruiter/invites', json => { email => $email, %o }, @as_boss);
    is($answer->{status}, 201, 'an invite') or diag $answer->{body};
    secret_used($answer->{json}{code});
    return $answer->{json};
}

sub sign_up { my ($email, %o) = @_; return api(POST => '/register/recruiter', json => { email => $email, password => $password, %o }) }
sub sign_in { my ($email, %o) = @_; return api(POST => '/login/recruiter', json => { email => $email, password => $password, %o }) }

# Without an invite or an admin it is refused.
my $email = new_email();
problem_is(sign_up($email), 403, 'invite_required', 'without an invite');
problem_is(sign_up($email, verified => JSON::true()), 403, 'invite_required', 'saying so does not help');
problem_is(sign_up($email, invite_code => 'made up'), 403, 'invite_invalid', 'a code made up');
problem_is(sign_up($email, invite_code => ''), 403, 'invite_invalid', 'an empty one');
problem_is(api(POST => '/register/recruiter', json => { email => $email, password => $password }, bearer(person())), 403, 'invite_required', 'a candidate');
problem_is(api(POST => '/register/recruiter', json => { email => $email, password => $password }, bearer => 'a.b.c'), 401, 'token_invalid', 'a bad bearer');
problem_is(sign_in($email), 401, 'invalid_credentials', 'and there is no account');

# By an admin.
my $made = api(POST => '/register/recruiter', json => { email => new_email(), password => $password, name => 'R' }, @as_boss);
is($made->{status}, 201, 'an admin makes one') or diag $made->{body};
ok(!exists $made->{json}{access_token}, 'and gets no tokens for it');
is_deeply($made->{json}{roles}, ['recruiter'], 'a recruiter');
ok($made->{json}{is_recruiter_verified}, 'verified');
is(sign_in($made->{json}{email})->{status}, 200, 'who signs in');
my $waits = api(POST => '/register/recruiter', json => { email => new_email(), password => $password, verified => JSON::false() }, @as_boss);
ok(!$waits->{json}{is_recruiter_verified}, 'or one who waits');
problem_is(sign_in($waits->{json}{email}), 403, 'recruiter_pending', 'and does not get in');
is(sign_in($waits->{json}{email})->{json}{detail}, 'Recruiter pending verification', 'being told so');
problem_is(api(POST => '/login/candidate', json => { email => $made->{json}{email}, password => $password }), 403, 'not_candidate', 'the other door is not theirs');

# By an invite at registration.
my $invite = invite(uc $email);
is_deeply([sort keys %$invite], [qw(code created_at email expires_at id)], 'as the contract has it');
is($invite->{email}, lc $email, 'for one address');
problem_is(sign_up(new_email(), invite_code => $invite->{code}), 403, 'invite_invalid', q{somebody else's});
problem_is(api(POST => '/register/recruiter', json => { email => $email, password => 'short', invite_code => $invite->{code} }), 422, 'validation_failed', 'a mistake');
my $in = sign_up($email, invite_code => $invite->{code}, name => 'Grace');
is($in->{status}, 201, 'does not use it up') or diag $in->{body};
is_deeply($in->{json}{user}{roles}, ['recruiter'], 'a recruiter');
ok($in->{json}{user}{is_recruiter_verified}, 'verified');
is_deeply(request(GET => '/api/protected/me', bearer => $in->{json}{access_token})->{json}{roles}, ['recruiter'], 'at once');
problem_is(sign_up(new_email(), invite_code => $invite->{code}), 403, 'invite_invalid', 'it is good once');
problem_is(sign_up($email, invite_code => $invite->{code}), 403, 'invite_invalid', 'for its owner too');

# By an invite at sign-in: a candidate becomes a recruiter, and a pending recruiter is verified.
my $ada = person(password => $password, email => new_email());
my $ada_password = $ada->{password};
sub ada_in { my (%o) = @_; return api(POST => '/login/recruiter', json => { email => $ada->{email}, password => $ada_password, %o }) }
problem_is(ada_in(), 403, 'not_recruiter', 'a candidate');
problem_is(ada_in(invite_code => 'made up'), 403, 'invite_invalid', 'with a code made up');
my $hers = invite($ada->{email});
problem_is(api(POST => '/login/recruiter', json => { email => $ada->{email}, password => 'wrong', invite_code => $hers->{code} }), 401, 'invalid_credentials', 'a sign-in that fails');
my $as_recruiter = ada_in(invite_code => $hers->{code});
is($as_recruiter->{status}, 200, 'does not use it up') or diag $as_recruiter->{body};
is_deeply($as_recruiter->{json}{user}{roles}, ['candidate', 'recruiter'], 'both now');
is(ada_in()->{status}, 200, 'and without it from then on');
is(api(POST => '/recruiter/verify', json => { user_id => $ada->{user}{id}, verified => JSON::false() }, @as_boss)->{status}, 200, 'withdrawn');
problem_is(ada_in(), 403, 'recruiter_pending', 'out again');
problem_is(ada_in(invite_code => $hers->{code}), 403, 'invite_invalid', 'and the old invite does not undo it');
is(sign_in($waits->{json}{email}, invite_code => invite($waits->{json}{email})->{code})->{status}, 200, 'one who waited is verified by an invite');

# Listing and revoking.
my $later = invite(new_email(), expires_in_hours => 1);
my ($cursor, @all);
do {
    my $page = api(GET => '/recruiter/invites?limit=3' . ($cursor ? "&cursor=$cursor" : ''), @as_boss);
    is($page->{status}, 200, 'a page of invites');
    push @all, @{ $page->{json}{items} };
    $cursor = $page->{json}{next_cursor};
} while ($cursor);
my %by_id = map { $_->{id} => $_ } @all;
is($by_id{ $invite->{id} }{used_by}, $in->{json}{user}{id}, 'who used it');
is($by_id{ $later->{id} }{used_at}, undef, 'one that is open');
ok(!exists $by_id{ $later->{id} }{code}, 'the code is not shown again');
is(api(DELETE => "/recruiter/invites/$later->{id}", @as_boss)->{status}, 204, 'revoked');
problem_is(api(DELETE => "/recruiter/invites/$later->{id}", @as_boss), 404, 'not_found', 'once');
problem_is(sign_up($later->{email}, invite_code => $later->{code}), 403, 'invite_invalid', 'and good for nothing');
problem_is(api(DELETE => "/recruiter/invites/$invite->{id}", @as_boss), 404, 'not_found', 'a used one is not to be revoked');
problem_is(api(POST => '/recruiter/invites', json => $_, @as_boss), 422, 'validation_failed', 'a bad invite')
    for {}, { email => 'x' }, map { +{ email => $email, expires_in_hours => $_ } } 0, 8761, 1.5, '5';
problem_is(api(@$_, bearer(person())), 403, 'insufficient_role', "$_->[0] is for admins")
    for [POST => '/recruiter/invites', json => { email => $email }], [GET => '/recruiter/invites'], [DELETE => "/recruiter/invites/$later->{id}"];

# Many requests use one invite at the same moment: exactly one account becomes a recruiter, and the others are unchanged.
my $prize = invite(my $wanted = new_email());
my @racers;
for my $n (1 .. 16) {
    my $pid = open(my $said, '-|') // die "fork: $!";
    if (!$pid) {
        my $answer = sign_up($wanted, invite_code => $prize->{code});
        $answer = sign_up($wanted, invite_code => $prize->{code}) while $answer->{status} == 503;
        print $answer->{status};
        close STDOUT;
        POSIX::_exit(0);
    }
    push @racers, $said;
}
my @got = map { my $line = <$_>; close $_; $line } @racers;
is(scalar(grep { $_ == 201 } @got), 1, "one of sixteen (@got)");
is(scalar(grep { $_ == 409 || $_ == 403 } @got), 15, 'the others are told');
is(scalar @{ api(GET => "/users?email=$wanted", @as_boss)->{json}{items} }, 1, 'one account');
is(sign_in($wanted)->{status}, 200, 'whole');

# Cookies of an admin that a browser sends without the CSRF token give no right to make recruiters.
my $login = api(POST => '/login', json => { email => $boss->{email}, password => $boss->{password} }, headers => { 'X-Token-Delivery' => 'cookie', Origin => origin() });
my $jar = jar_from($login);
problem_is(api(POST => '/register/recruiter', json => { email => new_email(), password => $password }, cookies => $jar, headers => { Origin => origin() }),
    403, 'invite_required', q{an admin's cookies without their CSRF token});
is(api(POST => '/register/recruiter', json => { email => new_email(), password => $password }, cookies => $jar,
        headers => { Origin => origin(), 'X-CSRF-Token' => $jar->{csrf_token} })->{status}, 201, 'with it: an admin');

# RECRUITER_REGISTRATION: who may register without an invite.
for my $way (qw(pending open)) {
    my $httpd = AuthPlatform::Httpd->new(settings => "RECRUITER_REGISTRATION=$way\n", more => qq{<Location "/recruiters">\nAuthType Platform\nAuthName "t"\nRequire role recruiter\n</Location>\n})->start;
    my %rob = (email => new_email(), password => $password);
    my $answer = $httpd->api('/register/recruiter', { %rob, name => 'Rob', verified => JSON::true() });
    my $who    = $way eq 'open' ? $answer->{json}{user} : $answer->{json};
    is($answer->{status}, 201, "$way: anybody registers as a recruiter") or diag $answer->{body};
    is_deeply($who->{roles}, ['recruiter'], "$way: with that role alone");
    is($who->{is_recruiter_verified} ? 'verified' : 'not yet', $way eq 'open' ? 'verified' : 'not yet', "$way: saying so verifies nobody");
    ok(!$who->{email_verified}, "$way: the address is not proven");
    is($httpd->api('/register/recruiter', \%rob)->{status}, 409, "$way: once");
    is($httpd->api('/register/recruiter', { %rob, email => new_email(), invite_code => 'made up' })->{json}{code}, 'invite_invalid', "$way: a code that is sent counts");
    my $candidate = $httpd->api('/register', { email => new_email(), password => $password })->{json};
    is($httpd->api('/login/recruiter', { email => $candidate->{user}{email}, password => $password })->{json}{code}, 'not_recruiter', "$way: who is a candidate stays one");
    my $login = $httpd->api('/login/recruiter', \%rob);
    if ($way eq 'open') {
        is($httpd->get('/recruiters', bearer => $answer->{json}{access_token})->{status}, 404, 'open: signed in at once, and let in');
        is($login->{status}, 200, 'open: and again');
    } else {
        ok(!exists $answer->{json}{access_token}, 'pending: without tokens');
        is_deeply($answer->{headers}{'set-cookie'} // [], [], 'pending: without cookies');
        is("$login->{status} $login->{json}{code}", '403 recruiter_pending', 'pending: cannot sign in');
        is($httpd->api('/login', \%rob)->{json}{code}, 'recruiter_pending', 'pending: at no door');
    }
    $httpd->stop;
}
done_testing;
