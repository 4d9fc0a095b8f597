# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Guide;
# The sh blocks of a guide (conf/guides/*.md), and running them as written. A block's info string is "sh NAME"; NAME is unique.
use strict;
use warnings FATAL => 'all';

# blocks(FILE) -> ({name, text, line}...), in the guide's order. Dies at a block that has no name, or one that another has.
sub blocks {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my (@blocks, $block, %seen, $fence);
    while (my $line = <$in>) {
        if (!defined $fence) {
            my ($indent, $info) = $line =~ /^(\s*)```(.*)$/ or next;
            $fence = qr/^\s*```\s*$/;
            next if $info !~ /^(?:sh|shell|bash|console)\b/;
            my ($name) = $info =~ /^sh ([a-z][a-z0-9-]*)\s*$/ or die "$file:$.: an sh block without a name\n";
            die "$file:$.: a second block \"$name\"\n" if $seen{$name}++;
            $block = { name => $name, line => $., text => '' };
        }
        elsif ($line =~ $fence) {
            push @blocks, $block if $block;
            undef $_ for $block, $fence;
        }
        elsif ($block) {
            $block->{text} .= $line;
        }
    }
    die "$file: a block does not end\n" if defined $fence;
    return @blocks;
}

# What a block says its commands print: the comments of the lines that begin with `status `.
sub promised {
    my ($block) = @_;
    return map {/^status .*# (\S+)$/ ? $1 : ()} split /\n/, $block->{text};
}

1;
