# SPDX-License-Identifier: Apache-2.0
# Other kinds of providers: GitHub, which has no id_token, one tenant of Microsoft, and an https issuer whose certificate OIDC_CA_FILE names.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(somebody words);
use AuthPlatform::Test ();
use File::Temp ();
use JSON ();
use Test::More;

my ($YES, $NO) = (JSON::true, JSON::false);
my $forge = AuthPlatform::Oidc->forge;
my ($github, $tenant) = map { $forge->realm($_) } qw(github tenant);
my $site = AuthPlatform::SignIn->site(github => [$github, KIND => 'github', EMAIL_DOMAINS => 'gmail.test'],
    tenant => [$tenant, KIND => 'microsoft', EMAIL_DOMAINS => 'gmail.test']);


# --- GitHub ----------------------------------------------------------------------------------------------------------
subtest 'GitHub' => sub {
    my $who = somebody();
    my $visitor = $site->visitor;
    my $login = $visitor->begin('github', login_hint => $who);
    like($login->{location}, qr{^\Q@{[$github->issuer]}\E/login/oauth/authorize\?}, 'the way there');
    my $in = $visitor->open($visitor->at_provider($login));
    is(words($in), '200 tokens', 'signed in') or diag $in->{body};
    is($in->{json}{user}{email}, "$who\@gmail.test", 'with the primary address');
    ok($in->{json}{user}{email_verified}, 'which counts as proven');
    my $asked = $github->seen('authorize');
    like($asked->{scope}, qr/user:email/, 'asked for addresses');
    is($asked->{code_challenge_method}, 'S256', 'with PKCE');
    ok(!exists $asked->{prompt}, 'without prompt');
    ok(!grep({ !$_->{agent} || !$_->{known} } map { $github->seen($_) } 'api/v3/user', 'api/v3/user/emails'), 'the API is asked as it wants to be');
    ok(!$github->counts->{'.well-known/openid-configuration'} && !$github->counts->{jwks}, 'no discovery');
    $github->plan(user => { members => { login => 'renamed' } });
    is($site->visitor->sign_in('github', login_hint => $who)->{json}{user}{id}, $in->{json}{user}{id}, 'another name there, the same number: the same account');
    $github->plan(user => { members => { id => 4711 } });
    is(words($site->visitor->sign_in('github', login_hint => $who)), '409 identity_conflict', 'the same name and address, another number: another person');
};

subtest 'addresses of GitHub' => sub {
    my $list = sub { return (emails => { body => JSON->new->encode(\@_) }) };
    my @cases = (
        ['not verified', '403 email_unverified', $list->({ email => 'x@gmail.test', primary => $YES, verified => $NO })],
        ['"true"', '403 email_unverified', $list->({ email => 'x@gmail.test', primary => $YES, verified => 'true' })],
        ['none is primary', '403 email_unverified', $list->({ email => 'x@gmail.test', primary => $NO, verified => $YES })],
        ['none', '403 email_unverified', $list->()],
        ['no list', '502 oauth_failed', emails => { body => '{"email":"x@gmail.test"}' }],
        ['no number', '502 oauth_failed', user => { members => { id => undef } }],
        ['a text for a number', '502 oauth_failed', user => { members => { id => '12' } }],
        ['zero', '502 oauth_failed', user => { members => { id => 0 } }],
        ['no user', '502 oauth_failed', user => { body => '[]' }],
        ['the API is out of order', '503 oauth_unavailable', user => { status => 500, body => '' }],
        ['and that of the addresses', '503 oauth_unavailable', emails => { status => 502, body => '' }],
        ['it does not want us', '502 oauth_failed', user => { status => 401, body => '{}' }],
        ['no token', '502 oauth_failed', token => { body => '{}' }],
        ['a mebibyte', '502 oauth_failed', user => { pad => 1 << 20 }],
    );
    for my $case (@cases) {
        my ($what, $expected, %plan) = @$case;
        $github->plan(%plan);
        my $answer = $site->visitor->sign_in('github', login_hint => somebody());
        is(words($answer), $expected, $what) or diag $answer->{body};
    }
    $github->plan(token => { body => '{"error":"bad_verification_code"}' });
    is(words($site->visitor->sign_in('github', login_hint => somebody())), '400 oauth_failed', 'a code that does not count is said with a 200');
    $github->plan;
    is(words($site->visitor->sign_in('github', login_hint => 'deny')), '403 oauth_denied', 'refused by the person');
    $github->seen($_) for qw(authorize token);
};

# --- Microsoft -------------------------------------------------------------------------------------------------------
subtest 'Microsoft' => sub {
    my @cases = (['true', $YES, '200 tokens'], ['false', $NO, '403 email_unverified'], ['none', undef, '403 email_unverified']);
    for my $case (@cases) {
        my ($what, $value, $expected) = @$case;
        for my $email_verified (undef, $YES) {
            $tenant->plan(claims => { xms_edov => $value, email_verified => $email_verified });
            my $answer = $site->visitor->sign_in('tenant', login_hint => somebody());
            is(words($answer), $expected, "xms_edov $what" . ($email_verified ? ', whatever email_verified says' : '')) or diag $answer->{body};
        }
    }
    $tenant->plan(claims => { iss => $github->issuer, xms_edov => $YES });
    is(words($site->visitor->sign_in('tenant', login_hint => somebody())), '502 oauth_failed', 'another tenant');
};

# --- TLS -------------------------------------------------------------------------------------------------------------
subtest 'TLS' => sub {
    # There httpd takes more than the 3 s of a request to read the system's certificates. The unit suite curl_tls runs under the sanitizers, too.
    plan(skip_all => 'too slow under the sanitizers') if $ENV{AUTHP_SANITIZE};
    my $dir = File::Temp::tempdir('authp-tls-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    chmod 0755, $dir;
    for my $name (['right', 'IP:127.0.0.1'], ['wrong', 'DNS:other.example']) {
        system(qw(openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test -addext), "subjectAltName=$name->[1]",
            '-keyout', "$dir/$name->[0].key", '-out', "$dir/$name->[0].pem", '-batch') == 0 or die "openssl\n";
    }
    my @tls = map { AuthPlatform::Oidc->forge(tls => ["$dir/$_.pem", "$dir/$_.key"]) } qw(right wrong);
    my ($right, $wrong) = map { $_->realm('corp') } @tls;
    system("cat '$dir/right.pem' '$dir/wrong.pem' > '$dir/both.pem'") == 0 or die "cat\n";
    my %both = (corp => [$right, EMAIL_DOMAINS => 'gmail.test'], other => [$wrong, EMAIL_DOMAINS => 'gmail.test']);
    my $knows = AuthPlatform::SignIn->site(%both, settings => "OIDC_CA_FILE=$dir/both.pem\n");
    my $answer = $knows->visitor->sign_in('corp', login_hint => somebody());
    is(words($answer), '200 tokens', 'OIDC_CA_FILE') or diag $answer->{body};
    is(words($knows->visitor->begin('other')), '503 oauth_unavailable', 'a certificate for another host');
    my $plain = AuthPlatform::SignIn->site(%both);
    is(words($plain->visitor->begin('corp')), '503 oauth_unavailable', 'without OIDC_CA_FILE');
    is($right->counts->{jwks}, 1, 'nothing more was asked');
};
done_testing;
