# SPDX-License-Identifier: Apache-2.0
# The pages of the demo about mail, in a real browser: the view for a forgotten password, a registration that waits for the proof of the address,
# and the note for a person whose address is not confirmed. 59_mail_pages.t opens the links of the mails.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::DemoSite;
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use AuthPlatform::Ports 'free_port';
use Test::More;

my ($TAB, $ENTER) = ("\x{E004}", "\x{E007}");
my $PASSWORD = AuthPlatform::Mailed->password;

# --- a server without mail -------------------------------------------------------------------------------------------
my $plain = AuthPlatform::Httpd->new(more => AuthPlatform::DemoSite::more())->start;
my $visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$plain->{port}");
my $browser = $visitor->browser;
ok($visitor->at('/signin.html', 'sign-in'), 'without MAIL_URL: the sign-in page');
$browser->click('#view-sign-in [data-switch=forgot]');
ok($visitor->shows('forgot'), 'has a view for a forgotten password');
$visitor->fill('form-forgot', 'fo-email' => 'ada@example.org');
is($visitor->said('form-forgot'), 'This server sends no mail. Ask an administrator for help.', 'which says that the server sends no mail');
$visitor->picture('58-no-mail');
is($browser->run('return document.getElementById("status").textContent'), '', 'at once: it does not try again');
ok($visitor->at('/signin.html#sign-up', 'sign-up'), 'who signs up');
$visitor->fill('form-sign-up', 'up-email' => 'ada@example.org', 'up-password' => $PASSWORD);
ok($browser->until('document.querySelector(".unconfirmed button")'), 'sees on the front page that the address is not confirmed') or diag $browser->url;
$browser->click('.unconfirmed button');
$visitor->picture('58-note');
is($browser->until('document.querySelector(".unconfirmed [role=status]").textContent.startsWith("This") && document.querySelector(".unconfirmed [role=status]").textContent'),
    'This server sends no mail. Ask an administrator for help.', 'and that this server sends no mail');
is_deeply([grep { !/status of (?:401|503)|favicon/ } $browser->errors], [], 'nothing in the console');
undef $browser;
undef $visitor;
$plain->stop;

# --- EMAIL_VERIFICATION=optional -------------------------------------------------------------------------------------
my $port = free_port();
my $site = AuthPlatform::Mailed->new(port => $port, more => AuthPlatform::DemoSite::more());
$visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$port");
$browser = $visitor->browser;
my $email = AuthPlatform::Mailed::new_email();
ok($visitor->at('/signin.html', 'sign-in'), 'with MAIL_URL: the sign-in page');
$browser->type('#in-email', $email);
$browser->run('document.querySelector("#view-sign-in [data-switch=forgot]").focus()');
$browser->press($ENTER);
ok($visitor->shows('forgot'), 'by keyboard to the view for a forgotten password');
is($browser->run('return document.activeElement.textContent'), 'Forgot your password?', 'whose heading has the focus');
is($browser->run('return document.title'), "Forgot your password? \x{b7} mod_auth_platform demo", 'and is the title');
is($browser->run('return document.getElementById("fo-email").value'), $email, 'the address was typed already');
$browser->run('document.getElementById("fo-email").value = ""');
$browser->press($TAB . 'no address' . $ENTER);
ok($browser->until('document.getElementById("fo-email-error").textContent'), 'what is no address is said at the field');
is($browser->run('return document.activeElement.id'), 'fo-email', 'where the focus is');
$browser->run('document.getElementById("fo-email").value = ""');
$browser->press('nobody@example.org' . $ENTER);
ok($visitor->shows('sent'), 'an address without an account');
my $unknown = $visitor->text('#sent');
like($unknown, qr/\AIf there is an account with the address nobody\@example\.org, a mail with a link is on its way\. The link works for 30 minutes\.\z/, 'gets a sentence');
is($browser->run('return document.activeElement.textContent'), 'Look into your mail', 'with a heading that is read out');

is($site->post('/register', { email => $email, password => $PASSWORD })->{status}, 201, 'an account');
ok($visitor->at('/signin.html#forgot', 'forgot'), 'the view has an address of its own');
$visitor->fill('form-forgot', 'fo-email' => $email);
ok($visitor->shows('sent'), 'an address with an account');
is($visitor->text('#sent') =~ s/\Q$email\E/nobody\@example.org/r, $unknown, 'gets the same sentence');
$browser->click('#view-sent [data-switch=sign-in]');
ok($visitor->shows('sign-in'), 'back to the form');
is($browser->run('return document.getElementById("in-email").value'), $email, 'which has the address');

