/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_put.h"
#include "base/id.h"

#include <string.h>

void authp_mongo_put_text(bson_t *out, const char *key, const char *value)
{
    if (value != NULL && bson_utf8_validate(value, strlen(value), false)) {
        BSON_APPEND_UTF8(out, key, value);
    }
}

void authp_mongo_put_id(bson_t *out, const char *key, const char *id)
{
    if (id != NULL && authp_id_valid(id)) {
        bson_oid_t oid;
        bson_oid_init_from_string(&oid, id);
        BSON_APPEND_OID(out, key, &oid);
    } else {
        authp_mongo_put_text(out, key, id);
    }
}

void authp_mongo_put_time(bson_t *out, const char *key, authp_ms_t at)
{
    if (at != 0) {
        BSON_APPEND_DATE_TIME(out, key, at);
    }
}
