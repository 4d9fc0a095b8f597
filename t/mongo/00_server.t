# SPDX-License-Identifier: Apache-2.0
# Tests the harness of the outage tests: the server answers, freezes, dies and comes back with its data; the proxy is slow, cuts, refuses or
# does not answer; TLS works; and no process outlives its test. The tests use no driver, because a driver would retry by itself.
# Quiet: how long answers take.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Mongo;
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Test::More;
use Time::HiRes qw(sleep time);

# --- the protocol, as much as is needed: OP_MSG with one document ----------------------------------------------------
# bson(KEY => VALUE, ...): a number is an int32, a string a string, [BSON, ...] a list of documents.
sub bson {
    my @pairs = @_;
    my $body  = '';
    while (my ($key, $value) = splice @pairs, 0, 2) {
        if (ref $value) {
            my $list = join '', map { "\x03$_\0$value->[$_]" } 0 .. $#$value;
            $body .= "\x04$key\0" . pack('V', 5 + length $list) . "$list\0";
        }
        elsif ($value =~ /\A[0-9]+\z/) { $body .= "\x10$key\0" . pack 'V', $value }
        else                           { $body .= "\x02$key\0" . pack('V', 1 + length $value) . "$value\0" }
    }
    return pack('V', 5 + length $body) . "$body\0";
}

sub dial {
    my ($port) = @_;
    return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 2);
}

sub send_command {
    my ($socket, @command) = @_;
    my $document = bson(@command, '$db' => 'harness');
    local $SIG{PIPE} = 'IGNORE';
    return syswrite $socket, pack('V5', 21 + length $document, 1, 0, 2013, 0) . "\0$document";
}

# Reads one whole answer within SECONDS. Returns 'nothing' if none came in that time, or 'end' if the connection was closed.
sub answer {
    my ($socket, $seconds) = @_;
    my ($bytes, $end) = ('', time + $seconds);
    until (length $bytes >= 4 && length $bytes >= unpack 'V', $bytes) {
        my $left = $end - time;
        return 'nothing' if $left <= 0 || !IO::Select->new($socket)->can_read($left);
        return 'end' if !sysread $socket, $bytes, 65536, length $bytes;
    }
    return $bytes;
}

# Returns the number of that name in an answer, or what came in place of an answer.
sub number {
    my ($answer, $name) = @_;
    return unpack 'd<', $1 if $answer =~ /\x01\Q$name\E\0(.{8})/s;
    return unpack 'l<', $1 if $answer =~ /\x10\Q$name\E\0(.{4})/s;
    return length $answer > 16 ? "no $name" : $answer;
}

sub ask {
    my ($port, $name, @command) = @_;
    my $socket = dial($port) or return 'refused';
    send_command($socket, @command);
    return number(answer($socket, 5), $name);
}
sub ping { return ask($_[0], ok => (ping => 1)) }

sub gone_within {
    my ($seconds, $gone) = @_;
    my $end = time + $seconds;
    my $is;
    sleep 0.05 until ($is = $gone->()) || time > $end;
    return $is;
}

# --- it answers, stands still, dies, comes back ---------------------------------------------------------------------
my $mongo = AuthPlatform::Mongo->new->start;
my $port  = $mongo->{port};
is(ping($port), 1, 'the server answers');
is(ask($port, maxWireVersion => (isMaster => 1)), 8, 'and says which protocol it speaks');
is(ask($port, n => (insert => 'things', documents => [bson(_id => 1), bson(_id => 2)])), 2, 'takes documents');

my $waiting = dial($port);
$mongo->freeze;
send_command($waiting, ping => 1);
is(answer($waiting, 1), 'nothing', 'frozen: no answer');
ok(dial($port), 'frozen: but the kernel takes connections for it');
$mongo->thaw;
is(number(answer($waiting, 5), 'ok'), 1, 'thawed: the answer comes');

sleep 1.5;    # the server writes its file once a second
$mongo->kill9;
is(answer($waiting, 5), 'end', 'killed: connections end');
is(ping($port), 'refused', 'killed: none are taken');
$mongo->start;
is(ping($port), 1, 'started again: answers on the same port');
is(ask($port, n => (count => 'things')), 2, 'started again: has its documents');
is(AuthPlatform::Mongo->new(backend => 'memory')->start->{port} == $port, '', 'a second one has a port of its own');

