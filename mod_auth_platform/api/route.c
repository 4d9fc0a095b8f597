/* SPDX-License-Identifier: Apache-2.0 */
#include "api/route.h"
#include "api/cookie.h"
#include "api/cors.h"
#include "api/guard.h"
#include "api/problem.h"
#include "api/query.h"
#include "api/throttle.h"
#include "base/json.h"
#include "base/text.h"
#include "service/standing.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

const char *authp_route_header(const authp_call_t *call, const char *name)
{
    return call->request->headers.get(call->request->headers.ctx, name);
}

const char *authp_route_field(const authp_call_t *call, const char *name)
{
    return json_string_value(json_object_get(call->body, name));
}

static bool is_below(const char *path, const char *mount)
{
    size_t len = strlen(mount);
    return strncmp(path, mount, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

bool authp_api_owns(const authp_mount_t *mount, const char *path)
{
    return (mount->me_path != NULL && strcmp(path, mount->me_path) == 0) ||
           is_below(path, mount->path);
}

/* Compares a pattern such as "/users/{id}/sessions" with a path. *id gets the part that stands for
 * {id}. */
static bool path_matches(const char *pattern, const char *path, const char **id, apr_pool_t *pool)
{
    const char *brace = strchr(pattern, '{');
    if (brace == NULL) {
        return strcmp(pattern, path) == 0;
    }
    size_t before = (size_t)(brace - pattern);
    if (strncmp(pattern, path, before) != 0 || strlen(path + before) < AUTHP_ID_LEN ||
        strcmp(path + before + AUTHP_ID_LEN, strchr(brace, '}') + 1) != 0) {
        return false;
    }
    const char *found = apr_pstrmemdup(pool, path + before, AUTHP_ID_LEN);
    if (!authp_id_valid(found)) {
        return false;
    }
    *id = found;
    return true;
}

/* me_path may lie inside the mount, so it is compared first. */
static bool matches(const authp_route_t *route, authp_call_t *call)
{
    const authp_request_t *request = call->request;
    const authp_mount_t *mount = request->mount;
    bool at_me = mount->me_path != NULL && strcmp(request->path, mount->me_path) == 0;
    if ((route->flags & AUTHP_ROUTE_AT_ME) != 0) {
        return at_me;
    }
    return !at_me && is_below(request->path, mount->path) &&
           path_matches(route->path, request->path + strlen(mount->path), &call->id, call->pool);
}

static bool takes(const authp_route_t *route, const char *method)
{
    if (strcmp(route->method, method) == 0) {
        return true;
    }
    return strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0 &&
           (route->flags & AUTHP_ROUTE_NO_HEAD) == 0;
}

/* Finds the row for path and method. *allow gets the Allow line of the path, or NULL if no row has
 * the path. */
static const authp_route_t *find(authp_call_t *call, const char **allow)
{
    apr_pool_t *pool = call->pool;
    const authp_route_t *found = NULL;
    const char *methods = NULL;
    for (int i = 0; authp_routes_at(i) != NULL; i++) {
        const authp_route_t *route = authp_routes_at(i);
        if (!matches(route, call)) {
            continue;
        }
        bool head = strcmp(route->method, "GET") == 0 && (route->flags & AUTHP_ROUTE_NO_HEAD) == 0;
        methods = apr_pstrcat(pool, methods != NULL ? methods : "", methods != NULL ? ", " : "",
                              route->method, head ? ", HEAD" : "", NULL);
        if (takes(route, call->request->method)) {
            found = route;
        }
    }
    *allow = methods != NULL ? apr_pstrcat(pool, methods, ", OPTIONS", NULL) : NULL;
    return found;
}

/* Checks CSRF and Origin as far as this is possible before the token is verified. */
static authp_err_t check_origin(authp_call_t *call)
{
    const authp_request_t *request = call->request;
    if ((call->route->flags & AUTHP_ROUTE_SIGNS_IN) != 0 && authp_cookie_wanted(call)) {
        return authp_guard_origin(call->realm, &request->headers, request->scheme, request->host,
                                  true, call->pool);
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
    const char *sent = authp_route_header(call, "Content-Type");
    const char *coding = authp_route_header(call, "Content-Encoding");
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
    return authp_schema_check(schema, call->realm->settings, call->body, &call->findings,
                              call->pool);
}

/* Runs a step that waits for a store or a hash, within the gate. Reading a body takes no place in
 * the gate: otherwise a few slow clients could make all other requests get 503. */
static authp_err_t wait_for(authp_call_t *call, authp_handler_fn *step)
{
    bool waits = (call->route->flags & AUTHP_ROUTE_WAITS) != 0;
    bool stranger =
        authp_throttle_is_stranger(call); /* before `step`, which may change the answer */
    if (waits && !authp_gate_enter(call->request->gate, stranger) &&
        (stranger || !authp_throttle_wait_for_place(call))) {
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
    if (err == AUTHP_OK && call->route->filters != NULL) {
        err = authp_query_check(call);
    }
    if (err == AUTHP_OK) {
        call->client.device_id = authp_route_field(call, "device_id");
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

static authp_err_t dispatch(authp_call_t *call)
{
    const authp_request_t *request = call->request;
    const char *allow = NULL;
    call->route = find(call, &allow);
    if (allow == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    if (strcmp(request->method, "OPTIONS") == 0) {
        return authp_cors_options(call->realm, request, allow, call->out, call->pool);
    }
    if (call->route == NULL) {
        apr_table_setn(call->out->headers, "Allow", allow);
        return AUTHP_E_METHOD_NOT_ALLOWED;
    }
    return authp_route_serve(call);
}

void authp_api_handle(const authp_realm_t *realm, const authp_request_t *request,
                      authp_response_t *out, apr_pool_t *pool)
{
    *out = (authp_response_t){.status = 200, .headers = apr_table_make(pool, 12), .body = ""};
    authp_call_t call = {.realm = realm, .request = request, .out = out, .pool = pool};
    call.client = (authp_client_t){.ip = request->client_ip, .request_id = request->request_id};
    call.client.user_agent = authp_route_header(&call, "User-Agent");
    authp_err_t err = dispatch(&call);
    if (err == AUTHP_E_ABORTED) {
        out->status = 0;
        return;
    }
    if (err != AUTHP_OK) {
        authp_problem_fill(err, call.detail, call.findings, request->request_id, out, pool);
    }
    if (err == AUTHP_E_RATE_LIMITED && call.retry_after > 0) {
        apr_table_setn(out->headers, "Retry-After", apr_itoa(pool, call.retry_after));
    }
    out->slow =
        err == AUTHP_E_RATE_LIMITED || (err == AUTHP_E_BUSY && authp_throttle_is_stranger(&call));
    authp_cors_answer(realm, request, out, pool);
    apr_table_setn(out->headers, "X-Request-Id", request->request_id);
    if (apr_table_get(out->headers, "Cache-Control") == NULL) {
        apr_table_setn(out->headers, "Cache-Control", "no-store");
    }
}
