# SPDX-License-Identifier: Apache-2.0
# conf/guides/production.md as written: each of its sh blocks runs, in order, in a copy-on-write view of this machine with Debian's apache2
# package in it, on ports 80 and 443 of a network of its own. Between them: what the guide and conf/production.conf promise.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Guide ();
use AuthPlatform::Root  ();
use Test::More;

# Blocks that the suite does not run, and why. t/install/20_bare.t runs them too.
my %NOT_HERE = (packages => 'needs the package archive');

my $top = $ENV{AUTHP_TOP} or die "not run by build/e2e.sh\n";
plan skip_all => 'once is enough: with SQLite, without sanitizers' if ($ENV{AUTHP_STORE} || '') eq 'mongodb' || $ENV{AUTHP_SANITIZE};
plan skip_all => $@ if !AuthPlatform::Root::possible();

my @blocks = AuthPlatform::Guide::blocks("$top/conf/guides/production.md");
my %block  = map { $_->{name} => $_ } @blocks;
my $out    = $ENV{OUT} || 'build/out';
my $debs   = $ENV{AUTHP_DEBIAN};
my $root   = AuthPlatform::Root->new(lower => '/', shared => [$top]);
# The guide says `make install`: what is built already, nothing installed on the way.
my %ENV_OF = (install => { PROFILE => 'debug', DEPS => 'no', OUT => $out });
my %INPUT_OF = (admin => "a long password\n");
my $password = 'a long password';

# Runs something in there that has to succeed; its output.
sub here {
    my ($script, %o) = @_;
    my ($status, $text) = $root->run($script, in => $top, %o);
    $status == 0 or diag "status $status of: $script\n$text";
    return $text;
}

# Runs a block of the guide.
sub block {
    my ($name) = @_;
    my $block = $block{$name} or return fail("the guide has a block \"$name\"");
    my ($status, $text) = $root->run($block->{text}, in => $top, env => $ENV_OF{$name} || $ENV_OF{install}, input => $INPUT_OF{$name});
    is($status, 0, "line $block->{line}: $name") or diag $text;
    $block->{done} = 1;
    return $text;
}

my $CURL = q(fetch() { curl -sS --max-time 20 --cacert /etc/ssl/certs/jobs.example.org.pem --resolve jobs.example.org:443:127.0.0.1 --resolve jobs.example.org:80:127.0.0.1 "$@"; });
my $SITE = 'https://jobs.example.org';

sub fetch { my ($arguments, %o) = @_; return here("$CURL\nfetch $arguments", %o) }
sub status { my ($arguments, %o) = @_; return fetch("-o /dev/null -w '%{http_code}' $arguments", %o) }

