#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: clients use these codes to choose what to do. Each code of the table must occur in a test, because otherwise nobody notices that a
# code was renamed or cannot occur. codes.later lists codes whose routes do not exist yet.
set -euo pipefail
cd "$(dirname "$0")/../.."

table=mod_auth_platform/api/core/problem.c
later=build/guards/codes.later
[ -f "$table" ] || { echo "missing $table"; exit 1; }
# In a row the status comes right before the code.
codes=$(perl build/strip-comments.pl "$table" | sed -E 's/^[^:]*:[0-9]+://' | tr '\n' ' ' |
    grep -oE '\b[1-5][0-9]{2}, *"[A-Za-z]+(_[A-Za-z]+)*"' | grep -oE '[A-Za-z_]+' | sort -u || true)
[ -n "$codes" ] || { echo "missing: no row like 404, \"not_found\" in $table"; exit 1; }

found=0
waiting=$(sed -E 's/[[:space:]]*#.*//; /^$/d' "$later" 2>/dev/null || true)
for code in $codes; do
    if grep -rqw "$code" t --include='*.t' --include='test_*.c' --include='*.pm'; then
        if grep -qx "$code" <<<"$waiting"; then
            echo "$later: $code has a test now, remove it"
            found=1
        fi
    elif ! grep -qx "$code" <<<"$waiting"; then
        echo "$table: $code appears in no test below t/"
        found=1
    fi
done
for code in $waiting; do
    grep -qx "$code" <<<"$codes" || { echo "$later: $code is not in $table"; found=1; }
done
exit "$found"
