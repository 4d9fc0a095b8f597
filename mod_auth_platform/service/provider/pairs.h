/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PROVIDER_PAIRS_H
#define AUTHP_SERVICE_PROVIDER_PAIRS_H

#include <apr_pools.h>
#include <stddef.h>

/* A parameter of a form or of a query. It is left out if its value is NULL. */
typedef struct authp_pair_t {
    const char *name;
    const char *value;
} authp_pair_t;

#define AUTHP_PAIRS(list) (list), sizeof(list) / sizeof((list)[0])

/* The parameters in application/x-www-form-urlencoded. */
const char *authp_pairs_form(const authp_pair_t *pairs, size_t count, apr_pool_t *pool);
/* `url` with these parameters added to its query, before its fragment. Parameters of `url` that
 * have the name of one of them are removed, also if that value is NULL: of two parameters with one
 * name a reader might take the first. */
const char *authp_pairs_url(const char *url, const authp_pair_t *pairs, size_t count,
                            apr_pool_t *pool);

#endif
