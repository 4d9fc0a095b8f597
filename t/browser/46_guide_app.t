# SPDX-License-Identifier: Apache-2.0
# The single-page app of conf/guides/providers.md on an origin of its own, in a real browser: its page and its script as the guide has them,
# except for the address of the account routes. The real provider is at localhost and the site at 127.0.0.1, two sites for the browser.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::App;
use AuthPlatform::Browser;
use AuthPlatform::Oidc;
use AuthPlatform::Ports 'free_port';
use AuthPlatform::SignIn ();
use AuthPlatform::Test ();
use Test::More;

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
my $port   = free_port();
my $origin = "http://127.0.0.1:$port";
my $real   = AuthPlatform::Oidc->real(["$origin/api/auth/google/callback"], host => 'localhost');
my $corp   = AuthPlatform::Oidc->forge->realm('corp');
my $guide  = AuthPlatform::App->new;
my $app    = $guide->origin;
my $site = AuthPlatform::SignIn->site(port => $port, google => $real, corp => [$corp, LABEL => 'Corp'], settings => qq{BACKEND_CORS_ORIGINS=["$app"]\n});

$guide->start("$origin/api/auth");

my $browser = AuthPlatform::Browser->new;
sub shows { my ($pattern) = @_; return $browser->until("document.querySelectorAll('#providers button').length === 2 && /$pattern/.test(document.getElementById('status').textContent)", 20) }
sub text  { return $browser->run('return document.body.innerText') }
sub press { my ($label) = @_; return $browser->run('[...document.querySelectorAll("#providers button")].find(one => one.textContent === arguments[0]).click()', "Continue with $label") }

$browser->go("$app/jobs/");
ok(shows('^Signed out$'), 'the app has a button for each provider') or diag text();
press('Google');
ok(shows('^Signed in as alice@gmail\.test$'), 'a new person is signed in') or diag $browser->url, text();
is($browser->url, "$app/jobs/", 'and no code is left in the address of the app');
is($browser->run('return sessionStorage.length + document.cookie.length'), 0, 'nor a verifier in the tab');
my ($account) = $site->accounts('alice@gmail.test');
$browser->go("$app/jobs/");
shows('^Signed out$');
press('Google');
ok(shows('^Signed in as alice@gmail\.test$'), 'who comes back is signed in');
is_deeply([map { $_->{id} } $site->accounts('alice@gmail.test')], [$account->{id}], 'to the same account');

$browser->click('#recruiter');
press('Google');
ok(shows('verif'), 'a recruiter without an invite is told about the verification') or diag text();
unlike(text(), qr/Signed in/, 'and is not signed in');
is($browser->url, "$app/jobs/", 'no error is left in the address');
$site->invite('alice@gmail.test');
$browser->click('#recruiter');
press('Google');
ok(shows('^Signed in as alice@gmail\.test$'), 'with an invite the same works');
is_deeply([sort @{ ($site->accounts('alice@gmail.test'))[0]{roles} }], [qw(candidate recruiter)], 'as a recruiter');

$corp->plan(authorize => { error => 'access_denied' });
press('Corp');
ok(shows('.'), 'who refuses at the provider') or diag text();
unlike(text(), qr/Signed/, 'is told so');
$corp->plan;
press('Corp');
ok($browser->until("/^(?!Signed out).+/.test(document.getElementById('status').textContent)"), 'the other provider has an answer, too');
is_deeply([grep { !m{/favicon\.ico|status of 40[1-9]} } $browser->errors], [], 'the browser complains of nothing');

# A code of another tab is useless, because that tab has the verifier.
$browser->go("$app/jobs/");
shows('^Signed out$');
$browser->run('sessionStorage.clear(); history.replaceState(null, "", "?login_code=" + "a".repeat(43)); location.reload()');
ok($browser->until("/./.test(document.getElementById('status').textContent) && !/Signed/.test(document.getElementById('status').textContent)"), 'a code without a verifier is an error') or diag text();
undef $browser;
done_testing;
