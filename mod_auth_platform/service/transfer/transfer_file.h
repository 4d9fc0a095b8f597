/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_FILE_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_FILE_H

#include "base/err.h"
#include "store/columns.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stdint.h>

/* The file of an export: JSON Lines. The first line is the header:
 *     {"authplatform":"export","version":1,"made_at":MS,"store":"sqlite","key":"0123456789abcdef",
 *      "counts":{"users":N,"sessions":N,"invites":N,"audit":N}}
 * Each other line is a row: {"user":{...}}, {"session":{...}}, {"invite":{...}}, {"audit":{...}}.
 */

#define AUTHP_TRANSFER_VERSION 1

/* The kinds of rows, in the order of an export. Sessions come after the accounts. */
typedef enum authp_transfer_kind_t {
    AUTHP_TRANSFER_USER,
    AUTHP_TRANSFER_SESSION,
    AUTHP_TRANSFER_INVITE,
    AUTHP_TRANSFER_AUDIT,
    AUTHP_TRANSFER_KINDS
} authp_transfer_kind_t;

/* "user" and "users", for example. */
const char *authp_transfer_file_name(authp_transfer_kind_t kind);
const char *authp_transfer_file_plural(authp_transfer_kind_t kind);
const authp_columns_t *authp_transfer_file_columns(authp_transfer_kind_t kind);

typedef struct authp_transfer_header_t {
    int64_t made_at;
    const char *store;
    const char *key; /* authp_keys_name() of the server's JWT_SECRET_KEY */
    int64_t counts[AUTHP_TRANSFER_KINDS];
} authp_transfer_header_t;

/* Lines, without a newline. *len is the length. */
const char *authp_transfer_file_header(const authp_transfer_header_t *header, size_t *len,
                                       apr_pool_t *pool);
/* NULL: the row cannot be written (transfer_row.h). */
const char *authp_transfer_file_line(authp_transfer_kind_t kind, const void *row, size_t *len,
                                     apr_pool_t *pool);

/* AUTHP_E_MALFORMED: *refusal says why the file is refused. */
AUTHP_CHECKED authp_err_t authp_transfer_file_read_header(const char *line, size_t len,
                                                          authp_transfer_header_t *out,
                                                          const char **refusal, apr_pool_t *pool);

/* The member of an account that holds its second factors. No store keeps them. */
#define AUTHP_TRANSFER_FACTORS "factors"

typedef struct authp_transfer_line_t {
    bool drop_factors; /* in: read an account with factors, without them */
    authp_transfer_kind_t kind;
    void *row;
    bool had_factors;
} authp_transfer_line_t;

/* The same of a line with a row. */
AUTHP_CHECKED authp_err_t authp_transfer_file_read_line(const char *text, size_t len,
                                                        authp_transfer_line_t *line,
                                                        const char **refusal, apr_pool_t *pool);

#endif
