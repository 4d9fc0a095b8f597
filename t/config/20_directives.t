# SPDX-License-Identifier: Apache-2.0
# Every directive: which values it takes, where it may stand, and its error for a wrong value.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test ();
use File::Temp ();
use Test::More;

my $httpd = $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2';
my $dir   = File::Temp::tempdir(CLEANUP => 1);
my $old   = umask 077;
open my $env, '>', "$dir/test.env" or die $!;
print {$env} "JWT_SECRET_KEY=kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL\nAUTH_STATE_DIR=$dir/state\n";
close $env;
umask $old;

sub check {
    my ($conf) = @_;
    my @modules = map { "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so" } qw(mpm_event authn_core authz_core authz_user);
    open my $file, '>', "$dir/httpd.conf" or die $!;
    print {$file} join "\n", "ServerRoot $dir", 'ServerName 127.0.0.1', 'Listen 127.0.0.1:1', "PidFile $dir/pid", "ErrorLog $dir/error_log",
        "DefaultRuntimeDir $dir", @modules, "LoadModule auth_platform_module $ENV{AUTHP_MODULE}", "AuthPlatformEnvFile test.env", $conf, '';
    close $file;
    my $out = qx{$httpd -t -f $dir/httpd.conf 2>&1};
    return ($? & 127 || $? >> 8, $out);
}

my @good = (
    'AuthPlatformMount /accounts', 'AuthPlatformMount off', "AuthPlatformMount /a platform\nAuthPlatformMount /b\nAuthPlatformMount /a/b",
    "AuthPlatformMount /a\nAuthPlatformMount off\nAuthPlatformMount /a\n<VirtualHost *:1>\nAuthPlatformMount /a\n</VirtualHost>", 'AuthPlatformMe /whoami', 'AuthPlatformMe off',
    (map { "AuthPlatformTokenCache $_" } qw(off OFF 64K 512k 4M 1024m 1048576K)),
    (map { "AuthPlatformTokenDelivery $_" } qw(json cookie ask Cookie)),
    "<Location />\nAuthPlatformOptional on\n</Location>", "<Location />\nAuthPlatformSignInPage /signin.html\n</Location>",
    "<Location />\nAuthPlatformSignInPage off\n</Location>",
    (map { "<Location />\nAuthPlatformSignInPage $_\n</Location>" } '/in/', '/in.html only', '/in.html /static/ /favicon.ico', '/'),
    "<Location />\nAuthType Platform\nAuthName x\n<RequireAny>\nRequire role admin\nRequire all granted\n</RequireAny>\n</Location>",
    "<Location />\nAuthPlatformForwardAuthorization on\n</Location>",
    "<Location />\nAuthPlatformRemoteUser email\n</Location>", "<Location />\nAuthPlatformRemoteUser id\n</Location>",
    "<Location />\nAuthPlatformAdminPassesRoles on\n</Location>",
    'AuthPlatformMount /one assessment', 'AuthPlatformMount /api/v1 phone', 'AuthPlatformErrorShape platform', (map { "<Location />\nAuthPlatformErrorShape $_\n</Location>" } qw(assessment jobpath phone)),
    (map { "<Location />\nAuthPlatformWhenUnavailable $_\n</Location>" } qw(deny allow-valid)),
    (map { "AuthPlatformRevocationMaxLag $_" } qw(2s 5 90s 1h 2500ms)), 'AuthPlatformLiveTableSize 1024',
    "<VirtualHost *:1>\nAuthPlatformMount /v\nAuthPlatformMe /vme\nAuthPlatformTokenDelivery ask\n</VirtualHost>",
    "<Location />\nAuthType Platform\nAuthName x\nRequire role candidate admin\n</Location>",
    "<Location />\nAuthType Platform\nAuthName x\nRequire role %{ENV:WANTED}\n</Location>",
    (map { "<Location />\nAuthType Platform\nAuthName x\nRequire $_\n</Location>" } 'verified', 'auth-age 1', 'auth-age 31536000',
        'platform-claim sub 0123456789abcdef01234567', 'platform-claim sid %{HTTP:X}', 'platform-claim email a@b.example c@d.example',
        'platform-claim email_verified true', 'platform-claim email_verified %{ENV:X}', 'platform-claim roles admin "candidate"', 'not platform-claim roles admin'),
);
# httpd requires that a negated line stands with another one, because alone it grants nothing.
$good[-1] =~ s/(Require not .*)\n/<RequireAll>\nRequire valid-user\n$1\n<\/RequireAll>\n/;
for my $conf (@good) {
    my ($status, $out) = check($conf);
    (my $name = $conf) =~ s/\n/ | /g;
    is($status, 0, $name) or diag $out;
}

