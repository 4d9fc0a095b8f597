# SPDX-License-Identifier: Apache-2.0
# Rows that need a server of their own: a store that is away or broken, a full gate, a single administrator.
#   unavailable(routes, person), busy(...), limited(...), broken(routes), alone() run their rows. `person` is an actor with a bearer token,
# which is signed again for these servers.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Contract;
use AuthPlatform::Httpd;
use AuthPlatform::Test;
use Digest::SHA 'sha256_hex';
use IO::Socket::INET;
use JSON ();
use POSIX ();
use Test::More;
use Time::HiRes 'sleep';

my ($AT, $RT) = cookie_names();
my $password = 'three calm words';

# A request to that server that is valid up to its store operation.
sub row_for {
    my ($httpd, $r, $person, $status, $code, $what) = @_;
    my %body = %{ $r->{body} || {} };
    $body{refresh_token} = $person->{refresh} if exists $body{refresh_token};
    my $token = resigned($person->{access}, "$httpd->{dir}/.env");
    return [$r->{route}, $status, $code, $what, at => "http://127.0.0.1:$httpd->{port}",
        (%body ? (json => \%body) : ()), ($r->{id} ? (id => $r->{id}) : ()),
        ($r->{route} eq 'GET /session/renew' ? (cookies => { $RT => $person->{refresh} }, check => sub { is(scalar keys %{ $_[0]{cookies} }, 0, 'cookies are kept') }) : ()),
        ($r->{needs} && $r->{needs} =~ /^(?:user|admin)$/ ? (as => { way => 'json', access => $token }) : ())];
}

sub sqlite { my ($httpd, $sql) = @_; return system('sqlite3', "$httpd->{dir}/state/auth_platform.db", $sql) == 0 || die "sqlite3: $sql" }

sub unavailable {
    my ($routes, $person) = @_;
    my $nobody = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!";
    my $port   = $nobody->sockport;
    close $nobody;
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=mongodb\nMONGODB_URI=mongodb://127.0.0.1:$port/\n")->start;
    holds(json => row_for($httpd, $_, $person, 503, 'store_unavailable', 'the store is away')) for grep { $_->{waits} } @$routes;
    holds(json => row_for($httpd, $_, $person, 200, undef, 'without the store too')) for grep { !$_->{waits} } @$routes;
    $httpd->stop;
    return;
}

# The gate has one place, and a request whose password takes seconds to hash holds it. Strangers then get 429 and others get 503 `busy`.
sub busy {
    my ($routes, $person) = @_;
    my $httpd = AuthPlatform::Httpd->new(settings => "BCRYPT_ROUNDS=16\n",
        limits => "ServerLimit 1\nStartServers 1\nThreadsPerChild 4\nMaxRequestWorkers 4\nMinSpareThreads 1\nMaxSpareThreads 4\n")->start;
    my $made = $httpd->api('/register', { email => 'ada@example.org', password => $password });
    my ($device) = map {/^(__Secure-authp_device)=([^;]+)/ ? { $1 => $2 } : ()} @{ $made->{headers}{'set-cookie'} };
    my $signs_in   = qr{^POST /(?:register|login|password/|email/verify$)};
    my @signing_in = grep { $_->{route} =~ $signs_in } @$routes;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        my $slow = $httpd->api('/login', { email => 'nobody@example.org', password => $password });
        POSIX::_exit($slow->{status} == 401 ? 0 : 1);
    }
    sleep 0.5;
    holds(json => row_for($httpd, $_, $person, 429, 'rate_limited', 'no place left for strangers')) for @signing_in;
    holds(json => [@{ row_for($httpd, $_, $person, 503, 'busy', 'no place left') }, cookies => $device]) for @signing_in;
    holds(json => row_for($httpd, $_, $person, 503, 'busy', 'no place left')) for grep { $_->{waits} && $_->{route} !~ $signs_in } @$routes;
    holds(json => row_for($httpd, $_, $person, 200, undef, 'needs no place')) for grep { !$_->{waits} } @$routes;
    is(waitpid($pid, POSIX::WNOHANG()), 0, 'all the while the one place was taken');
    waitpid $pid, 0;
    is($?, 0, 'by a sign-in that got its answer');
    $httpd->stop;
    return;
}

# An administrator on a server of its own, made there by the tool.
sub boss_of {
    my ($httpd) = @_;
    local $ENV{AUTHP_ENV_FILE} = "$httpd->{dir}/.env";
    for my $who (['boss@example.org', 'admin'], ['rec@example.org', 'recruiter', '--verified']) {
        my ($email, $role, @more) = @$who;
        my ($status, undef, $err) = cli([qw(user create --role), $role, '--email', $email, @more], "$password\n");
        is($status, 0, "$role, by the tool") or diag $err;
    }
    return $httpd->api('/login', { email => 'boss@example.org', password => $password })->{json};
}

# Clients that ask too often.
sub limited {
    my ($routes, $person) = @_;
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_LIMITS=on\nAUTH_LIMIT_ADDRESS=2/1h\n")->start;
    for my $path ('/login', '/refresh') {
        my %body = $path eq '/login' ? (email => 'nobody@example.org', password => $password) : (refresh_token => 'x');
        my ($tries, $status) = (0, 0);
        $status = $httpd->api($path, \%body)->{status} while $status != 429 && $tries++ < 1000;
        cmp_ok($tries, '>', 2, "$path: some are fine");
        is($status, 429, "$path: after $tries no more");
    }
    holds(json => row_for($httpd, $_, $person, 429, 'rate_limited', 'too often')) for grep { $_->{limited} } @$routes;
    holds(json => row_for($httpd, $_, $person, 401, 'token_revoked', 'is not limited')) for grep { $_->{needs} && $_->{needs} eq 'user' && !$_->{limited} } @$routes;
    $httpd->stop;
    return;
}

