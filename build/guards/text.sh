#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: every source must begin with the licence line, and must have no notes to oneself, tabs or blanks at line ends.
set -euo pipefail
cd "$(dirname "$0")/../.."

found=0
say() {
    echo "$1"
    found=1
}

mapfile -t files < <(find mod_auth_platform t build .ci Makefile \( -name '*.[ch]' -o -name '*.def' -o -name '*.sh' -o -name '*.mk' -o -name '*.pm' \
    -o -name '*.t' -o -name '*.py' -o -name Makefile -o -name TEST -o -path .ci/run \) -type f -not -path 'build/out/*' | sort)
while IFS= read -r file; do
    say "$file: no SPDX line at its start"
done < <(comm -23 <(printf '%s\n' "${files[@]}") \
    <(awk '/SPDX-License-Identifier: Apache-2.0/ { print FILENAME; nextfile } FNR == 2 { nextfile }' "${files[@]}"))

while IFS= read -r hit; do
    [ -z "$hit" ] || say "$hit"
done < <(grep -rnE '\b(TO''DO|FIX''ME|XX''X)\b|[[:blank:]]+$' mod_auth_platform t build Makefile --include='*.[ch]' --include='*.def' --include='*.sh' \
    --include='*.mk' --include='*.pm' --include='*.t' --include='*.py' --include=Makefile --exclude-dir=out || true)
exit "$found"
