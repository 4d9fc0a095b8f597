#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Puts the OpenAPI specification's own JSON schema at $OUT/oas/schema.json: build/oas-schema.sh
# It comes out of a pinned, hash-checked package (t/api/requirements.txt), as data: nothing of that package is run.
set -euo pipefail
cd "$(dirname "$0")/.."

out="${OUT:-build/out}/oas"

# Stages run side by side: the next process waits here until the first one has fetched.
mkdir -p "${out%/*}"
exec 9>"$out.lock"
flock 9
if [ -s "$out/schema.json" ] && [ "$out/schema.json" -nt t/api/requirements.txt ]; then
    exit 0
fi
mkdir -p "$out"
/usr/bin/python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
    --dest "$out" --requirement t/api/requirements.txt
/usr/bin/python3 - "$out" <<'PY'
import glob, sys, zipfile
wheel, = glob.glob(sys.argv[1] + "/*.whl")
with zipfile.ZipFile(wheel) as packed, open(sys.argv[1] + "/schema.json", "wb") as schema:
    schema.write(packed.read("openapi_spec_validator/resources/schemas/v3.1/schema.json"))
PY
