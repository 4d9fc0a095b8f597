# SPDX-License-Identifier: Apache-2.0
# Self-test of the two identity providers of t/oidc. The real provider follows the protocol. The forging provider follows it too, except
# for what its plan changes.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of verifier with_query);
use HTTP::Tiny;
use JSON ();
use MIME::Base64 qw(decode_base64url encode_base64);
use Test::More;
use Time::HiRes 'time';

# This test starts no httpd. Nothing listens at the callback's address.
my $site     = bless { origin => 'http://127.0.0.1:9' }, 'AuthPlatform::SignIn';
my $callback = $site->redirect_uri('google');
my $http     = HTTP::Tiny->new(max_redirect => 0, timeout => 10);
my ($id, $secret) = (AuthPlatform::Oidc::CLIENT_ID, AuthPlatform::Oidc::CLIENT_SECRET);

sub fetch { my ($url, @more) = @_; my $got = $http->get($url, @more); $got->{json} = eval { JSON->new->utf8->decode($got->{content}) }; return $got }

sub basic {
    my ($name, $password) = map { my $text = $_; $text =~ s/([^\w.-])/sprintf '%%%02X', ord $1/ge; $text } @_;
    return { Authorization => 'Basic ' . encode_base64("$name:$password", '') };
}

# Sends an authorization request for the person $who. Returns the callback's query, the discovery document and the PKCE verifier.
sub authorized {
    my ($provider, $who, %more) = @_;
    my $found    = fetch($provider->issuer . '/.well-known/openid-configuration')->{json};
    my $verifier = verifier();
    my $visitor  = AuthPlatform::SignIn::Visitor->new($site);
    my $back = $visitor->at_provider(with_query($found->{authorization_endpoint}, client_id => $id, response_type => 'code',
        redirect_uri => $callback, scope => 'openid email profile', state => 'the-state', nonce => 'the-nonce', prompt => 'select_account',
        code_challenge => challenge($verifier), code_challenge_method => 'S256', login_hint => $who, %more));
    return ({}, $found, $verifier) if !defined $back;
    return (query_of($back), $found, $verifier);
}

sub exchanged {
    my ($found, $code, $verifier, %o) = @_;
    my $got = $http->post_form($found->{token_endpoint}, { grant_type => 'authorization_code', code => $code, redirect_uri => $callback,
        code_verifier => $verifier, %{ $o{form} || {} } }, { headers => $o{headers} || basic($id, $secret) });
    $got->{json} = eval { JSON->new->utf8->decode($got->{content}) };
    return $got;
}

sub parts { my ($token) = @_; my @part = split /\./, $token, -1; return map { eval { JSON->new->utf8->decode(decode_base64url($_)) } } @part[0, 1] }

sub token_for {
    my ($provider, $who) = @_;
    my ($query, $found, $verifier) = authorized($provider, $who);
    my $got = exchanged($found, $query->{code}, $verifier);
    return $got->{json}{id_token} // die "no id_token: $got->{status} $got->{content}";
}

# --- both providers --------------------------------------------------------------------------------------------------
my $real  = AuthPlatform::Oidc->real([$callback]);
my $forge = AuthPlatform::Oidc->forge;
my $own   = $forge->realm('google');

for my $case ([real => $real], [forging => $own]) {
    my ($name, $provider) = @$case;
    subtest "the $name one signs in" => sub {
        my ($query, $found, $verifier) = authorized($provider, 'alice');
        is($found->{issuer}, $provider->issuer, 'its issuer');
        is($query->{state}, 'the-state', 'the state comes back');
        my $got = exchanged($found, $query->{code}, $verifier);
        is($got->{status}, 200, 'a code is exchanged') or diag $got->{content};
        my ($head, $claims) = parts($got->{json}{id_token});
        is($head->{alg}, 'RS256', 'RS256');
        my $keys = fetch($found->{jwks_uri})->{json}{keys};
        is(scalar(grep { $_->{kid} eq $head->{kid} } @$keys), 1, 'by a key of the set');
        is("$claims->{iss} $claims->{aud} $claims->{sub}", $provider->issuer . " $id alice", 'iss, aud, sub');
        is("$claims->{email} $claims->{nonce}", 'alice@gmail.test the-nonce', 'email and nonce in the token itself');
        ok(JSON::is_bool($claims->{email_verified}) && $claims->{email_verified}, 'email_verified is a boolean');
        is(exchanged($found, $query->{code}, $verifier)->{json}{error}, 'invalid_grant', 'a code counts once');
        ($query, $found, $verifier) = authorized($provider, 'alice');
        is(exchanged($found, $query->{code}, verifier())->{json}{error}, 'invalid_grant', 'not with another verifier');
        my ($denied) = authorized($provider, 'deny');
        is("$denied->{error} $denied->{state}", 'access_denied the-state', '"deny" refuses');
    };
}
my ($query, $found) = authorized($real, 'corp');
ok($found->{authorization_response_iss_parameter_supported}, 'the real one announces iss');
is($query->{iss}, $real->issuer, 'and sends it');
is(exchanged($found, 'x', 'y', headers => basic($id, 'wrong'))->{status}, 401, 'its clients have a secret');

