#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the end-to-end tests (t/TEST, Apache::Test) against the built module: build/e2e.sh [FILE.t]...
# E2E_SANITIZE=1 takes the ASan+UBSan build and starts httpd through build/httpd-asan.sh.
#
# AUTHP_STORE=mongodb or postgresql runs them on that store instead of SQLite; AUTHP_POOLED=1 with PgBouncer in front of PostgreSQL. Several files run in a random order, which
# AUTHP_ORDER=SEED repeats.
#
# t/TEST reads: AUTHP_MODULE and AUTHP_CLI (absolute paths), AUTHP_HTTPD (the httpd to start),
# AUTHP_SANITIZE (1 or unset) and, then, AUTHP_ASAN_DIR (a folder anybody may write reports into).
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# With such a store but without a server: runs this script again beside a server of its own.
if [ "${AUTHP_STORE:-}" = mongodb ] && [ -z "${AUTHP_MONGODB_URI:-}" ]; then
    exec build/with-mongo.sh build/e2e.sh "$@"
fi
if [ "${AUTHP_STORE:-}" = postgresql ] && [ -z "${AUTHP_POSTGRES_URL:-}" ]; then
    exec build/with-postgres.sh build/e2e.sh "$@"
fi

out=$(realpath "${OUT:-build/out}")
profile=debug
export AUTHP_HTTPD=${AUTHP_HTTPD:-/usr/sbin/apache2}

if [ "${E2E_SANITIZE:-0}" = 1 ]; then
    profile=asan
    AUTHP_ASAN_DIR=$(mktemp -d)
    trap 'rm -rf "$AUTHP_ASAN_DIR"' EXIT
    chmod 1777 "$AUTHP_ASAN_DIR"
    # The copy is in a folder that httpd's user can enter, because the checkout may be below root's home.
    install -m 755 build/httpd-asan.sh "$AUTHP_ASAN_DIR/httpd"
    install -m 644 build/lsan.supp "$AUTHP_ASAN_DIR/lsan.supp"
    install -m 644 "$out/asan/pool_shim.so" "$AUTHP_ASAN_DIR/pool_shim.so" || exit 1
    AUTHP_HTTPD="$AUTHP_ASAN_DIR/httpd"
    export AUTHP_ASAN_DIR AUTHP_SANITIZE=1
    # These are for the command line tool, which is a program of its own. build/httpd-asan.sh sets them for httpd.
    export ASAN_OPTIONS="abort_on_error=1:detect_leaks=1:log_path=$AUTHP_ASAN_DIR/report"
    export UBSAN_OPTIONS="print_stacktrace=1:halt_on_error=1:log_path=$AUTHP_ASAN_DIR/report"
    export LSAN_OPTIONS="suppressions=$AUTHP_ASAN_DIR/lsan.supp:print_suppressions=0"
fi
export AUTHP_MODULE="$out/$profile/mod_auth_platform.so" AUTHP_CLI="$out/$profile/authplatform"
export AUTHP_OAS_SCHEMA="$out/oas/schema.json" AUTHP_SCHEMATHESIS="$out/schemathesis" AUTHP_AXE="$out/axe/axe.min.js" AUTHP_MONGO_LIB="$out/mongo/lib" AUTHP_OIDC="$out/oidc" AUTHP_FERRETDB="$out/ferretdb"
# t/install needs the checkout and Debian's apache2 package.
export AUTHP_TOP=$PWD AUTHP_DEBIAN="$out/debian"

# Programs that must be fetched are fetched only if a selected file needs them. Some tests start MongoDB-protocol servers of their own.
[ $# -gt 0 ] || set -- t/*/*.t
if grep -q AUTHP_OAS_SCHEMA "$@"; then build/wheel-file.sh oas/schema.json t/api/requirements.txt openapi_spec_validator/resources/schemas/v3.1/schema.json || exit 1; fi
if [ "$(id -u)" -eq 0 ] && grep -q AUTHP_DEBIAN "$@"; then build/debian-apache.sh || exit 1; fi
if grep -q AUTHP_SCHEMATHESIS "$@"; then build/schemathesis.sh || exit 1; fi
if grep -qE 'AUTHP_AXE|AuthPlatform::DemoSite' "$@"; then build/wheel-file.sh axe/axe.min.js t/browser/axe.txt axe_playwright_python/axe.min.js || exit 1; fi
if grep -qE 'AuthPlatform::Mongo|AUTHP_MONGO_LIB' "$@"; then build/mongo-server.sh || exit 1; fi
if grep -q AuthPlatform::Ferret "$@"; then build/ferretdb.sh || exit 1; fi
if grep -qE 'AuthPlatform::Oidc|AUTHP_OIDC' "$@"; then build/oidc-provider.sh || exit 1; fi

for needed in "$AUTHP_MODULE" "$AUTHP_CLI" t/TEST; do
    if [ ! -e "$needed" ]; then
        echo "missing $needed"
        exit 1
    fi
done

status=0
perl t/TEST -verbose "$@" || status=$?

# A sanitizer's report fails the run even if every answer was right. On a busy machine the leak checker sometimes cannot stop the threads of
# a process, and leaves that process unchecked. One such process is tolerated. The tests of restarts and outages may have ten, because they end
# hundreds of processes at work.
if [ -n "${AUTHP_ASAN_DIR:-}" ]; then
    unchecked=0
    may=1
    case "$*" in *restart* | *outage*) may=10 ;; esac
    for report in "$AUTHP_ASAN_DIR"/report.*; do
        [ -s "$report" ] || continue
        # A report of only this line is a notice: a thread ended while the checker looked at it.
        if ! grep -qvE '^==[0-9]+==Unable to get registers from thread [0-9]+\.$' "$report"; then
            echo "# one thread was gone before it could be looked at: $report"
            continue
        fi
        if grep -q 'LeakSanitizer has encountered a fatal error' "$report" && ! grep -q 'ERROR:' "$report"; then
            unchecked=$((unchecked + 1))
            [ "$unchecked" -gt "$may" ] || { echo "# no leak check of one process: $report"; continue; }
        fi
        echo "not ok - sanitizer report"
        cat "$report"
        status=1
    done
fi
exit "$status"
