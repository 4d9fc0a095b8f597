#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make install`: build/install.sh MODULE TOOL. Copies files below DESTDIR and lists them in PREFIX/share/auth-platform/installed, which
# build/uninstall.sh reads. httpd's configuration and /etc/auth_platform are never changed: samples end in .dist.
set -euo pipefail
cd "$(dirname "$0")/.."

dest=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
modules=$(apxs -q LIBEXECDIR)
share=$prefix/share/auth-platform
list=$dest$share/installed
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Lines of the list, without DESTDIR: `folder PATH` for a folder that did not exist before, and `file PATH`.
new=$work/list
: >"$new"
[ ! -f "$list" ] || grep '^folder ' "$list" >"$new" || true

# make_folder PATH: makes the folder and those above it.
make_folder() {
    if [ -d "$dest$1" ] || [ "$1" = / ]; then
        return
    fi
    make_folder "$(dirname "$1")"
    install -d "$dest$1"
    echo "folder $1" >>"$new"
}

# put MODE SOURCE PATH: installs a file and adds it to the list.
put() {
    build/below.sh "$dest" "$3"
    make_folder "$(dirname "$3")"
    install -m "$1" "$2" "$dest$3"
    echo "file $3" >>"$new"
}

put 644 "$1" "$modules/mod_auth_platform.so"
put 755 "$2" "$prefix/sbin/authplatform"

# The samples contain the folders of this installation.
for sample in conf/auth_platform.load conf/auth_platform.conf conf/production.conf .env.example; do
    sed -e "s|/usr/lib/apache2/modules/|$modules/|g" -e "s|/usr/local/share/auth-platform|$share|g" "$sample" >"$work/sample"
    put 644 "$work/sample" "$share/$(basename "$sample").dist"
done
for guide in conf/guides/*; do
    put 644 "$guide" "$share/guides/$(basename "$guide")"
done
build/site.sh "$work/site"
while IFS= read -r page; do
    put 644 "$work/site/$page" "$share/site/$page"
done < <(cd "$work/site" && find . -type f -printf '%P\n' | LC_ALL=C sort)
echo "file $share/installed" >>"$new"

# Removes files that an earlier version has installed and this one has not.
if [ -f "$list" ]; then
    comm -23 <(sed -n 's/^file //p' "$list" | LC_ALL=C sort) <(sed -n 's/^file //p' "$new" | LC_ALL=C sort) |
        while IFS= read -r old; do ! build/below.sh "$dest" "$old" || rm -f -- "$dest$old"; done
fi
install -m 644 "$new" "$list"

echo "installed: $dest$modules/mod_auth_platform.so"
echo "           $dest$prefix/sbin/authplatform"
echo "           $dest$share/*.dist, guides, site (the sign-in page)"
