# SPDX-License-Identifier: Apache-2.0
# POST /google/token: an id_token that a phone or One Tap got from the provider. The checks and the mapping are those of the callback.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use JSON ();
use POSIX ();
use Test::More;

my $YES   = JSON::true;
my $forge = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => $corp, settings => "GOOGLE_EXTRA_CLIENT_IDS=android-1,ios-2\n");

sub claims   { my ($who, %more) = @_; return { sub => $who, email => "$who\@gmail.test", name => $who, %more } }
sub given    { my ($token, %more) = @_; return $site->visitor->api(POST => '/google/token', json => { id_token => $token, %more }) }
sub minted   { my (%claims) = @_; return $google->mint(claims => claims(somebody(), %claims)) }

# --- accepted tokens -------------------------------------------------------------------------------------------------
subtest 'a token counts, once' => sub {
    my $who = somebody();
    my $token = $google->mint(claims => claims($who));
    my $in = given($token, device_id => 'phone');
    is(words($in), '200 tokens', 'signed in') or diag $in->{body};
    ok($in->{json}{refresh_token}, 'with a refresh token');
    is_deeply([@{ $in->{json}{user} }{qw(email roles)}], ["$who\@gmail.test", ['candidate']], 'a candidate');
    is(words(given($token)), '401 token_invalid', 'a second time');
    is(given($token)->{json}{detail}, 'The token is not valid.', 'the words do not speak of an access token');
    like(given($token)->{headers}{'www-authenticate'}[0], qr/^Bearer/, 'with a challenge');
    is(given($google->mint(claims => claims($who)))->{json}{user}{id}, $in->{json}{user}{id}, 'another token of the same person');
    my $both = $site->visitor;
    is($both->sign_in('google', login_hint => $who)->{json}{user}{id}, $in->{json}{user}{id}, 'and the callback: one account');
    is(words($site->visitor->api(POST => '/oidc/google/token', json => { id_token => minted() })), '200 tokens', 'an alias');
};

subtest 'whose token' => sub {
    is(words(given($google->mint(client_id => $_, claims => claims(somebody())))), '200 tokens', "aud $_") for 'android-1', 'ios-2';
    is(words(given(minted(aud => 'android-1', azp => 'another'))), '200 tokens', 'azp counts with a list alone');
    is(words(given(minted(aud => ['android-1', 'x'], azp => 'android-1'))), '200 tokens', 'a list with azp');
    is(words(given(minted(aud => 'another'))), '401 token_invalid', 'another aud');
    is(words($site->visitor->api(POST => '/oidc/corp/token', json => { id_token => 'x' })), '404 not_found', 'for google alone');
};

subtest 'nonces' => sub {
    my @cases = (['n-1', 'n-1', '200 tokens'], [undef, undef, '200 tokens'], ['n-1', undef, '401 token_invalid'], [undef, 'n-1', '401 token_invalid'], ['n-1', 'n-2', '401 token_invalid']);
    for my $case (@cases) {
        my ($in_token, $in_request, $expected) = @$case;
        my $token = $google->mint(claims => claims(somebody(), defined $in_token ? (nonce => $in_token) : ()));
        is(words(given($token, defined $in_request ? (nonce => $in_request) : ())), $expected, join ' ', 'token', $in_token // '-', 'request', $in_request // '-');
    }
};

subtest 'roles' => sub {
    my ($eager, $invited) = (somebody(), somebody());
    my $refused = given($google->mint(claims => claims($eager)), role => 'recruiter');
    is(words($refused), '403 recruiter_pending', 'not invited');
    is($refused->{json}{detail}, 'Recruiter pending verification', 'its words');
    $site->invite("$invited\@gmail.test");
    my $in = given($google->mint(claims => claims($invited)), role => 'recruiter');
    is_deeply($in->{json}{user}{roles}, ['recruiter'], 'invited');
    is(words(given(minted(), role => 'admin')), '422 validation_failed', 'no other role');
};

# --- refused tokens --------------------------------------------------------------------------------------------------
subtest 'tokens that do not count' => sub {
    my $now = time;
    my @wrong = (
        ['alg none', jws => { alg => 'none' }], ['HS256', jws => { alg => 'HS256' }], ['HS256, public key', jws => { alg => 'HS256', hs => 'public' }],
        ['a foreign key', jws => { foreign => $YES }], ['a bent signature', jws => { bend => 'signature' }], ['other claims', jws => { bend => 'payload' }],
        ['another alg', jws => { says => 'ES256' }], ['padding', jws => { bend => 'padding' }], ['parts', jws => { bend => 'parts' }],
        ['iss', claims => { iss => $corp->issuer }], ['no iss', claims => { iss => undef }], ['exp', claims => { exp => $now - 120 }], ['no exp', claims => { exp => undef }],
        ['iat', claims => { iat => $now + 600 }], ['no sub', claims => { sub => undef }], ['a list without azp', claims => { aud => [$google->client_id, 'x'] }],
    );
    for my $case (@wrong) {
        my ($what, %how) = @$case;
        my $token = $google->mint(%how, claims => claims(somebody(), %{ $how{claims} || {} }));
        is(words(given($token)), '401 token_invalid', $what);
    }
    is(words(given($_)), '401 token_invalid', 'no token: ' . substr $_, 0, 20) for 'x', 'a.b.c', '....', 'e30.e30.', 'x' x 9000;
    is(words(given(minted(email_verified => 'true'))), '403 email_unverified', 'an address that is not proven');
    is(words($site->visitor->api(POST => '/google/token', json => $_)), '422 validation_failed', 'refused: ' . JSON->new->canonical->encode($_))
        for {}, { id_token => 5 }, { id_token => undef }, { id_token => 'x', more => 1 };
};

subtest 'what was refused is not used up' => sub {
    my $token = $google->mint(nonce => 'n-5', claims => claims(my $who = somebody()));
    is(words(given($token, nonce => 'n-6')), '401 token_invalid', 'with another nonce');
    is(words(given($token, nonce => 'n-5')), '200 tokens', 'with the right one');
    my ($account) = $site->accounts("$who\@gmail.test");
    $site->as_admin(PATCH => "/users/$account->{id}", json => { disabled => $YES });
    is(words(given($google->mint(claims => claims($who)))), '403 account_disabled', 'a disabled account');
};

subtest 'one token at once' => sub {
    my $token = minted();
    my @readers = map {
        my $pid = open(my $reader, '-|') // die "fork: $!";
        if (!$pid) {
            print words(given($token));
            close STDOUT;
            POSIX::_exit(0);
        }
        $reader;
    } 1 .. 6;
    my %said;
    for (@readers) { my $word = <$_>; $said{$word}++; close $_ }
    is_deeply(\%said, { '200 tokens' => 1, '401 token_invalid' => 5 }, 'one of six');
};

subtest 'keys' => sub {
    my $fresh = AuthPlatform::SignIn->site(google => $google);
    my $ask = sub { return $fresh->visitor->api(POST => '/google/token', json => { id_token => minted() }) };
    $google->plan(jwks => { status => 500, body => '' });
    my $down = $ask->();
    is(words($down), '503 oauth_unavailable', 'keys that are not to be had');
    like($down->{retry_after} // '', qr/^[1-9]\d*$/, 'Retry-After');
    $google->plan;
};
done_testing;
