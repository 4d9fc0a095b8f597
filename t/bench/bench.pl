#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# A guarded GET of a 1 KB file against the same GET unguarded, with one token and with 20,000: requests per second and CPU per
# request in interleaved rounds of one run (ratios, since machines differ), and instructions per request under callgrind, which
# are the same on a busy machine. Prints a table, writes JSON.
use strict;
use warnings FATAL => 'all';
use Digest::SHA 'hmac_sha256';
use File::Temp ();
use IO::Socket::INET;
use JSON::PP ();
use MIME::Base64 'encode_base64url', 'decode_base64url';
use POSIX ();
use Time::HiRes qw(sleep time);

my $quick  = $ENV{BENCH_QUICK};
my $tokens = $quick ? 2000 : 20000;
my $rounds = $quick ? 1 : 3;
my ($warm, $count) = $quick ? (200, 300) : (300, 1500);
my $dir = File::Temp::tempdir('authp-bench-XXXXXX', TMPDIR => 1, CLEANUP => 1);
my $json = JSON::PP->new->canonical;
my @user = $< ? () : ('setpriv', '--reuid', 'www-data', '--regid', 'www-data', '--clear-groups');
my $running;

sub put { my ($name, $text, $mode) = @_; open my $f, '>', "$dir/$name" or die "$name: $!"; print {$f} $text; close $f; chmod $mode // 0644, "$dir/$name"; return }

sub free_port {
    my $probe = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die "listen: $!";
    return $probe->sockport;
}
my $port = free_port();

my $secret = unpack 'H*', do { open my $r, '<:raw', '/dev/urandom' or die; my $b; read $r, $b, 24; $b };
mkdir "$dir/$_" for qw(htdocs state);
put('env', "JWT_SECRET_KEY=$secret\nAUTH_STATE_DIR=$dir/state\nBCRYPT_ROUNDS=4\nAUTH_LIMITS=off\nSECURE_COOKIES=false\n", 0600);
put('htdocs/file.bin', 'x' x 1024);
for my $kind (qw(plain guarded)) {
    my $load = $kind eq 'plain' ? '' : <<"END";
LoadModule auth_platform_module $dir/mod_auth_platform.so
AuthPlatformEnvFile $dir/env
<Location "/guarded">
    AuthType Platform
    AuthName bench
    Require role candidate
</Location>
END
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
StartServers 2
ServerLimit 2
ThreadLimit 64
ThreadsPerChild 64
MaxRequestWorkers 128
MinSpareThreads 64
MaxSpareThreads 128
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
DocumentRoot $dir/htdocs
Alias /guarded $dir/htdocs
<Directory />
    Require all granted
</Directory>
$load
END
}
system('cp', $ENV{AUTHP_MODULE}, "$dir/mod_auth_platform.so") == 0 or die "cp\n";
system('chown', '-R', 'www-data:www-data', $dir) if !$<;

sub start {
    my ($kind, @prefix) = @_;
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        open STDERR, '>', "$dir/stderr";
        my @how = grep({ /valgrind/ } @prefix) ? ('-X') : ('-DFOREGROUND');
        exec(@user, @prefix, '/usr/sbin/apache2', @how, '-f', "$dir/$kind.conf") or POSIX::_exit(127);
    }
    $running = $pid;
    for (1 .. 300) {
        return $pid if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
        die "httpd ended: see $dir/error_log\n" if waitpid($pid, POSIX::WNOHANG()) == $pid;
        sleep 0.1;
    }
    die "httpd does not listen\n";
}

sub stop { my ($pid) = @_; kill 'TERM', $pid; waitpid $pid, 0; undef $running; return }
END { if ($running) { kill 'TERM', $running; waitpid $running, 0 } }

# One connection, COUNT requests one after the other; every answer must be 200.
sub ask {
    my ($path, $list, $requests) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 60) or die "connect: $!";
    for my $i (0 .. $requests - 1) {
        my $token = @$list ? "Authorization: Bearer $list->[$i % @$list]\r\n" : '';
        print {$socket} "GET $path HTTP/1.1\r\nHost: 127.0.0.1\r\n$token\r\n";
        my ($status, $length) = (scalar <$socket>, 0);
        $status =~ / 200 / or die "$path: $status";
        while (defined(my $line = <$socket>)) {
            $length = $1 if $line =~ /^Content-Length: (\d+)/i;
            last if $line eq "\r\n";
        }
        my $body;
        read $socket, $body, $length;
    }
    return;
}

# A real token, then the same with another person in each, signed with the same key.
sub make_tokens {
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
    my @made;
    for my $i (1 .. $tokens) {
        $claims->{$_} = sprintf '%08x%016x', $claims->{iat}, $i for qw(sub sid);
        $claims->{jti} = sprintf '%024x', $i;
        my $text = "$head." . encode_base64url($json->encode($claims));
        push @made, "$text." . encode_base64url(hmac_sha256($text, $secret));
    }
    return \@made;
}

