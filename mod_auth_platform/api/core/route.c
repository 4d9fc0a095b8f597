/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/route.h"
#include "api/core/body.h"
#include "api/core/cookie.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"
#include "api/core/query.h"
#include "api/core/throttle.h"
#include "service/live/standing.h"

#include <string.h>

/* Checks CSRF and Origin as far as this is possible before the token is verified. */
static authp_err_t check_origin(authp_call_t *call)
{
    const authp_request_t *request = call->request;
    if ((call->route->flags & AUTHP_ROUTE_SIGNS_IN) != 0 && authp_cookie_wanted(call)) {
        return authp_origin_rule_check(call->realm, &request->headers, request->scheme,
                                       request->host, true, call->pool);
    }
    bool unsafe = strcmp(call->route->method, "GET") != 0;
    if (call->route->auth == AUTHP_AUTH_REQUIRED && unsafe &&
        call->credential.via == AUTHP_VIA_COOKIE) {
        return authp_cookie_check(call);
    }
    return AUTHP_OK;
}

static authp_err_t check_token(authp_call_t *call)
{
    const authp_credential_t *credential = &call->credential;
    if (credential->via == AUTHP_VIA_NONE) {
        return AUTHP_E_TOKEN_MISSING;
    }
    authp_err_t err = authp_token_verify(call->realm, credential->token, credential->len,
                                         &call->principal, call->pool);
    if (err == AUTHP_OK) {
        err = authp_standing_check(call->realm, &call->principal, &call->user, &call->session,
                                   call->pool);
    }
    bool unsafe = strcmp(call->route->method, "GET") != 0;
    if (err == AUTHP_OK && unsafe && credential->via == AUTHP_VIA_COOKIE) {
        err = authp_cookie_check_session(call, call->principal.session_id);
    }
    return err;
}

static bool is_about_the_token(authp_err_t err)
{
    return err == AUTHP_E_TOKEN_INVALID || err == AUTHP_E_TOKEN_EXPIRED ||
           err == AUTHP_E_TOKEN_REVOKED || err == AUTHP_E_CSRF_FAILED ||
           err == AUTHP_E_ORIGIN_DENIED;
}

/* A browser sends cookies with every request to this host. So cookies count here only together with
 * their CSRF token. */
static authp_err_t check_optional(authp_call_t *call)
{
    if (call->credential.via == AUTHP_VIA_NONE) {
        return AUTHP_OK;
    }
    bool cookie = call->credential.via == AUTHP_VIA_COOKIE;
    authp_err_t err = cookie ? authp_cookie_check(call) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = check_token(call);
    }
    if (cookie && is_about_the_token(err)) {
        call->user = NULL;
        call->session = NULL;
        call->principal = (authp_principal_t){0};
        return AUTHP_OK;
    }
    return err;
}

/* Records that a signed-in user asked for a route of another role. */
static void audit_refusal(const authp_call_t *call)
{
    const authp_event_t event = {.event = "access",
                                 .outcome = "denied",
                                 .reason = authp_err_name(AUTHP_E_INSUFFICIENT_ROLE),
                                 .actor_id = call->user->id.hex,
                                 .session_id = call->session->id.hex};
    authp_audit_write(call->realm, &event, &call->client, call->pool);
}

static authp_err_t check_access(authp_call_t *call)
{
    authp_err_t err = check_token(call);
    if (err != AUTHP_OK || call->route->role == NULL ||
        (call->principal.roles & authp_roles_bit(call->realm->roles, call->route->role)) != 0) {
        return err;
    }
    audit_refusal(call);
    return AUTHP_E_INSUFFICIENT_ROLE;
}

/* Runs a step that waits for a store or a hash, within the gate. Reading a body takes no place in
 * the gate: otherwise a few slow clients could make all other requests get 503. */
static authp_err_t wait_for(authp_call_t *call, authp_handler_fn *step)
{
    bool waits = (call->route->flags & AUTHP_ROUTE_WAITS) != 0;
    bool stranger =
        authp_throttle_is_stranger(call); /* before `step`, which may change the answer */
    if (waits && !authp_throttle_enter_gate(call, stranger)) {
        return AUTHP_E_BUSY;
    }
    bool asks = waits && stranger;
    authp_err_t err = asks ? authp_throttle_ask(call) : AUTHP_OK;
    if (err == AUTHP_OK) {
        err = step(call);
        if (asks) {
            authp_gate_asked(call->request->gate);
        }
    }
    if (waits) {
        authp_gate_leave(call->request->gate, stranger);
    }
    return err;
}

/* Cookies of the platform are no credential at the routes of a profile that takes bearer tokens
 * only. */
static void find_credential(authp_call_t *call)
{
    authp_credential_find(&call->request->headers, call->realm->settings->secure_cookies,
                          &call->credential);
    if (call->credential.via == AUTHP_VIA_COOKIE && call->request->mount->profile->bearer_only) {
        call->credential = (authp_credential_t){.via = AUTHP_VIA_NONE};
    }
}

/* Runs a request that the rate limits have admitted. */
static authp_err_t serve(authp_call_t *call)
{
    find_credential(call);
    authp_err_t err = check_origin(call);
    if (err == AUTHP_OK && call->route->auth == AUTHP_AUTH_REQUIRED) {
        err = wait_for(call, check_access);
    } else if (err == AUTHP_OK && call->route->auth == AUTHP_AUTH_OPTIONAL) {
        err = wait_for(call, check_optional);
    }
    if (err == AUTHP_OK) {
        err = authp_body_take(call);
    }
    if (err == AUTHP_OK) {
        err = authp_query_check(call);
    }
    if (err == AUTHP_OK) {
        call->client.device_id = authp_call_field(call, "device_id");
        err = wait_for(call, call->route->handler);
    }
    return err;
}

authp_err_t authp_route_serve(authp_call_t *call)
{
    call->form = authp_body_is_form(call);
    authp_err_t err = authp_throttle_enter(call);
    if (err != AUTHP_OK) {
        return err;
    }
    err = serve(call);
    return authp_throttle_settle(call, err);
}
