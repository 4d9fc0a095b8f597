/* SPDX-License-Identifier: Apache-2.0 */
#include "store/providers/providers.h"
#include "store/mongodb/mongo.h"
#include "store/postgresql/postgresql.h"
#include "store/sqlite/sqlite.h"

#include <apr_strings.h>
#include <string.h>

/* The providers of this build. A new one is a row here, and a run of the contract suite. */
static const authp_store_ops_t *const providers[] = {&authp_sqlite_ops, &authp_mongo_ops,
                                                     &authp_postgresql_ops};

#define PROVIDERS (sizeof(providers) / sizeof(providers[0]))

const authp_store_ops_t *authp_providers_find(const char *name)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        if (strcmp(providers[i]->name, name) == 0) {
            return providers[i];
        }
    }
    return NULL;
}

const char *authp_providers_names(apr_pool_t *pool)
{
    const char *names = providers[0]->name;
    for (size_t i = 1; i < PROVIDERS; i++) {
        names = apr_pstrcat(pool, names, ", ", providers[i]->name, NULL);
    }
    return names;
}
