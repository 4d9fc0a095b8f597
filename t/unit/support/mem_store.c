/* SPDX-License-Identifier: Apache-2.0 */
#include "mem_store.h"
#include "mem_impl.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

/* Calls the hook and checks for an ordered fault, then takes the lock, because a hook may call the
 * store itself. */
authp_err_t mem_enter(mem_t *mem, const char *op)
{
    if (mem->hook != NULL && strcmp(mem->hook_op, op) == 0) {
        void (*hook)(void *) = mem->hook;
        mem->hook = NULL;
        hook(mem->hook_ctx);
    }
    pthread_mutex_lock(&mem->mutex);
    APR_ARRAY_PUSH(mem->calls, const char *) = op;
    bool due = mem->fail_err != AUTHP_OK && (mem->fail_op == NULL || strcmp(mem->fail_op, op) == 0);
    if (due && mem->fail_nth > 0) {
        due = --mem->fail_nth == 0;
        mem->fail_nth = due ? -1 : mem->fail_nth;
    } else if (mem->fail_nth < 0) {
        due = false;
    }
    if (due) {
        pthread_mutex_unlock(&mem->mutex);
        return mem->fail_err;
    }
    return AUTHP_OK;
}

authp_err_t mem_leave(mem_t *mem, authp_err_t err)
{
    pthread_mutex_unlock(&mem->mutex);
    return err;
}

authp_user_t *mem_find_user(mem_t *mem, const char *id)
{
    for (int i = 0; i < mem->users->nelts; i++) {
        authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (strcmp(user->id.hex, id) == 0) {
            return user;
        }
    }
    return NULL;
}

authp_session_t *mem_find_session(mem_t *mem, const char *sid)
{
    for (int i = 0; i < mem->sessions->nelts; i++) {
        authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        if (strcmp(session->id.hex, sid) == 0) {
            return session;
        }
    }
    return NULL;
}

static const char *mem_check(const authp_store_config_t *config, apr_pool_t *pool)
{
    (void)config;
    (void)pool;
    return NULL;
}

static authp_err_t mem_prepare(const authp_store_config_t *config, uid_t uid, gid_t gid,
                               apr_pool_t *pool)
{
    (void)config, (void)uid, (void)gid, (void)pool;
    return AUTHP_OK;
}

static apr_status_t destroy(void *data)
{
    mem_t *mem = data;
    pthread_mutex_destroy(&mem->mutex);
    return APR_SUCCESS;
}

static authp_err_t mem_open(const authp_store_config_t *config, apr_pool_t *pool, void **self)
{
    (void)config;
    mem_t *mem = apr_pcalloc(pool, sizeof(*mem));
    mem->pool = pool;
    pthread_mutex_init(&mem->mutex, NULL);
    apr_pool_cleanup_register(pool, mem, destroy, apr_pool_cleanup_null);
    mem->users = apr_array_make(pool, 8, sizeof(authp_user_t *));
    mem->sessions = apr_array_make(pool, 8, sizeof(authp_session_t *));
    mem->audit = apr_array_make(pool, 8, sizeof(authp_audit_t *));
    mem->invites = apr_array_make(pool, 8, sizeof(authp_invite_t *));
    mem->calls = apr_array_make(pool, 64, sizeof(const char *));
    mem->tokens = apr_array_make(pool, 8, sizeof(mem_token_t));
    mem->codes = apr_array_make(pool, 8, sizeof(authp_login_code_t *));
    mem->otp_codes = apr_array_make(pool, 8, sizeof(authp_otp_code_t *));
    mem->tallies = apr_array_make(pool, 8, sizeof(mem_tally_t));
    mem->pending = apr_array_make(pool, 8, sizeof(authp_pending_admin_t *));
    mem->data_keys = apr_array_make(pool, 4, sizeof(authp_data_key_t *));
    mem->outbox = apr_array_make(pool, 8, sizeof(authp_mail_row_t *));
    mem->failures = apr_array_make(pool, 8, sizeof(mem_failure_t));
    mem->deleted = apr_array_make(pool, 8, sizeof(mem_tombstone_t));
    *self = mem;
    return AUTHP_OK;
}

static authp_err_t mem_migrate(void *self, const authp_store_goal_t *goal,
                               authp_store_migrated_t *out, apr_pool_t *pool)
{
    (void)pool;
    if (goal->steps != AUTHP_STORE_NEWEST) {
        out->refusal = "memory has no steps";
        return AUTHP_E_MALFORMED;
    }
    authp_err_t err = mem_enter(self, "migrate");
    if (err == AUTHP_OK) {
        out->made = 0;
        err = mem_leave(self, AUTHP_OK);
    }
    return err;
}

static authp_err_t mem_ping(void *self, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "ping");
    return err == AUTHP_OK ? mem_leave(self, err) : err;
}

authp_err_t mem_user_create(void *self, const authp_user_t *user, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_create");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *other = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (mem_rows_same(other->id.hex, user->id.hex) ||
            mem_rows_same(other->email, user->email) ||
            mem_rows_same(other->username, user->username) ||
            mem_rows_same(other->phone, user->phone)) {
            return mem_leave(mem, AUTHP_E_CONFLICT);
        }
    }
    err = mem_identities_free(mem, user);
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(mem->users, authp_user_t *) =
            mem_rows_copy(&authp_columns_user, user, mem->pool);
    }
    return mem_leave(mem, err);
}

