/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_SEEN_H
#define AUTHP_SERVICE_INTAKE_SEEN_H

#include <apr_pools.h>
#include <stdbool.h>

/* A set of texts, as 64-bit hashes with a random key: 16 to 32 bytes for each text. Among a million
 * different texts two count as equal with a probability of about 3 in 10^8. */
typedef struct authp_seen_set_t authp_seen_set_t;

authp_seen_set_t *authp_seen_make(apr_pool_t *pool);
/* Adds `text`. False if the set had it. */
bool authp_seen_add(authp_seen_set_t *set, const char *text);

#endif
