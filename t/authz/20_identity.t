# SPDX-License-Identifier: Apache-2.0
# What an app gets to know about the user, and that a client cannot fake it.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Backend;
use AuthPlatform::Test;
use JSON ();
use Test::More;

my $backend = AuthPlatform::Backend->start('BACKEND_PORT');

my $p = person(name => 'Zoë "Q" 日本');
my $u = $p->{user};
sub app { my ($path, @rest) = @_; my $a = request(GET => $path, @rest); return ($a->{json}, $a) }

my ($seen, $answer) = app('/app/whoami', bearer($p));
is($answer->{status}, 200, 'the app answers');
my ($env, $headers) = @{$seen}{qw(environment headers)};
is($env->{REMOTE_USER},  $u->{id},     'REMOTE_USER is the user id');
is($env->{AUTH_USER_ID}, $u->{id},     'AUTH_USER_ID');
is($env->{AUTH_EMAIL},   $p->{email},  'AUTH_EMAIL');
is($env->{AUTH_EMAIL_VERIFIED}, 'false', 'AUTH_EMAIL_VERIFIED: nobody has proved the address');
is($env->{AUTH_ROLES},   'candidate',  'AUTH_ROLES');
like($env->{AUTH_SESSION_ID}, qr/^[0-9a-f]{24}$/, 'AUTH_SESSION_ID');
ok(length $env->{AUTH_NAME}, 'AUTH_NAME');
is($headers->{'X-Auth-User-Id'}, $u->{id},    'X-Auth-User-Id');
is($headers->{'X-Auth-Email'},   $p->{email}, 'X-Auth-Email');
is($headers->{'X-Auth-Email-Verified'}, 'false', 'X-Auth-Email-Verified');
is($headers->{'X-Auth-Roles'},   'candidate', 'X-Auth-Roles');
is($headers->{'X-Auth-Session-Id'}, $env->{AUTH_SESSION_ID}, 'X-Auth-Session-Id');
is($headers->{'X-Auth-Name'}, 'Zo%C3%AB "Q" %E6%97%A5%E6%9C%AC', 'X-Auth-Name, percent-encoded');
is($headers->{Authorization}, undef, 'the accepted token does not reach the app');

# AUTH_EMAIL_VERIFIED. It is never true for an account without an e-mail address.
for my $case ([{ email_verified => JSON::true }, 'true'], [{ email_verified => JSON::false }, 'false'],
    [{ email => undef, email_verified => JSON::true }, 'false'])
{
    my ($claims, $want) = @$case;
    my $token = bent_token($p, %$claims);
    my $what  = JSON->new->canonical->encode($claims);
    ($seen) = app('/app/whoami', bearer => $token);
    is($seen->{environment}{AUTH_EMAIL_VERIFIED},  $want, "AUTH_EMAIL_VERIFIED by $what");
    is($seen->{headers}{'X-Auth-Email-Verified'}, $want, "X-Auth-Email-Verified by $what");
    ($seen) = app('/proxied', bearer => $token);
    is($seen->{headers}{'X-Auth-Email-Verified'}, $want, "through a proxy by $what");
}

# AUTH_PHONE of an account with a number; whoever has none gets none.
is($env->{AUTH_PHONE}, undef, 'no AUTH_PHONE without a number');
my $called = bent_token($p, phone_number => '+919876543210');
for my $path ('/app/whoami', '/proxied') {
    ($seen) = app($path, bearer => $called, headers => { 'X-Auth-Phone' => '+15552345678', 'x_auth_phone' => '+15552345678' });
    is($seen->{environment}{AUTH_PHONE}, '+919876543210', 'AUTH_PHONE') if $path eq '/app/whoami';
    is($seen->{headers}{'X-Auth-Phone'}, '+919876543210', "X-Auth-Phone at $path, not the client's");
}

# An app behind mod_proxy gets the same headers.
($seen) = app('/proxied', bearer($p), headers => { Connection => 'close, X-Auth-User-Id, x-auth-roles' });
is($seen->{headers}{'X-Auth-User-Id'}, $u->{id},    'through a proxy: X-Auth-User-Id, though Connection named it');
is($seen->{headers}{'X-Auth-Roles'},   'candidate', 'and X-Auth-Roles');
is($seen->{headers}{Authorization},    undef,       'no token');

# Headers that a client sends under our names, in every spelling, on guarded and other pages.
my @names = map { my $n = $_; ($n, lc $n, uc $n, $n =~ s/-/_/gr, $n =~ s/-(?=[^-]*$)/_/r) }
    qw(X-Auth-User-Id X-Auth-Email X-Auth-Email-Verified X-Auth-Name X-Auth-Username X-Auth-Phone X-Auth-Roles X-Auth-Session-Id);
