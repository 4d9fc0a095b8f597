/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_TRANSFER_TRANSFER_ROW_H
#define AUTHP_SERVICE_TRANSFER_TRANSFER_ROW_H

#include "base/json.h"
#include "store/columns.h"

/* Whole rows as JSON objects. The members have the names of the columns; what is absent is left
 * out. Times are numbers of milliseconds, a salt is base64url. The tables of columns say how each
 * member is written, so that a new column needs nothing here. */

/* NULL: the row lacks a text that every store needs, or has a text that is not UTF-8. */
json_t *authp_transfer_row_make(const authp_columns_t *columns, const void *row, apr_pool_t *pool);

/* AUTHP_E_MALFORMED: *refusal says why. `dropped` is a member that may stand in the object and is
 * not read, or NULL. */
AUTHP_CHECKED authp_err_t authp_transfer_row_read(const authp_columns_t *columns,
                                                  const json_t *object, const char *dropped,
                                                  void **row, const char **refusal,
                                                  apr_pool_t *pool);

#endif
