# SPDX-License-Identifier: Apache-2.0
# Rows for one way of sending tokens: refresh, sign-out and renewal, whose handlers find the credential themselves.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Contract;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my $true = JSON::true();
my ($AT, $RT, $CSRF) = cookie_names();
my $done = sub { is_deeply($_[0]{json}, { message => 'Logged out successfully' }, 'the words') };

# Sends a refresh, and keeps the new jar or tokens of the answer.
sub refreshing {
    my ($who) = @_;
    return (json => sub { return { refresh_token => $who->{refresh} } }, check => sub { $who->{refresh} = $_[0]{json}{refresh_token} }) if $who->{way} eq 'json';
    return (cookies => sub { return { %{ $who->{jar} } } }, headers => { Origin => origin(), 'X-CSRF-Token' => $who->{jar}{$CSRF} },
        check => sub { $who->{jar} = { %{ $who->{jar} }, %{ jar_from($_[0]) } } });
}

# Returns a token that is two generations old.
sub stale {
    my ($way) = @_;
    my $who = actor($way, 'candidate');
    my %old = $way eq 'json' ? (json => { refresh_token => $who->{refresh} })
        : (cookies => { %{ $who->{jar} } }, headers => { Origin => origin(), 'X-CSRF-Token' => $who->{jar}{$CSRF} });
    for (1, 2) {
        my %next   = refreshing($who);
        my $answer = api(POST => '/refresh', map { $_ => ref $next{$_} eq 'CODE' ? $next{$_}->() : $next{$_} } grep { $_ ne 'check' } keys %next);
        $next{check}->($answer);
    }
    return %old;
}

