#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# The app of t/install on 127.0.0.1:8000. It answers every request with the request's header, so that a test sees what an app behind the
# guard gets.
use strict;
use warnings;
use IO::Socket::INET;

my $listen = IO::Socket::INET->new(Listen => 8, LocalAddr => '127.0.0.1', LocalPort => 8000, ReuseAddr => 1) or die "listen: $!\n";
while (my $client = $listen->accept) {
    my ($head, $length) = ('', 0);
    while (my $line = <$client>) {
        last if $line =~ /^\r?\n$/;
        $head .= $line;
        $length = $1 if $line =~ /^Content-Length: *([0-9]+)/i;
    }
    read $client, my $body, $length if $length;
    print {$client} "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ", length $head, "\r\n\r\n", $head;
    close $client;
}
