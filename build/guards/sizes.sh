#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a file over 400 lines or a function over 60 often does several jobs. No file may be longer. Under 1% of the functions may be longer;
# if there are more, each is printed.
set -euo pipefail
cd "$(dirname "$0")/../.."

MAX_FILE=400
MAX_FUNCTION=60

long_files=$(find . \( -path ./.git -o -path ./build/out -o -path './t/logs' -o -path ./t/htdocs \) -prune -o -type f -print |
    grep -E '\.(c|h|def|sh|mk|awk|pl|pm|t|py|js|css|html)$|/(Makefile|TEST|run)$' | sort |
    while IFS= read -r file; do
        lines=$(wc -l <"$file")
        [ "$lines" -le "$MAX_FILE" ] || echo "$file: $lines lines, at most $MAX_FILE"
    done)

# clang-format puts the braces of a function, and no others, in the first column.
mapfile -t sources < <(find mod_auth_platform -name '*.c' | sort)
if [ ${#sources[@]} -eq 0 ]; then
    echo "missing mod_auth_platform/**/*.c"
    exit 1
fi
long_functions=$(awk -v max="$MAX_FUNCTION" '
    FNR == 1 { start = 0 }
    /^\{$/ { start = FNR; next }
    /^\}$/ && start {
        all++
        if (FNR - start - 1 > max) { many++; list = list sprintf("%s:%d: a function of %d lines\n", FILENAME, start, FNR - start - 1) }
        start = 0
    }
    END {
        if (all == 0) print "no function found: is the code formatted?"
        else if (many * 100 >= all && many > 0) printf "%d of %d functions over %d lines\n%s", many, all, max, list
    }' "${sources[@]}")

if [ -n "$long_files$long_functions" ]; then
    printf '%s\n' "$long_files" "$long_functions" | sed '/^$/d'
    exit 1
fi
