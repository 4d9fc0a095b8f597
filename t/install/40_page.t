# SPDX-License-Identifier: Apache-2.0
# The sign-in page that `make install` installs, in a real browser, set up as in conf/production.conf: at /signin/, with the whole site
# guarded and its Content-Security-Policy.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Browser;
use AuthPlatform::Httpd;
use Test::More;

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || 'sqlite') ne 'sqlite' || $ENV{AUTHP_SANITIZE};

# The lines of the sample about the page, and its policy.
my $sample = AuthPlatform::Httpd::slurp("$top/conf/production.conf");
my ($alias)  = $sample =~ m{^(\s*Alias /signin .*?</Location>\n)}ms or die "no sign-in page in conf/production.conf\n";
my ($policy) = $sample =~ /^\s*(Header always setifempty Content-Security-Policy .*)$/m or die "no policy\n";
my $httpd = AuthPlatform::Httpd->new(settings => "PASSWORD_MIN_LENGTH=12\n");
my $site  = "$httpd->{dir}/pages";
is(system("$top/build/site.sh", $site), 0, 'the pages');
$alias =~ s{/usr/local/share/auth-platform/site}{$site}g;
my $modules = $ENV{AUTHP_MODULES} || '/usr/lib/apache2/modules';
$httpd->configure(more => "AuthPlatformTokenDelivery ask\nLoadModule mime_module $modules/mod_mime.so\nTypesConfig /dev/null\nAddType text/html .html\nAddType text/css .css\nAddType text/javascript .js\nAddType image/svg+xml .svg\n"
        . "$policy\n$alias<Location \"/\">\nAuthType Platform\nAuthName \"t\"\nRequire valid-user\n</Location>\n");
$httpd->start;
my $base = "http://127.0.0.1:$httpd->{port}";

my $browser = AuthPlatform::Browser->new;
$browser->go("$base/page.txt?x=1");
is($browser->url, "$base/signin/?return_to=%2Fpage.txt%3Fx%3D1", 'a guarded page leads to the sign-in page');
ok($browser->until("!document.querySelector('.reveal').hidden"), 'its scripts run');
is($browser->run('return document.title'), "Sign in \x{b7} 127.0.0.1", 'it has the host\'s name');
is($browser->run('return document.getElementById("site").textContent'), '127.0.0.1', 'at its top, too');
isnt($browser->run('return getComputedStyle(document.querySelector("#form-sign-in button[type=submit]")).backgroundColor'), 'rgb(239, 239, 239)', 'its style is there');
ok($browser->run('return document.querySelector(".brand img").naturalWidth') > 0, 'and its icon');
unlike($browser->run('return document.body.innerText'), qr/demo/i, 'no word of the demo');
is($browser->run('return [...document.querySelectorAll(".providers")].filter(box => box.hidden).length'), 3, 'and no sign-in at providers, because there is none');

$browser->click('[data-switch=sign-up]');
$browser->type('#up-email', 'ada@example.org');
$browser->type('#up-password', 'a long password');
$browser->click('#form-sign-up button[type=submit]');
ok($browser->until("location.pathname === '/page.txt'"), 'signing up leads back') or diag $browser->url;
is($browser->run('return document.body.innerText.trim()'), 'guarded', 'to the page');
$browser->go("$base/signin/");
ok($browser->until('!document.getElementById("view-signed-in").hidden'), 'the page knows who is there');
$browser->click('#sign-out');
ok($browser->until('!document.getElementById("view-sign-in").hidden'), 'signed out');
$browser->type('#in-email', 'ada@example.org');
$browser->type('#in-password', 'a long password');
$browser->click('#form-sign-in button[type=submit]');
ok($browser->until("location.pathname === '/'"), 'signed in: to the front page') or diag $browser->url;
is_deeply([grep { !m{/favicon\.ico|status of 40[134]} } $browser->errors], [], 'the browser complains of nothing');
done_testing;
