/* SPDX-License-Identifier: Apache-2.0 */
#include "store/mongodb/mongo_error.h"

#include <mongoc/mongoc.h>

/* The server accepted the connection, with or without a user, and refuses the command. */
#define UNAUTHORIZED 13

/* Codes with which a server says that another server should be asked, or that its time ran out. */
static bool is_passing(uint32_t code)
{
    static const uint32_t codes[] = {6,    7,     50,    64,    89,    91,    189,  262,
                                     9001, 10058, 10107, 11600, 11602, 13435, 13436};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        if (codes[i] == code) {
            return true;
        }
    }
    return false;
}

bool authp_mongo_error_is_duplicate(const bson_error_t *error)
{
    return error->domain == MONGOC_ERROR_SERVER && (error->code == 11000 || error->code == 11001);
}

const char *authp_mongo_error_hint(const bson_error_t *error)
{
    bool refused = error->domain == MONGOC_ERROR_SERVER && error->code == UNAUTHORIZED;
    return refused ? " (not authorized: MONGODB_URI names no user, or one who lacks the role "
                     "readWrite on this database)"
                   : "";
}

authp_err_t authp_mongo_error_classify(const bson_error_t *error)
{
    switch (error->domain) {
    case MONGOC_ERROR_SERVER:
        if (authp_mongo_error_is_duplicate(error)) {
            return AUTHP_E_CONFLICT;
        }
        return is_passing(error->code) ? AUTHP_E_UNAVAILABLE : AUTHP_E_INTERNAL;
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_CLIENT: /* authentication, handshake */
    case MONGOC_ERROR_SCRAM:
    case MONGOC_ERROR_SASL:
    case MONGOC_ERROR_WRITE_CONCERN:
    case MONGOC_ERROR_PROTOCOL:
        return AUTHP_E_UNAVAILABLE;
    default:
        return AUTHP_E_INTERNAL;
    }
}
