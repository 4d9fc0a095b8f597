# SPDX-License-Identifier: Apache-2.0
# The connection to PostgreSQL is cut before a change reaches it, or after it did and before the answer is there. Nobody knows then whether
# it was done: it is never reported as done, never done twice, and the client can repeat the request.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib", "$FindBin::Bin/../cli/lib";
use AuthPlatform::Cli ();
use AuthPlatform::Httpd;
use AuthPlatform::Outage;
use AuthPlatform::Postgres;
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

my $pg = AuthPlatform::Postgres->new(settings => ['log_statement=all'])->start->proxy;
my $httpd;

sub host {
    my ($pooled) = @_;
    $httpd->stop if $httpd;
    $httpd = AuthPlatform::Httpd->new(settings => "AUTH_STORE=postgresql\nDATABASE_URL=" . $pg->uri . "\nAUTH_DB_SCHEMA=pooled_$pooled\n"
            . ($pooled ? "AUTH_DB_PREPARED=off\n" : ''), more => 'AuthPlatformRevocationMaxLag 60s')->start;
    is_ready();
    return;
}

sub is_ready {
    $httpd->wait_for(sub { $httpd->get('/api/auth/readyz')->{status} == 200 }, 'not ready') for 1 .. 4;
    return;
}

sub tool {
    my ($in, @args) = @_;
    my $answer = AuthPlatform::Cli::run(['--env-file', "$httpd->{dir}/.env", '--json', @args], stdin => $in);
    $answer->{status} == 0 or die "@args: $answer->{err}";
    return AuthPlatform::Cli::json($answer);
}

# Returns a text that is sent when a statement runs, but not when it is prepared.
sub name_of {
    my ($begins) = @_;
    my ($name) = $pg->said =~ /execute (authp_[0-9a-f]+): PREPARE \S+ \([^)]*\) AS \Q$begins\E/ or die "no statement begins with $begins\n";
    return "$name\\x00";
}

