#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Why: layers and rooms stay true only if a wrong #include fails the build. The guard also keeps httpd's headers inside httpd/, so that all
# other code can be tested and used (tool, fuzzers) without a server.
set -euo pipefail
cd "$(dirname "$0")/../.."

low="base net crypto crypto/jwt crypto/password"
stores="store store/sql store/sqlite store/postgresql store/mongodb store/providers"
rules="service/settings service/password service/live_table service/realm service/live service/limit service/audit"
rules+=" service/session service/account service/invite service/sign_in service/provider service/transfer service/phone service/vault service/mail service/otp service/two_step service/code_sign_in service/address"

# The rooms that files of a room may include, besides their own. The room of every profile is api/profiles, and no profile may include
# another one.
declare -A MAY=(
    [base]=""
    [net]="base"
    [crypto]="base"
    [crypto/jwt]="base crypto"
    [crypto/password]="base"
    [store]="base"
    [store/sql]="base store"
    [store/sqlite]="base store store/sql"
    [store/postgresql]="base store store/sql"
    [store/mongodb]="base store"
    [store/providers]="base $stores"
    [service/settings]="base net"
    [service/password]="base crypto/password service/settings"
    [service/phone]="base service/settings"
    [service/live_table]="base service/settings"
    [service/realm]="$low store store/providers service/settings service/password service/live_table"
    [service/live]="base store service/settings service/live_table service/realm"
    [service/limit]="base crypto service/settings"
    [service/audit]="base store service/realm"
    [service/vault]="base crypto store service/realm"
    [service/mail]="$low store service/settings service/realm service/audit service/limit service/vault"
    [service/session]="$low store service/settings service/phone service/realm service/live service/audit service/mail"
    [service/account]="$low store service/settings service/phone service/password service/realm service/live service/limit service/audit service/mail service/session"
    [service/otp]="$low store service/settings service/phone service/realm service/limit service/audit"
    [service/two_step]="$low store service/settings service/phone service/realm service/limit service/audit service/mail service/session service/account service/invite service/sign_in service/otp"
    [service/invite]="$low store service/settings service/realm service/audit service/mail service/session service/account"
    [service/sign_in]="$low store service/settings service/realm service/audit service/mail service/session service/account service/invite"
    [service/provider]="$low store service/settings service/realm service/live service/audit service/mail service/session service/account service/invite service/sign_in"
    [service/code_sign_in]="$low store service/settings service/realm service/audit service/mail service/session service/account service/sign_in service/otp"
    [service/address]="$low store service/settings service/realm service/audit service/mail service/session service/account service/invite service/sign_in"
    [service/transfer]="$low store service/settings service/realm service/live service/account"
    [service/intake]="base crypto crypto/password store service/settings service/phone service/account"
    [api/core]="$low store $rules"
    [api/openapi]="base api/core service/settings"
    [api/docs]="base crypto api/core api/openapi service/settings service/realm service/live service/vault"
    [api/pages]="base api/core service/settings service/realm"
    [api/profiles]="$low store $rules api/core api/docs api/pages"
    [httpd]="$low $stores $rules api/core api/openapi api/docs"
    [cli]="$low $stores $rules service/intake"
)
HTTPD_HEADERS='httpd|http_[a-z]+|ap_[a-z_]+|util_[a-z]+|mod_[a-z]+|scoreboard|mpm_common'

found=0
say() {
    echo "$1"
    found=1
}

# Sets own and room, from the path of a file.
place() {
    own=${1#mod_auth_platform/}
    own=${own%/*}
    room=$own
    [[ $own != api/profiles/* ]] || room=api/profiles
}

mapfile -t files < <(find mod_auth_platform -name '*.[ch]' | sort)
[ ${#files[@]} -gt 0 ] || say "missing mod_auth_platform/**/*.[ch]"
for file in "${files[@]}"; do
    place "$file"
    [ -n "${MAY[$room]+there}" ] || say "$file: unknown room \"$own\""
done

# No program is started for a file, because there are hundreds of them.
while IFS=: read -r file line text; do
    place "$file"
    [ -n "${MAY[$room]+there}" ] || continue
    if [[ $text =~ include[[:space:]]*\"([^\"]*)\" ]]; then
        included=${BASH_REMATCH[1]}
        from=${included%/*}
        if [[ $included != */* ]]; then
            say "$file:$line: \"$included\" without its folder"
        elif [ "$from" != "$own" ] && [[ " ${MAY[$room]} " != *" $from "* ]]; then
            say "$file:$line: $own/ must not include \"$included\""
        fi
    elif [ "$room" != httpd ] && [[ $text =~ include[[:space:]]*\<($HTTPD_HEADERS)\.h\> ]]; then
        say "$file:$line:$text: httpd's header below httpd/"
    fi
done < <(grep -nE '^[[:space:]]*#[[:space:]]*include' "${files[@]}")
exit "$found"
