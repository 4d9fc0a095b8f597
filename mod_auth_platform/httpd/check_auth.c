/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/check_auth.h"
#include "httpd/tree.h"

#include <apr_strings.h>
#include <string.h>

/* Adds a line to the list. */
#define SAY(list, pool, ...)                                                                       \
    (APR_ARRAY_PUSH((list), const char *) = apr_psprintf((pool), __VA_ARGS__))

static bool is_on(const ap_directive_t *directive, const char *name, apr_pool_t *pool)
{
    return directive != NULL && authp_tree_is(directive, name) &&
           ap_cstr_casecmp(authp_tree_word(directive, pool), "on") == 0;
}

/* The AuthType line of the nearest section around `directive` that has one. */
static const ap_directive_t *own_type(const ap_directive_t *directive)
{
    for (const ap_directive_t *at = directive->parent; at != NULL; at = at->parent) {
        const ap_directive_t *type = authp_tree_child(at, "AuthType");
        if (type != NULL) {
            return type;
        }
    }
    return NULL;
}

/* A misspelt Platform counts here too: it is reported by an error of its own. */
static bool makes_ours(const ap_directive_t *directive, apr_pool_t *pool)
{
    authp_tree_type_t type = authp_tree_type(directive, pool);
    return type == AUTHP_TREE_TYPE_OURS || type == AUTHP_TREE_TYPE_NEAR ||
           type == AUTHP_TREE_TYPE_EXPRESSION || is_on(directive, "AuthPlatformOptional", pool);
}

static bool is_optional(const ap_directive_t *directive, apr_pool_t *pool)
{
    const ap_directive_t *at = directive;
    do {
        at = at->parent;
        if (is_on(authp_tree_child(at, "AuthPlatformOptional"), "AuthPlatformOptional", pool)) {
            return true;
        }
    } while (at != NULL);
    return false;
}

/* True if a .htaccess file may set AuthType. */
static bool is_override(const ap_directive_t *directive)
{
    return (authp_tree_is(directive, "AllowOverride") &&
            (ap_strcasestr(directive->args, "All") != NULL ||
             ap_strcasestr(directive->args, "AuthConfig") != NULL)) ||
           (authp_tree_is(directive, "AllowOverrideList") &&
            ap_strcasestr(directive->args, "AuthType") != NULL);
}

/* True if httpd applies .htaccess files after the section of an AuthType line, so that such a file
 * may set another AuthType. httpd applies them after <Directory>, and before all other sections. */
static bool is_before_files(const ap_directive_t *type)
{
    const ap_directive_t *at = type->parent;
    while (at != NULL && ap_cstr_casecmpn(at->directive, "<Limit", 6) == 0) {
        at = at->parent;
    }
    return at != NULL && authp_tree_is(at, "<Directory");
}

/* True if no later line of the same section replaces this one. */
static bool is_last(const ap_directive_t *directive)
{
    return authp_tree_child(directive->parent, directive->directive) == directive;
}

/* Says whether another section sets AuthType Platform for the place of `require`. `type` is the
 * AuthType line of its own section, NULL if there is none. */
static authp_tree_cover_t find_cover(const ap_directive_t *require, const ap_directive_t *type,
                                     apr_pool_t *pool)
{
    bool files = type == NULL || is_before_files(type);
    authp_tree_cover_t best = AUTHP_TREE_APART;
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        if (files && is_override(at) && best < AUTHP_TREE_PERHAPS) {
            best = AUTHP_TREE_PERHAPS;
        }
        if (makes_ours(at, pool) && is_last(at)) {
            authp_tree_cover_t cover = authp_tree_cover(at, require, pool);
            best = cover > best ? cover : best;
        }
    }
    return best;
}

