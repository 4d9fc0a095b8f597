/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_IMPL_H
#define AUTHP_TEST_MEM_IMPL_H

#include "mem_rows.h"
#include "store/store.h"

#include <pthread.h>

/* The internals of the in-memory store, shared by its files. */
typedef struct mem_tombstone_t {
    authp_id_t id;
    authp_ms_t deleted_at;
    int64_t ver;
} mem_tombstone_t;

typedef struct mem_failure_t {
    const char *key;
    authp_failures_t failures;
    authp_ms_t expires_at;
} mem_failure_t;

typedef struct mem_token_t {
    const char *key;
    authp_ms_t expires_at;
} mem_token_t;

typedef struct mem_tally_t {
    const char *key;
    int64_t count;
    authp_ms_t began_at;
    authp_ms_t expires_at;
} mem_tally_t;

typedef struct mem_t {
    apr_pool_t *pool;
    pthread_mutex_t mutex;
    apr_array_header_t *users;     /* authp_user_t * */
    apr_array_header_t *deleted;   /* mem_tombstone_t */
    apr_array_header_t *sessions;  /* authp_session_t * */
    apr_array_header_t *invites;   /* authp_invite_t * */
    apr_array_header_t *audit;     /* authp_audit_t * */
    apr_array_header_t *failures;  /* mem_failure_t */
    apr_array_header_t *tokens;    /* mem_token_t */
    apr_array_header_t *codes;     /* authp_login_code_t * */
    apr_array_header_t *otp_codes; /* authp_otp_code_t * */
    apr_array_header_t *tallies;   /* mem_tally_t */
    apr_array_header_t *pending;   /* authp_pending_admin_t * */
    apr_array_header_t *data_keys; /* authp_data_key_t * */
    apr_array_header_t *outbox;    /* authp_mail_row_t * */
    /* const char *: names of the operations that were called, in order */
    apr_array_header_t *calls;
    const char *fail_op;
    int fail_nth;
    authp_err_t fail_err;
    const authp_clock_t *clock; /* the host's clock; NULL: the system's */
    authp_ms_t ahead;           /* how far the store's clock is ahead of it */
    const char *hook_op;
    void (*hook)(void *ctx);
    void *hook_ctx;
} mem_t;

authp_err_t mem_enter(mem_t *mem, const char *op);
authp_err_t mem_leave(mem_t *mem, authp_err_t err);
/* AUTHP_E_CONFLICT: another account has one of the identities of `user`. */
authp_err_t mem_identities_free(const mem_t *mem, const authp_user_t *user);
authp_user_t *mem_find_user(mem_t *mem, const char *id);
authp_session_t *mem_find_session(mem_t *mem, const char *sid);

/* The operations of store/operations.def. */
#define OPERATION(name, params, args) authp_err_t mem_##name(void *self, AUTHP_STORE_LIST params);
#include "store/operations.def"

#endif
