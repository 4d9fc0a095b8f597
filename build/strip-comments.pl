#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Prints C files without comments (with -s also with empty strings). Each line is "file:line:text".
use strict;
use warnings;

my $strings = @ARGV && $ARGV[0] eq '-s' ? shift : '';
for my $name (@ARGV) {
    open my $in, '<', $name or die "$name: $!\n";
    my $text = do { local $/; <$in> };
    close $in;
    # One alternation matches comments and strings, so that a quote in a comment, or a comment sign in a string, starts nothing.
    $text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:[^"\\\n]|\\.)*")|('(?:[^'\\\n]|\\.)+')}{
        defined $1 ? $1 =~ tr/\n//cdr || ' ' : defined $2 ? ($strings ? '""' : $2) : $3
    }gse;
    my $number = 0;
    print "$name:", ++$number, ":$_\n" for split /\n/, $text;
}
