#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the coverage build of the unit tests and prints the lines reached, by file and by layer: build/coverage.sh
# DIRECTORY_OF_THE_COV_PROFILE. Fails if api, service and base together are below FLOOR %.
set -euo pipefail
cd "$(dirname "$0")/.."

cov=$1
floor=${FLOOR:-90}

find "$cov" -name '*.gcda' -delete
mkdir -p "$cov/report"
CK_DEFAULT_TIMEOUT=120 build/with-mongo.sh build/with-postgres.sh "$cov/unit" >"$cov/report/unit.log" 2>&1 || {
    cat "$cov/report/unit.log"
    echo "coverage: the unit tests fail"
    exit 1
}

# A file that no test links has notes (.gcno) but no data. gcov counts its lines as not reached.
find "$cov/obj/mod_auth_platform" -name '*.gcno' ! -path '*/httpd/*' ! -path '*/cli/*' | sort |
    while IFS= read -r notes; do
        gcov --no-output --object-directory "$(dirname "$notes")" "$notes" 2>/dev/null
    done | awk -v floor="$floor" '
    /^File / { file = substr($0, 7, length($0) - 7); next }
    /^Lines executed:/ && file ~ /^mod_auth_platform\/.*\.c$/ {
        split(substr($0, index($0, ":") + 1), part, "% of ")
        lines = part[2]; hit = part[1] * lines / 100
        split(file, path, "/"); layer = path[2]
        printf "  %6.1f%% of %5d  %s\n", part[1], lines, file
        all[layer] += lines; reached[layer] += hit
        if (layer ~ /^(api|service|base)$/) { total += lines; got += hit }
        file = ""
    }
    END {
        print ""
        for (layer in all)
            printf "  %6.1f%% of %5d  %s/\n", 100 * reached[layer] / all[layer], all[layer], layer
        if (total == 0) { print "coverage: nothing measured"; exit 1 }
        share = 100 * got / total
        printf "\n  %6.1f%% of %5d  api + service + base (floor %d%%)\n", share, total, floor
        exit share < floor
    }'
