#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: the layers stay true only if a wrong #include fails the build. Also keeps httpd's headers
# inside httpd/, so that the rules can be tested and used (tool, fuzzers) without a server.
set -euo pipefail
cd "$(dirname "$0")/../.."

# layer: the layers that it may include
declare -A MAY=(
    [base]="base"
    [net]="net base"
    [crypto]="crypto base"
    [store]="store base"
    [service]="service store crypto net base"
    [api]="api service store crypto net base"
    [httpd]="httpd api service store crypto net base"
    [cli]="cli service store crypto net base"
)
HTTPD_HEADERS='httpd|http_[a-z]+|ap_[a-z_]+|util_[a-z]+|mod_[a-z]+|scoreboard|mpm_common'

found=0
say() {
    echo "$1"
    found=1
}

while IFS= read -r file; do
    layer=${file#mod_auth_platform/}
    if [[ $layer != */* ]]; then
        say "$file: a source outside of the layers"
        continue
    fi
    layer=${layer%%/*}
    if [ -z "${MAY[$layer]:-}" ]; then
        say "$file: unknown layer \"$layer\""
        continue
    fi
    while IFS=: read -r line included; do
        if [[ $included != */* ]]; then
            say "$file:$line: \"$included\" without its folder"
        elif [[ " ${MAY[$layer]} " != *" ${included%%/*} "* ]]; then
            say "$file:$line: $layer/ must not include \"$included\""
        fi
    done < <(sed -nE '/^[[:space:]]*#[[:space:]]*include[[:space:]]*"/{=;s/^[^"]*"([^"]*)".*/\1/p}' "$file" |
        paste -d : - -)
    if [ "$layer" != httpd ]; then
        while IFS= read -r hit; do
            say "$file:$hit: httpd's header below httpd/"
        done < <(grep -nE "^[[:space:]]*#[[:space:]]*include[[:space:]]*<($HTTPD_HEADERS)\.h>" "$file" || true)
    fi
done < <(find mod_auth_platform -name '*.[ch]' | sort)
exit "$found"
