# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Mongo;
# A MongoDB-protocol server of one test's own, which the test can kill, freeze and start again on the same port, and a proxy in front of it.
#   my $mongo = AuthPlatform::Mongo->new; $mongo->start; $mongo->freeze; $mongo->thaw; $mongo->kill9; $mongo->stop;
# new(backend => 'memory') keeps nothing over a restart; new(tls => [CERT, KEY]) accepts TLS only.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use AuthPlatform::Proxy ();
use File::Path          ();
use File::Temp          ();
use IO::Socket::INET;
use POSIX       ();
use Time::HiRes qw(sleep time);

my @all;

sub new {
    my ($class, %o) = @_;
    my $dir = File::Temp::tempdir('authp-mongo-XXXXXX', TMPDIR => 1);
    my $self = bless { port => AuthPlatform::Ports::free_port(), dir => $dir, backend => "$dir/data", owner => $$, %o }, $class;
    push @all, $self;
    return $self;
}

sub uri { my ($self, $more) = @_; return 'mongodb://127.0.0.1:' . ($self->{proxy_port} || $self->{port}) . '/' . ($more || '') }

sub start {
    my ($self) = @_;
    pipe my $alive_in, my $alive;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN,  '<&', $alive_in;
        open STDOUT, '>>', "$self->{dir}/said";
        open STDERR, '>&', \*STDOUT;
        close $alive;
        # The server ends when its standard input closes, but a frozen server does not notice that. So the kernel kills it when this process
        # ends.
        exec qw(setpriv --pdeathsig KILL java -XX:TieredStopAtLevel=1 -Xmx256m -cp), "$ENV{AUTHP_MONGO_LIB}/*",
            "$ENV{AUTHP_STAGE}/t/mongo/Server.java", @$self{qw(backend port)},
            ($self->{tls} ? ('--tls', @{ $self->{tls} }) : ()) or POSIX::_exit(127);
    }
    close $alive_in;
    @$self{qw(pid alive)} = ($pid, $alive);
    my $end = time + 30;
    until (answers($self->{port})) {
        die "the MongoDB-protocol server does not start\n" . AuthPlatform::Httpd::slurp("$self->{dir}/said")
            if time > $end || waitpid($pid, POSIX::WNOHANG());
        sleep 0.05;
    }
    return $self;
}

sub answers {
    my ($port) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 1);
    return $socket ? 1 : 0;
}

# Returns when none of its threads runs any more, because on a busy machine the signal takes some time.
sub freeze {
    my ($self) = @_;
    kill 'STOP', $self->{pid};
    for (1 .. 500) {
        my @running = grep { AuthPlatform::Httpd::slurp($_) =~ /^State:\s+[^Tt]/m } glob "/proc/$self->{pid}/task/*/status";
        return if !@running;
        sleep 0.01;
    }
    die "the MongoDB server cannot be stopped\n";
}

sub thaw { my ($self) = @_; kill 'CONT', $self->{pid}; return }

sub kill9 {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    close delete $self->{alive};
    return;
}

sub stop {
    my ($self) = @_;
    if (my $proxy = delete $self->{proxy}) {
        $proxy->stop;
    }
    my $pid = delete $self->{pid} or return;
    kill 'CONT', $pid;
    close delete $self->{alive};
    for (1 .. 100) {
        return if waitpid($pid, POSIX::WNOHANG());
        sleep 0.1;
    }
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

# From here on uri() names the proxy. mode() is its mode, see AuthPlatform::Proxy.
sub proxy {
    my ($self) = @_;
    $self->{proxy} = AuthPlatform::Proxy->new(to => $self->{port});
    $self->{proxy_port} = $self->{proxy}{port};
    return $self;
}

sub mode { my ($self, $mode) = @_; return $self->{proxy}->mode($mode) }

END {
    my $status = $?;
    for my $mongo (@all) {
        next if $mongo->{owner} != $$;
        $mongo->stop;
        File::Path::remove_tree($mongo->{dir});
    }
    $? = $status;
}

1;
