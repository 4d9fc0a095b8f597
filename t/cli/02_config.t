#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Which settings the tool reads, and check-config.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/lib";
use AuthPlatform::Cli qw(run json folder env_file write_file SECRET);
use Test::More;

my $dir  = folder();
my $file = env_file($dir, ROLES => 'seeker,provider,admin', JWT_ISSUER => 'from-file');

my $fine = run(['--env-file', $file, 'check-config']);
is($fine->{status}, 0, 'check-config') or diag $fine->{err};
like($fine->{out}, qr/settings are fine/, '... says so');
like($fine->{out}, qr/jwt_issuer +from-file/, '... and shows what counts');
unlike($fine->{out} . $fine->{err}, qr/\Q${\SECRET}\E/, '... no secret');
ok(!-e "$dir/state", '... and makes no file');

my $answer = json(run(['check-config', '--json', '--env-file', $file]));
ok($answer->{ok}, 'check-config --json');
is_deeply($answer->{roles}, [qw(seeker provider admin)], '... roles');
is($answer->{database} =~ m{^\Q$dir\E/state/} ? 1 : 0, 1, '... database below the state folder');
is($answer->{source}, $file, '... where from');

is(json(run(['check-config', '--json'], dir => $dir))->{jwt_issuer}, 'from-file', '.env of the current folder');
is(json(run(['check-config', '--json'], dir => $dir, env => { JWT_ISSUER => 'from-env' }))->{jwt_issuer},
    'from-env', 'the environment wins');
is(json(run(['check-config', '--json'], env => { JWT_SECRET_KEY => SECRET, JWT_ISSUER => 'alone' }))->{jwt_issuer},
    'alone', 'the environment alone');

my $none = run(['check-config']);
is($none->{status}, 1, 'nothing set: status 1');
like($none->{err}, qr/^authplatform: JWT_SECRET_KEY/m, '... names the key');
is($none->{out}, '', '... and no answer');
like($none->{err}, qr/^authplatform: note: .*--env-file FILE$/m, '... says how to name the settings of the server');
unlike(run(['check-config'], env => { JWT_SECRET_KEY => 'tooshort-7731' })->{err}, qr/--env-file/, '... unless the environment has settings');

my $bad = folder();
env_file($bad, JWT_SECRET_KEY => 'tooshort-7731', BCRYPT_ROUNDS => 99);
my $wrong = run(['check-config', '--json'], dir => $bad);
is($wrong->{status}, 1, 'two wrong values: status 1');
like($wrong->{err}, qr/^authplatform: JWT_SECRET_KEY .*\.env/m, '... the first, with its file');
like($wrong->{err}, qr/^authplatform: BCRYPT_ROUNDS .*\.env/m, '... the second');
unlike($wrong->{err}, qr/tooshort/, '... without a secret');
my $list = json($wrong);
ok(!$list->{ok}, '... --json says so too');
is(scalar @{ $list->{errors} }, 2, '... with both');

is(run(['--env-file', "$dir/absent", 'check-config', '--env-file', $file])->{status}, 0, 'of two --env-file the last one counts');
is(run(['--env-file', $file, 'check-config', '--env-file', "$dir/absent"])->{status}, 1, '... and only that');
is(run(['check-config', '--env-file', "$dir/absent"])->{status}, 1, 'a file that is not there: status 1');
chmod 0644, $file or die $!;
like(run(['check-config', '--env-file', $file])->{err}, qr/\Q$file\E/, 'a file that others can read is refused by name');
chmod 0600, $file or die $!;

# The list of refused passwords is a file of its own.
my $refused = write_file("$dir/refused", "letmein-letmein\n");
my $with = env_file(folder(), PASSWORD_REFUSED_FILE => $refused);
is(run(['check-config', '--env-file', $with])->{status}, 0, 'PASSWORD_REFUSED_FILE');
unlink $refused or die $!;
my $gone = run(['check-config', '--env-file', $with]);
is($gone->{status}, 1, '... that is gone: status 1');
like($gone->{err}, qr/PASSWORD_REFUSED_FILE.*\Q$refused\E/, '... names key and file');

my $other = env_file(folder(), AUTH_STORE => 'nosuchstore');
is(run(['check-config', '--env-file', $other])->{status}, 1, 'a store that does not exist: status 1');

