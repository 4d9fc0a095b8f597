/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_MEM_IMPL_H
#define AUTHP_TEST_MEM_IMPL_H

#include "mem_rows.h"
#include "store/store.h"

#include <pthread.h>

/* The in-memory store's inside, shared by its files. */
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

typedef struct mem_t {
    apr_pool_t *pool;
    pthread_mutex_t mutex;
    apr_array_header_t *users;    /* authp_user_t * */
    apr_array_header_t *deleted;  /* mem_tombstone_t */
    apr_array_header_t *sessions; /* authp_session_t * */
    apr_array_header_t *invites;  /* authp_invite_t * */
    apr_array_header_t *audit;    /* authp_audit_t * */
    apr_array_header_t *failures; /* mem_failure_t */
    apr_array_header_t *calls;    /* const char *: names of the operations asked for, in order */
    const char *fail_op;
    int fail_nth;
    authp_err_t fail_err;
    const authp_clock_t *clock; /* the host's that it runs on; NULL: the system's */
    authp_ms_t ahead;           /* of the store's clock */
    const char *hook_op;
    void (*hook)(void *ctx);
    void *hook_ctx;
} mem_t;

authp_err_t mem_enter(mem_t *mem, const char *op);
authp_err_t mem_leave(mem_t *mem, authp_err_t err);
authp_user_t *mem_find_user(mem_t *mem, const char *id);
authp_session_t *mem_find_session(mem_t *mem, const char *sid);

/* mem_changes.c */
authp_err_t mem_user_update(void *self, const authp_user_t *before, const authp_user_t *after,
                            apr_pool_t *pool);
authp_err_t mem_user_delete(void *self, const authp_user_t *before, authp_ms_t now,
                            apr_pool_t *pool);
authp_err_t mem_user_discard(void *self, const authp_user_t *user, apr_pool_t *pool);
authp_err_t mem_user_forget(void *self, const char *id, apr_pool_t *pool);
authp_err_t mem_user_list_deleted(void *self, const authp_page_t *page, apr_array_header_t **out,
                                  apr_pool_t *pool);
authp_err_t mem_session_list(void *self, const char *user_id, authp_ms_t now,
                             const authp_page_t *page, apr_array_header_t **out, apr_pool_t *pool);
authp_err_t mem_session_set_ver(void *self, const char *sid, int64_t ver, apr_pool_t *pool);
authp_err_t mem_audit_append(void *self, const authp_audit_t *entry, apr_pool_t *pool);
authp_err_t mem_audit_list(void *self, const authp_audit_filter_t *filter, apr_array_header_t **out,
                           apr_pool_t *pool);
authp_err_t mem_purge(void *self, const authp_purge_t *what, int *removed, apr_pool_t *pool);

/* mem_live.c */
authp_err_t mem_user_changed(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                             authp_seen_t *seen, apr_pool_t *pool);
authp_err_t mem_session_ended(void *self, authp_ms_t since, int limit, apr_array_header_t **out,
                              authp_seen_t *seen, apr_pool_t *pool);
authp_err_t mem_session_ended_of(void *self, const char *user_id, authp_ms_t since,
                                 apr_array_header_t **out, apr_pool_t *pool);
authp_err_t mem_clock(void *self, authp_ms_t *now, apr_pool_t *pool);

/* mem_invite.c */
authp_err_t mem_invite_create(void *self, const authp_invite_t *invite, apr_pool_t *pool);
authp_err_t mem_invite_by_id(void *self, const char *id, authp_invite_t **out, apr_pool_t *pool);
authp_err_t mem_invite_by_code(void *self, const char *code, const char *code_hash,
                               authp_invite_t **out, apr_pool_t *pool);
authp_err_t mem_invite_list(void *self, const authp_page_t *page, apr_array_header_t **out,
                            apr_pool_t *pool);
authp_err_t mem_invite_claim(void *self, const char *id, const char *user_id, int64_t used_ver,
                             authp_ms_t now, apr_pool_t *pool);
authp_err_t mem_invite_revoke(void *self, const char *id, authp_ms_t now, apr_pool_t *pool);

/* mem_failure.c */
authp_err_t mem_failure_get(void *self, const char *key, authp_ms_t now, authp_failures_t *out,
                            apr_pool_t *pool);
authp_err_t mem_failure_add(void *self, const authp_failure_t *what, int64_t *count,
                            apr_pool_t *pool);
authp_err_t mem_failure_clear(void *self, const char *key, apr_pool_t *pool);

#endif
