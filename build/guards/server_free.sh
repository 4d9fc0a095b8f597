#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: the guard for includes cannot see a hand-written prototype. The archive that the tool, the tests and the fuzzers link must not need
# any symbol of the server (ap_*, unixd_*). Symbols of APR (apr_*) are allowed.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Checks the newest build.
archive=""
for built in "${OUT:-build/out}"/{release,debug,asan}/libauthp.a; do
    if [ -f "$built" ] && { [ -z "$archive" ] || [ "$built" -nt "$archive" ]; }; then
        archive=$built
    fi
done
if [ -z "$archive" ]; then
    echo "missing ${OUT:-build/out}/release/libauthp.a: run make first"
    exit 1
fi

wanted=$(nm -u "$archive" | awk '/:$/ { object = $1 } /^ *U (ap_|unixd_|mpm_)/ { print object, $2 }' | sort -u)
if [ -n "$wanted" ]; then
    echo "$archive wants symbols of the server:"
    echo "$wanted"
    exit 1
fi