authp_err_t mem_user_by_id(void *self, const char *id, authp_user_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_by_id");
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_user_t *user = mem_find_user(mem, id);
    if (user != NULL) {
        *out = mem_rows_copy(&authp_columns_user, user, pool);
    }
    return mem_leave(mem, user != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

authp_err_t mem_user_by_login(void *self, authp_login_kind_t kind, const char *value,
                              authp_user_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_by_login");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        const char *const logins[] = {[AUTHP_LOGIN_EMAIL] = user->email,
                                      [AUTHP_LOGIN_USERNAME] = user->username,
                                      [AUTHP_LOGIN_PHONE] = user->phone};
        if (mem_rows_same(logins[kind], value)) {
            *out = mem_rows_copy(&authp_columns_user, user, pool);
            return mem_leave(mem, AUTHP_OK);
        }
    }
    return mem_leave(mem, AUTHP_E_NOT_FOUND);
}

authp_err_t mem_user_list(void *self, const authp_user_filter_t *filter, apr_array_header_t **out,
                          apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "user_list");
    if (err != AUTHP_OK) {
        return err;
    }
    apr_array_header_t *found = apr_array_make(pool, 8, sizeof(authp_user_t *));
    for (int i = 0; i < mem->users->nelts; i++) {
        const authp_user_t *user = APR_ARRAY_IDX(mem->users, i, authp_user_t *);
        if (mem_rows_passes(user, filter)) {
            APR_ARRAY_PUSH(found, authp_user_t *) = mem_rows_copy(&authp_columns_user, user, pool);
        }
    }
    qsort(found->elts, (size_t)found->nelts, sizeof(authp_user_t *), mem_rows_by_id);
    found->nelts = found->nelts > filter->limit ? filter->limit : found->nelts;
    *out = found;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_user_upgrade_hash(void *self, const authp_user_t *user, const char *new_hash,
                                  authp_ms_t now, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "user_upgrade_hash");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_user_t *row = mem_find_user(mem, user->id.hex);
    if (row == NULL || !mem_rows_same(row->password_hash, user->password_hash)) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    row->password_hash = mem_rows_text(new_hash, mem->pool);
    row->updated_at = now;
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_create(void *self, const authp_session_t *session, apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "session_create");
    if (err != AUTHP_OK) {
        return err;
    }
    if (mem_find_session(mem, session->id.hex) != NULL) {
        return mem_leave(mem, AUTHP_E_CONFLICT);
    }
    APR_ARRAY_PUSH(mem->sessions, authp_session_t *) =
        mem_rows_copy(&authp_columns_session, session, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_by_id(void *self, const char *sid, authp_session_t **out, apr_pool_t *pool)
{
    mem_t *mem = self;
    authp_err_t err = mem_enter(mem, "session_by_id");
    if (err != AUTHP_OK) {
        return err;
    }
    const authp_session_t *session = mem_find_session(mem, sid);
    if (session != NULL) {
        *out = mem_rows_copy(&authp_columns_session, session, pool);
    }
    return mem_leave(mem, session != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

static authp_err_t move_session(mem_t *mem, const char *sid, int64_t generation, authp_ms_t now,
                                authp_ms_t expires_at, bool rotate)
{
    authp_session_t *session = mem_find_session(mem, sid);
    if (session == NULL || session->generation != generation || session->ended_at != 0 ||
        session->expires_at <= now) {
        return AUTHP_E_CONFLICT;
    }
    session->last_used_at = now;
    session->expires_at = expires_at;
    if (rotate) {
        session->generation++;
        session->rotated_at = now;
    }
    return AUTHP_OK;
}

authp_err_t mem_session_rotate(void *self, const char *sid, int64_t generation, authp_ms_t now,
                               authp_ms_t expires_at, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "session_rotate");
    return err == AUTHP_OK
               ? mem_leave(self, move_session(self, sid, generation, now, expires_at, true))
               : err;
}

authp_err_t mem_session_slide(void *self, const char *sid, int64_t generation, authp_ms_t now,
                              authp_ms_t expires_at, apr_pool_t *pool)
{
    (void)pool;
    authp_err_t err = mem_enter(self, "session_slide");
    return err == AUTHP_OK
               ? mem_leave(self, move_session(self, sid, generation, now, expires_at, false))
               : err;
}

authp_err_t mem_session_end(void *self, const char *sid, const char *reason, authp_ms_t now,
                            apr_pool_t *pool)
{
    mem_t *mem = self;
    (void)pool;
    authp_err_t err = mem_enter(mem, "session_end");
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t *session = mem_find_session(mem, sid);
    if (session == NULL || session->ended_at != 0) {
        return mem_leave(mem, AUTHP_E_NOT_FOUND);
    }
    session->ended_at = now;
    session->end_reason = mem_rows_text(reason, mem->pool);
    return mem_leave(mem, AUTHP_OK);
}

authp_err_t mem_session_end_user(void *self, const char *user_id, const authp_end_t *end,
                                 int *count)
{
    mem_t *mem = self;
    int ended = 0;
    authp_err_t err = mem_enter(mem, "session_end_user");
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < mem->sessions->nelts; i++) {
        authp_session_t *session = APR_ARRAY_IDX(mem->sessions, i, authp_session_t *);
        if (mem_rows_same(session->user_id.hex, user_id) && session->ended_at == 0 &&
            !mem_rows_same(session->id.hex, end->except_sid)) {
            session->ended_at = end->now;
            session->end_reason = mem_rows_text(end->reason, mem->pool);
            ended++;
        }
    }
    *count = ended;
    return mem_leave(mem, AUTHP_OK);
}

const authp_store_ops_t mem_store_ops = {
    .version = AUTHP_STORE_VERSION,
    .name = "mem",
    .check = mem_check,
    .prepare = mem_prepare,
    .open = mem_open,
    .migrate = mem_migrate,
    .ping = mem_ping,
#define OPERATION(name, params, args) .name = mem_##name,
#include "store/operations.def"
};
