#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a route is a table row, so it is easy to add one without a test. A t/api test must send a request to each path of the route table
# (for a path with {parameters}: to the part before the first of them).
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t tables < <(find mod_auth_platform/api -name '*.c' -path '*/profiles/*' | sort)
tables+=(mod_auth_platform/api/docs/meta.h)
compgen -G 't/api/*.t' >/dev/null || { echo "missing t/api/*.t"; exit 1; }
paths=$(perl build/strip-comments.pl "${tables[@]}" | grep -oE '\.path = "/[^" ]*"' | grep -oE '/[^"]*' | sort -u || true)
[ "$(wc -l <<<"$paths")" -ge 20 ] || { echo "missing: too few rows with .path = \"/...\" in ${tables[*]}"; exit 1; }

found=0
for path in $paths; do
    # The path in the test must end in the same place: "/login" is not tested by "/login/candidate".
    end='(?![\w/-])'
    [[ $path != *\{* ]] || end=''
    if ! grep -qP -- "\\Q${path%%\{*}\\E$end" t/api/*.t; then
        echo "a route's path $path appears in no t/api/*.t"
        found=1
    fi
done
exit "$found"
