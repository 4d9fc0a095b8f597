/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/usage.h"

#include <apr_strings.h>
#include <string.h>
#include <util_cfgtree.h>

/* The names behind `Require [not] role`, else NULL. */
static const char *required_roles(const ap_directive_t *directive, apr_pool_t *pool)
{
    if (ap_cstr_casecmp(directive->directive, "Require") != 0) {
        return NULL;
    }
    const char *rest = directive->args;
    const char *word = ap_getword_conf(pool, &rest);
    if (ap_cstr_casecmp(word, "not") == 0) {
        word = ap_getword_conf(pool, &rest);
    }
    return ap_cstr_casecmp(word, "role") == 0 ? rest : NULL;
}

static bool is_use(const ap_directive_t *directive, apr_pool_t *pool)
{
    static const char prefix[] = "AuthPlatform";
    if (ap_cstr_casecmpn(directive->directive, prefix, sizeof(prefix) - 1) == 0) {
        return true;
    }
    if (ap_cstr_casecmp(directive->directive, "AuthType") == 0) {
        const char *rest = directive->args;
        return ap_cstr_casecmp(ap_getword_conf(pool, &rest), "Platform") == 0;
    }
    return required_roles(directive, pool) != NULL;
}

/* The next one in the order of the file; sections nest. */
static const ap_directive_t *next(const ap_directive_t *directive)
{
    if (directive->first_child != NULL) {
        return directive->first_child;
    }
    while (directive != NULL && directive->next == NULL) {
        directive = directive->parent;
    }
    return directive != NULL ? directive->next : NULL;
}

bool authp_usage_any(apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = next(at)) {
        if (is_use(at, pool)) {
            return true;
        }
    }
    return false;
}

static bool is_known(const apr_array_header_t *roles, const char *name)
{
    for (int i = 0; i < roles->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(roles, i, const char *), name) == 0) {
            return true;
        }
    }
    return false;
}

void authp_usage_check_roles(const apr_array_header_t *roles, apr_array_header_t *errors,
                             apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = next(at)) {
        const char *names = required_roles(at, pool);
        if (names == NULL || strchr(names, '%') != NULL) {
            continue; /* expressions are for the request to say */
        }
        while (*names != '\0') {
            const char *name = ap_getword_conf(pool, &names);
            if (name[0] != '\0' && !is_known(roles, name)) {
                APR_ARRAY_PUSH(errors, const char *) =
                    apr_psprintf(pool, "Require role in %s:%d: \"%s\" is not one of ROLES",
                                 at->filename, at->line_num, name);
            }
        }
    }
}
