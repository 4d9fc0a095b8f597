/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_UPSERT_H
#define AUTHP_STORE_MONGODB_MONGO_UPSERT_H

#include "store/mongodb/mongo_columns.h"

/* Makes the document whose unique `key` has the value of `row` equal to `row`, or inserts it.
 * Columns with AUTHP_COLUMN_FIXED are written only if it is inserted. */
AUTHP_CHECKED authp_err_t authp_mongo_upsert(authp_mongo_t *m, const authp_columns_t *columns,
                                             const char *key, const char *value, const void *row);

#endif