# Sends a request while the proxy loses the answer to one statement, or the statement.
sub unlucky {
    my ($how, $text, $ask, $name) = @_;
    $pg->mode("$how $text");
    my $answer = $ask->();
    ok($pg->{proxy}->is_done, "$name, $how: the connection was cut");
    is("$answer->{status} " . ($answer->{json}{code} // ''), '503 store_unavailable', "$name, $how: not reported as done") or diag explain $answer->{json};
    $pg->mode('pass');
    is_ready();
    return;
}

sub register { my ($person) = @_; return $httpd->api('/register', $person) }
sub refresh { my ($in) = @_; return $httpd->api('/refresh', { refresh_token => $in->{refresh_token} }) }
sub rows { my ($schema, $sql) = @_; return $pg->sql("SET search_path = $schema", $sql) }

for my $pooled (0, 1) {
    host($pooled);
    my $schema = "pooled_$pooled";
    # Each statement is prepared and run once on a connection, and the log has its name.
    my $first = register(someone())->{json};
    $first = refresh($first)->{json};
    $httpd->api('/logout', { refresh_token => $first->{refresh_token} });
    my $address = 'grace-0@example.org';
    my $boss = tool("a calm admin password\n", qw(user create --role admin --email), "boss$pooled\@example.org");
    my $code = tool('', qw(invite create --email), $address)->{code};
    is($httpd->api('/register/recruiter', { email => $address, password => 'three calm words', invite_code => $code })->{status}, 201, 'a recruiter');
    # Each change is a statement of its own. Through a pooler it is a transaction.
    my %begins = (account => qq{INSERT INTO "$schema".users}, rotation => qq{UPDATE "$schema".refresh_tokens SET generation},
        end => qq{UPDATE "$schema".refresh_tokens SET ended_at}, claim => qq{UPDATE "$schema".recruiter_invites SET used_at});
    my %text = map { $_ => $pooled ? "$begins{$_} ==> COMMIT" : name_of($begins{$_}) } keys %begins;

    for my $how (qw(hide lose late)) {
        my $done = $how eq 'hide' ? 0 : 1;

        my $person = someone();
        unlucky($how, $text{account}, sub { register($person) }, 'registration');
        is(rows($schema, "SELECT count(*) FROM users WHERE email = '$person->{email}'"), $done, "registration, $how: done or not, but once");
        is(register($person)->{status}, $done ? 409 : 201, "registration, $how: repeating it is safe");
        my $in = $httpd->api('/login', $person);
        is($in->{status}, 200, "registration, $how: signs in");
        is(rows($schema, "SELECT count(*) FROM users WHERE email = '$person->{email}'"), 1, "registration, $how: there is one account");

        my $token = $in->{json};
        my ($session) = rows($schema, "SELECT id || ' ' || generation FROM refresh_tokens WHERE user_id = '$token->{user}{id}' ORDER BY id DESC LIMIT 1");
        my ($id, $generation) = split / /, $session;
        unlucky($how, $text{rotation}, sub { refresh($token) }, 'rotation');
        is(rows($schema, "SELECT generation FROM refresh_tokens WHERE id = '$id'"), $generation + $done, "rotation, $how: done or not, but once");
        my $again = refresh($token);
        is($again->{status}, 200, "rotation, $how: the same token works again") or diag $again->{body};
        is($httpd->get('/page.txt', bearer => $again->{json}{access_token})->{status}, 200, "rotation, $how: the page is open");
        is(refresh($again->{json})->{status}, 200, "rotation, $how: the session goes on");

        my $out = $httpd->api('/login', $person)->{json};
        my $logout = sub { $httpd->api('/logout', { refresh_token => $out->{refresh_token} }) };
        unlucky($how, $text{end}, $logout, 'session end');
        is($logout->()->{status}, 200, "session end, $how: repeated");
        is(refresh($out)->{status}, 401, "session end, $how: it is over");
        is($httpd->get('/page.txt', bearer => $out->{access_token})->{status}, 401, "session end, $how: at the page too");

        my $grace = { email => "grace-$how\@example.org", password => 'three calm words' };
        $grace->{invite_code} = tool('', qw(invite create --email), $grace->{email})->{code};
        my $join = sub { $httpd->api('/register/recruiter', $grace) };
        unlucky($how, $text{claim}, $join, 'invite');
        my $joined = $join->();
        my $signed = $httpd->api('/login/recruiter', $grace);
        $signed = $httpd->api('/login/recruiter', { email => $grace->{email}, password => $grace->{password} }) if $signed->{json}{code};
        is(rows($schema, "SELECT count(*) FROM users WHERE email = '$grace->{email}'"), 1, "invite, $how: there is one account ($joined->{status})");
        is($signed->{status}, 200, "invite, $how: signs in") or diag $signed->{body};
        ok($signed->{json}{user}{is_recruiter_verified}, "invite, $how: a verified recruiter") or diag explain $joined->{json}, $signed->{json};
        is(rows($schema, "SELECT count(*) FROM recruiter_invites WHERE email = '$grace->{email}' AND used_at IS NOT NULL"), 1, "invite, $how: used once");
    }
    unlike($httpd->log, qr/exit signal|Assertion/, 'no crash');
}

# A server that lets everybody in and then answers nothing, such as one whose disk hangs. The first statements are the settings of the
# session: they have a time limit, too. The server ends after a minute.
my %says     = (client_encoding => 'UTF8', server_version => '16.1', in_hot_standby => 'off', default_transaction_read_only => 'off');
my $greeting = join '', pack('a N N', 'R', 8, 0), (map { pack 'a N Z* Z*', 'S', 6 + length($_ . $says{$_}), $_, $says{$_} } sort keys %says), pack('a N a', 'Z', 5, 'I');
my $listener = IO::Socket::INET->new(Listen => 16, LocalAddr => '127.0.0.1', LocalPort => 0) or die "listen: $!";
my $mute     = fork // die "fork: $!";
if (!$mute) {
    my ($until, $select, %greeted) = (time + 60, IO::Select->new($listener));
    while (time < $until) {
        for my $socket ($select->can_read(1)) {
            if ($socket == $listener) {
                $select->add($listener->accept);
            } elsif (!sysread $socket, my $bytes, 8192) {
                delete $greeted{$socket};
                $select->remove($socket);
                close $socket;
            } elsif (!$greeted{$socket}++) {
                syswrite $socket, $greeting;
            }
        }
    }
    POSIX::_exit(0);
}
my $mutely = AuthPlatform::Cli::folder();
AuthPlatform::Cli::env_file($mutely, AUTH_STORE => 'postgresql', DATABASE_URL => 'postgresql://authp:none@127.0.0.1:' . $listener->sockport . '/authp?sslmode=disable');
close $listener;
my $began  = time;
my $unheard = AuthPlatform::Cli::run(['--env-file', "$mutely/.env", qw(user list)]);
cmp_ok(time - $began, '<', 40, 'a server that greets and then is mute: the tool ends');
is($unheard->{status}, 1, '... status 1');
like($unheard->{err}, qr/^authplatform: AUTHP0203: store: cannot set up a connection: /m, '... says at what');
kill 'TERM', $mute;
waitpid $mute, 0;
done_testing;
