# SPDX-License-Identifier: Apache-2.0
# The links of mails in a real browser: from the mail to the page, and on to the sign-in. The mails come from an SMTP server. 60_mail_looks.t has how
# the pages look, and what axe says of them.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::DemoSite;
use AuthPlatform::Httpd;
use AuthPlatform::Mailed;
use AuthPlatform::Ports 'free_port';
use JSON ();
use Test::More;

my ($TAB, $ENTER) = ("\x{E004}", "\x{E007}");
my $PASSWORD = AuthPlatform::Mailed->password;

# The access log has the request line as it was sent, and the Referer.
my $more = AuthPlatform::DemoSite::more() . qq{LogLevel auth_platform:trace8\nCustomLog access.log "%r | %>s | %{Referer}i"\n};

sub site { my (%o) = @_; return AuthPlatform::Mailed->new(%o, port => free_port(), more => $more) }
my $site    = site();
my $origin  = "http://127.0.0.1:$site->{httpd}{port}";
my $visitor = AuthPlatform::DemoSite->visitor($origin);
my $browser = $visitor->browser;
my @tokens;

# The address of the link in the next mail to somebody.
sub link_to {
    my ($email, $page, $from) = @_;
    my $token = ($from || $site)->token($email);
    push @tokens, $token;
    return "http://127.0.0.1:" . ($from || $site)->httpd->{port} . "/api/auth/$page#$token";
}
sub new_link { my ($account) = @_; is($site->post('/email/verify/send', undef, as => $account)->{status}, 202, 'a new link is asked for'); return link_to($account->{email}, 'verify-email') }
sub me       { return $browser->run('return fetch("/api/auth/me").then(answer => answer.json())') }
sub words    { return AuthPlatform::Mailed::words(@_) }
sub sign_in  { my ($email, $password) = @_; $visitor->at('/signin.html', 'sign-in'); $visitor->fill('form-sign-in', 'in-email' => $email, 'in-password' => $password); return $browser->until('document.getElementById("who")?.querySelector("strong")') && $visitor->jar }
sub focus    { return $browser->run('const one = document.activeElement; return one.tagName === "INPUT" ? one.id : one.textContent') }

# --- a forgotten password, by keyboard -------------------------------------------------------------------------------
my $ada = $site->account;
link_to($ada->{email}, 'verify-email');
ok($visitor->at('/signin.html', 'sign-in'), 'the sign-in page');
$browser->run('document.querySelector("#view-sign-in [data-switch=forgot]").focus()');
$browser->press($ENTER);
ok($visitor->shows('forgot'), 'has a view for a forgotten password');
$browser->press($TAB . $ada->{email} . $ENTER);
ok($visitor->shows('sent'), 'which says that a mail is on its way');
my $mail = $site->next_mail($ada->{email});
is($mail->{page}, 'reset-password', 'it arrives');
my $url = "$origin/api/auth/reset-password#$mail->{token}";
push @tokens, $mail->{token};
my ($whole) = grep {/reset-password/} map { @{ $_->{links} } } $site->mails_to($ada->{email});
is($whole, $url, 'with the whole address of the page');

ok($visitor->at($url, 'choose'), 'the page asks for a new password');
is($browser->url, "$origin/api/auth/reset-password", 'and has taken the token out of the address');
is(focus(), 'new-password', 'the focus is on the field');
like($visitor->text('#new-password-hint'), qr/at least 8 characters/, 'which says how long it must be');
$browser->press($ENTER);
is($visitor->text('#new-password-error'), 'Enter the password.', 'nothing typed');
$browser->press('short' . $ENTER);
is($browser->until('document.getElementById("new-password-error").textContent.includes("short") && document.getElementById("new-password-error").textContent'),
    'The password is too short. Use at least 8 characters.', 'a short one is refused at the field, in words');
is($browser->run('const field = document.getElementById("new-password"); return [field.getAttribute("aria-invalid"), field.getAttribute("aria-describedby")].join(" ")'),
    'true new-password-hint new-password-error', 'for screen readers too');
