# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The part of build/run.sh, which reads this file, that stands in for services of others: PROVIDER=demo for Google, MAIL=demo for a mail
# server. Both are on 127.0.0.1 only, and only if asked for. What they set in the environment counts more than the settings file.
# shellcheck disable=SC2154 # the variables and functions of build/run.sh

provider=${PROVIDER:-} mail=${MAIL:-} mail_pid=''

stand_ins_check() {
    case $provider in
        '' | demo) ;;
        *) fail "PROVIDER=$provider: there is only PROVIDER=demo" ;;
    esac
    case $mail in
        '' | demo) ;;
        /*) mail='' ;; # the mailbox of the person, which a login puts into the environment
        *) fail "MAIL=$mail: there is only MAIL=demo" ;;
    esac
}

# Makes the key of the demo's provider, and the settings with which the module signs people in there.
provider_start() {
    local url="http://127.0.0.1:$port"
    (umask 077 && openssl genrsa -out "$tmp/provider.key" 2048 2>/dev/null) || fail "openssl cannot make a key for the demo's provider"
    [ -z "$user" ] || chown -- "$user:$group" "$tmp/provider.key"
    export GOOGLE_CLIENT_ID=demo GOOGLE_CLIENT_SECRET=no-secret-of-the-demo
    export GOOGLE_ISSUER="$url/provider" GOOGLE_OAUTH_REDIRECT_URI="$url/api/auth/google/callback"
}

# Prints a Python that has aiosmtpd and that httpd's user can run.
mail_find_python() {
    local python
    for python in ${AUTHP_PYTHON:-python3 /usr/bin/python3}; do
        if as_httpd_user "$python" -B -c 'import aiosmtpd' >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    fail "MAIL=demo needs the Debian package python3-aiosmtpd"
}

# Starts the mail server as httpd's user, in a session of its own. If this script is killed, the kernel sends SIGTERM to the server. Links in
# mails are secrets, so only that user may enter the folder of the mails.
mail_start() {
    local python tries
    python=$(mail_find_python)
    mkdir -m 700 -- "$tmp/mails"
    [ -z "$user" ] || chown -- "$user:$group" "$tmp/mails"
    setsid "${as_user[@]}" setpriv --pdeathsig TERM "$python" -B "$demo/mail/server.py" "$tmp/mails" >>"$run_dir/mail.log" 2>&1 </dev/null 9>&- &
    mail_pid=$!
    for ((tries = 0; tries < 300; tries++)); do
        [ ! -s "$tmp/mails/port" ] || break
        kill -0 "$mail_pid" 2>/dev/null || break
        sleep 0.1
    done
    [ -s "$tmp/mails/port" ] || fail "the demo's mail server did not start, see $run_dir/mail.log"
    MAIL_URL=smtp://127.0.0.1:$(<"$tmp/mails/port")
    export MAIL_URL MAIL_TLS=off MAIL_FROM='Demo <demo@example.org>' PUBLIC_URL="http://127.0.0.1:$port"
}

stand_ins_start() {
    [ -z "$provider" ] || provider_start
    [ -z "$mail" ] || mail_start
}

stand_ins_stop() {
    local tries
    [ -n "$mail_pid" ] || return 0
    kill -TERM "$mail_pid" 2>/dev/null || true
    for ((tries = 0; tries < 50; tries++)); do
        kill -0 "$mail_pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL -- "-$mail_pid" 2>/dev/null || true
    wait "$mail_pid" 2>/dev/null || true
    mail_pid=''
}

stand_ins_define() {
    [ -z "$provider" ] || define AUTHP_PROVIDER_KEY "$tmp/provider.key"
    [ -z "$mail" ] || define AUTHP_MAILS "$tmp/mails"
}

# Arguments: what makes text bold, what ends that, the URL of the demo, and the tag of this run's addresses.
stand_ins_tell() {
    [ -z "$provider" ] || cat <<END
$1# Sign in at the demo's provider, which stands in for Google. In a browser: "Continue with Google" at $3/signin.html$2
curl -sSL -b '' "$3/api/auth/google/login?login_hint=eve.$4@example.org"; echo

END
    [ -z "$mail" ] || cat <<END
$1# Mails are kept for looking at: $3/mails/ . This asks for a new password for the account above$2
curl -sS -X POST $3/api/auth/password/forgot -H 'Content-Type: application/json' -d '{"email":"ada.$4@example.org"}'; echo

END
}
