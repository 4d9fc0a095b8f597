#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: every symbol that a module exports can collide with another module in the same process. If a symbol of our own is missing, that shows
# only when httpd calls it.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Checks the newest build.
module=""
for built in "${OUT:-build/out}"/{release,debug}/mod_auth_platform.so; do
    if [ -f "$built" ] && { [ -z "$module" ] || [ "$built" -nt "$module" ]; }; then
        module=$built
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

# The linker cannot check that every name is defined, because those of httpd are not. So this does.
undefined=$(nm -D --undefined-only "$module" | awk '$2 ~ /^authp_/ { print $2 }')
if [ -n "$undefined" ]; then
    echo "$module lacks what it calls:"
    echo "$undefined"
    exit 1
fi
