#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# build/below.sh DESTDIR PATH: fails unless the folder that PATH is in lies below DESTDIR, whatever `..` and links on the way say. Who
# can write in DESTDIR must not choose what root writes or removes elsewhere. A folder that is not there is below it if the one above is.
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
