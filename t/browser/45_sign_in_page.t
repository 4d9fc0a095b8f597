# SPDX-License-Identifier: Apache-2.0
# The sign-in page with identity providers, in a real browser, set up as in conf/production.conf: the links, where they lead, and what the page
# says of a sign-in that fails. The real provider is at localhost and the site at 127.0.0.1, which are two sites for the browser.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Oidc;
use AuthPlatform::Ports 'free_port';
use AuthPlatform::SignIn qw(query_of with_query);
use AuthPlatform::Test ();
use File::Temp ();
use JSON       ();
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
my $ENTER  = "\x{E007}";
my $port   = free_port();
my $origin = "http://127.0.0.1:$port";
my $real   = AuthPlatform::Oidc->real(["$origin/api/auth/google/callback"], host => 'localhost');
my $corp   = AuthPlatform::Oidc->forge->realm('corp');

# The pages, and the lines of the sample about them.
my $pages = File::Temp::tempdir('authp-pages-XXXXXX', TMPDIR => 1, CLEANUP => 1);
chmod 0755, $pages;
is(system("$top/build/site.sh", $pages), 0, 'the pages');
my $sample = AuthPlatform::Httpd::slurp("$top/conf/production.conf");
my ($alias)  = $sample =~ m{^(\s*Alias /signin .*?</Location>\n)}ms or die "no sign-in page in conf/production.conf\n";
my ($policy) = $sample =~ /^\s*(Header always setifempty Content-Security-Policy .*)$/m or die "no policy\n";
$alias =~ s{/usr/local/share/auth-platform/site}{$pages}g;
my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
my $more = <<"END";
LoadModule mime_module $modules/mod_mime.so
TypesConfig /dev/null
AddType text/html .html
AddType text/css .css
AddType text/javascript .js
AddType image/svg+xml .svg
AuthPlatformTokenDelivery ask
$policy
$alias
<Location "/jobs.txt">
    AuthType Platform
    AuthName "t"
    Require role recruiter
</Location>
END
my $site = AuthPlatform::SignIn->site(port => $port, google => $real, corp => [$corp, LABEL => '"Corp" & <b>Sons</b>'], more => $more);
AuthPlatform::Httpd::write_file("$site->{httpd}{dir}/site/jobs.txt", "jobs\n");

