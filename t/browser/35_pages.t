# SPDX-License-Identifier: Apache-2.0
# The demo's pages with obstacles: the wrong account, a common password, blanks in an invite code, a session that ended.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my ($TAB, $ENTER, $CONTROL) = ("\x{E004}", "\x{E007}", "\x{E009}");
my $base  = origin();
my $boss  = admin();
my $name  = '<i onmouseover="x">Eve</i> & "Co"';
my $other = person(name => $name);
my $browser = AuthPlatform::Browser->new;
my $shown = sub { my ($id) = @_; return "!document.querySelector('.reveal').hidden && !document.getElementById('$id').hidden" };

sub fill_in {
    my ($form, %values) = @_;
    for my $id (sort keys %values) {
        $browser->run("document.getElementById('$id').value = ''");
        $browser->type("#$id", $values{$id});
    }
    $browser->click("#$form button[type=submit]");
    secret_used(map { $_->{value} } @{ $browser->cookies });
    return;
}

# A user without the role: the page shows the user's name, and leads to the sign-in of another account and back.
$browser->go("$base/signin.html?return_to=/any/");
ok($browser->until($shown->('view-sign-in')), 'the sign-in page');
fill_in('form-sign-in', 'in-email' => $other->{email}, 'in-password' => $other->{password});
ok($browser->until("location.pathname === '/any/'"), 'signed in as a candidate');
$browser->go("$base/admin/?from=here");
is($browser->run('return document.querySelector("strong").textContent'), $name, 'the refusal says who is signed in');
is($browser->run('return document.querySelectorAll("main i").length'), 0, 'as text');
is($browser->run('return getComputedStyle(document.body).maxWidth'), '576px', 'its style is not blocked');
$browser->press($TAB . $ENTER);
ok($browser->until("location.pathname === '/signin.html'"), 'by keyboard to the sign-in page') or diag $browser->url;
ok($browser->until($shown->('view-sign-in')), 'which shows its form, though somebody is signed in');
fill_in('form-sign-in', 'in-email' => $boss->{email}, 'in-password' => $boss->{password});
ok($browser->until("location.pathname === '/admin/' && document.querySelector('#invites li')"), 'the other account is let in') or diag $browser->url;
is($browser->url, "$base/admin/?from=here", 'where it was refused before');

# The code of an invite, copied by a button and pasted with blanks around it.
my $invited = new_email();
fill_in('form-invite', 'invite-email' => $invited);
my $code = secret_used($browser->until('document.querySelector("#invite-made code") && document.querySelector("#invite-made code").textContent'));
ok($browser->until('!document.getElementById("invite-copy").hidden'), 'a button to copy the code');
$browser->call(POST => "$browser->{session}/permissions", { descriptor => { name => 'clipboard-write' }, state => 'granted' });
$browser->run('document.getElementById("invite-copy").focus()');
$browser->press($ENTER);
is($browser->until('document.getElementById("invite-copied").textContent'), 'Copied.', 'it is copied, and that is said');
$browser->run('document.getElementById("invite-email").focus()');
$browser->call(POST => "$browser->{session}/actions", { actions => [{ type => 'key', id => 'keys', actions => [
    { type => 'keyDown', value => $CONTROL }, { type => 'keyDown', value => 'v' }, { type => 'keyUp', value => 'v' }, { type => 'keyUp', value => $CONTROL }] }] });
is($browser->until('document.getElementById("invite-email").value'), $code, 'the clipboard has it');
$browser->run('document.getElementById("invite-email").value = ""; delete Navigator.prototype.clipboard; document.getElementById("invite-copied").textContent = ""');
$browser->click('#invite-copy');
like($browser->until('document.getElementById("invite-copied").textContent'), qr/selected/, 'without a clipboard it is selected');
is($browser->run('return getSelection().toString()'), $code, 'indeed');

# An expired access token is renewed. A session that ended leads to the sign-in page.
$browser->call(DELETE => "$browser->{session}/cookie/__Host-authp_at");
fill_in('form-invite', 'invite-email' => new_email());
ok($browser->until('document.querySelectorAll("#invites li").length > 1 && document.querySelector("#invite-made code")'), 'renewed on the way');
secret_used($browser->run('return document.querySelector("#invite-made code").textContent'), map { $_->{value} } @{ $browser->cookies });
is(api(POST => '/logout', bearer($boss), json => { all => JSON::true() })->{status}, 200, 'signed out everywhere');
fill_in('form-invite', 'invite-email' => new_email());
ok($browser->until('document.querySelector("#trouble a")'), 'the page says that the session has ended') or diag $browser->run('return document.body.innerText');
like($browser->run('return document.getElementById("trouble").textContent'), qr/Your session has ended\. Sign in again/, 'in words');
is($browser->run('return document.getElementById("trouble").getAttribute("role")'), 'alert', 'to screen readers too');
$browser->click('#trouble a');
ok($browser->until("location.pathname === '/signin.html'"), 'with a link to sign in');
is($browser->url, "$base/signin.html?return_to=/admin/", 'and to come back');

# A common password, then an invite code with blanks around it.
$browser->run('location.hash = "#sign-up"; location.reload()');
ok($browser->until($shown->('view-sign-up')), 'the page to sign up');
fill_in('form-sign-up', 'up-email' => $invited, 'up-password' => 'Password123', 'up-invite' => "  $code ");
like($browser->until('document.getElementById("up-password-error").textContent') // '', qr/too common/, 'a common password is refused at its field, with the reason');
is($browser->run('return document.activeElement.id'), 'up-password', 'where the focus is');
fill_in('form-sign-up', 'up-password' => secret_used('three calm words'));
ok($browser->until("location.pathname === '/admin/'"), 'the code counts, blanks or not') or diag $browser->run('return document.body.innerText');
like($browser->run('return document.body.innerText'), qr/You are signed in as\s+\Q$invited\E/, 'as a recruiter, who is no admin');
is_deeply([grep { !/status of (?:401|403|422)/ } $browser->errors], [], 'nothing in the console, no icon missing either');
undef $browser;
done_testing;
