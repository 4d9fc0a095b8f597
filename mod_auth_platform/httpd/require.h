/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_HTTPD_REQUIRE_H
#define AUTHP_HTTPD_REQUIRE_H

#include "httpd/module.h"

#include <mod_auth.h>

/* A condition of ours: `Require NAME WORDS`. */
typedef struct authp_require_t {
    const char *name;
    const authz_provider *provider;
    /* For `httpd -t`: the part of `words` that has names of roles. NULL if these words have none.
     * NULL as a function: no line of this condition has any. */
    const char *(*roles)(const char *words, apr_pool_t *pool);
} authp_require_t;

/* Every condition; ended by a row without a name. */
extern const authp_require_t authp_require_table[];

void authp_require_register(apr_pool_t *pool);

#endif
