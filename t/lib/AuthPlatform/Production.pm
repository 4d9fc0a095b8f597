# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Production;
# Checks what conf/guides/production.md, upgrading.md and conf/production.conf promise, in a root file system (AuthPlatform::Root) with
# Debian's apache2 package: walk() runs the guide's blocks in their order and checks the effect of each.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Guide ();
use Test::More;

my ($root, $top, %block, %env, %network, $token, @files);
my $password = 'a long password';
my $SITE     = 'https://jobs.example.org';
my $CONF     = '/etc/apache2/sites-available/jobs.conf';
# A client on the same machine.
my $CURL = q(fetch() { curl -sS --max-time 20 --cacert /etc/ssl/certs/jobs.example.org.pem --resolve jobs.example.org:443:127.0.0.1 --resolve jobs.example.org:80:127.0.0.1 "$@"; });

# Runs a command in the root, which must succeed. Returns its output.
sub here {
    my ($script) = @_;
    my ($status, $text) = $root->run($script, in => $top);
    is($status, 0, 'a step of the test') or diag "$script\n$text" if $status != 0;
    return $text;
}

# Waits until a shell condition holds.
sub wait_until { my ($condition) = @_; return here("for i in \$(seq 150); do { $condition; } 2>/dev/null && exit 0; sleep 0.1; done; exit 1") }

# Returns how often httpd has begun a graceful restart.
sub generations { return 0 + here('cat /var/log/apache2/error.log | grep -c AH00493 || true') }

# Returns when no process of the old configuration is left that could answer.
sub next_generation {
    my ($count) = @_;
    wait_until("[ \$(grep -c AH00493 /var/log/apache2/error.log) -gt $count ]");
    return here('sleep 0.3');
}

sub graceful {
    my $count = generations();
    here('apache2ctl graceful');
    return next_generation($count);
}

# Runs a block of the guide.
sub block {
    my ($name) = @_;
    my $block = $block{$name} or return fail("the guide has a block \"$name\"");
    my ($status, $text) = $root->run($block->{text}, in => $top, env => \%env, network => $network{$name}, input => $name eq 'admin' ? "$password\n" : '');
    is($status, 0, "line $block->{line}: $name") or diag $text;
    $block->{done} = 1;
    return $text;
}

sub fetch { my ($arguments) = @_; return here("$CURL\nfetch $arguments") }
sub status { my ($arguments) = @_; return fetch("-o /dev/null -w '%{http_code}' $arguments") }

# walk(ROOT, in => FOLDER, blocks => [...], env => {}, network => {BLOCK => 'host'}): FOLDER has the source in the root. Blocks that ran are
# marked.
sub walk {
    my ($in, %o) = @_;
    ($root, $top) = ($in, $o{in});
    %block   = map { $_->{name} => $_ } @{ $o{blocks} };
    %env     = %{ $o{env} || {} };
    %network = %{ $o{network} || {} };
    install();
    my @installed = here('cat /usr/local/share/auth-platform/installed') =~ /^file (.+)$/mg;
    answers();
    sign_in_page();
    app();
    hardening();
    without_tls();
    all_guarded();
    mistakes();
    logs();
    readme();
    upgrade();
    removal(@installed);
    return;
}

sub install {
    block('install');
    block('settings');
    is(here('stat -c "%a %U" /etc/auth_platform /etc/auth_platform/.env'), "700 root\n600 root\n", 'nobody else can read the settings');
    block('certificate');
    is(here('stat -c %a /etc/ssl/private/jobs.example.org.key'), "600\n", 'nor the key');
    block('files');
    my $said = block('enable');
    like($said, qr/^Syntax OK$/m, 'the configuration is right');
    # httpd complains if the machine has no host name of its own.
    my @complaints = grep { /AUTHP|AH[0-9]|\[\w*:?(?:warn|error)\]|ERROR|WARNING/ && !/AH0055[78]/ } split /\n/, $said;
    is_deeply(\@complaints, [], 'nothing is wrong, nothing is warned of');
    wait_until('[ -s /run/apache2/apache2.pid ]');
    here("perl '$top/t/install/app.pl' >/dev/null 2>&1 &");
    wait_until('(exec 3<>/dev/tcp/127.0.0.1/8000)');
    block('admin');
    return;
}

# Checks the output that the guide promises for its commands.
sub answers {
    my @promised = AuthPlatform::Guide::promised($block{check});
    is_deeply([split /\n/, block('check')], \@promised, 'the answers that the guide names');
    return cmp_ok(scalar @promised, '>=', 8, 'it names some');
}

