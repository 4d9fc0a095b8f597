/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/dispatch.h"
#include "api/core/call.h"
#include "api/core/cors.h"
#include "api/core/mount.h"
#include "api/core/profile.h"
#include "api/core/refusal.h"
#include "api/core/route.h"
#include "api/core/throttle.h"

#include <apr_strings.h>
#include <string.h>

static bool has_head(const authp_route_t *route)
{
    return strcmp(route->method, "GET") == 0 && (route->flags & AUTHP_ROUTE_NO_HEAD) == 0;
}

static bool takes(const authp_route_t *route, const char *method)
{
    return strcmp(route->method, method) == 0 || (strcmp(method, "HEAD") == 0 && has_head(route));
}

/* Finds the row for path and method. *allow gets the Allow line of the path, or NULL if no row has
 * the path. */
static const authp_route_t *find(authp_call_t *call, const char **allow)
{
    apr_pool_t *pool = call->pool;
    const authp_mount_t *mount = call->request->mount;
    const char *rest = authp_mount_rest(mount, call->request->path);
    const authp_route_t *found = NULL;
    const char *methods = NULL;
    for (const authp_route_t *route = mount->profile->routes; rest != NULL && route->method != NULL;
         route++) {
        authp_path_values_t values;
        if (!authp_path_matches(route->path, rest, &values, pool)) {
            continue;
        }
        methods = apr_pstrcat(pool, methods != NULL ? methods : "", methods != NULL ? ", " : "",
                              route->method, has_head(route) ? ", HEAD" : "", NULL);
        if (takes(route, call->request->method)) {
            found = route;
            call->path = values;
        }
    }
    *allow = methods != NULL ? apr_pstrcat(pool, methods, ", OPTIONS", NULL) : NULL;
    return found;
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

void authp_dispatch(const authp_realm_t *realm, const authp_request_t *request,
                    authp_response_t *out, apr_pool_t *pool)
{
    *out = (authp_response_t){.status = 200, .headers = apr_table_make(pool, 12), .body = ""};
    authp_call_t call = {.realm = realm, .request = request, .out = out, .pool = pool};
    call.client = (authp_client_t){.ip = request->client_ip, .request_id = request->request_id};
    call.client.terms = request->mount->profile->terms;
    call.client.user_agent = authp_call_header(&call, "User-Agent");
    call.client.language = authp_call_header(&call, "Accept-Language");
    authp_err_t err = dispatch(&call);
    if (err == AUTHP_E_ABORTED) {
        out->status = 0;
        return;
    }
    if (err != AUTHP_OK) {
        const authp_refusal_t refusal = {.err = err,
                                         .detail = call.detail,
                                         .findings = call.findings,
                                         .request_id = request->request_id};
        authp_refusal_write(request->mount->profile, &refusal, out, pool);
    }
    if (err == AUTHP_E_OTP_SEND_FAILED) {
        out->status = realm->settings->otp_send_failed_status;
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
