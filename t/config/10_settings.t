# SPDX-License-Identifier: Apache-2.0
# Wrong configurations: `httpd -t` stops with one line that names the key and the file, and never shows a secret.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test ();
use File::Temp ();
use Test::More;

my $httpd  = $ENV{AUTHP_HTTPD} || '/usr/sbin/apache2';
my $dir    = File::Temp::tempdir(CLEANUP => 1);
my $secret = 'kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL';
$ENV{$_} // next, delete $ENV{$_} for qw(JWT_SECRET_KEY SECRET_KEY AUTH_STORE BCRYPT_ROUNDS MONGODB_URI DATABASE_URL AUTH_STATE_DIR);

sub put {
    my ($name, $text, $mode) = @_;
    open my $file, '>:raw', "$dir/$name" or die "$name: $!";
    print {$file} $text;
    close $file;
    chmod $mode // 0600, "$dir/$name";
    return "$dir/$name";
}

# check({env => TEXT, mode => , conf => DIRECTIVES}) -> (exit status, output lines but "Syntax ..." ones)
sub check {
    my (%o) = @_;
    unlink "$dir/test.env";
    put('test.env', $o{env}, $o{mode}) if defined $o{env};
    my @modules = map { "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so" } qw(mpm_event authn_core authz_core authz_user);
    my $conf = put('httpd.conf', join("\n", "ServerRoot $dir", 'ServerName 127.0.0.1', 'Listen 127.0.0.1:1', "PidFile $dir/pid",
            "ErrorLog $dir/error_log", "DefaultRuntimeDir $dir", @modules, "LoadModule auth_platform_module $ENV{AUTHP_MODULE}",
            $o{conf} // 'AuthPlatformEnvFile test.env', ''));
    my $out = qx{$httpd -t -f $conf 2>&1};
    my $status = $? & 127 || $? >> 8;
    my @lines = grep { !/^Syntax|^AH00526|^AH00014|^$/ } split /\n/, $out;
    return ($status, $out, @lines);
}

my $good = "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/state\n";
my ($status, $out) = check(env => $good);
is($status, 0, 'a good configuration passes') or diag $out;
like($out, qr/Syntax OK/, 'Syntax OK');
ok(!-e "$dir/state", 'and -t creates nothing');
mkdir "$dir/there" or die $!;
symlink "$dir/there", "$dir/link" or die $!;
is((check(env => "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/$_\n"))[0], 0, "a state folder, $_") for qw(there link);
is((check(conf => ''))[0], 0, 'LoadModule alone changes nothing');
is((check(env => "# c\r\nexport JWT_SECRET_KEY=\"$secret\" # why\r\n\r\nBCRYPT_ROUNDS='10'\r\nAUTH_STATE_DIR=$dir/s\r\nUNKNOWN_OTHER=1\r\n"))[0], 0,
    'quotes, comments, export, CRLF and others\' keys are fine');
# A .env of another back end: second names of settings, and names of other programs.
is((check(env => "SECRET_KEY=$secret\nALGORITHM=HS256\nMONGO_DB_NAME=jobs\nCORS_ORIGINS=[\"http://localhost:3000\"]\nJWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/s\n"
        . join('', map { "$_=1\n" } qw(APP_NAME APP_VERSION DEBUG LOG_LEVEL GOOGLE_API_KEY CHROMA_DB_DIR PYTHON_VERSION DB_POOL_SIZE DB_MAX_OVERFLOW CORS_CREDENTIALS))))[0], 0,
    'a .env of another back end');
is((check(env => "JWT_SECRET_KEY=\nAUTH_STATE_DIR=$dir/s\n"))[0], 1, 'an empty value is a missing one');
{
    local $ENV{JWT_SECRET_KEY} = $secret;
    is((check(env => "JWT_SECRET_KEY=short\n"))[0], 0, 'the process environment wins');
    local $ENV{BCRYPT_ROUNDS} = '99';
    my ($s, $text) = check(env => "BCRYPT_ROUNDS=10\n");
    is($s, 1, 'so does its error');
    like($text, qr/BCRYPT_ROUNDS.*environment/, 'which says where it is from');
}

put('a-file', '');
my $mail = "MAIL_FROM=Example <accounts\@example.org>\nPUBLIC_URL=https://www.example.org\n";
is((check(env => "${good}${mail}MAIL_URL=$_\nEMAIL_VERIFICATION=required\n"))[0], 0, "mail: $_") for 'smtps://u:p%40ss@smtp.example.org:465', 'smtp://smtp.example.org', 'smtp://[::1]:25';
# [what, .env text, text that the line must contain]
my @wrong = (
    ['no secret',               'AUTH_STATE_DIR=/var/lib/x',           'JWT_SECRET_KEY'],
    ['a short secret',          'JWT_SECRET_KEY=tooshort',             'JWT_SECRET_KEY'],
    ['the sample secret',       'JWT_SECRET_KEY=change-me-to-48-random-characters', 'JWT_SECRET_KEY'],
    ['one byte repeated',       'JWT_SECRET_KEY=' . 'a' x 40,          'JWT_SECRET_KEY'],
    ['a short previous secret', "${good}JWT_SECRET_KEY_PREVIOUS=short", 'JWT_SECRET_KEY_PREVIOUS'],
    ['the same previous one',   "${good}JWT_SECRET_KEY_PREVIOUS=$secret", 'JWT_SECRET_KEY_PREVIOUS'],
    ['an unknown algorithm',    "${good}JWT_ALGORITHM=none",           'JWT_ALGORITHM'],
    ['a hash of no known kind', "${good}PASSWORD_HASH=md5",            'PASSWORD_HASH .*bcrypt or argon2id'],
    ['rounds below 4',          "${good}BCRYPT_ROUNDS=3",              'BCRYPT_ROUNDS'],
    ['rounds above 16',         "${good}BCRYPT_ROUNDS=17",             'BCRYPT_ROUNDS'],
    ['rounds no number',        "${good}BCRYPT_ROUNDS=12x",            'BCRYPT_ROUNDS'],
    ['rounds with a sign',      "${good}BCRYPT_ROUNDS=99999999999999999999", 'BCRYPT_ROUNDS'],
    ['minutes of 0',            "${good}ACCESS_TOKEN_EXPIRE_MINUTES=0", 'ACCESS_TOKEN_EXPIRE_MINUTES'],
    ['negative days',           "${good}REFRESH_TOKEN_EXPIRE_DAYS=-1", 'REFRESH_TOKEN_EXPIRE_DAYS'],
    ['a boolean maybe',         "${good}REFRESH_TOKEN_ROTATION=maybe", 'REFRESH_TOKEN_ROTATION'],
    ['secure cookies maybe',    "${good}SECURE_COOKIES=2",             'SECURE_COOKIES'],
    ['a wildcard origin',       "${good}BACKEND_CORS_ORIGINS=[\"*\"]", 'BACKEND_CORS_ORIGINS'],
    ['an origin with a path',   "${good}BACKEND_CORS_ORIGINS=[\"https://a.example/x\"]", 'BACKEND_CORS_ORIGINS'],
    ['a broken list',           "${good}BACKEND_CORS_ORIGINS=[\"https://a.example\"", 'BACKEND_CORS_ORIGINS'],
    ['a front end that is none', "${good}FRONTEND_URL=javascript:alert(1)", 'FRONTEND_URL'],
    ['a rate without a time',   "${good}AUTH_LIMIT_ADDRESS=120",       'AUTH_LIMIT_ADDRESS'],
    ['a rate of nothing',       "${good}AUTH_LIMIT_ACCOUNT=0/1m",      'AUTH_LIMIT_ACCOUNT'],
    ['more failures than are counted', "${good}AUTH_LIMIT_ACCOUNT=901/1m", 'AUTH_LIMIT_ACCOUNT'],
    ['a role with a space',     "${good}ROLES=candidate,big boss",     'ROLES'],
    ['a role twice',            "${good}ROLES=candidate,candidate",    'ROLES'],
    ['an unknown store',        "${good}AUTH_STORE=oracle",            'AUTH_STORE'],
    ['half of Google',          "${good}GOOGLE_CLIENT_ID=x",           'GOOGLE_'],
    ['a misspelt key',          "JWT_SECRET_KYE=$secret",              'JWT_SECRET_KYE'],
    ['a common other name',     "${good}JWT_SECRET=$secret",           'JWT_SECRET'],
    ['a near miss',             "${good}BCRYPT_ROUND=10",              'BCRYPT_ROUND'],
    ['a relative state folder', "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=state", 'AUTH_STATE_DIR'],
    ['a state folder that is a file', "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/a-file", 'AUTH_STATE_DIR in .*a-file is not a folder'],
    ['one below a file',        "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/a-file/x/y", 'AUTH_STATE_DIR in .*a-file/x/y lies below'],
    ['an unknown option of MongoDB', "${good}MONGODB_URI=mongodb://u:$secret\@h/?tsl=true", 'MONGODB_URI has an option .*"tsl"; did you mean tls\\?'],
    ['a MongoDB option without a value', "${good}MONGODB_URI=mongodb://u:$secret\@h/?tls=", 'MONGODB_URI has the option tls without a value'],
    ['a key twice',             "${good}JWT_SECRET_KEY=${secret}b",    'JWT_SECRET_KEY|line 3'],
    ['no KEY=VALUE',            "${good}what is this",                 'line 3'],
    ['an open quote',           "${good}FRONTEND_URL=\"https://a",     'line 3'],
    ['a bad issuer',            "${good}JWT_ISSUER=" . 'i' x 300,      'JWT_ISSUER'],
    ['absolute below idle',     "${good}SESSION_ABSOLUTE_DAYS=1",      'SESSION_ABSOLUTE_DAYS|REFRESH_TOKEN_EXPIRE_DAYS'],
    ['an audit of negative days', "${good}AUDIT_RETENTION_DAYS=-1",    'AUDIT_RETENTION_DAYS'],
    ['common passwords maybe',  "${good}PASSWORD_REFUSE_COMMON=maybe", 'PASSWORD_REFUSE_COMMON'],
    ['recruiters maybe',        "${good}RECRUITER_REGISTRATION=yes",   'RECRUITER_REGISTRATION .*invite, pending or open'],
    ['recruiters without the role', "${good}ROLES=user,admin\nRECRUITER_REGISTRATION=open", 'RECRUITER_REGISTRATION .*no recruiter'],
    ['permissions that are a list', "${good}ROLE_PERMISSIONS=[\"read\"]", 'ROLE_PERMISSIONS .*JSON object'],
    ['administrators by choice', "${good}SELF_SERVICE_ROLES=seeker,admin", 'SELF_SERVICE_ROLES .*neither admin nor recruiter'],
    ['a role by choice that is none', "${good}SELF_SERVICE_ROLES=seller", 'SELF_SERVICE_ROLES .*seller, which ROLES lacks'],
    ['fixed codes in production', "${good}OTP_PROVIDER=mock",          'OTP_PROVIDER .*APP_ENV=development'],
    ['a provider of codes that is none', "${good}OTP_PROVIDER=twilio", 'OTP_PROVIDER .*msg91 or mock'],
    ['msg91 without its key',   "${good}OTP_PROVIDER=msg91\nMSG91_TEMPLATE_ID=t", 'MSG91_AUTH_KEY .*is needed'],
    ['msg91 without a template', "${good}OTP_PROVIDER=msg91\nMSG91_AUTH_KEY=$secret", 'MSG91_TEMPLATE_ID .*is needed'],
    ['msg91 over http',         "${good}MSG91_BASE_URL=http://msg91.example", 'MSG91_BASE_URL .*https'],
    ['mail by http',            "${good}MAIL_URL=http://u:$secret\@h:25\n$mail",  'MAIL_URL .*must begin with smtp:// or smtps://'],
    ['mail without a sender',   "${good}MAIL_URL=smtp://u:$secret\@h\nPUBLIC_URL=https://a.example", 'MAIL_FROM .*is needed with MAIL_URL'],
    ['mail without a public URL', "${good}MAIL_URL=smtp://u:$secret\@h\nMAIL_FROM=a\@b.example", 'PUBLIC_URL .*is needed with MAIL_URL'],
    ['a mail account without a password', "${good}MAIL_URL=smtp://$secret\@h\n$mail", 'MAIL_URL .*percent-encoded'],
    ['a mail password that is not encoded', "${good}MAIL_URL=smtp://u:p/$secret\@h\n$mail", 'MAIL_URL .*percent-encoded'],
    ['a mail server with a path', "${good}MAIL_URL=smtp://u:$secret\@h/x\n$mail", 'MAIL_URL .*nothing may follow'],
    ['mail in the clear',       "${good}MAIL_URL=smtp://u:$secret\@h:25\n${mail}MAIL_TLS=off", 'MAIL_TLS .*APP_ENV=development'],
    ['smtps in the clear',      "${good}MAIL_URL=smtps://127.0.0.1:465\n${mail}MAIL_TLS=off", 'MAIL_TLS .*smtps'],
    ['TLS maybe',               "${good}MAIL_TLS=on",                  'MAIL_TLS .*required or off'],
    ['a sender that is none',   "${good}MAIL_FROM=Example",            'MAIL_FROM .*must be an address'],
    ['a public URL with a path', "${good}PUBLIC_URL=https://a.example/", 'PUBLIC_URL .*without a path'],
    ['a public URL of http',    "${good}PUBLIC_URL=http://a.example",  'PUBLIC_URL .*must be https'],
    ['no file of authorities',  "${good}MAIL_CA_FILE=$dir/none",       'MAIL_CA_FILE .*none cannot be read'],
    ['no folder of texts',      "${good}MAIL_TEMPLATE_DIR=$dir/none",  'MAIL_TEMPLATE_DIR .*none is not a folder'],
    ['notices maybe',           "${good}MAIL_NOTICES=maybe",           'MAIL_NOTICES .*true or false'],
    ['proof maybe',             "${good}EMAIL_VERIFICATION=on",        'EMAIL_VERIFICATION .*optional or required'],
    ['proof without mail',      "${good}EMAIL_VERIFICATION=required",  'EMAIL_VERIFICATION .*without MAIL_URL'],
    ['a rate of mails without a time', "${good}AUTH_LIMIT_MAIL=3",     'AUTH_LIMIT_MAIL .*COUNT/TIME'],
    ['a country by name',       "${good}PHONE_COUNTRIES=IN",           'PHONE_COUNTRIES .*calling codes'],
    ['a short secret by its second name', 'SECRET_KEY=tooshort',       '[^_]SECRET_KEY in'],
    ['two secrets',             "${good}SECRET_KEY=${secret}b",        'JWT_SECRET_KEY in .*another value than SECRET_KEY'],
    ['two algorithms',          "${good}JWT_ALGORITHM=HS256\nALGORITHM=HS512", 'JWT_ALGORITHM in .*another value than ALGORITHM'],
    ['two MongoDBs',            "${good}MONGODB_URI=mongodb://u:$secret\@h\nMONGO_URI=mongodb://u:$secret\@i", 'MONGODB_URI in .*another value than MONGO_URI'],
    ['two databases',           "${good}MONGODB_DB=a\nMONGO_DB_NAME=b", 'MONGODB_DB in .*another value than MONGO_DB_NAME'],
    ['two lists of origins',    "${good}BACKEND_CORS_ORIGINS=https://a.example\nCORS_ORIGINS=https://b.example", 'BACKEND_CORS_ORIGINS in .*another value than CORS_ORIGINS'],
    (map { my ($name, $sample) = @$_; ["the sample $sample as $name", ($name =~ /PREVIOUS/ ? $good : '') . "$name=$sample", "$name in .*sample"] }
        map { [JWT_SECRET_KEY => $_], [SECRET_KEY => $_], [JWT_SECRET_KEY_PREVIOUS => $_] }
        qw(your-super-secret-key-make-it-strong replace_this_with_a_strong_secret_key please_CHANGE_THIS_in_production_0123)),
    ['no file of refused passwords', "${good}PASSWORD_REFUSED_FILE=$dir/none", 'PASSWORD_REFUSED_FILE'],
);
for my $case (@wrong) {
    my ($name, $env, $key) = @$case;
    my ($s, $text, @lines) = check(env => "$env\n");
    is($s, 1, "$name: refused");
    is(scalar(grep { /$key/ } @lines), 1, "$name: one line names $key") or diag $text;
    like((grep { /$key/ } @lines)[0] // '', qr/test\.env/, "$name: and the file");
    unlike($text, qr/\Q$secret\E/, "$name: no secret is shown");
}

# A warning of the MongoDB driver is logged in our words and does not stop the start.
{
    my ($s, $text, @lines) = check(env => "${good}MONGODB_URI=mongodb://u:$secret\@h/?tls=yes\n");
    is($s, 0, 'a deprecated value passes') or diag $text;
    like($text, qr/auth_platform:warn.*AUTHP0238: MONGODB_URI: Deprecated/, 'with a warning');
    unlike($text, qr/\Q$secret\E/, 'without the password');
}

# The file itself.
for my $mode (0640, 0644, 0604, 0660) {
    my ($s, $text) = check(env => $good, mode => $mode);
    is($s, 1, sprintf 'mode %o is refused', $mode);
    like($text, qr/test\.env/, 'naming the file');
}
my ($s, $text) = check();
is($s, 1, 'no such file');
like($text, qr/test\.env/, 'is named');
is((check(env => "${good}X=a\0b\n"))[0], 1, 'a NUL byte');

# ROLES unset: the roles of the mounted profiles together. Set: each profile's role for new accounts must be in it.
sub hosts {
    my ($roles, $mounts, @required) = @_;
    my $place = join '', map { "<Location /$_>\nAuthType Platform\nAuthName t\nRequire role $_\n</Location>\n" } @required;
    return check(env => $good . ($roles ? "ROLES=$roles\n" : ''), conf => "AuthPlatformEnvFile test.env\n$mounts\n$place");
}
my $vhost = sub { return "<VirtualHost *:1>\n$_[0]\n</VirtualHost>" };
for my $row (
    ['platform alone', '', '', [qw(candidate recruiter admin)], [qw(user seeker)]],
    ['no mount', '', 'AuthPlatformMount off', [qw(candidate recruiter admin)], ['user']],
    ['assessment', '', 'AuthPlatformMount /a assessment', [qw(candidate recruiter admin)], ['user']],
    ['jobpath', '', 'AuthPlatformMount /a jobpath', [qw(user admin)], [qw(candidate recruiter)]],
    ['two of one host', '', "AuthPlatformMount /a\nAuthPlatformMount /b jobpath", [qw(candidate recruiter admin user)], ['seeker']],
    ['two hosts', '', $vhost->('AuthPlatformMount /a jobpath') . "\n" . $vhost->("ServerName b\nAuthPlatformMount /a"), [qw(candidate recruiter admin user)], ['seeker']],
    ['a host that gets every request', '', $vhost->('AuthPlatformMount /a jobpath'), [qw(user admin)], ['candidate']],
    ['a host beside the main server', '', "Listen 127.0.0.1:2\n" . $vhost->('AuthPlatformMount /a jobpath'), [qw(user admin candidate)], ['seeker']],
    ['phone', '', 'AuthPlatformMount /api/v1 phone', [qw(seeker provider admin)], ['candidate']],
    ['ROLES', 'user,boss', 'AuthPlatformMount /a jobpath', [qw(user boss)], ['admin']],
) {
    my ($name, $roles, $mounts, $known, $unknown) = @$row;
    my ($had, $said) = hosts($roles, $mounts, @$known);
    is($had, 0, "$name: the roles @$known") or diag $said;
    like((hosts($roles, $mounts, $_))[1], qr/the role "$_" is not one of ROLES/, "$name: not $_") for @$unknown;
}
for my $row (['candidate,admin', 'jobpath', 'user'], ['user,admin', 'assessment', 'candidate']) {
    my ($roles, $profile, $lacks) = @$row;
    my ($stops, $said) = hosts($roles, "AuthPlatformMount /a $profile");
    is($stops, 1, "ROLES=$roles with $profile stops");
    like($said, qr{AUTHP0510: ROLES in \S*test\.env lacks "$lacks", the role of accounts that are made at AuthPlatformMount /a $profile}, '... and says why');
}
is((hosts('user,admin', 'AuthPlatformMount /a'))[0], 0, 'the platform makes accounts without a role');
my ($chosen, $why) = check(env => "${good}SELF_SERVICE_ROLES=seeker,user\n", conf => "AuthPlatformEnvFile test.env\nAuthPlatformMount /a phone\n");
is($chosen, 1, 'a role that people may choose and no mount has');
like($why, qr{AUTHP0510: ROLES in \S*test\.env lacks "user", which SELF_SERVICE_ROLES offers at AuthPlatformMount /a phone}, '... stops');
is((check(env => "${good}SELF_SERVICE_ROLES=seeker,user\n", conf => "AuthPlatformEnvFile test.env\nAuthPlatformMount /a phone\nAuthPlatformMount /b jobpath\n"))[0], 0, '... unless another mount has it');

# Settings with which codes cannot do what they are for are warnings at a mount that sends codes, and only there.
{
    my $env = "${good}OTP_PROVIDER=msg91\nMSG91_AUTH_KEY=put-the-key-of-your-account-here\nMSG91_TEMPLATE_ID=x\nPHONE_COUNTRIES=44\nROLES=user,admin\n";
    my ($runs, $warned) = check(env => $env, conf => "AuthPlatformEnvFile test.env\nAuthPlatformMount /a\nAuthPlatformMount /p phone\n");
    is($runs, 0, 'settings with which nobody can register by phone number pass') or diag $warned;
    like($warned, qr{AUTHP0515: AuthPlatformMount /p phone: $_}, "... with a warning: $_")
        for 'MSG91_AUTH_KEY in \S+ is the value of the guide', 'PHONE_COUNTRIES in \S+ lacks PHONE_DEFAULT_COUNTRY, which is 91', 'ROLES in \S+ has neither seeker nor provider';
    is(scalar(() = $warned =~ /AUTHP0515/g), 3, '... each once');
    ($runs, $warned) = check(env => $env, conf => "AuthPlatformEnvFile test.env\nAuthPlatformMount /a\n");
    unlike($warned, qr/AUTHP0515/, '... none without such a mount');
}

# A setting and its error: two wrong settings are two lines.
my (undef, undef, @two) = check(env => "${good}BCRYPT_ROUNDS=1\nSECURE_COOKIES=x\n");
is(scalar(grep { /BCRYPT_ROUNDS|SECURE_COOKIES/ } @two), 2, 'two mistakes, two lines');
done_testing;
