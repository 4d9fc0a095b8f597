# SPDX-License-Identifier: Apache-2.0
# Rows for one way of sending tokens: what administrators do. $c: {admin => actor}.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Contract;
use AuthPlatform::Test;
use HTTP::Date 'str2time';
use JSON ();
use Test::More;

my ($true, $false) = (JSON::true(), JSON::false());

sub admin_rows {
    my ($way, $c) = @_;
    my $boss = $c->{admin};
    my %as   = (as => $boss);
    my ($ada, $bob, $rec) = (actor($way, 'candidate'), actor($way, 'candidate'), actor($way, 'recruiter'));
    my $more   = sign_in_as($ada);
    my $pager  = sub { is_deeply([sort keys %{ $_[0]{json} }], [qw(items next_cursor)], 'a page') };
    my $is     = sub { my ($name, $value) = @_; return sub { is_deeply($_[0]{json}{$name}, $value, "$name in the answer") } };
    my ($asked, $made, $unmade) = map { new_email() } 1 .. 3;
    my $invite;    # the first row sets it
    my $id     = sub { return $invite->{id} };
    my $prefix = substr $ada->{email}, 0, index($ada->{email}, '@');
    return (
        ['POST /recruiter/invites', 201, undef, 'an invite', %as, json => { email => uc $asked }, check => sub {
                $invite = $_[0]{json};
                secret_used($invite->{code});
                is_deeply([sort keys %$invite], [qw(code created_at email expires_at id)], 'what it has');
                is($invite->{email}, $asked, 'for that address');
                my ($from, $to) = map { str2time($_) } @$invite{ qw(created_at expires_at) };
                is($to - $from, 168 * 3600, 'for a week');
            }],
        ['POST /recruiter/invites', 201, undef, 'for a year', %as, json => { email => $asked, expires_in_hours => 8760 }],
        (map { ['POST /recruiter/invites', $_->[0], $_->[0] == 201 ? undef : 'validation_failed', "$_->[1] hours", %as, type => 'application/json',
                body => qq({"email":"$asked","expires_in_hours":$_->[1]})] } [201, '24.0'], [201, '1e3'], [422, '24.5'], [422, '1e300'], [422, '"24"'], [422, 'null']),
        (map { ['POST /recruiter/invites', 422, 'validation_failed', "for $_ hours", %as, json => { email => $asked, expires_in_hours => $_ }] } 0, 8761, 1.5),
        ['GET /recruiter/invites', 200, undef, 'all of them', %as, query => '?limit=200', check => sub {
                $pager->($_[0]);
                my ($one) = grep { $_->{id} eq $invite->{id} } @{ $_[0]{json}{items} };
                is_deeply([sort keys %$one], [qw(created_at created_by email expires_at id revoked_at used_at used_by)], 'without the code');
                is(index($_[0]{body}, $invite->{code}), -1, 'anywhere');
            }],
        ['HEAD /recruiter/invites', 200, undef, 'without a body', %as],
        ['POST /recruiter/invites', 503, 'mail_unavailable', 'to be mailed', %as, json => { email => $asked, send => $true }],
        ['DELETE /recruiter/invites/{id}', 204, undef, 'revoked', %as, id => $id],
        ['DELETE /recruiter/invites/{id}', 404, 'not_found', 'once', %as, id => $id],

        ['POST /recruiter/verify', 200, undef, 'withdrawn by id', %as, json => { user_id => $rec->{id}, verified => $false }, check => $is->('is_recruiter_verified', $false)],
        ['GET /api/protected/me', 200, undef, 'on the next request', as => $rec, check => $is->('roles', [])],
        ['POST /recruiter/verify', 200, undef, 'verified by e-mail', %as, json => { email => uc $rec->{email} }, check => $is->('is_recruiter_verified', $true)],
        ['GET /api/protected/me', 200, undef, 'on the next request', as => $rec, check => $is->('roles', ['recruiter'])],
        ['POST /recruiter/verify', 422, 'not_recruiter', 'a candidate', %as, json => { user_id => $ada->{id} }],
        ['POST /recruiter/verify', 404, 'not_found', 'nobody by id', %as, json => { user_id => 'e' x 24 }],
        ['POST /recruiter/verify', 404, 'not_found', 'nobody by e-mail', %as, json => { email => new_email() }],
        ['POST /recruiter/verify', 422, 'validation_failed', 'both', %as, json => { user_id => $rec->{id}, email => $rec->{email} }],
        ['POST /recruiter/verify', 422, 'validation_failed', 'neither', %as, json => {}],

        ['POST /users', 201, undef, 'an account', %as, json => { email => uc $made, name => 'Mo' }, check => sub {
                my $user = $_[0]{json};
                is_deeply([@$user{ qw(email name roles email_verified) }], [$made, 'Mo', ['candidate'], $false], 'not proven');
                ok(!api(GET => "/users/$user->{id}", credentials($boss))->{json}{password}, 'without a password');
            }],
        ['POST /users', 201, undef, 'a recruiter', %as, json => { email => new_email(), roles => ['recruiter'], send => $false }, check => $is->('is_recruiter_verified', $true)],
        ['POST /users', 201, undef, 'without a role', %as, json => { email => new_email(), roles => [] }, check => $is->('roles', [])],
        ['POST /users', 409, 'email_taken', 'again', %as, json => { email => $made }],
        ['POST /users', 422, 'validation_failed', 'an unknown role', %as, json => { email => new_email(), roles => ['king'] }],
        ['POST /users', 503, 'mail_unavailable', 'to be mailed', %as, json => { email => $unmade, send => $true }],
        ['GET /users', 200, undef, 'and not made', %as, query => "?email=$unmade", check => $is->('items', [])],
        ['POST /login', 401, 'invalid_credentials', 'without a password', delivers => 1, json => { email => $made, password => 'three calm words' }],

        ['GET /users', 200, undef, 'by e-mail', %as, query => "?email=\U$prefix", check => sub {
                $pager->($_[0]);
                is_deeply([map { $_->{id} } @{ $_[0]{json}{items} }], [$ada->{id}], 'one');
            }],
        ['GET /users', 200, undef, 'by role', %as, query => '?role=recruiter&limit=1', check => sub { is((grep { $_ eq 'recruiter' } @{ $_[0]{json}{items}[0]{roles} })[0], 'recruiter', 'a recruiter') }],
        ['GET /users', 422, 'validation_failed', 'a role that is none', %as, query => '?role=boss'],
        ['GET /users', 422, 'validation_failed', 'too long a prefix', %as, query => '?email=' . 'y' x 255],
        ['HEAD /users', 200, undef, 'without a body', %as],
        ['GET /users/{id}', 200, undef, 'one', %as, id => $ada->{id}, check => $is->('email', $ada->{email})],
        ['HEAD /users/{id}', 200, undef, 'without a body', %as, id => $ada->{id}],
        ['PATCH /users/{id}', 200, undef, 'roles', %as, id => $ada->{id}, json => { roles => ['candidate', 'recruiter'] }, check => $is->('is_recruiter_verified', $false)],
        ['GET /api/protected/me', 200, undef, 'the role alone verifies nobody', as => $ada, check => $is->('roles', ['candidate'])],
        ['PATCH /users/{id}', 200, undef, 'verified', %as, id => $ada->{id}, json => { is_recruiter_verified => $true, name => 'Ada' }, check => $is->('name', 'Ada')],
        ['GET /api/protected/me', 200, undef, 'on the next request', as => $ada, check => $is->('roles', ['candidate', 'recruiter'])],
        ['PATCH /users/{id}', 200, undef, 'the role taken away', %as, id => $ada->{id}, json => { roles => ['candidate'] }, check => $is->('is_recruiter_verified', $false)],
        ['PATCH /users/{id}', 200, undef, 'and given again: not verified', %as, id => $ada->{id}, json => { roles => ['candidate', 'recruiter'] },
            check => $is->('is_recruiter_verified', $false)],
        ['GET /api/protected/me', 200, undef, 'so it does not count', as => $ada, check => $is->('roles', ['candidate'])],
        ['POST /login/recruiter', 403, 'recruiter_pending', 'nor let in', delivers => 1, json => { email => $ada->{email}, password => $ada->{password} }],
        ['POST /login', 200, undef, 'as a candidate still', delivers => 1, json => { email => $ada->{email}, password => $ada->{password} }],
        ['PATCH /users/{id}', 200, undef, 'no role at all', %as, id => $ada->{id}, json => { roles => [] }, check => $is->('roles', [])],
        ['POST /login/candidate', 200, undef, 'passes the candidates\' door', delivers => 1, json => { email => $ada->{email}, password => $ada->{password} }],
        ['PATCH /users/{id}', 200, undef, 'nothing', %as, id => $ada->{id}, json => {}],
        (map { ['PATCH /users/{id}', 422, 'validation_failed', $_->[0], %as, id => $ada->{id}, json => $_->[1]] }
            ['an unknown role', { roles => ['boss'] }], ['a role twice', { roles => ['admin', 'admin'] }], ['an address', { email => 'x@example.org' }]),
        ['GET /users/{id}/sessions', 200, undef, 'two', %as, id => $ada->{id}, check => sub {
                $pager->($_[0]);
                is_deeply([sort keys %{ $_[0]{json}{items}[0] }], [qw(created_at current device_id id ip last_used_at user_agent)], 'what they have');
                is(scalar @{ $_[0]{json}{items} }, 5, 'a registration and four sign-ins');
            }],
        ['HEAD /users/{id}/sessions', 200, undef, 'without a body', %as, id => $ada->{id}],
        ['DELETE /users/{id}/sessions', 204, undef, 'signed out', %as, id => $ada->{id}],
        ['GET /me', 401, 'token_revoked', 'at once', as => $ada],
        ['GET /me', 401, 'token_revoked', 'everywhere', as => $more],
        ['PATCH /users/{id}', 200, undef, 'disabled', %as, id => $bob->{id}, json => { disabled => $true }],
        ['GET /me', 401, 'token_revoked', 'at once', as => $bob],
        ['PATCH /users/{id}', 200, undef, 'enabled', %as, id => $bob->{id}, json => { disabled => $false }],
        ['GET /me', 401, 'token_revoked', 'what was dead stays dead', as => $bob],
        ['DELETE /users/{id}', 204, undef, 'deleted', %as, id => $bob->{id}],
        ['DELETE /users/{id}', 404, 'not_found', 'once', %as, id => $bob->{id}],
        ['GET /users/{id}', 404, 'not_found', 'gone', %as, id => $bob->{id}],
        ['GET /users/{id}/sessions', 404, 'not_found', 'its sessions too', %as, id => $bob->{id}],
    );
}

sub open_rows {
    return (
        ['GET /healthz', 200, undef, 'alive'], ['HEAD /healthz', 200, undef, 'without a body'],
        ['GET /readyz', 200, undef, 'ready'], ['HEAD /readyz', 200, undef, 'without a body'],
        ['GET /openapi.json', 200, undef, 'the description'], ['HEAD /openapi.json', 200, undef, 'without a body'],
        ['GET /openapi.json', 304, undef, 'whatever it is, it is there', headers => { 'If-None-Match' => '*' }],
        ['GET /docs', 304, undef, 'whatever it is, it is there', headers => { 'If-None-Match' => '*' }],
        ['GET /docs', 200, undef, 'the page'], ['HEAD /docs', 200, undef, 'without a body'],
        (map { (["GET $_", 200, undef, 'the page'], ["HEAD $_", 200, undef, 'without a body']) } '/verify-email', '/reset-password'),
    );
}

1;
