# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Mongo;
# A MongoDB-protocol server of one test's own, which the test can kill, freeze and start again on the same port, and a proxy in front of it
# that can be slow, cut connections or refuse them.
#   my $mongo = AuthPlatform::Mongo->new; $mongo->start; $mongo->freeze; $mongo->thaw; $mongo->kill9; $mongo->stop;
# new(backend => 'memory') keeps nothing over a restart; new(tls => [CERT, KEY]) accepts TLS only.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports ();
use File::Path          ();
use File::Temp          ();
use IO::Select;
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
        kill 'KILL', $proxy;
        waitpid $proxy, 0;
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

# From here on uri() names the proxy. Modes: pass, slow MS (each answer), cut (every connection, at the next bytes), refuse (closes accepted
# connections), hole (reads everything and never answers).
sub proxy {
    my ($self) = @_;
    my $listener = IO::Socket::INET->new(Listen => 128, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "proxy: $!\n";
    $self->{proxy_port} = $listener->sockport;
    $self->mode('pass');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        local $SIG{PIPE} = 'IGNORE';
        relay($self, $listener);
        POSIX::_exit(0);
    }
    $self->{proxy} = $pid;
    return $self;
}

sub mode {
    my ($self, $mode) = @_;
    AuthPlatform::Httpd::write_file("$self->{dir}/mode.new", $mode);
    rename "$self->{dir}/mode.new", "$self->{dir}/mode" or die "mode: $!\n";
    return;
}

sub relay {
    my ($self, $listener) = @_;
    my $parent = getppid;
    my (%peer, %is_server, @late);
    my $select = IO::Select->new($listener);
    while (getppid == $parent) {
        # The mode is read after the wait, so that data which arrives after mode() is treated as mode() says.
        my @ready = $select->can_read(0.01);
        my ($mode, $ms) = split ' ', AuthPlatform::Httpd::slurp("$self->{dir}/mode");
        for my $socket (@ready) {
            if ($socket == $listener) {
                my $client = $listener->accept or next;
                my $server = $mode eq 'refuse' ? undef
                    : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port}, Timeout => 1);
                next if !$server;    # $client is closed at the end of its scope
                @peer{ $client, $server } = ($server, $client);
                $is_server{$server} = 1;
                $select->add($client, $server);
                next;
            }
            my $other = $peer{$socket} or next;
            if ($mode eq 'cut' || $mode eq 'refuse' || !sysread $socket, my $bytes, 65536) {
                $select->remove($socket, $other);
                delete @peer{ $socket, $other };
                delete @is_server{ $socket, $other };
                close $_ for $socket, $other;
            }
            elsif ($mode eq 'hole') {
                next;
            }
            elsif ($mode eq 'slow' && $is_server{$socket}) {
                push @late, [time + $ms / 1000, $other, $bytes];
            }
            else {
                syswrite $other, $bytes;
            }
        }
        while (@late && $late[0][0] <= time) {
            my (undef, $to, $bytes) = @{ shift @late };
            syswrite $to, $bytes if $peer{$to};
        }
    }
    return;
}

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
