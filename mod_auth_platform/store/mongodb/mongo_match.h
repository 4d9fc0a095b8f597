/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_MATCH_H
#define AUTHP_STORE_MONGODB_MONGO_MATCH_H

#include "base/clock.h"

#include <bson/bson.h>

/* Append conditions to a filter. A condition is never left out, because the filter would then match
 * other documents. With a value that no document can have (NULL, or text that is not UTF-8) the
 * condition matches nothing. */
void authp_mongo_match_text(bson_t *out, const char *key, const char *value);
void authp_mongo_match_id(bson_t *out, const char *key, const char *id);
/* The integer; 0 also matches a document without the field. */
void authp_mongo_match_int(bson_t *out, const char *key, int64_t value);
/* The time; 0 matches a document without the field. */
void authp_mongo_match_time(bson_t *out, const char *key, authp_ms_t at);
/* `compare` is an operator such as "$gt". A document without the field does not match. */
void authp_mongo_match_compared(bson_t *out, const char *key, const char *compare, authp_ms_t at);
/* The field is missing or null. */
void authp_mongo_match_absent(bson_t *out, const char *key);

/* A new filter {_id: id}. The caller destroys it. */
bson_t *authp_mongo_match_by_id(const char *id);

#endif
