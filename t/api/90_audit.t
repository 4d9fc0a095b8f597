# SPDX-License-Identifier: Apache-2.0
# Every security event has its audit entries, with the X-Request-Id of the answer, and no entry contains a secret.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Rows;
use AuthPlatform::Test;
use JSON ();
use Test::More;
use Time::HiRes 'time';

expect_log(qr/AUTHP0301: refresh_reuse denied/);

my ($true, $false) = (JSON::true(), JSON::false());
my $boss     = admin();
my @as_boss  = bearer($boss);
my $password = 'three calm words';
my %person;    # by name: {id, email, access_token, refresh_token ...}

sub sign_in { my ($path, $email, %o) = @_; return api(POST => $path, json => { email => $email, password => $o{password} || $password, %{ $o{more} || {} } }) }
sub make {
    my ($name) = @_;
    my $made = person(password => $password);
    return $person{$name} = { %$made, id => $made->{user}{id} };
}
sub invite { my ($email) = @_; return api(POST => '/recruiter/invites', json => { email => $email }, @as_boss) }
sub session_of { my ($who) = @_; return (grep { $_->{current} } @{ api(GET => '/sessions', bearer($who))->{json}{items} })[0]{id} }

make($_) for qw(ada bob carl dora eve fred);
my ($me)       = $boss->{user}{id};
my $taken      = $person{bob}{email};
my $new        = new_email();
my $recruit    = invite(my $recruit_mail = new_email())->{json};
my $promotion  = invite($person{fred}{email})->{json};
my $unwanted   = invite(new_email())->{json};
secret_used($_->{code}) for $recruit, $promotion, $unwanted;
my $pending    = admin(role => 'recruiter');
my ($pending_id) = map { $_->{id} } @{ api(GET => "/users?email=$pending->{email}", @as_boss)->{json}{items} };
my $disabled   = $person{eve};
api(PATCH => "/users/$disabled->{id}", json => { disabled => $true }, @as_boss);
my $ada_session = session_of($person{ada});

