#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: every symbol that a module exports can collide with another module in the same process.
set -euo pipefail
cd "$(dirname "$0")/../.."

module=""
for profile in release debug; do
    if [ -f "${OUT:-build/out}/$profile/mod_auth_platform.so" ]; then
        module="${OUT:-build/out}/$profile/mod_auth_platform.so"
        break
    fi
done
if [ -z "$module" ]; then
    echo "missing ${OUT:-build/out}/release/mod_auth_platform.so: run make first"
    exit 1
fi

exported=$(nm -D --defined-only "$module" | awk '{ print $3 }')
if [ "$exported" != auth_platform_module ]; then
    echo "$module exports, instead of auth_platform_module alone:"
    echo "${exported:-(nothing)}"
    exit 1
fi
