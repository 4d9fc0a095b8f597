#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Makes the C source of the texts that the module contains: build/embed.pl FOLDER > FILE.c
# The page FOLDER/page.html becomes one text with the style sheets and scripts that it names in it. Its Content-Security-Policy allows
# exactly these, by their hashes.
use strict;
use warnings FATAL => 'all';
use Digest::SHA 'sha256_base64';

my $folder = $ARGV[0] or die "build/embed.pl FOLDER\n";
my %hashes = (style => [], script => []);

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', "$folder/$name" or die "$folder/$name: $!\n";
    local $/;
    return scalar <$in>;
}

sub inlined {
    my ($tag, $name) = @_;
    my $text = slurp($name);
    die "$folder/$name: </$tag would end it early\n" if $text =~ m{</$tag}i;
    die "$folder/$name: a carriage return, which browsers take out before they hash\n" if $text =~ /\r/;
    push @{ $hashes{$tag} }, q{'sha256-} . sha256_base64("\n$text") . q{='};
    return "<$tag>\n$text</$tag>";
}

# The text is written as numbers, because a string literal in C may have at most 4095 bytes.
sub bytes_of {
    my ($name, $text) = @_;
    my $rows = join ",\n", map { join ',', unpack 'C*', $_ } unpack '(a32)*', $text;
    return "const unsigned char authp_docs_text_$name\[\] = {\n$rows,0};\n"
        . "const size_t authp_docs_text_${name}_len = sizeof(authp_docs_text_$name) - 1;\n";
}

my $page = slurp('page.html');
my $found = ($page =~ s{<link rel="stylesheet" href="([\w.]+)">}{inlined(style => $1)}ge)
    && ($page =~ s{<script src="([\w.]+)"></script>}{inlined(script => $1)}ge);
die "$folder/page.html: a style sheet and a script are expected\n" unless $found;
my $policy = "default-src 'none'; script-src @{$hashes{script}}; style-src @{$hashes{style}}; connect-src 'self'; img-src data:; "
    . "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

print "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by build/embed.pl from $folder: change that instead. */\n",
    qq{#include "api/openapi/docs_text.h"\n\n}, bytes_of(page => $page), bytes_of(examples => slurp('examples.json')), bytes_of(about => slurp('about.json')),
    qq{const char authp_docs_text_policy[] = "$policy";\n};