sub refresh_rows {
    my ($way, $c) = @_;
    my ($me, $off, $forged) = map { actor($way, 'candidate') } 1 .. 3;
    my %off = refreshing($off);
    api(PATCH => "/users/$off->{id}", json => { disabled => $true }, credentials($c->{admin}))->{status} == 200 or die 'not disabled';
    my %old  = stale($way);
    my @rows = (
        ['POST /refresh', 401, 'token_missing', 'nothing at all'],
        ['POST /refresh', 401, 'token_missing', 'an empty object', json => {}],
        ['POST /refresh', 401, 'token_missing', 'a bearer is none', headers => { Authorization => "Bearer $me->{access}" }],
        ['POST /refresh', 200, undef, 'new tokens', delivers => 1, refreshing($me)],
        ['POST /refresh', 200, undef, 'and again', delivers => 1, refreshing($me)],
        ['POST /refresh', 401, 'refresh_invalid', 'of a disabled account', %off, check => undef],
        ['POST /refresh', 401, 'refresh_reused', 'an old one', %old],
        ['POST /refresh', 401, 'refresh_invalid', 'the session is over', %old],
    );
    return @rows, ['POST /refresh', 401, 'refresh_invalid', 'forged', json => { refresh_token => 'x' x 80 }] if $way eq 'json';
    my %jar  = %{ $forged->{jar} };
    my %safe = (Origin => origin(), 'X-CSRF-Token' => $jar{$CSRF});
    return @rows,
        ['POST /refresh', 401, 'refresh_invalid', 'forged', cookies => { %jar, $RT => 'x' x 80 }, headers => {%safe}],
        ['POST /refresh', 401, 'token_missing', 'the access cookie alone', cookies => { $AT => $jar{$AT} }, headers => {%safe}],
        ['POST /refresh', 401, 'refresh_invalid', q{the body's token is chosen first}, cookies => {%jar}, json => { refresh_token => 'x' }, headers => {%safe}],
        (map { ["POST $_", 403, 'csrf_failed', 'no CSRF token', cookies => {%jar}, headers => { Origin => origin() }],
            ["POST $_", 403, 'csrf_failed', 'a planted pair', cookies => { %jar, $CSRF => 'x' x 43 }, headers => { %safe, 'X-CSRF-Token' => 'x' x 43 }],
            ["POST $_", 403, 'origin_denied', 'another origin', cookies => {%jar}, headers => { %safe, Origin => 'https://evil.example' }],
            ["POST $_", 403, 'origin_denied', 'neither Origin nor Sec-Fetch-Site', cookies => {%jar}, headers => { 'X-CSRF-Token' => $jar{$CSRF} }] } '/refresh', '/logout'),
        ['POST /refresh', 200, undef, 'nothing of that ended it', delivers => 1, refreshing($forged)];
}

sub logout_rows {
    my ($way, $c) = @_;
    my ($one, $all, $late) = map { actor($way, 'candidate') } 1 .. 3;
    my $more = sign_in_as($all);
    my $cleared = sub {
        $done->($_[0]);
        is(scalar(grep { $_->{raw} =~ /Max-Age=0/ } values %{ $_[0]{cookies} }), $way eq 'cookie' ? 3 : 0, 'cookies cleared');
    };
    my @rows = (
        ['POST /logout', 401, 'token_missing', 'no credential at all'],
        ['POST /logout', 401, 'token_missing', 'nor in an object', json => {}],
        ['POST /logout', 422, 'validation_failed', 'all is a boolean', as => $one, json => { all => 'yes' }],
        ['POST /logout', 200, undef, 'this session', as => $one, check => $cleared],
        ['GET /me', 401, 'token_revoked', 'which is over at once', as => $one],
        ['POST /logout', 200, undef, 'again: the same answer', as => $one, check => $done],
        ['POST /logout', 200, undef, 'an unknown refresh token', json => { refresh_token => 'x' x 80 }, check => $done],
        ['POST /logout', 200, undef, 'a forged bearer', headers => { Authorization => "Bearer $all->{access}x" }, check => $done],
        ['GET /me', 200, undef, 'nothing else has ended', as => $all],
        ['POST /logout', 200, undef, 'every session', as => $all, json => { all => $true }, check => $cleared],
        ['GET /me', 401, 'token_revoked', 'the other one too', as => $more],
    );
    push @rows, ['POST /logout', 200, undef, 'an expired bearer still ends its session', as => $late, access => expired($late->{access}), check => $done],
        ['GET /me', 401, 'token_revoked', 'it has', as => $late] if $way eq 'json';
    push @rows, ['POST /logout', 200, undef, 'by the access cookie alone', as => $late, cookies => { $RT => undef }, check => $cleared],
        ['GET /me', 401, 'token_revoked', 'it has ended', as => $late] if $way eq 'cookie';
    return @rows;
}

sub renew_rows {
    my ($way) = @_;
    return () if $way eq 'json';
    my $me   = actor($way, 'candidate');
    my $jar  = sub { return { %{ $me->{jar} } } };
    my $goes = sub {
        my ($to, $age) = @_;
        return sub {
            my ($answer) = @_;
            is($answer->{headers}->header('Location'), $to, 'Location');
            is(scalar keys %{ $answer->{cookies} }, 3, 'three cookies');
            is(scalar(grep { $_->{raw} =~ /Max-Age=0/ } values %{ $answer->{cookies} }), $age ? 0 : 3, $age ? 'new ones' : 'cleared');
            $me->{jar} = jar_from($answer) if $age;
        };
    };
    # On a host without a sign-in page.
    my $bare = origin('cookies');
    return (
        ['GET /session/renew', 302, undef, 'goes back', cookies => $jar, query => '?return_to=%2Fa%3Fb', check => $goes->('/a?b', 1)],
        ['GET /session/renew', 302, undef, 'but to no other host', cookies => $jar, query => '?return_to=%2F%2Fevil.example', check => $goes->('/', 1)],
        ['GET /session/renew', 302, undef, 'no live session: to the sign-in page', cookies => { $RT => 'x' }, query => '?return_to=%2Fa',
            check => $goes->('/signin.html?return_to=%2Fa', 0)],
        ['GET /session/renew', 503, 'busy', 'a prefetch', cookies => $jar, headers => { 'Sec-Purpose' => 'prefetch' },
            check => sub { is(scalar keys %{ $_[0]{cookies} }, 0, 'rotates nothing') }],
        ['GET /session/renew', 302, undef, 'the cookies are as good as before', cookies => $jar, check => $goes->('/', 1)],
        ['GET /session/renew', 401, 'token_missing', 'no sign-in page and no cookie', at => $bare],
        ['GET /session/renew', 401, 'refresh_invalid', 'no sign-in page and a bad one', at => $bare, cookies => { $RT => 'x' }],
        ['GET /session/renew', 401, 'refresh_reused', 'no sign-in page and an old one', at => $bare, cookies => sub { return { stale($way) }->{cookies} }],
    );
}

1;