# Checks the sign-in page and everything that it loads.
sub sign_in_page {
    my $page = fetch("$SITE/signin/");
    like($page, qr{<h1[^>]*>Sign in</h1>}, 'the sign-in page');
    unlike($page, qr/demo/, 'says nothing of the demo');
    unlike($page, qr/\d+ characters/, 'names no length, which is a setting');
    @files = $page =~ /(?:href|src)="([^"#:]+\.\w+)"/g;
    push @files, map {"assets/$_"} fetch("$SITE/signin/assets/signin.js") =~ m{from "\./([\w.]+)"};
    cmp_ok(scalar @files, '>=', 5, 'it loads files');
    for my $file (@files) {
        unlike($file, qr{^/}, "$file is beside it");
        is(status("$SITE/signin/$file"), 200, 'and there');
    }
    like(fetch("-D - -o /dev/null -H 'Accept: text/html' '$SITE/api/jobs/?x=1'"), qr{^location: /signin/\?return_to=%2Fapi%2Fjobs%2F%3Fx%3D1\r$}mi, 'a browser goes there, and back');
    is(fetch("-o /dev/null -w '%{http_version}' --http2 $SITE/"), 2, 'HTTP/2');
    is(fetch("-o /dev/null -w '%{redirect_url}' 'http://jobs.example.org/a?b=c'"), "$SITE/a?b=c", 'from port 80 to TLS');
    return;
}

# Checks the admin's sign-in and what the app gets to know.
sub app {
    my $login = qq{-H 'Content-Type: application/json' -d '{"email":"you\@example.org","password":"$password"}' $SITE/api/auth/login};
    ($token) = fetch($login) =~ /"access_token":"([^"]+)"/;
    ok($token, 'the admin signs in');
    my $head = fetch("-H 'Authorization: Bearer $token' -H 'X-Auth-Roles: forged' $SITE/api/jobs/manage");
    like($head, qr/^X-Auth-Roles: admin\r$/m, 'the app hears of the role') or diag $head;
    like($head, qr/^X-Auth-$_: \S+\r$/m, "and of X-Auth-$_") for qw(User-Id Email);
    unlike($head, qr/forged|Bearer/, 'of nothing forged, and gets no token');
    like(fetch(qq{-D - -o /dev/null -H 'Origin: $SITE' -H 'X-Token-Delivery: cookie' $login}), qr/^set-cookie: __Host-authp_at=[^\r]*; Secure/mi, 'a browser gets Secure cookies');
    return;
}

# Checks the other lines of the sample.
sub hardening {
    my $head = fetch("-D - -o /dev/null $SITE/");
    like($head, $_, "an answer has $_")
        for qr/^strict-transport-security: max-age=31536000/mi, qr/^content-security-policy: default-src 'self'/mi, qr/^x-content-type-options: nosniff\r$/mi,
        qr/^referrer-policy: strict-origin-when-cross-origin\r$/mi, qr/^server: Apache\r$/mi;
    like(fetch("-D - -o /dev/null '$SITE/api/auth/healthz'"), qr/^HTTP\S+ 200/, '/healthz for this machine');
    is(status("--http1.1 -X TRACE $SITE/"), 405, 'no TRACE');
    is(status("$SITE/ws"), 401, 'the WebSocket is guarded');
    is(status("-X OPTIONS $SITE/api/jobs/"), 200, 'a preflight reaches the app');
    is(status("-X OPTIONS $SITE/api/jobs/manage"), 401, 'but where a role is wanted');
    is(status("-H 'Authorization: Bearer $token' $SITE/admin"), 403, 'admins from elsewhere are refused');
    my ($failed) = $root->run("$CURL\nfetch --tlsv1.1 --tls-max 1.1 --ciphers DEFAULT:\@SECLEVEL=0 $SITE/");
    isnt($failed, 0, 'no TLS 1.1');
    is(status("--tlsv1.2 --tls-max 1.2 $SITE/"), 200, 'TLS 1.2');
    return is(here('sed -n "s/^ *ProxyRequests *//p" ' . $CONF), "Off\n", 'no open proxy');
}

