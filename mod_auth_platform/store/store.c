/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"
#include "base/log.h"
#include "store/mongo.h"
#include "store/sqlite.h"

#include <apr_strings.h>
#include <string.h>

/* The stores of this build. A new one needs a row here and a run of the contract suite
 * (t/store/contract.h). */
static const authp_store_ops_t *const providers[] = {&authp_sqlite_ops, &authp_mongo_ops};

#define PROVIDERS (sizeof(providers) / sizeof(providers[0]))

const authp_store_ops_t *authp_store_find(const char *name)
{
    for (size_t i = 0; i < PROVIDERS; i++) {
        if (strcmp(providers[i]->name, name) == 0) {
            return providers[i];
        }
    }
    return NULL;
}

const char *authp_store_names(apr_pool_t *pool)
{
    const char *names = providers[0]->name;
    for (size_t i = 1; i < PROVIDERS; i++) {
        names = apr_pstrcat(pool, names, ", ", providers[i]->name, NULL);
    }
    return names;
}

authp_err_t authp_store_open(const authp_store_ops_t *ops, const authp_store_config_t *config,
                             authp_store_t **out, apr_pool_t *pool)
{
    if (ops->version != AUTHP_STORE_VERSION) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0200",
                  "store %s was built for version %d of the store port, not %d", ops->name,
                  ops->version, AUTHP_STORE_VERSION);
        return AUTHP_E_INTERNAL;
    }
    authp_store_t *store = apr_pcalloc(pool, sizeof(*store));
    store->ops = ops;
    authp_err_t err = ops->open(config, pool, &store->self);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = store;
    return AUTHP_OK;
}

authp_err_t authp_store_migrate(authp_store_t *s, int *applied, apr_pool_t *pool)
{
    return s->ops->migrate(s->self, applied, pool);
}

authp_err_t authp_store_ping(authp_store_t *s, apr_pool_t *pool)
{
    return s->ops->ping(s->self, pool);
}

void authp_store_maintain(authp_store_t *s)
{
    if (s->ops->maintain != NULL) {
        s->ops->maintain(s->self);
    }
}

authp_err_t authp_store_measure_clock(authp_store_t *s, const authp_clock_t *clock,
                                      apr_pool_t *pool)
{
    authp_ms_t theirs = 0;
    authp_ms_t before = authp_clock_now(clock);
    authp_err_t err = s->ops->clock(s->self, &theirs, pool);
    authp_ms_t after = authp_clock_now(clock);
    if (err == AUTHP_OK) {
        /* The clock was read at some time between `before` and `after`. A difference within that
         * span does not count. */
        authp_ms_t offset = theirs < before ? theirs - before : theirs > after ? theirs - after : 0;
        authp_store_set_offset(s, offset);
    }
    return err;
}

bool authp_store_offset(authp_store_t *s, int64_t *offset_ms)
{
    *offset_ms = atomic_load(&s->offset);
    return atomic_load(&s->measured);
}

bool authp_store_offset_fine(int64_t offset_ms)
{
    return offset_ms <= AUTHP_STORE_CLOCKS_DIFFER_MS && offset_ms >= -AUTHP_STORE_CLOCKS_DIFFER_MS;
}

void authp_store_set_offset(authp_store_t *s, int64_t offset_ms)
{
    atomic_store(&s->offset, offset_ms);
    atomic_store(&s->measured, true);
}

authp_ms_t authp_store_time(authp_store_t *s, authp_ms_t now)
{
    return now + atomic_load_explicit(&s->offset, memory_order_relaxed);
}

authp_err_t authp_store_user_create(authp_store_t *s, const authp_user_t *user, apr_pool_t *pool)
{
    return s->ops->user_create(s->self, user, pool);
}

authp_err_t authp_store_user_by_id(authp_store_t *s, const char *id, authp_user_t **out,
                                   apr_pool_t *pool)
{
    return s->ops->user_by_id(s->self, id, out, pool);
}

authp_err_t authp_store_user_by_login(authp_store_t *s, authp_login_kind_t kind, const char *value,
                                      authp_user_t **out, apr_pool_t *pool)
{
    return s->ops->user_by_login(s->self, kind, value, out, pool);
}

authp_err_t authp_store_user_list(authp_store_t *s, const authp_user_filter_t *filter,
                                  apr_array_header_t **out, apr_pool_t *pool)
{
    return s->ops->user_list(s->self, filter, out, pool);
}

authp_err_t authp_store_user_upgrade_hash(authp_store_t *s, const authp_user_t *user,
                                          const char *new_hash, authp_ms_t now, apr_pool_t *pool)
{
    return s->ops->user_upgrade_hash(s->self, user, new_hash, now, pool);
}

authp_err_t authp_store_session_create(authp_store_t *s, const authp_session_t *session,
                                       apr_pool_t *pool)
{
    return s->ops->session_create(s->self, session, pool);
}

authp_err_t authp_store_session_by_id(authp_store_t *s, const char *sid, authp_session_t **out,
                                      apr_pool_t *pool)
{
    return s->ops->session_by_id(s->self, sid, out, pool);
}

authp_err_t authp_store_session_rotate(authp_store_t *s, const char *sid, int64_t generation,
                                       authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    return s->ops->session_rotate(s->self, sid, generation, now, expires_at, pool);
}

authp_err_t authp_store_session_slide(authp_store_t *s, const char *sid, int64_t generation,
                                      authp_ms_t now, authp_ms_t expires_at, apr_pool_t *pool)
{
    return s->ops->session_slide(s->self, sid, generation, now, expires_at, pool);
}

