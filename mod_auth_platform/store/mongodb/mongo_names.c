/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <string.h>

void authp_mongo_names_add(authp_mongo_t *m, const char *name, size_t len)
{
    authp_mongo_names_t *names = &m->names;
    int count = atomic_load(&names->count);
    for (int i = 0; i < count; i++) {
        if (strlen(names->list[i]) == len && strncmp(names->list[i], name, len) == 0) {
            return;
        }
    }
    if (count < AUTHP_MONGO_NAMES_MOST && len <= AUTHP_IDENTITY_NAME_LEN) {
        apr_cpystrn(names->list[count], name, len + 1);
        atomic_store(&names->count, count + 1);
    }
}

authp_err_t authp_mongo_names_set(authp_mongo_t *m, const apr_array_header_t *names)
{
    int count = names != NULL ? names->nelts : 0;
    for (int i = 0; i < count; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        if (i == AUTHP_MONGO_NAMES_MOST || !authp_identities_is_name(name)) {
            authp_log(AUTHP_LOG_ERROR, "AUTHP0240",
                      "MongoDB: too many identity providers, or one without a usable name");
            return AUTHP_E_INTERNAL;
        }
        authp_mongo_names_add(m, name, strlen(name));
    }
    m->names.configured = atomic_load(&m->names.count);
    return AUTHP_OK;
}
