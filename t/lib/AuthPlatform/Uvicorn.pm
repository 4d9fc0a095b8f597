# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Uvicorn;
# One of the FastAPI apps of conf/demo/apps under uvicorn, on a loopback port, or on a Unix socket:
#   my $app = AuthPlatform::Uvicorn->new('ai');                            $app->{port}
#   my $app = AuthPlatform::Uvicorn->new('ai', socket => '/tmp/x.sock');
# The process ends with the object.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Httpd ();
use AuthPlatform::Ports 'free_port';
use AuthPlatform::Test ();
use File::Temp ();
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

sub new {
    my ($class, $app, %o) = @_;
    my $self = bless { app => $app, owner => $$, log => File::Temp->new, %o }, $class;
    $self->{port} = free_port() if !$self->{socket};
    my @where = $self->{socket} ? ('--uds', $self->{socket}) : ('--host', '127.0.0.1', '--port', $self->{port});
    $self->{pid} = fork // die "fork: $!\n";
    if (!$self->{pid}) {
        open STDOUT, '>', "$self->{log}";
        open STDERR, '>&', \*STDOUT;
        exec 'setpriv', '--pdeathsig', 'TERM', '/usr/bin/python3', '-B', '-m', 'uvicorn', "$app:app",
            '--app-dir', AuthPlatform::Test::stage() . '/conf/demo/apps', @where, '--log-level', 'warning' or POSIX::_exit(127);
    }
    my $end = time + 60;
    until ($self->is_up) {
        die "the app $app does not start: " . $self->said . "\n" if time > $end || waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
        sleep 0.1;
    }
    return $self;
}

sub is_up {
    my ($self) = @_;
    return -S $self->{socket} if $self->{socket};
    return defined IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{port});
}

sub said { my ($self) = @_; return AuthPlatform::Httpd::slurp("$self->{log}") }

sub DESTROY {
    my ($self) = @_;
    return if $$ != $self->{owner} || !$self->{pid};
    local ($?, $!);
    kill 'TERM', $self->{pid};
    for (1 .. 50) {
        return if waitpid($self->{pid}, POSIX::WNOHANG()) != 0;
        sleep 0.1;
    }
    kill 'KILL', $self->{pid}; # uvicorn waits for open connections
    waitpid $self->{pid}, 0;
    return;
}

1;
