#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `make install`: build/install.sh MODULE TOOL. Copies files and nothing else: httpd's live
# configuration is never touched, samples end in .dist.
set -euo pipefail
cd "$(dirname "$0")/.."

dest=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}
modules="$dest$(apxs -q LIBEXECDIR)"
samples="$dest$prefix/share/auth-platform"

install -d "$modules" "$dest$prefix/sbin" "$samples"
install -m 644 "$1" "$modules/mod_auth_platform.so"
install -m 755 "$2" "$dest$prefix/sbin/authplatform"
for sample in conf/*.conf .env.example; do
    [ -f "$sample" ] || continue
    install -m 644 "$sample" "$samples/$(basename "$sample").dist"
done
echo "installed: $modules/mod_auth_platform.so"
echo "           $dest$prefix/sbin/authplatform"
echo "           $samples/*.dist"
