#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build/debian-apache.sh: fetches the packages with Debian's /etc/apache2, a2enmod and apache2ctl into OUT/debian. t/install unpacks them in
# a root of its own. They are not installed on this machine, because the package `apache2` starts a service. Does nothing if they are there.
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
# First the version of the installed program. Another version of the archive has the same layout.
if ! apt-get download -q "${packages[@]/%/=$version}" >>"$log" 2>&1 && ! apt-get download -q "${packages[@]}" >>"$log" 2>&1; then
    apt-get update -q >>"$log" 2>&1 || true
    if ! apt-get download -q "${packages[@]}" >>"$log" 2>&1; then
        cat "$log" >&2
        echo "build/debian-apache.sh: cannot fetch ${packages[*]}" >&2
        exit 1
    fi
fi
touch "$version"
