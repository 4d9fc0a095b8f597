# SPDX-License-Identifier: Apache-2.0
# What `httpd -t` finds in the whole configuration: conditions that can never work stop it, and what weakens a guard is a warning.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Httpd;
use AuthPlatform::Test ();
use File::Temp ();
use Test::More;

my $httpd = $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2';
my $dir   = File::Temp::tempdir(CLEANUP => 1);
delete $ENV{$_} for qw(JWT_SECRET_KEY AUTH_STORE MONGODB_URI DATABASE_URL AUTH_STATE_DIR SECURE_COOKIES);

sub put {
    my ($name, $text) = @_;
    my $old = umask 077;
    open my $file, '>', "$dir/$name" or die "$name: $!";
    print {$file} $text;
    close $file;
    umask $old;
    return;
}

put('test.env', "JWT_SECRET_KEY=kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL\nAUTH_STATE_DIR=$dir/state\n");
put('plain.env', "JWT_SECRET_KEY=kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL\nAUTH_STATE_DIR=$dir/state\nSECURE_COOKIES=false\n");

# check(TEXT, listen => [..], name => ServerName, env => FILE) returns (exit status, all output, our warnings). The text is in a file of its
# own, so that line numbers are those of the test.
sub check {
    my ($conf, %o) = @_;
    my @modules = map { "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so" }
        qw(mpm_event authn_core authn_file auth_basic authz_core authz_host authz_user access_compat alias ssl);
    put('site.conf', "$conf\n");
    put('httpd.conf', join("\n", "ServerRoot $dir", (map { "Listen $_" } @{ $o{listen} // ['127.0.0.1:1'] }), "PidFile $dir/pid",
            "ErrorLog $dir/error_log", "DefaultRuntimeDir $dir", (exists $o{name} ? () : 'ServerName 127.0.0.1'), @modules,
            "LoadModule auth_platform_module $ENV{AUTHP_MODULE}", (defined $o{name} ? "ServerName $o{name}" : ()),
            (defined $o{env} && $o{env} eq '' ? () : 'AuthPlatformEnvFile ' . ($o{env} // 'test.env')), "Include $dir/site.conf", ''));
    my $out = qx{$httpd -t -f $dir/httpd.conf 2>&1};
    my $status = $? & 127 || $? >> 8;
    # httpd checks the last virtual host first.
    return ($status, $out, [sort grep { /AUTHP0515/ } split /\n/, $out]);
}

sub named { my ($conf) = @_; $conf =~ s/\n/ | /g; return $conf }

my $type = "AuthType Platform\nAuthName x";

# Correct configurations.
for my $conf (
    "<Location /x>\n$type\nRequire role admin\n</Location>",
    "<Location /x>\nRequire role admin\n$type\n</Location>",
    "<Location /x>\nauthtype \"platform\"\nRequire not-there-is-no-such-thing\n</Location>" =~ s/Require not.*/require verified/r,
    "<Location /x>\n$type\n<RequireAll>\nRequire role admin\nRequire ip 10.0.0.0/8\n</RequireAll>\n</Location>",
    "<Location /x>\n$type\n<Limit>\n</Limit>\nRequire valid-user\n</Location>" =~ s/<Limit>\n<\/Limit>\n//r,
    "<Location />\n$type\n</Location>\n<Location /x>\nRequire role admin\n</Location>",
    "<Location /a>\n$type\n</Location>\n<Location /a/b/>\nRequire role admin\n</Location>",
    "<Location /a/>\n$type\n</Location>\n<Location /a>\nRequire auth-age 60\n</Location>",
    "<Location />\n$type\n</Location>\n<Directory /srv/x>\nRequire role admin\n</Directory>",
    "<Directory /srv>\n$type\n</Directory>\n<Directory /srv/x>\nRequire role admin\n</Directory>",
    "<Directory /srv>\n$type\n<Files a>\nRequire role admin\n</Files>\n</Directory>",
    "<Location /x>\n$type\n<If \"true\">\nRequire role admin\n</If>\n</Location>",
    "<Location />\n$type\n</Location>\n<VirtualHost *:1>\n<Location /x>\nRequire role admin\n</Location>\n</VirtualHost>",
    "<VirtualHost *:1>\n<Location />\n$type\n</Location>\n<Location /x>\nRequire role admin\n</Location>\n</VirtualHost>",
    "<Location /x>\nAuthPlatformOptional on\nRequire role admin\n</Location>",
    "AuthPlatformOptional on\n<Location /x>\nRequire role admin\n</Location>",
    "<VirtualHost *:1>\nAuthPlatformOptional on\n<Location /x>\nRequire role admin\n</Location>\n</VirtualHost>",
    "<Location /x>\nAuthType %{reqenv:TYPE}\nAuthName x\nRequire role admin\n</Location>",
    "<Location /b>\nAuthType Basic\nAuthName x\nRequire valid-user\n</Location>",
    "<Location /b>\nAuthType None\nRequire all granted\n</Location>",
    "<IfModule mod_alias.c>\n<Location /x>\n$type\nRequire role admin\n</Location>\n</IfModule>",
    "<Location /x>\n$type\nRequire role admin\n</Location>\n<Location /b>\nSatisfy Any\n</Location>",
    "<Location /x>\n$type\nRequire role admin\nSatisfy All\n</Location>",
    "<Location /x>\nSatisfy Any\nRequire all granted\n</Location>",
    "<Location /x>\n<Limit POST>\nRequire all denied\n</Limit>\n</Location>",
    "<Location /x>\nAuthType Basic\nAuthName x\n<LimitExcept GET>\nRequire valid-user\n</LimitExcept>\n</Location>",
    )
{
    my ($status, $out, $warnings) = check($conf);
    is($status, 0, 'passes: ' . named($conf)) or diag $out;
    is_deeply($warnings, [], '... without a warning');
}

# Errors: configuration, text that the line must contain.
my @bad = (
    ["<Location /x>\nRequire role admin\n</Location>", qr/Require role in \S+site\.conf:2 needs AuthType Platform, and there is no AuthType$/m],
    ["<Location /x>\nRequire verified\n</Location>",   qr/Require verified in \S+site\.conf:2 needs/],
    ["<Location /x>\nRequire auth-age 60\n</Location>", qr/Require auth-age in \S+site\.conf:2 needs/],
    ["<Location /x>\nRequire platform-claim sub x\n</Location>", qr/Require platform-claim in \S+site\.conf:2 needs/],
    ["<Location /x>\n<RequireAll>\nrequire all granted\nREQUIRE NOT role admin\n</RequireAll>\n</Location>", qr/Require role in \S+site\.conf:4 needs/],
    ["<Directory /srv>\n\n\nRequire role admin\n</Directory>", qr/site\.conf:4 needs/],
    ["<Files x>\nRequire role admin\n</Files>", qr/site\.conf:2 needs/],
    ["<Location /x>\nAuthType Basic\nAuthName x\nRequire role admin\n</Location>", qr/site\.conf:4 needs AuthType Platform, and there is AuthType Basic \(\S+site\.conf:2\)/],
    ["<Location /x>\nAuthType None\nRequire role admin\n</Location>", qr/there is AuthType None/],
    # httpd merges .htaccess files before these sections, so they cannot change the AuthType here.
    ["<Directory /srv>\nAllowOverride All\n</Directory>\n<Location /x>\nAuthType Basic\nAuthName x\nRequire role admin\n</Location>", qr/there is AuthType Basic/],
    ["<Directory /srv>\nAllowOverride All\n</Directory>\n<Files x>\n<Limit GET>\nAuthType None\nRequire role admin\n</Limit>\n</Files>", qr/there is AuthType None/],
    ["<Location /x>\n$type\nRequire role admin\n</Location>\n<Location /xy>\nRequire role admin\n</Location>", qr/site\.conf:7 needs/],
    ["<Location /a/b>\n$type\n</Location>\n<Location /a>\nRequire role admin\n</Location>", qr/site\.conf:6 needs/],
    ["<VirtualHost *:1>\n<Location />\n$type\n</Location>\n</VirtualHost>\n<VirtualHost *:2>\n<Location /x>\nRequire role admin\n</Location>\n</VirtualHost>", qr/site\.conf:9 needs/],
    ["<Location /x>\nAuthPlatformOptional off\nRequire role admin\n</Location>", qr/site\.conf:3 needs/],
    # The last line of a section counts.
    ["<Location /x>\nAuthPlatformOptional on\nAuthPlatformOptional off\nRequire role admin\n</Location>", qr/site\.conf:4 needs/],
    ["<Location />\n$type\nAuthType Basic\n</Location>\n<Location /x>\nRequire role admin\n</Location>", qr/site\.conf:7 needs/],
    (map { ["<Location /x>\nAuthType $_\nAuthName x\nRequire valid-user\n</Location>", qr/AuthType \Q$_\E in \S+site\.conf:2: did you mean Platform\?/] }
        qw(Plattform platfrom Platfrom PLATFROM Plaform Platforms AuthPlatform auth_platform)),
);
for my $case (@bad) {
    my ($conf, $says) = @$case;
    my ($status, $out) = check($conf);
    is($status, 1, 'stops: ' . named($conf)) or diag $out;
    like($out, qr/AUTHP0510: .*$says/, '... and says what, and where');
}
# Only one error is reported, although the condition below cannot work either.
my (undef, $twice) = check("<Location /x>\nAuthType Plattform\nAuthName x\nRequire role admin\n</Location>");
is(() = $twice =~ /AUTHP0510/g, 1, 'a misspelt AuthType is said once');
# The same without any other directive of this module.
is((check("<Location /x>\nAuthType Plattform\nAuthName x\nRequire valid-user\n</Location>", env => ''))[0], 1, '... and where it is all there is');
my ($alone, $needs) = check("<Location /x>\nRequire verified\n</Location>", env => '');
is($alone, 1, 'so does a condition of ours that is all there is');
like($needs, qr/AUTHP0510: .*Require verified in \S+site\.conf:2 needs/, '... with the same words');

# Warnings.
my @weak = (    # configuration, text that each warning must contain
    ["<Location /x>\n$type\n<Limit POST>\nRequire role admin\n</Limit>\n</Location>",
        qr/<Limit> in \S+site\.conf:4: the Require in line 5 .* any other method pass/],
    ["<Location /x>\n$type\n<LimitExcept OPTIONS>\n<RequireAny>\nRequire role admin\n</RequireAny>\n</LimitExcept>\n</Location>",
        qr/<LimitExcept> in \S+site\.conf:4: the Require in line 6 .*these pass/],
    ["<Location /x>\n$type\n<limit GET>\nRequire valid-user\n</limit>\n</Location>", qr/site\.conf:4: the Require in line 5/],
    (map { ["<Location /x>\n$type\n<Limit GET>\nRequire $_\n</Limit>\n</Location>", qr/site\.conf:4: the Require in line 5/] }
        'user fedcba987654321001234567', 'verified', 'auth-age 60', 'platform-claim sub x'),
    ["<Location /x>\n$type\nRequire role admin\nSatisfy Any\n</Location>", qr/Satisfy Any in \S+site\.conf:5: .* Require in \S+site\.conf:4/],
    ["<Location />\nsatisfy ANY\n</Location>\n<Location /x>\n$type\nRequire valid-user\n</Location>", qr/Satisfy Any in \S+site\.conf:2/],
    ["<Location /x/y>\nSatisfy Any\n</Location>\n<Location /x>\n$type\nRequire valid-user\n</Location>", qr/Satisfy Any in \S+site\.conf:2/],
    ["<Directory /srv>\nSatisfy Any\n</Directory>\n<Location /x>\n$type\nRequire valid-user\n</Location>", qr/Satisfy Any in \S+site\.conf:2/],
    ["<Location /x>\n$type\n<If \"true\">\nAuthType Basic\nRequire role admin\n</If>\n</Location>", qr/Require role in \S+site\.conf:6 has no AuthType Platform/],
    ["<Location /x>\nRequire role admin\n</Location>\n<Directory /srv>\n$type\n</Directory>", qr/Require role in \S+site\.conf:2 has no AuthType Platform in its own section/],
    ["<Location />\n$type\n</Location>\n<Location /x>\nAuthType Basic\nAuthName x\nRequire role admin\n</Location>", qr/Require role in \S+site\.conf:8 has no AuthType Platform in its own section/],
    ["<Directory /srv>\nAllowOverride All\nAuthType Basic\nAuthName x\nRequire role admin\n</Directory>", qr/site\.conf:5 has no AuthType Platform/],
    ["<Location /x>\nRequire role admin\n</Location>\n<Directory /srv>\nAllowOverride AuthConfig\n</Directory>", qr/Require role in \S+site\.conf:2 has no AuthType Platform/],
    ["<Location /x>\nRequire role admin\n</Location>\n<Directory /srv>\nAllowOverrideList Redirect authtype\n</Directory>", qr/site\.conf:2 has no AuthType Platform/],
    ["<Location /x>\nRequire role admin\n</Location>\n<Directory /srv>\nAllowOverride all\n</Directory>", qr/site\.conf:2 has no AuthType Platform/],
);
for my $case (@weak) {
    my ($conf, $says) = @$case;
    my ($status, $out, $warnings) = check($conf);
    is($status, 0, 'warns: ' . named($conf)) or diag $out;
    like($out, qr/Syntax OK/, '... and goes on');
    is(scalar @{$warnings}, 1, '... once') or diag $out;
    like($warnings->[0] // '', $says, '... and says what, and where');
}

# A method section has no place of its own. httpd merges .htaccess files after the <Directory> around it, so they can change the AuthType.
for my $kind ('Limit', 'LimitExcept') {
    my $conf = "<Directory /srv>\nAllowOverride All\n<$kind GET>\nAuthType None\nRequire role admin\n</$kind>\n</Directory>";
    my ($status, $out, $warnings) = check($conf);
    is($status, 0, 'warns: ' . named($conf)) or diag $out;
    my ($method, $type) = sort @{$warnings};
    like($method // '', qr/<$kind> in \S+site\.conf:3/, '... of the method section');
    like($type // '', qr/Require role in \S+site\.conf:5 has no AuthType Platform/, '... and that the AuthType is another');
    is(scalar @{$warnings}, 2, '... and of nothing else') or diag $out;
}

# Mounts without TLS, with secure cookies: configuration, listeners, ServerName, warnings.
my $off = 'AuthPlatformMount off';
my $http = qr/AuthPlatformMount \/api\/auth is in force without TLS on the main server \(port 80\): .*SECURE_COOKIES=true/;
sub host { my ($where, @lines) = @_; return join "\n", "<VirtualHost $where>", @lines, '</VirtualHost>' }
my @hosts = (
    ['plain http',                       '',            ['80'],           'jobs.example.org',          [$http]],
    ['... of any name',                  '',            ['0.0.0.0:80'],   undef,                       [$http]],
    ['... whose name is local',          '',            ['80'],           'localhost',                 [$http]],
    ['... at one address',               '',            ['192.0.2.1:80'], 'jobs.example.org',          [$http]],
    ['... of IPv6',                      '',            ['[2001:db8::1]:80'], 'jobs.example.org',      [$http]],
    ['the mount is off',                 $off,          ['80'],           'jobs.example.org',          []],
    ['port 443',                         '',            ['443'],          'jobs.example.org',          []],
    ['a listener that says https',       '',            ['8443 https'],   'jobs.example.org',          []],
    ['SSLEngine on',                     'SSLEngine on', ['8443'],        'jobs.example.org',          []],
    ['SSLEngine optional',               'SSLEngine optional', ['8443'],  'jobs.example.org',          []],
    ['SSLEngine off',                    'SSLEngine off', ['80'],         'jobs.example.org',          [$http]],
    ['... in capitals',                  'sslengine OFF', ['80'],         'jobs.example.org',          [$http]],
    ['behind a TLS proxy',               '',            ['80'],           'https://jobs.example.org',  []],
    ['loopback',                         '',            ['127.0.0.1:80', '127.9.9.9:80', '[::1]:80'], '127.0.0.1', []],
    ['loopback without a name',          '',            ['127.0.0.1:80'], undef,                       []],
    ['loopback by a local name',         '',            ['127.0.0.1:80'], 'a.localhost',               []],
    ['... in capitals',                  '',            ['127.0.0.1:80'], 'A.LOCALHOST',               []],
    ['... that only looks so',           '',            ['127.0.0.1:80'], 'alocalhost',                [$http]],
    ['IPv4 in IPv6',                     '',            ['[::ffff:127.0.0.1]:80'], '127.0.0.1',        []],
    ['another IPv4 in IPv6',             '',            ['[::ffff:192.0.2.1]:80'], '127.0.0.1',        [$http]],
    ['loopback of IPv6',                 '',            ['[::1]:80'],     'localhost',                 []],
    ['loopback, localhost with a port',  '',            ['127.0.0.1:80'], 'localhost:80',              []],
    ['loopback, below localhost',        '',            ['127.0.0.1:80'], 'http://jobs.localhost:80',  []],
    ['loopback for a name of the world', '',            ['127.0.0.1:80'], 'jobs.example.org',          [$http]],
    ['... that ends like localhost',     '',            ['127.0.0.1:80'], 'notlocalhost',              [$http]],
    ['... behind a TLS proxy',           '',            ['127.0.0.1:80'], 'https://jobs.example.org',  []],
    ['Debian: http and https hosts',     host('*:80') . "\n" . host('*:443', 'SSLEngine on'), ['80', '443'], 'jobs.example.org',
        [qr/without TLS on the virtual host in \S+site\.conf:1 \(port 80\)/]],
    ['... with the mount off at http',   host('*:80', $off) . "\n" . host('*:443', 'SSLEngine on'), ['80', '443'], 'jobs.example.org', []],
    ['... off, and on again at https',   "$off\n" . host('*:80') . "\n" . host('*:443', 'AuthPlatformMount /api/auth'), ['80', '443'], 'jobs.example.org', []],
    ['... off, and on again at http',    "$off\n" . host('*:80', 'AuthPlatformMount /m') . "\n" . host('*:443'), ['80', '443'], 'jobs.example.org',
        [qr/AuthPlatformMount \/m is in force without TLS on the virtual host in \S+site\.conf:2 /]],
    ['an SSLEngine for all hosts',       "SSLEngine on\n" . host('*:8443'), ['8443'], 'jobs.example.org', []],
    ['... and off in one',               "SSLEngine on\n" . host('*:8443', 'SSLEngine off'), ['8443'], 'jobs.example.org', [qr/site\.conf:2 \(port 8443\)/]],
    ['two hosts',                        host('*:80', 'ServerName a.example') . "\n" . host('*:80', 'ServerName b.example'), ['80'], 'jobs.example.org',
        [qr/site\.conf:1 /, qr/site\.conf:4 /]],
    ['a host that nobody reaches',       host('*:81'), ['127.0.0.1:80'], '127.0.0.1', []],
    ['a host at another address',        host('192.0.2.2:80') , ['127.0.0.1:80'], '127.0.0.1', []],
    ['the main server beside a host at one address', host('192.0.2.1:80', $off), ['80'], 'jobs.example.org', [$http]],
    ['a host of every port',             host('*', $off), ['80', '81'], 'jobs.example.org', []],
    ['a host named in its own section',  host('*:80', 'ServerName https://jobs.example.org'), ['80'], 'jobs.example.org', []],
    ['a local one of two',               host('*:80', 'ServerName localhost') . "\n" . host('*:80', 'ServerName b.example'), ['127.0.0.1:80'], '127.0.0.1',
        [qr/site\.conf:4 /]],
);
for my $case (@hosts) {
    my ($name, $conf, $listen, $server, $expected) = @$case;
    my ($status, $out, $warnings) = check($conf, listen => $listen, name => $server);
    is($status, 0, "$name: passes") or diag $out;
    is(scalar @{$warnings}, scalar @{$expected}, '... ' . @{$expected} . ' warnings') or diag $out;
    like($warnings->[$_] // '', $expected->[$_], '... of that') for 0 .. $#{$expected};
}

# Cookies without the Secure flag.
for my $case (    # name, configuration, listeners, ServerName, whether a warning is expected
    ['loopback',                 '',             ['127.0.0.1:80', '[::1]:80'], '127.0.0.1', 0],
    ['everywhere',               '',             ['80'],             '127.0.0.1',                1],
    ['... with TLS, too',        'SSLEngine on', ['443'],            'jobs.example.org',         1],
    ['... with the mount off',   $off,           ['80'],             'jobs.example.org',         0],
    ['a name of the world',      '',             ['127.0.0.1:80'],   'http://jobs.example.org',  1],
    ['... behind a TLS proxy',   '',             ['127.0.0.1:80'],   'https://jobs.example.org', 1],
    ['once for two hosts',       host('*:80', 'ServerName a.example') . "\n" . host('*:80', 'ServerName b.example'), ['80'], 'localhost', 1],
    )
{
    my ($name, $conf, $listen, $server, $warns) = @$case;
    my ($status, $out, $warnings) = check($conf, listen => $listen, name => $server, env => 'plain.env');
    is($status, 0, "SECURE_COOKIES=false, $name: passes") or diag $out;
    is(scalar @{$warnings}, $warns, '... warnings') or diag $out;
    like($warnings->[0], qr/SECURE_COOKIES in \S+plain\.env is false, and .* serves other machines/, '... of that') if $warns;
}

# The redirect URIs of identity providers must be at a mount of some host.
put('providers.env', slurped("$dir/test.env") . "GOOGLE_CLIENT_ID=an-id\nGOOGLE_CLIENT_SECRET=a-secret-of-google\nGOOGLE_OAUTH_REDIRECT_URI=https://jobs.example.org/api/auth/google/callback\n"
        . "OIDC_PROVIDERS=corp\nOIDC_CORP_ISSUER=https://id.example\nOIDC_CORP_CLIENT_ID=an-id\nOIDC_CORP_CLIENT_SECRET=a-secret-of-corp\nOIDC_CORP_REDIRECT_URI=https://jobs.example.org/m/oidc/corp/callback\n");
put('alias.env', slurped("$dir/test.env") . "GOOGLE_CLIENT_ID=an-id\nGOOGLE_CLIENT_SECRET=a-secret-of-google\nGOOGLE_OAUTH_REDIRECT_URI=https://jobs.example.org/api/auth/oidc/google/callback\n");
sub slurped { my ($file) = @_; return AuthPlatform::Httpd::slurp($file) }
my %lost = map { $_ => qr{the redirect URI of the provider $_ in \S+\.env, https://jobs\.example\.org/\S+/callback, is at no AuthPlatformMount of any host: .* that of a mount and /(?:oidc/)?$_/callback$} } qw(google corp);
for my $case (    # name, configuration, the providers that nobody can come back from, settings
    ['the usual mount',                    '',                                            ['corp']],
    ['both mounts',                        "AuthPlatformMount /api/auth\nAuthPlatformMount /m", []],
    ['no mount',                           'AuthPlatformMount off',                       ['corp', 'google']],
    ['one in a virtual host',              "AuthPlatformMount off\n" . host('*:1', 'AuthPlatformMount /m'), ['google']],
    ['each in a host of its own',          host('*:1', 'AuthPlatformMount /m') . "\n" . host('*:2', 'AuthPlatformMount /api/auth'), []],
    ['a mount around it',                  "AuthPlatformMount /m\nAuthPlatformMount /api", ['google']],
    ['a mount that hides it',              "AuthPlatformMount /api/auth\nAuthPlatformMount /m\nAuthPlatformMount /m/oidc/corp", ['corp']],
    ['Google under its other name',        '',                                            [], 'alias.env'],
    ['... and not there',                  'AuthPlatformMount /m',                        ['google'], 'alias.env'],
    )
{
    my ($name, $conf, $expected, $env) = @$case;
    my ($status, $out, $warnings) = check($conf, env => $env // 'providers.env');
    my @of = grep {/redirect URI/} @$warnings;
    is($status, 0, "redirect URIs, $name: passes") or diag $out;
    is(scalar @of, scalar @$expected, '... ' . @$expected . ' warnings') or diag $out;
    like($of[$_] // '', $lost{ $expected->[$_] }, "... of $expected->[$_]") for 0 .. $#$expected;
}

# The links of mails lead to a platform mount.
put('mail.env', slurped("$dir/test.env") . "MAIL_URL=smtps://u:pass-of-mail\@smtp.example.org\nMAIL_FROM=a\@example.org\nPUBLIC_URL=https://www.example.org\n");
for my $case (    # name, configuration, what has no mount
    ['the usual mount',            '',                                                                              undef],
    ['no mount',                   'AuthPlatformMount off',                                                         'no host'],
    ['a mount of another profile', 'AuthPlatformMount /a jobpath',                                                  'no host'],
    ['a mount of that host',       host('*:1', 'ServerName www.example.org'),                                       undef],
    ['none of that host',          host('*:1', 'ServerName WWW.example.org', 'AuthPlatformMount off'),              'that host'],
    ['none of its other name',     host('*:1', 'ServerName b', 'ServerAlias *.example.org', 'AuthPlatformMount off'), 'that host'],
    ['one of two with that name',  host('*:1', 'ServerName www.example.org', 'AuthPlatformMount off') . "\n" . host('*:2', 'ServerName www.example.org'), undef],
    ['a name that no host has',    host('*:1', 'ServerName b', 'AuthPlatformMount /b'),                             undef],
    )
{
    my ($name, $conf, $lacks) = @$case;
    my ($status, $out, $warnings) = check($conf, env => 'mail.env');
    my @of = grep {/PUBLIC_URL/} @$warnings;
    is($status, 0, "links in mails, $name: passes") or diag $out;
    is(scalar @of, defined $lacks ? 1 : 0, '... warnings') or diag $out;
    like($of[0], qr{PUBLIC_URL in \S+mail\.env is https://www\.example\.org, and $lacks has no AuthPlatformMount of the profile platform}, '... of that') if defined $lacks;
    unlike($out, qr/pass-of-mail/, '... without the password');
}

# A mistake of a virtual host is reported for that host. One that is inherited is reported once.
my $within = sub { my ($conf) = @_; my (undef, $out) = check($conf); return [$out =~ /AUTHP0510: AuthPlatformMe (\S+) lies within AuthPlatformMount (?:\S+) \((\S+)/g] };
is_deeply($within->("AuthPlatformMount /m\nAuthPlatformMe /m/me"), ['/m/me', 'main'], 'the protected endpoint within the mount');
is_deeply($within->("AuthPlatformMount /m\nAuthPlatformMe /m/me\n" . host('*:1')), ['/m/me', 'main'], '... is said once for hosts that inherit it');
is_deeply([@{ $within->("AuthPlatformMount /m\nAuthPlatformMe /m/me\n" . host('*:1', 'AuthPlatformMe /m/you')) }[0, 2]], ['/m/me', '/m/you'], '... and for each that has its own');
is_deeply([@{ $within->(host('*:1', 'AuthPlatformMe /api/auth')) }[0]], ['/api/auth'], '... or is alone with it');

# So is a role that ROLES lacks: once for each mount, however many hosts serve it.
put('few.env', "JWT_SECRET_KEY=kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL\nAUTH_STATE_DIR=$dir/state\nROLES=admin\n");
my $lacks = sub { my (undef, $out) = check($_[0], env => 'few.env'); return [sort $out =~ /AUTHP0510: ROLES in \S+ lacks (\S+),.* AuthPlatformMount (\S+ \S+)/g] };
my $jobpath = ['"user"', '/a jobpath'];
is_deeply($lacks->("AuthPlatformMount /a jobpath\n" . host('*:1') . "\n" . host('*:1', 'ServerName b')), $jobpath, 'a role that ROLES lacks is said once for hosts that inherit the mount');
is_deeply($lacks->(host('*:1', 'AuthPlatformMount /a jobpath') . "\n" . host('*:1', 'ServerName b', 'AuthPlatformMount /a jobpath')), $jobpath, '... or have the same one');
is_deeply($lacks->(host('*:1', 'AuthPlatformMount /a jobpath') . "\n" . host('*:1', 'AuthPlatformMount /b assessment')), [sort @$jobpath, '"candidate"', '/b assessment'], '... and for each other one');

# At a start and a reload the log has the same warnings as `httpd -t`, once.
{
    my $server = AuthPlatform::Httpd->new(more => "ServerName jobs.example.org\n<Location /x>\nAuthType Platform\nAuthName x\n<Limit GET>\n"
            . "Require valid-user\n</Limit>\n</Location>\n")->start;
    my $said = sub { return [map { scalar(() = $server->log =~ /auth_platform:warn.*AUTHP0515: $_/g) } @_] };
    is_deeply($said->('AuthPlatformMount', '<Limit>'), [1, 1], 'a start says both, once') or diag $server->log;
    $server->graceful;
    is_deeply($said->('AuthPlatformMount', '<Limit>'), [2, 2], '... and a reload, again');
    $server->stop;
}
done_testing;
