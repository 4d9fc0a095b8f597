# SPDX-License-Identifier: Apache-2.0
# The page /docs in a real browser: it has every route, and its forms send what they show, by bearer token and by cookie.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Test;
use File::Temp ();
use JSON ();
use Test::More;

my $base    = origin();
my $hostile = '<img src=x onerror="document.title=\'taken\'">';
my $email   = new_email();
my $secret  = secret_used('docs page pass 1');
my $browser = AuthPlatform::Browser->new;

sub open_page {
    my ($b, $url) = @_;
    $b->go($url);
    return $b->until("document.body.classList.contains('ready')");
}

# Fills in a route's form, sends it, and waits for its answer: (status, its JSON or undef).
sub try_route {
    my ($b, $id, %values) = @_;
    $b->run("document.getElementById('$id').open = true; document.querySelector('#$id .line').textContent = ''");
    for my $name (sort keys %values) {
        my $css = "#$id-" . ($name =~ s/ /-/gr);
        $b->run("document.querySelector('$css').value = ''");
        $b->type($css, $values{$name}) if length $values{$name};
    }
    $b->click("#$id button[type=submit]");
    $b->until("document.querySelector('#$id .line').textContent");
    my $text = $b->run("const p = document.querySelector('#$id .answer pre'); return p ? p.textContent : ''");
    my $json = eval { JSON->new->decode($text) };
    secret_used(grep { defined } map { $json->{$_} } qw(access_token refresh_token)) if ref $json eq 'HASH';
    return ($b->run("return Number(document.querySelector('#$id .line .pill').textContent)"), $json);
}

