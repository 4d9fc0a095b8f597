# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Contract;
# A row of a table is one request and its expected answer:
#   ['POST /login', 401, 'invalid_credentials', 'a wrong password', json => {...}, as => $person, check => sub { ... }]
# holds() sends the request, in one of the two ways of sending tokens, and checks everything that every answer must have. It records what
# was seen, so that a test can report routes and codes that no row has tested.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Test;
use Digest::SHA 'hmac_sha256';
use Exporter 'import';
use JSON ();
use MIME::Base64 qw(decode_base64url encode_base64url);
use Test::More;

our @EXPORT = qw(holds seen ways actor sign_in_as credentials resigned expired cookie_names path_of);
our ($AT, $RT, $CSRF) = ('__Host-authp_at', '__Secure-authp_rt', 'csrf_token');
my $json = JSON->new->utf8->canonical;
my (%seen, %request_ids);

sub ways         { return qw(json cookie) }
sub cookie_names { return ($AT, $RT, $CSRF) }
sub seen         { return \%seen }

# Returns the path of "POST /users/{id}" with the id filled in.
sub path_of {
    my ($route, $id) = @_;
    my ($method, $path) = split / /, $route;
    $path =~ s/\{id\}/$id/ if defined $id;
    return ($method, $path =~ m{^/api/} ? $path : AUTH . $path);
}

# --- people ----------------------------------------------------------------------------------------------------------
# {way, email, password, id, tokens or jar}; role => candidate, recruiter (verified), pending, admin, nothing (no role).
my %make = (
    candidate => sub { return person() },
    recruiter => sub { return admin(role => 'recruiter', more => ['--verified']) },
    pending   => sub { return admin(role => 'recruiter') },
    admin     => sub { return admin() },
);
sub actor {
    my ($way, $role, %o) = @_;
    my $made = $make{$role}->();
    my $actor = { way => $way, email => $made->{email}, password => $made->{password}, id => $made->{user}{id} };
    return $role eq 'pending' ? $actor : sign_in_as($actor);
}

# Signs in again, which makes another session. Returns a copy of the actor with the new tokens.
sub sign_in_as {
    my ($actor, %o) = @_;
    my $cookie = $actor->{way} eq 'cookie';
    my $answer = api(POST => '/login', json => { email => $actor->{email}, password => $actor->{password} },
        ($cookie ? (headers => { 'X-Token-Delivery' => 'cookie', Origin => origin() }) : ()));
    $answer->{status} == 200 or die "sign-in of $actor->{email}: $answer->{status} $answer->{body}";
    return { %$actor, access => $answer->{json}{access_token}, ($cookie ? (jar => jar_from($answer)) : (refresh => $answer->{json}{refresh_token})) };
}

# Returns the credentials that the person's requests send; access => TOKEN sends another access token.
sub credentials {
    my ($actor, %o) = @_;
    my $token = exists $o{access} ? $o{access} : $actor->{access};
    return (headers => { Authorization => "Bearer $token" }) if $actor->{way} eq 'json';
    return (cookies => { %{ $actor->{jar} }, $AT => $token }, headers => { Origin => origin(), 'X-CSRF-Token' => $actor->{jar}{$CSRF} });
}

# Returns the same token signed with the key of another .env, or with other claims: iat => -3600 subtracts from a number.
sub resigned {
    my ($token, $env_file, %moved) = @_;
    open my $env, '<', $env_file or die "$env_file: $!";
    my ($key) = map { /^JWT_SECRET_KEY=(.*)/ ? $1 : () } <$env>;
    my $claims = $json->decode(decode_base64url((split /\./, $token)[1]));
    $claims->{$_} += $moved{$_} for keys %moved;
    my $text = encode_base64url('{"alg":"HS256","typ":"JWT"}') . '.' . encode_base64url($json->encode($claims));
    return "$text." . encode_base64url(hmac_sha256($text, $key));
}
sub expired { return resigned($_[0], $ENV{AUTHP_ENV_FILE}, iat => -3600, nbf => -3600, exp => -3600) }

# --- one row ---------------------------------------------------------------------------------------------------------
sub value { return ref $_[0] eq 'CODE' ? $_[0]->() : $_[0] }

