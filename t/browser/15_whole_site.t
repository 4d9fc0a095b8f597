# SPDX-License-Identifier: Apache-2.0
# A site that is guarded as a whole. Its sign-in page works in a real browser, with style sheets and scripts, also while the server is busy.
# Everything else is closed.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use Test::More;

my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $httpd   = AuthPlatform::Httpd->new(
    settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ACCOUNT=1/15m\n",
    more     => qq{LoadModule mime_module "$modules/mod_mime.so"\nTypesConfig /dev/null\nAddType text/html .html\nAddType text/css .css\nAddType text/javascript .js\n}
        . qq{AddType image/svg+xml .svg\nDocumentRoot "} . AuthPlatform::Test::stage() . qq{/conf/demo/site"\n<Directory "} . AuthPlatform::Test::stage() . qq{/conf/demo/site">\nRequire all granted\n</Directory>\n}
        . qq{AuthPlatformTokenDelivery ask\nErrorDocument 404 /404.html\nHeader always setifempty Content-Security-Policy "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"\n}
        . qq{<Location "/">\nAuthPlatformSignInPage /signin.html\nAuthType Platform\nAuthName "t"\nRequire valid-user\n</Location>\n});
$httpd->start;
my $base  = "http://127.0.0.1:$httpd->{port}";
my $email = 'ada@example.org';
is($httpd->api('/register', { email => $email, password => 'three calm words', name => 'Ada' })->{status}, 201, 'an account');

my $browser = AuthPlatform::Browser->new;
$browser->go("$base/any/?x=1");
is($browser->url, "$base/signin.html?return_to=%2Fany%2F%3Fx%3D1", 'everything leads to the sign-in page');
ok($browser->until("!document.querySelector('.reveal').hidden"), 'whose scripts run');
isnt($browser->run('return getComputedStyle(document.querySelector("#form-sign-in button[type=submit]")).backgroundColor'), 'rgb(239, 239, 239)', 'and whose style is there');
ok($browser->run('return document.querySelector(".brand img").naturalWidth') > 0, 'and its icon');
is_deeply([$browser->errors], [], 'nothing in the console');
for my $path ('/', '/index.html', '/any/', '/404.html', '/page.txt', '/assets/', '/assets/../index.html', '/assets/%2e%2e/index.html', '//index.html', '/assets%2f..%2findex.html',
    '/Assets/style.css', '/assets/style.css/index.html', '/signin.html/index.html') {
    my $status = $httpd->get($path)->{status};
    ok($status == 401 || $status == 404, "$path is shut ($status)");
    my $sent = $httpd->get($path, headers => { 'Sec-Fetch-Mode' => 'navigate' })->{status};
    ok($sent == 302 || $sent == 404, 'and sends a browser to sign in');
}

sub busy { return $browser->run('return document.querySelector("#form-sign-in button[type=submit]").getAttribute("aria-disabled")') }
$browser->type('#in-email', $email);
$browser->type('#in-password', 'three wild words');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until('document.getElementById("in-password-error").textContent'), 'a wrong password is said');
$browser->run('document.getElementById("in-password").value = ""; window.real = window.fetch; window.calls = 0');

# The page tries three times at most when the answer does not change.
$browser->run('window.fetch = () => { calls++; return Promise.resolve(new Response("{}", {status: 503, headers: {"Retry-After": "1"}})); }');
$browser->type('#in-password', 'three calm words');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until('document.getElementById("status").textContent.includes("Trying again in 1 second (1 of 3)")'), 'a pause is said');
is($browser->run('return document.getElementById("status").getAttribute("role")'), 'status', 'to screen readers too');
is(busy(), 'true', 'the button is disabled meanwhile');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until('document.querySelector("#form-sign-in .alert").textContent', 20), 'after three times it gives up');
is($browser->run('return calls'), 4, 'one request and three more, no matter how often the button was pressed');
like($browser->run('return document.querySelector("#form-sign-in .alert").textContent'), qr/Please try again in 1 second/, 'and says when to try');
is(busy(), undef, 'the button is back');
is($browser->run('return document.getElementById("status").textContent'), '', 'and nothing is going on');

# If the server asks for a long pause, the page shows it and does not wait itself.
$browser->run('calls = 0; window.fetch = () => { calls++; return Promise.resolve(new Response("{}", {status: 429, headers: {"Retry-After": "3600"}})); }');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until('document.querySelector("#form-sign-in .alert").textContent.includes("60 minutes")'), 'an hour is not waited for');
is($browser->run('return calls'), 1, 'nothing is sent again');

# A real 429: somebody tried a wrong password a moment ago, so the next attempt must wait. The page waits and tries again.
$browser->run('window.fetch = real');
is($httpd->api('/login', { email => $email, password => 'three wild words' })->{status}, 401, 'somebody guesses');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until("location.pathname === '/any/'", 20), 'signed in, after the pause') or diag $browser->run('return document.body.innerText');
is($browser->url, "$base/any/?x=1", 'and back where it began');
$browser->go("$base/no/such/page");
like($browser->run('return document.querySelector("h1").textContent'), qr/no such page/, 'what is not there has a page of its own');
is($httpd->get('/no/such/page', headers => { Cookie => join '; ', map {"$_->{name}=$_->{value}"} @{ $browser->cookies } })->{status}, 404, 'with its status');
undef $browser;
done_testing;
