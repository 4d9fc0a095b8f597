/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_PUT_H
#define AUTHP_STORE_MONGODB_MONGO_PUT_H

#include "base/clock.h"

#include <bson/bson.h>

/* Appending to documents. An absent value (NULL, or the time 0) appends nothing. Text that is not
 * UTF-8 is left out too: bodies and headers are checked before, so such text is a bug, and the
 * document stays valid. */
void authp_mongo_put_text(bson_t *out, const char *key, const char *value);
/* An ObjectId if `id` is the text of one, otherwise text, such as "cli". */
void authp_mongo_put_id(bson_t *out, const char *key, const char *id);
void authp_mongo_put_time(bson_t *out, const char *key, authp_ms_t at);

#endif
