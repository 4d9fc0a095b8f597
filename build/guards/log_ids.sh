#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: an id in a log line must lead to one place in the source, for operators and for the tests that name the lines they expect. Each layer
# has a range of its own, so that two developers do not take the same number. Each id must also be in the guide for troubleshooting.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t sources < <(find mod_auth_platform -name '*.[ch]' | sort)
bad=0
perl build/strip-comments.pl "${sources[@]}" | awk '
    BEGIN {
        n = split("base 1 99 net 1 99 crypto 100 199 store 200 299 service 300 399 api 400 499 httpd 500 699 cli 700 799", r, " ")
        for (i = 1; i < n; i += 3) { low[r[i]] = r[i + 1]; high[r[i]] = r[i + 2] }
    }
    {
        line = $0
        split($0, field, ":")
        where = field[1] ":" field[2]
        split(field[1], path, "/")
        while (match(line, /"AUTHP[0-9]+/)) {
            id = substr(line, RSTART + 1, RLENGTH - 1)
            line = substr(line, RSTART + RLENGTH)
            number = substr(id, 6) + 0
            all++
            if (length(id) != 9) { print where ": " id " does not have four digits"; bad = 1 }
            if (number < low[path[2]] || number > high[path[2]]) {
                printf "%s: %s is outside of %s/ (%04d-%04d)\n", where, id, path[2], low[path[2]], high[path[2]]
                bad = 1
            }
            if (id in seen) { print where ": " id " is also at " seen[id]; bad = 1 }
            seen[id] = where
        }
    }
    END {
        if (!all) { print "missing: no log id in mod_auth_platform/"; bad = 1 }
        exit bad
    }' || bad=1
guide=conf/guides/troubleshooting.md
for id in $(perl build/strip-comments.pl "${sources[@]}" | grep -oE '"AUTHP[0-9]{4}' | tr -d '"' | sort -u); do
    grep -q "\`$id" "$guide" || { echo "$guide: no row for $id"; bad=1; }
done
exit "$bad"
