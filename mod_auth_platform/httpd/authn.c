/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/authn.h"
#include "httpd/config.h"
#include "httpd/context.h"
#include "httpd/refuse.h"
#include "httpd/runtime.h"
#include "httpd/way_in.h"

#include <http_core.h>
#include <http_request.h>
#include <string.h>

#define AUTH_TYPE "Platform"

static void admit(request_rec *r, authp_context_t *context)
{
    context->known = true;
    context->user = context->principal.user_id;
    r->user = (char *)(uintptr_t)context->user; /* httpd does not write to r->user */
    r->ap_auth_type = (char *)(uintptr_t)AUTH_TYPE;
}

/* Marks the contexts of this request and of the requests that it is a subrequest of. With
 * DirectoryIndex, for example, the client gets the answer of the outermost one. */
static authp_context_t *mark(request_rec *r, bool guarded)
{
    authp_context_t *context = authp_context_make(r);
    for (request_rec *at = r; at != NULL; at = at->main) {
        authp_context_t *each = authp_context_make(at);
        each->guarded |= guarded;
        each->aware |= !guarded;
    }
    return context;
}

/* A subrequest or an internal redirect takes over the principal of its ancestor. If no ancestor has
 * one, the request is authenticated. */
static authp_err_t identify(request_rec *r, authp_context_t *context)
{
    const authp_context_t *before = authp_context_ancestor(r);
    if (before != NULL) {
        context->principal = before->principal;
        context->via = before->via;
        return AUTHP_OK;
    }
    authp_guard_request_t request;
    authp_context_guard_request(r, &request);
    return authp_guard_authenticate(authp_runtime_get()->realm, &request, &context->principal,
                                    &context->via, r->pool);
}

static bool is_ours(const request_rec *r)
{
    const char *type = ap_auth_type((request_rec *)(uintptr_t)r);
    return type != NULL ? ap_cstr_casecmp(type, AUTH_TYPE) == 0
                        : authp_config_dir(r)->optional == 1;
}

static int on_check_authn(request_rec *r)
{
    if (authp_runtime_get() == NULL || !is_ours(r)) {
        return DECLINED;
    }
    if (authp_way_in_holds(r)) {
        /* httpd needs a user here, and authz.c removes this one again. Conditions that need no
         * user, such as Require ip, have been decided before. */
        static char nobody[] = "";
        authp_context_make(r)->exempt = true;
        r->user = nobody;
        return OK;
    }
    authp_context_t *context = mark(r, true);
    authp_err_t err = identify(r, context);
    if (err != AUTHP_OK) {
        return authp_refuse(r, err);
    }
    admit(r, context);
    return OK;
}

/* httpd skips authentication where Require grants access without a user. So AuthPlatformOptional
 * authenticates before it. */
static int on_check_access(request_rec *r)
{
    if (authp_runtime_get() == NULL || authp_config_dir(r)->optional != 1 ||
        authp_config_mount(r) != NULL) {
        return DECLINED;
    }
    authp_context_t *context = mark(r, false);
    authp_err_t err = identify(r, context);
    if (err == AUTHP_OK) {
        context->guarded = true;
        admit(r, context);
        return DECLINED;
    }
    /* A bad bearer token is refused (RFC 6750). With a bad cookie the person counts as signed out.
     */
    bool refused = err == AUTHP_E_ORIGIN_DENIED ||
                   (context->via == AUTHP_VIA_BEARER && err != AUTHP_E_TOKEN_MISSING);
    return refused ? authp_refuse(r, err) : DECLINED;
}

void authp_authn_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_access(on_check_access, NULL, NULL, APR_HOOK_MIDDLE, AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authn(on_check_authn, NULL, NULL, APR_HOOK_FIRST, AP_AUTH_INTERNAL_PER_CONF);
}
