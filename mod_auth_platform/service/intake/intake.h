/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_INTAKE_H
#define AUTHP_SERVICE_INTAKE_INTAKE_H

#include "service/intake/feed.h"
#include "service/intake/options.h"
#include "store/model.h"

#include <apr_tables.h>

/* Reads the accounts of a file that another system has exported, one at a time. The formats:
 *
 * csv       a line of names, then one account in each row: email, name, password_hash, and if there
 *           are such columns username, roles, email_verified, disabled, created_at, updated_at, id
 * firebase  users.json of `firebase auth:export`
 * auth0     JSON Lines: the export of users with their hashes, or of profiles; also the JSON list
 *           of Auth0's own import, with password_hash or custom_password_hash
 * supabase  rows of the table auth.users, as CSV, as a JSON list or as JSON Lines
 * keycloak  a realm's export with its users, or REALM-users-N.json
 *
 * The same entry gives the same account row in every run: the id is made from the format, the id in
 * the file and the e-mail address. So an import that is repeated finds its own rows. */

typedef struct authp_intake_t authp_intake_t;

/* One entry of the file. */
typedef struct authp_intake_item_t {
    authp_user_t *user;        /* NULL: the entry is left out */
    apr_array_header_t *notes; /* const char *: complete lines for people, such as "line 17:
                                  ada@example.org: the role \"editor\" is not in ROLES: left out".
                                  If `user` is NULL, the one line says why. */
} authp_intake_item_t;

/* True if `name` is one of the formats. */
bool authp_intake_is_format(const char *name);
/* The names of the formats, as "csv, firebase ...". */
const char *authp_intake_formats(apr_pool_t *pool);

/* NULL if the format and the parameters of hashes are right, otherwise the sentence that says what
 * is wrong. `settings` and `now` do not matter. With the format NULL the file is one of our own,
 * which takes no parameters. */
const char *authp_intake_check(const authp_intake_options_t *options, apr_pool_t *pool);

/* Begins to read. AUTHP_E_VALIDATION_FAILED: *why says which option is wrong. AUTHP_E_MALFORMED:
 * *why says why the file is refused. AUTHP_E_UNAVAILABLE: the file could not be read. */
AUTHP_CHECKED authp_err_t authp_intake_open(const authp_intake_options_t *options,
                                            authp_feed_read_fn *read, void *ctx,
                                            authp_intake_t **out, const char **why,
                                            apr_pool_t *pool);

/* The next entry; `item` gets memory of `pool`. AUTHP_E_NOT_FOUND: there is no more.
 * AUTHP_E_MALFORMED: the file is refused; authp_intake_refusal() says why, with the line.
 * AUTHP_E_UNAVAILABLE: the file could not be read. */
AUTHP_CHECKED authp_err_t authp_intake_next(authp_intake_t *intake, authp_intake_item_t *item,
                                            apr_pool_t *pool);
const char *authp_intake_refusal(const authp_intake_t *intake);

/* What people should know about the whole file (const char *), such as a column that is not used.
 */
const apr_array_header_t *authp_intake_remarks(const authp_intake_t *intake);
/* How many bytes have been read. */
int64_t authp_intake_taken(const authp_intake_t *intake);

#endif
