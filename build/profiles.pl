#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# Makes the C source with the table of profiles: build/profiles.pl FOLDER... > FILE.c
# Each FOLDER is a profile: its profile.c defines authp_profile_NAME, where NAME is the folder's. The texts of its about.json and
# examples.json become authp_profile_NAME_about and authp_profile_NAME_examples.
use strict;
use warnings FATAL => 'all';
use JSON::PP ();

my @folders = sort @ARGV or die "build/profiles.pl FOLDER...\n";
print qq{/* SPDX-License-Identifier: Apache-2.0 */\n/* Made by build/profiles.pl: change the profiles' folders instead. */\n},
    qq{#include "api/core/profiles.h"\n\n};

sub read_file {
    my ($file) = @_;
    open my $in, '<:raw', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    return $text;
}

# The text is written as numbers, because a string literal in C may have at most 4095 bytes.
sub text_of {
    my ($name, $file) = @_;
    my $text = read_file($file);
    die "$file: only ASCII, please: write \\u00e9 for an e with an accent\n" if $text =~ /[^\x09\x0a\x20-\x7e]/;
    eval { JSON::PP->new->decode($text) } or die "$file: this is not JSON: ", $@ =~ s/ at \S+ line \d+\.?\n//r, "\n";
    my $rows = join ",\n", map { join ',', unpack 'C*', $_ } unpack '(a32)*', $text;
    return "extern const char $name\[\];\nconst char $name\[\] = {\n$rows,0};\n";
}

my (@names, %of);
for my $folder (@folders) {
    my ($name) = $folder =~ m{(?:^|/)([a-z][a-z0-9_]*)/?$} or die "$folder: the name of a profile has lower-case letters, digits and _\n";
    die "$folder: $of{$name} is a profile with the same name\n" if $of{$name};
    $of{$name} = $folder;
    push @names, $name;
    my $source = read_file("$folder/profile.c");
    $source =~ /\.name = "\Q$name\E"/ or die "$folder/profile.c: the profile's .name must be that of its folder, \"$name\"\n";
    for my $kind (qw(about examples)) {
        print text_of("authp_profile_${name}_$kind", "$folder/$kind.json") if -e "$folder/$kind.json";
    }
    print "extern const authp_profile_t authp_profile_$name;\n";
}
print "\nconst authp_profile_t *const authp_profiles_table[] = {", (map { "&authp_profile_$_, " } @names), "NULL};\n";
