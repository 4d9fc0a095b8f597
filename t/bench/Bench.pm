# SPDX-License-Identifier: Apache-2.0
package Bench;
# An httpd of the benchmark's own, with or without a module that guards /guarded (and never /open, which has the same files); tokens to
# send; and the cost of a request: CPU time by wrk, instructions by callgrind, memory from /proc.
use strict;
use warnings FATAL => 'all';
use Digest::SHA 'hmac_sha256';
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 'encode_base64url', 'decode_base64url';
use POSIX ();
use Time::HiRes qw(sleep);

our $dir = File::Temp::tempdir('authp-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1);
our $openidc = '/usr/lib/apache2/modules/mod_auth_openidc.so';
my $json = JSON::PP->new->canonical;
my @user = $< ? () : ('setpriv', '--reuid', 'www-data', '--regid', 'www-data', '--clear-groups');
my $pinned = qx{nproc} > 1;
my $secret = unpack 'H*', do { open my $r, '<:raw', '/dev/urandom' or die; my $b; read $r, $b, 24; $b };
my $port = do { my $probe = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!"; $probe->sockport };
my $running;

sub put { my ($name, $text, $mode) = @_; open my $f, '>', "$dir/$name" or die "$name: $!"; print {$f} $text; close $f; chmod $mode // 0644, "$dir/$name"; return }

# Returns the text of a file, "" if it is gone.
sub slurp { my ($path) = @_; open my $in, '<', $path or return ''; local $/; return <$in> // '' }

# There is one child, so a token that was sent once is known to all children.
sub configure {
    my ($kind, $load) = @_;
    my $modules = join '', map { "LoadModule ${_}_module /usr/lib/apache2/modules/mod_$_.so\n" } qw(mpm_event authn_core authz_core authz_user alias);
    put("$kind.conf", <<"END");
ServerRoot $dir
ServerName 127.0.0.1
Listen 127.0.0.1:$port
PidFile $dir/pid
DefaultRuntimeDir $dir
Mutex file:$dir default
ErrorLog $dir/error_log
LogLevel warn
$modules
StartServers 1
ServerLimit 1
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 64
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot $dir/htdocs
Alias /open $dir/htdocs
Alias /guarded $dir/htdocs
<Directory />
    AllowOverride None
    Require all granted
</Directory>
<Location "/open">
    Require all granted
</Location>
$load
END
    return;
}

sub set_up {
    my ($cache) = @_;
    mkdir "$dir/$_" for qw(htdocs state);
    put('env', "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/state\nBCRYPT_ROUNDS=4\nAUTH_LIMITS=off\nSECURE_COOKIES=false\n", 0600);
    put('htdocs/file.bin', 'x' x 1024);
    configure(plain => '');
    configure(guarded => <<"END");
LoadModule auth_platform_module $dir/mod_auth_platform.so
AuthPlatformEnvFile $dir/env
AuthPlatformTokenCache $cache
<Location "/guarded">
    AuthType Platform
    AuthName bench
    Require role candidate
</Location>
END
    system('cp', $ENV{AUTHP_MODULE}, "$dir/mod_auth_platform.so") == 0 or die "cp\n";
    system('chown', '-R', 'www-data:www-data', $dir) if !$<;
    return;
}

# mod_auth_openidc as an OAuth 2.0 resource server: it verifies the same bearer tokens with the same key, which it finds by the key's id.
sub configure_openidc {
    my ($token) = @_;
    my ($kid) = decode_base64url($token =~ s/\..*//r) =~ /"kid":"([^"]+)"/ or die "no kid\n";
    configure(openidc => <<"END");
LoadModule auth_openidc_module $openidc
OIDCCryptoPassphrase bench
OIDCOAuthVerifySharedKeys plain#$kid#$secret
OIDCOAuthRemoteUserClaim sub
<Location "/guarded">
    AuthType oauth20
    Require claim roles:candidate
</Location>
END
    return;
}

# The live table is cold at first. Until it is warm, guarded requests ask the store.
sub ready {
    my ($kind) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or return 0;
    return 1 if $kind ne 'guarded';
    print {$socket} "GET /api/auth/readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    return (scalar(<$socket>) // '') =~ / 200 /;
}

sub start {
    my ($kind, @prefix) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDERR, '>', "$dir/stderr";
        my $traced = grep { /valgrind/ } @prefix;
        exec(@user, ($pinned && !$traced ? qw(taskset -c 0) : ()), @prefix, '/usr/sbin/apache2', $traced ? '-X' : '-DFOREGROUND', '-f', "$dir/$kind.conf")
            or POSIX::_exit(127);
    }
    $running = $pid;
    for (1 .. 300) {
        return $pid if ready($kind);
        die "httpd ended: see $dir/error_log\n" . qx{cat $dir/stderr $dir/error_log} if waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.1;
    }
    die "httpd is not ready\n";
}

sub stop { my ($pid) = @_; kill 'TERM', $pid; waitpid $pid, 0; undef $running; return }
END { my $status = $?; if ($running) { kill 'TERM', $running; waitpid $running, 0 } $? = $status }

# Sends $requests requests one after the other on one connection, with the tokens of the list in turn, beginning at $first. Every answer
# must have the status $expected.
sub ask {
    my ($path, $list, $requests, $expected, $first) = @_;
    ($expected, $first) = ($expected // 200, $first // 0);
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 60) or die "connect: $!";
    for my $i (0 .. $requests - 1) {
        print {$socket} "GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer $list->[($first + $i) % @$list]\r\n\r\n";
        my ($status, $length) = (scalar <$socket>, 0);
        $status =~ / $expected / or die "$path: $status";
        while (defined(my $line = <$socket>)) {
            $length = $1 if $line =~ /^Content-Length: (\d+)/i;
            last if $line eq "\r\n";
        }
        my $body;
        read $socket, $body, $length;
    }
    return;
}

# Makes a real token, and copies of it for other accounts that are signed with the same key.
sub make_tokens {
    my ($count) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "connect: $!";
    my $body = '{"email":"bench@example.org","password":"correct horse","name":"A Bench"}';
    print {$socket} "POST /api/auth/register HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ",
        length $body, "\r\n\r\n$body";
    local $/;
    my $answer = <$socket>;
    my ($real) = $answer =~ /"access_token":"([^"]+)"/ or die "no token\n";
    my ($head, $payload) = split /\./, $real;
    my $claims = $json->decode(decode_base64url($payload));
    $claims->{exp} += 86400;
    $claims->{$_} = '0' x 24 for qw(sub sid jti);
    my $text = $json->encode($claims);
    my @made;
    for my $i (1 .. $count) {
        my $id = sprintf '%08x%016x', $claims->{iat}, $i;
        my $signed = "$head." . encode_base64url($text =~ s/0{24}/$id/gr);
        push @made, "$signed." . encode_base64url(hmac_sha256($signed, $secret));
    }
    return @made;
}

# Returns the microseconds that httpd has run, and how many of them outside of the kernel.
sub cpu_time {
    my ($parent) = @_;
    my ($all, $user) = (0, 0);
    for my $pid ($parent, split ' ', slurp("/proc/$parent/task/$parent/children")) {
        my @field = split ' ', slurp("/proc/$pid/stat") =~ s/^.*\) //sr;
        $user += ($field[11] // 0) * 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK());
        $all += ((split ' ', slurp($_))[0] // 0) / 1000 for glob "/proc/$pid/task/*/schedstat";
    }
    return ($all, $user);
}

# Returns {rate => requests a second, requests, cpu and user => microseconds of httpd for all of them}: 16 connections, with the tokens of
# the file in turn.
sub wrk {
    my ($pid, $path, $file, $seconds) = @_;
    my ($cpu, $user) = cpu_time($pid);
    my $pin = $pinned ? 'taskset -c 1 ' : '';
    my $out = qx{TOKENS=$dir/$file ${pin}wrk -t1 -c16 -d${seconds}s -s t/bench/tokens.lua http://127.0.0.1:$port$path 2>&1};
    my ($cpu_then, $user_then) = cpu_time($pid);
    my ($requests) = $out =~ /(\d+) requests in/ or die "wrk: $out";
    die "wrk saw errors: $out" if $out =~ /Non-2xx|Socket errors/;
    my ($rate) = $out =~ m{Requests/sec: *([\d.]+)};
    return { rate => $rate, requests => $requests, cpu => $cpu_then - $cpu, user => $user_then - $user };
}

# Returns the instructions of one request after WARM others: the difference between a long run and a short one. Only the work of worker
# threads for connections counts, because the live table's poll once a second would count more on a slow machine. Counting begins at a
# request that is answered with 404, because the number of requests until httpd is ready varies.
sub instructions {
    my ($kind, $path, $tokens, $warm, $count) = @_;
    my @only = qw(--toggle-collect=ap_run_process_connection --zero-before=ap_send_error_response);
    my @total;
    for my $requests (20, 20 + $count) {
        unlink glob "$dir/cg.*";
        my $p = start($kind, qw(valgrind --tool=callgrind --vgdb=no), @only, "--callgrind-out-file=$dir/cg.out", "--log-file=$dir/cg.log");
        ask($path, $tokens, $warm);
        ask('/nothing', $tokens, 1, 404);
        ask($path, $tokens, $requests, 200, $warm);
        stop($p);
        open my $out, '<', "$dir/cg.out" or die "cg.out: $!";
        my ($collected) = join('', <$out>) =~ /^totals: (\d+)/m or die "callgrind collected nothing\n";
        push @total, $collected;
    }
    return int(($total[1] - $total[0]) / $count);
}

# Returns the kilobytes of the one child: {anonymous => written to, pss => with its share of shared memory}.
sub memory {
    my ($parent) = @_;
    my ($child) = split ' ', slurp("/proc/$parent/task/$parent/children");
    my %of;
    for (["/proc/$child/status", qr/^RssAnon:\s+(\d+)/m, 'anonymous'], ["/proc/$child/smaps_rollup", qr/^Pss:\s+(\d+)/m, 'pss']) {
        my ($file, $pattern, $name) = @$_;
        ($of{$name}) = slurp($file) =~ $pattern;
    }
    return \%of;
}

1;
