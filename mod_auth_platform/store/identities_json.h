/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_IDENTITIES_JSON_H
#define AUTHP_STORE_IDENTITIES_JSON_H

#include "base/json.h"
#include "store/identities.h"

/* Lists of identities as JSON, in the SQL store's column and in the file of an export. */

json_t *authp_identities_json_make(const apr_array_header_t *list, apr_pool_t *pool);
/* AUTHP_E_MALFORMED: it is not a list that authp_identities_json_make() makes, or it is empty. */
AUTHP_CHECKED authp_err_t authp_identities_json_read(const json_t *array, apr_array_header_t **out,
                                                     apr_pool_t *pool);

#endif
