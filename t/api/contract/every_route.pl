# SPDX-License-Identifier: Apache-2.0
# Rows that follow for every route from its table entry.
#   rows(way, routes, people): people has candidate, admin and gone (a candidate whose session has ended).
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Contract;
use AuthPlatform::Test;

my $evil = 'https://evil.example';

sub token_rows {
    my ($way, $r, $people) = @_;
    my %with = (($r->{body} ? (json => $r->{body}) : ()), ($r->{id} ? (id => $r->{id}) : ()));
    my $me   = $people->{ $r->{needs} eq 'admin' ? 'admin' : 'candidate' };
    my @rows;
    if ($r->{needs} ne 'maybe') {
        push @rows, [$r->{route}, 401, 'token_missing', 'nobody', %with];
        push @rows, [$r->{route}, 401, 'token_missing', 'another scheme', %with, headers => { Authorization => 'Basic dXNlcjpwYXNz' }];
    }
    # A route that works without a token ignores incomplete cookies.
    return @rows if $r->{needs} eq 'maybe' && $way eq 'cookie';
    push @rows, [$r->{route}, 401, 'token_invalid', 'a bad token', %with, as => $me, access => 'a.b.c'],
        [$r->{route}, 401, 'token_expired', 'an expired one', %with, as => $me, access => expired($me->{access})],
        [$r->{route}, 401, 'token_revoked', 'one of a session that ended', %with, as => $people->{gone}];
    push @rows, [$r->{route}, 401, 'token_invalid', 'a bad bearer beside good cookies', %with, as => $me, headers => { Authorization => 'Bearer a.b.c' }]
        if $way eq 'cookie' && $r->{needs} ne 'maybe';
    push @rows, [$r->{route}, 403, 'insufficient_role', 'a candidate', %with, as => $people->{candidate}] if $r->{needs} eq 'admin';
    return @rows;
}

