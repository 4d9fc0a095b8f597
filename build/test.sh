#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the test stages side by side and sums them up:
#   build/test.sh [a .t file | unit suite | fuzz target | guard | stage]
# Stages are guards, unit-store, unit-pooled (the store contract through PgBouncer), unit-1 to unit-3 (all other suites), fuzz-replay and, for each folder
# of end-to-end tests, sqlite-FOLDER, mongodb-FOLDER, postgresql-FOLDER, asan-FOLDER, and for some pooled-FOLDER.
# The stages ferretdb-contract, -bare, -durable, -api and -cli run only if they are named, one or all (ferretdb), because building that server
# takes minutes.
# TEST_JOBS stages run at once (default: two for each core and one), those that take longest first. A .t file that measures time is a stage of
# its own, such as sqlite-outage-10_mongodb, if its head has a line "# Quiet: why" (it waits most of the time: these run after all others, two
# for each core at once) or "# Alone: why" (it fills the machine: at the end, one at a time). If a stage is
# named it has all its files; else for_test_long() leaves some to `make test-long`. A line "# Plain: why" in the head keeps a file in the plain run on SQLite.
# A passing stage is one line, with its time and the processor time of its processes, except of servers that are daemons. A failing stage is shown
# whole, in the order of the stages. All stages run whatever failed.
# The last line is "N passed, N failed". A stage that ran nothing counts as a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

OUT=${OUT:-build/out}
only=${1:-}
logs="$OUT/test"
cores=$(getconf _NPROCESSORS_ONLN)
jobs=${TEST_JOBS:-$((2 * cores + 1))}
mkdir -p "$logs"

# --- the stages ------------------------------------------------------------------------------------
stages=() # run side by side, in this order
quiet=()  # run after them, fewer at once
alone=()  # run last, one by one
named=()  # run only if they are named
declare -A command=() # the command of each stage, quoted for eval

# add LIST NAME COMMAND...
add() {
    local -n list=$1
    list+=("$2")
    command[$2]=$(printf '%q ' "${@:3}")
}

# The store contract also runs on a MongoDB-protocol server and on PostgreSQL. Suites get such a server if the name of one of them needs it.
unit() {
    local -a beside=()
    case "$*" in *mongodb*) beside+=(build/with-mongo.sh) ;; esac
    case "$*" in *postgresql*) beside+=(build/with-postgres.sh) ;; esac
    "${beside[@]}" "$OUT/asan/unit" "$@"
}
replay() { build/fuzz-replay.sh "$OUT/asan/fuzz" "$@"; }

# Succeeds if `make test` leaves FILE to `make test-long` in the stages of PREFIX. The same lines run under the sanitizers and on two other stores
# without them, so a plain run on SQLite has only what the sanitizers cannot run. How long something takes hardly depends on the store, so a file that
# measures time runs once: under the sanitizers, if it can. The stage unit-pooled runs each statement of the store through PgBouncer.
for_test_long() {
    local prefix=$1 file=$2 mark
    mark=$(grep -oE -m 1 '^# (Quiet|Alone|Plain):' "$file")
    [ -z "${AUTHP_LONG:-}$only" ] || return 1
    case $prefix:$mark in
        pooled:* | mongodb:*Quiet* | mongodb:*Alone* | postgresql:*Quiet* | postgresql:*Alone* | asan:*Alone*) return 0 ;;
        sqlite:*Quiet*)
            # shellcheck disable=SC2254 # a pattern
            case $(basename "$(dirname "$file")") in $QUIET_SANITIZED) ! grep -q '^# Plain:' "$file" && return 0 ;; esac
            ;;
        sqlite:)
            # shellcheck disable=SC2254 # a pattern
            case $(basename "$(dirname "$file")") in $SANITIZED) return 0 ;; esac
            ;;
    esac
    return 1
}

