/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_WAY_IN_H
#define AUTHP_HTTPD_WAY_IN_H

#include "httpd/module.h"

#include <apr_tables.h>
#include <http_config.h>
#include <stdbool.h>

struct authp_guarded_by_t;

/* What signed-out people can reach if the whole site is guarded: the mount, the sign-in page, and
 * the files that the page loads (AuthPlatformSignInPage PATH [ALSO...]).
 *
 * Without ALSO words the folder assets/ beside the page is open, for files whose names end like a
 * style sheet, a script, a font or an icon. With ALSO words exactly these paths are open: a path
 * that ends with a slash is a folder with everything in it, any other path is one file. A PATH that
 * ends with a slash is such a folder too.
 *
 * All of this is open only to requests that spell the path plainly. A back end may get the client's
 * spelling, and could read it as another path. The files are open to GET and HEAD only. They are
 * not open if a section has a Require for the open place itself or for a part of it. Patterns,
 * <Files> and <If> count as such sections. */
typedef struct authp_way_in_t {
    const char *page;         /* "" = off */
    apr_array_header_t *also; /* const char * */
    /* True if only name endings of assets/ are open; `also` then has that folder. */
    bool beside;
} authp_way_in_t;

/* Parses the arguments of AuthPlatformSignInPage. Returns NULL and sets *out, made from cmd->pool,
 * or returns a text to follow the directive's name that says what is wrong. `check` returns what is
 * wrong with a path, or NULL. */
const char *authp_way_in_parse(cmd_parms *cmd, int count, char *const words[],
                               const char *(*check)(const char *path), const authp_way_in_t **out);

/* Notes in *out where this Require line is. `Require all granted` guards nothing and is not noted.
 */
void authp_way_in_note(cmd_parms *cmd, const char *line, struct authp_guarded_by_t *out);

/* The AuthPlatformSignInPage in force for the request. NULL if there is none. */
const char *authp_way_in_page(const request_rec *r);

/* True if the request may pass although nobody is signed in. */
bool authp_way_in_holds(const request_rec *r);

#endif
