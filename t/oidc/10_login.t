# SPDX-License-Identifier: Apache-2.0
# GET /providers and GET /NAME/login: the parameters sent to the provider, the state cookie, refused parameters, and a provider whose
# discovery document is not available.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of verifier);
use AuthPlatform::Test;
use Test::More;

my $COOKIE = '__Host-authp_oauth';
my $forge  = AuthPlatform::Oidc->forge;
my ($google, $corp, $gone) = map { $forge->realm($_) } qw(google corp gone);
$gone->plan(discovery => { status => 500, body => 'out of order' });
my $site = AuthPlatform::SignIn->site(google => $google, corp => [$corp, LABEL => 'Corp Ltd'], gone => [$gone],
    settings => qq{FRONTEND_URL=https://app.example.org\nBACKEND_CORS_ORIGINS=["https://spa.example.net"]\n},
    more => qq{<Location "/">\nAuthPlatformSignInPage /sign-in.html\n</Location>});
my $challenge = challenge(verifier());


# --- no provider configured: the shared server -----------------------------------------------------------------------
is_deeply(api(GET => '/providers')->{json}, { providers => [] }, 'no providers: an empty list');
problem_is(api(GET => "/$_"), 404, 'not_found', "no provider: no /$_") for 'google/login', 'google/callback', 'oidc/google/login', 'oidc/corp/login';
problem_is(api(POST => '/google/token', json => { id_token => 'x' }), 404, 'not_found', 'nor /google/token');

# --- GET /providers --------------------------------------------------------------------------------------------------
my $listed = $site->visitor->api(GET => '/providers');
is($listed->{status}, 200, 'GET /providers');
my %of = map { $_->{name} => $_ } @{ $listed->{json}{providers} };
is_deeply($of{google}, { name => 'google', label => 'Google', login => '/api/auth/google/login' }, 'google');
is_deeply($of{corp}, { name => 'corp', label => 'Corp Ltd', login => '/api/auth/oidc/corp/login' }, 'another one');
is(scalar keys %of, 3, 'and no more than there are');
unlike($listed->{body}, qr/client/i, 'nothing about clients');

# --- the redirect to the provider ------------------------------------------------------------------------------------
subtest 'to google' => sub {
    my $visitor = $site->visitor;
    my $login = $visitor->begin('google', login_hint => 'carol@gmail.test');
    is($login->{status}, 302, 'a redirect') or diag $login->{body};
    like($login->{location}, qr{^\Q@{[$google->issuer]}\E/authorize\?}, 'where discovery says');
    my $sent = query_of($login->{location});
    my %fixed = (response_type => 'code', client_id => $google->client_id, redirect_uri => $site->redirect_uri('google'), scope => 'openid email profile',
        code_challenge_method => 'S256', prompt => 'select_account', login_hint => 'carol@gmail.test');
    is($sent->{$_}, $fixed{$_}, $_) for sort keys %fixed;
    like($sent->{code_challenge}, qr/\A[\w-]{43}\z/, 'a PKCE challenge');
    cmp_ok(length $sent->{$_}, '>=', 22, "$_ is long enough to be random") for qw(state nonce);
    is(join(' ', sort keys %$sent), join(' ', sort keys(%fixed), qw(code_challenge nonce state)), 'nothing else');
    is($login->{headers}{'cache-control'}[0], 'no-store', 'not kept');
    my ($cookie) = grep { /^\Q$COOKIE\E=/ } @{ $login->{headers}{'set-cookie'} };
    like($cookie, qr{;\s*$_(?:;|$)}i, "the state cookie: $_") for 'HttpOnly', 'Secure', 'SameSite=Lax', 'Path=/';
    unlike($cookie, qr/domain=/i, 'of this host alone');
    my $again = query_of($site->visitor->begin('google')->{location});
    isnt($again->{$_}, $sent->{$_}, "$_ is new each time") for qw(state nonce code_challenge);
    ok(!exists $again->{login_hint}, 'no login_hint of our own');
    is(query_of($visitor->open('/api/auth/oidc/google/login')->{location})->{redirect_uri}, $fixed{redirect_uri}, 'an alias');
};
my $others = query_of($site->visitor->begin('corp', role => 'candidate', return_to => '/page.txt')->{location});
is($others->{redirect_uri}, $site->redirect_uri('corp'), 'to another provider');
ok(!exists $others->{prompt}, 'without prompt');
is($site->visitor->begin('google', role => 'recruiter', return_to => $_, code_challenge => $challenge)->{status}, 302, "return_to $_")
    for '/', '/a?b=c&d=%2F', 'https://app.example.org/x?y=1#z', 'https://spa.example.net/', 'https://spa.example.net/' . 'x' x 999;

# --- five pending sign-ins -------------------------------------------------------------------------------------------
subtest 'pending sign-ins' => sub {
    my $visitor = $site->visitor;
    my @back = map { $visitor->at_provider($visitor->begin('google', login_hint => "many-$_")) } 1 .. 6;
    is($visitor->open($back[0])->{status}, 400, 'the oldest of six is forgotten');
    is($visitor->open($back[$_])->{status}, 200, "number $_ is not") for 1, 5, 3;
    is($visitor->open($back[3])->{status}, 400, 'but once');
    $visitor->begin('google', return_to => '/' . 'y' x 900) for 1 .. 8;
    cmp_ok(length($visitor->jar->{$COOKIE}), '<=', 3800, 'not larger than 3,800 bytes');
    my $last = $visitor->at_provider($visitor->begin('google', return_to => '/' . 'z' x 1000, login_hint => 'many-last'));
    is($visitor->open($last)->{status}, 302, 'and the newest always fits');
};

# --- refused parameters ----------------------------------------------------------------------------------------------
my %url = (return_to => 'https://app.example.org/');
my @bad = (
    [role => role => 'admin'], [role => role => 'Recruiter'],
    (map { [return_to => return_to => $_, code_challenge => $challenge] } 'page', '//evil.example', '/\\evil.example', '/%2F/evil.example', "/a\x01", '/%00',
        'https://evil.example/', 'https://app.example.org.evil.example/', 'https://app.example.org@evil.example/', 'http://app.example.org/', 'https://app.example.org:444/',
        'javascript:alert(1)', 'https:app.example.org', '/' . 'x' x 1024, 'https://app.example.org/' . 'x' x 1001),
    [code_challenge => %url], (map { [code_challenge => %url, code_challenge => $_] } 'short', "$challenge=", '+' . substr($challenge, 1), "$challenge$challenge"),
);
for my $case (@bad) {
    my ($field, %query) = @$case;
    my $refused = $site->visitor->begin('google', %query);
    my $shown = join ' ', map { "$_=" . substr($query{$_}, 0, 40) =~ s/[^ -~]/?/gr } sort keys %query;
    is("$refused->{status} " . ($refused->{json}{code} // ''), '422 validation_failed', "refused: $shown");
    is($refused->{json}{errors}[0]{field}, $field, 'naming it');
    ok(!$refused->{headers}{'set-cookie'}, 'no cookie');
}
is($site->visitor->open('/api/auth/oidc/nobody/login')->{status}, 404, 'an unknown provider');
is($site->visitor->api(POST => '/google/login', json => {})->{status}, 405, 'GET alone');

# --- discovery fails -------------------------------------------------------------------------------------------------
subtest 'discovery is not to be had' => sub {
    my $down = $site->visitor->begin('gone');
    is("$down->{status} $down->{json}{code}", '503 oauth_unavailable', 'said so');
    like($down->{retry_after}, qr/^[1-9]\d*$/, 'Retry-After');
    ok(!$down->{headers}{'set-cookie'}, 'no cookie');
    my $page = $site->visitor->begin('gone', return_to => '/page.txt');
    is($page->{status}, 302, 'with a path: back');
    like($page->{location}, qr{^(?:\Q@{[$site->origin]}\E)?/sign-in\.html\?}, 'to the sign-in page');
    is_deeply([@{ query_of($page->{location}) }{qw(error return_to)}], [qw(oauth_unavailable /page.txt)], 'which is told why');
    my $app = $site->visitor->begin('gone', return_to => 'https://app.example.org/in?a=b', code_challenge => $challenge);
    like($app->{location}, qr{^https://app\.example\.org/in\?}, 'with a URL: there');
    is_deeply([@{ query_of($app->{location}) }{qw(a error)}], [qw(b oauth_unavailable)], 'with the error beside its own query');
    my $person = $site->visitor->begin('gone', headers => { 'Sec-Fetch-Mode' => 'navigate', Accept => 'text/html' });
    is($person->{status}, 503, 'a navigation');
    like($person->{headers}{'content-type'}[0], qr{^text/html}, 'gets a page');
    $gone->plan;
};
done_testing;
