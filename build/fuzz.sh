#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs libFuzzer on every target, or on those named: build/fuzz.sh DIRECTORY_OF_BINARIES [TARGET]...
# An input that crashes is kept as t/fuzz/corpus/<target>/regression-*, where `make test` replays it. Inputs that only reach new code stay
# below build/out.
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

failed=0
for target in "${targets[@]}"; do
    found="${OUT:-build/out}/fuzz/corpus/$target"
    seeds="t/fuzz/corpus/$target"
    log="${OUT:-build/out}/fuzz/$target.log"
    mkdir -p "$found" "$seeds"
    options=(-max_total_time="${FUZZ_SECONDS:-60}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
        -artifact_prefix="$seeds/regression-")
    if [ -f "t/fuzz/dict/$target.dict" ]; then
        options+=(-dict="t/fuzz/dict/$target.dict")
    fi
    if ASAN_OPTIONS=detect_leaks=1 "$bin/$target" "${options[@]}" "$found" "$seeds" >"$log" 2>&1; then
        echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, no finding"
    else
        failed=$((failed + 1))
        tail -n 60 "$log"
        echo "$target: FOUND something; the whole log is $log"
    fi
done
echo "$((${#targets[@]} - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
