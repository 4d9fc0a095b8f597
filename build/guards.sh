#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the guards of build/guards (or those named) and prints TAP. Each guard also runs alone. Its first comment says why it exists. It
# prints "where: what" for each finding and then exits with 1.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for file in build/guards/*.sh; do
        names+=("$(basename "$file" .sh)")
    done
fi

number=0
failed=0
for name in "${names[@]}"; do
    number=$((number + 1))
    if findings=$("build/guards/$name.sh" 2>&1); then
        echo "ok $number - guard $name"
    else
        failed=$((failed + 1))
        echo "not ok $number - guard $name"
        printf '%s\n' "${findings:-(no message)}" | sed 's/^/#   /'
        echo "#   why: see the head of build/guards/$name.sh"
    fi
done
echo "1..$number"
[ "$failed" -eq 0 ]
