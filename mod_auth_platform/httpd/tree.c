/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/tree.h"
#include "base/text.h"
#include "httpd/require.h"

#include <apr_strings.h>
#include <string.h>

#define TYPE "Platform"

/* The place to which a section applies. */
typedef struct scope_t {
    const ap_directive_t *host;
    /* "<Location" or "<Directory" if it has one plain path; NULL for any other place. */
    const char *kind;
    const char *path;
    bool everywhere; /* true outside of all sections */
} scope_t;

const ap_directive_t *authp_tree_next(const ap_directive_t *directive)
{
    if (directive->first_child != NULL) {
        return directive->first_child;
    }
    while (directive != NULL && directive->next == NULL) {
        directive = directive->parent;
    }
    return directive != NULL ? directive->next : NULL;
}

bool authp_tree_is(const ap_directive_t *directive, const char *name)
{
    return ap_cstr_casecmp(directive->directive, name) == 0;
}

const char *authp_tree_word(const ap_directive_t *directive, apr_pool_t *pool)
{
    const char *args = directive->args;
    if (directive->directive[0] == '<') {
        const char *end = strrchr(args, '>');
        args = end != NULL ? apr_pstrmemdup(pool, args, (apr_size_t)(end - args)) : args;
    }
    return ap_getword_conf(pool, &args);
}

const ap_directive_t *authp_tree_child(const ap_directive_t *parent, const char *name)
{
    const ap_directive_t *found = NULL;
    const ap_directive_t *at = parent != NULL ? parent->first_child : ap_conftree;
    for (; at != NULL; at = at->next) {
        found = authp_tree_is(at, name) ? at : found;
    }
    return found;
}

const char *authp_tree_required(const ap_directive_t *directive, const char *name, apr_pool_t *pool)
{
    if (!authp_tree_is(directive, "Require")) {
        return NULL;
    }
    const char *rest = directive->args;
    const char *word = ap_getword_conf(pool, &rest);
    if (ap_cstr_casecmp(word, "not") == 0) {
        word = ap_getword_conf(pool, &rest);
    }
    return ap_cstr_casecmp(word, name) == 0 ? rest : NULL;
}

const char *authp_tree_condition(const ap_directive_t *directive, apr_pool_t *pool)
{
    for (const authp_require_t *row = authp_require_table; row->name != NULL; row++) {
        if (authp_tree_required(directive, row->name, pool) != NULL) {
            return row->name;
        }
    }
    return NULL;
}

const char *authp_tree_at(const ap_directive_t *directive, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%d", directive->filename, directive->line_num);
}

/* True for texts such as "Plattform", "AuthPlatform" or "auth_platform". */
static bool is_near(const char *type, apr_pool_t *pool)
{
    apr_array_header_t *known = apr_array_make(pool, 1, sizeof(const char *));
    char *lower = apr_pstrdup(pool, type);
    APR_ARRAY_PUSH(known, const char *) = TYPE;
    authp_text_lower(lower);
    return authp_text_nearest(type, known) != NULL || strstr(lower, "platform") != NULL;
}

authp_tree_type_t authp_tree_type(const ap_directive_t *directive, apr_pool_t *pool)
{
    if (!authp_tree_is(directive, "AuthType")) {
        return AUTHP_TREE_TYPE_NONE;
    }
    const char *type = authp_tree_word(directive, pool);
    if (strchr(type, '%') != NULL) {
        return AUTHP_TREE_TYPE_EXPRESSION;
    }
    if (ap_cstr_casecmp(type, TYPE) == 0) {
        return AUTHP_TREE_TYPE_OURS;
    }
    return is_near(type, pool) ? AUTHP_TREE_TYPE_NEAR : AUTHP_TREE_TYPE_OTHER;
}

const ap_directive_t *authp_tree_host(const ap_directive_t *directive)
{
    const ap_directive_t *at = directive->parent;
    while (at != NULL && !authp_tree_is(at, "<VirtualHost")) {
        at = at->parent;
    }
    return at;
}

/* False for sections that contain Require lines or methods, which have no place of their own. */
static bool is_place(const ap_directive_t *section)
{
    return strncmp(section->directive, "<Require", 8) != 0 &&
           ap_cstr_casecmpn(section->directive, "<Limit", 6) != 0 &&
           !authp_tree_is(section, "<VirtualHost");
}

/* Returns the path of a section without the slashes at its end. NULL if it is a pattern or no
 * absolute path. A path is below this one if it is equal or continues with a slash. */
static const char *plain_path(const ap_directive_t *section, apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, authp_tree_word(section, pool));
    size_t len = strlen(path);
    if (path[0] != '/' || strpbrk(path, "*?[") != NULL) {
        return NULL;
    }
    while (len > 0 && path[len - 1] == '/') {
        path[--len] = '\0';
    }
    return path;
}

static scope_t scope_of(const ap_directive_t *directive, apr_pool_t *pool)
{
    scope_t scope = {.host = authp_tree_host(directive), .everywhere = true};
    for (const ap_directive_t *at = directive->parent; at != NULL; at = at->parent) {
        if (!is_place(at)) {
            continue;
        }
        bool only = scope.everywhere;
        scope.everywhere = false;
        scope.kind = NULL;
        if (only && (authp_tree_is(at, "<Location") || authp_tree_is(at, "<Directory"))) {
            scope.path = plain_path(at, pool);
            scope.kind = scope.path != NULL ? at->directive : NULL;
        }
    }
    return scope;
}

static bool is_below(const char *path, const char *top)
{
    size_t len = strlen(top);
    return strncmp(path, top, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool is_same_kind(const scope_t *a, const scope_t *b)
{
    return a->kind != NULL && b->kind != NULL && ap_cstr_casecmp(a->kind, b->kind) == 0;
}

authp_tree_cover_t authp_tree_cover(const ap_directive_t *setting, const ap_directive_t *place,
                                    apr_pool_t *pool)
{
    scope_t over = scope_of(setting, pool);
    scope_t under = scope_of(place, pool);
    if (over.host != NULL && under.host != NULL && over.host != under.host) {
        return AUTHP_TREE_APART;
    }
    bool all_urls = over.everywhere || (over.kind != NULL && over.path[0] == '\0' &&
                                        ap_cstr_casecmp(over.kind, "<Location") == 0);
    bool below = is_same_kind(&over, &under) && is_below(under.path, over.path);
    if (is_same_kind(&over, &under) && !below) {
        return AUTHP_TREE_APART;
    }
    /* Outside of all hosts, a section counts for every host. */
    bool same_host = over.host == NULL || over.host == under.host;
    return same_host && (all_urls || below) ? AUTHP_TREE_EVERYWHERE : AUTHP_TREE_PERHAPS;
}
