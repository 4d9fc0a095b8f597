#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Makes the C source of the texts of a folder that the module contains: build/embed.pl HEADER FOLDER > FILE.c
# HEADER, such as api/openapi/docs_text.h, declares the texts. Its file name is the first part of their names: docs_text.h, authp_docs_text_NAME.
# Each page FOLDER/NAME.html becomes one text with the style sheets and scripts that it names in it. Its Content-Security-Policy
# authp_docs_text_NAME_policy allows exactly these, by their hashes. Each FOLDER/NAME.json becomes a text as it is.
use strict;
use warnings FATAL => 'all';
use Digest::SHA 'sha256_base64';

my ($header, $folder) = @ARGV == 2 ? @ARGV : die "build/embed.pl HEADER FOLDER\n";
my ($prefix) = $header =~ m{(?:\A|/)([a-z_]+)\.h\z} or die "$header: no header\n";

sub slurp {
    my ($name) = @_;
    open my $in, '<:raw', "$folder/$name" or die "$folder/$name: $!\n";
    local $/;
    return scalar <$in>;
}

sub inlined {
    my ($hashes, $tag, $name) = @_;
    my $text = slurp($name);
    die "$folder/$name: </$tag would end it early\n" if $text =~ m{</$tag}i;
    die "$folder/$name: a carriage return, which browsers take out before they hash\n" if $text =~ /\r/;
    push @{ $hashes->{$tag} }, q{'sha256-} . sha256_base64("\n$text") . q{='};
    return "<$tag>\n$text</$tag>";
}

# The text is written as numbers, because a string literal in C may have at most 4095 bytes.
sub bytes_of {
    my ($name, $text) = @_;
    my $rows = join ",\n", map { join ',', unpack 'C*', $_ } unpack '(a32)*', $text;
    return "const unsigned char authp_${prefix}_$name\[\] = {\n$rows,0};\n"
        . "const size_t authp_${prefix}_${name}_len = sizeof(authp_${prefix}_$name) - 1;\n";
}

sub page_of {
    my ($name) = @_;
    my %hashes = (style => [], script => []);
    my $page   = slurp("$name.html");
    my $found  = ($page =~ s{<link rel="stylesheet" href="([\w.]+)">}{inlined(\%hashes, style => $1)}ge)
        && ($page =~ s{<script src="([\w.]+)"></script>}{inlined(\%hashes, script => $1)}ge);
    die "$folder/$name.html: a style sheet and a script are expected\n" unless $found;
    my $policy = "default-src 'none'; script-src @{$hashes{script}}; style-src @{$hashes{style}}; connect-src 'self'; img-src data:; "
        . "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";
    return bytes_of($name => $page) . qq{const char authp_${prefix}_${name}_policy[] = "$policy";\n};
}

print "/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by build/embed.pl from $folder: change that instead. */\n", qq{#include "$header"\n\n};
for my $path (sort glob "$folder/*.html $folder/*.json") {
    my ($name, $kind) = $path =~ m{/([a-z_]+)\.(\w+)\z} or die "$path: not a name of a text in C\n";
    print $kind eq 'html' ? page_of($name) : bytes_of($name => slurp("$name.json"));
}