# Each setting under its own name, on and off. The tool shows the value that is set.
my $odd = folder();
my $refusals = write_file("$odd/refusals", "letmein-letmein\n");
my %one = (JWT_ISSUER => 'an-issuer', JWT_AUDIENCE => 'an-audience', ACCESS_TOKEN_EXPIRE_MINUTES => 21, REFRESH_TOKEN_EXPIRE_DAYS => 22, REFRESH_TOKEN_ROTATION => 'off',
    SESSION_ABSOLUTE_DAYS => 23, BCRYPT_ROUNDS => 5, PASSWORD_HASH => 'argon2id', PASSWORD_REFUSED_FILE => $refusals, SECURE_COOKIES => 'false', AUTH_LIMITS => 'on', ROLES => 'admin,recruiter,seeker',
    RECRUITER_REGISTRATION => 'pending', OTP_PROVIDER => 'msg91', MSG91_AUTH_KEY => '404142AKeyOfTheConfigTest', MSG91_TEMPLATE_ID => '65070a1b',
    MAIL_URL => 'smtps://mailer:word-of-mail@smtp.example.org', MAIL_FROM => "'Example <a\@example.org>'", PUBLIC_URL => 'https://www.example.org', EMAIL_VERIFICATION => 'required',
    JWT_SECRET_KEY_PREVIOUS => 'bm90IGEgcmVhbCBzZWNyZXQgZWl0aGVyLCBqdXN0IHRlc3Q', AUTH_STORE => 'sqlite:other.db');
my %two = (MAIL_URL => undef, EMAIL_VERIFICATION => undef, RECRUITER_REGISTRATION => undef, SECURE_COOKIES => 'true', AUTH_LIMITS => 'off', REFRESH_TOKEN_ROTATION => 'on', JWT_SECRET_KEY_PREVIOUS => undef, PASSWORD_REFUSED_FILE => undef, PASSWORD_HASH => 'bcrypt', AUTH_STORE => 'sqlite:/nowhere/else.db');
# One hash for each core at a time, and a quarter more, at least one, for known devices.
chomp(my $cores = qx(getconf _NPROCESSORS_ONLN));
$cores = 64 if $cores > 64;
my $slots = $cores + (int($cores / 4) || 1);
my $little = int((40 * $slots + 1023) / 1024);    # bcrypt takes 40 KiB
my %shown = (ok => JSON::PP::true, source => "$odd/.env", store => 'sqlite', database => "$odd/state/other.db", jwt_algorithm => 'HS256', jwt_issuer => 'an-issuer', jwt_audience => 'an-audience',
    previous_key => JSON::PP::true, access_token_minutes => 21, refresh_token_days => 22, refresh_token_rotation => JSON::PP::false, session_absolute_days => 23, bcrypt_rounds => 5,
    password_hash => 'argon2id', hash_slots => $slots, hash_memory_mib => 19 * $slots, hash_memory_max_mib => 64 * $slots,
    password_refused_file => $refusals, secure_cookies => JSON::PP::false, limits => JSON::PP::true, roles => ['admin', 'recruiter', 'seeker'], recruiter_registration => 'pending', otp_provider => 'msg91',
    mail_server => 'smtp.example.org:465', mail_from => 'Example <a@example.org>', public_url => 'https://www.example.org', email_verification => 'required');
# Without MAIL_URL the other settings of mail mean nothing.
my %unmailed = %shown;
delete @unmailed{qw(mail_from public_url email_verification)};
@unmailed{qw(mail_server mail_unavailable)} = (undef, "MAIL_URL in $odd/.env is not set: the routes that need a mail answer 503 mail_unavailable");
is_deeply(json(run(['check-config', '--json', '--env-file', env_file($odd, %one)])), \%shown, 'check-config: every setting');
is_deeply(json(run(['check-config', '--json', '--env-file', env_file($odd, %one, %two)])), { %unmailed, database => '/nowhere/else.db', previous_key => JSON::PP::false, recruiter_registration => 'invite',
    refresh_token_rotation => JSON::PP::true, password_refused_file => undef, password_hash => 'bcrypt', hash_memory_mib => $little, secure_cookies => JSON::PP::true, limits => JSON::PP::false }, '... the other way round');
