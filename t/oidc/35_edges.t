# SPDX-License-Identifier: Apache-2.0
# Edges of a sign-in at a provider: parameters that a provider adds, repeated parameters, several cookies of one name, names and pictures of all
# kinds, one sub at two issuers, deleted accounts, foreign origins, another mount, and cookies without prefixes.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of somebody verifier with_query words);
use AuthPlatform::Test ();
use JSON ();
use Test::More;

my $COOKIE = '__Host-authp_oauth';
my $forge  = AuthPlatform::Oidc->forge;
my ($google, $corp) = map { $forge->realm($_) } qw(google corp);
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, EMAIL_DOMAINS => 'corp.test'], more => "AuthPlatformTokenDelivery ask\n",
    settings => "FRONTEND_URL=https://app.example.org\n");

sub begun { my ($visitor, %query) = @_; return $visitor->at_provider($visitor->begin('google', login_hint => somebody(), %query)) }

subtest 'parameters of the callback' => sub {
    $google->plan(authorize => { params => { scope => 'email profile openid', authuser => '0', prompt => 'none', hd => 'example.org', session_state => 'x..y' } });
    my $visitor = $site->visitor;
    is(words($visitor->open(begun($visitor))), '200 tokens', 'those that Google adds are ignored');
    $google->plan;
    my $back = begun($visitor);
    is(words($visitor->open("$back&state=another&code=another")), '200 tokens', 'of a repeated parameter the first counts');
    $back = begun($visitor);
    is(words($visitor->open("$back&error=access_denied")), '403 oauth_denied', 'a code and an error: the error counts');
    $back = begun($visitor);
    is(words($visitor->open($back =~ s/([?&]code=)[^&]*/$1 . 'c' x 4000/er)), '400 oauth_failed', 'a long code is the provider\'s to refuse');
    is($visitor->open("/api/auth/google/callback?state=%00&code=%ff%fe")->{status}, 400, 'bytes that are no text');
    is($visitor->open("/api/auth/google/callback?state=%zz")->{status} >= 400 ? 1 : 0, 1, 'and no encoding');
};

