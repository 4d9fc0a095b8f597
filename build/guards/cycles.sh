#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: files that include each other in a circle can only be understood, moved and tested together. A .c and its .h count as one file here,
# so a private header must not include the public one whose .c includes it. cycles.later lists the includes ("FROM TO") that still close a
# circle. The list may only shrink: a line that closes no circle any more is a finding, too.
set -euo pipefail
cd "$(dirname "$0")/../.."

find mod_auth_platform \( -name '*.[ch]' -o -name '*.def' \) -print0 | sort -z |
    xargs -0 grep -oE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' |
    sed -E 's|^mod_auth_platform/||; s|\.[ch]:.*"([^"]*)"| \1|; s|\.h$||' |
    perl -e '
        use strict;
        my (%later, %includes, $bad);
        open my $list, "<", "build/guards/cycles.later" or die "missing build/guards/cycles.later\n";
        while (<$list>) { $later{"$1 $2"} = 1 if /^([^#\s]+)\s+(\S+)/ }
        while (<STDIN>) { my ($from, $to) = split; $includes{$from}{$to} = 1 if $from ne $to }
        %includes or die "no include found below mod_auth_platform\n";

        # Whether $goal is included by $from, directly or through others.
        sub reaches {
            my ($from, $goal, $seen) = @_;
            return 1 if $from eq $goal;
            return 0 if $seen->{$from}++;
            reaches($_, $goal, $seen) && return 1 for keys %{$includes{$from}};
            return 0;
        }
        for my $include (sort keys %later) {
            my ($from, $to) = split / /, $include;
            delete $includes{$from}{$to} and next;
            print "build/guards/cycles.later: $from does not include $to, remove it\n";
            $bad = delete $later{$include};
        }
        for my $from (sort keys %includes) {
            for my $to (sort keys %{$includes{$from}}) {
                next unless reaches($to, $from, {});
                print "$from includes $to, which includes it in turn, directly or through others\n";
                $bad = 1;
            }
        }
        exit 1 if $bad;
        for my $include (sort keys %later) {
            my ($from, $to) = split / /, $include;
            next if reaches($to, $from, {});
            print "build/guards/cycles.later: \"$include\" closes no circle any more, remove it\n";
            $bad = 1;
        }
        exit($bad ? 1 : 0)'
