# SPDX-License-Identifier: Apache-2.0
# The answers of the callback: tokens without return_to, cookies and a redirect for a path, a login_code for a whole URL, and errors in the
# same three forms. POST /login/code exchanges a login_code for tokens once.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Oidc;
use AuthPlatform::SignIn qw(challenge query_of somebody verifier words);
use AuthPlatform::Test ();
use JSON ();
use POSIX ();
use Test::More;

my ($AT, $RT, $CSRF, $STATE) = ('__Host-authp_at', '__Secure-authp_rt', 'csrf_token', '__Host-authp_oauth');
my $APP   = 'https://app.example.org';
my $forge = AuthPlatform::Oidc->forge;
my $google = $forge->realm('google');
my $site = AuthPlatform::SignIn->site(google => $google, settings => "FRONTEND_URL=$APP\n",
    more => qq{AuthPlatformTokenDelivery ask\n<Location "/">\nAuthPlatformSignInPage /sign-in.html\n</Location>});


# Signs in with a whole URL as return_to. Returns the login_code, the PKCE verifier and the callback's answer.
sub for_app {
    my (%o) = @_;
    my $verifier = verifier();
    my $answer = ($o{visitor} || $site->visitor)->sign_in('google', login_hint => $o{as} || somebody(), return_to => $o{return_to} || "$APP/in",
        code_challenge => challenge($verifier));
    return (query_of($answer->{location})->{login_code}, $verifier, $answer);
}
sub redeemed { my ($code, $verifier, %more) = @_; return $site->visitor->api(POST => '/login/code', json => { login_code => $code, code_verifier => $verifier, %more }) }

# --- no return_to ----------------------------------------------------------------------------------------------------
subtest 'tokens' => sub {
    my $visitor = $site->visitor;
    my $answer = $visitor->sign_in('google', login_hint => somebody(), device_id => 'my phone');
    is(words($answer), '200 tokens', 'in the body');
    ok($answer->{json}{refresh_token} && !$visitor->jar->{$RT} && !$visitor->jar->{$AT}, 'no cookies');
    ok(!exists $visitor->jar->{$STATE}, 'and that of the state is gone');
    is($answer->{headers}{'cache-control'}[0], 'no-store', 'not kept');
    my ($session) = @{ $site->httpd->get('/api/auth/sessions', bearer => $answer->{json}{access_token})->{json}{items} };
    is($session->{device_id}, 'my phone', 'device_id of the login is the session\'s');
    my $cookies = $site->visitor;
    $answer = $cookies->sign_in('google', login_hint => somebody(), headers => { 'X-Token-Delivery' => 'cookie' });
    is($answer->{status}, 200, 'asked for cookies');
    ok(!exists $answer->{json}{refresh_token} && !grep({ !$cookies->jar->{$_} } $AT, $RT, $CSRF), 'which come');
    my $before = $cookies->jar->{$RT};
    $cookies->sign_in('google', login_hint => somebody(), return_to => '/page.txt');
    my $old = $site->visitor;
    $old->jar->{$RT} = $before;
    is($old->open('/api/auth/session/renew?return_to=/page.txt')->{location} =~ m{sign-in} ? 1 : 0, 1, 'the session whose cookies came along has ended');
};

# --- a path ----------------------------------------------------------------------------------------------------------
subtest 'a path' => sub {
    my $visitor = $site->visitor;
    my $answer = $visitor->sign_in('google', login_hint => somebody(), return_to => '/page.txt?a=b&c=%2Fd', headers => { 'X-Token-Delivery' => 'json' });
    is($answer->{status}, 302, 'a redirect') or diag $answer->{body};
    like($answer->{location}, qr{^(?:\Q@{[$site->origin]}\E)?/page\.txt\?a=b&c=%2Fd$}, 'to it');
    ok(!grep({ !$visitor->jar->{$_} } $AT, $RT, $CSRF), 'with cookies, whatever the delivery');
    ok(!exists $visitor->jar->{$STATE}, 'without that of the state');
    is($visitor->open('/page.txt')->{status}, 200, 'and the page opens');
    unlike($answer->{location} . $answer->{body}, qr/eyJ/, 'no token outside of cookies');
};