is(focus(), 'new-password', 'where the focus stays');
$browser->run('document.getElementById("new-password").value = ""');
$browser->press('Password123' . $ENTER);
ok($browser->until('document.getElementById("new-password-error").textContent.includes("too common")'), 'so is a common one');
$browser->run('document.getElementById("new-password").value = ""');
$browser->press('x' x 73 . $ENTER);
ok($browser->until('document.getElementById("new-password-error").textContent.includes("at most 72")'), 'so is one that is too long');
my $new = ' a new calm password '; # blanks belong to a password
AuthPlatform::Httpd::note_secrets($new);
$browser->run('document.getElementById("new-password").value = ""');
$browser->press($new);
is($browser->run('return document.getElementById("new-password-error").textContent'), '', 'the error goes when the person types');
$browser->press($TAB);
is($browser->run('return document.activeElement.getAttribute("aria-label")'), 'Show password', 'the next stop is the button that shows it');
$browser->press($ENTER);
is($browser->run('return document.getElementById("new-password").type + " " + document.activeElement.getAttribute("aria-label")'), 'text Hide password', 'which does');
$browser->press($TAB);
is(focus(), 'Set the password', 'and then the button that sets it');
$browser->press($ENTER);
ok($visitor->shows('done'), 'it is set');
is(focus(), 'Your password is set', 'which is read out');
is($browser->run('return document.getElementById("new-password").type'), 'password', 'the password is hidden again');
is($site->get('/me', as => $ada)->{status}, 401, 'the session from before has ended');
is(words($site->post('/refresh', { refresh_token => $ada->{refresh_token} })), '401 refresh_invalid', 'and is not renewed');
is(words($site->sign_in($ada->{email})), '401 invalid_credentials', 'the old password counts no more');
is($browser->run('return document.getElementById("sign-in").href'), "$origin/signin.html", 'a link leads to the sign-in page');
$browser->press($TAB . $ENTER);
ok($visitor->shows('sign-in'), 'by keyboard');
$visitor->fill('form-sign-in', 'in-email' => $ada->{email}, 'in-password' => $new);
ok($browser->until('document.getElementById("who")?.querySelector("strong")'), 'where the new password counts');
$visitor->jar;
is(me()->{email_verified}, JSON::true(), 'the link has confirmed the address');
is($browser->run('return document.querySelectorAll(".unconfirmed").length'), 0, 'so no note asks for that');