# The note on a page with the account, and in the view of a signed-in person.
$visitor->fill('form-sign-in', 'in-password' => $PASSWORD);
ok($browser->until('document.querySelector(".unconfirmed button")'), 'signed in: a note says that the address is not confirmed') or diag $browser->url;
$visitor->jar;
like($visitor->text('.unconfirmed'), qr/\AThe address \Q$email\E is not confirmed yet\. Send the mail again\z/, 'and has a button');
is($visitor->findings, '', 'axe finds nothing');
$browser->run('document.querySelector(".unconfirmed button").focus()');
$browser->press($ENTER);
like($browser->until('document.querySelector(".unconfirmed [role=status]").textContent.startsWith("A mail") && document.querySelector(".unconfirmed").innerText', 30),
    qr/A mail to \Q$email\E is on its way\. Open the link in it\./, 'which has the mail sent again, and that is said to screen readers too');
$browser->call(DELETE => "$browser->{session}/cookie/__Host-authp_at");
$browser->run('document.querySelector(".unconfirmed [role=status]").textContent = ""');
$browser->click('.unconfirmed button');
ok($browser->until('document.querySelector(".unconfirmed [role=status]").textContent.startsWith("A mail")', 30), 'also after the access token has expired');
ok($visitor->at('/signin.html', 'signed-in'), 'the sign-in page knows who is there');
like($visitor->text('#view-signed-in .unconfirmed'), qr/\Q$email\E is not confirmed yet/, 'and has the same note');
$browser->click('#sign-out');
ok($visitor->shows('sign-in'), 'signed out');
my $admin = $site->admin;
$browser->run('document.querySelectorAll("input").forEach(one => { one.value = "" })');
$visitor->fill('form-sign-in', 'in-email' => $admin->{email}, 'in-password' => $admin->{password});
ok($browser->until('location.pathname === "/" && document.querySelector("#who strong")'), 'a person whose address is confirmed');
is($browser->run('return document.querySelectorAll(".unconfirmed").length'), 0, 'sees no note');
is_deeply([grep { !/status of (?:401|422)|favicon/ } $browser->errors], [], 'nothing in the console');
undef $browser;
undef $visitor;
$site->httpd->stop;

# --- EMAIL_VERIFICATION=required -------------------------------------------------------------------------------------
$port = free_port();
$site = AuthPlatform::Mailed->new(port => $port, more => AuthPlatform::DemoSite::more(), settings => "EMAIL_VERIFICATION=required\n");
$visitor = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$port");
$browser = $visitor->browser;
$email   = AuthPlatform::Mailed::new_email();
my @said;
for my $time ('new', 'taken') {
    ok($visitor->at('/signin.html?return_to=/candidate/#sign-up', 'sign-up'), "EMAIL_VERIFICATION=required, $time address: who signs up");
    $visitor->fill('form-sign-up', 'up-email' => $email, 'up-password' => $PASSWORD);
    ok($visitor->shows('sent'), 'is not signed in, and reads');
    push @said, $visitor->text('#view-sent');
}
$visitor->picture('58-sent');
like($said[0], qr/Look into your mail A mail to \Q$email\E is on its way\. Open the link in it to confirm the address\. After that you can sign in\./, 'to look into the mail');
is($said[1], $said[0], 'the page says the same of a taken address');
$browser->click('#view-sent [data-switch=sign-in]');
ok($visitor->shows('sign-in'), 'who does not');
$visitor->fill('form-sign-in', 'in-password' => $PASSWORD);
like($visitor->said('form-sign-in'), qr/\AYour e-mail address is not confirmed yet\. Open the link in the mail that was sent to it, then sign in\./, 'is told why the sign-in is refused');
is($visitor->findings, '', 'axe finds nothing');
$browser->run('document.querySelector("#form-sign-in .alert button").focus()');
$visitor->picture('58-unverified');
$browser->press($ENTER);
ok($visitor->shows('forgot'), 'and led to the way out: a new password by mail');
is($browser->run('return document.getElementById("fo-email").value'), $email, 'with the address');
$visitor->fill('form-forgot');
ok($visitor->shows('sent'), 'which is sent');
is($visitor->findings, '', 'axe finds nothing');
is_deeply([grep { !/status of (?:401|403)|favicon/ } $browser->errors], [], 'nothing in the console');
undef $browser;
undef $visitor;
done_testing;
