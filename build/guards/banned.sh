#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: each of these calls has been a bug in a program like this one: unbounded copies, memory outside of the pools, digests compared in
# variable time, weak random numbers, shared static buffers. banned.allow lists the places that are right all the same, with the exact count
# and the reason.
set -euo pipefail
cd "$(dirname "$0")/../.."

CALLS='malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf|alloca|sprintf|vsprintf'
CALLS+='|strcpy|strcat|strncpy|strncat|stpcpy|gets|scanf|sscanf|strtok|atoi|atol|atof|rand|random|srand'
CALLS+='|drand48|memcmp|bcmp|system|popen|tmpnam|mktemp|signal|ctime|asctime|gmtime|localtime|setenv'

mapfile -t sources < <(find mod_auth_platform -name '*.[ch]' | sort)
[ ${#sources[@]} -gt 0 ] || { echo "missing mod_auth_platform/**/*.c"; exit 1; }

calls=$(perl build/strip-comments.pl -s "${sources[@]}" |
    perl -ne 'my ($where, $text) = /^([^:]+:\d+):(.*)/ or next;
              print "$where $1\n" while $text =~ /(?<![\w.>])('"$CALLS"')\s*\(/g')
found=$(sed -E 's/:[0-9]+ / /' <<<"$calls" | sort | uniq -c | awk 'NF == 3 { print $2, $3, $1 }')
allowed=$(sed -E 's/#.*//; s/[[:space:]]+/ /g; s/ $//; /^$/d' build/guards/banned.allow | sort)

status=0
while read -r file call count; do
    [ -n "$file" ] || continue
    status=1
    echo "$file: $call, $count times, is not what build/guards/banned.allow says:"
    grep -E "^$file:[0-9]+ $call\$" <<<"$calls" | sed 's/^/  /'
done < <(comm -23 <(sort <<<"$found") <(sort <<<"$allowed"))
while read -r file call count; do
    [ -n "$file" ] || continue
    grep -qE "^$file $call " <<<"$found" && continue
    status=1
    echo "build/guards/banned.allow: $file has no $call ($count) any more"
done < <(comm -13 <(sort <<<"$found") <(sort <<<"$allowed"))
exit "$status"
