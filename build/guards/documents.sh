#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: DESIGN.md and README.md of the source name files. A file that was renamed or moved must not stay there under its old name. A name in
# backquotes may be that of any source, test or script, also with folders in front of it.
set -euo pipefail
cd "$(dirname "$0")/../.."

mark=$'\x60' # a backquote
files=$(find mod_auth_platform t build conf -type f -not -path 'build/out/*')
found=0
for document in mod_auth_platform/*.md; do
    names=$(grep -oE "${mark}[A-Za-z0-9_./*-]+\.(c|h|def|sh|pl|t|pm|md|json|conf|mk)$mark" "$document" | tr -d "$mark" | sort -u)
    [ -n "$names" ] || { echo "$document names no file: is the pattern right?"; found=1; }
    for name in $names; do # the names have no blanks
        pattern=${name//./\\.}
        if ! grep -qE "(^|/)${pattern//\*/[^/]*}\$" <<<"$files" && [ ! -e "$name" ]; then
            echo "$document: there is no $name"
            found=1
        fi
    done
done
exit "$found"
