#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Makes the C source of the texts of mails that the module contains: build/mails.pl FOLDER > FILE.c
# FOLDER/LANGUAGE/KIND.txt are the texts, each kind in each language. FOLDER/NAME.html are parts of the HTML, of which
# service/mail/mail_layout.c makes the HTML of a text.
use strict;
use warnings FATAL => 'all';

my $folder = $ARGV[0] or die "build/mails.pl FOLDER\n";
my (%languages, %kinds, @rows);

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', $name or die "$name: $!\n";
    local $/;
    my $text = <$in>;
    die "$name: a carriage return\n" if $text =~ /\r/;
    return $text;
}

# The text is written as numbers, because a string literal in C may have at most 4095 bytes.
sub bytes_of {
    my ($name, $text) = @_;
    return "const char $name\[\] = {\n" . join(",\n", map { join ',', unpack 'c*', $_ } unpack '(a32)*', $text) . ",0};\n";
}

print "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by build/mails.pl from $folder: change that instead. */\n",
    qq{#include "service/mail/mail_builtin.h"\n\n};
for my $path (sort glob "$folder/*/*.txt") {
    my ($language, $kind) = $path =~ m{/([a-z]{2,3})/([a-z_]+)\.txt\z} or die "$path: not LANGUAGE/KIND.txt\n";
    $languages{$language}++;
    $kinds{$kind}++;
    push @rows, qq({"$kind", "$language", ${kind}_$language});
    print 'static ', bytes_of("${kind}_$language" => slurp($path));
}
for my $kind (sort keys %kinds) {
    die "$folder: $kind is not there in each language\n" if $kinds{$kind} != keys %languages;
}
print "const authp_mail_builtin_t authp_mail_builtin[] = {\n", join(",\n", @rows), "};\n",
    'const size_t authp_mail_builtin_count = ', scalar @rows, ";\n";
print bytes_of("authp_mail_builtin_$_" => slurp("$folder/$_.html")) for qw(button code layout paragraph);
