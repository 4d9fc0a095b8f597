/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WAYS_BACK_ROWS_H
#define AUTHP_TEST_WAYS_BACK_ROWS_H

#include "store/store.h"

/* Rows for ways_back.c. */

/* The steps that bring the table of invites, the identities, and what phone numbers need. */
#define WAYS_BACK_INVITES 2
#define WAYS_BACK_IDENTITIES 5
#define WAYS_BACK_PHONES 8

/* What an account has beside the columns of the first step. */
#define WAYS_BACK_LINKED 1   /* identities */
#define WAYS_BACK_PROFILED 2 /* profiles and phone_used_at */

/* Make one row each. `serial` tells users apart. */
void ways_back_put_user(authp_store_t *store, int serial, int parts, apr_pool_t *pool);
void ways_back_put_plain_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_linked_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_deleted_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_session(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_entry(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_invite(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_failure(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_used_token(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_login_code(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_profiled_user(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_admin_invite(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_otp_code(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_tally(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_pending_admin(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_data_key(authp_store_t *store, apr_pool_t *pool);
void ways_back_put_mail(authp_store_t *store, apr_pool_t *pool);
/* Calls all of them. */
void ways_back_put_everything(authp_store_t *store, apr_pool_t *pool);

/* Fail unless a user, and session, entry and invite, are as they must be after only `steps` steps
 * were kept. */
void ways_back_check_user(authp_store_t *store, int serial, int parts, int steps, apr_pool_t *pool);
void ways_back_check_rows(authp_store_t *store, int steps, apr_pool_t *pool);

#endif