# --- the forging provider --------------------------------------------------------------------------------------------
subtest 'records' => sub {
    $own->plan;
    my ($answer, $document, $verifier) = authorized($own, 'bob', role => 'x');
    exchanged($document, $answer->{code}, $verifier);
    my ($asked, $exchange) = map { scalar $own->seen($_) } qw(authorize token);
    is("$asked->{login_hint} $asked->{scope} $asked->{prompt} $asked->{code_challenge_method}", 'bob openid email profile select_account S256', 'what was asked for');
    is("$exchange->{auth} $exchange->{client_id} $exchange->{client_secret}", "basic $id $secret", 'how the client proved itself');
    is($exchange->{form}{code_verifier}, $verifier, 'the verifier');
    exchanged($document, 'none', $verifier, headers => {}, form => { client_id => $id, client_secret => $secret });
    is($own->seen('token')->{auth}, 'post', 'the other way');
    is($own->counts->{token}, 2, 'how often');
    $own->plan;
    is_deeply([$own->seen('token'), %{ $own->counts }], [], 'forgotten with the next plan');
};

subtest 'claims and signatures' => sub {
    my @cases = (
        ['none',    { alg => 'none' },       sub { $_[0]{alg} eq 'none'  && $_[2] eq '' }],
        ['HS256',   { alg => 'HS256' },      sub { $_[0]{alg} eq 'HS256' && $_[2] ne '' }],
        ['ES256',   { alg => 'ES256' },      sub { $_[0]{alg} eq 'ES256' && length decode_base64url($_[2]) == 64 }],
        ['EdDSA',   { alg => 'EdDSA' },      sub { $_[0]{alg} eq 'EdDSA' && length decode_base64url($_[2]) == 64 }],
        ['ASN.1',   { alg => 'ES256', bend => 'der' }, sub { length decode_base64url($_[2]) > 66 }],
        ['no kid',  { kid => undef },        sub { !exists $_[0]{kid} }],
        ['a kid',   { kid => 'unknown' },    sub { $_[0]{kid} eq 'unknown' }],
        ['another', { says => 'ES256' },     sub { $_[0]{alg} eq 'ES256' && length decode_base64url($_[2]) == 256 }],
        ['header',  { header => { crit => ['x'] } }, sub { $_[0]{crit}[0] eq 'x' }],
        ['padding', { bend => 'padding' },   sub { $_[2] =~ /=\z/ }],
        ['parts',   { bend => 'parts' },     sub { !defined $_[2] }],
        ['payload', { bend => 'payload' },   sub { $_[1]{sub} eq 'somebody-else' }],
    );
    for my $case (@cases) {
        my ($name, $jws, $holds) = @$case;
        $own->plan(jws => $jws);
        my $token = token_for($own, 'alice');
        ok($holds->(parts($token), (split /\./, $token, -1)[2]), $name) or diag $token;
    }
    $own->plan(claims => { email => undef, email_verified => 'true', sub => { '$is' => undef } });
    my (undef, $claims) = parts(token_for($own, 'alice'));
    ok(!exists $claims->{email} && $claims->{email_verified} eq 'true' && exists $claims->{sub} && !defined $claims->{sub}, 'claims: left out, replaced, null');
    $own->plan;
    my ($right, $bent) = (token_for($own, 'a'), $own->mint(claims => { sub => 'x' }, jws => { foreign => JSON::true }));
    is((parts($right))[0]{kid}, (parts($bent))[0]{kid}, 'a foreign key under a known kid');
    is((parts($bent))[1]{sub}, 'x', 'a token without a sign-in');
};

