#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: a name leads to its file. What FILE.c exports is called authp_FILE or authp_FILE_..., so that nobody has to search for a definition,
# and a file that exports other names shows that it does several jobs. prefixes.later lists files that do not follow this yet. The list may
# only shrink: a listed file that has no other name any more is a finding, too.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Names that other programs call: main(), and the symbol by which httpd finds a module.
ENTRIES='^(main|auth_platform_module)$'

# clang-format puts definitions at the start of a line. It indents everything else that ends like one: statements, initialisers and further
# lines of a parameter list. A declaration without a definition does not occur in a .c.
mapfile -t sources < <(find mod_auth_platform -name '*.c' | sort)
[ ${#sources[@]} -gt 0 ] || { echo "missing mod_auth_platform/**/*.c"; exit 1; }
later=$(sed -E 's/[[:space:]]*#.*//; /^$/d' build/guards/prefixes.later)

defined=$(awk '
    FNR == 1 { file = FILENAME; sub(/.*\//, "", file); sub(/\.c$/, "", file) }
    /^[a-z]/ && !/^(static|typedef|extern|return)[ (]/ {
        name = $0
        sub(/^(const|struct|enum|union|unsigned|AP_DECLARE_MODULE)[ (]*/, "", name)
        if (name !~ /^([a-z_0-9]+ +)+[*]*( *const +)?[*]*[a-z_0-9]+ *(\(|\[|=|;|$)/) next
        sub(/ *(\(|\[|=|;).*/, "", name); sub(/.*[ *]/, "", name)
        print FILENAME, FNR, name, (name ~ "^authp_" file "(_|$)")
    }' "${sources[@]}")
[ -n "$defined" ] || { echo "no definition found: is the code formatted?"; exit 1; }

found=0
while read -r file line name good; do
    [ "$good" -eq 1 ] && continue
    [[ $name =~ $ENTRIES ]] && continue
    grep -qxF "$file" <<<"$later" && continue
    echo "$file:$line: $name does not begin with authp_$(basename "$file" .c)"
    found=1
done <<<"$defined"
for file in $later; do
    awk -v file="$file" -v entries="$ENTRIES" '$1 == file && !$4 && $3 !~ entries { some = 1 } END { exit !some }' <<<"$defined" ||
        { echo "build/guards/prefixes.later: $file has no other name any more, remove it"; found=1; }
done
exit "$found"
