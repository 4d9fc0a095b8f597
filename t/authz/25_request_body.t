# SPDX-License-Identifier: Apache-2.0
# A program behind the guard gets the request body, also from clients that send header and body separately.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib "$FindBin::Bin/../lib";
use AuthPlatform::Test;
use IO::Socket::INET;
use Test::More;
use Time::HiRes 'sleep';

my $p = person();
my ($host, $port) = origin() =~ m{//(.*):(\d+)};

# Sends one request in two parts on one connection. Returns the body of the answer, and whether a second request works on it.
sub in_two_parts {
    my ($path, $pause, $body, $more) = @_;
    my $socket = IO::Socket::INET->new(PeerAddr => $host, PeerPort => $port, Timeout => 10) or die "connect: $!";
    local $SIG{PIPE} = 'IGNORE';
    $socket->autoflush(1);
    my $common = "Host: $host:$port\r\nAuthorization: Bearer $p->{access_token}\r\n";
    print {$socket} "POST $path HTTP/1.1\r\n${common}${more}Content-Type: text/plain\r\n\r\n";
    sleep $pause;
    print {$socket} $body;
    sleep 0.02;
    print {$socket} "GET $path HTTP/1.1\r\n${common}Connection: close\r\n\r\n";
    local $/;
    my $all = <$socket> // '';
    return join ' ', $all =~ m{^HTTP/1\.1 (\d+)}mg;
}

for my $path ('/app/whoami', '/open/whoami') {
    for my $size (1, 1000, 300_000) {
        my $body = 'x' x $size;
        my @answers = map { in_two_parts($path, $_, $body, "Content-Length: $size\r\n") } (0, 0.02, 0.05, 0.1, 0.15) x 2;
        is("@answers", join(' ', ('200 200') x @answers), "$path: $size bytes behind the header");
    }
    is(in_two_parts($path, 0.1, "3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n"), '200 200', "$path: a chunked body");
}
done_testing;
