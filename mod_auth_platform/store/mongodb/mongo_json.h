/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_JSON_H
#define AUTHP_STORE_MONGODB_MONGO_JSON_H

#include "store/mongodb/mongo_get.h"

/* A column of the kind JSON is a document. Names that servers or paths do not take are written
 * otherwise: "" as "%", "." as "%2E", "$" at the beginning as "%24", and a "%" that would be read
 * as one of these as "%25". */

/* Appends the JSON text of an object as a document. Appends nothing if `text` is NULL or is not
 * that. */
void authp_mongo_json_put(bson_t *out, const char *key, const char *text);

/* Appends what $set and $unset need to make `before` equal to `after`, which is not NULL. Parts
 * that are the same in both stay as other programs wrote them, down to the members of members. */
void authp_mongo_json_change(bson_t *set, bson_t *unset, const char *key, const char *before,
                             const char *after);

/* Reads a document as JSON text. Values without a counterpart in JSON become texts (ObjectId, date,
 * decimal) or null. A field that is no document leaves *out as it is, because nothing depends on
 * it. */
void authp_mongo_json_get(const authp_mongo_reader_t *reader, const char *key, const char **out);

#endif
