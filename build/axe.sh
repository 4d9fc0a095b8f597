#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts axe-core, for t/browser/*.t, at $OUT/axe/axe.min.js: build/axe.sh
# It comes out of a pinned, hash-checked package (t/browser/axe.txt), as data: nothing of that package is run but in the test's browser.
set -euo pipefail
cd "$(dirname "$0")/.."

out="${OUT:-build/out}/axe"
pins=t/browser/axe.txt

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9
if [ -s "$out/axe.min.js" ] && cmp -s "$pins" "$out/installed.txt"; then
    exit 0
fi
rm -rf -- "${out:?}"
mkdir -p "$out"
/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
    --dest "$out" --requirement "$pins"
/usr/bin/python3 - "$out" <<'PY'
import glob, sys, zipfile
wheel, = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as packed, open(sys.argv[1] + "/axe.min.js", "wb") as script:
    script.write(packed.read("axe_playwright_python/axe.min.js"))
PY
chmod -R a+rX "$out"
cp "$pins" "$out/installed.txt"
