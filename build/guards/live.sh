#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: code that ends sessions or changes accounts must also tell the live table. Otherwise a revoked token passes guarded pages until the
# next round of the poll. service/live/live_change.c does both, so no other file may call the store for it.
set -euo pipefail
cd "$(dirname "$0")/../.."

! grep -rnE 'authp_store_(session_end|session_end_user|user_update|user_delete)\(' mod_auth_platform --include='*.c' |
    grep -vE '^mod_auth_platform/(store/|service/live/live_change\.c:)'
