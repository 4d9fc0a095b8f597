#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the libraries of t/mongo/Server.java into $OUT/mongo/lib: build/mongo-server.sh
# Versions are pinned in t/mongo/pom.xml, contents in t/mongo/jars.sha256. Does nothing if all are there. Writes nothing outside of $OUT.
set -euo pipefail
cd "$(dirname "$0")/.."

out="$(realpath -m "${OUT:-build/out}")/mongo"
sums=$PWD/t/mongo/jars.sha256

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9

# True if the folder has exactly the pinned jars, because every jar in it is run.
complete() {
    [ -d "$out/lib" ] && [ "$(find "$out/lib" -type f | wc -l)" = "$(wc -l <"$sums")" ] &&
        (cd "$out/lib" && sha256sum --check --strict --status "$sums") 2>/dev/null
}

if complete; then
    exit 0
fi
rm -rf "${out:?}/lib"
mkdir -p "$out"
for try in 1 2 3; do # a download may fail once
    # The plugin's whole name is used. With its prefix alone, Maven does not say why it cannot fetch the plugin.
    if mvn --quiet --batch-mode --file t/mongo/pom.xml -Dmaven.repo.local="$out/repository" \
        org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies -DoutputDirectory="$out/lib" -DbuildDirectory="$out/target" >"$out/fetch.log" 2>&1; then
        break
    fi
    [ "$try" -lt 3 ] || {
        cat "$out/fetch.log" >&2
        echo "build/mongo-server.sh: cannot fetch the MongoDB-protocol server" >&2
        exit 1
    }
    sleep 5
done
if ! complete; then
    echo "build/mongo-server.sh: what was fetched is not what t/mongo/jars.sha256 names:" >&2
    (cd "$out/lib" && sha256sum --check --quiet "$sums") >&2 || true
    (cd "$out/lib" && printf '%s\n' *) | grep -vxFf <(cut -d ' ' -f 3 "$sums") | sed 's/$/: not named/' >&2 || true
    rm -rf "${out:?}/lib" "${out:?}/repository"
    exit 1
fi
rm -rf "${out:?}/repository"
