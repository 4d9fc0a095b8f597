#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz targets, built under ASan and UBSan, on every input that is kept in the tree. Prints one TAP line for each input:
# build/fuzz-replay.sh DIRECTORY_OF_BINARIES [TARGET]...
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

bin=$1
shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    for file in t/fuzz/fuzz_*.c; do
        targets+=("$(basename "$file" .c)")
    done
fi

number=0
failed=0
report() { # "ok" or "not ok", name
    number=$((number + 1))
    echo "$1 $number - $2"
    [ "$1" = ok ] || failed=$((failed + 1))
}

output=$(mktemp)
trap 'rm -f "$output"' EXIT
for target in "${targets[@]}"; do
    inputs=()
    while IFS= read -r -d '' file; do
        inputs+=("$file")
    done < <(find "t/fuzz/corpus/$target" -type f -print0 2>/dev/null | sort -z)
    if [ ${#inputs[@]} -eq 0 ]; then
        report "not ok" "$target: no input in t/fuzz/corpus/$target"
        continue
    fi
    # All inputs in one process first, which is much faster. They are run one by one only if that fails.
    if "$bin/$target" "${inputs[@]}" >"$output" 2>&1; then
        for file in "${inputs[@]}"; do
            report ok "$target $(basename "$file")"
        done
        continue
    fi
    for file in "${inputs[@]}"; do
        if "$bin/$target" "$file" >"$output" 2>&1; then
            report ok "$target $(basename "$file")"
        else
            report "not ok" "$target $file"
            sed 's/^/#   /' "$output"
        fi
    done
done
echo "1..$number"
[ "$failed" -eq 0 ]