my $browser = AuthPlatform::Browser->new;
sub fresh { $browser->go("$origin/nothing"); $browser->call(DELETE => "$browser->{session}/cookie"); return }
sub ready { my ($view) = @_; return $browser->until("!document.querySelector('.reveal').hidden && document.querySelector('#view-$view .providers a') && !document.getElementById('view-$view').hidden") }
sub said  { my ($view) = @_; return $browser->until("document.querySelector('#view-$view .alert').textContent") // '' }
sub body  { return $browser->run('return document.body.innerText.trim()') }
sub whoami { return $browser->run('return fetch("/api/auth/me").then(answer => answer.json()).then(me => me.id ?? "nobody")') }

# Clicks the link of a provider. The parameter login_hint chooses the person at the provider.
sub continue_with {
    my ($view, $label, $who) = @_;
    $browser->run('const [view, label, who] = arguments; const link = [...document.querySelectorAll(`#view-${view} .providers a`)].find(one => one.textContent.includes(label)); '
            . 'if (who) link.href += "&login_hint=" + who; link.focus()', $view, $label, $who);
    $browser->press($ENTER);
    return;
}
sub arrives { my ($path) = @_; $browser->until("location.pathname === '$path'"); my %jar = map { $_->{name} => $_->{value} } @{ $browser->cookies }; AuthPlatform::Httpd::note_secrets(values %jar); return $browser->url }

# --- the links -------------------------------------------------------------------------------------------------------
$browser->go("$origin/page.txt?x=1");
ok(ready('sign-in'), 'a guarded page leads to the sign-in page, which has links') or diag body();
my $links = 'return [...document.querySelectorAll(`#view-${arguments[0]} .providers a`)].map(one => [one.textContent, one.getAttribute("href")])';
is_deeply($browser->run($links, 'sign-in'),
    [['Continue with Google', '/api/auth/google/login?role=candidate&return_to=%2Fpage.txt%3Fx%3D1'],
        ['Continue with "Corp" & <b>Sons</b>', '/api/auth/oidc/corp/login?role=candidate&return_to=%2Fpage.txt%3Fx%3D1']], 'one for each provider, with its label as text');
is($browser->run($links, 'recruiter')->[0][1], '/api/auth/google/login?role=recruiter&return_to=%2Fpage.txt%3Fx%3D1', 'those for recruiters ask for the role');
is($browser->run($links, 'sign-up')->[0][1], '/api/auth/google/login?role=candidate&return_to=%2Fpage.txt%3Fx%3D1', 'and one can sign up with them');
is($browser->run('return document.querySelector("#view-recruiter .providers").getAttribute("aria-label")'), 'Sign in as a recruiter with a provider', 'screen readers know the groups apart');

# --- candidates ------------------------------------------------------------------------------------------------------
continue_with('sign-in', 'Google', 'alice');
is(arrives('/page.txt'), "$origin/page.txt?x=1", 'a new candidate, by keyboard, comes back to the page');
is(body(), 'guarded', 'and sees it');
my $first = whoami();
fresh();
$browser->go("$origin/page.txt");
ready('sign-in');
continue_with('sign-in', 'Google', 'alice');
arrives('/page.txt');
is(whoami(), $first, 'who comes back has the same account');
$browser->go("$origin/signin/");
ok($browser->until('!document.getElementById("view-signed-in").hidden'), 'the sign-in page knows who is there');
fresh();
$browser->go("$origin/signin/");
ready('sign-in');
continue_with('sign-in', 'Corp', 'bob');
$browser->until("location.pathname === '/'");
isnt(whoami(), 'nobody', 'without a page to go back to, the other provider leads to the front page');

# --- recruiters ------------------------------------------------------------------------------------------------------
fresh();
$site->invite('c@corp.test');
$browser->go("$origin/jobs.txt");
ready('sign-in');
$browser->click('[data-switch=recruiter]');
continue_with('recruiter', 'Google', 'corp');
is(arrives('/jobs.txt'), "$origin/jobs.txt", 'an invited recruiter comes back to the page of recruiters');
is(body(), 'jobs', 'and sees it');

fresh();
$browser->go("$origin/jobs.txt");
ready('sign-in');
$browser->click('[data-switch=recruiter]');
continue_with('recruiter', 'Google', 'dora');
ok($browser->until("location.pathname === '/signin/'") && ready('recruiter'), 'one who was not invited is on the sign-in page again, in the part for recruiters');
like(said('recruiter'), qr/request to become a recruiter is noted.*not signed in.*administrator must verify you, or send you an invite.*sign in here in the same way/, 'which says what happened, and what to do');
is($browser->run('return document.querySelector("#view-recruiter .alert").getAttribute("role")'), 'alert', 'to screen readers too');
is($browser->url, "$origin/signin/?return_to=%2Fjobs.txt", 'a reload does not say it again, and the way back is kept');
is(whoami(), 'nobody', 'nobody is signed in');
my ($dora) = $site->accounts('dora@gmail.test');
is($site->as_admin(POST => '/recruiter/verify', json => { user_id => $dora->{id} })->{status}, 200, 'an administrator verifies');
continue_with('recruiter', 'Google', 'dora');
is(arrives('/jobs.txt'), "$origin/jobs.txt", 'then the same link leads to the page');

# --- what fails ------------------------------------------------------------------------------------------------------
fresh();
$browser->go("$origin/page.txt");
ready('sign-in');
continue_with('sign-in', 'Google', 'deny');
like(said('sign-in'), qr/You did not allow the sign-in at the provider/, 'a person who refuses at the provider is told so');
is($browser->url, "$origin/signin/?return_to=%2Fpage.txt", 'and can try again');
$corp->plan(discovery => { status => 500 });
$site->httpd->graceful;    # new children have no discovery document yet
$browser->go("$origin/page.txt");
ready('sign-in');
continue_with('sign-in', 'Corp');
like(said('sign-in'), qr/The provider cannot be reached right now/, 'so is one whose provider is down');
$corp->plan;
for ([identity_conflict => qr/already an account with this e-mail address/], [email_unverified => qr/does not say that your e-mail address is yours/], [account_disabled => qr/account is disabled/],
    ['<img src=x>' => qr/\AThe sign-in at the provider failed\. Please try again\.\z/], [constructor => qr/\AThe sign-in at the provider failed/])
{
    my ($code, $words) = @$_;
    $browser->go(with_query("$origin/signin/", return_to => '/page.txt', error => $code));
    like(said('sign-in'), $words, "$code in words");
}
is_deeply([grep { !m{/favicon\.ico|status of (?:40[134]|503)} } $browser->errors], [], 'the browser complains of nothing: no blocked script, no error');
undef $browser;

# --- people who see badly or use no mouse ----------------------------------------------------------------------------
my $axe = AuthPlatform::Httpd::slurp($ENV{AUTHP_AXE});
for ([[1280, 900], 'light'], [[390, 800], 'dark']) {
    my ($size, $colours) = @$_;
    $browser = AuthPlatform::Browser->new(size => $size);
    $browser->call(POST => "$browser->{session}/goog/cdp/execute", { cmd => 'Emulation.setEmulatedMedia', params => { features => [{ name => 'prefers-color-scheme', value => $colours }] } });
    $browser->go("$origin/signin/?return_to=%2Fjobs.txt&error=recruiter_pending");
    ok(ready('recruiter'), "$size->[0] px, $colours: the page");
    cmp_ok($browser->run('return document.documentElement.scrollWidth - window.innerWidth'), '<=', 0, '... nothing sticks out');
    $browser->run("$axe; window.axe = axe");
    $browser->run('window.found = null; axe.run({ resultTypes: ["violations"] }).then(all => { window.found = { ran: all.passes.length, violations: all.violations.map('
            . 'one => one.id + ": " + one.nodes.slice(0, 3).map(node => node.target.join(" ")).join(", ")) }; }, error => { window.found = { ran: 0, violations: [String(error)] }; })');
    my $found = $browser->until('window.found', 150) || { ran => 0, violations => ['axe does not end'] };
    is(join('; ', @{ $found->{violations} }), '', '... no finding');
    cmp_ok($found->{ran}, '>', 10, '... of many rules');
}
undef $browser;
done_testing;