# The token is in no entry of the history.
ok($visitor->at('/signin.html', 'signed-in'), 'later');
my @visited;
for (1 .. 30) {
    my $before = $browser->url;
    $browser->call(POST => "$browser->{session}/back");
    my $now = $browser->url;
    last if $now eq 'data:,' || ($now eq $before && $now eq 'about:blank');
    push @visited, $now;
}
ok((grep { $_ eq "$origin/api/auth/reset-password" } @visited), 'the history has the page') or diag "@visited";
is_deeply([grep {/#[\w-]{20}/} @visited], [], 'without the token');

# A link that was used, and the way to another one.
ok($visitor->at($url, 'choose'), 'the same link again');
$visitor->fill('form-choose', 'new-password' => 'another calm password');
ok($visitor->shows('ask'), 'does not work');
like($visitor->text('#view-ask'), qr/This link does not work any more A link works once and for a limited time/, 'which the page says');
is(focus(), 'This link does not work any more', 'to screen readers too');
$visitor->fill('form-ask', 'email' => 'nothing');
is($browser->until('document.getElementById("email-error").textContent'), 'This is no e-mail address.', 'it sends another one, if it gets an address');
$visitor->fill('form-ask', 'email' => $ada->{email});
ok($visitor->shows('sent'), 'which is said');
like(link_to($ada->{email}, 'reset-password'), qr/#[\w-]{43}\z/, 'it arrives');
ok($visitor->at('/api/auth/reset-password', 'ask'), 'without a link the page asks for the address');
is($visitor->text('#view-ask h1'), 'Forgot your password?', 'of the account');
for my $garbage ('x', '%20', 'A' x 43, '<img src=x onerror=alert(1)>') {
    ok($visitor->at("/api/auth/reset-password#$garbage", 'choose'), "a link that ends with $garbage");
    $visitor->fill('form-choose', 'new-password' => 'another calm password');
    ok($visitor->shows('ask') && $visitor->text('#ask-title') =~ /does not work/, 'does not work') or diag $visitor->text('main');
}

# --- a proof of the address with a session ---------------------------------------------------------------------------
$visitor->forget;
my $bea = AuthPlatform::Mailed::new_email();
ok($visitor->at('/signin.html#sign-up', 'sign-up'), 'somebody signs up');
$visitor->fill('form-sign-up', 'up-email' => $bea, 'up-password' => $PASSWORD);
ok($browser->until('document.querySelector(".unconfirmed")'), 'and sees that the address is not confirmed');
$visitor->jar;
my $first = link_to($bea, 'verify-email');
ok($visitor->at($first, 'done'), 'the link of the mail confirms it, without a question');
is($visitor->text('#view-done'), "Your e-mail address is confirmed $bea is confirmed. It belongs to your account. Go to the front page", 'which the page says');
is($browser->url, "$origin/api/auth/verify-email", 'the token is gone from the address');
is(me()->{email_verified}, JSON::true(), 'so is it');
$browser->press($TAB . $ENTER);
ok($browser->until('location.pathname === "/" && document.querySelector("#who strong")'), 'by keyboard to the front page');
is($browser->run('return document.querySelectorAll(".unconfirmed").length'), 0, 'without the note');
ok($visitor->at($first, 'again'), 'the link works once');
like($visitor->text('#view-again'), qr/This link does not work any more .*Your e-mail address is confirmed already\. There is nothing left to do\.\z/, 'but nothing is left to do');
is($visitor->text('main') =~ /Send a new link|Sign in/ ? 'buttons' : '', '', 'so no button is there');

# --- without a session -----------------------------------------------------------------------------------------------
$visitor->forget;
my $cy = $site->account;
my $link = link_to($cy->{email}, 'verify-email');
ok($visitor->at($link, 'password'), 'without a session the page asks for the password');
like($visitor->text('#password-why'), qr/You are not signed in in this browser/, 'and says why');
is(focus(), 'password', 'the focus is on its field');
$browser->press($ENTER);
is($visitor->text('#password-error'), 'Enter the password.', 'nothing typed');
$browser->press('wrong password' . $ENTER);
is($browser->until('document.getElementById("password-error").textContent.includes("not the password") && document.getElementById("password-error").textContent'),
    'This is not the password of the account to which the mail was sent.', 'a wrong one is said at the field');
is($site->get('/me', as => $cy)->{json}{email_verified}, JSON::false(), 'nothing is confirmed by it');
$browser->run('document.getElementById("password").value = ""');
$browser->press($PASSWORD . $ENTER);
ok($visitor->shows('done'), 'the right one confirms the address');
is($site->get('/me', as => $cy)->{json}{email_verified}, JSON::true(), 'indeed');
is($browser->run('return document.getElementById("go-on").href'), "$origin/signin.html", 'a link leads to the sign-in page');
ok($visitor->at($link, 'again'), 'the link works once');
like($visitor->text('#again-how'), qr/For a new link, sign in/, 'a new one needs a sign-in');
is($browser->run('return document.getElementById("sign-in").href'), "$origin/signin.html?return_to=%2Fapi%2Fauth%2Fverify-email", 'which leads back to the page');
for my $garbage ('x', 'A' x 43, '<img src=x onerror=alert(1)>') {
    ok($visitor->at("/api/auth/verify-email#$garbage", 'again'), "a link that ends with $garbage does not work") or diag $visitor->text('main');
}
ok($visitor->at('/api/auth/verify-email', 'again'), 'without a link');
like($visitor->text('#view-again'), qr/Open the link in the mail that you received/, 'the page says what to do');

# The person signs in from there, comes back, and gets a new link. An older one that is too old does not work.
my $dan = $site->account;
my $old = link_to($dan->{email}, 'verify-email');
if (($ENV{AUTHP_STORE} || 'sqlite') eq 'sqlite') {
    is(system('sqlite3', '-cmd', '.timeout 10000', $site->httpd->{dir} . '/state/auth_platform.db', "UPDATE outbox SET link_until = 1 WHERE user_id = '$dan->{user}{id}'"), 0, 'a day later');
} else {
    $old =~ s/#.*/'#' . 'A' x 43/e;
}
ok($visitor->at($old, 'again'), 'a link that is too old does not work');
$browser->click('#sign-in');
ok($visitor->shows('sign-in'), 'the way to a new one is the sign-in');
$visitor->fill('form-sign-in', 'in-email' => $dan->{email}, 'in-password' => $PASSWORD);
ok($visitor->shows('again') && $browser->until('!document.getElementById("send").hidden'), 'which leads back') or diag $browser->url;
like($visitor->text('#again-how'), qr/You are signed in as \Q$dan->{email}\E\. A new link can be sent/, 'where a new link is offered');
$browser->run('document.getElementById("send").focus()');
$browser->press($ENTER);
is($browser->until('document.getElementById("status").textContent.includes("on its way") && document.getElementById("status").textContent'), 'A new link is on its way. Look into your mail.', 'and sent');
is($browser->run('return document.getElementById("status").getAttribute("role")'), 'status', 'which screen readers say');
my $second = link_to($dan->{email}, 'verify-email');

# Two tabs.
$browser->call(POST => "$browser->{session}/window/new", { type => 'tab' });
my @tabs = @{ $browser->call(GET => "$browser->{session}/window/handles") };
sub tab { return $browser->call(POST => "$browser->{session}/window", { handle => $tabs[$_[0]] }) }
tab(1);
ok($visitor->at($second, 'done'), 'the new link, in a second tab');
tab(0);
$browser->click('#send');
ok($browser->until('document.getElementById("status").textContent.includes("confirmed already")'), 'the first tab says that nothing is left to do');
ok($visitor->at($second, 'again'), 'and there the link was used');
like($visitor->text('#again-how'), qr/confirmed already/, 'which is no problem');
tab(1);
$browser->call(DELETE => "$browser->{session}/window");
tab(0);

# Signed in as another person; a second link in the same tab changes only the fragment.
my $eve = $site->account;
my $hers = link_to($eve->{email}, 'verify-email');
ok($visitor->at($hers, 'password'), 'the link of another account asks for its password');
is($visitor->text('#password-why'), "Enter the password of the account to which the mail was sent. In this browser you are signed in as $dan->{email}, which is another account.", 'and says whose');
my $fay = $site->account;
$browser->go(link_to($fay->{email}, 'verify-email'));
ok($browser->until('location.hash === "" && !document.getElementById("view-password").hidden && document.getElementById("password").value === ""'), 'another link in the same tab counts instead');
$browser->type('#password', $PASSWORD);
$browser->click('#form-password button[type=submit]');
ok($visitor->shows('done'), 'it is confirmed');
is_deeply([map { $site->get('/me', as => $_)->{json}{email_verified} } $eve, $fay], [JSON::false(), JSON::true()], 'and the one before is not');
is(me()->{email}, $dan->{email}, 'the session of this browser is as before');

# The answer about a link comes after another link was opened in the same tab: the page is about the later one.
my $gil = $site->account;
$browser->run(<<'SCRIPT', 'x' x 43, link_to($gil->{email}, 'verify-email') =~ s/.*#//r);
const real = window.fetch, [early, late] = arguments;
window.answers = 0;
window.fetch = async (route, options) => {
    const answer = await real(route, options);
    if (String(options.body).includes(early)) {
        await new Promise((go) => { window.letGo = go; });
        window.answers++;
    }
    return answer;
};
location.hash = early;
const timer = setInterval(() => {
    if (window.letGo) {
        clearInterval(timer);
        location.hash = late;
    }
}, 20);
SCRIPT
ok($visitor->shows('password'), 'a link, while the answer about the one before is on its way');
$browser->run('window.letGo()');
ok($browser->until('window.answers === 1'), 'which comes later');
$browser->type('#password', $PASSWORD);
$browser->click('#form-password button[type=submit]');
ok($visitor->shows('done'), 'the page is still about the later link');
is($site->get('/me', as => $gil)->{json}{email_verified}, JSON::true(), 'which is confirmed');

# --- what fails on the way -------------------------------------------------------------------------------------------
$visitor->forget;
ok($visitor->at('/api/auth/verify-email', 'again'), 'no network');
$browser->run('window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError("offline")); location.hash = arguments[0]', $hers =~ s/.*#//r);
ok($visitor->shows('failed'), 'the page says');
is($visitor->text('#view-failed'), 'This did not work The server could not be reached. Check your connection and try again. Try again', 'so, with a button');
$browser->run('window.fetch = real');
$browser->click('#try-again');
ok($visitor->shows('password'), 'which tries again: the link was not lost');
$browser->run('window.fetch = () => Promise.resolve(new Response("{\"code\":\"rate_limited\"}", {status: 429, headers: {"Retry-After": "3600"}}))');
$visitor->fill('form-password', 'password' => $PASSWORD);
is($visitor->said('form-password'), 'Too many attempts. Please try again in 60 minutes.', 'too many attempts');
$browser->run('window.fetch = () => Promise.resolve(new Response("{\"code\":\"busy\"}", {status: 503, headers: {"Retry-After": "2"}}))');
$browser->click('#form-password button[type=submit]');
ok($browser->until('document.getElementById("status").textContent.includes("Trying again in 2 seconds (1 of 3)")'), 'a busy server is asked again');
$browser->run('window.fetch = real');
ok($visitor->shows('done'), 'and then it works');

# --- another address -------------------------------------------------------------------------------------------------
my $gus = $site->account;
link_to($gus->{email}, 'verify-email');
my $next = AuthPlatform::Mailed::new_email();
ok(sign_in($gus->{email}, $PASSWORD), 'a signed-in person');
is($site->post('/me/email', { new_email => $next, password => $PASSWORD }, as => $gus)->{status}, 202, 'asks for another address');
is(me()->{email}, $gus->{email}, 'which does not count yet');
ok($visitor->at(link_to($next, 'verify-email'), 'done'), 'the link that was mailed to it');
is($visitor->text('#done-text'), "The e-mail address of your account is now $next. It was $gus->{email} before.", 'changes the address, and says so');
is_deeply([@{ me() }{qw(email email_verified)}], [$next, JSON::true()], 'indeed, and the session stays');

my @both = map { $site->account } 1, 2;
my $wanted = AuthPlatform::Mailed::new_email();
my @links = map { $site->post('/me/email', { new_email => $wanted, password => $PASSWORD }, as => $_); link_to($wanted, 'verify-email') } @both;
$visitor->forget;
ok($visitor->at($links[0], 'password'), 'two people want the same address');
$visitor->fill('form-password', 'password' => $PASSWORD);
ok($visitor->shows('done'), 'one gets it');
ok($visitor->at($links[1], 'password'), 'the other');
$visitor->fill('form-password', 'password' => $PASSWORD);
ok($visitor->shows('again'), 'does not');
like($visitor->text('#view-again'), qr/\AThis address belongs to another account now Since the mail was sent, another account was given this address\./, 'and reads why');

# --- an account that an administrator makes --------------------------------------------------------------------------
my $made = AuthPlatform::Mailed::new_email();
my $admin = $site->admin;
is($site->post('/users', { email => $made, name => 'Made', send => JSON::true() }, as => $admin)->{status}, 201, 'an administrator makes an account');
ok($visitor->at(link_to($made, 'reset-password'), 'choose'), 'the mail leads to the page');
$visitor->fill('form-choose', 'new-password' => $new);
ok($visitor->shows('done'), 'where the person chooses the first password');
$browser->click('#sign-in');
ok($visitor->shows('sign-in'), 'and then');
$visitor->fill('form-sign-in', 'in-email' => $made, 'in-password' => $new);
ok($browser->until('document.getElementById("who")?.querySelector("strong")'), 'signs in');
is_deeply([@{ me() }{qw(email email_verified)}], [$made, JSON::true()], 'with a proven address');

# --- EMAIL_VERIFICATION=required -------------------------------------------------------------------------------------
my $strict = site(settings => "EMAIL_VERIFICATION=required\n");
my $there  = AuthPlatform::DemoSite->visitor("http://127.0.0.1:$strict->{httpd}{port}");
my $hal    = AuthPlatform::Mailed::new_email();
ok($there->at('/signin.html?return_to=/candidate/#sign-up', 'sign-up'), 'where an address must be proven first, somebody signs up');
$there->fill('form-sign-up', 'up-email' => $hal, 'up-password' => $PASSWORD);
ok($there->shows('sent'), 'and reads that a mail is on its way');
ok($there->at(link_to($hal, 'verify-email', $strict), 'password'), 'its link asks for the password');
$there->fill('form-password', 'password' => $PASSWORD);
ok($there->shows('done'), 'and confirms the address');
$there->browser->click('#go-on');
ok($there->shows('sign-in'), 'then the person');
$there->fill('form-sign-in', 'in-email' => $hal, 'in-password' => $PASSWORD);
ok($there->browser->until('document.getElementById("who")?.querySelector("strong")'), 'signs in');
$there->jar;
$there->forget;
my $ida = AuthPlatform::Mailed::new_email();
$strict->post('/register', { email => $ida, password => $PASSWORD });
link_to($ida, 'verify-email', $strict);
$there->at('/signin.html', 'sign-in');
$there->fill('form-sign-in', 'in-email' => $ida, 'in-password' => $PASSWORD);
$there->said('form-sign-in');
$there->browser->click('#form-sign-in .alert button');
$there->shows('forgot');
$there->fill('form-forgot');
ok($there->shows('sent'), 'a person who lost that mail asks for a new password');
ok($there->at(link_to($ida, 'reset-password', $strict), 'choose'), 'whose link');
$there->fill('form-choose', 'new-password' => $new);
ok($there->shows('done'), 'sets it');
is($strict->sign_in($ida, $new)->{status}, 200, 'and confirms the address');
undef $there;

# --- what the logs have ----------------------------------------------------------------------------------------------
is_deeply([grep { !/status of (?:400|401|403|409|422)|favicon/ } $browser->errors], [], 'nothing in the console: no blocked script, no error');
undef $browser;
undef $visitor;
cmp_ok(scalar @tokens, '>', 15, 'many links');
for my $one ($site, $strict) {
    my $httpd = $one->httpd;
    $httpd->stop;
    my $access = AuthPlatform::Httpd::slurp("$httpd->{dir}/access.log");
    my $error  = $httpd->log;
    like($access, qr{^GET /api/auth/(?:verify-email|reset-password) HTTP/1\.1 \| 200 \| -$}m, 'the access log has the pages');
    is_deeply([grep { index($access, $_) >= 0 || index($error, $_) >= 0 } @tokens], [], 'no log has a token, nor a Referer');
    is_deeply([grep { !/ \| -$/ } grep { m{^POST /api/auth/(?:email|password/reset)} && !m{/send } } split /\n/, $access], [], 'the pages send no Referer');
}
done_testing;