# --- the URL of an app -----------------------------------------------------------------------------------------------
subtest 'a URL' => sub {
    my $visitor = $site->visitor;
    my ($code, $verifier, $answer) = for_app(visitor => $visitor, as => my $who = somebody(), return_to => "$APP/in?x=1");
    is($answer->{status}, 302, 'a redirect') or diag $answer->{body};
    like($answer->{location}, qr{^\Q$APP\E/in\?}, 'to it');
    is(join(' ', sort keys %{ query_of($answer->{location}) }), 'login_code x', 'with a code beside its own query');
    cmp_ok(length $code, '>=', 22, 'which nobody guesses');
    ok(!grep({ exists $visitor->jar->{$_} } $AT, $RT, $CSRF, $STATE), 'no cookies');
    my ($account) = $site->accounts("$who\@gmail.test");
    is(scalar @{ $site->as_admin(GET => "/users/$account->{id}/sessions")->{json}{items} }, 0, 'no session yet');
    my $in = redeemed($code, $verifier, device_id => 'spa');
    is(words($in), '200 tokens', 'redeemed');
    is($in->{json}{user}{id}, $account->{id}, 'by the person');
    is($site->as_admin(GET => "/users/$account->{id}/sessions")->{json}{items}[0]{device_id}, 'spa', 'a session');
    is(words(redeemed($code, $verifier)), '401 invalid_credentials', 'once');
    is($site->httpd->get('/page.txt', bearer => $in->{json}{access_token})->{status}, 200, 'a second try ends nothing');
    ($code, $verifier, $answer) = for_app(return_to => "$APP/in#part");
    is($answer->{location} =~ m{^\Q$APP\E/in\?login_code=[\w-]+#part$} ? 1 : 0, 1, 'before a fragment') or diag $answer->{location};
};

subtest 'codes that do not count' => sub {
    my ($code, $verifier) = for_app();
    my ($other_code, $other) = for_app();
    is(words(redeemed($code, $other)), '401 invalid_credentials', 'with the verifier of another');
    is(words(redeemed($code, challenge($verifier))), '401 invalid_credentials', 'with the challenge');
    is(words(redeemed("${code}x", $verifier)), '401 invalid_credentials', 'another code');
    is(words(redeemed($code, $verifier)), '200 tokens', 'none of which uses it up');
    for my $bad ([login_code => undef], [code_verifier => undef], [login_code => 5], [login_code => ''], [code_verifier => 'short'], [code_verifier => 'x' x 129], [more => 1]) {
        my %body = (login_code => $other_code, code_verifier => $other, @$bad);
        delete $body{$_} for grep { !defined $body{$_} } keys %body;
        my $answer = $site->visitor->api(POST => '/login/code', json => \%body);
        like(words($answer), qr/^(?:422 validation_failed|401 invalid_credentials)$/, "refused: @{[map { $_ // 'missing' } @$bad]}");
    }
    my ($late, $its) = for_app(as => my $who = somebody());
    my ($account) = $site->accounts("$who\@gmail.test");
    $site->as_admin(PATCH => "/users/$account->{id}", json => { disabled => JSON::true });
    is(words(redeemed($late, $its)), '401 invalid_credentials', 'an account disabled meanwhile');
};

subtest 'one code at once' => sub {
    my ($code, $verifier) = for_app();
    my @readers = map {
        my $pid = open(my $reader, '-|') // die "fork: $!";
        if (!$pid) {
            print words(redeemed($code, $verifier));
            close STDOUT;
            POSIX::_exit(0);
        }
        $reader;
    } 1 .. 6;
    my %said;
    for (@readers) { my $word = <$_>; $said{$word}++; close $_ }
    is_deeply(\%said, { '200 tokens' => 1, '401 invalid_credentials' => 5 }, 'one of six gets the tokens');
};

# --- errors ----------------------------------------------------------------------------------------------------------
subtest 'errors' => sub {
    my %denied = (login_hint => 'deny');
    my $challenge = challenge(verifier());
    my $app = $site->visitor->sign_in('google', %denied, return_to => "$APP/in?x=1", code_challenge => $challenge);
    is($app->{status}, 302, 'an app is told at its URL') or diag $app->{body};
    my $query = query_of($app->{location});
    is("$query->{error} $query->{x}", 'oauth_denied 1', 'by error');
    ok(length $query->{error_description}, 'and error_description');
    my $visitor = $site->visitor;
    my $page = $visitor->sign_in('google', %denied, return_to => '/page.txt?a=b');
    is($page->{status}, 302, 'with a path');
    like($page->{location}, qr{^(?:\Q@{[$site->origin]}\E)?/sign-in\.html\?}, 'to the sign-in page, never to the guarded one');
    is_deeply([@{ query_of($page->{location}) }{qw(error return_to)}], ['oauth_denied', '/page.txt?a=b'], 'with error and return_to');
    ok(!exists $visitor->jar->{$STATE}, 'the entry of the state is gone');

    my %navigation = ('Sec-Fetch-Mode' => 'navigate', Accept => 'text/html,*/*;q=0.8');
    my $small = $site->visitor->sign_in('google', %denied, headers => \%navigation);
    is($small->{status}, 403, 'no return_to, a navigation');
    is($small->{headers}{'referrer-policy'}[0], 'no-referrer', '... whose address, with the code in it, goes nowhere');
    like($small->{headers}{'content-type'}[0], qr{^text/html}, 'gets a page');
    is(words($site->visitor->sign_in('google', %denied)), '403 oauth_denied', 'others the problem');

    my $lost = $site->visitor->at_provider($site->visitor->begin('google', return_to => "$APP/in", code_challenge => $challenge, login_hint => somebody()));
    is(words($site->visitor->open($lost)), '400 oauth_state_invalid', 'an invalid state leads nowhere: a problem');
    my $lost_page = $site->visitor->open($lost, headers => \%navigation);
    is($lost_page->{status}, 400, 'or, for a navigation');
    like($lost_page->{headers}{'content-type'}[0], qr{^text/html}, 'a page');
    unlike($lost_page->{body}, qr/\Q@{[query_of($lost)->{state}]}\E/, 'that does not show the state');

    my $pending = $site->visitor->sign_in('google', login_hint => somebody(), role => 'recruiter', return_to => '/page.txt');
    is(query_of($pending->{location})->{error}, 'recruiter_pending', 'refusals of the account go the same way');
};
$google->seen($_) for qw(authorize token);
done_testing;
