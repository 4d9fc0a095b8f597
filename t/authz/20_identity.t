# SPDX-License-Identifier: Apache-2.0
# What an app learns, and what a client cannot make it believe.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use IO::Socket::INET;
use JSON ();
use Test::More;

# A back end of another make behind mod_proxy: answers what it was sent, as JSON.
open my $conf, '<', server_root() . '/conf/extra.conf' or die "extra.conf: $!";
my ($backend_port) = map { /^Define BACKEND_PORT (\d+)/ ? $1 : () } <$conf>;
my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $backend_port, Listen => 16, ReuseAddr => 1) or die "listen: $!";
my $backend = fork // die "fork: $!";
if (!$backend) {
    while (my $client = $listen->accept) {
        my %seen;
        <$client>;
        while (defined(my $line = <$client>)) {
            $line =~ s/\r?\n\z//;
            last if $line eq '';
            my ($name, $value) = split /: */, $line, 2;
            $seen{ join '-', map { ucfirst lc } split /-/, $name } = $value;
        }
        my $body = JSON->new->canonical->pretty->space_before(0)->encode({ headers => \%seen });
        print {$client} "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ", length $body, "\r\nConnection: close\r\n\r\n$body";
        close $client;
    }
    require POSIX;
    POSIX::_exit(0);
}
close $listen;
END { kill 'TERM', $backend if $backend }

my $p = person(name => 'Zoë "Q" 日本');
my $u = $p->{user};
sub app { my ($path, @rest) = @_; my $a = request(GET => $path, @rest); return ($a->{json}, $a) }

my ($seen, $answer) = app('/app/whoami', bearer($p));
is($answer->{status}, 200, 'the app answers');
my ($env, $headers) = @{$seen}{qw(environment headers)};
is($env->{REMOTE_USER},  $u->{id},     'REMOTE_USER is the user id');
is($env->{AUTH_USER_ID}, $u->{id},     'AUTH_USER_ID');
is($env->{AUTH_EMAIL},   $p->{email},  'AUTH_EMAIL');
is($env->{AUTH_ROLES},   'candidate',  'AUTH_ROLES');
like($env->{AUTH_SESSION_ID}, qr/^[0-9a-f]{24}$/, 'AUTH_SESSION_ID');
ok(length $env->{AUTH_NAME}, 'AUTH_NAME');
is($headers->{'X-Auth-User-Id'}, $u->{id},    'X-Auth-User-Id');
is($headers->{'X-Auth-Email'},   $p->{email}, 'X-Auth-Email');
is($headers->{'X-Auth-Roles'},   'candidate', 'X-Auth-Roles');
is($headers->{'X-Auth-Session-Id'}, $env->{AUTH_SESSION_ID}, 'X-Auth-Session-Id');
is($headers->{'X-Auth-Name'}, 'Zo%C3%AB "Q" %E6%97%A5%E6%9C%AC', 'X-Auth-Name, percent-encoded');
is($headers->{Authorization}, undef, 'the accepted token does not reach the app');

# A proxied back end sees the same headers.
($seen) = app('/proxied', bearer($p), headers => { Connection => 'close, X-Auth-User-Id, x-auth-roles' });
is($seen->{headers}{'X-Auth-User-Id'}, $u->{id},    'through a proxy: X-Auth-User-Id, though Connection named it');
is($seen->{headers}{'X-Auth-Roles'},   'candidate', 'and X-Auth-Roles');
is($seen->{headers}{Authorization},    undef,       'no token');

# Spoofed copies, in every spelling, guarded or not.
my @names = map { my $n = $_; ($n, lc $n, uc $n, $n =~ s/-/_/gr, $n =~ s/-(?=[^-]*$)/_/r) }
    qw(X-Auth-User-Id X-Auth-Email X-Auth-Name X-Auth-Roles X-Auth-Session-Id);
for my $path ('/app/whoami', '/optional/whoami', '/proxied', '/open/whoami') {
    for my $name (@names) {
        my ($host, $port) = origin() =~ m{//(.*):(\d+)};
        my $raw = raw_request("GET $path HTTP/1.1\r\nHost: $host:$port\r\n$name: spoofed\r\nAuthorization: Bearer $p->{access_token}\r\n"
                . "Connection: close\r\n\r\n");
        like($raw, qr{^HTTP/1.1 200}, "$path answers") if $name eq $names[0];
        unlike($raw, qr/spoofed/, "$path: $name from a client is gone");
    }
}
my ($host, $port) = origin() =~ m{//(.*):(\d+)};
for my $value ('X-Auth-Roles', 'close, x_auth_roles', 'X-AUTH-ROLES , keep-alive', 'close,,X-Auth-Roles,X-Auth-Email') {
    my $raw = raw_request("GET /proxied HTTP/1.1\r\nHost: $host:$port\r\nAuthorization: Bearer $p->{access_token}\r\nConnection: $value\r\n"
            . "Connection: close\r\n\r\n");
    like($raw, qr/"X-Auth-Roles": "candidate"/, "Connection: $value strips nothing of ours");
}

# Our cookies never reach an app; others do.
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

# Another scheme's header is left alone; ours is forwarded where a location says so.
($seen) = app('/open/whoami', headers => { Authorization => 'Basic dXNlcjpwYXNz' });
is($seen->{headers}{Authorization}, 'Basic dXNlcjpwYXNz', 'Basic passes');
($seen) = app('/forward/whoami', bearer($p));
is($seen->{headers}{Authorization}, "Bearer $p->{access_token}", 'AuthPlatformForwardAuthorization on');
($seen) = app('/mail/whoami', bearer($p));
is($seen->{environment}{REMOTE_USER}, $u->{id}, 'AuthPlatformRemoteUser email: an unproven address is not used');
($seen) = app('/mail/whoami', bearer => bent_token($p, email_verified => JSON::true));
is($seen->{environment}{REMOTE_USER},  $p->{email}, 'a proven one is');
is($seen->{environment}{AUTH_USER_ID}, $u->{id},    'beside the id');

# Optional: a public page that knows who is there.
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

# Cookies on unsafe or upgrading requests: the same origin, or nothing.
my %cookie = (cookies => { '__Host-authp_at' => $p->{access_token} });
problem_is(request(POST => '/app/whoami', %cookie, body => ''), 403, 'origin_denied', 'POST by cookie without an origin');
problem_is(request(POST => '/app/whoami', %cookie, body => '', headers => { Origin => 'https://evil.example' }), 403, 'origin_denied', 'from another site');
is(request(POST => '/app/whoami', %cookie, body => '', headers => { Origin => origin() })->{status}, 200, 'from here');
is(request(POST => '/app/whoami', %cookie, body => '', headers => { 'Sec-Fetch-Site' => 'same-origin' })->{status}, 200, 'Sec-Fetch-Site: same-origin');
is(request(POST => '/app/whoami', bearer($p), body => '', headers => { Origin => 'https://evil.example' })->{status}, 200, 'a bearer is no cookie');
problem_is(request(GET => '/app/whoami', %cookie, headers => { Upgrade => 'websocket', Connection => 'Upgrade', Origin => 'https://evil.example' }),
    403, 'origin_denied', 'a WebSocket from another site');
is(request(GET => '/app/whoami', %cookie, headers => { Upgrade => 'websocket', Connection => 'Upgrade', Origin => origin() })->{status}, 200, 'from here it passes');
done_testing;
