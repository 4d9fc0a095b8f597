# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Ports;
# TCP ports for the servers of tests. Several runs and tests may ask at once and never get the same port: each stretch of ports is held by a
# Unix socket in Linux's abstract name space, which the kernel gives to one process and frees when that process ends. All ports lie below
# those that the kernel assigns itself (32768 and higher), so no client's connection takes one between its choice and the start of a server,
# or while a server restarts.
#   my $port = free_port();    my $first = free_stretch();    # first of STRETCH ports
use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use IO::Socket::INET;
use IO::Socket::UNIX;
use Socket 'SOCK_STREAM';

our @EXPORT_OK = qw(free_port free_stretch STRETCH);
use constant { STRETCH => 20, LOWEST => 10_000, STRETCHES => 1100 };

my @held;           # sockets that hold this process's stretches
my @left;           # ports of them that free_port() can still give out
my $left_of = 0;    # the process that they belong to

sub is_free {
    my ($port) = @_;
    return defined IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => $port, ReuseAddr => 1);
}

# rand() is not used: a test that repeats a history by its seed must get the same numbers however many stretches were taken.
sub free_stretch {
    open my $random, '<:raw', '/dev/urandom' or die "urandom: $!\n";
    for (1 .. 5000) {
        read $random, my $bytes, 4;
        my $first = LOWEST + STRETCH * (unpack('N', $bytes) % STRETCHES);
        my $hold  = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => "\0authp-test-ports-$first", Listen => 1) or next;
        next if grep { !is_free($_) } $first .. $first + STRETCH - 1;
        push @held, $hold;
        return $first;
    }
    die "no free ports\n";
}

# A forked process takes a stretch of its own.
sub free_port {
    ($left_of, @left) = $$ if $left_of != $$;
    for (1 .. 100) {
        if (!@left) {
            my $first = free_stretch();
            @left = $first .. $first + STRETCH - 1;
        }
        my $port = shift @left;
        return $port if is_free($port);
    }
    die "no free port\n";
}

1;
