/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require.h"
#include "httpd/config.h"
#include "httpd/identity.h"
#include "httpd/lifecycle.h"

#include <ap_expr.h>
#include <ap_provider.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>
#include <string.h>

/* A Require line: its words, or what will give them. */
typedef struct require_roles_t {
    const ap_expr_info_t *expression; /* NULL if the words are plain */
    apr_array_header_t *names;        /* const char * */
} require_roles_t;

static apr_array_header_t *split(const char *line, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    while (*line != '\0') {
        const char *name = ap_getword_conf(pool, &line);
        if (name[0] != '\0') {
            APR_ARRAY_PUSH(names, const char *) = name;
        }
    }
    return names;
}

static const char *parse_role(cmd_parms *cmd, const char *line, const void **parsed)
{
    require_roles_t *out = apr_pcalloc(cmd->pool, sizeof(*out));
    const char *error = NULL;
    out->names = split(line, cmd->pool);
    if (out->names->nelts == 0) {
        return "Require role needs at least one role";
    }
    if (strchr(line, '%') != NULL) {
        out->expression = ap_expr_parse_cmd(cmd, line, AP_EXPR_FLAG_STRING_RESULT, &error, NULL);
        if (error != NULL) {
            return apr_pstrcat(cmd->pool, "Require role: ", error, NULL);
        }
    }
    *parsed = out;
    return NULL;
}

static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    const require_roles_t *wanted = parsed;
    const authp_runtime_t *runtime = authp_lifecycle_runtime();
    (void)line;
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    const authp_context_t *who = authp_identity_of(r);
    if (runtime == NULL || who == NULL) {
        return AUTHZ_DENIED; /* somebody by another AuthType */
    }
    const apr_array_header_t *names = wanted->names;
    if (wanted->expression != NULL) {
        const char *error = NULL;
        const char *text = ap_expr_str_exec(r, wanted->expression, &error);
        if (error != NULL) {
            ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "AUTHP0501: Require role: %s", error);
            return AUTHZ_GENERAL_ERROR;
        }
        names = split(text, r->pool);
    }
    const authp_roles_map_t *map = runtime->realm->roles;
    authp_roles_t passing = authp_roles_mask(map, names);
    if (authp_config_dir(r)->admin_passes_roles == 1) {
        passing |= authp_roles_bit(map, "admin");
    }
    return (who->principal.roles & passing) != 0 ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const authz_provider role_provider = {check_role, parse_role};

void authp_require_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "role", AUTHZ_PROVIDER_VERSION,
                              &role_provider, AP_AUTH_INTERNAL_PER_CONF);
}
