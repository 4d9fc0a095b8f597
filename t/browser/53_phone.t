# SPDX-License-Identifier: Apache-2.0
# The page of the family phone in a real browser: signing up, in and out by one-time codes, with the keyboard alone and with the mouse.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Families;
use Test::More;

my ($TAB, $ENTER, $DOWN, $SPACE) = ("\x{E004}", "\x{E007}", "\x{E015}", ' ');
my $site    = AuthPlatform::Families->new(settings => "AUTH_LIMITS=on\n");
my $browser = AuthPlatform::Browser->new;
my $page    = AuthPlatform::Families::page($browser);

sub focus  { return $browser->run('return document.activeElement.id') }
sub choose { my ($want) = @_; $browser->click("#form-number [value=$want]"); return }

# --- with the keyboard alone: a sign-up -----------------------------------------------------------------------------
$browser->go($site->url('phone') . '/');
ok($page->says('who', 'signed out'), 'the page starts');
is($browser->run('return document.getElementById("otp").autocomplete'), 'one-time-code', 'a phone may fill in the code of a message');
is($browser->run('return document.getElementById("otp").inputMode'), 'numeric', 'with its keyboard of digits');
$browser->run('document.querySelector("#form-number [value=code]").focus()');
$browser->press($DOWN . $DOWN . $TAB . '98765' . $ENTER);
ok($page->says('form-number', 'Invalid mobile number format'), 'a number that is none') or diag $page->text;
is(focus(), 'phone', 'the focus is on the number');
$browser->press('43210' . $ENTER);
ok($page->says('sent', 'A code is on its way to 9876543210'), 'a code is on its way') or diag $page->text;
is($browser->run('return document.getElementById("sent").getAttribute("role")'), 'status', 'and a screen reader says so');
is(focus(), 'otp', 'the focus is on the code');
like($browser->run('return document.getElementById("again").textContent'), qr/^Send another code in (?:30|2[0-9]) s$/, 'another code can be sent later');
ok($browser->run('return document.getElementById("again").disabled'), 'not now');
AuthPlatform::Httpd::note_secrets('three calm words');
$browser->press('000000' . $TAB . 'Asha' . $TAB . $TAB . 'three calm words' . $ENTER);
ok($page->says('form-code', 'OTP is invalid or expired'), 'a wrong code') or diag $page->text;
$browser->run('document.getElementById("otp").value = ""; document.getElementById("otp").focus()');
$browser->press('123456' . $ENTER);
ok($page->says('who', 'Asha \(seeker\)'), 'the right one signs up and in') or diag $page->text;
is(focus(), 'about', 'the focus is on the next step');
my %cookie = $page->cookies;
is_deeply([sort keys %cookie], ['authp_device'], 'no cookie but that of the device');
is($browser->run('return localStorage.length + sessionStorage.length'), 0, 'and no token is kept in the browser');

# --- what she may do -------------------------------------------------------------------------------------------------
ok($page->fill('form-profile', undef, about => 'I bake')->says('saved', 'Saved: I bake'), 'a page about her');
$browser->click('#seeker');
ok($page->says('board', 'Two bakers in Pune'), 'what seekers may see');
$browser->click('#provider');
ok($page->says('form-boards', 'Access forbidden: Invalid user type'), 'not what providers may see');
$browser->click('#give-up');
ok($page->says('form-leave', 'Seeker role deleted successfully'), 'the role is given up');
$browser->click('#seeker');
ok($page->says('form-boards', 'Access forbidden: Invalid user type'), 'and gone at once');
$browser->click('#sign-out');
ok($page->says('who', 'signed out'), 'signed out');

# --- signing in: with a password, with a code, with a new password ------------------------------------------------------
choose('password');
$page->fill('form-number', 'next', phone => '+91 98765 43210');
$page->fill('form-code', 'enter', password => 'three wrong words');
ok($page->says('form-code', 'Invalid credentials'), 'a wrong password') or diag $page->text;
ok(!$page->is_shown('otp'), 'no code is asked for');
ok($page->fill('form-code', 'enter', password => 'three calm words')->says('who', 'Asha'), 'the right one');
$browser->click('#sign-out');
$page->says('who', 'signed out');
choose('code');
$page->fill('form-number', 'next', phone => '9876543210');
ok($page->says('form-number', 'Too many|try again|later'), 'the next code has to wait') or diag $page->text;
for (1 .. 40) {
    $browser->click('#next');
    last if $browser->until('document.getElementById("step-code").offsetParent !== null', 1);
}
ok($page->says('sent', 'on its way'), 'after half a minute there is one') or diag $page->text;
ok($page->fill('form-code', 'enter', otp => '123456')->says('who', 'Asha'), 'a code signs in') or diag $page->text;
$browser->click('#sign-out');
$page->says('who', 'signed out');
is_deeply([grep { !/status of 4(?:00|01|03|22|29)/ } $browser->errors], [], 'nothing in the console');
undef $browser;
done_testing;
