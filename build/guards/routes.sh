#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a route is a table row, so it is easy to add one without a test. A test of t/api or t/oidc must send a request to each path of the route table
# (for a path with {parameters}: to the part before the first of them). Profiles have paths in common, so a path of any profile but platform and me,
# which the shared server has, must be in a test that mounts that profile: AuthPlatformMount /somewhere NAME.
set -euo pipefail
cd "$(dirname "$0")/../.."

compgen -G 't/api/*.t' >/dev/null || { echo "missing t/api/*.t"; exit 1; }
found=0
rows=0
# Usage: check WHOSE FILE... with the tests in the array `tests`
check() {
    local whose=$1 path end paths
    shift
    paths=$(perl build/strip-comments.pl "$@" | grep -oE '\.path = "/[^" ]*"' | grep -oE '/[^"]*' | sort -u || true)
    for path in $paths; do
        rows=$((rows + 1))
        # The path in the test must end in the same place: "/login" is not tested by "/login/candidate".
        end='(?![\w/-])'
        [[ $path != *\{* ]] || end=''
        if [ ${#tests[@]} -eq 0 ] || ! grep -qP -- "\\Q${path%%\{*}\\E$end" "${tests[@]}"; then
            echo "a route's path $path of $whose appears in no t/api/*.t and no t/oidc/*.t for it"
            found=1
        fi
    done
}
for folder in mod_auth_platform/api/profiles/*/; do
    name=$(basename "$folder")
    tests=(t/api/*.t t/oidc/*.t)
    case $name in platform | me) ;; *) mapfile -t tests < <(grep -lE "AuthPlatformMount \S+ $name\b" t/api/*.t) ;; esac
    shopt -s nullglob
    check "$name" "$folder"*.c "$folder"*.def
done
tests=(t/api/*.t)
check platform mod_auth_platform/api/pages/pages.h
check 'every mount' mod_auth_platform/api/docs/meta.h
[ "$rows" -ge 20 ] || { echo 'missing: too few rows with .path = "/..." in mod_auth_platform/api'; exit 1; }
exit "$found"
