#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a header that compiles only after another one makes include order matter. Each must compile alone, have the
# guard AUTHP_<FOLDER>_<FILE>_H (so that two never share one), and each .c includes its own header first.
set -euo pipefail
cd "$(dirname "$0")/../.."

read -ra flags <<<"$(apr-1-config --cppflags --includes | xargs) $(apu-1-config --includes | xargs) -I$(apxs -q INCLUDEDIR) $(pkg-config --cflags libmongoc-1.0 libpq)"
found=0
say() {
    echo "$1"
    found=1
}

mapfile -t headers < <(find mod_auth_platform -name '*.h' | sort)
[ ${#headers[@]} -gt 0 ] || say "missing mod_auth_platform/**/*.h"

# One compiler run for all headers. Only if it fails, one run for each header finds the wrong ones.
check() { gcc -std=c11 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -Imod_auth_platform \
    "${flags[@]/#-I/-isystem}" -x c "$@"; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for header in "${headers[@]}"; do
    name=${header#mod_auth_platform/}
    # The header is included twice, because its include guard must work too.
    printf '#include "%s"\n#include "%s"\nextern int authp_header_test;\n' "$name" "$name" \
        >"$scratch/${name//\//_}.c"
    guard=${name//[\/.]/_}
    guard=AUTHP_${guard^^}
    [ "$(grep -c "^#\(ifndef\|define\) $guard\$" "$header")" -eq 2 ] ||
        grep -q '^/\* No guard: ' "$header" || say "$header: its guard is not $guard"
done
check "$scratch"/*.c || found=1

mapfile -t sources < <(for header in "${headers[@]}"; do [ ! -f "${header%.h}.c" ] || echo "${header%.h}.c"; done)
declare -A first=()
while IFS=: read -r source line; do
    [[ ! $line =~ ^#include\ [\"\<]([^\"\>]*) ]] || first[$source]=${BASH_REMATCH[1]}
done < <(grep -H -m 1 '^#include' "${sources[@]}")
for source in "${sources[@]}"; do
    own=${source%.c}.h
    [ "${first[$source]:-}" = "${own#mod_auth_platform/}" ] || say "$source: its own header is not its first include"
done
exit "$found"