# Without TLS no account route answers: on the plain host of the site, on Debian's default site, and on the main server.
sub without_tls {
    my @routes = ((map {"/api/auth/$_"} qw(login register refresh logout me openapi.json docs healthz session/renew?return_to=/)), '/api/protected/me');
    here('a2ensite -q 000-default && echo "Listen 8081" >/etc/apache2/conf-enabled/plain.conf');
    graceful();
    like(fetch('http://127.0.0.1/'), qr/Debian Default Page/, 'Debian\'s plain site is on');
    for my $at (['Debian\'s plain site', 'http://127.0.0.1', qr/\A404\z/], ['the main server', 'http://127.0.0.1:8081', qr/\A40[34]\z/], ['the site without TLS', 'http://jobs.example.org', qr/\A301\z/]) {
        my ($name, $base, $wanted) = @$at;
        for my $route (@routes) {
            like(status("'$base$route'"), $wanted, "$name, GET $route");
            like(status(qq{-H 'Content-Type: application/json' -d '{"email":"ada\@example.org","password":"$password"}' '$base$route'}), $wanted, "$name, POST $route");
        }
    }
    here('a2dissite -q 000-default && rm /etc/apache2/conf-enabled/plain.conf');
    return graceful();
}

# Where the whole site is guarded, the sign-in page and its files stay open.
sub all_guarded {
    here("cp $CONF /root/ && sed -i 's|AuthPlatformSignInPage /signin/|&\\nAuthType Platform\\nAuthName jobs\\nRequire valid-user|' $CONF");
    graceful();
    is(status("$SITE/$_->[0]"), $_->[1], "with all of it guarded: /$_->[0]") for ['', 401], ['signin/', 200], (map { ["signin/$_", 200] } @files), ['api/auth/readyz', 200];
    here("mv /root/jobs.conf $CONF");
    return graceful();
}

# Mistakes in the configuration are named, and the running server keeps its old configuration.
sub mistakes {
    my $env = '/etc/auth_platform/.env';
    for my $case (["chmod 640 $env", "chmod 600 $env", qr/\Q$env\E/], ["echo BCRYPT_ROUND=9 >>$env", "sed -i '\$d' $env", qr/BCRYPT_ROUND\b/],
        ["sed -i 's/AuthType Platform/AuthType Plattform/' $CONF", "sed -i 's/Plattform/Platform/' $CONF", qr/Plattform/]) {
        my ($break, $mend, $says) = @$case;
        here($break);
        for my $command ('apache2ctl configtest', 'apache2ctl graceful', $says =~ /env|BCRYPT/ ? "authplatform --env-file $env user list" : ()) {
            my ($status, $said) = $root->run($command);
            isnt($status, 0, "$break: $command fails");
            like($said, $says, 'and says why');
        }
        is(status("$SITE/api/auth/readyz"), 200, 'the site goes on');
        here($mend);
    }
    return like(here('cat /etc/logrotate.d/apache2'), qr{^/var/log/apache2/\*\.log\b}m, 'Debian rotates our logs, too');
}

# A token that is sent in a URL or a Referer by mistake reaches no log, also when httpd logs an error.
sub logs {
    my $secret  = 'eyJhbGciOiJIUzI1NiJ9.mistake';
    my $mistake = "-H 'Referer: $SITE/?token=$secret'";
    here('printf "<Location /gone>\nProxyPass http://127.0.0.1:9/\n</Location>\n" >/etc/apache2/conf-enabled/gone.conf');
    graceful();
    is(status("$mistake '$SITE$_->[0]?token=$secret'"), $_->[1], "a token in the URL of $_->[0]")
        for ['/', 200], ['/nothing', 404], ['/api/jobs/', 401], ['/api/auth/me', 401], ['/signin/', 200], ['/gone/', 503];
    is(status("$mistake 'http://jobs.example.org/here?token=$secret'"), 301, 'and without TLS');
    here('rm /etc/apache2/conf-enabled/gone.conf');
    graceful();
    my $logged = here('cat /var/log/apache2/*.log');
    unlike($logged, qr/\Q$secret\E/, 'none of them is in a log');
    like($logged, qr{"GET /here HTTP/1\.1" 301 }, 'the paths are');
    like($logged, qr/AH01114/, 'and the error');
    unlike($logged, qr/\Q$password\E|\Q$token\E/, 'no password, no token');
    unlike($logged, qr/\[auth_platform:(?:warn|error|crit)\]|AH01906/, 'and no warning of ours, none about the certificate');
    return;
}

# The sample in README.md, alone beside Debian's default site.
sub readme {
    my $sample = '/etc/apache2/conf-enabled/readme.conf';
    here('a2dissite -q jobs && a2dismod -q auth_platform && a2ensite -q 000-default');
    cmp_ok(here("sed -n '/^```apache guard\$/,/^```\$/{/^```/!p}' README.md >$sample; grep -c . $sample"), '>', 10, 'README.md has a sample');
    my ($status, $said) = $root->run('apache2ctl configtest');
    is($status, 0, 'it is right') or diag $said;
    like($said, qr/AUTHP0515/, 'with a warning where there is no TLS');
    graceful();
    is(here("curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1$_->[0]"), $_->[1], "$_->[0] by it") for ['/recruiter', 401], ['/signin/', 200], ['/', 200];
    here("rm $sample && a2dissite -q 000-default && a2enmod -q auth_platform && a2ensite -q jobs");
    return graceful();
}