sub csrf_rows {
    my ($r, $people) = @_;
    my %with = (($r->{body} ? (json => $r->{body}) : ()), ($r->{id} ? (id => $r->{id}) : ()));
    my $me   = $people->{ $r->{needs} eq 'admin' ? 'admin' : 'candidate' };
    return map { [$r->{route}, 403, @{$_}[0, 1], %with, as => $me, %{ $_->[2] }] }
        ['csrf_failed', 'no CSRF token', { headers => { 'X-CSRF-Token' => undef } }],
        ['csrf_failed', 'a wrong one', { headers => { 'X-CSRF-Token' => 'x' x 43 } }],
        ['csrf_failed', 'a planted pair', { headers => { 'X-CSRF-Token' => 'x' x 43 }, cookies => { csrf_token => 'x' x 43 } }],
        ['csrf_failed', q{another session's}, { headers => { 'X-CSRF-Token' => $people->{gone}{jar}{csrf_token} }, cookies => { csrf_token => $people->{gone}{jar}{csrf_token} } }],
        ['origin_denied', 'another origin', { headers => { Origin => $evil } }],
        ['origin_denied', 'Origin: null', { headers => { Origin => 'null' } }],
        ['origin_denied', 'another scheme', { headers => { Origin => origin() =~ s/^http:/https:/r } }],
        ['origin_denied', 'neither Origin nor Sec-Fetch-Site', { headers => { Origin => undef } }],
        ['origin_denied', 'Sec-Fetch-Site: same-site', { headers => { Origin => undef, 'Sec-Fetch-Site' => 'same-site' } }];
}

sub body_rows {
    my ($r, $people) = @_;
    my %as = $r->{needs} && $r->{needs} =~ /^(?:user|admin)$/ ? (as => $people->{ $r->{needs} eq 'admin' ? 'admin' : 'candidate' }) : ();
    $as{id} = $r->{id} if $r->{id};
    $as{delivers} = 1 if $r->{delivers};
    my $json = 'application/json';
    my ($field) = grep { !ref $r->{body}{$_} } sort keys %{ $r->{body} };
    my @rows = (
        (map { [$r->{route}, 415, 'unsupported_media_type', $_, %as, body => '{}', type => $_] } 'text/plain', 'application/x-www-form-urlencoded', 'application/json5'),
        [$r->{route}, 415, 'unsupported_media_type', 'compressed', %as, body => '{}', type => $json, headers => { 'Content-Encoding' => 'gzip' }],
        [$r->{route}, 413, 'body_too_large', 'over 16 KiB', %as, body => '{"' . ('x' x 16400) . '":1}', type => $json],
        (map { [$r->{route}, 400, 'malformed_json', $_->[0], %as, body => $_->[1], type => $json] }
            ['cut off', '{'], ['a lone surrogate', '{"a":"\ud800"}'], ['a repeated key', '{"a":1,"a":1}'], ['deeper than 8', ('[' x 9) . (']' x 9)],
            ['no UTF-8', "{\"a\":\"\xff\"}"], ['two of them', '{}{}']),
        (map { [$r->{route}, 422, 'validation_failed', $_->[0], %as, body => $_->[1], type => $json] }
            ['a list', '[]'], ['a string', '"x"'], ['null', 'null'], ['an unknown field', '{"no_such_field":1}']),
        [$r->{route}, 422, 'validation_failed', 'a NUL', %as, json => { %{ $r->{body} }, $field => "a\0b" }],
        [$r->{route}, 422, 'validation_failed', 'a wrong type', %as, json => { %{ $r->{body} }, $field => [1] }],
    );
    push @rows, [$r->{route}, 400, 'malformed_json', 'empty', %as, body => '', type => $json] if !$r->{optional};
    push @rows, [$r->{route}, 415, 'unsupported_media_type', 'no body and no media type', %as] if !$r->{optional};
    return @rows;
}

sub every_route {
    my ($way, $routes, $people) = @_;
    my (@rows, %methods);
    for my $r (@$routes) {
        my ($method, $path) = split / /, $r->{route};
        push @{ $methods{$path}{allow} }, $method, ($method eq 'GET' && ($r->{head} // 1) ? 'HEAD' : ());
        $methods{$path}{id} = $r->{id};
        push @rows, token_rows($way, $r, $people) if $r->{needs} && $r->{needs} ne 'own';
        push @rows, csrf_rows($r, $people) if $way eq 'cookie' && $method ne 'GET' && $r->{needs} && $r->{needs} =~ /^(?:user|admin)$/;
        push @rows, body_rows($r, $people) if $r->{body};
        my @as = $r->{needs} && $r->{needs} =~ /^(?:user|admin)$/ ? (as => $people->{ $r->{needs} eq 'admin' ? 'admin' : 'candidate' }) : ();
        push @rows, map { [$r->{route}, 422, 'validation_failed', $_, @as, query => $_, ($r->{id} ? (id => $people->{candidate}{id}) : ())] }
            '?limit=0', '?limit=201', '?limit=x', '?limit=', '?cursor=x', '?cursor=', '?cursor=%zz', '?cursor=%00' if $r->{list};
        push @rows, [$r->{route}, 404, 'not_found', 'an id of nobody', @as, id => 'e' x 24, ($r->{body} ? (json => $r->{body}) : ())] if $r->{id};
        push @rows, [$r->{route}, 404, 'not_found', 'no id', @as, id => 'E' x 24] if $r->{id};
        push @rows, map { [$r->{route}, 403, 'origin_denied', $_->[0], json => $r->{body}, delivers => 1, headers => $_->[1]] }
            ['another origin', { Origin => $evil }], ['cross-site', { Origin => undef, 'Sec-Fetch-Site' => 'cross-site' }] if $way eq 'cookie' && $r->{delivers};
    }
    for my $path (sort keys %methods) {
        my @allow = @{ $methods{$path}{allow} };
        my %has   = map { $_ => 1 } @allow;
        my $check = sub { is_allow($_[0], @allow, 'OPTIONS') };
        push @rows, map { ["$_ $path", 405, 'method_not_allowed', 'not its method', id => $methods{$path}{id}, check => $check] }
            grep { !$has{$_} } qw(GET HEAD POST PUT PATCH DELETE TRACE);
        push @rows, ["OPTIONS $path", 204, undef, 'what it takes', id => $methods{$path}{id}, check => $check];
    }
    push @rows, map { [$_, 404, 'not_found', 'no such path'] } 'GET /', 'GET /nothing', 'POST /login/', 'GET /me/x', 'GET /users/x/y';
    return @rows;
}

sub is_allow {
    my ($answer, @methods) = @_;
    my @said = sort split /\s*,\s*/, $answer->{headers}->header('Allow') // '';
    return Test::More::is("@said", join(' ', sort @methods), 'Allow');
}

1;
