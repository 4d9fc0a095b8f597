#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: the contract suite is what makes the stores alike. An operation that it does not call may do something else in each of them.
set -euo pipefail
cd "$(dirname "$0")/../.."

list=mod_auth_platform/store/operations.def
names=$(perl build/strip-comments.pl mod_auth_platform/store/operations*.def | grep -oE '\bOPERATION\(\w+' | sed 's,^OPERATION(,,')
[ "$(wc -l <<<"$names")" -ge 20 ] || { echo "missing: too few rows in $list"; exit 1; }

found=0
for name in $names; do
    # The clock is asked by authp_store_measure_clock().
    [ "$name" != clock ] || name=measure_clock
    grep -q "authp_store_$name(" t/store/contract*.c || { echo "authp_store_$name() is in no t/store/contract*.c"; found=1; }
done
exit "$found"