for my $path ('/app/whoami', '/optional/whoami', '/proxied', '/open/whoami') {
    for my $name (@names) {
        my ($host, $port) = origin() =~ m{//(.*):(\d+)};
        my $raw = raw_request("GET $path HTTP/1.1\r\nHost: $host:$port\r\n$name: spoofed\r\nAuthorization: Bearer $p->{access_token}\r\n"
                . "Connection: close\r\n\r\n");
        like($raw, qr{^HTTP/1.1 200}, "$path answers") if $name eq $names[0];
        unlike($raw, qr/spoofed/, "$path: $name from a client is gone");
    }
}
# Lists in Connection by which mod_proxy would drop our headers. mod_proxy also splits such a list at ';' and white space, and reads quotes.
my ($host, $port) = origin() =~ m{//(.*):(\d+)};
my @ours = qw(X-Auth-User-Id X-Auth-Email X-Auth-Email-Verified X-Auth-Name X-Auth-Roles X-Auth-Session-Id);
for my $list ('%s', ';%s', ';;%s;', 'close;%s', 'close, %s', '%s , keep-alive', 'close,,%s', "close\t%s", "\t%s\t", 'close %s', 'x(%s)', '"%s"',
    '"a";%s', '"a" %s', 'x=%s', 'x/%s', "\x{0b}%s", "\x{0c}%s", "\xe4%s", '[%s]', 'close;%s;x', 'x:%s', '@%s', '{%s}', '\\%s', '?%s', '<%s>')
{
    my (@lost, @refused);
    for my $name (@ours, lc $ours[4], uc $ours[4], 'x_auth_roles') {
        my $raw = raw_request("GET /proxied HTTP/1.1\r\nHost: $host:$port\r\nAuthorization: Bearer $p->{access_token}\r\nConnection: "
                . sprintf($list, $name) . "\r\nConnection: close\r\n\r\n");
        push @refused, $name if $raw !~ m{^HTTP/1.1 200};
        push @lost, $name if grep { $raw !~ /"$_": "[^"]/ } @ours;
    }
    (my $shown = $list) =~ s/([^ -~])/sprintf '\\x%02x', ord $1/ge;
    # httpd itself refuses control characters in headers.
    @refused ? is("@lost", "@refused", "Connection: $shown is refused") : is("@lost", '', "Connection: $shown strips nothing of ours");
}
for my $name (qw(Proxy-Connection Keep-Alive Trailer TE Upgrade)) {
    my $raw = raw_request("GET /proxied HTTP/1.1\r\nHost: $host:$port\r\nAuthorization: Bearer $p->{access_token}\r\n$name: ;X-Auth-Roles, X-Auth-Email\r\n"
            . "Connection: close, $name\r\n\r\n");
    is(scalar(grep { $raw =~ /"$_": "[^"]/ } @ours), scalar @ours, "$name: strips nothing of ours");
}

# Configuration of the site cannot replace our variables and headers either.
my $own_words = request(GET => '/app/whoami', bearer($p), headers => { 'X-Test-Own' => 'mallory' });
my %told      = %{ $own_words->{json}{environment} };
is($told{AUTH_ROLES},   'candidate', 'AUTH_ROLES that SetEnvIf had set is replaced');
is($told{AUTH_USER_ID}, $u->{id},    'so is AUTH_USER_ID, spelled otherwise');
is($told{AUTH_EMAIL_VERIFIED}, 'false', 'and AUTH_EMAIL_VERIFIED');
is($own_words->{json}{headers}{'X-Auth-Roles'}, 'candidate', 'X-Auth-Roles that RequestHeader had set is replaced');
is($own_words->{headers}->header('X-Test-Seen'), 'candidate', 'httpd itself sees the replaced AUTH_ROLES');
is(scalar(() = $own_words->{body} =~ /mallory/g), 1, 'the word is left in its own header alone');


my $proxied = raw_request("GET /proxied HTTP/1.1\r\nHost: $host:$port\r\nAuthorization: Bearer $p->{access_token}\r\n"
        . "X-Test-Own: mallory\r\nConnection: close\r\n\r\n");
is(scalar(() = $proxied =~ /mallory/g), 1, 'and none goes to a back end');
like($proxied, qr/"X-Auth-Roles": "candidate"/, 'but the real roles');

