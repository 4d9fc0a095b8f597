/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_MONGODB_MONGO_ERROR_H
#define AUTHP_STORE_MONGODB_MONGO_ERROR_H

#include "base/err.h"

#include <bson/bson.h>
#include <stdbool.h>

/* Maps an error of the driver to one of ours: AUTHP_E_CONFLICT if a unique value is taken,
 * AUTHP_E_UNAVAILABLE if no server could be asked or the time was over, otherwise
 * AUTHP_E_INTERNAL. */
authp_err_t authp_mongo_error_classify(const bson_error_t *error);

/* True if a unique value is taken. */
bool authp_mongo_error_is_duplicate(const bson_error_t *error);

/* What an operator can do about an error that has only a code: " (...)", or "". */
const char *authp_mongo_error_hint(const bson_error_t *error);

#endif
