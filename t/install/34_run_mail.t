# SPDX-License-Identifier: Apache-2.0
# make run MAIL=demo: its mail server keeps the mails, the page /mails/ shows them, and their links work in a browser.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Httpd ();
use AuthPlatform::MakeRun;
use AuthPlatform::Ports 'free_port';
use HTTP::Tiny;
use IO::Socket::INET;
use Test::More;
use Time::HiRes qw(sleep time);

$ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};
delete @ENV{qw(AUTH_STATE_DIR AUTH_STORE JWT_SECRET_KEY AUTHP_PYTHON)};

my $port = free_port();
my $base = "http://127.0.0.1:$port";
my $http = HTTP::Tiny->new(timeout => 30);
my $demo = AuthPlatform::MakeRun->new(port => $port);
my $dir  = $demo->dir;

sub said { return $demo->said }
sub start   { return $demo->start(@_) }
sub end_run { return is($demo->stop, 0, 'it ends as it should') }

# --- what is not MAIL=demo -------------------------------------------------------------------------------------------
isnt(start(MAIL => 'real'), 0, 'another mail server is an error');
like(said(), qr/MAIL=real: there is only MAIL=demo/, 'which says so');
isnt(start(MAIL => 'demo', AUTHP_PYTHON => '/bin/false'), 0, 'so is a Python without the package');
like(said(), qr/MAIL=demo needs the Debian package python3-aiosmtpd/, 'which is named');
start(MAIL => '/var/mail/somebody');
like(said(), qr/The demo runs/, 'a mailbox in the environment of a login is no mail server') or diag said();
is($http->get("$base/mails/")->{status}, 404, 'so there are no mails');
end_run();

# --- MAIL=demo -------------------------------------------------------------------------------------------------------
start(MAIL => 'demo');
like(said(), qr{^# Mails are kept for looking at: \Q$base\E/mails/ }m, 'with MAIL=demo the page of the mails is named') or diag said();
unlike(AuthPlatform::Httpd::slurp("$dir/dev.env"), qr/MAIL/, 'the settings file is as without it');
my ($server) = grep { AuthPlatform::Httpd::slurp($_) =~ m{/mail/server\.py\0} && AuthPlatform::Httpd::slurp(s/cmdline$/status/r) =~ /^PPid:\t${\$demo->pid}$/m } glob '/proc/[0-9]*/cmdline';
ok($server, 'a mail server runs');
my ($folder) = AuthPlatform::Httpd::slurp($server) =~ m{/mail/server\.py\0([^\0]+)\0};
is((stat $folder)[2] & 077, 0, 'whose folder is for one user only');
my $smtp = AuthPlatform::Httpd::slurp("$folder/port");
like($smtp, qr/\A\d+\z/, 'and which has a port');
my $browser = AuthPlatform::Browser->new(size => [600, 800]);
$browser->go("$base/mails/");
like($browser->run('return document.body.innerText'), qr/There is no mail yet/, 'the page says that there is none yet');
is($browser->run('return getComputedStyle(document.querySelector(".card")).borderTopStyle'), 'solid', 'its style is there');

# What a mail says is text, and only links to the demo are links.
my $mail = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $smtp) or die "connect: $!\n";
for my $line ('EHLO test', 'MAIL FROM:<a@example.org>', 'RCPT TO:<b@example.org>', 'DATA',
    "Subject: <i>one</i>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n<i>two</i> \xc3\xa4 https://elsewhere.example/ $base/page?a=1&b=2\r\n.", 'QUIT') {
    print {$mail} "$line\r\n";
    while (my $said = <$mail>) { last if $said =~ /^\d+ / && $said !~ /^220/ }
}
close $mail;
$browser->go("$base/mails/");
like($browser->until('document.querySelector(".mail") && document.querySelector(".mail").innerText'), qr{<i>one</i>.*To b\@example\.org, \d{4}-.*<i>two</i> \x{e4} https://elsewhere}s, 'a mail is shown as text');
is_deeply($browser->run('return [...document.querySelectorAll(".mail a")].map(one => one.href)'), ["$base/page?a=1&b=2"], 'and only a link to the demo is a link');

# The line that is printed, and a registration: each sends a mail, whose link works.
my ($register) = said() =~ /^(curl .*\/register .*); echo$/m;
my ($forgot)   = said() =~ /^(curl .*\/password\/forgot .*); echo$/m;
my ($email)    = ($forgot // '') =~ /"email":"([^"]+)"/;
like(scalar qx{$register}, qr/"access_token"/, 'the printed line makes an account');
sub mail_about {
    my ($page) = @_;
    my $end = time + 60;
    my $link;
    until ($link || time > $end) {
        $browser->go("$base/mails/");
        $link = $browser->run('const link = document.querySelector(`.mail a[href*="/${arguments[0]}#"]`); link?.scrollIntoView(); return link && link.href', $page);
        sleep 0.2;
    }
    AuthPlatform::Httpd::note_secrets(($link // '') =~ /#(.+)/);
    like($link // '', qr{\A\Q$base\E/api/auth/\Q$page\E#[\w-]{43}\z}, "a mail with a link to $page");
    is($browser->run('return document.documentElement.scrollWidth > window.innerWidth ? "sticks out" : ""'), '', 'which fits into the page');
    return $browser->click(qq{.mail a[href*="/$page#"]});
}
mail_about('verify-email');
ok($browser->until('document.getElementById("password") && !document.getElementById("view-password").hidden'), 'which asks for the password') or diag $browser->run('return document.body.innerText');
$browser->type('#password', 'three calm words');
$browser->click('#form-password button[type=submit]');
like($browser->until('!document.getElementById("view-done").hidden && document.getElementById("done-text").textContent'), qr/\A\Q$email\E is confirmed/, 'and confirms the address');
like(scalar qx{$forgot}, qr/on its way/, 'the printed line asks for a new password');
mail_about('reset-password');
ok($browser->until('document.getElementById("new-password") && !document.getElementById("view-choose").hidden'), 'on which a new one is chosen');
$browser->type('#new-password', 'four very calm words');
$browser->click('#form-choose button[type=submit]');
ok($browser->until('!document.getElementById("view-done").hidden'), 'which is set');
is_deeply([grep { !/status of 401/ } $browser->errors], [], 'the browser complains of nothing');
undef $browser;
unlike(AuthPlatform::Httpd::slurp("$dir/run/$_"), qr/[\w-]{43}/, "$_ has no token") for qw(access.log mail.log);
end_run();
ok(!-e $server, 'the mail server has ended');
ok(!-e $folder, 'and the mails are removed');
done_testing;
