# SPDX-License-Identifier: Apache-2.0
# Every route of the profile `phone`, with every status and code that its document promises. At the end the test checks that all of them were seen,
# and no other ones.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Contract 'resigned';
use AuthPlatform::Msg91;
use AuthPlatform::Phone qw(claims_of);
use IO::Socket::INET;
use JSON ();
use POSIX ();
use Test::More;
use Time::HiRes 'sleep';

my %MOUNT = (mount => 'AuthPlatformMount /api/v1 phone');
my (%seen, $site, %path, $doc);

# Sends a request and notes what was answered: holds('POST /auth/login', 401, 'invalid_credentials', NAME, json => {}).
sub holds {
    my ($route, $status, $code, $name, %o) = @_;
    my ($method, $pattern) = split / /, $route;
    my $path = $pattern =~ s/\{(\w+)\}/$path{$1}/gr;
    my $answer = $site->request($method => $path, %o);
    my $said = $answer->{status} < 400 ? undef : ref $answer->{json}{detail} eq 'ARRAY' ? 'validation_failed' : $answer->{json}{code};
    is("$answer->{status} " . ($said // ''), "$status " . ($code // ''), "$route: $name") or diag $answer->{body};
    $seen{"$route $answer->{status} " . ($said // '')}++;
    return $answer;
}

# Runs SQL on the database of the site, which has AUTH_STORE=sqlite.
sub sql { my ($text) = @_; return system('sqlite3', '-cmd', '.timeout 5000', $site->httpd->{dir} . '/state/auth_platform.db', $text) == 0 || die "sqlite3: $text" }

my $password = AuthPlatform::Phone::password();
my %in     = (phone => '9876543210', password => $password);
my %asha   = (%in, full_name => 'Asha', user_type => 'seeker', otp => '1234');
my %mona   = (email => 'mona@example.org', password => $password, mobile => '9876543212', name => 'Mona', roles => ['admin']);
my %user   = (mobile => '9876543214', roles => ['seeker']);
my %body   = (
    'POST /auth/send-otp' => { phone => '9876543210' }, 'POST /auth/forgot-password' => { phone => '9876543210' }, 'POST /auth/register' => \%asha, 'POST /auth/login' => \%in,
    'POST /auth/login-otp' => { phone => '9876543210', otp => '1234' }, 'POST /auth/reset-password' => { phone => '9876543210', otp => '1234', new_password => $password },
    'POST /users/register' => \%user, 'POST /users/auth' => { %user, otp => '1234' }, 'POST /admin/register' => { %mona, invite_code => 'x' },
    'POST /admin/verify-registration' => { mobile => '9876543212', otp => '1234' }, 'POST /admin/login' => { email => 'mona@example.org', password => $password },
    'POST /admin/verify-login' => { email => 'mona@example.org', otp => '1234' },
    'PATCH /me/seeker' => { personal_info => {} }, 'PATCH /me/provider' => { personal_info => {} }, 'PUT /users/{id}/profiles/{role}' => { stats => {} },
);
my %needs = (
    'GET /auth/me' => '', 'POST /auth/logout' => '', (map { ("GET /me/$_" => $_, "PATCH /me/$_" => $_) } qw(seeker provider)), 'POST /delete/seeker' => '', 'POST /delete/provider' => '', 'PUT /users/{id}/profiles/{role}' => 'admin',
);
my @open = map {"GET $_"} qw(/healthz /readyz /openapi.json /docs);

# A site with people: an account for both roles, one without any, an administrator, and a token whose session has ended.
sub people {
    my (%o) = @_;
    $site = AuthPlatform::Phone->new(%MOUNT, %o);
    my %token = (admin => $site->admin('root@example.org'), seeker => $site->member('9876543210', 'seeker'), provider => $site->member('9876543211', 'provider'), gone => $site->member('9876543219', 'seeker'));
    $site->post('/auth/logout', undef, bearer => $token{gone});
    $token{''} = $token{seeker};
    %path = (id => claims_of($token{provider})->{sub}, role => 'provider');
    return %token;
}
sub body_of { my ($route) = @_; return $body{$route} ? (json => $body{$route}) : () }

# --- what follows from the kind of a route ---
my %token = people();
$doc = $site->get('/openapi.json')->{json};
for my $route (sort keys %needs) {
    my @body = body_of($route);
    my $mine = $token{ $needs{$route} };
    holds($route, 401, 'token_missing', 'nobody', @body);
    holds($route, 401, 'token_invalid', 'a bad token', @body, bearer => 'a.b.c');
    holds($route, 401, 'token_expired', 'an expired one', @body, bearer => resigned($mine, "$site->{httpd}{dir}/.env", iat => -3e6, nbf => -3e6, exp => -3e6));
    holds($route, 401, 'token_revoked', 'one of a session that ended', @body, bearer => $token{gone});
    holds($route, 403, 'insufficient_role', 'another role', @body, bearer => $token{ $needs{$route} eq 'seeker' ? 'provider' : 'seeker' }) if $needs{$route};
}
holds('POST /admin/register', 401, $_->[0], 'a bad token is not ignored', body_of('POST /admin/register'), bearer => $_->[1])
    for ['token_invalid', 'a.b.c'], ['token_revoked', $token{gone}], ['token_expired', resigned($token{admin}, "$site->{httpd}{dir}/.env", iat => -3e6, nbf => -3e6, exp => -3e6)];
for my $route (sort keys %body) {
    my @as = defined $needs{$route} ? (bearer => $token{ $needs{$route} }) : ();
    holds($route, 400, 'malformed_json',         'cut off',         text => '{', @as);
    holds($route, 413, 'body_too_large',         'over 16 KiB',     text => '{"' . ('x' x 16400) . '":1}', @as);
    holds($route, 415, 'unsupported_media_type', 'no JSON',         text => '{}', type => 'text/plain', @as);
    holds($route, 422, 'validation_failed',      'a list',          json => [], @as);
    my ($number) = grep { exists $body{$route}{$_} } qw(phone mobile);
    holds($route, 400, 'MOBILE_INVALID', 'no number', json => { %{ $body{$route} }, $number => '12' }, ($route eq 'POST /admin/register' ? (bearer => $token{admin}) : ())) if $number;
}

# --- successes and refusals of each route ---
$site->httpd->wait_for(sub { $site->get('/readyz')->{status} == 200 }, 'not ready');
holds($_, 200, undef, 'is served') for @open;
my $wrong = sub { my ($route, $body, $code, $name) = @_; return holds($route, 400, $code || 'INVALID_OTP', $name || 'a wrong code', json => { %$body, ($name ? () : (otp => '9999')) }) };
my $new = sub { my ($number, $route) = @_; return $site->send_code($route || '/auth/send-otp', $route && $route =~ /users/ ? { mobile => $number, roles => ['seeker'] } : { phone => $number }) };
holds($_, 200, undef, 'sends', body_of($_)) for 'POST /auth/send-otp', 'POST /auth/forgot-password', 'POST /users/register';

$new->('9876543220');
my %new = (%asha, phone => '9876543220');
$wrong->('POST /auth/register', \%new);
holds('POST /auth/register', 200, undef, 'a new account', json => \%new);
$wrong->('POST /auth/register', \%new, 'OTP_ALREADY_VERIFIED', 'the code again');
$new->('9876543220');
$wrong->('POST /auth/register', \%new, 'user_exists', 'a number that is taken');
holds('POST /auth/login', 200, undef, 'signs in', json => \%in);
holds('POST /auth/login', 401, 'invalid_credentials', 'a wrong password', json => { %in, password => 'x' });

$new->('9876543210');
my %code = (phone => '9876543210', otp => '1234');
$wrong->('POST /auth/login-otp', \%code);
holds('POST /auth/login-otp', 200, undef, 'signs in', json => \%code);
$wrong->('POST /auth/login-otp', \%code, 'OTP_ALREADY_VERIFIED', 'the code again');
$new->('9876543221');
holds('POST /auth/login-otp', 404, 'not_found', 'nobody', json => { %code, phone => '9876543221' });

$new->('9876543220', '/auth/forgot-password');
my %reset = (phone => '9876543220', otp => '1234', new_password => 'four other calm words');
$wrong->('POST /auth/reset-password', \%reset);
holds('POST /auth/reset-password', 200, undef, 'a new password', json => \%reset);
$wrong->('POST /auth/reset-password', \%reset, 'OTP_ALREADY_VERIFIED', 'the code again');

$new->('9876543214', '/users/register');
my %auth = (%user, otp => '1234');
$wrong->('POST /users/auth', \%auth);
holds('POST /users/auth', 200, undef, 'signs in', json => \%auth);
$wrong->('POST /users/auth', \%auth, 'OTP_ALREADY_VERIFIED', 'the code again');
$site->admin('boss@example.org', '+919876543222');
$new->('9876543222', '/users/register');
holds('POST /users/auth', 403, 'insufficient_role', 'an administrator', json => { %auth, mobile => '9876543222' });

# A recruiter with a number, who is not verified.
my ($status) = $site->tool("$password\n", qw(user create --role recruiter --email rec@example.org --phone +919876543223));
is($status, 0, 'a recruiter with a number');
holds('POST /auth/login', 403, 'recruiter_pending', 'not verified', json => { %in, phone => '9876543223' });
$new->('9876543223');
holds('POST /auth/login-otp', 403, 'recruiter_pending', 'not verified', json => { %code, phone => '9876543223' });
$new->('9876543223', '/users/register');
holds('POST /users/auth', 403, 'recruiter_pending', 'not verified', json => { %auth, mobile => '9876543223' });

# Administrators.
sub invite {
    my ($email) = @_;
    my ($exit, $said, $complaint) = $site->tool('', qw(--json invite create --role admin --email), $email);
    is($exit, 0, "an invite for $email") or diag $complaint;
    my $made = JSON->new->decode($said);
    AuthPlatform::Httpd::note_secrets($made->{code});
    return $made;
}
my %pia = (%mona, email => 'pia@example.org', mobile => '9876543224');
holds('POST /admin/register', 403, 'insufficient_role', 'a seeker', json => \%mona, bearer => $token{seeker});
holds('POST /admin/register', 403, 'invite_invalid', 'a wrong invite', json => { %mona, invite_code => 'x' });
holds('POST /admin/register', 400, 'user_exists', 'an address that is taken', json => { %mona, email => 'root@example.org' }, bearer => $token{admin});
holds('POST /admin/register', 200, undef, 'asks', json => \%mona, bearer => $token{admin});
my %verify = (mobile => '9876543212', otp => '1234');
$wrong->('POST /admin/verify-registration', \%verify);
holds('POST /admin/verify-registration', 200, undef, 'is an administrator', json => \%verify);
$wrong->('POST /admin/verify-registration', \%verify, 'OTP_ALREADY_VERIFIED', 'the code again');
holds('POST /admin/register', 200, undef, 'asks', json => \%pia, bearer => $token{admin});
($status) = $site->tool("$password\n", qw(user create --role seeker --email pia@example.org));
holds('POST /admin/verify-registration', 400, 'user_exists', 'the address was taken meanwhile', json => { %verify, mobile => '9876543224' });
my $invite = invite('quo@example.org');
holds('POST /admin/register', 200, undef, 'asks', json => { %pia, email => 'quo@example.org', mobile => '9876543225', invite_code => $invite->{code} });
$site->tool('', qw(invite revoke --id), $invite->{id});
holds('POST /admin/verify-registration', 403, 'invite_invalid', 'the invite was revoked meanwhile', json => { %verify, mobile => '9876543225' });
my $former = $site->admin('former@example.org');
holds('POST /admin/register', 200, undef, 'asks', json => { %pia, email => 'ria@example.org', mobile => '9876543226' }, bearer => $former);
($status) = $site->tool('', qw(user set-roles --email former@example.org --roles seeker));
is($status, 0, 'the one who asked is no administrator any more');
holds('POST /admin/verify-registration', 403, 'insufficient_role', 'asked by a former administrator', json => { %verify, mobile => '9876543226' });

my %login = (email => 'mona@example.org', password => $password);
holds('POST /admin/login', 401, 'invalid_credentials', 'a wrong password', json => { %login, password => 'x' });
holds('POST /admin/login', 404, 'not_found', 'an administrator without a number', json => { %login, email => 'root@example.org' });
holds('POST /admin/login', 200, undef, 'the first step', json => \%login);
my %second = (email => 'mona@example.org', otp => '1234');
$wrong->('POST /admin/verify-login', \%second);
holds('POST /admin/verify-login', 200, undef, 'the second one', json => \%second);
$wrong->('POST /admin/verify-login', \%second, 'OTP_ALREADY_VERIFIED', 'the code again');

# Profiles and sessions.
for my $role ('seeker', 'provider') {
    holds("$_ /me/$role", 200, undef, 'its owner', body_of("$_ /me/$role"), bearer => $token{$role}) for qw(GET PATCH);
    holds("POST /delete/$role", 404, 'not_found', 'not held', bearer => $token{ $role eq 'seeker' ? 'provider' : 'seeker' });
}
my $put = 'PUT /users/{id}/profiles/{role}';
holds($put, 200, undef, 'an administrator', body_of($put), bearer => $token{admin});
{
    local $path{id} = 'e' x 24;
    holds($put, 404, 'not_found', 'nobody', body_of($put), bearer => $token{admin});
}
holds("POST /delete/$_", 200, undef, 'gives it up', bearer => $token{$_}) for 'seeker', 'provider';
holds('GET /auth/me', 200, undef, 'signed in', bearer => $token{seeker});
holds('POST /auth/logout', 200, undef, 'signs out', bearer => $token{seeker});
$site->stop;

# --- a database of which parts were changed on purpose ---
%token = people(settings => "AUTH_STORE=sqlite\n");
$site->post('/admin/register', \%mona, bearer => $token{admin});
$site->post('/admin/verify-registration', { mobile => '9876543212', otp => '1234' });
my $expired = sub { my ($route, $body) = @_; sql('UPDATE otp_codes SET expires_at = expires_at - 3600000'); return holds($route, 400, 'OTP_EXPIRED', 'too late', json => $body) };
$new->('9876543220');
$expired->('POST /auth/register', \%new);
$new->('9876543210');
$expired->('POST /auth/login-otp', \%code);
$new->('9876543210', '/auth/forgot-password');
$expired->('POST /auth/reset-password', { %reset, phone => '9876543210' });
$new->('9876543214', '/users/register');
$expired->('POST /users/auth', \%auth);
$site->post('/admin/register', \%pia, bearer => $token{admin});
$expired->('POST /admin/verify-registration', { %verify, mobile => '9876543224' });
$site->post('/admin/login', \%login);
$expired->('POST /admin/verify-login', \%second);

# Nobody has signed in with these numbers for a year.
sql('UPDATE users SET created_at = created_at - 31536000000, phone_used_at = phone_used_at - 31536000000');
$new->('9876543210');
holds('POST /auth/login-otp', 401, 'password_required', 'an idle number', json => \%code);
holds('POST /auth/login-otp', 401, 'invalid_credentials', '... a wrong password', json => { %code, password => 'x' });
holds('POST /auth/login-otp', 200, undef, '... the same code and the password', json => { %code, password => $password });
$new->('9876543210');
holds('POST /auth/login-otp', 200, undef, '... which is used now', json => \%code);
$new->('9876543211', '/users/register');
my %bala = (mobile => '9876543211', roles => ['provider'], otp => '1234');
holds('POST /users/auth', 401, 'password_required', 'an idle number', json => \%bala);
holds('POST /users/auth', 401, 'invalid_credentials', '... a wrong password', json => { %bala, password => 'x' });
$new->('9876543211', '/auth/forgot-password');
holds('POST /auth/reset-password', 400, 'INVALID_OTP', 'an idle number', json => { %reset, phone => '9876543211' });
holds('POST /auth/login', 200, undef, 'number and password are use as well', json => { %in, phone => '9876543211' });
$new->('9876543211', '/auth/forgot-password');
holds('POST /auth/reset-password', 200, undef, '... after which a code suffices', json => { %reset, phone => '9876543211' });

# Rows that cannot be read or written.
my $stops = sub { return map {"CREATE TRIGGER no_$_->[0]_$_->[1] BEFORE $_->[1] ON $_->[0] BEGIN SELECT RAISE(ABORT, 'no'); END;"} @_ };
my %sends = (
    'POST /auth/register' => ['/auth/send-otp', { phone => '9876543210' }], 'POST /auth/login-otp' => ['/auth/send-otp', { phone => '9876543210' }],
    'POST /auth/reset-password' => ['/auth/forgot-password', { phone => '9876543210' }], 'POST /users/auth' => ['/users/register', \%user],
    'POST /admin/verify-registration' => ['/admin/register', { %pia, mobile => '9876543227' }, bearer => $token{admin}], 'POST /admin/verify-login' => ['/admin/login', \%login],
);
for my $route (sort keys %sends) {
    is($site->post(@{ $sends{$route} })->{status}, 200, "$route: a code");
    sql($stops->(['otp_codes', 'UPDATE']));
    holds($route, 500, 'internal_error', 'its attempt cannot be counted', json => { %{ $body{$route} }, ($route =~ /registration/ ? (mobile => '9876543227') : ()) });
    sql('DROP TRIGGER no_otp_codes_UPDATE');
}
sql(join '', $stops->(['refresh_tokens', 'INSERT'], ['otp_codes', 'INSERT'], ['otp_codes', 'UPDATE']));
holds('POST /auth/login', 500, 'internal_error', 'a session cannot be stored', json => \%in);
holds($_, 500, 'internal_error', 'a code cannot be stored', body_of($_)) for 'POST /auth/send-otp', 'POST /auth/forgot-password', 'POST /users/register', 'POST /admin/login';
holds('POST /admin/register', 500, 'internal_error', 'a code cannot be stored', json => { %pia, mobile => '9876543227' }, bearer => $token{admin});
sql(q{UPDATE refresh_tokens SET salt = 'x'});
holds($_, 500, 'internal_error', 'sessions cannot be read', body_of($_), bearer => $token{ $needs{$_} }) for sort keys %needs;
unlike($site->httpd->log, qr/exit signal|Assertion/, 'and nothing crashed');
$site->stop;

# --- providers of codes that are away or missing ---
$site = AuthPlatform::Phone->new(%MOUNT, none => 1);
my $admin = $site->admin('mona@example.org', '+919876543212');
holds($_, 503, 'otp_unavailable', 'no provider', body_of($_), ($_ eq 'POST /admin/register' ? (bearer => $admin) : ())) for grep { !defined $needs{$_} && $_ ne 'POST /auth/login' } sort keys %body;
$site->stop;
my $msg91 = AuthPlatform::Msg91->new;
$site = AuthPlatform::Phone->new(%MOUNT, msg91 => $msg91);
$admin = $site->admin('mona@example.org', '+919876543212');
my $otp = $new->('9876543214', '/users/register');
$msg91->mode('status 500');
holds('POST /users/auth', 500, 'OTP_SEND_FAILED', 'MSG91 is away', json => { %auth, otp => $otp });
holds('POST /admin/register', 500, 'OTP_SEND_FAILED', 'MSG91 is away', json => \%pia, bearer => $admin);
holds($_, 500, 'OTP_SEND_FAILED', 'MSG91 is away', body_of($_)) for 'POST /auth/send-otp', 'POST /users/register', 'POST /admin/login';
$site->stop;

# --- a store that is away, a full gate, too many requests ---
my $nobody = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!";
my $port = $nobody->sockport;
close $nobody;
my %kept = people();
my $other = $site;
my $with = sub { my ($route) = @_; return (body_of($route), defined $needs{$route} ? (bearer => resigned($kept{ $needs{$route} }, "$site->{httpd}{dir}/.env")) : ()) };
$site = AuthPlatform::Phone->new(%MOUNT, settings => "AUTH_STORE=mongodb\nMONGODB_URI=mongodb://127.0.0.1:$port/\n");
my %all = (%body, %needs);
holds($_, 503, 'store_unavailable', 'the store is away', $with->($_)) for sort(keys %all), 'GET /readyz';
$site->stop;

$site = AuthPlatform::Phone->new(%MOUNT, settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=2/1h\n");
for (1 .. 1000) { last if $site->post('/auth/login', \%in)->{status} == 429 }
holds($_, 429, 'rate_limited', 'too often', $with->($_)) for grep { !defined $needs{$_} } sort keys %body;
$site->stop;

$site = AuthPlatform::Phone->new(%MOUNT, settings => "BCRYPT_ROUNDS=16\n", limits_of_httpd => "ServerLimit 1\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4\n");
my $pid = fork // die "fork: $!";
if (!$pid) {
    my $slow = $site->post('/auth/login', \%in);
    POSIX::_exit($slow->{status} == 401 ? 0 : 1);
}
sleep 0.5;
for my $route (sort keys %all) {
    my $stranger = !defined $needs{$route};
    holds($route, $stranger ? 429 : 503, $stranger ? 'rate_limited' : 'busy', 'no place left', $with->($route));
}
is(waitpid($pid, POSIX::WNOHANG()), 0, 'all the while the one place was taken');
waitpid $pid, 0;
$site->stop;
$other->stop;

# --- has everything been seen? ---
my %promised;
for my $path (keys %{ $doc->{paths} }) {
    for my $method (keys %{ $doc->{paths}{$path} }) {
        my $responses = $doc->{paths}{$path}{$method}{responses};
        for my $code (keys %$responses) {
            my $examples = ($responses->{$code}{content}{'application/json'} || {})->{examples} || {};
            $promised{ join ' ', uc $method, $path =~ s{^/api/v1}{}r, $code, $_ }++ for $code >= 400 ? (map { my $value = $doc->{components}{examples}{$_}{value}; ref $value->{detail} ? 'validation_failed' : $value->{code} } keys %$examples) : '';
        }
    }
}
# t/api/27_mail.t has EMAIL_VERIFICATION=required. A stranger gets 429 where others get `busy`. No test can cause an internal error at routes that ask no store.
my $elsewhere = qr{^GET /(?:healthz|readyz|openapi\.json|docs) \d+ (?:internal_error|busy)$|^POST .* 503 busy$|^POST /admin/login 403 email_unverified$};
is(join("\n", grep { !$seen{$_} && !/$elsewhere/ } sort keys %promised), '', 'each status and code that is promised has been seen');
is(join("\n", grep { !$promised{$_} } sort keys %seen), '', 'and no other');
done_testing;
