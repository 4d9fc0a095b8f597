/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_GET_H
#define AUTHP_STORE_MONGODB_MONGO_GET_H

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"

#include <apr_tables.h>
#include <bson/bson.h>
#include <stdbool.h>

/* Reads fields of a document, which another program may have written. A field that is absent or
 * null leaves *out as it is. A field of another type is remembered, and authp_mongo_get_end()
 * reports it. A dot in `key` reaches into a document inside this one. */
typedef struct authp_mongo_reader_t {
    const bson_t *document;
    const char *collection; /* for the log line */
    const char *wrong;      /* the first field of a wrong type; NULL: none */
    apr_pool_t *pool;       /* of what is read */
} authp_mongo_reader_t;

void authp_mongo_get_text(authp_mongo_reader_t *reader, const char *key, const char **out);
void authp_mongo_get_bool(authp_mongo_reader_t *reader, const char *key, bool *out);
void authp_mongo_get_int(authp_mongo_reader_t *reader, const char *key, int64_t *out);
void authp_mongo_get_time(authp_mongo_reader_t *reader, const char *key, authp_ms_t *out);
/* An ObjectId. It must be there, because the document is looked up by it later. */
void authp_mongo_get_id(authp_mongo_reader_t *reader, const char *key, authp_id_t *out);
/* The hex text of an ObjectId, or text. */
void authp_mongo_get_id_text(authp_mongo_reader_t *reader, const char *key, const char **out);
/* Adds the texts of an array to `out`. */
void authp_mongo_get_texts(authp_mongo_reader_t *reader, const char *key, apr_array_header_t *out);
/* Binary data of exactly `len` bytes. It must be there. */
void authp_mongo_get_bytes(authp_mongo_reader_t *reader, const char *key, unsigned char *out,
                           size_t len);
/* AUTHP_E_INTERNAL (logged): a field was of a wrong type. */
AUTHP_CHECKED authp_err_t authp_mongo_get_end(const authp_mongo_reader_t *reader);

#endif
