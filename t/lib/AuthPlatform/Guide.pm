# SPDX-License-Identifier: Apache-2.0
package AuthPlatform::Guide;
# The code blocks, links and headings of a document (README.md, conf/guides/*.md). The info string of a block is its kind and its name:
#   sh NAME       commands, which a test runs as they are written
#   apache NAME   httpd's configuration, which a test gives to `httpd -t`
#   env NAME      settings, which a test gives to `authplatform check-config`
#   js NAME, html NAME  files of an app, which a test serves to a browser
#   text, mermaid, js   for readers only: they must not hold commands of a shell
# NAME is unique in its document.
use strict;
use warnings FATAL => 'all';

my $NAMED = qr/(sh|apache|env|js|html) ([a-z][a-z0-9-]*)/;
my $PLAIN = qr/(text|mermaid|js)/;

# all(FILE) returns ({kind, name, text, line}...) in the document's order. It dies at a block with another info string, or with a name that
# occurred before.
sub all {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my (@blocks, $block, %seen, $indent);
    while (my $line = <$in>) {
        if (!$block) {
            my ($info);
            ($indent, $info) = $line =~ /^(\s*)```(.*)$/ or next;
            $info =~ /\A(?:$NAMED|$PLAIN)\s*\z/ or die "$file:$.: a block whose kind and name cannot be read: \"$info\"\n";
            my ($kind, $name) = ($1 // $3, $2 // '');
            die "$file:$.: a second block \"$name\"\n" if length $name && $seen{$name}++;
            $block = { kind => $kind, name => $name, line => $., text => '' };
        }
        elsif ($line =~ /^\s*```\s*$/) {
            push @blocks, $block;
            undef $block;
        }
        else {
            $line =~ s/^\Q$indent\E//;
            $block->{text} .= $line;
        }
    }
    die "$file: a block does not end\n" if $block;
    return @blocks;
}

# Returns the text of the block NAME.
sub text {
    my ($file, $name) = @_;
    my ($block) = grep { $_->{name} eq $name } all($file);
    return ($block || die "$file: no block \"$name\"\n")->{text};
}

# Returns the sh blocks.
sub blocks { my ($file) = @_; return grep { $_->{kind} eq 'sh' } all($file) }

# Returns the output that a block promises: the comments of the lines that begin with `status `.
sub promised {
    my ($block) = @_;
    return map {/^status .*# (\S+)$/ ? $1 : ()} split /\n/, $block->{text};
}

# Returns the statuses that a block promises for its requests, in order: `# 401` or `# 401, 5 times` at the end of each line that sends one.
sub statuses {
    my ($block) = @_;
    return map { /\s# (\d{3})(?:, (\d+) times)?\b/ ? ($1) x ($2 || 1) : () } split /\n/, $block->{text};
}

# Returns the lines of a document without its blocks.
sub prose {
    my ($file) = @_;
    open my $in, '<', $file or die "$file: $!\n";
    my ($inside, @lines);
    while (my $line = <$in>) {
        if ($line =~ /^\s*```/) { $inside = !$inside }
        elsif (!$inside)        { push @lines, $line }
    }
    return @lines;
}

# Returns the targets of a document's links.
sub links { my ($file) = @_; return map { /\]\(([^)\s]+)\)/g } prose($file) }

# Returns the anchors of a document's headings, as a page shows them.
sub anchors {
    my ($file) = @_;
    my @anchors;
    for (prose($file)) {
        my ($heading) = /^#+\s+(.*?)\s*$/ or next;
        $heading = lc $heading;
        $heading =~ s/[^a-z0-9 _-]//g;
        $heading =~ tr/ /-/;
        push @anchors, $heading;
    }
    return @anchors;
}

1;