authp_err_t authp_store_session_end(authp_store_t *s, const char *sid, const char *reason,
                                    authp_ms_t now, apr_pool_t *pool)
{
    return s->ops->session_end(s->self, sid, reason, now, pool);
}

authp_err_t authp_store_session_end_user(authp_store_t *s, const char *user_id,
                                         const authp_end_t *end, int *count)
{
    return s->ops->session_end_user(s->self, user_id, end, count);
}

authp_err_t authp_store_session_ended_of(authp_store_t *s, const char *user_id, authp_ms_t since,
                                         apr_array_header_t **out, apr_pool_t *pool)
{
    return s->ops->session_ended_of(s->self, user_id, since, out, pool);
}

authp_err_t authp_store_user_changed(authp_store_t *s, authp_ms_t since, int limit,
                                     apr_array_header_t **out, authp_seen_t *seen, apr_pool_t *pool)
{
    return s->ops->user_changed(s->self, since, limit, out, seen, pool);
}

authp_err_t authp_store_session_ended(authp_store_t *s, authp_ms_t since, int limit,
                                      apr_array_header_t **out, authp_seen_t *seen,
                                      apr_pool_t *pool)
{
    return s->ops->session_ended(s->self, since, limit, out, seen, pool);
}

authp_err_t authp_store_audit_append(authp_store_t *s, const authp_audit_t *entry, apr_pool_t *pool)
{
    return s->ops->audit_append(s->self, entry, pool);
}

authp_err_t authp_store_audit_list(authp_store_t *s, const authp_audit_filter_t *filter,
                                   apr_array_header_t **out, apr_pool_t *pool)
{
    return s->ops->audit_list(s->self, filter, out, pool);
}

authp_err_t authp_store_user_update(authp_store_t *s, const authp_user_t *before,
                                    const authp_user_t *after, apr_pool_t *pool)
{
    return s->ops->user_update(s->self, before, after, pool);
}

authp_err_t authp_store_user_delete(authp_store_t *s, const authp_user_t *before, authp_ms_t now,
                                    apr_pool_t *pool)
{
    return s->ops->user_delete(s->self, before, now, pool);
}

authp_err_t authp_store_user_discard(authp_store_t *s, const authp_user_t *user, apr_pool_t *pool)
{
    return s->ops->user_discard(s->self, user, pool);
}

authp_err_t authp_store_user_forget(authp_store_t *s, const char *id, apr_pool_t *pool)
{
    return s->ops->user_forget(s->self, id, pool);
}

authp_err_t authp_store_user_list_deleted(authp_store_t *s, const authp_page_t *page,
                                          apr_array_header_t **out, apr_pool_t *pool)
{
    return s->ops->user_list_deleted(s->self, page, out, pool);
}

authp_err_t authp_store_session_list(authp_store_t *s, const char *user_id, authp_ms_t now,
                                     const authp_page_t *page, apr_array_header_t **out,
                                     apr_pool_t *pool)
{
    return s->ops->session_list(s->self, user_id, now, page, out, pool);
}

authp_err_t authp_store_session_set_ver(authp_store_t *s, const char *sid, int64_t ver,
                                        apr_pool_t *pool)
{
    return s->ops->session_set_ver(s->self, sid, ver, pool);
}

authp_err_t authp_store_invite_create(authp_store_t *s, const authp_invite_t *invite,
                                      apr_pool_t *pool)
{
    return s->ops->invite_create(s->self, invite, pool);
}

authp_err_t authp_store_invite_by_id(authp_store_t *s, const char *id, authp_invite_t **out,
                                     apr_pool_t *pool)
{
    return s->ops->invite_by_id(s->self, id, out, pool);
}

authp_err_t authp_store_invite_by_code(authp_store_t *s, const char *code, const char *code_hash,
                                       authp_invite_t **out, apr_pool_t *pool)
{
    return s->ops->invite_by_code(s->self, code, code_hash, out, pool);
}

authp_err_t authp_store_invite_list(authp_store_t *s, const authp_page_t *page,
                                    apr_array_header_t **out, apr_pool_t *pool)
{
    return s->ops->invite_list(s->self, page, out, pool);
}

authp_err_t authp_store_invite_claim(authp_store_t *s, const char *id, const char *user_id,
                                     int64_t used_ver, authp_ms_t now, apr_pool_t *pool)
{
    return s->ops->invite_claim(s->self, id, user_id, used_ver, now, pool);
}

authp_err_t authp_store_invite_revoke(authp_store_t *s, const char *id, authp_ms_t now,
                                      apr_pool_t *pool)
{
    return s->ops->invite_revoke(s->self, id, now, pool);
}

authp_err_t authp_store_purge(authp_store_t *s, const authp_purge_t *what, int *removed,
                              apr_pool_t *pool)
{
    return s->ops->purge(s->self, what, removed, pool);
}

authp_err_t authp_store_failure_get(authp_store_t *s, const char *key, authp_ms_t now,
                                    authp_failures_t *out, apr_pool_t *pool)
{
    return s->ops->failure_get(s->self, key, now, out, pool);
}

authp_err_t authp_store_failure_add(authp_store_t *s, const authp_failure_t *what, int64_t *count,
                                    apr_pool_t *pool)
{
    return s->ops->failure_add(s->self, what, count, pool);
}

authp_err_t authp_store_failure_clear(authp_store_t *s, const char *key, apr_pool_t *pool)
{
    return s->ops->failure_clear(s->self, key, pool);
}