ok(open_page($browser, "$base/api/auth/docs"), 'the page is there');
my $doc = api(GET => '/openapi.json')->{json};
my %ids;
for my $path (keys %{ $doc->{paths} }) {
    $ids{ $doc->{paths}{$path}{$_}{operationId} } = [uc, $path, $doc->{paths}{$path}{$_}] for keys %{ $doc->{paths}{$path} };
}
my $shown = $browser->run('return [...document.querySelectorAll(".op")].map(op => [op.id, op.querySelector("h3").textContent, op.textContent])');
is_deeply([sort map { $_->[0] } @$shown], [sort keys %ids], 'every route of openapi.json is on it');
for my $one (@$shown) {
    my ($method, $path, $operation) = @{ $ids{ $one->[0] } };
    my $name = "$method $path";
    is($one->[1], $name, "$name is named");
    my @missing = grep { index($one->[2], $_) < 0 } $operation->{summary}, map {
        my $content = $_->{content}{'application/problem+json'};
        map { s/_4\d\d$//r } keys %{ $content->{examples} || {} }
    } values %{ $operation->{responses} };
    is_deeply(\@missing, [], "$name: its summary and every code");
}

# By bearer token. Mistakes are shown at the field.
my ($status, $json) = try_route($browser, 'postRegister', email => 'not an address', password => 'short');
is($status, 422, 'a wrong address and a short password');
ok($browser->run("return document.getElementById('postRegister-email-error').textContent"), 'said at the field');
is($browser->run("return document.getElementById('postRegister-password').getAttribute('aria-invalid')"), 'true', 'to a screen reader too');
($status, $json) = try_route($browser, 'postRegister', email => $email, password => $secret, name => $hostile);
is($status, 201, 'registering through the form') or diag explain $json;
is($browser->run("return document.getElementById('postRegister').querySelectorAll('[aria-invalid]').length"), 0, 'the complaints are gone');
is($json->{user}{name}, $hostile, 'a hostile name is shown as text');
is($browser->run("return document.getElementById('who').textContent"), $hostile, 'there too');
is($browser->run('return document.querySelectorAll("img").length'), 0, 'and is no element');
isnt($browser->run('return document.title'), 'taken', 'nor a script');
($status, $json) = try_route($browser, 'postLogout');
is($status, 200, 'signing out');
($status, $json) = try_route($browser, 'getMe');
is($status, 401, 'signed out');
($status, $json) = try_route($browser, 'postLogin', email => $email, password => $secret);
is($status, 200, 'signing in through the form');
($status, $json) = try_route($browser, 'getMe');
is($status, 200, 'GET /me then works');
is($json->{email}, $email, 'and is who signed in');
is($browser->run("return document.cookie"), '', 'no cookie was set');
is($browser->run("return localStorage.length + sessionStorage.length"), 0, 'the tokens are in no storage');
my $before = $browser->run("return document.getElementById('postRefresh-refresh_token').value");
ok(length $before, 'the refresh token is filled in');
($status, $json) = try_route($browser, 'postRefresh');
is($status, 200, 'refreshing');
isnt($browser->run("return document.getElementById('postRefresh-refresh_token').value"), $before, 'the next one is filled in');
($status, $json) = try_route($browser, 'getUsersId', 'path id' => $json->{user}{id});
is($status, 403, 'a route for admins says no');
is($json->{code}, 'insufficient_role', 'and why');

# A body that is typed by hand, and the command for curl.
$browser->run("document.getElementById('patchMe').open = true");
$browser->click('#patchMe-by-hand');
$browser->run("document.getElementById('patchMe-raw').value = ''");
$browser->type('#patchMe-raw', '{"name": ');
($status, $json) = try_route($browser, 'patchMe');
is("$status $json->{code}", '400 malformed_json', 'what is no JSON is sent as it is');
$browser->run("document.getElementById('patchMe-raw').value = ''");
$browser->type('#patchMe-raw', q({"name":"O'Neil $(id) \"x\""}));
$browser->run("document.querySelector('#patchMe .try .more').open = true");
my $line = $browser->until("document.querySelector('#patchMe .try pre').textContent.includes('Neil') && document.querySelector('#patchMe .try pre').textContent");
open my $curl, '-|', 'sh', '-c', "$line -s" or die "sh: $!";
my $said = do { local $/; <$curl> };
close $curl;
like($said, qr{^HTTP/1\.1 200 }, 'the line for curl works as it is') or diag $line;
like($said, qr/"name":"O'Neil \$\(id\) \\"x\\""/, 'whatever is in it');

# The samples for JavaScript and Python, with strings and code in different colours.
sub sample {
    my ($b, $language) = @_;
    $b->run("const s = document.getElementById('patchMe-language'); s.value = [...s.options].find(o => o.text === '$language').value; s.dispatchEvent(new Event('change', {bubbles: true}))");
    return $b->run("return document.querySelector('#patchMe .try pre').textContent");
}
my $script = sample($browser, 'JavaScript');
is($browser->run("return document.getElementById('getMe-language').value"), '1', 'the language is chosen for all routes');
like($script, qr/^const response = await fetch\("http/, 'JavaScript');
my $done = $browser->run("window.said = null; const log = console.log; console.log = (...all) => { window.said = all; };"
        . "(new (Object.getPrototypeOf(async function () {}).constructor)(arguments[0]))().then(() => { console.log = log; }); return true", $script);
my $printed = $browser->until('window.said') || [];
is($printed->[0], 200, 'the JavaScript works as it is') or diag $script;
like($printed->[1] // '', qr/"name":"O'Neil \$\(id\) \\"x\\""/, '... whatever is in it');
my $python = sample($browser, 'Python');
like($python, qr/^import requests\n.*json=\{"name": "O'Neil \$\(id\) \\"x\\""\}/s, 'Python');
open my $file, '>:utf8', server_root() . '/logs/sample.py' or die "sample.py: $!";
print {$file} $python;
close $file;
is(system('/usr/bin/python3', '-m', 'py_compile', server_root() . '/logs/sample.py'), 0, '... which is Python') or diag $python;
is($browser->run('return python({a: null, b: [true, false, 1.5], "c\"": "\u2028\u00e9"})'), qq({"a": None, "b": [True, False, 1.5], "c\\"": "\x{2028}\x{e9}"}), '... by its own words');
is(sample($browser, 'curl'), $line, 'and curl again');

# Python samples run as printed. The module requests is a stand-in of a few lines, because not every machine has it.
my $folder = File::Temp::tempdir(CLEANUP => 1);
open my $module, '>', "$folder/requests.py" or die "requests.py: $!";
print {$module} <<'END';
import http.cookiejar, json as j, urllib.request, urllib.error
class Session:
    cookies = http.cookiejar.CookieJar()
    def request(self, method, url, json=None, headers={}, allow_redirects=True):
        # Browsers and curl send Secure cookies to http://localhost too.
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https")))
        body = None if json is None else j.dumps(json).encode()
        asked = urllib.request.Request(url, body, {**({} if body is None else {"Content-Type": "application/json"}), **headers}, method=method)
        try:
            answer = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies)).open(asked)
        except urllib.error.HTTPError as error:
            answer = error
        self.status_code, self.text = answer.status, answer.read().decode()
        return self
def request(*args, **more):
    return Session().request(*args, **more)
END
close $module;

sub sample_of {
    my ($id, %values) = @_;
    $browser->run("document.getElementById('$id').open = true; document.querySelector('#$id .try .more').open = true");
    $browser->run("const f = document.getElementById(arguments[0]); f.value = arguments[1]; f.dispatchEvent(new Event('input', {bubbles: true}))", "$id-$_", $values{$_}) for keys %values;
    $browser->run("const s = document.getElementById('$id-language'); s.value = '2'; s.dispatchEvent(new Event('change', {bubbles: true}))");
    return $browser->run("return document.querySelector('#$id .try pre').textContent");
}

sub run_python {
    my ($text) = @_;
    open my $out, '>:utf8', "$folder/sample.py" or die "sample.py: $!";
    print {$out} $text;
    close $out;
    my $result = qx{cd '$folder' && /usr/bin/python3 sample.py 2>&1};
    secret_used($result =~ /"(?:access|refresh)_token":"([^"]+)"/g);
    return $result;
}
like(run_python(sample_of('getMe')), qr/^200 \{.*\Q$email\E/, 'Python by bearer token') or diag sample_of('getMe');
like(sample_of('postRecruiterInvites', expires_in_hours => '123456789012345'), qr/"expires_in_hours": 123456789012345\b/, 'a number is one in a sample');
like(sample_of('postRecruiterInvites', expires_in_hours => $_), qr/"expires_in_hours": "\Q$_\E"/, "... but $_ is sent as it was typed") for '1234567890123456', '1.5', '12a';
$browser->click('#forget');
like(sample_of('getMe'), qr/"Authorization": "Bearer ACCESS_TOKEN"/, 'signed out, a sample shows where the token goes');
unlike(sample_of('postLogin'), qr/Authorization/, '... and only where one is needed');
$browser->click('input[name=way][value=cookie]');
like(run_python(sample_of('postLogin', email => $email, password => $secret)), qr/^200 /, 'Python by cookie signs in') or diag sample_of('postLogin');
like(run_python(sample_of('getMe')), qr/^200 \{.*\Q$email\E/, '... and the next sample is signed in') or diag sample_of('getMe');
like(run_python(sample_of('postRefresh')), qr/^200 /, '... also one that needs the CSRF token') or diag sample_of('postRefresh');
like(run_python(sample_of('postLogout')), qr/^200 /, '... and signs out') or diag sample_of('postLogout');
like(run_python(sample_of('getMe')), qr/^401 /, '... for good');
if (open my $jar, '<', "$folder/cookies.txt") {
    secret_used(map { (split /\t/)[6] // () } grep { /\t/ } map { chomp; $_ } <$jar>);
}

# By cookie.
$browser->click('input[name=way][value=cookie]');
is($browser->run("return document.getElementById('postRefresh-refresh_token').value"), '', 'the token of the other way is gone');
($status, $json) = try_route($browser, 'postLoginCandidate', email => $email, password => $secret);
is($status, 200, 'signing in by cookie');
ok(!exists $json->{refresh_token}, 'no refresh token in the answer');
secret_used(map { $_->{value} } @{ $browser->cookies });
like($browser->run('return document.cookie'), qr/^csrf_token=[^;]+$/, 'scripts see the CSRF cookie alone');
($status, $json) = try_route($browser, 'patchMe');
is($status, 200, 'a change with the CSRF token') or diag explain $json;
($status, $json) = try_route($browser, 'postRefresh');
is($status, 200, 'refreshing with the cookie') or diag explain $json;
($status, $json) = try_route($browser, 'deleteSessions');
is($status, 204, 'an answer without a body');
($status, $json) = try_route($browser, 'getSessionRenew');
is($status, 302, 'a redirect is shown, not followed');
is_deeply([$browser->run('return [...document.querySelectorAll("a[target=_blank]")].filter(a => a.checkVisibility() && /session/.test(a.href)).map(a => [a.href, a.rel])')],
    [[[origin() . AUTH . '/session/renew', 'noopener']]], '... with a link that follows it, as a sign-in at a provider needs');
$browser->click('input[name=way][value=bearer]');
like($browser->run('return document.cookie'), qr/csrf_token=/, 'the other way: the browser still has the cookies');
($status, $json) = try_route($browser, 'getMe');
is($status, 401, '... and sends none');
$browser->click('input[name=way][value=cookie]');
($status, $json) = try_route($browser, 'getMe');
is($status, 200, '... but by cookie again');
($status, $json) = try_route($browser, 'getOpenapiJson');
is($status, 200, 'a long answer');
$browser->run("document.getElementById('filter').value = 'invites'; document.getElementById('filter').dispatchEvent(new Event('input'))");
is($browser->run('return [...document.querySelectorAll(".op")].filter(op => op.checkVisibility()).length'), 3, 'finding routes');

is($browser->run("return document.getElementById('found').textContent"), '3 routes', 'which says how many');
is($browser->run('return document.getElementById("nothing").checkVisibility()'), JSON::false, 'and not that there is nothing');
my $find = sub { $browser->run("const f = document.getElementById('filter'); f.value = arguments[0]; f.dispatchEvent(new Event('input'))", @_) };
$find->('no such <b>route</b>');
is($browser->run('return [...document.querySelectorAll(".op, .group, .topic")].filter(one => one.checkVisibility()).length'), 0, 'finding nothing');
is($browser->run("return document.getElementById('found').textContent"), "Nothing found for \x{201C}no such <b>route</b>\x{201D}.", 'is said, to screen readers too');
is($browser->run("return document.getElementById('found').getAttribute('role')"), 'status', '... as a status');
ok($browser->run('return document.getElementById("nothing").checkVisibility()'), '... and where the routes would be');
$browser->click('#clear');
is($browser->run('return [...document.querySelectorAll(".op")].filter(op => op.checkVisibility()).length'), scalar keys %ids, 'a button shows all again');

# The limits of a string are explained in words.
my $said_of = sub { $browser->run('return [...document.querySelectorAll(arguments[0])].map(cell => cell.textContent).join("\n")', @_) };
unlike($said_of->('table td'), qr/\^\[|\]\*\$|\\u00|\{24\}|matches /, 'no regular expression in any table');
like($said_of->('#postRegister table td'), qr/An e-mail address.*at most 72 bytes.*No control characters/si, 'but what they mean');
like($said_of->('#postRefresh .about-route > p'), qr/Rotation: each refresh token works once.*refresh_reused/s, 'a route says what it means');
for my $id (sort keys %ids) {
    cmp_ok($browser->run("return document.querySelectorAll('#$id .about-route > p:not(.permalink)').length"), '>=', 2, "$id: who may, and what it means");
}

# A URL with # opens the element that it names, also a second time, and also when the search hides it.
for my $id ('getUsersId', 'rotation') {
    $find->('logout');
    $browser->run("location.hash = '#$id'");
    ok($browser->until("document.getElementById('$id').open && document.activeElement.closest('details').id === '$id'"), "#$id opens it");
    my $top = $browser->run("return document.getElementById('$id').getBoundingClientRect().top");
    ok($top >= -1 && $top < 400, '... and scrolls to it') or diag $top;
    is($browser->run("return document.getElementById('filter').value"), '', '... the search makes room');
    $browser->run("document.getElementById('$id').open = false; scrollTo(0, 0); document.querySelector('#toc a[href=\"#$id\"]').click()");
    ok($browser->until("document.getElementById('$id').open"), '... again, although the address names it already');
}
is($browser->run('return [...document.querySelectorAll("a[href^=\"#\"]")].filter(a => !document.querySelector(a.hash)).length'), 0, 'every link leads somewhere');

my @errors = grep { !/the server responded with a status of \d/ } $browser->errors;
is_deeply(\@errors, [], 'nothing in the console: no violation of the policy, no error');
is($browser->run('return performance.getEntriesByType("resource").filter(r => !r.name.startsWith(location.origin + "/api/")).length'), 0, 'no request left the mount');
is($browser->run('return [...document.querySelectorAll("input, select, textarea")].filter(i => !i.labels.length).length'), 0, 'every field has a label');
is($browser->run('const all = [...document.querySelectorAll("[id]")].map(e => e.id); return all.length - new Set(all).size'), 0, 'every id is one element\'s');
like(api(GET => '/docs')->{headers}->header('Content-Security-Policy'), qr/require-trusted-types-for 'script'; trusted-types 'none'/, 'strings become no markup');

# On a mount that uses cookies only, and on one that uses JSON only.
ok(open_page($browser, origin('cookies') . '/api/auth/docs#postLogin'), 'where tokens are cookies');
ok($browser->run("return document.querySelector('input[value=cookie]').checked"), 'the page says so');
ok($browser->run("return document.getElementById('postLogin').open"), 'the address opens a route');
ok(open_page($browser, origin('guarded') . '/accounts/docs'), 'where the mount is elsewhere and / is guarded');
ok($browser->run("return document.querySelector('input[value=bearer]').checked"), 'tokens in the body there');
like($browser->run("return document.querySelector('#getMe h3').textContent"), qr{^GET /accounts/me$}, 'and the paths are its own');
is_deeply([$browser->errors], [], 'nothing in the console there');
undef $browser;

# With the keyboard alone.
my ($TAB, $ENTER) = ("\x{E004}", "\x{E007}");
my $keys = AuthPlatform::Browser->new;
ok(open_page($keys, "$base/api/auth/docs#getHealthz"), 'the page, for the keyboard');
is($keys->run('return document.activeElement.closest("details").id'), 'getHealthz', 'the focus is where the address leads');
for (1 .. 20) {
    $keys->press($TAB);
    last if $keys->run('return document.activeElement.type === "submit"');
}
$keys->press($ENTER);
ok($keys->until("document.querySelector('#getHealthz .line').textContent.includes('200')"), 'a route tried by keyboard');
is($keys->run('return document.activeElement.type'), 'submit', 'the keyboard keeps its place');
undef $keys;

# On a phone nothing is wider than the screen, whatever is open.
my $phone = AuthPlatform::Browser->new(size => [390, 800]);
ok(open_page($phone, "$base/api/auth/docs"), 'the page on a phone');
my $wide = 'return document.documentElement.scrollWidth - window.innerWidth';
cmp_ok($phone->run($wide), '<=', 0, 'nothing sticks out');
$phone->run('document.querySelectorAll("details").forEach(d => d.open = true)');
cmp_ok($phone->run($wide), '<=', 0, 'with everything open too');
undef $phone;

# axe finds no problem for people who see badly or use no mouse, in all colour schemes and sizes.
my $axe = do { local (@ARGV, $/) = $ENV{AUTHP_AXE}; <> };
for my $size ([1280, 900], [390, 800]) {
    my $judge = AuthPlatform::Browser->new(size => $size);
    for my $colours (qw(light dark)) {
        $judge->call(POST => "$judge->{session}/goog/cdp/execute",
            { cmd => 'Emulation.setEmulatedMedia', params => { features => [{ name => 'prefers-color-scheme', value => $colours }] } });
        ok(open_page($judge, "$base/api/auth/docs"), "$size->[0] px, $colours: the page");
        is($judge->run("return matchMedia('(prefers-color-scheme: $colours)').matches"), JSON::true, '... in these colours');
        $judge->run("$axe; window.axe = axe");
        # The check with everything open takes long, so it runs once light and wide, and once dark and narrow.
        my $often = $size->[0] > 1000 eq ($colours eq 'light') ? 1 : 0;
        for my $open (0 .. $often) {
            $judge->run('document.querySelectorAll("details").forEach(d => d.open = true); document.getElementById("patchMe-by-hand").click()') if $open;
            $judge->run('window.found = null; axe.run({ resultTypes: ["violations"] }).then(all => { window.found = { ran: all.passes.length, violations: all.violations.map('
                    . 'one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(", ")) }; }, error => { window.found = { ran: 0, violations: [String(error)] }; })');
            my $found = $judge->until('window.found', 150) || { ran => 0, violations => ['axe does not end'] };
            is(join('; ', @{ $found->{violations} }), '', $open ? '... no finding with everything open' : '... no finding');
            cmp_ok($found->{ran}, '>', 10, '... of many rules');
        }
    }
}
done_testing;
