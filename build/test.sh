#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test stages and sums them up: build/test.sh [a .t file | unit suite | fuzz target | guard]
# A passing stage is one line, a failing one is shown whole, and all stages run whatever failed.
# The last line is "N passed, N failed". A stage that ran nothing counts as a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

OUT=${OUT:-build/out}
only=${1:-}
logs="$OUT/test"
mkdir -p "$logs"

passed=0
failed=0
if [ -t 1 ]; then echo_running() { printf '   %-14s ...\r' "$1"; }; else echo_running() { :; }; fi

# Counts the top-level TAP lines of a log: "passed failed skipped".
count_tap() {
    awk '/^ok( |$)/ { if (/# *[Ss][Kk][Ii][Pp]/) s++; else p++ }
         /^not ok( |$)/ { if (/# *[Tt][Oo][Dd][Oo]/) s++; else f++ }
         END { print p + 0, f + 0, s + 0 }' "$1"
}

# stage NAME COMMAND...
stage() {
    local name=$1 log="$logs/$1.log" status=0 began=$SECONDS p f s note=""
    shift
    echo_running "$name"
    "$@" >"$log" 2>&1 </dev/null || status=$?
    read -r p f s < <(count_tap "$log")
    if [ "$status" -ne 0 ] && [ "$f" -eq 0 ]; then
        f=1
        note=" (exit status $status)"
    elif [ $((p + f)) -eq 0 ]; then
        f=1
        note=" (no test ran)"
    fi
    if [ "$f" -ne 0 ]; then
        echo "---- $name: $log"
        cat "$log"
        echo "---- end of $name"
    fi
    printf '== %-14s %5d passed, %d failed%s%s, %d s\n' "$name" "$p" "$f" \
        "$([ "$s" -eq 0 ] || echo ", $s skipped")" "$note" $((SECONDS - began))
    passed=$((passed + p))
    failed=$((failed + f))
}

# The store contract runs on a MongoDB-protocol server too.
unit() { build/with-mongo.sh "$OUT/asan/unit" "$@"; }
replay() { build/fuzz-replay.sh "$OUT/asan/fuzz" "$@"; }

# A real server, if one is named, comes in addition.
real=${AUTHP_TEST_MONGO:-}
unset AUTHP_TEST_MONGO

if [ -z "$only" ]; then
    stage guards build/guards.sh
    stage unit unit
    stage fuzz-replay replay
    stage e2e build/e2e.sh
    # All of it again on MongoDB, but for what starts servers of its own anyway.
    mapfile -t on_mongodb < <(find t -name '*.t' -not -path 't/outage/*' -not -path 't/mongo/*' | LC_ALL=C sort)
    stage e2e-mongodb env AUTHP_STORE=mongodb build/with-mongo.sh build/e2e.sh "${on_mongodb[@]}"
    if [ -n "$real" ]; then
        stage unit-real env AUTHP_TEST_MONGO="$real" build/with-mongo.sh "$OUT/asan/unit"
        stage e2e-real env AUTHP_STORE=mongodb AUTHP_TEST_MONGO="$real" build/with-mongo.sh build/e2e.sh "${on_mongodb[@]}"
    fi
    # The same server tests with the module under ASan and UBSan.
    stage e2e-sanitized env E2E_SANITIZE=1 build/e2e.sh t/api/*.t t/authz/*.t
elif [[ $only == *.t ]]; then
    stage e2e build/e2e.sh "$only"
elif [ -x "build/guards/$only.sh" ]; then
    stage guards build/guards.sh "$only"
elif [ -f "t/fuzz/$only.c" ]; then
    stage fuzz-replay replay "$only"
else
    stage unit unit "$only"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
