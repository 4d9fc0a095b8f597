# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Proxy;
# A proxy of one's own on 127.0.0.1, in front of another port, that can be slow, cut connections or refuse them.
#   my $proxy = AuthPlatform::Proxy->new(to => PORT); $proxy->{port}; $proxy->mode('slow 100'); $proxy->stop;
# Modes:
#   pass
#   slow MS       each answer of the server comes so much later
#   cut           every connection, at the next bytes
#   refuse        closes accepted connections
#   hole          reads everything and never answers
#   lose TEXT     passes everything until a client sends bytes that contain TEXT. These reach the server. The connection is cut when the
#                 server has answered, and the answer is lost. From then on the mode is pass. TEXT is a regular expression, or two with
#                 " ==> " between them: the second one counts on a connection on which the first one has been sent
#   hide TEXT     the same, but the connection is cut before these bytes reach the server
#   late TEXT     the same as lose, but the client gets half of the answer
use strict;
use warnings FATAL => 'all';
use File::Path ();
use File::Temp ();
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(time);

my @all;

sub new {
    my ($class, %o) = @_;
    my $listener = IO::Socket::INET->new(Listen => 128, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1) or die "proxy: $!\n";
    my $self = bless { dir => File::Temp::tempdir('authp-proxy-XXXXXX', TMPDIR => 1), port => $listener->sockport, owner => $$, %o }, $class;
    $self->mode('pass');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        local $SIG{PIPE} = 'IGNORE';
        relay($self, $listener);
        POSIX::_exit(0);
    }
    $self->{pid} = $pid;
    push @all, $self;
    return $self;
}

sub mode {
    my ($self, $mode) = @_;
    my $file = "$self->{dir}/mode";
    open my $out, '>', "$file.new" or die "mode: $!\n";
    print {$out} $mode;
    close $out or die "mode: $!\n";
    rename "$file.new", $file or die "mode: $!\n";
    return;
}

sub mode_now {
    my ($self) = @_;
    open my $in, '<', "$self->{dir}/mode" or return '';
    local $/;
    return <$in> // '';
}

# Whether lose, hide or late has happened.
sub is_done { my ($self) = @_; return $self->mode_now eq 'pass' }

sub shut {
    my ($connections, $socket) = @_;
    my $peer = $connections->{peer};
    my $other = $peer->{$socket} or return;
    $connections->{select}->remove($socket, $other);
    delete @$peer{ $socket, $other };
    delete @{ $connections->{is_server} }{ $socket, $other };
    delete @{ $connections->{doomed} }{ $socket, $other };
    delete $connections->{armed}{$socket};
    close $_ for $socket, $other;
    return;
}

# True if the bytes are dealt with.
sub watch_for {
    my ($self, $connections, $socket, $bytes, $mode, $text) = @_;
    if ($connections->{is_server}{$socket}) {
        my $half = $connections->{doomed}{$socket} or return 0;
        syswrite $connections->{peer}{$socket}, substr $bytes, 0, length($bytes) / 2 if $half eq 'late';
        shut($connections, $socket);
        return 1;
    }
    return 0 if $mode !~ /^(?:lose|hide|late)$/;
    my ($first, $then) = split / ==> /, $text;
    if ($then && !$connections->{armed}{$socket}) {
        $connections->{armed}{$socket} = $bytes =~ /$first/;
        return 0;
    }
    return 0 if $bytes !~ /${\($then || $first)}/;
    $connections->{armed} = {};
    $self->mode('pass');
    if ($mode eq 'hide') {
        shut($connections, $socket);
        return 1;
    }
    $connections->{doomed}{ $connections->{peer}{$socket} } = $mode;
    return 0;
}

sub take {
    my ($self, $listener, $mode, $connections) = @_;
    my $client = $listener->accept or return;
    my $server = $mode eq 'refuse' ? undef : IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $self->{to}, Timeout => 1);
    return if !$server;    # $client is closed at the end of its scope
    @{ $connections->{peer} }{ $client, $server } = ($server, $client);
    $connections->{is_server}{$server} = 1;
    $connections->{select}->add($client, $server);
    return;
}

sub relay {
    my ($self, $listener) = @_;
    my $parent = getppid;
    my @late;
    my $select = IO::Select->new($listener);
    my %connections = (select => $select, peer => {}, is_server => {}, doomed => {}, armed => {});
    while (getppid == $parent) {
        # The mode is read after the wait, so that data which arrives after mode() is treated as mode() says.
        my @ready = $select->can_read(0.01);
        for my $socket (@ready) {
            my ($mode, $value) = split ' ', $self->mode_now, 2;
            if ($socket == $listener) {
                $self->take($listener, $mode, \%connections);
                next;
            }
            my $other = $connections{peer}{$socket} or next;
            if ($mode eq 'cut' || $mode eq 'refuse' || !sysread $socket, my $bytes, 65536) {
                shut(\%connections, $socket);
            }
            elsif ($mode eq 'hole' || $self->watch_for(\%connections, $socket, $bytes, $mode, $value)) {
                next;
            }
            elsif ($mode eq 'slow' && $connections{is_server}{$socket}) {
                push @late, [time + $value / 1000, $other, $bytes];
            }
            else {
                syswrite $other, $bytes;
            }
        }
        while (@late && $late[0][0] <= time) {
            my (undef, $to, $bytes) = @{ shift @late };
            syswrite $to, $bytes if $connections{peer}{$to};
        }
    }
    return;
}

sub stop {
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'KILL', $pid;
    waitpid $pid, 0;
    return;
}

END {
    my $status = $?;
    for my $proxy (@all) {
        next if $proxy->{owner} != $$;
        $proxy->stop;
        File::Path::remove_tree($proxy->{dir});
    }
    $? = $status;
}

1;