my $people = run(['check-config', '--env-file', "$odd/.env"]);
is_deeply({ map { /^  (\S+) +(.*)$/ ? ($1 => $2) : () } split /\n/, $people->{out} }, { (map { $_ => ref $unmailed{$_} ? $unmailed{$_} : $unmailed{$_} // '-' } grep { $_ ne 'ok' } keys %unmailed),
    database => '/nowhere/else.db', previous_key => 'false', recruiter_registration => 'invite', refresh_token_rotation => 'true', password_refused_file => '-', password_hash => 'bcrypt', hash_memory_mib => $little, secure_cookies => 'true', limits => 'false', roles => '["admin","recruiter","seeker"]' }, '... for people');
is($people->{err}, '', '... on standard output');
unlike($people->{out}, qr/404142A|65070a/, '... and no key');
unlike(run(['check-config', '--env-file', env_file($odd, %one)])->{out}, qr/word-of-mail|mailer/, '... nor the account of MAIL_URL');

# Why no codes are sent.
my $silent = run(['check-config', '--env-file', env_file(folder(), OTP_PROVIDER => undef)]);
like($silent->{out}, qr/^  otp_provider +-\n  otp_unavailable +OTP_PROVIDER in \S+ is not set: .* answer 503 otp_unavailable$/m, 'OTP_PROVIDER is not set');
my $mock = run(['check-config', '--json', '--env-file', env_file(folder(), OTP_PROVIDER => 'mock', APP_ENV => 'development')]);
is(json($mock)->{otp_provider}, 'mock', 'OTP_PROVIDER=mock');
is_deeply(json($mock)->{otp_unavailable}, undef, '... gives codes');
like($mock->{err}, qr/^authplatform: warning: OTP_PROVIDER in \S+ is mock: no code is sent, and anybody signs in with any number and the code 1234$/m, '... with a warning');
for my $lacking (['MSG91_AUTH_KEY', MSG91_TEMPLATE_ID => 'x'], ['MSG91_TEMPLATE_ID', MSG91_AUTH_KEY => 'x']) {
    my ($name, %given) = @$lacking;
    my $refused = run(['check-config', '--env-file', env_file(folder(), OTP_PROVIDER => 'msg91', %given)]);
    is($refused->{status}, 1, "msg91 without $name");
    like($refused->{err}, qr/$name in \S+: is needed with OTP_PROVIDER=msg91/, '... is named');
}
for my $url ('http://control.msg91.com', 'http://127.0.0.1.evil.example', 'ftp://127.0.0.1', 'https://me:pass@control.msg91.com', 'https://control.msg91.com?x') {
    my $refused = run(['check-config', '--env-file', env_file(folder(), OTP_PROVIDER => 'msg91', MSG91_AUTH_KEY => 'x', MSG91_TEMPLATE_ID => 'x', MSG91_BASE_URL => $url)]);
    is($refused->{status}, 1, "MSG91_BASE_URL=$url");
    like($refused->{err}, qr/MSG91_BASE_URL in \S+: must be an https URL/, '... is named');
}
for my $url ('http://127.0.0.1:8099', 'http://localhost:8099/', 'https://api.msg91.com') {
    is(run(['check-config', '--env-file', env_file(folder(), OTP_PROVIDER => 'msg91', MSG91_AUTH_KEY => 'x', MSG91_TEMPLATE_ID => 'x', MSG91_BASE_URL => $url)])->{status}, 0, "MSG91_BASE_URL=$url");
}

# Settings with which codes cannot do what they are for are warnings.
my %codes = (OTP_PROVIDER => 'msg91', MSG91_AUTH_KEY => 'x', MSG91_TEMPLATE_ID => 'x');
for my $case (
    ['nothing to warn of', {}],
    ['the key of the sample', { MSG91_AUTH_KEY => 'put-the-key-of-your-account-here' }, qr/^MSG91_AUTH_KEY in \S+ is the value of the guide's sample: MSG91 refuses to send codes$/],
    ['the template of the sample', { MSG91_TEMPLATE_ID => 'put-the-id-of-your-template-here' }, qr/^MSG91_TEMPLATE_ID in \S+ is the value of the guide's sample: /],
    ['countries without the default one', { PHONE_COUNTRIES => '44,1' }, qr/^PHONE_COUNTRIES in \S+ lacks PHONE_DEFAULT_COUNTRY, which is 91: numbers without \+ are numbers of that country, so they are refused$/],
    ['... with it', { PHONE_COUNTRIES => '44,1', PHONE_DEFAULT_COUNTRY => '1' }],
    ['roles of another family', { ROLES => 'user,admin' }, qr/^ROLES in \S+ has neither seeker nor provider, and SELF_SERVICE_ROLES names no role: nobody can register by phone number$/],
    ['... of which people may choose one', { ROLES => 'user,admin', SELF_SERVICE_ROLES => 'user' }],
    ['one of the usual roles', { ROLES => 'provider,admin' }],
    ['... or the other', { ROLES => 'seeker,admin' }],
    ['all of them', { MSG91_AUTH_KEY => 'put-the-key', MSG91_TEMPLATE_ID => 'put-the-id', PHONE_COUNTRIES => '1', ROLES => 'user' }, (qr/./) x 4],
    ['no codes, so nothing to warn of', { OTP_PROVIDER => undef, PHONE_COUNTRIES => '1', ROLES => 'user' }],
) {
    my ($name, $set, @warned) = @$case;
    my $seen = run(['check-config', '--json', '--env-file', env_file(folder(), %codes, %$set)]);
    my @said = @{ json($seen)->{warnings} // [] };
    is("$seen->{status} " . @said, '0 ' . @warned, "codes: $name") or diag $seen->{err};
    like($said[$_] // '', $warned[$_], '... in its words') for 0 .. $#warned;
}

# The tool cannot see which profiles are mounted, so it knows the roles of all of them. What is allowed, but risky, is a warning.
my $plain = env_file(folder());
is_deeply(json(run(['check-config', '--json', '--env-file', $plain]))->{roles}, [qw(candidate recruiter admin seeker provider user)], 'ROLES unset: the names of all profiles');
my $open = run(['check-config', '--json', '--env-file', env_file(folder(), RECRUITER_REGISTRATION => 'open')]);
is($open->{status}, 0, 'open registration of recruiters is allowed');
like($open->{err}, qr/^authplatform: warning: RECRUITER_REGISTRATION in .* is open: anybody/m, '... with a warning');
is(scalar @{ json($open)->{warnings} }, 1, '... in the answer too');
for my $case ([1440, 1440, 0], [1441, 15, 1], [10080, 15, 1]) {
    my ($set, $counts, $warnings) = @$case;
    my $long = run(['check-config', '--json', '--env-file', env_file(folder(), ACCESS_TOKEN_EXPIRE_MINUTES => $set)]);
    is_deeply([$long->{status}, json($long)->{access_token_minutes}, scalar @{ json($long)->{warnings} // [] }], [0, $counts, $warnings], "a lifetime of $set minutes");
    like($long->{err}, $warnings ? qr/^authplatform: warning: ACCESS_TOKEN_EXPIRE_MINUTES in .* above 1440/ : qr/^$/, '... and what is said about it');
}

# --httpd FILE: a plain `Require valid-user` beside a mount where people make accounts for themselves.
my $web = folder();
mkdir "$web/more" or die $!;
sub bare {
    my ($text) = @_;
    my $seen = run(['check-config', '--json', '--env-file', $plain, '--httpd', write_file("$web/httpd.conf", $text)]);
    is($seen->{status}, 0, 'a warning is no error') or diag $seen->{err};
    return [map { m{^Require valid-user in \Q$web\E/(\S+) } ? $1 : $_ } @{ json($seen)->{warnings} // [] }];
}
my $valid = "AuthType Platform\nRequire valid-user\n";
write_file("$web/more/$_->[0].conf", $_->[1]) for ['a', "# none\n<Location /in>\n$valid</Location>\n"], ['b', "AuthPlatformMount /auth jobpath\n"];
is_deeply(bare("<Location /x>\n$valid</Location>\n"), ['httpd.conf:3'], 'beside the mount that is there without a line');
is_deeply(bare("AuthPlatformMount off\n<Location /x>\n$valid</Location>\n"), [], 'no mount');
is_deeply(bare("ServerRoot \"$web\"\nIncludeOptional more/*.conf\nIncludeOptional none/*.conf\n"), ['more/a.conf:4'], 'in a file that is included');
is_deeply(bare("Define HERE more\nInclude \${HERE}/\n"), ['more/a.conf:4'], '... by folder, below that of the file');
is_deeply(bare("Include absent.conf\n"), ["$web/absent.conf is included, but cannot be read"], 'one that is missing is named');
is_deeply(bare("<Location /x>\nAuthType Platform\n<RequireAll>\nRequire valid-user\n$_\n</RequireAll>\n</Location>\n"), [], "in RequireAll with $_")
    for 'Require role user', 'Require platform-claim prf ai', "<RequireAny>\nRequire role a\nRequire role b\n</RequireAny>";
is_deeply(bare("<Location /x>\nAuthType Platform\n$_\n</Location>\n"), [$_ =~ /^Require role/ ? 'httpd.conf:4' : 'httpd.conf:' . ($_ =~ /all granted/ ? 4 : 5)], "bare: $_")
    for "Require role user\nRequire valid-user", "<RequireAny>\nRequire role user\nRequire valid-user\n</RequireAny>", "<RequireAll>\nRequire valid-user\nRequire all granted\n</RequireAll>";
is_deeply(bare("<Location /x>\nAuthType Basic\nRequire valid-user\n</Location>\n<Location /y>\n$valid</Location>\n"), ['httpd.conf:7'], 'of another AuthType');
is_deeply(bare("<Location /x>\nAUTHTYPE platform\nREQUIRE Valid-User\n</Location>\n"), ['httpd.conf:3'], 'in other letters');
is_deeply(bare("<Location />\nAuthType platform\n</Location>\n<Directory /srv>\n<IfModule x>\nrequire \\\n  Valid-User\n</IfModule>\n</Directory>\n"), ['httpd.conf:7'], 'AuthType from elsewhere, a line in two');
is_deeply(bare("<Location /x>\r\nAuthType \\\r\n  Platform\r\nRequire \\\r\n  valid-user\r\n</Location>\r\n"), ['httpd.conf:5'], 'lines that end with CR LF, two of them in two');
is_deeply(bare("AuthPlatformMount off\n<VirtualHost *:80>\n<IfModule x>\nAuthPlatformMount /a ai\n</IfModule>\n</VirtualHost>\n<Location /x>\n$valid</Location>\n"), ['httpd.conf:9'], 'the mount of one host');
like(run(['check-config', '--env-file', $plain, '--httpd', "$web/httpd.conf"])->{err}, qr{at AuthPlatformMount /a ai}, '... which is named');
my $hosts = "<VirtualHost *:80>\nAuthPlatformMount off\n</VirtualHost>\n<VirtualHost *:81>\n%s</VirtualHost>\n<Location /x>\n$valid</Location>\n";
is_deeply(bare(sprintf $hosts, ''), ['httpd.conf:8'], 'a host without a line of its own has the usual mount');
like(run(['check-config', '--env-file', $plain, '--httpd', "$web/httpd.conf"])->{err}, qr{at AuthPlatformMount /api/auth platform\)}, '... which is named');
is_deeply(bare(sprintf $hosts, "AuthPlatformMount off\n"), [], '... and no host has one');
my $nothing = run(['check-config', '--env-file', $plain, '--httpd', "$web/absent.conf"]);
is("$nothing->{status} $nothing->{err}", "1 authplatform: $web/absent.conf cannot be read\n", 'a file that is not there: status 1');

is(run(['check-config', '--env-file', $plain, '--httpd', $web])->{status}, 1, '... and a folder');

# A link that leads nowhere is a .env, too: the tool does not go on with other settings.
my $dangling = folder();
symlink "$dangling/nowhere", "$dangling/.env" or die $!;
my $lost = run(['check-config'], dir => $dangling, env => { JWT_SECRET_KEY => SECRET });
is($lost->{status}, 1, 'a .env that is a link to nothing: status 1');
like($lost->{err}, qr/\.env: is a symbolic link/, '... says so');

SKIP: {
    skip 'needs root', 2 if $> != 0;
    my $foreign = folder();
    env_file($foreign);
    chown 65534, 65534, "$foreign/.env" or die $!;
    my $planted = run(['check-config'], dir => $foreign);
    is($planted->{status}, 1, "somebody else's .env is not read without being named");
    like($planted->{err}, qr/--env-file/, '... says how to name it');
}

done_testing();
