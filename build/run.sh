#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Serves the demo site on 127.0.0.1 in the foreground until Ctrl-C or SIGTERM, and leaves no process running. `make run` calls it.
# Environment: PORT, ENV_FILE, RUN_DIR (logs, and the data if the settings name no AUTH_STATE_DIR), PROVIDER and MAIL
# (build/run-stand-ins.sh), OUT, AUTHP_MODULE, AUTHP_CLI, AUTHP_HTTPD, AUTHP_PYTHON (build/run-families.sh).
set -euo pipefail
started_in=$PWD
root=$(cd "$(dirname "$0")/.." && pwd -P)

# --- helpers -----------------------------------------------------------------------------------
fail() {
    printf 'make run: %s\n' "$*" >&2
    exit 1
}

absolute() {
    case $1 in
        /*) realpath -m -- "$1" ;;
        *) realpath -m -- "$started_in/$1" ;;
    esac
}

# Writes a Define line whose value httpd's configuration reads between double quotes.
define() {
    case $2 in
        *[\"\\\$]*) fail "$2: httpd cannot use a path with \", \\ or \$ in it" ;;
    esac
    printf 'Define %s "%s"\n' "$1" "$2"
}

# Quotes a word for the shell into which the person pastes it.
shell_quote() {
    printf '%q' "$1"
}

port_is_taken() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Prints the status of the answer to GET $1, or nothing if there is no answer.
http_status() {
    curl -s -m 5 -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port$1" 2>/dev/null || true
}

as_httpd_user() {
    "${as_user[@]}" "$@"
}

# True if the settings file gives the key a value.
env_file_sets() {
    grep -qE "^[[:space:]]*(export[[:space:]]+)?$1[[:space:]]*=[[:space:]]*['\"]?[^'\"#[:space:]]" "$env_file"
}

# --- what to run -------------------------------------------------------------------------------
port=${PORT:-8080}
if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || [ "$port" -gt 65535 ]; then
    fail "PORT=$port is no port number"
fi
env_file=$(absolute "${ENV_FILE:-.env}")
run_dir=$(absolute "${RUN_DIR:-build/out/run}")
out=$(absolute "${OUT:-build/out}")
module=$(absolute "${AUTHP_MODULE:-$out/release/mod_auth_platform.so}")
cli=$(absolute "${AUTHP_CLI:-$out/release/authplatform}")
httpd=${AUTHP_HTTPD:-/usr/sbin/apache2}
[ -f "$module" ] || fail "$module is missing: run \`make\` first"
[ -x "$httpd" ] || fail "$httpd is missing: install apache2-bin, or name another httpd by AUTHP_HTTPD"
# shellcheck source=build/run-stand-ins.sh
. "$root/build/run-stand-ins.sh"
stand_ins_check
if port_is_taken "$port"; then
    fail "port $port is in use; try another: make run PORT=$((port < 65535 ? port + 1 : 8080))"
fi

# Started by root, httpd's children run as this user, which must be able to read their files.
user='' group='' as_user=(env)
if [ "$(id -u)" -eq 0 ]; then
    user=www-data
    id -u "$user" >/dev/null 2>&1 || user=nobody
    group=$(id -gn "$user")
    as_user=(setpriv --reuid "$user" --regid "$group" --clear-groups --)
fi

# --- RUN_DIR, which only one run may use at a time ---------------------------------------------
mkdir -p -- "$run_dir" || fail "cannot make RUN_DIR=$run_dir"
if ! { exec 9>>"$run_dir/lock"; } 2>/dev/null; then
    fail "RUN_DIR=$run_dir belongs to somebody else; try another: make run RUN_DIR=FOLDER"
fi
# httpd inherits the lock, so an httpd that outlived its `make run` is noticed too.
flock -n 9 || fail "another server uses $run_dir (process $(cat "$run_dir/httpd.pid" 2>/dev/null || echo unknown)); stop it, or say RUN_DIR=FOLDER"
rm -f -- "$run_dir/httpd.pid" # left by a run that crashed, because no process holds the lock

# --- a folder that httpd's user can enter ------------------------------------------------------
# It exists during this run only. It has the CGI socket, whose path must be short, and a copy of the site if that user cannot read the
# checkout (below root's home, or checked out with umask 077).
tmp='' pid=''
# shellcheck source=build/run-families.sh
. "$root/build/run-families.sh"
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    families_stop
    stand_ins_stop
    [ -z "$tmp" ] || rm -rf -- "$tmp"
}
trap clean_up EXIT
trap 'exit 0' INT TERM HUP

demo=$root/conf/demo
demo_is_readable() {
    [ -z "$(as_httpd_user find "$demo" \( ! -readable -o -type d ! -executable \) -print -quit 2>&1)" ]
}

stage() {
    local base
    for base in /tmp /var/tmp /run; do
        tmp=$(mktemp -d "$base/authp-run-XXXXXX" 2>/dev/null) || continue
        chmod 755 "$tmp"
        if ! demo_is_readable; then
            cp -R -- "$demo" "$tmp/"
            chmod -R u+rwX,go+rX,go-w "$tmp"
            demo=$tmp/demo
        fi
        # In a folder that is mounted noexec the program can be read but not run.
        if as_httpd_user "$demo/cgi/whoami" >/dev/null 2>&1; then
            return
        fi
        rm -rf -- "$tmp"
        tmp='' demo=$root/conf/demo
    done
    fail "${user:-$(id -un)} cannot run the demo's program $demo/cgi/whoami from any folder"
}

# --- data and settings: made once, not changed afterwards --------------------------------------
# shellcheck disable=SC2016 # as it stands in the file
made_by='# Made by `make run`'

# Makes the folder of the data if it does not exist, for httpd's user alone.
prepare_state_dir() {
    mkdir -p -- "$(dirname "$1")"
    mkdir -m 700 -- "$1" 2>/dev/null || true
    # Every user can write to /var/tmp, so a folder of another user there is not used.
    if [ -L "$1" ] || [ ! -d "$1" ]; then
        fail "$1 is in the way: it is no folder"
    fi
    case $(stat -c %U -- "$1") in
        "$(id -un)" | "$user") ;;
        *) fail "$1 belongs to somebody else; say RUN_DIR=FOLDER, or set AUTH_STATE_DIR in $env_file" ;;
    esac
    chmod 700 -- "$1"
    [ -z "$user" ] || chown -- "$user:$group" "$1"
}

# Data must outlive a run, so it is not in the folder that is removed at the end.
own_state_dir() {
    if as_httpd_user test -x "$run_dir"; then
        printf '%s\n' "$run_dir/state"
    else
        printf '/var/tmp/auth_platform-%s\n' "$(printf '%s' "$run_dir" | sha256sum | cut -c 1-12)"
    fi
}

# Prints the line with which the tool, given --env-file, uses the database of this server.
state_dir_line() {
    case $1 in
        *[\"\\\$]*) fail "$1: a path with \", \\ or \$ in it cannot be used" ;;
    esac
    printf '%s\n' "# Where the accounts are. The tool finds them by this line too." "AUTH_STATE_DIR=\"$1\""
}

make_env_file() {
    local secret
    mkdir -p -- "$(dirname "$env_file")"
    secret=$(head -c 48 /dev/urandom | base64 -w 0 | tr '+/' '-_')
    (
        umask 077
        {
            printf '%s\n' "$made_by for development. See .env.example for all settings." \
                "JWT_SECRET_KEY=$secret" \
                "# The demo is plain http on this machine; remove this line wherever there is TLS." \
                "SECURE_COOKIES=false"
            state_dir_line "$1"
        } >"$env_file.new"
    ) || fail "cannot write ENV_FILE=$env_file"
    mv -- "$env_file.new" "$env_file"
    echo "made $env_file with a new secret"
}

# A file of an earlier version has no AUTH_STATE_DIR, so the tool would use another database. It gets the folder that the server has used. A
# file that `make run` did not make is left as it is.
complete_env_file() {
    local last
    last=$(tail -c 1 -- "$env_file")
    { [ -z "$last" ] || echo; state_dir_line "$1"; } >>"$env_file" || fail "cannot write ENV_FILE=$env_file"
    echo "added AUTH_STATE_DIR to $env_file"
}

state_dir=''
set_up() {
    local ours=''
    if [ -e "$env_file" ]; then
        [ -r "$env_file" ] || fail "ENV_FILE=$env_file: $(id -un) cannot read it"
        ! head -n 1 -- "$env_file" | grep -qF "$made_by" || ours=yes
        if env_file_sets AUTH_STATE_DIR; then
            # The folder that `make run` made may have been removed together with RUN_DIR.
            [ -z "$ours" ] || state_dir=$(sed -n 's/^AUTH_STATE_DIR="\(\/.*\)"$/\1/p' "$env_file")
            [ -z "$state_dir" ] || prepare_state_dir "$state_dir"
            return
        fi
        [ -z "${AUTH_STATE_DIR:-}" ] || return 0
    fi
    state_dir=${AUTH_STATE_DIR:-}
    if [ -z "$state_dir" ]; then
        state_dir=$(own_state_dir)
        prepare_state_dir "$state_dir"
    fi
    if [ ! -e "$env_file" ]; then
        make_env_file "$state_dir"
    elif [ -n "$ours" ]; then
        complete_env_file "$state_dir"
    else
        export AUTH_STATE_DIR=$state_dir
    fi
}

cd / # httpd's user may not be allowed to enter the caller's folder
stage
set_up
stand_ins_start
families_start

# --- configuration -----------------------------------------------------------------------------
configure() {
    define AUTHP_MODULES "${AUTHP_MODULES:-/usr/lib/apache2/modules}"
    define AUTHP_MODULE "$module"
    define AUTHP_SITE "$demo/site"
    define AUTHP_CGI "$demo/cgi"
    define AUTHP_RUN "$run_dir"
    define AUTHP_TMP "$tmp"
    define AUTHP_PORT "$port"
    define AUTHP_ENV "$env_file"
    if [ -n "$user" ]; then
        define AUTHP_USER "$user"
        define AUTHP_GROUP "$group"
    fi
    stand_ins_define
    families_define
    printf 'Include "%s"\n' "$root/conf/demo.conf"
}
check_configuration() {
    configure >"$tmp/httpd.conf"
    said=$("$httpd" -t -f "$tmp/httpd.conf" 2>&1)
}
# Settings that are right for the platform alone, such as ROLES without the role user, can be wrong for the families.
until check_configuration; do
    if ! families_refused "$said"; then
        printf '%s\n' "$said" >&2
        fail "the configuration is wrong: see the lines above"
    fi
done

# --- what is printed ---------------------------------------------------------------------------
tell() {
    local url="http://127.0.0.1:$port" bold='' plain='' tag api person json tool
    if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
        bold=$'\033[1m' plain=$'\033[0m'
    fi
    tag=$(head -c 4 /dev/urandom | od -An -tx1 | tr -d ' \n') # new addresses in each run, so that the printed commands always work
    api=$url/api/auth
    json="-H 'Content-Type: application/json'"
    person="\"email\":\"ada.$tag@example.org\",\"password\":\"three calm words\""
    tool="$(shell_quote "$cli") --env-file $(shell_quote "$env_file")"
    [ -z "${AUTH_STATE_DIR:-}" ] || tool="AUTH_STATE_DIR=$(shell_quote "$AUTH_STATE_DIR") $tool"
    cat <<END

${bold}The demo runs. Open $url/${plain}
Or paste from here into another terminal.

${bold}# Create an account, sign in, keep both tokens${plain}
curl -sS -X POST $api/register $json -d '{$person,"name":"Ada"}'; echo
ANSWER=\$(curl -sS -X POST $api/login $json -d '{$person}')
TOKEN=\$(printf '%s\n' "\$ANSWER" | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
REFRESH=\$(printf '%s\n' "\$ANSWER" | sed -n 's/.*"refresh_token": *"\([^"]*\)".*/\1/p')

${bold}# Who am I; a guarded page without a token (401) and with it (200); a page for another role (403); what an app receives${plain}
curl -sS $api/me -H "Authorization: Bearer \$TOKEN"; echo
curl -sS -i $url/candidate/; echo
curl -sS -o /dev/null -w '%{http_code}\n' $url/candidate/ -H "Authorization: Bearer \$TOKEN"
curl -sS $url/admin/ -H "Authorization: Bearer \$TOKEN"; echo
curl -sS $url/whoami -H "Authorization: Bearer \$TOKEN"

${bold}# New tokens, then sign out${plain}
curl -sS -X POST $api/refresh $json -d "{\"refresh_token\":\"\$REFRESH\"}"; echo
curl -sS -X POST $api/logout -H "Authorization: Bearer \$TOKEN"; echo

${bold}# The same by cookies, as a browser does it${plain}
JAR=\$(mktemp)
curl -sS -c "\$JAR" -X POST $api/login $json -H 'X-Token-Delivery: cookie' -d '{$person}'; echo
curl -sS -o /dev/null -w '%{http_code}\n' -b "\$JAR" $url/candidate/
CSRF=\$(awk '\$6 == "csrf_token" { print \$7 }' "\$JAR")
curl -sS -b "\$JAR" -c "\$JAR" -X POST $api/refresh -H "X-CSRF-Token: \$CSRF" -H 'Origin: $url'; echo
curl -sS -b "\$JAR" -c "\$JAR" -X POST $api/logout -H "X-CSRF-Token: \$CSRF" -H 'Origin: $url'; echo

${bold}# Make an admin, who can then sign in and open $url/admin/ to verify and to invite recruiters${plain}
printf '%s\n' 'a calm admin password' | $tool user create --role admin --email admin.$tag@example.org

${bold}# The same by that admin's token: an invite, and the recruiter who signs up with it${plain}
ADMIN=\$(curl -sS -X POST $api/login $json -d '{"email":"admin.$tag@example.org","password":"a calm admin password"}' |
  sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
CODE=\$(curl -sS -X POST $api/recruiter/invites $json -H "Authorization: Bearer \$ADMIN" -d '{"email":"grace.$tag@example.org"}' |
  sed -n 's/.*"code": *"\([^"]*\)".*/\1/p')
curl -sS -X POST $api/register/recruiter $json \\
  -d "{\"email\":\"grace.$tag@example.org\",\"password\":\"three calm words\",\"invite_code\":\"\$CODE\"}"; echo

END
    stand_ins_tell "$bold" "$plain" "$url" "$tag"
    families_tell "$bold" "$plain" "$tool"
    printf '%-9s %s\n' routes "$api/docs, described by $api/openapi.json" settings "$env_file" logs "$run_dir/error.log and access.log"
    [ -z "$state_dir" ] || printf '%-9s %s\n' data "$state_dir"
    [ -z "$user" ] || printf '%-9s %s\n' user "httpd's children are $user"
    [ "$demo" = "$root/conf/demo" ] || printf '%-9s %s\n' site "$demo/site, a copy: $user cannot read the checkout"
    printf '\nCtrl-C ends the server.\n'
}

# --- start, wait, print, stop ------------------------------------------------------------------
stop() {
    local tries
    trap '' INT TERM HUP
    kill -TERM "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 150; tries++)); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    # httpd has a session of its own, so this reaches httpd's processes and no others. Usually none is left.
    kill -KILL -- "-$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}
# shellcheck disable=SC2317 # called by the trap
on_signal() {
    stop
    echo "stopped"
    exit 0
}

: >>"$run_dir/error.log"
log_start=$(wc -c <"$run_dir/error.log")
show_failure() {
    cat "$tmp/output" >&2
    tail -c "+$((log_start + 1))" "$run_dir/error.log" | tail -n 20 >&2
}

# httpd runs in a session of its own, because the terminal's signals are not meant for it: SIGWINCH, sent when a window is resized, would
# end it. If this script is killed, the kernel sends SIGTERM to httpd.
signalled=''
trap 'signalled=yes' INT TERM HUP
setsid setpriv --pdeathsig TERM "$httpd" -DFOREGROUND -f "$tmp/httpd.conf" >"$tmp/output" 2>&1 </dev/null &
pid=$!
trap on_signal INT TERM HUP
[ -z "$signalled" ] || on_signal

for ((tries = 0; ; tries++)); do
    [ "$(http_status /api/auth/readyz)" != 200 ] || break
    if ! kill -0 "$pid" 2>/dev/null; then
        show_failure
        fail "httpd did not start"
    fi
    if [ "$tries" -ge 150 ]; then
        show_failure
        stop
        fail "the server runs but is not ready: see $run_dir/error.log"
    fi
    sleep 0.1
done
tell

status=0
wait "$pid" || status=$?
kill -KILL -- "-$pid" 2>/dev/null || true # children of an httpd that was killed
if [ "$status" -eq 0 ]; then # httpd itself was told to stop
    echo "stopped"
    exit 0
fi
show_failure
fail "httpd ended by itself (status $status): see $run_dir/error.log"