subtest 'keys' => sub {
    my $jwks = $own->issuer . '/jwks';
    my @before = @{ fetch($jwks)->{json}{keys} };
    is(join(' ', map { $_->{alg} } @before), 'RS256 ES256 EdDSA', 'three kinds');
    my @after = @{ fetch($own->rotate->issuer . '/jwks')->{json}{keys} };
    my %old = map { $_->{kid} => 1 } @before;
    is(scalar(grep { $old{ $_->{kid} } } @after), 0, 'rotated');
    $own->plan(set => { many => 1000 });
    is(scalar @{ fetch($jwks)->{json}{keys} }, 1000, 'a thousand');
    $own->plan(set => { only => ['RS256'], without => ['alg'], twice => JSON::true });
    my @twice = @{ fetch($jwks)->{json}{keys} };
    ok(@twice == 2 && $twice[0]{kid} eq $twice[1]{kid} && !exists $twice[0]{alg}, 'twice, without alg');
    $own->plan(jwks => { pad => 1 << 20 });
    cmp_ok(length fetch($jwks)->{content}, '>', 1 << 20, 'a mebibyte');
    is($forge->realm('corp')->issuer . '/jwks', fetch($forge->realm('corp')->issuer . '/.well-known/openid-configuration')->{json}{jwks_uri}, 'another issuer');
    isnt(fetch($forge->realm('corp')->issuer . '/jwks')->{json}{keys}[0]{kid}, fetch($jwks)->{json}{keys}[0]{kid}, 'has keys of its own');
};

subtest 'faults' => sub {
    my $url = $own->issuer . '/.well-known/openid-configuration';
    $own->plan(discovery => { members => { issuer => 'https://other.example' } });
    is(fetch($url)->{json}{issuer}, 'https://other.example', 'another issuer');
    $own->plan(discovery => { status => 500, body => 'no' });
    my $got = fetch($url);
    is("$got->{status} $got->{content}", '500 no', 'a status and a body');
    $own->plan(discovery => { redirect => 'http://127.0.0.1:9/' });
    is(fetch($url)->{headers}{location}, 'http://127.0.0.1:9/', 'a redirect');
    $own->plan(discovery => { close => 'first' });
    is(fetch($url)->{status}, 599, 'no answer');
    my $began = time;
    $own->plan(discovery => { body => 'slow', drip => 100 });
    is(fetch($url)->{content}, 'slow', 'a drip');
    cmp_ok(time - $began, '>', 0.35, 'takes its time');
    $own->plan(authorize => { params => { state => undef, iss => 'x' }, error => 'server_error' });
    my ($answer) = authorized($own, 'alice');
    is("$answer->{error} $answer->{iss}" . (exists $answer->{state} ? 1 : 0), 'server_error x0', 'the way back');
    $own->plan;
    $forge->freeze;
    is(HTTP::Tiny->new(timeout => 0.3)->get($url)->{status}, 599, 'frozen');
    $forge->thaw;
    is(fetch($url)->{status}, 200, 'thawed');
    $forge->stop;
    like(fetch($url)->{content}, qr/refused/, 'down');
    $forge->run;
    is(fetch($url)->{status}, 200, 'up again where it was');
};

subtest 'GitHub' => sub {
    my $github = $forge->realm('github');
    my ($issuer, $visitor) = ($github->issuer, AuthPlatform::SignIn::Visitor->new($site));
    my $back = query_of($visitor->at_provider("$issuer/login/oauth/authorize?client_id=$id&state=s&login_hint=octo&redirect_uri=$callback"));
    my $form = { client_id => $id, client_secret => $secret, code => $back->{code}, redirect_uri => $callback };
    my $got = $http->post_form("$issuer/login/oauth/access_token", $form, { headers => { Accept => 'application/json' } });
    my $token = JSON->new->utf8->decode($got->{content})->{access_token};
    like($http->post_form("$issuer/login/oauth/access_token", $form)->{content}, qr/^error=bad_verification_code/, 'refusals are a 200, and form-encoded by default');
    is(fetch("$issuer/api/v3/user")->{status}, 401, 'only with the token');
    my $user = fetch("$issuer/api/v3/user", { headers => { Authorization => "Bearer $token" } })->{json};
    ok($user->{id} =~ /^\d+$/ && $user->{login} eq 'octo' && !defined $user->{email}, 'a user with a numeric id and no address');
    my ($primary) = grep { $_->{primary} } @{ fetch("$issuer/api/v3/user/emails", { headers => { Authorization => "Bearer $token" } })->{json} };
    is($primary->{email}, 'octo@gmail.test', 'the address elsewhere');
};

my $pid = $real->{pid};
$real->stop;
ok(!kill(0, $pid), 'what was started is gone');
done_testing;
