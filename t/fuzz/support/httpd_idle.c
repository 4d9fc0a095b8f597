/* SPDX-License-Identifier: Apache-2.0 */
/* Functions that a fuzz target links but never calls, because they serve requests. The unit tests
 * have working ones (t/unit/httpd/httpd_fake.c). */
#include "httpd/identity.h"
#include "httpd/runtime.h"

#include <ap_expr.h>
#include <stdlib.h>

const char *ap_check_cmd_context(cmd_parms *cmd, unsigned forbidden)
{
    (void)cmd, (void)forbidden;
    return NULL;
}

/* httpd itself parses expressions, so the target does not test them. */
ap_expr_info_t *ap_expr_parse_cmd_mi(const cmd_parms *cmd, const char *text, unsigned int flags,
                                     const char **error, ap_expr_lookup_fn_t *lookup, int index)
{
    (void)text, (void)flags, (void)lookup, (void)index;
    *error = NULL;
    return apr_pcalloc(cmd->pool, sizeof(ap_expr_info_t));
}

const char *ap_expr_str_exec(request_rec *r, const ap_expr_info_t *expression, const char **error)
{
    (void)r, (void)expression, (void)error;
    abort();
}

void ap_log_rerror_(const char *file, int line, int index, int level, apr_status_t status,
                    const request_rec *r, const char *format, ...)
{
    (void)file, (void)line, (void)index, (void)level, (void)status, (void)r, (void)format;
}

authp_runtime_t *authp_runtime_get(void)
{
    abort();
}

authz_status authp_identity_required(const request_rec *r, const authp_context_t **who)
{
    (void)r, (void)who;
    abort();
}

authp_context_t *authp_context_make(request_rec *r)
{
    (void)r;
    abort();
}
