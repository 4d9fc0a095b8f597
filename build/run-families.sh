# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The part of build/run.sh, which reads this file, that shows the route families of existing back ends. The family phone has a virtual host
# at PORT+4 (conf/demo-phone.conf). The others have two FastAPI apps under uvicorn, and virtual hosts at PORT+1 to PORT+3
# (conf/demo-families.conf). Where something is missing for that, the demo runs without them and says why. AUTHP_PYTHON names the Python to
# use.
# shellcheck disable=SC2154 # the variables and functions of build/run.sh

phone='' phone_env='' families='' families_why='' families_python='' families_pids=()

# Sets families_python to a Python that has the packages and that httpd's user can run.
families_find_python() {
    local python
    for python in ${AUTHP_PYTHON:-python3 /usr/bin/python3}; do
        if as_httpd_user "$python" -B -c 'import fastapi, uvicorn, websockets' >/dev/null 2>&1; then
            families_python=$python
            return
        fi
    done
    families_why="they need the Debian packages python3-fastapi, python3-uvicorn and python3-websockets"
    return 1
}

families_ports_are_free() {
    local add
    for add in "$@"; do
        if [ $((port + add)) -gt 65535 ] || port_is_taken $((port + add)); then
            families_why="port $((port + add)) is in use"
            return 1
        fi
    done
}

# Starts the app $1 at a Unix socket. It has a session of its own, so that Ctrl-C reaches only this script, which ends httpd first. If this
# script is killed, the kernel sends SIGTERM to the app. There is no access log, because a token may be in a URL by mistake.
families_start_app() {
    setsid "${as_user[@]}" setpriv --pdeathsig TERM "$families_python" -B -m uvicorn "$1:app" --app-dir "$demo/apps" \
        --uds "$tmp/apps/$1.sock" --timeout-keep-alive 120 --no-access-log --log-level warning >>"$run_dir/apps.log" 2>&1 </dev/null 9>&- &
    families_pids+=($!)
}

families_are_up() {
    local pid tries
    for ((tries = 0; tries < 300; tries++)); do
        if [ -S "$tmp/apps/ai.sock" ] && [ -S "$tmp/apps/assessment.sock" ]; then
            return
        fi
        for pid in "${families_pids[@]}"; do
            kill -0 "$pid" 2>/dev/null || break 2
        done
        sleep 0.1
    done
    families_why="an app did not start, see $run_dir/apps.log"
    return 1
}

# The codes of the family phone need a provider. The demo's sends nothing, and is for development alone. Settings of the file count more.
# phone_env is what the tool needs before it to have the settings of the server.
phone_settings() {
    env_file_sets OTP_PROVIDER || { export OTP_PROVIDER=mock; phone_env+='OTP_PROVIDER=mock '; }
    env_file_sets APP_ENV || { export APP_ENV=development; phone_env+='APP_ENV=development '; }
}

families_start() {
    families_ports_are_free 4 || return 0
    phone=yes
    phone_settings
    if ! families_find_python || ! families_ports_are_free 1 2 3; then
        return 0
    fi
    # Only httpd's user may enter the folder of the sockets, because the apps believe the headers that httpd sends.
    mkdir -m 700 -- "$tmp/apps"
    [ -z "$user" ] || chown -- "$user:$group" "$tmp/apps"
    families_start_app ai
    families_start_app assessment
    if families_are_up; then
        families=yes
    else
        families_stop
    fi
}

families_stop() {
    local pid tries
    [ ${#families_pids[@]} -eq 0 ] || kill -TERM "${families_pids[@]}" 2>/dev/null || true
    for pid in ${families_pids[@]+"${families_pids[@]}"}; do
        for ((tries = 0; tries < 50; tries++)); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    families='' families_pids=()
}

# Takes the families with apps, or else the family phone, out after httpd refused the configuration with the message $1. False if neither
# was in it.
families_refused() {
    families_why="httpd refuses them: $(grep -v '^AH00014:' <<<"$1" | tail -n 1 | sed 's/^.*AUTHP[0-9]*: //')"
    if [ -n "$families" ]; then
        families_stop
        return
    fi
    [ -n "$phone" ] || return 1
    phone=''
}

families_define() {
    [ -n "$phone" ] || return 0
    define AUTHP_FAMILIES "$demo/families"
    define AUTHP_PHONE_CONF "$root/conf/demo-phone.conf"
    define AUTHP_PORT_PHONE "$((port + 4))"
    [ -n "$families" ] || return 0
    define AUTHP_FAMILIES_CONF "$root/conf/demo-families.conf"
    define AUTHP_APPS "$tmp/apps"
    define AUTHP_PORT_ASSESSMENT "$((port + 1))"
    define AUTHP_PORT_JOBPATH "$((port + 2))"
    define AUTHP_PORT_AI "$((port + 3))"
}

# Arguments: what makes text bold, what ends that, and the command line tool with its options.
families_tell() {
    [ -z "$phone" ] || cat <<END
$1# Accounts by phone number: a page that signs people up and in by one-time codes. Nothing is sent; the code is 123456$2
#   phone       http://127.0.0.1:$((port + 4))/  /api/v1; how many codes were sent today:
$phone_env$3 otp status

END
    if [ -z "$families" ]; then
        printf 'The pages of the %sroute families are not shown: %s.\n\n' "${phone:+other }" "$families_why"
        return
    fi
    cat <<END
$1# Route families of existing back ends: a page each, its mount, and what is there$2
#   assessment  http://127.0.0.1:$((port + 1))/  /api/v1/auth  candidates sign up on the page; this makes a recruiter:
printf '%s\n' 'a calm recruiter password' | $3 user create --role recruiter --verified --email rob.$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')@example.org
#   jobpath     http://127.0.0.1:$((port + 2))/  /auth         accounts alone, no app
#   ai          http://127.0.0.1:$((port + 3))/  /auth         people sign up on the page by user name; the admin above may do everything there

END
}
