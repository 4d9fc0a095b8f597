/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_STORE_PROVIDERS_PROVIDERS_H
#define AUTHP_STORE_PROVIDERS_PROVIDERS_H

#include "store/store.h"

/* The provider called `name`; NULL if this build has none. */
const authp_store_ops_t *authp_providers_find(const char *name);
/* The names of all providers, separated by commas, for error messages. Allocated in `pool`. */
const char *authp_providers_names(apr_pool_t *pool);

#endif