sub cpu_ticks {
    my ($parent) = @_;
    my $sum = 0;
    for my $stat (glob '/proc/[0-9]*/stat') {
        open my $f, '<', $stat or next;
        my $line = <$f> // next;
        my @field = split ' ', $line =~ s/^.*\) //r;
        $sum += $field[11] + $field[12] if $stat eq "/proc/$parent/stat" || $field[1] == $parent;
    }
    return $sum;
}

sub wrk {
    my ($pid, $path, $file) = @_;
    my $seconds = $quick ? 2 : 4;
    my $before = cpu_ticks($pid);
    my $pin = qx{nproc} > 1 ? 'taskset -c 1 ' : '';
    my $out = qx{TOKENS=$file ${pin}wrk -t1 -c16 -d${seconds}s -s t/bench/tokens.lua http://127.0.0.1:$port$path 2>&1};
    my $ticks = cpu_ticks($pid) - $before;
    my ($requests) = $out =~ /(\d+) requests in/ or die "wrk: $out";
    die "wrk saw errors: $out" if $out =~ /Non-2xx/;
    my ($rate) = $out =~ m{Requests/sec: *([\d.]+)};
    return ($rate, $ticks * 1e6 / POSIX::sysconf(POSIX::_SC_CLK_TCK()) / $requests);
}

sub median { my @s = sort { $a <=> $b } @_; return $s[@s / 2] }

my $pid  = start('guarded');
my $list = make_tokens();
put('one.txt', "$list->[0]\n");
put('many.txt', join "\n", @$list, '');
put('none.txt', '');
my @cases = (['unguarded', '/file.bin', 'none'], ['guarded, one token', '/guarded/file.bin', 'one'], ["guarded, $tokens tokens", '/guarded/file.bin', 'many']);
my (%rate, %cpu);
for my $round (1 .. $rounds) {
    for my $case (@cases) {
        my ($r, $c) = wrk($pid, $case->[1], "$dir/$case->[2].txt");
        push @{ $rate{ $case->[0] } }, $r;
        push @{ $cpu{ $case->[0] } }, $c;
    }
}
stop($pid);

# Instructions: the difference of a long and a short run of the same requests. First-seen tokens are new in each request.
sub instructions {
    my ($kind, $path, $tokens_used) = @_;
    my @total;
    for my $requests ($warm, $warm + $count) {
        unlink glob "$dir/cg.*";
        my $p = start($kind, 'valgrind', '--tool=callgrind', "--callgrind-out-file=$dir/cg.out", "--log-file=$dir/cg.log", '--vgdb=no');
        ask($path, $tokens_used, $requests);
        stop($p);
        open my $log, '<', "$dir/cg.log" or die "cg.log: $!";
        my ($collected) = join('', <$log>) =~ /Collected : (\d+)/ or die "callgrind collected nothing\n";
        push @total, $collected;
    }
    return int(($total[1] - $total[0]) / $count);
}
my %instructions = (
    'without the module'   => instructions('plain',   '/file.bin',         []),
    'unguarded'            => instructions('guarded', '/file.bin',         []),
    'guarded, one token'   => instructions('guarded', '/guarded/file.bin', [$list->[0]]),
    "guarded, $tokens tokens" => instructions('guarded', '/guarded/file.bin', $list),
);

my $base = $instructions{'without the module'};
printf "%-26s %12s %8s %12s %10s %12s %10s\n", '', 'requests/s', 'ratio', 'CPU us/req', 'more', 'instr/req', 'more';
my @rows;
for my $name ('without the module', map { $_->[0] } @cases) {
    my %row = (name => $name, instructions => $instructions{$name}, instructions_more => $instructions{$name} - $base);
    if ($rate{$name}) {
        my @ratios = map { $rate{$name}[$_] / $rate{unguarded}[$_] } 0 .. $rounds - 1;
        @row{qw(rate ratio cpu_us cpu_us_more)} = (median(@{ $rate{$name} }), median(@ratios), median(@{ $cpu{$name} }),
            median(map { $cpu{$name}[$_] - $cpu{unguarded}[$_] } 0 .. $rounds - 1));
        $row{$_} = 0 + sprintf '%.3f', $row{$_} for qw(rate ratio cpu_us cpu_us_more);
        printf "%-26s %12.0f %8.2f %12.1f %+10.1f %12d %+10d\n", $name, @row{qw(rate ratio cpu_us cpu_us_more instructions instructions_more)};
    }
    else {
        printf "%-26s %12s %8s %12s %10s %12d %+10d\n", $name, ('-') x 4, @row{qw(instructions instructions_more)};
    }
    push @rows, \%row;
}
my $commit = qx{git rev-parse --short HEAD 2>/dev/null} || "unknown\n";
chomp $commit;
my $file = "$ENV{BENCH_OUT}/guard.json";
open my $out, '>', $file or die "$file: $!";
print {$out} $json->pretty->encode({ commit => $commit, at => POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime), tokens => $tokens, rounds => $rounds, rows => \@rows });
close $out;
print "written to $file\n";