# Returns the id of the account in the answer.
my ($seen, $answered);
sub subject { return $answered->{json}{user}{id} // $answered->{json}{id} }

# [what, request, [event, outcome, reason, actor, subject, session?], more entries]. An id may be a function, which is called after the
# answer.
my $own = sub { subject() };
my $any = sub { $seen->{session_id} =~ /^[0-9a-f]{24}$/ ? $seen->{session_id} : 'an id' };
my @cases = (
    ['registration', sub { api(POST => '/register', json => { email => $new, password => $password }) },
        ['register', 'ok', undef, $own, $own, undef]],
    ['registration, e-mail taken', sub { api(POST => '/register', json => { email => $taken, password => $password }) },
        ['register', 'denied', 'email_taken', undef, undef, undef]],
    ['recruiter by invite', sub { api(POST => '/register/recruiter', json => { email => $recruit_mail, password => $password, invite_code => $recruit->{code} }) },
        ['invite_use', 'ok', undef, $own, $recruit->{id}, undef], ['register', 'ok', undef, $own, $own, undef]],
    ['the same invite again', sub { api(POST => '/register/recruiter', json => { email => $recruit_mail, password => $password, invite_code => $recruit->{code} }) },
        ['register', 'denied', 'invite_invalid', undef, undef, undef]],
    ['recruiter by an admin', sub { api(POST => '/register/recruiter', json => { email => new_email(), password => $password }, @as_boss) },
        ['user_create', 'ok', undef, $me, $own, undef]],
    ['recruiter by an admin, e-mail taken', sub { api(POST => '/register/recruiter', json => { email => $taken, password => $password }, @as_boss) },
        ['user_create', 'denied', 'email_taken', $me, undef, undef]],
    ['sign-in', sub { sign_in('/login', $taken) }, ['login', 'ok', undef, $own, $own, $any]],
    ['sign-in, wrong password', sub { sign_in('/login', $taken, password => 'another word') },
        ['login', 'denied', 'invalid_credentials', undef, $person{bob}{id}, undef]],
    ['sign-in, unknown user', sub { sign_in('/login', new_email()) }, ['login', 'denied', 'invalid_credentials', undef, undef, undef]],
    ['sign-in, disabled user', sub { sign_in('/login', $disabled->{email}) }, ['login', 'denied', 'invalid_credentials', undef, $disabled->{id}, undef]],
    ['an admin at the candidates\' door', sub { sign_in('/login/candidate', $boss->{email}, password => $boss->{password}) },
        ['login', 'denied', 'not_candidate', undef, $me, undef]],
    ['a candidate at the recruiters\' door', sub { sign_in('/login/recruiter', $taken) }, ['login', 'denied', 'not_recruiter', undef, $person{bob}{id}, undef]],
    ['a recruiter who waits', sub { sign_in('/login/recruiter', $pending->{email}, password => $pending->{password}) },
        ['login', 'denied', 'recruiter_pending', undef, $pending_id, undef]],
    ['a bad invite at sign-in', sub { sign_in('/login/recruiter', $person{fred}{email}, more => { invite_code => 'made up' }) },
        ['login', 'denied', 'invite_invalid', undef, $person{fred}{id}, undef]],
    ['an invite at sign-in', sub { sign_in('/login/recruiter', $person{fred}{email}, more => { invite_code => $promotion->{code} }) },
        ['invite_use', 'ok', undef, $own, $promotion->{id}, undef], ['login', 'ok', undef, $own, $own, $any]],
    ['an invite made', sub { invite(new_email()) }, ['invite_create', 'ok', undef, $me, $own, undef]],
    ['an invite revoked', sub { api(DELETE => "/recruiter/invites/$unwanted->{id}", @as_boss) }, ['invite_revoke', 'ok', undef, $me, $unwanted->{id}, undef]],
    ['verified', sub { api(POST => '/recruiter/verify', json => { user_id => $pending_id }, @as_boss) },
        ['recruiter_verify', 'ok', undef, $me, $pending_id, undef]],
    ['withdrawn', sub { api(POST => '/recruiter/verify', json => { user_id => $pending_id, verified => $false }, @as_boss) },
        ['recruiter_withdraw', 'ok', undef, $me, $pending_id, undef]],
    ['no recruiter to verify', sub { api(POST => '/recruiter/verify', json => { user_id => $person{ada}{id} }, @as_boss) },
        ['recruiter_verify', 'denied', 'not_recruiter', $me, $person{ada}{id}, undef]],
    ['roles changed', sub { api(PATCH => "/users/$person{ada}{id}", json => { roles => ['candidate', 'recruiter'], name => 'Ada' }, @as_boss) },
        ['user_change', 'ok', 'roles,name', $me, $person{ada}{id}, undef]],
    ['disabled', sub { api(PATCH => "/users/$person{carl}{id}", json => { disabled => $true }, @as_boss) },
        ['user_change', 'ok', 'disabled', $me, $person{carl}{id}, undef]],
    ['enabled and not verified', sub { api(PATCH => "/users/$person{carl}{id}", json => { disabled => $false, is_recruiter_verified => $false }, @as_boss) },
        ['user_change', 'ok', 'enabled,not_verified', $me, $person{carl}{id}, undef]],
    ['a candidate asks for accounts', sub { api(GET => '/users', bearer($person{ada})) },
        ['access', 'denied', 'insufficient_role', $person{ada}{id}, undef, $ada_session]],
    ['signed out by an admin', sub { api(DELETE => "/users/$person{bob}{id}/sessions", @as_boss) }, ['sessions_end', 'ok', undef, $me, $person{bob}{id}, undef]],
    ['a wrong current password', sub { api(POST => '/me/password', json => { current_password => 'another word', new_password => $password }, bearer($person{ada})) },
        ['password_change', 'denied', 'invalid_credentials', $person{ada}{id}, $person{ada}{id}, $ada_session]],
    ['a new password', sub { api(POST => '/me/password', json => { current_password => $person{ada}{password}, new_password => "$password too" }, bearer($person{ada})) },
        ['password_change', 'ok', undef, $person{ada}{id}, $person{ada}{id}, $ada_session]],
    ['an account deleted by an admin', sub { api(DELETE => "/users/$disabled->{id}", @as_boss) }, ['user_delete', 'ok', undef, $me, $disabled->{id}, undef]],
    ['one\'s own, with a wrong password', sub { api(DELETE => '/me', json => { password => 'another word' }, bearer($person{dora})) },
        ['user_delete', 'denied', 'invalid_credentials', $person{dora}{id}, $person{dora}{id}, $any]],
);

# The events of one session, in their order.
my $gina    = make('gina');
my @devices = map { sign_in('/login', $gina->{email})->{json} } 1 .. 4;
my @ids     = map { session_of($_) } @devices;
my $first   = session_of($gina);
push @cases,
    ['one device out', sub { api(DELETE => "/sessions/$ids[0]", bearer($gina)) }, ['session_end', 'ok', undef, $gina->{id}, $gina->{id}, $ids[0]]],
    ['sign-out', sub { api(POST => '/logout', bearer($devices[1])) }, ['logout', 'ok', 'logout', $gina->{id}, $gina->{id}, $ids[1]]],
    ['a stolen token', sub {
            my $token = $devices[2]{refresh_token};
            $token = api(POST => '/refresh', json => { refresh_token => $token })->{json}{refresh_token} for 1, 2;
            return api(POST => '/refresh', json => { refresh_token => $devices[2]{refresh_token} });
        }, ['refresh_reuse', 'denied', 'refresh_reused', undef, $gina->{id}, $ids[2]]],
    ['all others out', sub { api(DELETE => '/sessions', bearer($gina)) }, ['sessions_end', 'ok', undef, $gina->{id}, $gina->{id}, $first]],
    ['sign-out everywhere', sub { api(POST => '/logout', json => { all => $true }, bearer($gina)) }, ['logout', 'ok', 'logout_all', $gina->{id}, $gina->{id}, $first]];

# All requests run first; then the store is read once.
my @done = map { my ($what, $ask, @wanted) = @$_; { what => $what, at => time * 1000, answer => $ask->(), wanted => \@wanted } } @cases;

# Refusals about the last administrator.
my @others = grep { $_->{id} ne $me && !$_->{disabled} } @{ api(GET => '/users?role=admin&limit=200', @as_boss)->{json}{items} };
api(PATCH => "/users/$_->{id}", json => { disabled => $true }, @as_boss) for @others;
push @done, map {
    my ($method, $event, @body) = @$_;
    { what => "$event of the last admin", at => time * 1000, answer => api($method => "/users/$me", @body, @as_boss),
        wanted => [[$event, 'denied', 'last_admin', $me, $me, undef]] }
} [PATCH => 'user_change', json => { disabled => $true }], [DELETE => 'user_delete'];
api(PATCH => "/users/$_->{id}", json => { disabled => $false }, @as_boss) for @others;

my @columns = qw(event outcome reason actor_id subject_id session_id);
my @log     = rows('audit_log');
for my $case (@done) {
    my $what = $case->{what};
    $answered = $case->{answer};
    cmp_ok($answered->{status}, '<', 500, "$what: $answered->{status}") or diag $answered->{body};
    my $id   = $answered->{headers}->header('X-Request-Id');
    my @rows = sort { $a->{event} cmp $b->{event} } grep { ($_->{request_id} // '') eq $id } @log;
    is(scalar @rows, scalar @{ $case->{wanted} }, "$what: as many rows as events") or diag explain \@rows;
    for my $row (@rows) {
        $seen = $row;
        my @want = map { ref ? $_->() : $_ } @{ shift @{ $case->{wanted} } || [] };
        is_deeply([map { $row->{$_} } @columns], \@want, "$what: $row->{event}");
        my $forgotten = !defined $row->{actor_id} && ($row->{subject_id} // '') eq $disabled->{id};
        is($row->{ip}, $forgotten ? undef : '127.0.0.1', "$what: the address");
        cmp_ok(abs($row->{at} - $case->{at}), '<', 30_000, "$what: when");
    }
}

# An entry of the command line tool has no request id and no address, but an actor.
my ($made_by) = grep { $_->{event} eq 'user_create' } grep { ($_->{subject_id} // '') eq $me } @log;
is_deeply([@$made_by{ qw(outcome actor_id ip request_id) }], ['ok', 'cli', undef, undef], 'what the tool does is there too');

# After an account was deleted its id stays in the entries, and its client addresses are removed.
my @left = grep { ($_->{subject_id} // '') eq $disabled->{id} } @log;
cmp_ok(scalar @left, '>', 2, 'the audit of a deleted account stays');
is(scalar(grep { defined $_->{ip} && !defined $_->{actor_id} } @left), 0, 'without the addresses that tried it');
is(scalar(grep { defined $_->{ip} && $_->{actor_id} eq $disabled->{id} } @left), 0, 'or were its own');
is(scalar(grep { defined $_->{ip} && $_->{actor_id} eq $me } @left), 2, 'what an administrator did to it keeps theirs');

# No entry contains a secret or an e-mail address.
my $all = text_of('audit_log');
open my $in, '<', server_root() . '/secrets.txt' or die "secrets.txt: $!";
chomp(my @secrets = <$in>);
cmp_ok(scalar @secrets, '>', 20, 'secrets were used');
is(scalar(grep { length && index($all, $_) >= 0 } @secrets), 0, 'no secret is in the audit');
is(scalar(grep { index($all, $_) >= 0 } $new, $taken, map { $_->{email} } values %person), 0, 'no e-mail address');
is(index($all, '@'), -1, 'of anybody');

# The rest of the store also has nothing that could be used to sign in: no passwords, tokens or invite codes.
for my $table (qw(users refresh_tokens recruiter_invites)) {
    my $text = text_of($table);
    cmp_ok(length $text, '>', 100, "$table has something in it");
    is(scalar(grep { length && index($text, $_) >= 0 } @secrets), 0, "but no secret of this run");
}
unlike($all, qr/\$2[aby]\$/, 'no hash');
done_testing;
