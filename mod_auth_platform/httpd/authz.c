/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/authz.h"
#include "httpd/context.h"
#include "httpd/refuse.h"

#include <http_request.h>

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
    /* Core answers 401 to any denial here, and a client would try to sign in again for ever. */
    context->in_authz = true;
    int status = ap_run_auth_checker(r);
    context->in_authz = false;
    return status == HTTP_UNAUTHORIZED ? authp_refuse(r, AUTHP_E_INSUFFICIENT_ROLE) : status;
}

void authp_authz_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_authz(on_check_authz, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
}
