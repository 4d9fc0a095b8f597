#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: files that a build or a test run wrote must not be in the repository, nor secrets of a developer, nor paths and hosts of one machine.
set -euo pipefail
cd "$(dirname "$0")/../.."

# The checkout may belong to another user.
if ! files=$(git -c safe.directory='*' ls-files -co --exclude-standard 2>/dev/null); then
    echo "skipped: not a git checkout"
    exit 0
fi
found=0
say() {
    echo "$1"
    found=1
}

while IFS= read -r file; do
    [ -z "$file" ] || say "$file: generated or private"
done < <(grep -E '^build/out/|(^|/)\.env$|\.(o|a|so|d|gcda|gcno|gcov|log|pid|db|sqlite|pyc)$|^t/(logs|htdocs|run)/|^t/conf/(httpd|apache_test_config|extra\.last)|-(wal|shm)$' <<<"$files" || true)

# The names are broken up so that this file does not contain them.
places='/wo''rk/|/tmp/ba''sh_jobs|/fa''rm/|/home/[a-z]|/Us''ers/|registry\.np''mjs|py''pi\.org|cra''tes\.io|proxy\.gol''ang|deb\.deb''ian'
while IFS= read -r hit; do
    [ -z "$hit" ] || say "$hit"
done < <(tr '\n' '\0' <<<"$files" | xargs -0 grep -IonE "$places" -- 2>/dev/null || true)
exit "$found"