# Debian's package, as it comes: site 000-default on port 80 and all. No service starts in there by itself.
here(qq{printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d && chmod 755 /usr/sbin/policy-rc.d
    echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test
    DEBIAN_FRONTEND=noninteractive dpkg --force-depends --no-triggers -i '$debs'/*.deb});
is(here('ls /etc/apache2/sites-enabled'), "000-default.conf\n", 'Debian has its plain site on');
# What a person of this machine had is no part of it.
here('rm -rf /etc/auth_platform /var/lib/auth_platform /usr/local/share/auth-platform /usr/local/sbin/authplatform /usr/lib/apache2/modules/mod_auth_platform.so');
my $tree   = 'find /usr/local /usr/lib/apache2 | LC_ALL=C sort';
my $before = here($tree);

block('install');
like(here($tree), qr{^/usr/local/share/auth-platform/site/signin\.html$}m, 'the sign-in page is installed');
block('settings');
is(here('stat -c "%a %U" /etc/auth_platform /etc/auth_platform/.env'), "700 root\n600 root\n", 'nobody else can read the settings');
block('certificate');
is(here('stat -c %a /etc/ssl/private/jobs.example.org.key'), "600\n", 'nor the key');
block('files');
my $said = block('enable');
(my $noise = $said) =~ s/^(?:AH00558: .*|Syntax OK|(?:Enabling|Module|Site|Considering|Setting up|To activate|See |Module|Conf|Could not|Your MPM).*|  .*|\w.* disabled\.|)\n//mg;
unlike($noise, qr/AUTHP|warn|ERROR/i, 'nothing is wrong, nothing is warned of') or diag $said;
like($said, qr/Syntax OK/, 'the configuration is right');
here('for i in $(seq 100); do [ -s /run/apache2/apache2.pid ] && exit 0; sleep 0.1; done; exit 1');
# The address of an app; nothing of ours.
here("perl '$top/t/install/app.pl' >/dev/null 2>&1 & for i in \$(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/8000) 2>/dev/null && exit 0; sleep 0.1; done; exit 1");
block('admin');

# What the guide says that its commands print.
my @promised = AuthPlatform::Guide::promised($block{check});
is_deeply([split /\n/, block('check')], \@promised, 'the answers that the guide names');
cmp_ok(scalar @promised, '>=', 8, 'it names some');

# The sign-in page with all that it loads.
my $page = fetch("$SITE/signin/");
like($page, qr{<h1[^>]*>Sign in</h1>}, 'the sign-in page');
unlike($page, qr/demo/, 'says nothing of the demo');
my @files = $page =~ /(?:href|src)="([^"#:]+\.\w+)"/g;
cmp_ok(scalar @files, '>=', 4, 'it loads files');
for my $file (@files) {
    unlike($file, qr{^/}, "$file is beside it");
    is(status("$SITE/signin/$file"), 200, 'and there');
}
my ($imported) = fetch("$SITE/signin/assets/signin.js") =~ m{from "\./([\w.]+)"};
is(status("$SITE/signin/assets/$imported"), 200, "$imported, which a script imports, too");
like(fetch("-D - -o /dev/null -H 'Accept: text/html' '$SITE/api/jobs/?x=1'"), qr{^location: /signin/\?return_to=%2Fapi%2Fjobs%2F%3Fx%3D1\r$}mi, 'a browser goes there, and back');
is(fetch("-o /dev/null -w '%{http_version}' --http2 $SITE/"), 2, 'HTTP/2');

# The admin, and what the app gets to know.
my $login = qq{-H 'Content-Type: application/json' -d '{"email":"you\@example.org","password":"$password"}' $SITE/api/auth/login};
my ($token) = fetch($login) =~ /"access_token":"([^"]+)"/;
ok($token, 'the admin signs in');
my $head = fetch("-H 'Authorization: Bearer $token' -H 'X-Auth-Roles: forged' $SITE/api/jobs/manage");
like($head, qr/^X-Auth-Roles: admin\r$/m, 'the app hears of the role') or diag $head;
unlike($head, qr/forged|Bearer/, 'of nothing forged, and gets no token');
like(fetch(qq{-D - -o /dev/null -H 'Origin: $SITE' -H 'X-Token-Delivery: cookie' $login}), qr/^set-cookie: __Host-authp_at=[^\r]*; Secure/mi, 'a browser gets Secure cookies');

# Without TLS no account route answers: on the site's own plain host, on Debian's, and on the main server.
my @routes = ('/api/auth/login', '/api/auth/register', '/api/auth/refresh', '/api/auth/me', '/api/auth/openapi.json', '/api/auth/docs', '/api/auth/healthz',
    '/api/auth/session/renew?return_to=/', '/api/protected/me');
here('a2ensite -q 000-default && echo "Listen 8081" >/etc/apache2/conf-enabled/plain.conf && apache2ctl graceful');
here('for i in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/8081) 2>/dev/null && exit 0; sleep 0.1; done; exit 1');
like(fetch('http://127.0.0.1/'), qr/Debian Default Page/, 'Debian\'s plain site is on');
for my $at (['the plain site', 'http://127.0.0.1', 404], ['the main server', 'http://127.0.0.1:8081', qr/\A40[34]\z/], ['the site without TLS', 'http://jobs.example.org', 301]) {
    my ($name, $base, $wanted) = @$at;
    for my $route (@routes) {
        for my $method (qw(GET POST)) {
            my $got = status("-X $method -H 'Content-Type: application/json' " . ($method eq 'POST' ? q{-d '{"email":"ada@example.org","password":"a long password"}' } : '') . "'$base$route'");
            ref $wanted ? like($got, $wanted, "$name, $method $route") : is($got, $wanted, "$name, $method $route");
        }
    }
}
here('a2dissite -q 000-default && rm /etc/apache2/conf-enabled/plain.conf && apache2ctl graceful');

# Where the whole site is guarded, the sign-in page and its files stay open.
my $conf = '/etc/apache2/sites-available/jobs.conf';
here("cp $conf /root/ && sed -i 's|AuthPlatformSignInPage /signin/|&\\nAuthType Platform\\nAuthName jobs\\nRequire valid-user|' $conf && apache2ctl graceful && sleep 1");
is(status("$SITE/$_->[0]"), $_->[1], "with all of it guarded: /$_->[0]") for ['', 401], ['signin/', 200], (map { ["signin/$_", 200] } @files, "assets/$imported"), ['api/auth/readyz', 200];
here("cp /root/jobs.conf $conf && apache2ctl graceful && sleep 1");

# A token in a URL or a Referer stays out of every log, also when httpd has an error to tell.
my $secret = 'eyJhbGciOiJIUzI1NiJ9.mistake';
here('echo "<Location /gone>
ProxyPass http://127.0.0.1:9/
</Location>" >/etc/apache2/conf-enabled/gone.conf && apache2ctl graceful && sleep 1');
my $by_mistake = "-H 'Referer: $SITE/?token=$secret'";
is(status("$by_mistake '$SITE$_->[0]?token=$secret'"), $_->[1], "a token in the URL of $_->[0]")
    for ['/', 200], ['/nothing', 404], ['/api/jobs/', 401], ['/api/auth/me', 401], ['/signin/', 200], ['/gone/', 503];
is(status("$by_mistake 'http://jobs.example.org/here?token=$secret'"), 301, 'and without TLS');
here('rm /etc/apache2/conf-enabled/gone.conf && apache2ctl graceful && sleep 1');
my $logged = here('cat /var/log/apache2/*.log');
unlike($logged, qr/\Q$secret\E/, 'none of them is in a log');
like($logged, qr{"GET /here HTTP/1\.1" 301 }, 'the paths are');
like($logged, qr/AH01114/, 'and the error');
unlike($logged, qr/\Q$password\E|\Q$token\E/, 'no password, no token');

# An upgrade: the new file is what runs, and nobody is signed out.
my $mapped = q{for pid in $(pgrep -x apache2); do awk '/mod_auth_platform/ {print $5, $NF}' /proc/$pid/maps; done | sort -u};
my $old = here($mapped);
block('upgrade');
here('for i in $(seq 150); do [ -z "$(' . $mapped . ' | grep deleted)" ] && exit 0; sleep 0.1; done; exit 1');
isnt(here($mapped), $old, 'the new module runs, and only that');
is(status("-H 'Authorization: Bearer $token' $SITE/api/jobs/manage"), 200, 'an old token is good');

block('backup');
like(here('stat -c %a /root/auth-backup.db; sqlite3 /root/auth-backup.db "SELECT count(*) FROM users"'), qr/^600\n2\n/, 'a backup has the accounts, for root alone');

block('remove');
is(here($tree), $before, 'make uninstall leaves nothing of ours');
like(here('apache2ctl -M'), qr/core_module/, 'httpd goes on');
unlike(here('apache2ctl -M'), qr/auth_platform/, 'without the module');
like(here('ls -A /etc/auth_platform /var/lib/auth_platform'), qr/\.env.*auth_platform\.db/s, 'settings and accounts stay');
block('erase');
is(here('ls -d /etc/auth_platform /var/lib/auth_platform 2>/dev/null || true'), '', 'until they are removed, too');
here('apache2ctl stop');

is_deeply([map { $_->{name} } grep { !$_->{done} && !$NOT_HERE{ $_->{name} } } @blocks], [], 'every block of the guide has run');
is_deeply([grep { !$block{$_} } sort keys %NOT_HERE], [], 'and those that have not are in the guide');
done_testing;