# add_e2e PREFIX FOLDERS [VARIABLE=VALUE]... adds one stage for each folder that the pattern FOLDERS matches.
add_e2e() {
    local prefix=$1 folder file files
    for folder in t/*/; do
        folder=$(basename "$folder")
        # shellcheck disable=SC2254 # a pattern
        case $folder in $2) ;; *) continue ;; esac
        files=()
        for file in t/"$folder"/*.t; do
            [ -e "$file" ] || continue
            ! for_test_long "$prefix" "$file" || continue
            case $(grep -oE -m 1 '^# (Quiet|Alone):' "$file") in
                *Quiet*) add quiet "$prefix-$folder-$(basename "$file" .t)" env "${@:3}" build/e2e.sh "$file" ;;
                *Alone*) add alone "$prefix-$folder-$(basename "$file" .t)" env "${@:3}" build/e2e.sh "$file" ;;
                *) files+=("$file") ;;
            esac
        done
        [ ${#files[@]} -eq 0 ] || add stages "$prefix-$folder" env "${@:3}" build/e2e.sh "${files[@]}"
    done
}

shopt -s extglob
SANITIZED='@(api|authz|cli|oidc|security)' # folders that run under the sanitizers on SQLite
QUIET_SANITIZED='@(api|authz|cli|oidc|outage|restart|security)' # folders whose timed files do
real=${AUTHP_TEST_MONGO:-}
real_pg=${AUTHP_TEST_PG:-}
unset AUTHP_TEST_MONGO AUTHP_TEST_PG
add stages guards build/guards.sh
# The names in suites.h: suites of stores, and the others.
mapfile -t suites < <(sed -n 's/^AUTHP_SUITE(\(.*\))$/\1/p' t/unit/suites.h)
mapfile -t of_stores < <(printf '%s\n' "${suites[@]}" | grep -E 'contract|mongo|sqlite|postgresql')
mapfile -t others < <(printf '%s\n' "${suites[@]}" | grep -vE 'contract|mongo|sqlite|postgresql')
add stages unit-store unit "${of_stores[@]}"
add stages unit-pooled env AUTHP_POOLED=1 build/with-postgres.sh "$OUT/asan/unit" contract_postgresql ways_back_postgresql
# Each suite is one process after the other, so one stage of all would be the longest one.
for ((part = 0; part < 3; part++)); do
    third=()
    for ((i = part; i < ${#others[@]}; i += 3)); do third+=("${others[i]}"); done
    add stages "unit-$((part + 1))" unit "${third[@]}"
done
add stages fuzz-replay replay
# Folders whose tests start servers of their own (outage, mongo, postgresql) or are about files (install) do not run on
# a second store.
add_e2e asan '@(api|authz|cli|oidc|outage|restart|security)' E2E_SANITIZE=1
add_e2e sqlite '*'
# A store hardly matters to config and browser: they run on three stores in make test-long.
add_e2e mongodb '!(install|outage|mongo|config|browser)' AUTHP_STORE=mongodb
add_e2e postgresql '!(install|outage|mongo|config|browser)' AUTHP_STORE=postgresql
add_e2e pooled 'api' AUTHP_STORE=postgresql AUTHP_POOLED=1
# If a real server is named, the tests run on it in addition.
if [ -n "$real" ]; then
    add stages unit-real env AUTHP_TEST_MONGO="$real" build/with-mongo.sh "$OUT/asan/unit"
    add_e2e real '!(install|outage|mongo)' AUTHP_STORE=mongodb AUTHP_TEST_MONGO="$real"
fi
if [ -n "$real_pg" ]; then
    add stages unit-real-pg env AUTHP_TEST_PG="$real_pg" build/with-postgres.sh "$OUT/asan/unit" contract_postgresql ways_back_postgresql
    add_e2e real-pg '!(install|outage|mongo)' AUTHP_STORE=postgresql AUTHP_TEST_PG="$real_pg"
fi
# A second server of MongoDB's protocol, with accounts, TLS and durability (t/lib/AuthPlatform/Ferret.pm).
mapfile -t of_mongodb < <(printf '%s\n' "${suites[@]}" | grep mongodb)
add named ferretdb-contract build/with-ferretdb.sh t/mongo/ferretdb/contract.pl "$OUT/asan/unit" "${of_mongodb[@]}"
add named ferretdb-bare env AUTHP_BARE=1 build/with-ferretdb.sh t/mongo/ferretdb/bare.pl "$OUT/asan/unit"
add named ferretdb-durable build/e2e.sh t/mongo/ferretdb/*.t
for folder in api cli; do
    add named "ferretdb-$folder" env AUTHP_STORE=mongodb build/with-ferretdb.sh build/e2e.sh t/"$folder"/*.t
done

if [[ $only == *.t ]]; then
    stages=() quiet=() alone=()
    add stages e2e build/e2e.sh "$only"
elif [ "$only" = ferretdb ]; then
    stages=() quiet=() alone=("${named[@]}")
elif [ -n "${command[${only:-none}]:-}" ]; then
    stages=("$only") quiet=() alone=()
elif [ -n "$only" ]; then
    stages=() quiet=() alone=()
    if [ -x "build/guards/$only.sh" ]; then
        add stages guards build/guards.sh "$only"
    elif [ -f "t/fuzz/$only.c" ]; then
        add stages fuzz-replay replay "$only"
    else
        add stages unit unit "$only"
    fi
fi

# Moves the named ones that are in LIST to its front: longest_first LIST NAME... Without that, the last one would run alone for minutes.
longest_first() {
    local -n all=$1
    local -a front=() back=()
    local name
    for name in "${@:2}"; do
        case " ${all[*]} " in *" $name "*) front+=("$name") ;; esac
    done
    for name in "${all[@]}"; do
        case " ${front[*]} " in *" $name "*) ;; *) back+=("$name") ;; esac
    done
    all=("${front[@]}" "${back[@]}")
}
longest_first stages asan-api sqlite-browser asan-outage asan-cli unit-store asan-restart unit-2 unit-3 unit-1
longest_first quiet asan-outage-80_smtp asan-outage-60_postgresql sqlite-outage-81_smtp_ends asan-oidc-77_restarts asan-outage-65_pgbouncer \
    asan-outage-70_msg91 asan-security-40_limits asan-restart-50_readyz

# --- running them ----------------------------------------------------------------------------------
# With job control each stage is a process group of its own and does not ignore SIGINT.
set -m
declare -A group=() # the process group of each running stage

# shellcheck disable=SC2317 # called by the trap
interrupted() {
    trap '' INT TERM HUP
    local name
    for name in "${!group[@]}"; do
        kill -INT -- "-${group[$name]}" 2>/dev/null
    done
    wait
    exit 130
}
trap interrupted INT TERM HUP

# Prints the sum of the second line of what the builtin `times` wrote, such as "1m2.345s 0m6.789s": user and system time of child processes.
cpu_seconds() {
    awk 'NR == 2 { for (i = 1; i <= 2; i++) { split($i, t, /[ms]/); sum += t[1] * 60 + t[2] } printf "%d\n", sum }' "$1"
}

begin() {
    local name=$1
    rm -f "$logs/$name.end"
    (
        trap - INT TERM HUP
        began=$SECONDS
        status=0
        eval "${command[$name]}" >"$logs/$name.log" 2>&1 </dev/null || status=$?
        times >"$logs/$name.times"
        echo "$status $((SECONDS - began)) $(cpu_seconds "$logs/$name.times")" >"$logs/$name.end.new"
        mv "$logs/$name.end.new" "$logs/$name.end"
    ) &
    group[$name]=$!
}

# Prints how many top-level TAP lines of a log passed, failed and were skipped: "passed failed skipped".
count_tap() {
    awk '/^ok( |$)/ { if (/# *[Ss][Kk][Ii][Pp]/) s++; else p++ }
         /^not ok( |$)/ { if (/# *[Tt][Oo][Dd][Oo]/) s++; else f++ }
         END { print p + 0, f + 0, s + 0 }' "$1"
}

passed=0
failed=0
report() {
    local name=$1 log="$logs/$1.log" status seconds cpu p f s note=""
    read -r status seconds cpu <"$logs/$name.end" || { status=1 seconds=0 cpu=0; }
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
    printf '== %-24s %5d passed, %d failed%s%s, %d s (%d s of CPU)\n' "$name" "$p" "$f" \
        "$([ "$s" -eq 0 ] || echo ", $s skipped")" "$note" "$seconds" "$cpu"
    passed=$((passed + p))
    failed=$((failed + f))
}

# run_all JOBS NAME... returns when all stages have ended. A stage is reported when it and all before it have ended.
run_all() {
    local most=$1 next=0 told=0 name
    local -a names=("${@:2}")
    while [ "$told" -lt ${#names[@]} ]; do
        while [ ${#group[@]} -lt "$most" ] && [ "$next" -lt ${#names[@]} ]; do
            begin "${names[$next]}"
            next=$((next + 1))
        done
        wait -n 2>/dev/null
        for name in "${!group[@]}"; do
            kill -0 "${group[$name]}" 2>/dev/null || unset "group[$name]"
        done
        while [ "$told" -lt "$next" ] && [ -z "${group[${names[$told]}]:-}" ]; do
            report "${names[$told]}"
            told=$((told + 1))
        done
    done
}

[ ${#stages[@]} -eq 0 ] || run_all "$jobs" "${stages[@]}"
[ ${#quiet[@]} -eq 0 ] || run_all $((2 * cores)) "${quiet[@]}"
[ ${#alone[@]} -eq 0 ] || run_all 1 "${alone[@]}"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
