/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_BULK_H
#define AUTHP_STORE_MONGODB_MONGO_BULK_H

#include "store/mongodb/mongo_impl.h"

/* Commands about many documents. The caller keeps filters and documents. */

/* Counts the documents that match. */
AUTHP_CHECKED authp_err_t authp_mongo_bulk_count(authp_mongo_t *m, const char *collection,
                                                 const bson_t *filter, int64_t *count);
/* Inserts documents, in any order. added[i]: false if a unique value of documents[i] is taken. */
AUTHP_CHECKED authp_err_t authp_mongo_bulk_insert(authp_mongo_t *m, const char *collection,
                                                  const bson_t **documents, int count, bool *added);

#endif
