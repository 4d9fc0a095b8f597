/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/usage.h"

#include <apr_strings.h>
#include <string.h>
#include <util_cfgtree.h>

/* What stands behind `Require [not] NAME`, NULL if it is no such line. */
static const char *required(const ap_directive_t *directive, const char *name, apr_pool_t *pool)
{
    if (ap_cstr_casecmp(directive->directive, "Require") != 0) {
        return NULL;
    }
    const char *rest = directive->args;
    const char *word = ap_getword_conf(pool, &rest);
    if (ap_cstr_casecmp(word, "not") == 0) {
        word = ap_getword_conf(pool, &rest);
    }
    return ap_cstr_casecmp(word, name) == 0 ? rest : NULL;
}

/* The names behind `Require [not] role` and `Require [not] platform-claim roles`, else NULL. */
static const char *required_roles(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *rest = required(directive, "platform-claim", pool);
    if (rest != NULL) {
        return strcmp(ap_getword_conf(pool, &rest), "roles") == 0 ? rest : NULL;
    }
    return required(directive, "role", pool);
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
    static const char *const ours[] = {"role", "verified", "platform-claim", "auth-age"};
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (required(directive, ours[i], pool) != NULL) {
            return true;
        }
    }
    return false;
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
                    apr_psprintf(pool, "Require in %s:%d: the role \"%s\" is not one of ROLES",
                                 at->filename, at->line_num, name);
            }
        }
    }
}
