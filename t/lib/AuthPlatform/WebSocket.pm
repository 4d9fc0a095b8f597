# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::WebSocket;
# A WebSocket client that can send any header, with as much of RFC 6455 as the tests need: short text messages.
#   my $chat = AuthPlatform::WebSocket->new($port, '/ws/chat', Authorization => "Bearer $token");
#   $chat->{status} is 101, or that of the refusal; $chat->say('text'); $chat->hear is the next message, or undef if the other end closed.
use strict;
use warnings FATAL => 'all';
use IO::Socket::INET;
use MIME::Base64 ();

sub new {
    my ($class, $port, $path, %headers) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, Timeout => 20) or die "connect: $!\n";
    my $key = MIME::Base64::encode_base64(join('', map { chr int rand 256 } 1 .. 16), '');
    print {$socket} "GET $path HTTP/1.1\r\nHost: 127.0.0.1:$port\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: $key\r\n", (map {"$_: $headers{$_}\r\n"} sort keys %headers), "\r\n";
    my $self = bless { socket => $socket, head => '' }, $class;
    local $SIG{ALRM} = sub { die "no answer to the WebSocket's request\n" };
    alarm 60;
    while ($self->{head} !~ /\r\n\r\n\z/ && sysread $socket, my $byte, 1) { $self->{head} .= $byte }
    alarm 0;
    ($self->{status}) = $self->{head} =~ m{^HTTP/1\.1 (\d+)};
    return $self;
}

sub say {
    my ($self, $text) = @_;
    my @mask = map { int rand 256 } 1 .. 4;
    my $at   = 0;
    my $masked = join '', map { chr(ord($_) ^ $mask[$at++ % 4]) } split //, $text;
    return print { $self->{socket} } pack('CC', 0x81, 0x80 | length $text), pack('C4', @mask), $masked;
}

sub read_bytes {
    my ($self, $wanted) = @_;
    my $bytes = '';
    while (length $bytes < $wanted) {
        sysread $self->{socket}, $bytes, $wanted - length $bytes, length $bytes or return;
    }
    return $bytes;
}

sub hear {
    my ($self) = @_;
    local $SIG{ALRM} = sub { die "no message\n" };
    alarm 60;
    my ($kind, $length) = unpack 'CC', $self->read_bytes(2) // return;
    $length = unpack 'n', $self->read_bytes(2) if $length == 126;
    my $text = $length ? $self->read_bytes($length) : '';
    alarm 0;
    return ($kind & 15) == 8 ? undef : $text;
}

1;
