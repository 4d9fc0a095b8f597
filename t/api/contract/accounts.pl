# SPDX-License-Identifier: Apache-2.0
# Rows for one way of sending tokens: registration, sign-in routes, the own account. $c: {admin => actor}.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Contract;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my ($true, $false) = (JSON::true(), JSON::false());
my $password = 'three calm words';

sub roles_are { my (@roles) = @_; return sub { is_deeply($_[0]{json}{user}{roles}, \@roles, 'roles') } }

sub invite_for {
    my ($c, $email, %more) = @_;
    my $answer = api(POST => '/recruiter/invites', json => { email => $email, %more }, credentials($c->{admin}));
    $answer->{status} == 201 or die "invite: $answer->{status} $answer->{body}";
    secret_used($answer->{json}{code});
    return $answer->{json};
}

sub account_rows {
    my ($way, $c) = @_;
    my %sends = (delivers => 1);
    my %who   = map { $_ => actor($way, $_) } qw(candidate recruiter pending admin);
    my $off   = actor($way, 'candidate');
    api(PATCH => "/users/$off->{id}", json => { disabled => $true }, credentials($c->{admin}))->{status} == 200 or die 'not disabled';
    my ($new, $rmail, $vmail, $wmail) = map { new_email() } 1 .. 4;
    my ($invite, $theirs, $revoked) = map { invite_for($c, $_) } $rmail, new_email(), new_email();
    api(DELETE => "/recruiter/invites/$revoked->{id}", credentials($c->{admin}));
    my $in   = sub { my ($who, %more) = @_; return (%sends, json => { email => $who->{email}, password => $who->{password}, %more }) };
    my $up   = sub { my ($email, %more) = @_; return (%sends, json => { email => $email, password => $password, %more }) };
    my $said;
    my $words = sub {
        my ($answer) = @_;
        my @words = @{ $answer->{json} }{ qw(title detail type) };
        return is_deeply(\@words, $said ||= [@words], 'the same words each time');
    };

    my @rows = (
        ['POST /register', 201, undef, 'a candidate', $up->($new, name => 'Zo', device_id => 'd'), check => roles_are('candidate')],
        ['POST /register', 409, 'email_taken', 'again, in capitals', $up->(uc $new)],
        ['POST /register', 422, 'validation_failed', 'too short a password', %sends, json => { email => new_email(), password => 'seven77' }],
        ['POST /register', 422, 'validation_failed', 'over 72 bytes', %sends, json => { email => new_email(), password => 'x' x 73 }],
        ['POST /register', 422, 'validation_failed', 'all at once', %sends, json => { email => 'x', name => "a\nb", roles => ['admin'] },
            check => sub { is(join(' ', sort map { $_->{field} } @{ $_[0]{json}{errors} }), 'email name password roles', 'every field named') }],

        ['POST /register/recruiter', 403, 'invite_required', 'nobody', $up->($rmail)],
        ['POST /register/recruiter', 403, 'invite_required', 'a candidate', $up->($rmail), as => $who{candidate}],
        ['POST /register/recruiter', 403, 'invite_invalid', 'made up', $up->($rmail, invite_code => 'made up')],
        ['POST /register/recruiter', 403, 'invite_invalid', q{another person's}, $up->($rmail, invite_code => $theirs->{code})],
        ['POST /register/recruiter', 403, 'invite_invalid', 'revoked', $up->($revoked->{email}, invite_code => $revoked->{code})],
        ['POST /register/recruiter', 409, 'email_taken', 'with an invite', $up->($new, invite_code => invite_for($c, $new)->{code})],
        ['POST /register/recruiter', 201, undef, 'by invite', $up->(" \U$rmail", invite_code => $invite->{code}), check => sub {
                roles_are('recruiter')->($_[0]);
                ok($_[0]{json}{user}{is_recruiter_verified}, 'verified');
            }],
        ['POST /register/recruiter', 403, 'invite_invalid', 'used', $up->(new_email(), invite_code => $invite->{code})],
        ['POST /register/recruiter', 201, undef, 'by an admin', json => { email => $vmail, password => $password }, as => $c->{admin},
            check => sub { ok($_[0]{json}{is_recruiter_verified} && !$_[0]{json}{access_token}, 'verified, and no tokens') }],
        ['POST /register/recruiter', 201, undef, 'by an admin, to be verified', json => { email => $wmail, password => $password, verified => $false }, as => $c->{admin},
            check => sub { ok(!$_[0]{json}{is_recruiter_verified}, 'not verified') }],
        ['POST /register/recruiter', 409, 'email_taken', 'by an admin', json => { email => $vmail, password => $password }, as => $c->{admin}],
    );
    # Which accounts may use which sign-in route.
    my $cand = { email => $new, password => $password };
    my $rec  = { email => $vmail, password => $password };
    my $wait = { email => $wmail, password => $password };
    my @doors = (
        ['/login',           [200, undef], [200, undef], [403, 'recruiter_pending'], [200, undef]],
        ['/login/candidate', [200, undef], [403, 'not_candidate'], [403, 'not_candidate'], [403, 'not_candidate']],
        ['/login/recruiter', [403, 'not_recruiter'], [200, undef], [403, 'recruiter_pending'], [403, 'not_recruiter']],
    );
    for my $door (@doors) {
        my ($path, @expected) = @$door;
        my @people = ([candidate => $cand], ['verified recruiter' => $rec], ['recruiter who waits' => $wait], [admin => $who{admin}]);
        push @rows, map { ["POST $path", @{ $expected[$_] }, $people[$_][0], $in->($people[$_][1])] } 0 .. 3;
        push @rows, ["POST $path", 401, 'invalid_credentials', 'wrong password', $in->({ %$cand, password => 'another word' }), check => $words],
            ["POST $path", 401, 'invalid_credentials', 'unknown user', $in->({ email => new_email(), password => $password }), check => $words],
            ["POST $path", 401, 'invalid_credentials', 'disabled', $in->($off), check => $words],
            ["POST $path", 401, 'invalid_credentials', 'a recruiter who waits, wrong password', $in->({ %$wait, password => 'another word' }), check => $words],
            ["POST $path", 401, 'invalid_credentials', 'over 72 bytes', $in->({ %$cand, password => 'x' x 100 }), check => $words];
    }
    my $two = { email => $new, password => $password };
    push @rows,
        ['POST /login', 401, 'invalid_credentials', 'an unknown username', %sends, json => { username => 'nobody', password => $password }],
        ['POST /login', 422, 'validation_failed', 'e-mail and username', %sends, json => { %$two, username => 'x' }],
        ['POST /login', 422, 'validation_failed', 'neither', %sends, json => { password => $password }],
        ['POST /login/recruiter', 403, 'invite_invalid', 'a bad invite', $in->($two, invite_code => 'made up')],
        ['POST /login/recruiter', 401, 'invalid_credentials', 'wrong password with an invite', $in->({ %$two, password => 'x' }, invite_code => $theirs->{code})],
        ['POST /login/recruiter', 200, undef, 'a candidate with an invite', %sends,
            json => sub { return { %$two, invite_code => invite_for($c, $new)->{code} } }, check => roles_are('candidate', 'recruiter')],
        ['POST /login/recruiter', 200, undef, 'who waited, with an invite', %sends,
            json => sub { return { %$wait, invite_code => invite_for($c, $wmail)->{code} } }, check => roles_are('recruiter')],
        ['POST /login/candidate', 200, undef, 'who is both', $in->($two)];
    return @rows;
}

sub own_rows {
    my ($way, $c) = @_;
    my ($me, $second, $goner) = map { actor($way, 'candidate') } 1 .. 3;
    my $other = sign_in_as($me);
    my $new   = 'four rather calm words';
    my $mine  = sub { return (grep { $_->{current} } @{ api(GET => '/sessions', credentials($_[0]))->{json}{items} })[0]{id} };
    my $boss  = actor($way, 'admin');
    my $rec   = actor($way, 'recruiter');
    my $five  = sub { my ($answer) = @_; is(join(' ', sort keys %{ $answer->{json} }), 'email id is_recruiter_verified name roles', 'five members') };
    return (
        ['GET /me', 200, undef, 'who one is', as => $me],
        ['HEAD /me', 200, undef, 'the same without a body', as => $me],
        ['HEAD /me', 401, undef, 'nobody'],
        (map { ['GET /api/protected/me', 200, undef, $_->[0], as => $_->[1], check => $five] } [candidate => $me], [recruiter => $rec], [admin => $boss]),
        ['HEAD /api/protected/me', 200, undef, 'without a body', as => $me],
        ['PATCH /me', 200, undef, 'a name', as => $me, json => { name => 'Ada' }, check => sub { is($_[0]{json}{name}, 'Ada', 'is it') }],
        ['PATCH /me', 200, undef, 'none', as => $me, json => { name => undef }, check => sub { is($_[0]{json}{name}, undef, 'is it') }],
        ['PATCH /me', 200, undef, 'nothing', as => $me, json => {}],
        ['PATCH /me', 422, 'validation_failed', 'too long a name', as => $me, json => { name => 'x' x 201 }],
        ['GET /sessions', 200, undef, 'devices', as => $me, check => sub { is(scalar @{ $_[0]{json}{items} }, 3, 'registration and two sign-ins') }],
        ['GET /sessions', 200, undef, 'one of them', as => $me, query => '?limit=1', check => sub { like($_[0]{json}{next_cursor}, qr/^[0-9a-f]{24}$/, 'and more') }],
        ['HEAD /sessions', 200, undef, 'without a body', as => $me],
        ['DELETE /sessions/{id}', 404, 'not_found', q{somebody else's}, as => $me, id => sub { $mine->($second) }],
        ['DELETE /sessions/{id}', 204, undef, 'one device', as => $me, id => sub { $mine->($other) }],
        ['GET /me', 401, 'token_revoked', 'which is out at once', as => $other],
        ['DELETE /sessions', 204, undef, 'all others', as => $me],
        ['DELETE /sessions', 204, undef, 'there are none', as => $me],
        ['POST /me/password', 403, 'invalid_credentials', 'wrong current one', as => $me, json => { current_password => 'x', new_password => $new }],
        ['POST /me/password', 403, 'invalid_credentials', 'none', as => $me, json => { new_password => $new }],
        ['POST /me/password', 422, 'validation_failed', 'too short a new one', as => $me, json => { current_password => $me->{password}, new_password => 'x' }],
        ['POST /me/password', 200, undef, 'changed', delivers => 1, as => $me, json => { current_password => $me->{password}, new_password => $new }],
        ['GET /me', 401, 'token_revoked', 'the access token from before', as => $me],
        ['POST /email/verify/send', 503, 'mail_unavailable', 'a server without mail', as => $second],
        ['POST /email/verify/send', 204, undef, 'proven, because the tool made it', as => $boss],
        ['POST /me/email', 503, 'mail_unavailable', 'a server without mail', as => $second, json => { new_email => new_email(), password => $second->{password} }],
        ['POST /password/forgot', 503, 'mail_unavailable', 'a server without mail', json => { email => $second->{email} }],
        ['POST /password/forgot', 503, 'mail_unavailable', 'nobody', json => { email => new_email() }],
        ['POST /password/forgot', 422, 'validation_failed', 'no address', json => { email => 'ada' }],
        (map { ['POST /password/reset', 400, 'link_invalid', $_->[0], json => { token => $_->[1], new_password => $new }],
               ['POST /email/verify', 400, 'link_invalid', $_->[0], as => $second, json => { token => $_->[1] }],
               ['POST /email/verify', 400, 'link_invalid', "$_->[0], with a password", json => { token => $_->[1], password => $second->{password} }] }
            ['a short token', 'x'], ['a token of no link', 'x' x 43], ['a long one', 'x' x 1000]),
        ['POST /password/reset', 422, 'validation_failed', 'too short a password', json => { token => 'x' x 43, new_password => 'x' }],
        ['DELETE /me', 403, 'invalid_credentials', 'wrong password', as => $goner, json => { password => 'x' }],
        ['DELETE /me', 403, 'invalid_credentials', 'none', as => $goner],
        ['DELETE /me', 204, undef, 'gone', as => $goner, json => { password => $goner->{password} }, check => sub {
                is(scalar(grep { $_->{raw} =~ /Max-Age=0/ } values %{ $_[0]{cookies} }), $way eq 'cookie' ? 3 : 0, 'and its cookies');
            }],
        ['GET /me', 401, 'token_revoked', 'at once', as => $goner],
        ['POST /login', 401, 'invalid_credentials', 'nobody of that name', delivers => 1, json => { email => $goner->{email}, password => $goner->{password} }],
    );
}

1;
