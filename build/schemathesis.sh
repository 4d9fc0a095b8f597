#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs Schemathesis, for t/api/75_schemathesis.t, into $OUT/schemathesis: build/schemathesis.sh
# Versions and contents are pinned in t/api/schemathesis.txt. Does nothing if it is there. Writes nothing outside of $OUT.
set -euo pipefail
cd "$(dirname "$0")/.."

out="${OUT:-build/out}/schemathesis"

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9
pins=t/api/schemathesis.txt
if cmp -s "$pins" "$out/installed.txt"; then
    exit 0
fi
rm -rf -- "${out:?}"
mkdir -p "$out"
for try in 1 2 3; do # a download may fail once
    if /usr/bin/python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps \
        --only-binary=:all: --require-hashes --target "$out/lib" --requirement "$pins" >"$out/install.log" 2>&1; then
        break
    fi
    [ "$try" -lt 3 ] || {
        cat "$out/install.log" >&2
        echo "build/schemathesis.sh: cannot install what $pins names" >&2
        exit 1
    }
    rm -rf "${out:?}/lib"
    sleep 5
done
# httpd's user must be able to read it when the tests run it.
chmod -R a+rX "$out"
cp "$pins" "$out/installed.txt"