# After an upgrade the new module runs, and nobody is signed out. Then a backup of the running server is made.
sub upgrade {
    my $mapped = q{for maps in /proc/[0-9]*/maps; do awk '/mod_auth_platform/ {print $5, $NF}' $maps || true; done 2>/dev/null | sort -u};
    my $old = here($mapped);
    block('upgrade');
    wait_until("! { $mapped; } | grep -q deleted");
    my $new = here($mapped);
    isnt($new, $old, 'the new module runs');
    is(scalar(split /\n/, $new), 1, 'in every process');
    is(status("-H 'Authorization: Bearer $token' $SITE/api/jobs/manage"), 200, 'an old token is good');
    keys_change();
    block('backup');
    like(here('stat -c %a /root/auth-backup.db; sqlite3 /root/auth-backup.db "SELECT count(*) FROM users"'), qr/^600\n2\n/, 'a backup has the accounts, for root alone');
    return restore();
}

# After the restore an account from after the backup is gone, and one from before it can sign in.
sub restore {
    my $json = sub { return qq{-H 'Content-Type: application/json' -d '{"email":"$_[0]\@example.org","password":"$password"}' $SITE/api/auth} };
    is(status($json->('late') . '/register'), 201, 'an account after the backup');
    block('restore');
    wait_until("[ \"\$($CURL\nfetch -o /dev/null -w '%{http_code}' $SITE/api/auth/readyz)\" = 200 ]");
    is(status($json->('late') . '/login'), 401, 'the restored database does not have it');
    is(status($json->('ada') . '/login'), 200, 'but has the accounts of the backup');
    like(block('go-back'), qr/^sqlite: \d steps? undone$/m, 'the way back');
    wait_until("[ \"\$($CURL\nfetch -o /dev/null -w '%{http_code}' $SITE/api/auth/readyz)\" = 200 ]");
    return is(status($json->('ada') . '/login'), 200, '... has lost no account');
}

# A new key signs nobody out while the old one is the previous key.
sub keys_change {
    for my $step (['key-add', 200], ['key-swap', 200], ['key-drop', 401]) {
        my ($name, $wanted) = @$step;
        my $generations = generations();
        block($name);
        next_generation($generations);
        is(status("-H 'Authorization: Bearer $token' $SITE/api/jobs/manage"), $wanted, "$name: the token of the first key gets $wanted");
        is(status("$SITE/api/auth/readyz"), 200, 'the site goes on');
        is(here('stat -c %a /etc/auth_platform/.env'), "600\n", 'nobody else can read the settings');
    }
    like(block('key-leaked'), qr/^0 data keys wrapped again$/m, 'a key that has become known is replaced at once');
    wait_until("[ \"\$($CURL\nfetch -o /dev/null -w '%{http_code}' $SITE/api/auth/readyz)\" = 200 ]");
    is(here("sed -n 's/^JWT_SECRET_KEY[A-Z_]*=//p' /etc/auth_platform/.env | wc -l"), "1\n", 'one key is left');
    is(here('stat -c %a /etc/auth_platform/.env'), "600\n", 'nobody else can read the settings');
    return;
}

sub removal {
    my (@installed) = @_;
    cmp_ok(scalar @installed, '>=', 12, 'files were installed');
    block('remove');
    is(here("ls -d @installed 2>/dev/null || true"), '', 'make uninstall has removed each of them');
    is(here("find /usr/local /usr/lib/apache2 /etc/apache2 -name '*auth[-_]*platform*' -o -name jobs.conf"), '', 'nothing of ours is left there');
    unlike(here('apache2ctl -M'), qr/auth_platform/, 'httpd runs without the module');
    is(here("curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1/api/auth/healthz"), '404', 'and answers');
    like(here('ls -A /etc/auth_platform /var/lib/auth_platform'), qr/\.env.*auth_platform\.db/s, 'settings and accounts stay');
    block('erase');
    is(here('ls -d /etc/auth_platform /var/lib/auth_platform 2>/dev/null || true'), '', 'until they are removed, too');
    here('apache2ctl stop');
    return;
}

1;
