/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_JSON_REFS_H
#define AUTHP_TEST_JSON_REFS_H

#include <apr_pools.h>
#include <jansson.h>

/* Returns the value that a $ref such as "#/components/schemas/User" names in `doc`, or NULL. */
json_t *json_refs_find(json_t *doc, const char *ref, apr_pool_t *pool);
/* Returns the number of $refs in `value`, a part of `doc`. Fails if one of them names nothing. */
int json_refs_count(json_t *doc, json_t *value, apr_pool_t *pool);
/* Returns how `value` differs from `schema`, a part of `doc`, or NULL if it fits: types, required
 * and unknown members, entries of lists. The schema may use $ref, anyOf and oneOf. */
const char *json_refs_misfit(json_t *doc, json_t *schema, json_t *value, apr_pool_t *pool);

#endif
