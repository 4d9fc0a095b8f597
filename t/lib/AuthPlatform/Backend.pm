# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Backend;
# A back end behind mod_proxy that is not httpd. It answers every request with the headers that it got, as JSON: {"headers": {...}}.
#   my $backend = AuthPlatform::Backend->start('BACKEND_PORT');
# The argument is the name of the port in t/conf/extra.conf.in. The back end ends with the test.
use strict;
use warnings FATAL => 'all';
use AuthPlatform::Test ();
use Exporter 'import';
use IO::Socket::INET;
use JSON  ();
use POSIX ();

our @EXPORT_OK = qw(backend_port);

sub backend_port {
    my ($define) = @_;
    my $file = AuthPlatform::Test::server_root() . '/conf/extra.conf';
    open my $conf, '<', $file or die "$file: $!\n";
    my ($port) = map { /^Define \Q$define\E (\d+)/ ? $1 : () } <$conf>;
    return $port // die "$file does not define $define\n";
}

sub start {
    my ($class, $define) = @_;
    my $port = backend_port($define);
    my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 16, ReuseAddr => 1) or die "listen: $!\n";
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        serve($listen);
        POSIX::_exit(0);
    }
    return bless { pid => $pid, owner => $$ }, $class;
}

sub serve {
    my ($listen) = @_;
    while (my $client = $listen->accept) {
        my %seen;
        <$client>;
        while (defined(my $line = <$client>)) {
            $line =~ s/\r?\n\z//;
            last if $line eq '';
            my ($name, $value) = split /: */, $line, 2;
            $seen{ join '-', map { ucfirst lc } split /-/, $name } = $value;
        }
        my $body = JSON->new->canonical->pretty->space_before(0)->encode({ headers => \%seen });
        print {$client} "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ", length $body, "\r\nConnection: close\r\n\r\n$body";
        close $client;
    }
    return;
}

sub DESTROY {
    my ($self) = @_;
    return if $self->{owner} != $$;
    local ($?, $!);
    kill 'TERM', $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

1;
