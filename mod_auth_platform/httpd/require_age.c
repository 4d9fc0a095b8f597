/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require_age.h"
#include "httpd/identity.h"
#include "httpd/runtime.h"

#include <ap_provider.h>
#include <http_request.h>
#include <mod_auth.h>
#include <stdlib.h>
#include <string.h>

#define AGE_MAX 31536000L /* a year; no session lasts longer by default */
#define AGE_DIGITS 8

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    int *out = apr_palloc(cmd->pool, sizeof(*out));
    const char *word = ap_getword_conf(cmd->pool, &line);
    size_t digits = strspn(word, "0123456789");
    long seconds = digits > 0 && digits <= AGE_DIGITS ? strtol(word, NULL, 10) : 0;
    if (word[digits] != '\0' || line[0] != '\0' || seconds < 1 || seconds > AGE_MAX) {
        return "Require auth-age needs a number of seconds, 1 to 31536000";
    }
    *out = (int)seconds;
    *parsed = out;
    return NULL;
}

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    const int *seconds = parsed;
    (void)line;
    const authp_context_t *who = NULL;
    authz_status status = authp_identity_required(r, &who);
    if (status != AUTHZ_GRANTED) {
        return status;
    }
    /* auth_time is in the store's time. */
    int64_t now = authp_realm_now(authp_runtime_get()->realm) / 1000;
    if (now - who->principal.auth_time <= *seconds) {
        return AUTHZ_GRANTED;
    }
    authp_context_t *context = authp_context_make(r);
    if (context->max_age == 0 || *seconds < context->max_age) {
        context->max_age = *seconds;
    }
    if (context->assume_fresh) {
        return AUTHZ_GRANTED;
    }
    /* In the second case httpd has not authenticated yet (AuthPlatformOptional). A denial would
     * then be a final 403. */
    return context->in_authz ? AUTHZ_DENIED : AUTHZ_DENIED_NO_USER;
}

const authz_provider authp_require_age_provider = {check, parse};
