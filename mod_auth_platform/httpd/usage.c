/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/usage.h"
#include "base/text.h"
#include "httpd/require.h"
#include "httpd/tree.h"

#include <apr_strings.h>
#include <string.h>

/* The names of roles in a Require line of ours. NULL for other lines. */
static const char *required_roles(const ap_directive_t *directive, apr_pool_t *pool)
{
    for (const authp_require_t *row = authp_require_table; row->name != NULL; row++) {
        const char *words = authp_tree_required(directive, row->name, pool);
        if (words != NULL) {
            return row->roles != NULL ? row->roles(words, pool) : NULL;
        }
    }
    return NULL;
}

static bool is_use(const ap_directive_t *directive, apr_pool_t *pool)
{
    static const char prefix[] = "AuthPlatform";
    if (ap_cstr_casecmpn(directive->directive, prefix, sizeof(prefix) - 1) == 0) {
        return true;
    }
    authp_tree_type_t type = authp_tree_type(directive, pool);
    /* A misspelt one counts, so that the checks run and report it. */
    return type == AUTHP_TREE_TYPE_OURS || type == AUTHP_TREE_TYPE_NEAR ||
           authp_tree_condition(directive, pool) != NULL;
}

bool authp_usage_any(apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        if (is_use(at, pool)) {
            return true;
        }
    }
    return false;
}

void authp_usage_check_roles(const apr_array_header_t *roles, apr_array_header_t *errors,
                             apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        const char *names = required_roles(at, pool);
        if (names == NULL || strchr(names, '%') != NULL) {
            continue; /* an expression is evaluated for each request */
        }
        while (*names != '\0') {
            const char *name = ap_getword_conf(pool, &names);
            if (name[0] != '\0' && !authp_text_listed(name, roles)) {
                APR_ARRAY_PUSH(errors, const char *) =
                    apr_psprintf(pool, "Require in %s:%d: the role \"%s\" is not one of ROLES",
                                 at->filename, at->line_num, name);
            }
        }
    }
}