# Our cookies never reach an app, other cookies do.
my $jar = { '__Host-authp_at' => $p->{access_token}, '__Secure-authp_rt' => 'r', csrf_token => 'c', '__Secure-authp_device' => 'd',
    mine => 'kept', theme => 'dark' };
($seen, $answer) = app('/app/whoami', cookies => $jar);
is($answer->{status}, 200, 'signed in by cookie');
is(join('; ', sort split /; */, $seen->{headers}{Cookie} // ''), 'mine=kept; theme=dark', 'only the app\'s own cookies arrive');
delete @{$jar}{qw(mine theme)};
($seen) = app('/app/whoami', cookies => $jar);
is($seen->{headers}{Cookie}, undef, 'no Cookie header when only ours were sent');
($seen) = app('/open/whoami', cookies => $jar);
is($seen->{headers}{Cookie}, undef, 'nor on an unguarded page of this host');

# No spelling that a lenient parser could read as one of our cookies reaches an app. Other cookies beside it stay.
for my $name (qw(authp_at __Host-authp_at authp_rt __Secure-authp_rt authp_device __Secure-authp_device csrf_token)) {
    for my $spelling ("$name =SECRET", "$name\t=SECRET", "$name \t = SECRET", "\"$name\"=SECRET", "$name=\"SECRET\"", uc($name) . '=SECRET',
        "$name=SECRET; $name=SECRET", "$name=SECRET,$name=SECRET", " ;;$name=SECRET", "x=1,$name=SECRET", "x=1, $name =SECRET", "x=1 $name=SECRET",
        "x=1;$name=SECRET", "x=\"1\"\t$name=SECRET", "\$Version=1; $name=SECRET; \$Path=/")
    {
        for my $path ('/app/whoami', '/open/whoami', '/proxied') {
            ($seen, $answer) = app($path, bearer($p), headers => { Cookie => "theme=dark; $spelling; mine=a,b" });
            my $cookie = $seen->{headers}{Cookie} // '';
            is($answer->{status}, 200, "$path with $spelling") if $answer->{status} != 200;
            ok($cookie !~ /SECRET|\Q$name\E/i && $cookie =~ /^theme=dark; .*; mine=a,b$|^theme=dark; mine=a,b$/, "$path: $spelling does not reach the app")
                or diag $cookie;
        }
    }
}

# A sibling host can set the cookie `theme`, but none with __Host- in its name. Text after a comma in a value is therefore no credential.
my $q = person();
for my $case (
    ["theme=1,__Host-authp_at=$q->{access_token}; __Host-authp_at=$p->{access_token}",   $u->{id}, 'behind a comma, before the real one'],
    ["theme=1, __Host-authp_at=$q->{access_token}; __Host-authp_at=$p->{access_token}",  $u->{id}, 'behind a comma and a blank'],
    ["__Host-authp_at=$p->{access_token}, __Host-authp_at=$q->{access_token}",           $u->{id}, 'behind the real one'],
    ["__Host-authp_at=$p->{access_token},theme=1; x=2",                                  $u->{id}, 'the real one before a comma'],
    ["theme=1,__Host-authp_at=$q->{access_token}",                                       undef,    'alone'],
    ["theme=1, x=2, __Host-authp_at=$q->{access_token}; x=3",                            undef,    'behind two commas'],
    ["__Host-authp_at =$q->{access_token}",                                              undef,    'with a blank before ='],
    ["theme=1\", __Host-authp_at=$q->{access_token}; __Host-authp_at=$p->{access_token}", $u->{id}, 'behind a quote'],
) {
    my ($cookie, $who, $what) = @$case;
    ($seen, $answer) = app('/app/whoami', headers => { Cookie => $cookie });
    is($answer->{status}, defined $who ? 200 : 401, "a token $what: status");
    is($seen->{environment}{AUTH_USER_ID}, $who, "a token $what counts as it should");
    unlike($seen->{headers}{Cookie} // '', qr/authp_at|\Q$q->{access_token}\E|\Q$p->{access_token}\E/, "a token $what is stripped");
    is(api(GET => '/me', headers => { Cookie => $cookie })->{json}{id}, $who, "a token $what at the account routes");
}
# Two Cookie headers arrive as one, joined by a comma.
($seen) = app('/app/whoami', headers => { Cookie => ['theme=1', "__Host-authp_at=$q->{access_token}"] });
is($seen->{environment}{AUTH_USER_ID}, undef, 'a second Cookie header is nobody\'s credential');

# An Authorization header of another scheme stays. Ours is forwarded where a location says so.
($seen) = app('/open/whoami', headers => { Authorization => 'Basic dXNlcjpwYXNz' });
is($seen->{headers}{Authorization}, 'Basic dXNlcjpwYXNz', 'Basic passes');
($seen) = app('/forward/whoami', bearer($p));
is($seen->{headers}{Authorization}, "Bearer $p->{access_token}", 'AuthPlatformForwardAuthorization on');
($seen) = app('/mail/whoami', bearer($p));
is($seen->{environment}{REMOTE_USER}, $u->{id}, 'AuthPlatformRemoteUser email: an unproven address is not used');
($seen) = app('/mail/whoami', bearer => bent_token($p, email_verified => JSON::true));
is($seen->{environment}{REMOTE_USER},  $p->{email}, 'a proven one is');
is($seen->{environment}{AUTH_USER_ID}, $u->{id},    'beside the id');

# AuthPlatformOptional: a public page that shows who is signed in.
($seen, $answer) = app('/optional/whoami');
is($answer->{status}, 200, 'signed out: public');
is($seen->{environment}{AUTH_USER_ID}, undef, 'nobody');
($seen, $answer) = app('/optional/whoami', bearer($p));
is($seen->{environment}{AUTH_USER_ID}, $u->{id}, 'signed in: known');
is($seen->{environment}{REMOTE_USER},  $u->{id}, 'REMOTE_USER too');
problem_is(request(GET => '/optional/whoami', bearer => 'a.b.c'), 401, 'token_invalid', 'a bad bearer there is told');
($seen, $answer) = app('/optional/whoami', cookies => { '__Host-authp_at' => 'a.b.c' });
is($answer->{status}, 200, 'a bad cookie counts as signed out');
is($seen->{environment}{AUTH_USER_ID}, undef, 'nobody');

# Unsafe or upgrading requests by cookie must come from the same origin.
my %cookie = (cookies => { '__Host-authp_at' => $p->{access_token} });
problem_is(request(POST => '/app/whoami', %cookie, body => ''), 403, 'origin_denied', 'POST by cookie without an origin');
problem_is(request(POST => '/app/whoami', %cookie, body => '', headers => { Origin => 'https://evil.example' }), 403, 'origin_denied', 'from another site');
is(request(POST => '/app/whoami', %cookie, body => '', headers => { Origin => origin() })->{status}, 200, 'from here');
is(request(POST => '/app/whoami', %cookie, body => '', headers => { 'Sec-Fetch-Site' => 'same-origin' })->{status}, 200, 'Sec-Fetch-Site: same-origin');
is(request(POST => '/app/whoami', bearer($p), body => '', headers => { Origin => 'https://evil.example' })->{status}, 200, 'a bearer is no cookie');
problem_is(request(GET => '/app/whoami', %cookie, headers => { Upgrade => 'websocket', Connection => 'Upgrade', Origin => 'https://evil.example' }),
    403, 'origin_denied', 'a WebSocket from another site');
is(request(GET => '/app/whoami', %cookie, headers => { Upgrade => 'websocket', Connection => 'Upgrade', Origin => origin() })->{status}, 200, 'from here it passes');
# BACKEND_CORS_ORIGINS names https://app.example.org: that front end may call the account routes, but not the apps.
for my $path ('/app/whoami', '/optional/whoami', '/proxied') {
    my %from = (Origin => 'https://app.example.org');
    problem_is(request(POST => $path, %cookie, body => '', headers => \%from), 403, 'origin_denied', "$path: POST from the front end of the settings");
    problem_is(request(GET => $path, %cookie, headers => { %from, Upgrade => 'websocket', Connection => 'Upgrade' }),
        403, 'origin_denied', "$path: a WebSocket from there");
    problem_is(request(POST => $path, %cookie, body => '', headers => { %from, 'Sec-Fetch-Site' => 'same-origin' }), 403, 'origin_denied',
        "$path: an Origin that is another counts, whatever Sec-Fetch-Site says");
    is(request(POST => $path, bearer($p), body => '', headers => \%from)->{status}, 200, "$path: by bearer it passes");
}
my $signed_in = api(POST => '/login', json => { email => $p->{email}, password => $p->{password} },
    headers => { 'X-Token-Delivery' => 'cookie', Origin => 'https://app.example.org' });
is($signed_in->{status}, 200, 'the account routes take that origin: sign-in');
my $own = jar_from($signed_in);
is(api(POST => '/logout', cookies => $own, headers => { Origin => 'https://app.example.org', 'X-CSRF-Token' => $own->{csrf_token} })->{status}, 200,
    'and sign-out');
done_testing;
