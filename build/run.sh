#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Serves the demo site on 127.0.0.1 in the foreground; `make run` calls it.
# Environment: PORT, ENV_FILE, RUN_DIR (logs, and AUTH_STATE_DIR when the settings name none), AUTHP_MODULE, AUTHP_CLI.
set -euo pipefail
cd "$(dirname "$0")/.."

port=${PORT:-8080}
env_file=${ENV_FILE:-.env}
run_dir=${RUN_DIR:-build/out/run}
out=${OUT:-build/out}
module=${AUTHP_MODULE:-$out/release/mod_auth_platform.so}
cli=${AUTHP_CLI:-$out/release/authplatform}
httpd=${AUTHP_HTTPD:-/usr/sbin/apache2}
user=""
[ "$(id -u)" -ne 0 ] || user=www-data

fail() {
    echo "make run: $1" >&2
    exit 1
}

if ! [[ $port =~ ^[0-9]{1,5}$ ]] || [ "$port" -lt 1 ] || [ "$port" -gt 65535 ]; then
    fail "PORT=$port is no port"
fi
if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
    fail "port $port is in use; try another: make run PORT=8081"
fi

# --- settings: made once, then yours -----------------------------------------------------------
if [ ! -e "$env_file" ]; then
    (
        umask 077
        {
            echo "# Made by \`make run\` for development. See .env.example for all settings."
            echo "JWT_SECRET_KEY=$("$cli" secret)"
            echo "# The demo is plain http on this machine; remove this line wherever there is TLS."
            echo "SECURE_COOKIES=false"
        } >"$env_file.new"
    )
    mv "$env_file.new" "$env_file"
    echo "made $env_file with a new secret"
fi
mkdir -p "$run_dir"
run_dir=$(realpath "$run_dir")
env_path=$(realpath "$env_file")

# --- where httpd's user can go -----------------------------------------------------------------
# As root httpd's children are www-data: what they read must be reachable for them, and a checkout below root's home is not.
can_reach() {
    [ -z "$user" ] || setpriv --reuid "$user" --regid "$user" --clear-groups test -r "$1" -a -x "$1" 2>/dev/null
}
tmp=$(mktemp -d /tmp/authp-run-XXXXXX)
chmod 755 "$tmp"
pid=""
# shellcheck disable=SC2317 # called by the trap
cleanup() {
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
        kill -TERM "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    fi
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 0' INT TERM HUP

site="$PWD/conf/demo/site"
cgi="$PWD/conf/demo/cgi"
if ! can_reach "$site" || ! can_reach "$cgi"; then
    cp -R conf/demo/site conf/demo/cgi "$tmp/"
    chmod -R a+rX "$tmp/site" "$tmp/cgi"
    site="$tmp/site"
    cgi="$tmp/cgi"
fi

# Data must outlive a run and be its user's own, so it is never staged in a folder that goes away.
if [ -z "${AUTH_STATE_DIR:-}" ] && ! grep -Eq '^[[:space:]]*(export[[:space:]]+)?AUTH_STATE_DIR=.' "$env_path"; then
    AUTH_STATE_DIR="$run_dir/state"
    if ! can_reach "$run_dir"; then
        AUTH_STATE_DIR="/var/tmp/auth_platform-$(cksum <<<"$run_dir" | cut -d ' ' -f 1)"
    fi
    export AUTH_STATE_DIR
fi
if [ -n "${AUTH_STATE_DIR:-}" ] && [ ! -e "$AUTH_STATE_DIR" ]; then
    mkdir -p "$AUTH_STATE_DIR"
    chmod 700 "$AUTH_STATE_DIR"
    [ -z "$user" ] || chown "$user:$user" "$AUTH_STATE_DIR"
fi

{
    echo "Define AUTHP_MODULES /usr/lib/apache2/modules"
    echo "Define AUTHP_MODULE \"$(realpath "$module")\""
    echo "Define AUTHP_SITE \"$site\""
    echo "Define AUTHP_CGI \"$cgi\""
    echo "Define AUTHP_RUN \"$run_dir\""
    echo "Define AUTHP_TMP \"$tmp\""
    echo "Define AUTHP_PORT $port"
    echo "Define AUTHP_ENV \"$env_path\""
    if [ -n "$user" ]; then
        echo "Define AUTHP_USER $user"
        echo "Define AUTHP_GROUP $user"
    fi
    echo "Include \"$PWD/conf/demo.conf\""
} >"$tmp/httpd.conf"

# A pid file that a crash left behind would be taken for a running server.
rm -f "$run_dir/httpd.pid"
: >>"$run_dir/error.log"
before=$(wc -l <"$run_dir/error.log")
"$httpd" -t -f "$tmp/httpd.conf" >"$tmp/check" 2>&1 || {
    cat "$tmp/check" >&2
    fail "the configuration is wrong: see the lines above"
}
"$httpd" -DFOREGROUND -f "$tmp/httpd.conf" &
pid=$!

base="http://127.0.0.1:$port"
for _ in $(seq 100); do
    curl -fs -o /dev/null "$base/api/auth/readyz" && break
    if ! kill -0 "$pid" 2>/dev/null; then
        tail -n "+$((before + 1))" "$run_dir/error.log" >&2
        fail "httpd did not start"
    fi
    sleep 0.1
done
curl -fs -o /dev/null "$base/api/auth/readyz" || {
    tail -n "+$((before + 1))" "$run_dir/error.log" >&2
    fail "the server runs but is not ready: see $run_dir/error.log"
}

state=""
[ -z "${AUTH_STATE_DIR:-}" ] || state="AUTH_STATE_DIR='$AUTH_STATE_DIR' "
cat <<END

The demo runs. Open $base/   (logs: $run_dir)

Sign up, sign in and use the token (paste into another terminal):

  curl -s $base/api/auth/register -H 'Content-Type: application/json' \\
    -d '{"email":"ada@example.org","password":"correct horse","name":"Ada"}'

  TOKEN=\$(curl -s $base/api/auth/login -H 'Content-Type: application/json' \\
    -d '{"email":"ada@example.org","password":"correct horse"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s $base/api/auth/me -H "Authorization: Bearer \$TOKEN"

Guarded pages: nobody, a candidate, the wrong role:

  curl -si $base/candidate/ | head -1
  curl -si $base/candidate/ -H "Authorization: Bearer \$TOKEN" | head -1
  curl -si $base/admin/ -H "Authorization: Bearer \$TOKEN" | head -1
  curl -s $base/whoami -H "Authorization: Bearer \$TOKEN"

Make an admin (asks for a password), then sign in as that person on $base/signin.html:

  ${state}$(realpath "$cli") --env-file '$env_path' user create --role admin --email admin@example.org

All routes: $base/api/auth/openapi.json     Ctrl-C ends the server.
END

# Ends when httpd does; a signal ends the wait, and cleanup() ends httpd.
wait "$pid" || status=$?
pid=""
exit "${status:-0}"
