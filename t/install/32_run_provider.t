# SPDX-License-Identifier: Apache-2.0
# make run PROVIDER=demo: its identity provider stands in for Google, in a browser and with curl.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::App;
use AuthPlatform::Browser;
use AuthPlatform::Httpd ();
use AuthPlatform::MakeRun;
use AuthPlatform::Ports 'free_port';
use HTTP::Tiny;
use JSON  ();
use Test::More;

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
delete @ENV{qw(AUTH_STATE_DIR AUTH_STORE JWT_SECRET_KEY)};

my $port = free_port();
my $base = "http://127.0.0.1:$port";
my $demo = AuthPlatform::MakeRun->new(port => $port);
my $dir  = $demo->dir;

sub said { return $demo->said }

isnt($demo->start(PROVIDER => 'github'), 0, 'another provider is an error');
like(said(), qr/PROVIDER=github: there is only PROVIDER=demo/, 'which says so');

sub starts {
    $demo->start(PROVIDER => 'demo');
    return like(said(), qr/The demo runs/, 'it runs') || diag said();
}
sub end_run { return is($demo->stop, 0, 'it ends as it should') }
starts();
unlike(AuthPlatform::Httpd::slurp("$dir/dev.env"), qr/GOOGLE/, 'the settings file is as without it');
my $env = join ' ', map { (stat)[2] & 077 ? 'open' : 'closed' } glob '/tmp/authp-run-*/provider.key';
like($env, qr/^closed(?: closed)*$/, 'the key of the provider is for its user only');

# The line that is printed.
my ($line) = said() =~ /^(curl .*google.*); echo$/m;
my $answer = eval { JSON::decode_json(qx{$line}) } || {};
like($answer->{user}{email} // '', qr/^eve\.\w+\@example\.org$/, 'the printed line signs somebody in');

# In a browser.
my $browser = AuthPlatform::Browser->new;
$browser->go("$base/candidate/");
ok($browser->until('document.querySelector("#view-sign-in .providers a")'), 'the sign-in page has the provider');
$browser->click('#view-sign-in .providers a');
ok($browser->until('document.getElementById("address")'), 'which asks who it is') or diag $browser->url;
like($browser->run('return document.body.innerText'), qr/stands in for Google\. It accepts every address/, 'and says what it is');
is($browser->run('return getComputedStyle(document.querySelector("button")).display'), 'inline-flex', 'its style is there');
$browser->run('document.getElementById("address").value = ""');
$browser->type('#address', 'Grace.Hopper@example.org');
$browser->click('button[type=submit]');
ok($browser->until('location.pathname === "/candidate/"'), 'its answer leads back to the page') or diag $browser->url;
is($browser->run('return fetch("/api/auth/me").then(answer => answer.json()).then(me => me.email)'), 'grace.hopper@example.org', 'signed in as that person');
$browser->call(DELETE => "$browser->{session}/cookie");
$browser->go("$base/api/auth/google/login?return_to=/candidate/");
$browser->click('button[name=deny]');
ok($browser->until('document.querySelector("#view-sign-in .alert").textContent.includes("did not allow")'), 'a refusal is told on the sign-in page') or diag $browser->url;
is_deeply([grep { !/status of 401/ } $browser->errors], [], 'the browser complains of nothing');

# The app of the guide, whose origin is in the settings file.
my $app = AuthPlatform::App->new;
$app->start("$base/api/auth");
end_run();
AuthPlatform::Httpd::write_file("$dir/dev.env", AuthPlatform::Httpd::slurp("$dir/dev.env") . 'BACKEND_CORS_ORIGINS=["' . $app->origin . qq{"]\n});
starts();
$browser->go($app->url);
ok($browser->until('document.querySelector("#providers button")', 30), 'the app of the guide has the provider');
$browser->click('#providers button');
ok($browser->until('document.getElementById("address")'), 'which asks who it is') or diag $browser->url;
$browser->click('button[type=submit]');
is($browser->until('document.getElementById("status")?.textContent'), 'Signed in as ada@example.org', 'and the app is signed in') or diag $browser->url;
is($browser->url, $app->url, 'at its own address');
undef $browser;

# A token for a phone app, and what the provider refuses.
my $http = HTTP::Tiny->new(max_redirect => 0);
my $provider = "$base/provider";
my $token = $http->get("$provider/id_token?login_hint=ida\@example.org")->{content};
my $post = sub { $http->post("$base/api/auth/google/token", { headers => { 'Content-Type' => 'application/json' }, content => JSON::encode_json({ id_token => $_[0] }) }) };
is($post->($token)->{status}, 200, 'its token counts');
is($post->($token)->{status}, 401, 'once');
my %query = (client_id => 'demo', redirect_uri => "$base/api/auth/google/callback", nonce => 'n', code_challenge => 'c', state => 's', login_hint => 'ida@example.org');
my $ask = sub { my %all = (%query, @_); $http->get("$provider/authorize?" . $http->www_form_urlencode(\%all)) };
like($ask->()->{headers}{location}, qr{^\Q$query{redirect_uri}\E\?code=[0-9a-f]+&state=s$}, 'it goes back to the site');
is($ask->(redirect_uri => 'http://127.0.0.1:1/')->{status}, 400, 'but to no other address');
unlike($ask->(login_hint => '"><i>', state => '"><i>')->{content}, qr/<i>/, 'its page shows parameters as text');
my ($code) = $ask->()->{headers}{location} =~ /code=([0-9a-f]+)/;
is($http->post_form("$provider/token", { grant_type => 'authorization_code', code => $code, redirect_uri => $query{redirect_uri}, code_verifier => 'another' })->{status}, 400, 'a code needs its verifier');

unlike(AuthPlatform::Httpd::slurp("$dir/run/$_"), qr/[?]|\b(?:code|state)=|\Q$token\E/, "$_ has no code, state or token") for qw(access.log error.log);
end_run();
done_testing;
