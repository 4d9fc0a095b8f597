#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build/site.sh FOLDER: makes the pages of a real site in FOLDER from conf/demo/site: the sign-in page, the files that it names, and the
# files that those name, without the texts about the demo.
set -euo pipefail
cd "$(dirname "$0")/.."
from=conf/demo/site
to=$1

# Prints the files that FILE loads, as paths below the site.
names_in() {
    local folder
    folder=$(dirname "$1")
    {
        grep -oE '(src|href)="[^"#?:]+\.(css|js|svg|png|ico|woff2?)"' "$from/$1" | sed 's/^[^"]*"//' || true
        grep -oE '(from|import) *\(?"\./[^"]+"' "$from/$1" | sed 's/^[^"]*"/@/' || true
        grep -oE 'url\("?[^")#:]+' "$from/$1" | sed 's/^url("\?/@/' || true
    } | sed -e 's/"$//' -e "s|^@\(\./\)\?|$folder/|" -e 's|^/||' -e 's|^\./||'
}

pending=(signin.html)
declare -A taken=()
while [ ${#pending[@]} -gt 0 ]; do
    file=${pending[0]}
    pending=("${pending[@]:1}")
    [ -z "${taken[$file]:-}" ] || continue
    taken[$file]=1
    [ -f "$from/$file" ] || { echo "build/site.sh: $from/$file is named, but is not there" >&2; exit 1; }
    install -D -m 644 "$from/$file" "$to/$file"
    while IFS= read -r name; do pending+=("$name"); done < <(names_in "$file")
done

# The text between the marks is about the demo. The page shows the host's name where the demo shows its own name.
sed -i -e '/<!-- demo only -->/,/<!-- end of demo only -->/d' -e 's/ · mod_auth_platform demo//' -e 's/mod_auth_platform demo//' \
    -e 's,="/assets/,="assets/,' "$to/signin.html"