my @bad = (    # configuration, text that the error must contain
    ['AuthPlatformMount accounts',       qr/AuthPlatformMount/],
    ['AuthPlatformMount /a//b',          qr/AuthPlatformMount/],
    ['AuthPlatformMount /a/../b',        qr/AuthPlatformMount/],
    ['AuthPlatformMount "/a b"',         qr/AuthPlatformMount/],
    ['AuthPlatformMount /a?b',           qr/AuthPlatformMount/],
    ['AuthPlatformMe me',                qr/AuthPlatformMe/],
    ["AuthPlatformMount /a\nAuthPlatformMount /a platform", qr{AuthPlatformMount /a is set twice}],
    ['AuthPlatformMount /a nothing',     qr/AuthPlatformMount: there is no profile nothing; there is: .*platform/],
    ['AuthPlatformMount /a me',          qr/there is no profile me; there is: .*platform/],
    ['AuthPlatformMount off platform',   qr/AuthPlatformMount off takes no profile/],
    (map { ["AuthPlatformTokenCache $_", qr/AuthPlatformTokenCache must be 64K to 1024M, or off/] }
        qw(0 0K 0M 63K 1025M 4 4096 4MB 4.5M -4M M on 99999999M 9999999M), '"4 M"'),
    ["<VirtualHost *:1>\nAuthPlatformTokenCache 4M\n</VirtualHost>", qr/AuthPlatformTokenCache/],
    ["<Location />\nAuthPlatformTokenCache 4M\n</Location>",         qr/AuthPlatformTokenCache/],
    ['AuthPlatformTokenDelivery header', qr/AuthPlatformTokenDelivery/],
    ['AuthPlatformOptional maybe',       qr/AuthPlatformOptional/],
    ['AuthPlatformSignInPage https://evil.example/', qr/AuthPlatformSignInPage/],
    ['AuthPlatformSignInPage //evil.example/',       qr/AuthPlatformSignInPage/],
    ['AuthPlatformSignInPage',                       qr/AuthPlatformSignInPage needs the path of a page, or off/],
    ['AuthPlatformSignInPage off /static/',          qr/AuthPlatformSignInPage off takes no further words/],
    ['AuthPlatformSignInPage /in.html /',            qr/AuthPlatformSignInPage must not open the whole site/],
    ['AuthPlatformSignInPage /in.html static/',      qr/AuthPlatformSignInPage must begin with a slash/],
    ['AuthPlatformSignInPage /in.html /a/../b/',     qr/AuthPlatformSignInPage must not contain/],
    ['AuthPlatformSignInPage "/in;a/"',               qr/AuthPlatformSignInPage must not contain a semicolon/],
    ['AuthPlatformSignInPage /in.html only /x/',     qr/AuthPlatformSignInPage must begin with a slash/],
    ["<Location />\nRequire nonsense\n</Location>",  qr/Unknown Authz provider/],
    ['AuthPlatformForwardAuthorization 2', qr/AuthPlatformForwardAuthorization/],
    ['AuthPlatformRemoteUser name',        qr/AuthPlatformRemoteUser/],
    ['AuthPlatformWhenUnavailable x',      qr/AuthPlatformWhenUnavailable must be deny or allow-valid/],
    ['AuthPlatformRevocationMaxLag 1s',    qr/AuthPlatformRevocationMaxLag must be a time from 2s to 1h/],
    ['AuthPlatformRevocationMaxLag 2h',    qr/must be a time from 2s to 1h/],
    ['AuthPlatformRevocationMaxLag soon',  qr/must be a time from 2s to 1h/],
    ['AuthPlatformLiveTableSize 1000',     qr/AuthPlatformLiveTableSize must be a number from 1024 to 16777216/],
    ['AuthPlatformLiveTableSize 1e6',      qr/must be a number/],
    ['AuthPlatformAdminPassesRoles x',     qr/AuthPlatformAdminPassesRoles/],
    ['AuthPlatformErrorShape nothing',     qr/AuthPlatformErrorShape: there is no profile nothing; there is: .*platform/],
    ['AuthPlatformErrorShape me',          qr/AuthPlatformErrorShape: there is no profile me/],
    ['AuthPlatformErrorShape Assessment',  qr/AuthPlatformErrorShape: there is no profile Assessment/],
    ['AuthPlatformErrorShape',             qr/AuthPlatformErrorShape takes one argument/],
    ["<VirtualHost *:1>\nAuthPlatformEnvFile other.env\n</VirtualHost>", qr/AuthPlatformEnvFile/],
    ["<Location />\nAuthPlatformMount /x\n</Location>",                  qr/AuthPlatformMount/],
    ["<Location />\nRequire role\n</Location>",                          qr/role/],
    ["<Location />\nAuthType Platform\nRequire role recruter\n</Location>", qr/recruter/],
    ["<Location />\nRequire role %{BROKEN\n</Location>",                 qr/role/],
    (map { ["<Location />\nAuthType Platform\nRequire $_->[0]\n</Location>", $_->[1]] }
        ['verified yes',                         qr/Require verified/],
        (map { ["auth-age$_", qr/Require auth-age/] } '', ' 0', ' -1', ' 1h', ' 1.5', ' 31536001', ' 99999999999999999999', ' 60 60', ' %{ENV:X}'),
        (map { ["platform-claim $_ x", qr/"\Q$_\E" is not one of sub, sid, email, email_verified, prf, roles/] } qw(name auth_time exp ver Sub emails)),
        ['platform-claim',                       qr/platform-claim/],
        ['platform-claim email',                 qr/platform-claim email needs/],
        ['platform-claim email_verified yes',    qr/true or false/],
        ['platform-claim roles recruter',        qr/"recruter" is not one of ROLES/],
        ['platform-claim sub %{BROKEN',          qr/platform-claim/]),
    ["<Location />\n<RequireAll>\nRequire valid-user\nRequire not platform-claim roles recruter\n</RequireAll>\n</Location>", qr/"recruter" is not one of ROLES/],
);
for my $case (@bad) {
    my ($conf, $says) = @$case;
    my ($status, $out) = check($conf);
    (my $name = $conf) =~ s/\n/ | /g;
    isnt($status, 0, "$name: refused");
    like($out, $says, 'and says what');
}
done_testing;
