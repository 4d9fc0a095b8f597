/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/route.h"
#include "api/core/cookie.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"
#include "api/core/query.h"
#include "api/core/throttle.h"
#include "base/json.h"
#include "base/text.h"
#include "service/live/standing.h"

#include <string.h>
#include <strings.h>

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

/* application/json, alone or with charset=utf-8, and not compressed. */
static bool is_json(const authp_call_t *call)
{
    static const char type[] = "application/json";
    const char *sent = authp_call_header(call, "Content-Type");
    const char *coding = authp_call_header(call, "Content-Encoding");
    if (coding != NULL && !authp_text_same(coding, "identity")) {
        return false;
    }
    if (sent == NULL || strncasecmp(sent, type, sizeof(type) - 1) != 0) {
        return false;
    }
    const char *rest = sent + sizeof(type) - 1;
    rest += strspn(rest, " \t");
    if (*rest == '\0') {
        return true;
    }
    if (*rest != ';') {
        return false;
    }
    rest += 1 + strspn(rest + 1, " \t");
    return authp_text_same(rest, "charset=utf-8") || authp_text_same(rest, "charset=\"utf-8\"") ||
           *rest == '\0';
}

static authp_err_t read_body(authp_call_t *call)
{
    const authp_request_t *request = call->request;
    const authp_schema_t *schema = call->route->body;
    const char *text = NULL;
    size_t len = 0;
    if (schema == NULL) {
        return AUTHP_OK;
    }
    bool optional = (call->route->flags & AUTHP_ROUTE_OPTIONAL_BODY) != 0;
    bool json = is_json(call);
    if (!json && !optional) {
        return AUTHP_E_UNSUPPORTED_MEDIA_TYPE;
    }
    /* If the body is optional, Content-Type does not say whether there is one: `curl -d ''` sends a
     * type without a body. A limit of 0 finds out whether there is a body. */
    size_t limit = json ? (size_t)call->realm->settings->body_limit : 0;
    authp_err_t err = request->read_body(request->body_ctx, limit, &text, &len);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_TOO_LARGE && !json ? AUTHP_E_UNSUPPORTED_MEDIA_TYPE : err;
    }
    if (optional && len == 0) {
        call->body = authp_json_object(call->pool);
        return AUTHP_OK;
    }
    err = authp_json_parse(text, len, &call->body, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_findings_t *findings = authp_findings_make(call->pool);
    err = authp_schema_check(schema, call->realm->settings, call->body,
                             request->mount->profile->ignores_unknown_fields, findings);
    call->findings = err != AUTHP_OK ? findings : NULL;
    return err;
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

/* Runs a request that the rate limits have admitted. */
static authp_err_t serve(authp_call_t *call)
{
    authp_credential_find(&call->request->headers, call->realm->settings->secure_cookies,
                          &call->credential);
    authp_err_t err = check_origin(call);
    if (err == AUTHP_OK && call->route->auth == AUTHP_AUTH_REQUIRED) {
        err = wait_for(call, check_access);
    } else if (err == AUTHP_OK && call->route->auth == AUTHP_AUTH_OPTIONAL) {
        err = wait_for(call, check_optional);
    }
    if (err == AUTHP_OK) {
        err = read_body(call);
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
    authp_err_t err = authp_throttle_enter(call);
    if (err != AUTHP_OK) {
        return err;
    }
    err = serve(call);
    return authp_throttle_settle(call, err);
}
