#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that the named groups need: build/deps.sh [run|mail|test|long|lint|fuzz|valgrind|bench]...
# Does nothing if they are installed. If some are missing and the user is not root, it prints the command to run as root and exits with 1.
# No package here starts a service: apache2-bin, not apache2.
set -euo pipefail

declare -A PACKAGES=(
    # builds the module and runs the demo site
    [run]="gcc libc6-dev pkgconf apache2-bin apache2-dev libapr1-dev libaprutil1-dev
        libaprutil1-dbd-sqlite3 libaprutil1-dbd-pgsql libpq-dev libjwt-dev libssl-dev libjansson-dev libcurl4-openssl-dev libmongoc-dev libargon2-dev
        ca-certificates curl media-types"
    # the mail server of make run MAIL=demo
    [mail]="python3-aiosmtpd"
    # Check; Apache::Test (only in libapache2-mod-perl2); clients; the schema of OpenAPI; the apps of the route families; a mail server; the browser; Maven
    # and Java for the MongoDB-protocol server; PostgreSQL and its pooler
    [test]="check perl libapache2-mod-perl2 libwww-perl libjson-perl libhttp-daemon-perl sqlite3
        python3-minimal python3-pip python3-jsonschema python3-pymongo python3-fastapi python3-jose python3-uvicorn python3-websockets python3-aiosmtpd chromium chromium-driver
        maven openjdk-17-jdk-headless postgresql-15 pgbouncer"
    # makes a bare Debian in which the guide for production is followed
    [long]="debootstrap"
    [lint]="clang-format clang-tidy cppcheck shellcheck"
    [fuzz]="clang libclang-rt-14-dev llvm"
    [valgrind]="valgrind"
    [bench]="wrk valgrind perl libjson-perl libapache2-mod-auth-openidc maven openjdk-17-jdk-headless postgresql-15"
)

wanted=""
for group in "${@:-run}"; do
    if [ -z "${PACKAGES[$group]:-}" ]; then
        echo "build/deps.sh: no group \"$group\"; there are: ${!PACKAGES[*]}" >&2
        exit 2
    fi
    wanted+=" ${PACKAGES[$group]}"
done
wanted=$(tr -s ' \n' '\n' <<<"$wanted" | sed '/^$/d' | sort -u)

# The stamp is valid until the list or dpkg's database changes.
stamp="${OUT:-build/out}/deps/$(cksum <<<"$wanted" | cut -d ' ' -f 1)"
if [ "$stamp" -nt /var/lib/dpkg/status ]; then
    exit 0
fi

if ! command -v dpkg-query >/dev/null; then
    echo "build/deps.sh: no dpkg here. Install what matches these Debian 12 packages, then say DEPS=no:" >&2
    xargs <<<"$wanted" >&2
    exit 1
fi

missing=""
list_missing() {
    local have
    # dpkg-query fails for an unknown name, and still lists the others
    # shellcheck disable=SC2086 # a list of names
    have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
        sed -n 's/^installed //p' | sort -u) || true
    missing=$(comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$have") | xargs)
}

list_missing
if [ -n "$missing" ]; then
    if [ "$(id -u)" -ne 0 ]; then
        echo "These Debian packages are missing. As root, run:" >&2
        echo "  apt-get update && apt-get install -y --no-install-recommends $missing" >&2
        exit 1
    fi
    echo "installing: $missing"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    install_missing() {
        # shellcheck disable=SC2086 # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
            -o DPkg::Lock::Timeout=300 $missing </dev/null >>"$log" 2>&1
    }
    # The package lists may be missing or old. They are fetched only if the installation fails without that.
    if ! install_missing; then
        apt-get update -q -o DPkg::Lock::Timeout=300 >>"$log" 2>&1 || true
        if ! install_missing; then
            cat "$log" >&2
            echo "build/deps.sh: apt-get could not install: $missing" >&2
            exit 1
        fi
    fi
    list_missing
    if [ -n "$missing" ]; then
        echo "build/deps.sh: still missing after apt-get: $missing" >&2
        exit 1
    fi
fi

mkdir -p "$(dirname "$stamp")" && touch "$stamp"
