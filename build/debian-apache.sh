#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build/debian-apache.sh: fetches the packages that make Debian's /etc/apache2, a2enmod and apache2ctl into OUT/debian, for t/install, which
# unpacks them in a root of its own. They are not installed on this machine, since `apache2` brings a running service. A no-op when done.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath -m "${OUT:-build/out}/debian")
version=$(dpkg-query -W -f '${Version}' apache2-bin)
[ ! -e "$folder/$version" ] || exit 0

mkdir -p "$folder"
cd "$folder"
rm -f -- *.deb
log=$(mktemp)
trap 'rm -f "$log"' EXIT
packages=(apache2 apache2-data apache2-utils)
# The version of the program that is here; another one of the archive will do for the layout.
if ! apt-get download -q "${packages[@]/%/=$version}" >>"$log" 2>&1 && ! apt-get download -q "${packages[@]}" >>"$log" 2>&1; then
    apt-get update -q >>"$log" 2>&1 || true
    if ! apt-get download -q "${packages[@]}" >>"$log" 2>&1; then
        cat "$log" >&2
        echo "build/debian-apache.sh: cannot fetch ${packages[*]}" >&2
        exit 1
    fi
fi
touch "$version"
