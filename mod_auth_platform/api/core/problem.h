/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_PROBLEM_H
#define AUTHP_API_CORE_PROBLEM_H

#include "base/err.h"

#include <apr_pools.h>

/* Status, code and words of each error: one table has all of them. A profile may replace rows
 * (profile.h). */
typedef struct authp_problem_t {
    authp_err_t err;
    int status;
    const char *code;
    const char *title;
    const char *detail; /* used if the caller gives none */
    int retry_after;    /* seconds for Retry-After, 0 = none */
} authp_problem_t;

/* Returns the row of an error. An error without a row gets the row internal_error. Never NULL. */
const authp_problem_t *authp_problem_of(authp_err_t err);
/* Row `index` of the table; NULL after the last one. OpenAPI lists the rows by it. */
const authp_problem_t *authp_problem_at(int index);

#endif
