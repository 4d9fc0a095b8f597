#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: nobody finds a directive that is missing in the reference, and nobody knows that the check of a directive works if no test gives it a
# wrong value. The reference must name no directive that does not exist.
set -euo pipefail
cd "$(dirname "$0")/../.."

shopt -s nullglob
sources=(mod_auth_platform/httpd/directives*.[ch])
reference=(conf/auth_platform.conf*)
tests=(t/config/*.t)
found=0
say() {
    echo "$1"
    found=1
}
[ ${#sources[@]} -gt 0 ] || say "missing mod_auth_platform/httpd/directives*.c"
[ ${#reference[@]} -gt 0 ] || say "missing conf/auth_platform.conf"
[ ${#tests[@]} -gt 0 ] || say "missing t/config/*.t"
[ "$found" -eq 0 ] || exit 1

names=$(perl build/strip-comments.pl "${sources[@]}" | grep -oE '\bAuthPlatform[A-Z][A-Za-z]*\b' | sort -u || true)
[ -n "$names" ] || say "missing: no AuthPlatform* name in ${sources[*]}"

for name in $names; do
    grep -qE "^[[:space:]]*(# ?)?$name\b" "${reference[@]}" || say "$name: no entry in ${reference[*]}"
    grep -qw "$name" "${tests[@]}" || say "$name: in no t/config/*.t"
done
while IFS= read -r name; do
    grep -qx "$name" <<<"$names" || say "${reference[*]}: $name is no directive"
done < <(grep -ohE '^[[:space:]]*(# ?)?AuthPlatform[A-Z][A-Za-z]*\b' "${reference[@]}" |
    grep -oE 'AuthPlatform.*' | sort -u)

table=mod_auth_platform/httpd/require.c
mapfile -t conditions < <(perl build/strip-comments.pl "$table" | grep -oE '\.name = "[a-z-]+"' | cut -d'"' -f2)
[ ${#conditions[@]} -ge 4 ] || say "missing: too few rows with .name in $table"
for name in "${conditions[@]}"; do
    for file in "${reference[0]}" conf/guides/guarding.md; do
        grep -q "Require $name\b" "$file" || say "Require $name: not in $file"
    done
    grep -qE "(Require |')$name\b" t/config/20_directives.t || say "Require $name: not in t/config/20_directives.t"
done
exit "$found"