# A database that was damaged on purpose: first without a table for new sessions, then with sessions that cannot be read.
sub broken {
    my ($routes) = @_;
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=sqlite\n")->start;
    my %at    = (at => "http://127.0.0.1:$httpd->{port}");
    my $boss  = boss_of($httpd);
    my $ada   = $httpd->api('/register', { email => 'ada@example.org', password => $password })->{json};
    my $code  = $httpd->api('/recruiter/invites', { email => 'eve@example.org' }, bearer => $boss->{access_token})->{json}{code};
    sqlite($httpd, q{CREATE TRIGGER no_more BEFORE INSERT ON refresh_tokens BEGIN SELECT RAISE(ABORT, 'no'); END});
    my %sends = (
        '/register' => { email => 'new@example.org' }, '/register/recruiter' => { email => 'eve@example.org', invite_code => $code },
        '/login' => { email => 'boss@example.org' }, '/login/candidate' => { email => 'ada@example.org' }, '/login/recruiter' => { email => 'rec@example.org' },
    );
    holds(json => ["POST $_", 500, 'internal_error', 'a session cannot be stored', %at, json => { %{ $sends{$_} }, password => $password }]) for sort keys %sends;
    sqlite($httpd, q{UPDATE refresh_tokens SET salt = 'x'});
    my $person = { way => 'json', access => $boss->{access_token}, refresh => $boss->{refresh_token} };
    holds(json => row_for($httpd, $_, $person, 500, 'internal_error', 'sessions cannot be read')) for grep { $_->{waits} && $_->{needs} && $_->{needs} ne 'maybe' } @$routes;
    # Of an account with that address, and of a mail with a link whose token is that of routes.pl.
    $httpd->api('/register', { email => 'nobody@example.org', password => $password });
    my $hash = sha256_hex('A' x 43);
    sqlite($httpd, "UPDATE users SET identities = '{' WHERE email = 'nobody\@example.org'; INSERT INTO outbox VALUES"
            . " ('x', 'reset_password', 'x', '$hash', 'x', 0, 9e15, 0, NULL, 0, 0, 0, 0, 0, NULL, 0, 0, 9e15)");
    # A number that SQLite cannot compute.
    my $columns = join ', ', map { $_ eq 'min_ver' ? 'abs(-9223372036854775807 - 1) AS min_ver' : $_ } qw(id kind user_id token_hash box min_ver link_until used_at
        sealed due_at claim_until tries sent_at failed_at error created_at give_up_at expires_at);
    sqlite($httpd, "ALTER TABLE outbox RENAME TO mails; CREATE VIEW outbox AS SELECT $columns FROM mails");
    holds(json => row_for($httpd, $_, $person, 500, 'internal_error', 'an account and a mail cannot be read'))
        for grep { $_->{route} =~ m{^POST /(?:password/|email/verify$)} } @$routes;
    unlike($httpd->log, qr/exit signal|Assertion/, 'and nothing crashed');
    $httpd->stop;
    return;
}

sub alone {
    my $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=sqlite\n")->start;
    my $base  = "http://127.0.0.1:$httpd->{port}";
    my $in    = boss_of($httpd);
    my %as = (at => $base, as => { way => 'json', access => $in->{access_token} });
    holds(json => $_) for
        ['PATCH /users/{id}', 409, 'last_admin', 'disables themself', %as, id => $in->{user}{id}, json => { disabled => JSON::true() }],
        ['PATCH /users/{id}', 409, 'last_admin', 'takes their own role', %as, id => $in->{user}{id}, json => { roles => [] }],
        ['DELETE /users/{id}', 409, 'last_admin', 'deletes themself', %as, id => $in->{user}{id}],
        ['DELETE /me', 409, 'last_admin', 'by the other route', %as, json => { password => $password }],
        ['GET /users', 200, undef, 'and is one still', %as];

    # An account without a password, as one of an identity provider: the time of its latest sign-in counts.
    my $ada = $httpd->api('/register', { email => 'ada@example.org', password => $password })->{json};
    %as = (at => $base, as => { way => 'json', access => $ada->{access_token} });
    sqlite($httpd, "UPDATE users SET password_hash = NULL WHERE email = 'ada\@example.org'; UPDATE refresh_tokens SET auth_time = auth_time - 301000");
    holds(json => $_) for
        ['POST /me/password', 401, 'insufficient_user_authentication', 'signed in long ago', %as, json => { new_password => $password }],
        ['DELETE /me', 401, 'insufficient_user_authentication', 'signed in long ago', %as],
        ['POST /login', 401, 'invalid_credentials', 'no password to sign in with', at => $base, json => { email => 'ada@example.org', password => $password }];
    sqlite($httpd, 'UPDATE refresh_tokens SET auth_time = auth_time + 200000');
    holds(json => ['POST /me/password', 200, undef, 'signed in just now', %as, json => { new_password => $password }]);
    $httpd->stop;
    return;
}

1;
