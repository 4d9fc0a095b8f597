/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WAYS_BACK_ROWS_H
#define AUTHP_TEST_WAYS_BACK_ROWS_H

#include "store/store.h"

/* Rows for ways_back.c. */

/* The steps that bring the table of invites, and the identities. */
#define WAYS_BACK_INVITES 2
#define WAYS_BACK_IDENTITIES 5

/* Make one row each. `serial` tells users apart. */
void ways_back_put_user(authp_store_t *store, int serial, bool identities, apr_pool_t *pool);
void ways_back_put_plain_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_linked_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_deleted_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_session(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_entry(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_invite(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_failure(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_used_token(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_login_code(authp_store_t *store, apr_pool_t *pool);
/* Calls all of them. */
void ways_back_put_everything(authp_store_t *store, apr_pool_t *pool);

/* Fail unless a user (an odd one has identities), and session, entry and invite, are as they must
 * be after only `steps` steps were kept. */
void ways_back_check_user(authp_store_t *store, int serial, int steps, apr_pool_t *pool);
void ways_back_check_rows(authp_store_t *store, int steps, apr_pool_t *pool);

#endif