static void check_require(const ap_directive_t *require, apr_array_header_t *errors,
                          apr_array_header_t *warnings, apr_pool_t *pool)
{
    const char *condition = authp_tree_condition(require, pool);
    const ap_directive_t *type = condition != NULL ? own_type(require) : NULL;
    if (condition == NULL || (type != NULL && makes_ours(type, pool)) ||
        (type == NULL && is_optional(require, pool))) {
        return;
    }
    authp_tree_cover_t cover = find_cover(require, type, pool);
    if (cover == AUTHP_TREE_EVERYWHERE && type == NULL) {
        return;
    }
    if (cover != AUTHP_TREE_APART) {
        SAY(warnings, pool,
            "Require %s in %s has no AuthType Platform in its own section; where no other section "
            "gives it one, every request is answered by 500 or 403",
            condition, authp_tree_at(require, pool));
    } else if (type == NULL) {
        SAY(errors, pool, "Require %s in %s needs AuthType Platform, and there is no AuthType",
            condition, authp_tree_at(require, pool));
    } else {
        SAY(errors, pool, "Require %s in %s needs AuthType Platform, and there is AuthType %s (%s)",
            condition, authp_tree_at(require, pool), authp_tree_word(type, pool),
            authp_tree_at(type, pool));
    }
}

/* True for a Require line that lets only signed-in people pass: one of ours, or one under AuthType
 * Platform that needs a user. */
static bool is_guard(const ap_directive_t *directive, apr_pool_t *pool)
{
    if (authp_tree_condition(directive, pool) != NULL) {
        return true;
    }
    if (authp_tree_required(directive, "valid-user", pool) == NULL &&
        authp_tree_required(directive, "user", pool) == NULL) {
        return false;
    }
    const ap_directive_t *type = own_type(directive);
    return type != NULL && makes_ours(type, pool);
}

static void check_limit(const ap_directive_t *guard, apr_array_header_t *warnings, apr_pool_t *pool)
{
    for (const ap_directive_t *at = guard->parent; at != NULL; at = at->parent) {
        bool except = authp_tree_is(at, "<LimitExcept");
        if (except || authp_tree_is(at, "<Limit")) {
            SAY(warnings, pool,
                "%s> in %s: the Require in line %d applies to %s the methods named there; requests "
                "with %s pass without it",
                at->directive, authp_tree_at(at, pool), guard->line_num,
                except ? "all methods except" : "only", except ? "these" : "any other method");
        }
    }
}

/* True if one section is within the other. Then both apply in the inner one. */
static bool meet(const ap_directive_t *a, const ap_directive_t *b, apr_pool_t *pool)
{
    return authp_tree_cover(a, b, pool) != AUTHP_TREE_APART ||
           authp_tree_cover(b, a, pool) != AUTHP_TREE_APART;
}

static void check_satisfy(const ap_directive_t *satisfy, apr_array_header_t *warnings,
                          apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        if (is_guard(at, pool) && meet(satisfy, at, pool)) {
            SAY(warnings, pool,
                "Satisfy Any in %s: a client that Allow and Deny let in passes without the Require in "
                "%s",
                authp_tree_at(satisfy, pool), authp_tree_at(at, pool));
            return;
        }
    }
}

void authp_check_auth(apr_array_header_t *errors, apr_array_header_t *warnings, apr_pool_t *pool)
{
    for (const ap_directive_t *at = ap_conftree; at != NULL; at = authp_tree_next(at)) {
        if (authp_tree_type(at, pool) == AUTHP_TREE_TYPE_NEAR) {
            SAY(errors, pool, "AuthType %s in %s: did you mean Platform?",
                authp_tree_word(at, pool), authp_tree_at(at, pool));
        }
        check_require(at, errors, warnings, pool);
        if (is_guard(at, pool)) {
            check_limit(at, warnings, pool);
        }
        if (authp_tree_is(at, "Satisfy") &&
            ap_cstr_casecmp(authp_tree_word(at, pool), "any") == 0) {
            check_satisfy(at, warnings, pool);
        }
    }
}
