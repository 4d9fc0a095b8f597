# SPDX-License-Identifier: Apache-2.0
# Refusals of the callback: an invalid state, an error from the provider, a failed code exchange, an invalid id_token. A refusal makes no
# account, and the log names its reason.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(query_of somebody with_query words);
use AuthPlatform::Test ();
use JSON ();
use Test::More;
use Time::HiRes 'time';

my ($YES, $NO) = (JSON::true, JSON::false);
my $COOKIE = '__Host-authp_oauth';
my $forge  = AuthPlatform::Oidc->forge;
my ($google, $corp, $strict) = map { $forge->realm($_) } qw(google corp strict);
# This provider announces the parameter iss of RFC 9207, and its token endpoint accepts client_secret_post only.
my %announces = (authorization_response_iss_parameter_supported => $YES, token_endpoint_auth_methods_supported => ['client_secret_post']);
$strict->plan(discovery => { members => \%announces });
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'gmail.test'], strict => [$strict, EMAIL_DOMAINS => 'gmail.test']);

sub begun    { my ($visitor, $name, %query) = @_; return $visitor->at_provider($visitor->begin($name, login_hint => somebody(), %query)) }

sub refused {
    my ($answer, $status, $code, $what) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is(words($answer), "$status $code", $what) or diag $answer->{body};
    like($answer->{retry_after} // '', qr/^[1-9]\d*$/, "$what: Retry-After") if $status == 503;
    ok(!grep({ /authp_(?:at|rt)=[^;]/ } @{ $answer->{headers}{'set-cookie'} || [] }), "$what: no session");
    return;
}

# --- state -----------------------------------------------------------------------------------------------------------
subtest 'state' => sub {
    my $visitor = $site->visitor;
    my $back = begun($visitor, 'google');
    my %query = %{ query_of($back) };
    my $at = sub { my (%with) = @_; return with_query('/api/auth/google/callback', %query, %with) };
    my $none = 'oauth_state_invalid';
    refused($visitor->open($at->(state => undef)), 400, $none, 'no state');
    refused($visitor->open($at->(state => 'x' x 43)), 400, $none, 'one that was never given');
    refused($visitor->open($at->(state => "$query{state}x")), 400, $none, 'a longer one');
    refused($visitor->open($at->(state => substr $query{state}, 0, -1)), 400, $none, 'a shorter one');
    refused($site->visitor->open($back), 400, $none, 'another browser');
    my $cookie = $visitor->jar->{$COOKIE};
    my $middle = int(length($cookie) / 2);
    (my $bent = $cookie) =~ s/\A(.{$middle})(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/e;
    my $forged = $site->visitor;
    $forged->jar->{$COOKIE} = $bent;
    refused($forged->open($back), 400, $none, 'a cookie with another character in it');
    my $copy = $site->visitor;
    $copy->jar->{$COOKIE} = $cookie;
    is(words($visitor->open($back)), '200 tokens', 'after all that it still counts');
    refused($visitor->open($back), 400, $none, 'but once');
    refused($copy->open($back), 400, 'oauth_failed', 'with an old copy of the cookie it fails at the provider');
    my %elsewhere = %{ query_of(begun($visitor, 'google')) };
    refused($visitor->open(with_query('/api/auth/oidc/corp/callback', %elsewhere)), 400, $none, 'at the callback of another provider');
    refused($visitor->open(with_query('/api/auth/google/callback', %elsewhere)), 400, $none, 'which uses it up');
    my $other = $site->visitor;
    my ($mine, $theirs) = (begun($visitor, 'google'), begun($other, 'google'));
    refused($visitor->open($theirs), 400, $none, 'the state and code of somebody else');
    is(words($visitor->open($mine)), '200 tokens', q{one's own still counts});
    refused($visitor->open('/api/auth/google/callback'), 400, $none, 'nothing at all');
    my $jar = begun($visitor, 'google');
    refused($visitor->open($jar =~ s/([?&])code=[^&]*&?/$1/r), 502, 'oauth_failed', 'no code and no error');
};

subtest 'the iss parameter' => sub {
    my $visitor = $site->visitor;
    $google->plan(authorize => { params => { iss => $corp->issuer } });
    refused($visitor->open(begun($visitor, 'google')), 400, 'oauth_state_invalid', 'another issuer');
    $google->plan(authorize => { params => { iss => $google->issuer } });
    is(words($visitor->open(begun($visitor, 'google'))), '200 tokens', 'this issuer');
    $google->plan;
    my $back = begun($visitor, 'strict');
    is(query_of($back)->{iss}, $strict->issuer, 'announced');
    is(words($visitor->open($back)), '200 tokens', 'and there');
    is($strict->seen('token')->{auth}, 'post', 'the secret in the form, where the provider takes no other way');
    $strict->plan(discovery => { members => \%announces }, authorize => { params => { iss => undef } });
    refused($visitor->open(begun($visitor, 'strict')), 400, 'oauth_state_invalid', 'announced, and not there');
};

# --- errors from the provider ----------------------------------------------------------------------------------------
subtest 'errors of the provider' => sub {
    my $visitor = $site->visitor;
    my $back = $visitor->at_provider($visitor->begin('google', login_hint => 'deny'));
    refused($visitor->open($back), 403, 'oauth_denied', 'the person refused');
    refused($visitor->open($back), 400, 'oauth_state_invalid', 'and that state is used');
    for my $error (qw(server_error temporarily_unavailable invalid_request login_required <script>)) {
        $google->plan(authorize => { error => $error });
        my $answer = $visitor->open(begun($visitor, 'google'));
        refused($answer, 502, 'oauth_failed', $error);
        unlike($answer->{body}, qr/<script>/, 'nothing of it in the page') if $error =~ /</;
    }
    $google->plan(authorize => { error => 'access_denied', params => { state => 'x' x 43 } });
    refused($visitor->open(begun($visitor, 'google')), 400, 'oauth_state_invalid', 'a refusal with a wrong state');
    $google->plan;
};

# --- the code exchange -----------------------------------------------------------------------------------------------
subtest 'the exchange' => sub {
    my @cases = (
        ['invalid_grant', { status => 400, body => '{"error":"invalid_grant"}' }, 400, 'oauth_failed'],
        ['invalid_client', { status => 401, body => '{"error":"invalid_client"}' }, 502, 'oauth_failed'],
        ['another 400', { status => 400, body => '{"error":"redirect_uri_mismatch"}' }, 502, 'oauth_failed'],
        ['a 400 that says nothing', { status => 400, body => '' }, 502, 'oauth_failed'],
        ['403', { status => 403, body => 'no' }, 502, 'oauth_failed'],
        ['404', { status => 404, body => 'no' }, 502, 'oauth_failed'],
        ['500', { status => 500, body => 'no' }, 503, 'oauth_unavailable'],
        ['503', { status => 503, body => 'no' }, 503, 'oauth_unavailable'],
        ['no answer', { close => 'first' }, 503, 'oauth_unavailable'],
        ['half an answer', { close => 'half', headers => { 'Content-Length' => 5000 } }, 503, 'oauth_unavailable'],
        ['a mebibyte', { pad => 1 << 20 }, 502, 'oauth_failed'],
        ['a redirect', { redirect => $google->issuer . '/elsewhere' }, 502, 'oauth_failed'],
        ['a redirect that repeats the form', { status => 307, redirect => $google->issuer . '/token' }, 502, 'oauth_failed'],
        ['no JSON', { body => 'access_token=x' }, 502, 'oauth_failed'],
        ['a list', { body => '[]' }, 502, 'oauth_failed'],
        ['no id_token', { members => { id_token => undef } }, 502, 'oauth_failed'],
        ['an id_token that is no text', { members => { id_token => 5 } }, 502, 'oauth_failed'],
        ['an empty one', { members => { id_token => '' } }, 502, 'oauth_failed'],
    );
    for my $case (@cases) {
        my ($what, $fault, $status, $code) = @$case;
        my $visitor = $site->visitor;
        $google->plan(token => $fault);
        my $back = begun($visitor, 'google');
        refused($visitor->open($back), $status, $code, $what);
        is($google->counts->{token}, 1, "$what: the code is sent once");
        ok(!$google->counts->{elsewhere}, "$what: not followed") if $fault->{redirect};
        refused($visitor->open($back), 400, 'oauth_state_invalid', "$what: the state is used");
    }
    for my $case (['a slow answer', delay => 8000], ['a drip', drip => 50, pad => 500]) {
        my ($what, %fault) = @$case;
        $google->plan(token => \%fault);
        my $visitor = $site->visitor;
        my $back = begun($visitor, 'google');
        my $began = time;
        refused($visitor->open($back), 503, 'oauth_unavailable', $what);
        cmp_ok(time - $began, '<', 5.9, "$what: after 3 s, and not twice 3 s");
    }
    $google->plan;
    my $visitor = $site->visitor;
    is(words($visitor->open(begun($visitor, 'google'))), '200 tokens', 'and when all is well again');
    my $sent = $google->seen('token');
    is("$sent->{auth} $sent->{form}{grant_type} $sent->{form}{redirect_uri}", 'basic authorization_code ' . $site->redirect_uri('google'), 'what the provider was sent');
    is($sent->{client_secret}, $google->client_secret, 'a secret with all kinds of characters');
    ok(!exists $sent->{form}{client_secret}, 'in one place alone');
    like($sent->{form}{code_verifier}, qr/\A[\w.~-]{43,128}\z/, 'a PKCE verifier');
};

# --- id_tokens -------------------------------------------------------------------------------------------------------
my ($id, $now) = ($google->client_id, time);
my @wrong = (
    ['alg none', jws => { alg => 'none' }],
    ['alg none, in other letters', jws => { alg => 'none', says => 'nOnE' }],
    ['HS256 with the client secret', jws => { alg => 'HS256' }],
    ['HS256 with the public key', jws => { alg => 'HS256', hs => 'public' }],
    ['a key of nobody', jws => { foreign => $YES }],
    ['a signature with one bit changed', jws => { bend => 'signature' }],
    ['other claims than were signed', jws => { bend => 'payload' }],
    ['RS256 that says ES256', jws => { says => 'ES256' }],
    ['RS256 that says RS512', jws => { says => 'RS512' }],
    ['RS256 that says PS256', jws => { says => 'PS256' }],
    ['no alg', jws => { header => { alg => undef } }],
    ['no kid, three keys', jws => { kid => undef }],
    ['a kid that is no text', jws => { kid => 5 }],
    ['crit', jws => { header => { crit => ['exp'] } }],
    ['ES256 in ASN.1', jws => { alg => 'ES256', bend => 'der' }],
    ['padding', jws => { bend => 'padding' }],
    ['two parts', jws => { bend => 'parts' }],
    ['five parts', jws => { bend => 'five' }],
    ['no object', jws => { payload => '[]' }],
    ['no JSON', jws => { payload => 'no' }],
    ['iss: another', claims => { iss => $corp->issuer }],
    ['iss: with a slash', claims => { iss => $google->issuer . '/' }],
    ['iss: none', claims => { iss => undef }],
    ['iss: Google itself', claims => { iss => 'https://accounts.google.com' }],
    ['aud: another', claims => { aud => 'another-client' }],
    ['aud: none', claims => { aud => undef }],
    ['aud: empty list', claims => { aud => [] }],
    ['aud: a list without us', claims => { aud => ['a', 'b'], azp => $id }],
    ['aud: a list, azp another', claims => { aud => [$id, 'b'], azp => 'b' }],
    ['aud: a list, no azp', claims => { aud => [$id, 'b'] }],
    ['exp: past', claims => { iat => int $now - 7200, exp => int $now - 120 }],
    ['exp: none', claims => { exp => undef }],
    ['exp: a text', claims => { exp => '9999999999' }],
    ['iat: in the future', claims => { iat => int $now + 600, exp => int $now + 4000 }],
    ['iat: none', claims => { iat => undef }],
    ['iat: a text', claims => { iat => '1' }],
    ['nonce: another', claims => { nonce => 'another' }],
    ['nonce: none', claims => { nonce => undef }],
    ['nonce: no text', claims => { nonce => 1 }],
    ['sub: none', claims => { sub => undef }],
    ['sub: empty', claims => { sub => '' }],
    ['sub: a number', claims => { sub => 7 }],
    ['sub: null', claims => { sub => { '$is' => undef } }],
    ['sub: with a NUL', claims => { sub => "a\0b" }],
    ['sub: longer than 255', claims => { sub => 's' x 256 }],
    ['larger than 16 KiB', claims => { more => 'm' x 16_384 }],
);
subtest 'id_tokens that are not right' => sub {
    for my $case (@wrong) {
        my ($what, %plan) = @$case;
        my $visitor = $site->visitor;
        $google->plan(%plan);
        refused($visitor->open(begun($visitor, 'google')), 502, 'oauth_failed', $what);
    }
};
subtest 'id_tokens that are right' => sub {
    my @right = (
        ['ES256', jws => { alg => 'ES256' }], ['EdDSA', jws => { alg => 'EdDSA' }],
        ['no typ', jws => { header => { typ => undef } }],
        ['aud: a list with us, azp us', claims => { aud => [$id, 'b'], azp => $id }],
        ['aud: a text, azp another', claims => { azp => 'android-client' }],
        ['exp: within the leeway', claims => { exp => int time - 30 }],
        ['iat: within the leeway', claims => { iat => int time + 30 }],
        ['iat: long ago', claims => { iat => 1_000_000_000 }],
        ['members that nobody knows', claims => { hd => 'x', at_hash => 'y', amr => ['pwd'] }],
        ['no name, no picture', claims => { name => undef, picture => undef }],
        ['a picture of no use', claims => { picture => 'javascript:alert(1)' }],
        ['a name of no use', claims => { name => "a\x01" . 'n' x 500 }],
        ['a name that is no text', claims => { name => [1] }],
    );
    for my $case (@right) {
        my ($what, %plan) = @$case;
        my $visitor = $site->visitor;
        $google->plan(%plan);
        my $answer = $visitor->open(begun($visitor, 'google'));
        is(words($answer), '200 tokens', $what) or diag $answer->{body};
    }
};

# --- log -------------------------------------------------------------------------------------------------------------
subtest 'what is left of it' => sub {
    $google->plan(claims => { email => 'never@gmail.test', nonce => 'x' });
    my $visitor = $site->visitor;
    refused($visitor->open(begun($visitor, 'google')), 502, 'oauth_failed', 'one more');
    is(scalar $site->accounts('never@gmail.test'), 0, 'no account');
    $google->plan;
    refused($visitor->open(begun($visitor, 'google', role => 'recruiter')), 403, 'recruiter_pending', 'and one about the account');
    local $ENV{AUTHP_ENV_FILE} = "$site->{httpd}{dir}/.env";
    my ($status, $said) = AuthPlatform::Test::cli([qw(audit list --event login --json --limit 200)]);
    is($status, 0, 'the audit');
    my %reason = map { $_->{reason} => 1 } grep { $_->{outcome} eq 'denied' } map { @{ $_->{items} } } JSON->new->utf8->decode($said);
    ok($reason{$_}, "has the reason $_") for 'oauth_failed: nonce', 'oauth_failed: alg', 'oauth_failed: signature', 'oauth_failed: iss', 'recruiter_pending';
    $google->seen($_) for qw(authorize token);
};
done_testing;
