#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build/below.sh DESTDIR PATH: fails if the folder of DESTDIR/PATH is outside of DESTDIR after `..` and symbolic links are resolved. Without
# this check, a user who can write to DESTDIR could choose which files root writes or removes elsewhere. The folder need not exist yet.
set -euo pipefail
root=$(realpath -- "${1:-/}")
folder=$(realpath -m -- "${1:-}$(dirname -- "$2")")
case "${folder%/}/" in
    "${root%/}/"*) ;;
    *)
        echo "make: $1$2 is not below $1: left alone" >&2
        exit 1
        ;;
esac
