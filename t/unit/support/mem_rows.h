/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_ROWS_H
#define AUTHP_TEST_MEM_ROWS_H

#include "store/model.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Rows of the in-memory store: copies into a pool, comparisons. NULLs equal nothing. */
bool mem_rows_same(const char *a, const char *b);
const char *mem_rows_text(const char *text, apr_pool_t *pool);
authp_user_t *mem_rows_user(const authp_user_t *user, apr_pool_t *pool);
authp_session_t *mem_rows_session(const authp_session_t *session, apr_pool_t *pool);
authp_invite_t *mem_rows_invite(const authp_invite_t *invite, apr_pool_t *pool);
bool mem_rows_passes(const authp_user_t *user, const authp_user_filter_t *filter);
/* For qsort over pointers to rows: each begins with its id. */
int mem_rows_by_id(const void *a, const void *b);

#endif