subtest 'cookies' => sub {
    my ($mine, $other) = ($site->visitor, $site->visitor);
    my ($back, $theirs) = (begun($mine), begun($other));
    my ($good, $bad) = map { $_->jar->{$COOKIE} } $mine, $other;
    my $answer = $site->httpd->get($back =~ s/^\Q@{[$site->origin]}\E//r, headers => { Cookie => "x=y; $COOKIE=$bad; z" });
    is(words($answer), '400 oauth_state_invalid', 'the cookie of another browser');
    $answer = $site->httpd->get($back =~ s/^\Q@{[$site->origin]}\E//r, headers => { Cookie => "$COOKIE=; a=b; $COOKIE=$good" });
    like(words($answer), qr/^(?:200 tokens|400 oauth_state_invalid)$/, 'two of the name are no crash');
    is(words($site->visitor->open($theirs)), '400 oauth_state_invalid', 'no cookie');
    for my $bent ('.', '...', 'x' x 4000, "$good.$good", substr($good, 0, 30)) {
        is(words($site->httpd->get($theirs =~ s/^\Q@{[$site->origin]}\E//r, headers => { Cookie => "$COOKIE=$bent" })), '400 oauth_state_invalid', 'a bent cookie');
    }
};

subtest 'names and pictures' => sub {
    my @cases = (['Zoë Ωmega 日本', 'Zoë Ωmega 日本'], ["a\x{1}b", undef], ['n' x 201, undef], [{}, undef], ['', undef]);
    for my $case (@cases) {
        my ($given, $expected) = @$case;
        $google->plan(claims => { name => $given });
        my $answer = $site->visitor->sign_in('google', login_hint => somebody());
        is(words($answer), '200 tokens', 'signed in');
        my $name = $answer->{json}{user}{name};
        defined $expected ? is($name, $expected, 'the name') : cmp_ok(length($name // ''), '<=', 200, 'a name of no use is left out or cut');
        unlike($name // '', qr/[\x00-\x1f]/, 'and has no control characters');
    }
    for my $picture ('javascript:alert(1)', 'data:text/html,x', 5, 'https://img.example/' . 'p' x 5000) {
        $google->plan(claims => { picture => $picture });
        my $answer = $site->visitor->sign_in('google', login_hint => somebody());
        my $item = $site->httpd->get('/api/auth/me/identities', bearer => $answer->{json}{access_token})->{json}{items}[0];
        is($item->{picture}, undef, 'a picture of no use: ' . substr $picture, 0, 30);
    }
    $google->plan;
};

subtest 'one sub at two issuers' => sub {
    my $who = somebody();
    my $at_google = $site->visitor->sign_in('google', login_hint => $who)->{json}{user};
    $corp->plan(claims => { email => "$who\@corp.test" });
    my $at_corp = $site->visitor->sign_in('corp', login_hint => $who)->{json}{user};
    isnt($at_corp->{id}, $at_google->{id}, 'two people');
    is($at_corp->{email}, "$who\@corp.test", 'with an address each');
};

subtest 'deleted accounts' => sub {
    for my $way ('by the person', 'by an administrator') {
        my $who = somebody();
        my $first = $site->visitor->sign_in('google', login_hint => $who)->{json};
        my $gone = $way eq 'by the person' ? $site->httpd->request(DELETE => '/api/auth/me', bearer => $first->{access_token}, json => {})
            : $site->as_admin(DELETE => "/users/$first->{user}{id}");
        is($gone->{status}, 204, $way) or diag $gone->{body};
        my $next = $site->visitor->sign_in('google', login_hint => $who);
        is(words($next), '200 tokens', "$way: the identity is free");
        isnt($next->{json}{user}{id}, $first->{user}{id}, "$way: and makes a new account");
    }
};

subtest 'a path, and no sign-in page' => sub {
    my %path = (login_hint => 'deny', return_to => '/page.txt');
    is(words($site->visitor->sign_in('google', %path)), '403 oauth_denied', 'the problem');
    my $page = $site->visitor->sign_in('google', %path, headers => { 'Sec-Fetch-Mode' => 'navigate', Accept => 'text/html' });
    is($page->{status}, 403, 'or, for a navigation');
    like($page->{headers}{'content-type'}[0], qr{^text/html}, 'the small page');
};

subtest 'foreign origins' => sub {
    my %cookie = ('X-Token-Delivery' => 'cookie');
    my $ask = sub { my ($path, $json, %headers) = @_; return words($site->httpd->request(POST => "/api/auth$path", json => $json, headers => \%headers)) };
    my $token = { id_token => $google->mint(claims => { sub => somebody(), email => somebody() . '@gmail.test' }) };
    is($ask->('/google/token', $token, %cookie, Origin => 'https://evil.example'), '403 origin_denied', 'an id_token for cookies');
    is($ask->('/google/token', $token, %cookie, 'Sec-Fetch-Site' => 'cross-site'), '403 origin_denied', 'in a browser without Origin');
    my $verifier = verifier();
    my $code = query_of($site->visitor->sign_in('google', login_hint => somebody(), return_to => 'https://app.example.org/', code_challenge => challenge($verifier))->{location})->{login_code};
    my $body = { login_code => $code, code_verifier => $verifier };
    is($ask->('/login/code', $body, %cookie, Origin => 'https://evil.example'), '403 origin_denied', 'a login_code for cookies');
    is($ask->('/login/code', $body, %cookie, Origin => 'https://app.example.org'), '200 tokens', 'from the app it counts, and was not used up');
    is($ask->('/google/token', $token, Origin => 'https://evil.example'), '200 tokens', 'tokens in the body are no matter of cookies');
    my $cors = $site->httpd->request(OPTIONS => '/api/auth/login/code', headers => { Origin => 'https://app.example.org', 'Access-Control-Request-Method' => 'POST' });
    is($cors->{headers}{'access-control-allow-origin'}[0], 'https://app.example.org', 'CORS');
};

subtest 'another mount, cookies without prefixes' => sub {
    my $other = AuthPlatform::SignIn->site(mount => '/auth', google => $google, settings => "SECURE_COOKIES=false\n", more => "AuthPlatformMount /auth\n");
    my $visitor = $other->visitor;
    my $listed = $other->httpd->get('/auth/providers')->{json}{providers};
    is($listed->[0]{login}, '/auth/google/login', 'its address');
    my $login = $visitor->open(with_query('/auth/google/login', login_hint => somebody(), return_to => '/page.txt'));
    my ($cookie) = grep { /authp_oauth=/ } @{ $login->{headers}{'set-cookie'} };
    like($cookie, qr/^authp_oauth=/, 'no prefix');
    unlike($cookie, qr/;\s*Secure/i, 'nor Secure');
    is($visitor->open($visitor->at_provider($login))->{status}, 302, 'the way back');
    is($visitor->open('/page.txt')->{status}, 200, 'the page opens');
    is($other->httpd->get('/api/auth/providers')->{status}, 404, 'nothing at the usual one');
};
$_->seen('token') for $google, $corp;
done_testing;
