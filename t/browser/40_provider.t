# SPDX-License-Identifier: Apache-2.0
# Sign-in at an identity provider in a real browser. The provider is at localhost and the site at 127.0.0.1, which are two sites for the
# browser, so that the browser's rules for cookies apply as they do at Google. A single-page app has an origin of its own.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Oidc;
use AuthPlatform::Ports 'free_port';
use AuthPlatform::SignIn qw(query_of with_query);
use AuthPlatform::Test ();
use HTTP::Daemon;
use POSIX ();
use Test::More;

my $port   = free_port();
my $origin = "http://127.0.0.1:$port";
my $real   = AuthPlatform::Oidc->real(["$origin/api/auth/google/callback"], host => 'localhost');
my $forge  = AuthPlatform::Oidc->forge;

# --- a single-page app -----------------------------------------------------------------------------------------------
my $page = <<'HTML';
<!doctype html><title>app</title><script type="module">
const auth = 'ORIGIN/api/auth', text = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
window.signIn = async hint => {
    const verifier = text(crypto.getRandomValues(new Uint8Array(32)));
    sessionStorage.verifier = verifier;
    const challenge = text(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier)));
    location = auth + '/google/login?' + new URLSearchParams({ return_to: location.origin + '/', code_challenge: challenge, login_hint: hint });
};
const query = new URLSearchParams(location.search);
window.state = query.get('error') ?? 'signed out';
if (query.has('login_code')) {
    history.replaceState(null, '', '/');
    const answer = await fetch(auth + '/login/code', { method: 'POST', headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ login_code: query.get('login_code'), code_verifier: sessionStorage.verifier }) });
    const tokens = await answer.json();
    const me = await (await fetch(auth + '/me', { headers: { Authorization: 'Bearer ' + tokens.access_token } })).json();
    window.state = 'signed in as ' + me.email;
}
window.ready = true;
</script>
HTML
$page =~ s/ORIGIN/$origin/;
my $daemon = HTTP::Daemon->new(LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "listen: $!\n";
my $app    = 'http://127.0.0.1:' . $daemon->sockport;
my $server = fork // die "fork: $!\n";
if (!$server) {
    while (my $client = $daemon->accept) {
        while ($client->get_request) {
            $client->send_response(200, 'OK', ['Content-Type' => 'text/html', 'Content-Length' => length $page, Connection => 'close'], $page);
            last;
        }
        close $client;
    }
    POSIX::_exit(0);
}
my $site = AuthPlatform::SignIn->site(port => $port, google => $real, corp => $forge->realm('corp'), settings => qq{BACKEND_CORS_ORIGINS=["$app"]\n},
    more => qq{<Location "/">\nAuthPlatformSignInPage /sign-in.html\n</Location>\n<Location "/jobs.txt">\nAuthType Platform\nAuthName "t"\nRequire role recruiter\n</Location>});
for my $name (qw(sign-in.html jobs.txt)) { AuthPlatform::Httpd::write_file("$site->{httpd}{dir}/site/$name", "<title>$name</title>\n") }

my $browser = AuthPlatform::Browser->new;
sub signs_in { my ($who, %query) = @_; $browser->go(with_query("$origin/api/auth/google/login", login_hint => $who, %query)); return $browser->url }
sub fresh    { $browser->go("$origin/sign-in.html"); $browser->call(DELETE => "$browser->{session}/cookie"); return }

# --- pages -----------------------------------------------------------------------------------------------------------
is(signs_in('alice', return_to => '/page.txt'), "$origin/page.txt", 'a new candidate comes back to the page');
like($browser->run('return document.body.innerText'), qr/guarded/, 'and sees it');
my %cookies = map { $_->{name} => $_ } @{ $browser->cookies };
AuthPlatform::Httpd::note_secrets(map { $_->{value} } values %cookies);
ok(!exists $cookies{'__Host-authp_oauth'}, 'the state cookie is gone');
my $first = $browser->run('return fetch("/api/auth/me").then(answer => answer.json()).then(me => me.id)');
fresh();
signs_in('alice', return_to => '/page.txt');
is($browser->run('return fetch("/api/auth/me").then(answer => answer.json()).then(me => me.id)'), $first, 'a returning person has the same account');

fresh();
$site->invite('c@corp.test');
is(signs_in('corp', role => 'recruiter', return_to => '/jobs.txt'), "$origin/jobs.txt", 'an invited recruiter sees the page of recruiters');
fresh();
my $refused = signs_in('dora', role => 'recruiter', return_to => '/jobs.txt');
is_deeply([@{ query_of($refused) }{qw(error return_to)}], ['recruiter_pending', '/jobs.txt'], 'a recruiter without an invite is on the sign-in page');
like($refused, qr{^\Q$origin\E/sign-in\.html\?}, 'of the site');
fresh();
is(query_of(signs_in('deny', return_to => '/page.txt'))->{error}, 'oauth_denied', 'so is a person who refuses at the provider');
signs_in('deny');
like($browser->run('return document.documentElement.outerHTML'), qr/<h1|<p/i, 'without return_to a page says so');

# --- linking ---------------------------------------------------------------------------------------------------------
fresh();
signs_in('alice', return_to => '/page.txt');
my $ask = <<'JS';
const [method, path, body] = arguments;
const csrf = document.cookie.split('; ').find(part => part.startsWith('csrf_token=')).slice(11);
return fetch('/api/auth/me/identities' + path, { method, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: JSON.stringify(body) }).then(answer => answer.json());
JS
my $started = $browser->run($ask, POST => '/corp', { return_to => '/page.txt' });
$browser->go("$origin" . ($started->{location} =~ s/^\Q$origin\E//r));
my $code = query_of($browser->url)->{link_code};
ok(length($code // ''), 'linking comes back with link_code') or diag $browser->url;
my $linked = $browser->run($ask, POST => '', { link_code => $code });
is(join(' ', sort map { $_->{provider} } @{ $linked->{items} }), 'corp google', 'and the same browser links');
AuthPlatform::Httpd::note_secrets($code, values %{ query_of($started->{location}) });

# --- the app -----------------------------------------------------------------------------------------------------------
fresh();
$browser->go("$app/");
$browser->until('window.ready');
$browser->run('signIn("erin")');
ok($browser->until('window.ready && window.state !== "signed out"'), 'the app gets an answer');
is($browser->run('return window.state'), 'signed in as erin@gmail.test', 'and is signed in');
is($browser->url, "$app/", 'no code is left in its address');
$browser->run('signIn("deny")');
$browser->until('window.ready && window.state === "oauth_denied"');
is($browser->run('return window.state'), 'oauth_denied', 'the app learns of a refusal');
kill 'TERM', $server;
waitpid $server, 0;
done_testing;
