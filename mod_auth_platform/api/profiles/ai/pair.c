/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/ai/pair.h"
#include "api/core/cookie.h"
#include "api/core/origin_rule.h"
#include "api/core/sign_in.h"
#include "base/secret.h"
#include "service/session/csrf.h"

#include <string.h>

#define CSRF_HEADER "X-CSRF-Token"

static void add_refresh(authp_call_t *call, const char *value, int age)
{
    const authp_cookie_t cookie = {AUTHP_AI_REFRESH_COOKIE, value, call->request->mount->path, age,
                                   false};
    authp_cookie_add(call, &cookie);
}

static void add_csrf(authp_call_t *call, const char *value, int age)
{
    const authp_cookie_t cookie = {AUTHP_CSRF_COOKIE, value, "/", age, true};
    authp_cookie_add(call, &cookie);
}

authp_err_t authp_pair_set(authp_call_t *call, const authp_grant_t *grant)
{
    const char *csrf = NULL;
    authp_err_t err = authp_csrf_make_named(call->realm, grant->session->id.hex, &csrf, call->pool);
    if (err == AUTHP_OK) {
        add_refresh(call, grant->refresh_token, grant->refresh_expires_in);
        add_csrf(call, csrf, grant->refresh_expires_in);
    }
    return err;
}

void authp_pair_clear(authp_call_t *call)
{
    const char *csrf = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    add_refresh(call, "", 0);
    if (csrf == NULL || authp_csrf_is_named(csrf, strlen(csrf))) {
        add_csrf(call, "", 0);
    }
}

const char *authp_pair_token(const authp_call_t *call)
{
    return authp_cookie_value(call, AUTHP_AI_REFRESH_COOKIE);
}

authp_err_t authp_pair_check(const authp_call_t *call)
{
    const authp_request_t *request = call->request;
    authp_err_t err = authp_origin_rule_check(call->realm, &request->headers, request->scheme,
                                              request->host, true, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    const char *sent = authp_call_header(call, CSRF_HEADER);
    const char *kept = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    return sent != NULL && kept != NULL && authp_secret_equal_str(sent, kept) ? AUTHP_OK
                                                                              : AUTHP_E_CSRF_FAILED;
}

authp_err_t authp_pair_check_session(const authp_call_t *call, const char *sid)
{
    authp_id_t named;
    const char *kept = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    authp_err_t err = authp_csrf_read_named(call->realm, kept, &named);
    if (err == AUTHP_OK && strcmp(named.hex, sid) != 0) {
        err = AUTHP_E_CSRF_FAILED;
    }
    return err;
}

/* Ends the session that the access cookie of the platform names. An expired token names one, too.
 */
static void end_platform_session(authp_call_t *call)
{
    authp_principal_t who;
    const char *access = authp_cookie_access(call);
    if (access == NULL) {
        return;
    }
    authp_err_t err = authp_token_verify(call->realm, access, strlen(access), &who, call->pool);
    if (err != AUTHP_OK && err != AUTHP_E_TOKEN_EXPIRED) {
        return;
    }
    err = authp_session_end_by_id(call->realm, who.session_id, &call->client, call->pool);
    authp_cookie_clear_access(call);
    (void)err;
}

void authp_pair_replace(authp_call_t *call)
{
    authp_proof_t before;
    const char *token = authp_pair_token(call);
    authp_err_t err = authp_session_prove(call->realm, token, &before, call->pool);
    if (err == AUTHP_OK) {
        err = authp_session_end(call->realm, before.session, "logout", &call->client, call->pool);
    }
    (void)err;
    authp_sign_in_end_named(call);
    end_platform_session(call);
}
