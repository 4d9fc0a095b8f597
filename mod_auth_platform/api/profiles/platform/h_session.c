/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "api/profiles/platform/handlers.h"
#include "base/json.h"
#include "base/text.h"
#include "net/origin.h"
#include "service/session/session_refresh.h"

#include <apr_strings.h>
#include <string.h>

/* These routes find their credential themselves: the token in the body, else a bearer token, else
 * cookies. The cookie checks apply only if a cookie was chosen, and that is known only after the
 * body has been read. At other routes the cookie checks come before the body. */

authp_err_t authp_h_session_refresh(authp_call_t *call)
{
    authp_grant_t grant;
    const char *token = authp_call_field(call, "refresh_token");
    const char *cookie = token == NULL ? authp_cookie_refresh(call) : NULL;
    if (token == NULL && cookie == NULL) {
        return AUTHP_E_TOKEN_MISSING;
    }
    authp_proof_t proof;
    authp_err_t err = cookie != NULL ? authp_cookie_check(call) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = authp_session_prove(call->realm, cookie != NULL ? cookie : token, &proof, call->pool);
    }
    if (err == AUTHP_OK && cookie != NULL) {
        err = authp_cookie_check_session(call, proof.session->id.hex);
    }
    if (err == AUTHP_OK) {
        err = authp_session_refresh(call->realm, &proof, &call->client, &grant, call->pool);
    }
    return err == AUTHP_OK ? authp_answer_tokens(call, 200, &grant, cookie != NULL) : err;
}

/* Which session ends, and whether a cookie named it. */
typedef struct leaving_t {
    authp_leaving_t who;
    bool by_cookie;
} leaving_t;

static authp_err_t leave_by_refresh(const authp_call_t *call, const char *token, leaving_t *out)
{
    authp_proof_t proof;
    authp_err_t err = authp_session_prove(call->realm, token, &proof, call->pool);
    if (err == AUTHP_OK) {
        const authp_session_t *session = proof.session;
        out->who = (authp_leaving_t){.user_id = session->user_id.hex,
                                     .session_id = session->id.hex,
                                     .ver = session->ver,
                                     .session = session};
    }
    return err == AUTHP_E_REFRESH_INVALID ? AUTHP_OK : err;
}

/* An expired token still names its session. A forged token names none. */
static void leave_by_access(const authp_call_t *call, const char *token, size_t len, leaving_t *out)
{
    authp_principal_t principal;
    authp_err_t err = authp_token_verify(call->realm, token, len, &principal, call->pool);
    if (err == AUTHP_OK || err == AUTHP_E_TOKEN_EXPIRED) {
        out->who = (authp_leaving_t){
            .user_id = principal.user_id, .session_id = principal.session_id, .ver = principal.ver};
    }
}

static authp_err_t leave_by_cookie(const authp_call_t *call, leaving_t *out)
{
    const char *refresh = authp_cookie_refresh(call);
    const char *access = refresh == NULL ? authp_cookie_access(call) : NULL;
    if (refresh == NULL && access == NULL) {
        return AUTHP_E_TOKEN_MISSING;
    }
    out->by_cookie = true;
    authp_err_t err = authp_cookie_check(call);
    if (err == AUTHP_OK && refresh != NULL) {
        err = leave_by_refresh(call, refresh, out);
    } else if (err == AUTHP_OK) {
        leave_by_access(call, access, strlen(access), out);
    }
    if (err == AUTHP_OK && out->who.user_id != NULL) {
        err = authp_cookie_check_session(call, out->who.session_id);
    }
    return err;
}

static authp_err_t who_leaves(const authp_call_t *call, leaving_t *out)
{
    const char *token = authp_call_field(call, "refresh_token");
    if (token != NULL) {
        return leave_by_refresh(call, token, out);
    }
    if (call->credential.via == AUTHP_VIA_BEARER) {
        leave_by_access(call, call->credential.token, call->credential.len, out);
        return AUTHP_OK;
    }
    return leave_by_cookie(call, out);
}

authp_err_t authp_h_session_logout(authp_call_t *call)
{
    leaving_t leaving = {.by_cookie = false};
    bool all = json_is_true(json_object_get(call->body, "all"));
    authp_err_t err = who_leaves(call, &leaving);
    if (err == AUTHP_OK && leaving.who.user_id != NULL) {
        err = authp_session_logout(call->realm, &leaving.who, all, &call->client, call->pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (leaving.by_cookie || authp_cookie_is_of(call, leaving.who.session_id)) {
        authp_cookie_clear(call);
    }
    authp_answer_message(call, "Logged out successfully");
    return AUTHP_OK;
}

/* True if the browser only prefetches the page. A prefetch must not rotate the refresh token. */
static bool is_prefetch(const authp_call_t *call)
{
    const char *purpose = authp_call_header(call, "Sec-Purpose");
    return (purpose != NULL && strncmp(purpose, "prefetch", 8) == 0) ||
           authp_text_same(authp_call_header(call, "Purpose"), "prefetch") ||
           authp_text_same(authp_call_header(call, "X-Moz"), "prefetch");
}

authp_err_t authp_h_session_renew(authp_call_t *call)
{
    authp_grant_t grant;
    const authp_request_t *request = call->request;
    const char *back = authp_origin_return_to(
        authp_text_query(request->query, "return_to", call->pool), call->pool);
    const char *refresh = authp_cookie_refresh(call);
    if (is_prefetch(call)) {
        return AUTHP_E_BUSY;
    }
    authp_proof_t proof;
    authp_err_t err = refresh != NULL
                          ? authp_session_prove(call->realm, refresh, &proof, call->pool)
                          : AUTHP_E_TOKEN_MISSING;
    if (err == AUTHP_OK) {
        err = authp_session_refresh(call->realm, &proof, &call->client, &grant, call->pool);
    }
    if (err == AUTHP_OK) {
        err = authp_cookie_set(call, &grant);
        if (err == AUTHP_OK) {
            authp_answer_redirect(call, back);
        }
        return err;
    }
    if (err != AUTHP_E_TOKEN_MISSING && err != AUTHP_E_REFRESH_INVALID &&
        err != AUTHP_E_REFRESH_REUSED) {
        return err;
    }
    authp_cookie_clear(call);
    if (request->sign_in_page == NULL) {
        return err;
    }
    authp_answer_redirect(call, apr_pstrcat(call->pool, request->sign_in_page, "?return_to=",
                                            authp_text_url_encode(back, call->pool), NULL));
    return AUTHP_OK;
}
