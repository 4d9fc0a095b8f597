/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_TREE_H
#define AUTHP_HTTPD_TREE_H

#include "httpd/module.h"

#include <stdbool.h>
#include <util_cfgtree.h>

/* Reads httpd's tree of configuration directives, for the checks of `httpd -t` and of each start.
 * The tree does not contain directives of .htaccess files. */

/* Returns the next directive in file order, also within sections. Start with ap_conftree. NULL
 * after the last one. */
const ap_directive_t *authp_tree_next(const ap_directive_t *directive);
/* True if the directive has that name. The name of a section begins with its bracket: "<Location".
 */
bool authp_tree_is(const ap_directive_t *directive, const char *name);
/* The first argument, without quotes and without the closing bracket of a section. */
const char *authp_tree_word(const ap_directive_t *directive, apr_pool_t *pool);
/* The last directive `name` directly in the section `parent`. If `parent` is NULL, outside of all
 * sections. */
const ap_directive_t *authp_tree_child(const ap_directive_t *parent, const char *name);
/* The arguments after `Require [not] NAME`. NULL if `directive` is no such line. */
const char *authp_tree_required(const ap_directive_t *directive, const char *name,
                                apr_pool_t *pool);
/* The name of our condition in a Require line. NULL if it has none. */
const char *authp_tree_condition(const ap_directive_t *directive, apr_pool_t *pool);
/* Where the directive is: "FILE:LINE". */
const char *authp_tree_at(const ap_directive_t *directive, apr_pool_t *pool);

typedef enum authp_tree_type_t {
    AUTHP_TREE_TYPE_NONE,       /* no AuthType directive */
    AUTHP_TREE_TYPE_OURS,       /* Platform */
    AUTHP_TREE_TYPE_NEAR,       /* a misspelt Platform */
    AUTHP_TREE_TYPE_EXPRESSION, /* an expression, which may result in Platform */
    AUTHP_TREE_TYPE_OTHER
} authp_tree_type_t;

authp_tree_type_t authp_tree_type(const ap_directive_t *directive, apr_pool_t *pool);

/* The <VirtualHost> around a directive. NULL if there is none. */
const ap_directive_t *authp_tree_host(const ap_directive_t *directive);

/* Tells whether the sections around `setting` apply where those around `place` apply. They are
 * compared as text, because it is not known here which URL leads to a path of the file system. */
typedef enum authp_tree_cover_t {
    AUTHP_TREE_APART,     /* nowhere in that place */
    AUTHP_TREE_PERHAPS,   /* depends on the request */
    AUTHP_TREE_EVERYWHERE /* wherever `place` applies */
} authp_tree_cover_t;

authp_tree_cover_t authp_tree_cover(const ap_directive_t *setting, const ap_directive_t *place,
                                    apr_pool_t *pool);

#endif
