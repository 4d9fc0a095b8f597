#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make uninstall`: removes the files that `make install` with the same DESTDIR and PREFIX has listed, and the folders that it made if they
# are empty. Configuration (/etc) and data (AUTH_STATE_DIR) stay.
set -euo pipefail

dest=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
list=$dest$prefix/share/auth-platform/installed
if [ ! -f "$list" ]; then
    echo "make uninstall: no $list: nothing of ours is installed with this DESTDIR and PREFIX" >&2
    exit 1
fi
# httpd could not start again if it still loads the module.
enabled=$dest/etc/apache2/mods-enabled/auth_platform.load
[ ! -e "$enabled" ] || echo "note: $enabled still loads the module: a2dismod auth_platform" >&2

mapfile -t files < <(sed -n 's/^file //p' "$list")
mapfile -t folders < <(sed -n 's/^folder //p' "$list" | LC_ALL=C sort -r)
for file in "${files[@]}"; do
    "$(dirname "$0")/below.sh" "$dest" "$file" || continue
    rm -f -- "$dest$file"
    echo "removed: $dest$file"
done
for folder in "${folders[@]}"; do
    "$(dirname "$0")/below.sh" "$dest" "$folder" || continue
    rmdir -- "$dest$folder" 2>/dev/null || true
done
