#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a command beside a fresh MongoDB-protocol server: build/with-mongo.sh COMMAND...
# The command finds the server by AUTHP_MONGODB_URI. If AUTHP_TEST_MONGO is the URI of a real server, that one is used instead
# (build/test.sh uses both).
set -euo pipefail
cd "$(dirname "$0")/.."

if [ -n "${AUTHP_TEST_MONGO:-}" ]; then
    AUTHP_MONGODB_URI=$AUTHP_TEST_MONGO exec "$@"
fi
build/mongo-server.sh
lib=$(realpath "${OUT:-build/out}/mongo/lib")

work=$(mktemp -d)
pid=''
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# The server ends when its standard input closes. Only this script holds the other end open.
mkfifo "$work/alive"
: >"$work/said" # the loop below may read the file before the background job has made it
java -XX:TieredStopAtLevel=1 -Xmx"${AUTHP_MONGO_HEAP:-512m}" -cp "$lib/*" t/mongo/Server.java memory 0 <"$work/alive" >"$work/said" 2>&1 &
pid=$!
exec 7>"$work/alive"
for ((tries = 0; tries < 300; tries++)); do
    port=$(sed -n 's/^listening //p' "$work/said")
    [ -z "$port" ] || break
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
done
if [ -z "$port" ]; then
    cat "$work/said" >&2
    echo "build/with-mongo.sh: the MongoDB-protocol server does not start" >&2
    exit 1
fi
status=0
AUTHP_MONGODB_URI="mongodb://127.0.0.1:$port/" "$@" 7>&- || status=$?
exec 7>&-
exit "$status"
