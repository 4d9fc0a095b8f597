/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/guard.h"
#include "api/core/navigation.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"
#include "base/text.h"
#include "net/origin.h"
#include "service/session/csrf.h"
#include "service/session/token.h"

#include <apr_strings.h>
#include <string.h>

static const char *header(const authp_headers_t *headers, const char *name)
{
    return headers->get(headers->ctx, name);
}

static bool is_safe(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0 || strcmp(method, "TRACE") == 0;
}

authp_err_t authp_guard_authenticate(const authp_realm_t *realm,
                                     const authp_guard_request_t *request, authp_principal_t *out,
                                     authp_via_t *via, apr_pool_t *pool)
{
    authp_credential_t credential;
    authp_credential_find(&request->headers, realm->settings->secure_cookies, &credential);
    *via = credential.via;
    if (credential.via == AUTHP_VIA_NONE) {
        return AUTHP_E_TOKEN_MISSING;
    }
    authp_err_t err = authp_token_verify(realm, credential.token, credential.len, out, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    /* A page of another site can make a browser send this request with its cookies. A WebSocket
     * begins with a GET, but that GET is not safe. */
    if (credential.via == AUTHP_VIA_COOKIE &&
        (!is_safe(request->method) || header(&request->headers, "Upgrade") != NULL) &&
        !authp_origin_rule_same(&request->headers, request->scheme, request->host, pool)) {
        return AUTHP_E_ORIGIN_DENIED;
    }
    int64_t known_at = out->known_at;
    err = authp_live_guard(realm, out, request->when_unavailable, pool);
    if (err == AUTHP_OK && out->known_at != known_at) {
        authp_token_remember(realm, credential.token, credential.len, out);
    }
    return err;
}

/* True if the browser has a csrf_token of the platform, and so can probably renew. A csrf_token
 * that names its session is of another profile, which has no page for this. */
static bool has_csrf_cookie(const authp_guard_request_t *request)
{
    const char *cookies = header(&request->headers, "Cookie");
    const char *value = NULL;
    size_t len = 0;
    return cookies != NULL && authp_credential_cookie(cookies, AUTHP_CSRF_COOKIE, &value, &len) &&
           len > 0 && !authp_csrf_is_named(value, len);
}

const char *authp_guard_redirect(const authp_realm_t *realm, const authp_guard_request_t *request,
                                 bool fresh, apr_pool_t *pool)
{
    (void)realm;
    if (!authp_navigation_is(request->method, &request->headers)) {
        return NULL;
    }
    const char *to = request->sign_in_page;
    if (!fresh && request->renewing != NULL && has_csrf_cookie(request)) {
        to = apr_pstrcat(pool, request->renewing->path, request->renewing->profile->renewal, NULL);
    }
    if (to == NULL) {
        return NULL;
    }
    const char *back = authp_origin_return_to(request->target, pool);
    return apr_pstrcat(pool, to, "?return_to=", authp_text_url_encode(back, pool), NULL);
}
