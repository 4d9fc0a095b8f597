/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/cors.h"
#include "api/core/mount.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"

#include <string.h>

#define ALLOWED_HEADERS "Authorization, Content-Type, X-CSRF-Token, X-Token-Delivery"
#define PREFLIGHT_SECONDS "600"

static const char *header(const authp_request_t *request, const char *name)
{
    return request->headers.get(request->headers.ctx, name);
}

static bool is_allowed(const authp_realm_t *realm, const authp_headers_t *headers,
                       const char *scheme, const char *host, apr_pool_t *pool)
{
    return headers->get(headers->ctx, "Origin") != NULL &&
           authp_origin_rule_check(realm, headers, scheme, host, false, pool) == AUTHP_OK;
}

/* The header Origin is sent back unchanged, because browsers compare it byte by byte. It is copied,
 * because `out` may live longer than the request. */
static void allow(const authp_headers_t *headers, bool credentials, authp_response_t *out)
{
    apr_table_set(out->headers, "Access-Control-Allow-Origin",
                  headers->get(headers->ctx, "Origin"));
    apr_table_setn(out->headers, "Access-Control-Expose-Headers",
                   "X-Request-Id, Retry-After, WWW-Authenticate");
    if (credentials) {
        apr_table_setn(out->headers, "Access-Control-Allow-Credentials", "true");
    }
}

/* True if a script may send its request with cookies: where the mount hands out cookies, and where
 * cookies are no credential. Front ends of other back ends send all their requests so. */
static bool takes_credentials(const authp_mount_t *mount)
{
    return mount->delivery != AUTHP_DELIVERY_JSON || mount->profile->bearer_only;
}

void authp_cors_answer(const authp_realm_t *realm, const authp_request_t *request,
                       authp_response_t *out, apr_pool_t *pool)
{
    apr_table_mergen(out->headers, "Vary", "Origin");
    if (is_allowed(realm, &request->headers, request->scheme, request->host, pool)) {
        allow(&request->headers, takes_credentials(request->mount), out);
    }
}

void authp_cors_refusal(const authp_realm_t *realm, const authp_guard_request_t *request,
                        authp_response_t *out, apr_pool_t *pool)
{
    apr_table_mergen(out->headers, "Vary", "Origin");
    if (is_allowed(realm, &request->headers, request->scheme, request->host, pool)) {
        allow(&request->headers, true, out);
    }
}

authp_err_t authp_cors_options(const authp_realm_t *realm, const authp_request_t *request,
                               const char *methods, authp_response_t *out, apr_pool_t *pool)
{
    bool preflight = header(request, "Origin") != NULL &&
                     header(request, "Access-Control-Request-Method") != NULL;
    if (preflight && !is_allowed(realm, &request->headers, request->scheme, request->host, pool)) {
        return AUTHP_E_ORIGIN_DENIED;
    }
    out->status = 204;
    apr_table_setn(out->headers, "Allow", methods);
    apr_table_setn(out->headers, "Cache-Control", "no-store");
    if (preflight) {
        apr_table_setn(out->headers, "Access-Control-Allow-Methods", methods);
        apr_table_setn(out->headers, "Access-Control-Allow-Headers", ALLOWED_HEADERS);
        apr_table_setn(out->headers, "Access-Control-Max-Age", PREFLIGHT_SECONDS);
    }
    return AUTHP_OK;
}