sub ask {
    my ($way, $route, %o) = @_;
    my %given   = map { $_ => value($o{$_}) } grep { $_ ne 'check' } keys %o;
    my %with    = $given{as} ? credentials($given{as}, exists $given{access} ? (access => $given{access}) : ()) : ();
    my %headers = %{ $with{headers} || {} };
    %headers = (%headers, 'X-Token-Delivery' => 'cookie', Origin => origin()) if $way eq 'cookie' && $given{delivers};
    %headers = (%headers, %{ $given{headers} || {} });
    delete $headers{$_} for grep { !defined $headers{$_} } keys %headers;
    my %cookies = (%{ $with{cookies} || {} }, %{ $given{cookies} || {} });
    delete $cookies{$_} for grep { !defined $cookies{$_} } keys %cookies;
    my ($method, $path) = path_of($route, $given{id});
    return request($method, ($given{at} // '') . $path . ($given{query} // ''), headers => \%headers,
        (%cookies ? (cookies => \%cookies) : ()), map { exists $given{$_} ? ($_ => $given{$_}) : () } qw(json body type));
}

my %error_of = (token_missing => undef, invalid_credentials => undef, insufficient_user_authentication => 'insufficient_user_authentication');

sub check_problem {
    my ($answer, $status, $code) = @_;
    my ($h, $j) = ($answer->{headers}, $answer->{json} || {});
    is($h->content_type, 'application/problem+json', 'RFC 9457');
    is($j->{code}, $code, 'code') or diag $answer->{body};
    is($j->{status}, $status, 'status in it');
    is($j->{request_id}, $h->header('X-Request-Id'), 'request_id');
    is(scalar(grep { !defined $j->{$_} || ref $j->{$_} || !length $j->{$_} } qw(type title detail)), 0, 'type, title, detail');
    is($j->{detail}, 'Recruiter pending verification', 'the words') if $code eq 'recruiter_pending';
    my @members = sort grep { $_ ne 'errors' } keys %$j;
    is("@members", 'code detail request_id status title type', 'no other members');
    my @errors = @{ $j->{errors} || [] };
    is(@errors > 0 ? 1 : 0, $code eq 'validation_failed' ? 1 : 0, 'errors, with validation_failed alone');
    is(scalar(grep { join(' ', sort keys %$_) ne 'code detail field' } @errors), 0, 'each with field, code, detail');
    my $challenge = $h->header('WWW-Authenticate');
    if ($status == 401) {
        my $error = exists $error_of{$code} ? $error_of{$code} : 'invalid_token';
        like($challenge // '', qr/^Bearer realm="[^"]+"/, 'a challenge');
        is(($challenge // '') =~ /\berror="([^"]+)"/ ? $1 : undef, $error, 'with the error of RFC 6750');
    }
    else {
        is($challenge, undef, 'no challenge');
    }
    my $wait = $h->header('Retry-After');
    is(defined $wait && $wait =~ /^[1-9]\d*$/ ? 1 : 0, $status == 503 || $status == 429 ? 1 : 0, 'Retry-After with 429 and 503 alone');
    like($h->header('Allow') // '', qr/OPTIONS/, 'Allow') if $status == 405;
    return;
}

sub check_success {
    my ($answer, $method, $path) = @_;
    my $h = $answer->{headers};
    if ($answer->{status} =~ /^(?:204|302|304)$/ || $method eq 'HEAD') {
        is($answer->{body}, '', 'no body');
        return;
    }
    is($h->content_type, $path =~ m{/(?:docs|verify-email|reset-password)$} ? 'text/html' : 'application/json', 'JSON');
    my $j = $answer->{json};
    my $user = ref $j eq 'HASH' ? (exists $j->{user} ? $j->{user} : exists $j->{email_verified} ? $j : undef) : undef;
    # An administrator sees the identities of one account, too.
    is(join(' ', grep { $_ ne 'identities' } sort keys %$user), 'created_at disabled email email_verified id is_recruiter_verified name roles', 'the user') if $user;
    return if ref $j ne 'HASH' || !exists $j->{access_token};
    is($j->{token_type}, 'bearer', 'tokens');
    return;
}

# With cookies, an answer with tokens sets three cookies, and every other answer sets none. (The device cookie comes with each sign-in and
# is no credential.)
sub check_delivery {
    my ($answer, $way, $delivers) = @_;
    my $tokens = ref $answer->{json} eq 'HASH' && exists $answer->{json}{access_token};
    return if !$tokens || !$delivers;
    my @set = sort grep { !/authp_device$/ } keys %{ $answer->{cookies} };
    is_deeply(\@set, $way eq 'cookie' ? [sort { $a cmp $b } cookie_names()] : [], 'cookies in the cookie way alone');
    is(exists $answer->{json}{refresh_token} ? 1 : 0, $way eq 'json' ? 1 : 0, 'the refresh token in the body in the header way alone');
    return;
}

sub holds {
    my ($way, $row) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my ($route, $status, $code, $what, %o) = @$row;
    my $answer = ask($way, $route, %o);
    my ($method, $path) = split / /, $route;
    my @code = $answer->{status} >= 400 && ref $answer->{json} eq 'HASH' ? $answer->{json}{code} // () : ();
    $seen{ join ' ', $route, $answer->{status}, @code }{$way}++;
    subtest join(' ', "$way: $route", $status, $code // (), "($what)") => sub {
        my $h = $answer->{headers};
        is($answer->{status}, $status, 'status') or diag $answer->{body};
        my $id = $h->header('X-Request-Id') // '';
        like($id, qr/^[0-9a-f]{24}$/, 'X-Request-Id');
        ok(!$request_ids{$id}++, 'of its own');
        my $public = $answer->{status} =~ /^(?:200|304)$/ && $path =~ m{^/(?:openapi\.json|docs|jwks\.json)$};
        like($h->header('Cache-Control') // '', $public ? qr/^public/ : qr/^no-store$/, 'Cache-Control');
        like(join(',', $h->header('Vary')), qr/\bOrigin\b/, 'Vary: Origin');
        $method ne 'HEAD' && $status >= 400 ? check_problem($answer, $status, $code) : check_success($answer, $method, $path);
        check_delivery($answer, $way, $o{delivers}) if $status < 300;
        $o{check}->($answer) if $o{check};
    };
    return $answer;
}

1;
