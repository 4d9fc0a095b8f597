# SPDX-License-Identifier: Apache-2.0
# The sign-in page in a real browser: by mouse, by keyboard, on a phone, and with mistakes.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Test;
use Test::More;

my ($TAB, $ENTER) = ("\x{E004}", "\x{E007}");
my $base    = origin();
my $email   = new_email();
my $browser = AuthPlatform::Browser->new;
my $shown   = sub { my ($id) = @_; return "!document.getElementById('$id').hidden" };

# The page is ready when its script has run, because the script shows these buttons.
sub ready { return $_[0]->until("!document.querySelector('.reveal').hidden") }

# A guarded page sends a browser to the sign-in page and remembers where it was.
$browser->go("$base/candidate/?from=here");
like($browser->url, qr{^\Q$base\E/signin\.html\?return_to=%2Fcandidate%2F%3Ffrom%3Dhere$}, 'a guarded page leads to the sign-in page');
ok(ready($browser) && $browser->until($shown->('view-sign-in')), 'which offers to sign in');

# Mistakes are shown at the field.
$browser->click('[data-switch=sign-up]');
ok($browser->until($shown->('view-sign-up')), 'and to sign up');
$browser->type('#up-email', 'not an address');
$browser->type('#up-password', 'short');
$browser->click('#form-sign-up button[type=submit]');
ok($browser->until("document.getElementById('up-email-error').textContent"), 'a wrong address is said at its field');
ok($browser->until("document.getElementById('up-password-error').textContent"), 'a short password at its own');
is($browser->run("return document.getElementById('up-email').getAttribute('aria-invalid')"), 'true', 'a screen reader learns it too');
is($browser->run('return document.activeElement.id'), 'up-email', 'the focus is on the first wrong field');

# Correct values: the browser returns to the guarded page.
$browser->run("for (const id of ['up-email', 'up-password']) document.getElementById(id).value = ''");
$browser->type('#up-name', 'Bea');
$browser->type('#up-email', $email);
$browser->type('#up-password', secret_used('browser pass 1'));
$browser->click('#form-sign-up button[type=submit]');
ok($browser->until("location.pathname === '/candidate/'"), 'signing up leads back') or diag $browser->url;
is($browser->url, "$base/candidate/?from=here", 'to the very address');
my %cookies = map { $_->{name} => $_ } @{ $browser->cookies };
secret_used(map { $_->{value} } values %cookies);
ok($cookies{'__Host-authp_at'}{httpOnly} && $cookies{'__Host-authp_at'}{secure}, 'the access cookie is out of scripts\' reach');
ok(!$cookies{csrf_token}{httpOnly}, 'the CSRF token is in it');
unlike($browser->run('return document.cookie'), qr/authp_/, 'scripts see neither token');

# The wrong role.
$browser->go("$base/admin/");
like($browser->run('return document.body.innerText'), qr/does not have the role/, 'a page says that the role is missing');

# A missing access cookie is renewed on the way, without a sign-in.
$browser->call(DELETE => "$browser->{session}/cookie/__Host-authp_at");
$browser->go("$base/candidate/?again=1");
is($browser->url, "$base/candidate/?again=1", 'the session was renewed on the way');

# Sign out.
$browser->go("$base/signin.html");
ok($browser->until($shown->('view-signed-in')), 'the sign-in page knows who is there');
$browser->click('#sign-out');
ok($browser->until($shown->('view-sign-in')), 'signed out');
$browser->go("$base/candidate/");
like($browser->url, qr{/signin\.html\?}, 'and the guarded page is closed again');

# With the keyboard alone, with a wrong password first.
ok(ready($browser) && $browser->until($shown->('view-sign-in')), 'the form is there');
$browser->run("document.getElementById('in-email').focus()");
$browser->press($email . $TAB . 'wrong password' . $ENTER);
ok($browser->until("[...document.querySelectorAll('#form-sign-in .alert, #form-sign-in .error')].some(e => e.textContent)"),
    'a wrong password is said');
$browser->run("const p = document.getElementById('in-password'); p.value = ''; p.focus()");
$browser->press('browser pass 1' . $ENTER);
ok($browser->until("location.pathname === '/candidate/'"), 'signed in by keyboard') or diag $browser->url;

# A return_to to another host is ignored.
$browser->go("$base/signin.html?return_to=https%3A%2F%2Fevil.example%2F");
ok($browser->until($shown->('view-signed-in')), 'signed in already');
is($browser->run("return document.getElementById('continue').href"), "$base/", 'another site is no place to return to');

# Another tab signs out first.
is($browser->run("return fetch('/api/auth/logout', { method: 'POST', headers: { 'X-CSRF-Token': document.cookie.match(/csrf_token=([^;]*)/)[1] } }).then((answer) => answer.status)"),
    200, 'signed out elsewhere');
$browser->click('#sign-out');
ok($browser->until($shown->('view-sign-in')), 'signing out once more is no error')
    or diag $browser->run("return document.querySelector('#view-signed-in').innerText");
my @errors = grep { !/status of (?:401|403|422)/ } $browser->errors;
is_deeply(\@errors, [], 'nothing in the console: no blocked script, no error');
undef $browser;

# On a phone: nothing is wider than the screen, and every field has a label.
my $phone = AuthPlatform::Browser->new(size => [390, 800]);
$phone->go("$base/signin.html");
ok(ready($phone) && $phone->until($shown->('view-sign-in')), 'the page on a phone');
cmp_ok($phone->run('return document.documentElement.scrollWidth - window.innerWidth'), '<=', 0, 'nothing sticks out');
is($phone->run('return [...document.querySelectorAll("input")].filter(i => !i.labels.length).length'), 0, 'every field has a label');
is($phone->run('return performance.getEntriesByType("resource").filter(r => !r.name.startsWith(location.origin)).length'), 0, 'nothing from other hosts');
undef $phone;
done_testing;