# --- the proxy ------------------------------------------------------------------------------------------------------
my $by_way = $mongo->proxy->{proxy_port};
like($mongo->uri('?x'), qr{\Amongodb://127\.0\.0\.1:$by_way/\?x\z}, 'the proxy is what others are told of');
is(ping($by_way), 1, 'pass: passes');

sub timed_ping { my $from = time; my $said = ping($by_way); return ($said, time - $from) }
$mongo->mode('slow 400');
my ($said, $took) = timed_ping();
is($said, 1, 'slow: answers');
cmp_ok($took, '>=', 0.4, 'slow: after as long as was asked for');

$mongo->mode('pass');
my $line = dial($by_way);
send_command($line, ping => 1);
is(number(answer($line, 5), 'ok'), 1, 'a connection that is open');
$mongo->mode('hole');
send_command($line, ping => 1);
is(answer($line, 1), 'nothing', 'hole: what is sent on it is swallowed');
my $new = dial($by_way);
ok($new, 'hole: connections are taken');
send_command($new, ping => 1);
is(answer($new, 1), 'nothing', 'hole: and never answered');
$mongo->mode('pass');
is(answer($new, 0.5), 'nothing', 'hole: what was swallowed does not come later');

$mongo->mode('cut');
send_command($line, ping => 1);
is(answer($line, 5), 'end', 'cut: the open connection ends');
is(ping($by_way), 'end', 'cut: and new ones do');
$mongo->mode('refuse');
my $refused = dial($by_way);
is($refused ? answer($refused, 5) : 'end', 'end', 'refuse: ends at once, nothing sent');
$mongo->mode('pass');
is(ping($by_way), 1, 'pass: passes again');
($said, $took) = timed_ping();
cmp_ok($took, '<', 0.4, 'pass: as fast as before');

# --- TLS ------------------------------------------------------------------------------------------------------------
my $keys = File::Temp->newdir('authp-tls-XXXXXX', TMPDIR => 1);
system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
        . " -keyout $keys/key.pem -out $keys/cert.pem 2>$keys/said") == 0
    or BAIL_OUT('openssl: ' . AuthPlatform::Httpd::slurp("$keys/said"));
my $private = AuthPlatform::Mongo->new(backend => 'memory', tls => ["$keys/cert.pem", "$keys/key.pem"])->start;

# Returns the answer to a ping by Python's driver: "1.0", or the kind of error.
sub driver_ping {
    my ($options) = @_;
    my $program = 'import sys, pymongo, pymongo.errors' . "\n" . 'try: print(pymongo.MongoClient(sys.argv[1]).admin.command("ping")["ok"])'
        . "\n" . 'except pymongo.errors.ServerSelectionTimeoutError as e: print(e)' . "\n";
    open my $pipe, '-|', '/usr/bin/python3', '-c', $program, $private->uri("?serverSelectionTimeoutMS=3000$options")
        or die "python3: $!\n";
    local $/;
    my $heard = <$pipe>;
    close $pipe or die "python3: $heard\n";
    return $heard;
}
is(driver_ping("&tls=true&tlsCAFile=$keys/cert.pem"), "1.0\n", 'TLS: a client that trusts the certificate is served');
like(driver_ping('&tls=true'), qr/certificate verify failed/, 'TLS: one that does not goes away');
isnt(ping($private->{port}), 1, 'TLS: nobody is served without');

# --- nothing outlives its test --------------------------------------------------------------------------------------
for my $server ($mongo, $private) {
    my $pid = $server->{pid};
    $server->stop;
    ok(!kill(0, $pid) && !AuthPlatform::Mongo::answers($server->{port}), 'stopped: no process, no listener');
}
ok(gone_within(5, sub { !AuthPlatform::Mongo::answers($by_way) }), 'stopped: no proxy either');

my $asked = AuthPlatform::Mongo->new(backend => 'memory')->start;
kill 'TERM', $asked->{pid};
is(gone_within(10, sub { waitpid($asked->{pid}, POSIX::WNOHANG()) }), $asked->{pid}, 'SIGTERM ends it') and delete $asked->{pid};

pipe my $told, my $tell;
my $starter = fork // die "fork: $!\n";
if (!$starter) {
    my @servers = map { AuthPlatform::Mongo->new(backend => 'memory')->start } 1 .. 2;
    $servers[1]->proxy->freeze;
    print {$tell} join(' ', map({ ($_->{pid}, $_->{dir}) } @servers), $servers[1]{proxy}{pid}), "\n";
    close $tell;
    sleep 60;
    POSIX::_exit(1);
}
close $tell;
my ($running, $dir1, $frozen, $dir2, $relay) = split ' ', <$told> // '';
ok($relay && kill(0, $running, $frozen, $relay) == 3, 'another process has two servers and a proxy');
kill 'KILL', $starter;
waitpid $starter, 0;
my %what = ($running => 'its server', $frozen => 'its frozen server', $relay => 'its proxy');
# A container may have no init process that reads the status of orphans, so a process whose parent has ended may stay as a zombie.
sub zombie {
    my ($pid) = @_;
    open my $in, '<', "/proc/$pid/stat" or return 0;
    return (<$in> // '') =~ /\) Z /;
}
for my $pid ($running, $frozen, $relay) {
    ok(gone_within(10, sub { !kill(0, $pid) || zombie($pid) }), "killed: $what{$pid} is gone too");
}
File::Path::remove_tree($dir1, $dir2);
done_testing;
