# SPDX-License-Identifier: Apache-2.0
# Require on real locations: who may see a page, and the form of each refusal.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use Test::More;

my %who = (
    candidate => person(),
    recruiter => admin(role => 'recruiter', more => ['--verified']),
    admin     => admin(),
);
my %matrix = (    # path => roles that may see it
    '/any/'             => [qw(candidate recruiter admin)],
    '/candidate/'       => [qw(candidate)],
    '/recruiter/'       => [qw(recruiter admin)],
    '/admin/'           => [qw(admin)],
    '/recruit/whoami'   => [qw(recruiter)],
    '/adminpass/whoami' => [qw(recruiter admin)],
    '/both/whoami'      => [qw(candidate)],
    '/either/'          => [qw(admin)],
);
for my $path (sort keys %matrix) {
    my %in = map { $_ => 1 } @{ $matrix{$path} };
    for my $role (sort keys %who) {
        my $answer = request(GET => $path, bearer($who{$role}));
        if ($in{$role}) {
            is($answer->{status}, 200, "$path lets a $role in") or diag $answer->{body};
            like($answer->{headers}->header('Cache-Control') // '', qr/private/, 'kept out of shared caches');
            my $vary = join ',', $answer->{headers}->header('Vary');
            like($vary, qr/Authorization/i, 'Vary: Authorization');
            like($vary, qr/Cookie/i,        'Vary: Cookie');
        }
        else {
            problem_is($answer, 403, 'insufficient_role', "$path refuses a $role");
            is($answer->{headers}->header('WWW-Authenticate'), undef, 'no challenge for somebody signed in');
        }
    }
    problem_is(request(GET => $path), 401, 'token_missing', "$path signed out");
    problem_is(request(GET => $path, bearer => 'a.b.c'), 401, 'token_invalid', "$path with a bad token");
}

# Browsers: a navigation is sent to the sign-in page, every other request gets a JSON error.
my %nav = ('Sec-Fetch-Mode' => 'navigate');
my $sent = request(GET => '/candidate/?x=1&y=%20z', headers => {%nav});
is($sent->{status}, 302, 'a signed-out navigation');
is($sent->{headers}->header('Location'), '/signin.html?return_to=%2Fcandidate%2F%3Fx%3D1%26y%3D%2520z', 'to the sign-in page, with return_to');
like($sent->{headers}->header('Cache-Control'), qr/no-store|private/, 'not for shared caches');
my $renew = request(GET => '/candidate/', headers => {%nav}, cookies => { csrf_token => 'x' });
is($renew->{headers}->header('Location'), '/api/auth/session/renew?return_to=%2Fcandidate%2F', 'with csrf_token: to renew');
is(request(HEAD => '/candidate/', headers => {%nav})->{status}, 302, 'HEAD navigates too');
is(request(GET => '/candidate/', headers => { Accept => 'text/html,application/xhtml+xml,*/*;q=0.8' })->{status}, 302, 'an old browser, by Accept');
is(request(GET => '/candidate/', headers => { Accept => '*/*' })->{status}, 401, 'Accept: */* is an API client');
is(request(GET => '/candidate/', headers => { 'Sec-Fetch-Mode' => 'cors', Accept => 'text/html' })->{status}, 401, 'fetch() is an API client');
is(request(POST => '/candidate/', headers => {%nav}, body => '')->{status}, 401, 'other methods get 401');
is(request(GET => '/nowhere/', headers => {%nav})->{status}, 401, 'no sign-in page: 401');
is(request(GET => '/candidate/', headers => {%nav}, bearer => 'a.b.c')->{status}, 302, 'a navigation with a bad token');
my $page = request(GET => '/admin/', headers => {%nav}, bearer($who{candidate}));
is($page->{status}, 403, 'wrong role on a navigation');
is($page->{headers}->content_type, 'text/html', 'is told by a small page');
unlike($page->{body}, qr/<script|https?:/i, 'without scripts or other hosts');
# The page for browsers shows the name of the refused user as plain text, and a link to sign in as another one.
my $named = person(name => q{<b onclick="x">A & 'B'</b>});
my $denied = request(GET => '/admin/?a=1&b="', headers => {%nav}, bearer($named));
like($denied->{body}, qr{You are signed in as <strong><bdi>&lt;b onclick=&quot;x&quot;&gt;A &amp; 'B'&lt;/b&gt;</bdi></strong> \(<bdi>\Q$named->{email}\E</bdi>\)}, 'a name is text');
like($denied->{body}, qr{<a href="/signin\.html\?return_to=%2Fadmin%2F%3Fa%3D1%26b%3D%2522">Sign in as somebody else</a>}, 'with a way to be somebody else, and back');
my $optional = request(GET => '/optional-fresh-admin/', headers => {%nav}, bearer($named));
is($optional->{status}, 403, 'where signing in is optional');
like($optional->{body}, qr/You are signed in as .*somebody else/s, 'the page says so too');
unlike(request(GET => '/nowhere/', headers => {%nav})->{body}, qr/signed in as|somebody else/, 'to nobody it says neither');
my $stranded = request(GET => '/nowhere-admin/', headers => {%nav}, bearer($named));
is($stranded->{status}, 403, 'without a sign-in page');
like($stranded->{body}, qr/You are signed in as/, 'it says who');
unlike($stranded->{body}, qr/somebody else|signin/, 'and offers no link');
my $csp = sub { return join ' | ', $_[0]{headers}->header('Content-Security-Policy') };
is($csp->($page), "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "under a policy that lets its style through, not the site's");
is($csp->(request(GET => '/nowhere/', headers => {%nav})), $csp->($page), 'a 401 page too');
my $own = request(GET => '/ownpage/', headers => {%nav}, bearer($who{candidate}));
is($own->{status}, 403, "the site's own page for a refusal");
like($own->{body}, qr/signin/i, 'is what is sent');
is($csp->($own), "default-src 'self'", "under the site's policy");
is($csp->(request(GET => '/admin/', bearer($who{candidate}))), "default-src 'self'", 'a problem document brings none');

# Conditions that need no signed-in user.
is(request(GET => '/either/', headers => { 'X-Test-Pass' => 'yes' })->{status}, 200, 'another branch of RequireAny lets nobody in by name');
is(request(GET => '/elsewhere/')->{status}, 401, 'Require ip that fails, or a role: 401');
is(request(GET => '/elsewhere/', bearer($who{candidate}))->{status}, 200, 'the role passes');
like(request(GET => '/ownerror/')->{body}, qr/^the site's own words/, 'an ErrorDocument of the site wins');
# An ErrorDocument whose file is missing changes nothing: clients get the same answer as without it.
for my $case (['signed out', 401, 'token_missing'], ['without the role', 403, 'insufficient_role', bearer($who{candidate})]) {
    my ($name, $status, $code, @token) = @{$case};
    my $lost = request(GET => '/lostpage/', @token);
    problem_is($lost, $status, $code, "an ErrorDocument that is not there, $name");
    my $page = request(GET => '/lostpage/', headers => {%nav}, @token);
    is($page->{status}, $status, '... and for people');
    like($page->{headers}->content_type, qr{^text/html}, '... a page');
    like($page->{body}, qr/${\$page->{headers}->header('X-Request-Id')}/, '... of ours, with the id of the refusal');
}

# On a host that is guarded as a whole, the mount and the sign-in page stay reachable.
my %whole = (vhost => 'guarded');
is(request(GET => '/', %whole)->{status}, 401, 'the host is guarded');
is(request(GET => '/accounts/healthz', %whole)->{status}, 200, 'its routes are reachable');
is(request(GET => '/signin.html', %whole)->{status}, 200, 'its sign-in page is');
is(request(GET => '/signin.html/x', %whole)->{status}, 401, 'but nothing below it');
is(request(GET => '/assets/style.css', %whole)->{status}, 200, 'what it loads from assets/ beside it is, too');
is(request(GET => '/any/index.html', %whole)->{status}, 401, 'nothing else is');
is(request(GET => '/accounts-me', %whole)->{json}{code}, 'token_missing', 'its protected endpoint answers itself');
is(request(GET => '/accounts/healthz', %whole, headers => { 'X-Test-Blocked' => 'yes' })->{status}, 403, 'a condition that needs no person holds there too');
is(request(GET => '/', %whole, bearer($who{candidate}))->{status}, 200, 'a candidate is in');
is(request(GET => '/', %whole, bearer($who{admin}))->{status}, 403, 'an admin is not a candidate');
done_testing;
