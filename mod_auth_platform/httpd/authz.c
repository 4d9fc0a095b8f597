/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/authz.h"
#include "httpd/context.h"
#include "httpd/refuse.h"

#include <http_request.h>

static int ask_others(request_rec *r, authp_context_t *context)
{
    context->in_authz = true;
    int status = ap_run_auth_checker(r);
    context->in_authz = false;
    return status;
}

/* True if a new sign-in would give access: only the time of the sign-in is too long ago. The other
 * check_authz hooks run once more as if the sign-in was new. So the result also holds for
 * RequireAny and the like. */
static bool helped_by_sign_in(request_rec *r, authp_context_t *context)
{
    if (context->max_age == 0) {
        return false;
    }
    context->assume_fresh = true;
    int status = ask_others(r, context);
    context->assume_fresh = false;
    return status == OK;
}

static int on_check_authz(request_rec *r)
{
    authp_context_t *context = authp_context_of(r);
    if (context == NULL || context->in_authz) {
        return DECLINED;
    }
    if (context->exempt) {
        r->user = NULL;
        return OK;
    }
    if (!context->known) {
        return DECLINED;
    }
    int status = ask_others(r, context);
    if (status != HTTP_UNAUTHORIZED && status != HTTP_FORBIDDEN) {
        return status;
    }
    if (helped_by_sign_in(r, context)) {
        return authp_refuse(r, AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION);
    }
    /* Core answers 401 to any denial here. The client would sign in again and again. */
    return status == HTTP_UNAUTHORIZED ? authp_refuse(r, AUTHP_E_INSUFFICIENT_ROLE) : status;
}

void authp_authz_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_authz(on_check_authz, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
}
