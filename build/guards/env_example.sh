#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: nobody finds a setting that .env.example does not have, and a default that is wrong there misleads whoever relies on it. A setting that no
# test gives a value is one whose bounds nobody knows to work.
set -euo pipefail
cd "$(dirname "$0")/../.."

table=mod_auth_platform/service/settings/settings_table.c
tests=(t/config/*.t t/unit/test_settings*.c)
# NAME and default of each row, separated by a tab. The default is "-" if it is none, or no plain text. A line of .env.example that is commented
# out states the default; other lines, and those of lists, are samples.
rows=$(perl build/strip-comments.pl "$table" | cut -d: -f3- | perl -0ne 'while (/\{"([A-Z_]+)",\s*AT\([^)]*\),\s*(?:"([^"]*)"|\w+),/g) { print "$1\t", $2 // "-", "\n" }')
[ "$(wc -l <<<"$rows")" -ge 30 ] || { echo "missing: too few rows with AT(...) in $table"; exit 1; }

found=0
say() {
    echo "$1"
    found=1
}
while IFS=$'\t' read -r name fallback; do
    if ! grep -qE "^#?$name=" .env.example; then
        say ".env.example: no entry for $name"
    elif [ "$fallback" != - ] && [ "$fallback" != '[]' ] && grep -q "^#$name=" .env.example && ! grep -qxF -e "#$name=$fallback" .env.example; then
        say ".env.example: the default of $name is $fallback"
    fi
    grep -qw "$name" "${tests[@]}" || say "$name: in no ${tests[*]}"
done <<<"$rows"
while IFS= read -r name; do
    grep -q "^$name"$'\t' <<<"$rows" || [[ $name == OIDC_* ]] || say ".env.example: $name is no setting"
done < <(grep -oE '^#?[A-Z_]+=' .env.example | tr -d '#=' | sort -u)
exit "$found"
