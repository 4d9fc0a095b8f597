#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Makes the C source of the list of common passwords: build/passwords.pl LIST > FILE.c
# The words are sorted for a binary search. They are one array of bytes and an array of offsets, not an array of pointers. So nothing must
# be relocated at a start, and all processes share the pages.
use strict;
use warnings FATAL => 'all';

my $list = $ARGV[0] or die "build/passwords.pl LIST\n";
open my $in, '<:raw', $list or die "$list: $!\n";
my %words;
while (my $word = <$in>) {
    chomp $word;
    $word =~ /\A[\x20-\x40\x5b-\x7e]{8,72}\z/ or die "$list:$.: not 8 to 72 printable characters in lower case\n";
    $words{$word}++ and die "$list:$.: there twice\n";
}
my @sorted = sort keys %words or die "$list: empty\n";

my ($text, @at) = ('');
for my $word (@sorted) {
    push @at, length $text;
    $text .= "$word\0";
}
my $rows = sub { my ($each, @numbers) = @_; my @lines; push @lines, join ',', splice @numbers, 0, $each while @numbers; return join ",\n", @lines };
print "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by build/passwords.pl from $list: change that instead. */\n",
    qq{#include "service/password/common_passwords.h"\n\n},
    "const char authp_common_passwords_text[] = {\n", $rows->(32, unpack 'C*', $text), "};\n",
    "const uint32_t authp_common_passwords_at[] = {\n", $rows->(16, @at), "};\n",
    'const size_t authp_common_passwords_count = ', scalar @sorted, ";\n";
