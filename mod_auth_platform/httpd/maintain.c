/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/maintain.h"
#include "base/log.h"
#include "crypto/thread_memory.h"
#include "httpd/child_exit.h"
#include "httpd/mail_stop.h"
#include "httpd/runtime.h"
#include "httpd/watch.h"
#include "service/live/live_poll.h"
#include "service/session/purge.h"
#include "service/vault/vault.h"

#include <http_core.h>

#define UPKEEP_MS 5000
/* Each child looks this often whether the last poll of the live table is a second old, and then
 * polls. */
#define POLL_MS 200
#define PURGE_EVERY_MS 600000
#define PURGE_BATCHES 4

/* Logs a refused purge once, and not again every ten minutes. */
static void say_refused(authp_runtime_t *runtime, bool refused)
{
    if (refused && !runtime->purge_refused) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0522",
                  "nothing is purged: the clocks of this host and of the store differ by more than "
                  "20 seconds");
    }
    runtime->purge_refused = refused;
}

/* Every child purges, each at times of its own. A row that one child has removed is not found by
 * the next. A store that does not answer is not logged here, because the requests that need it log
 * that. */
static void purge(authp_runtime_t *runtime, apr_pool_t *pool)
{
    authp_ms_t now = authp_clock_now(authp_clock_monotonic());
    int removed = 0;
    if (runtime->purge_at == 0) {
        unsigned char spread[2];
        authp_random_fill(runtime->realm->random, spread, sizeof(spread));
        runtime->purge_at = now + (spread[0] * 256 + spread[1]) * (PURGE_EVERY_MS / 65536);
    }
    if (now < runtime->purge_at) {
        return;
    }
    runtime->purge_at = now + PURGE_EVERY_MS;
    authp_err_t err = authp_purge_run(runtime->realm, PURGE_BATCHES, &removed, pool);
    if (err == AUTHP_OK && removed > 0) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0521", "the purge removed %d rows", removed);
    }
    say_refused(runtime, err == AUTHP_E_CLOCKS_DIFFER);
}

/* True: the round may begin. mod_watchdog may call a round before child_init; the round then does
 * nothing. When the MPM stops, mod_watchdog calls each of its threads with the state STOPPING, but
 * a thread that sends a mail is called only after the mail. So this thread cancels that mail. */
static bool enter(authp_runtime_t *runtime, int state)
{
    if (state == AP_WATCHDOG_STATE_STOPPING) {
        authp_mail_stop_soon(runtime);
    }
    if (state != AP_WATCHDOG_STATE_RUNNING ||
        !atomic_load_explicit(&runtime->ready, memory_order_acquire) ||
        pthread_rwlock_tryrdlock(&runtime->rounds) != 0) {
        return false;
    }
    if (runtime->closing) {
        pthread_rwlock_unlock(&runtime->rounds);
        return false;
    }
    return true;
}

/* After this the child may end. */
static void leave(authp_runtime_t *runtime)
{
    authp_thread_memory_free();
    pthread_rwlock_unlock(&runtime->rounds);
}

/* Waits for the rounds that are at work, and prevents later ones, because the threads of the
 * watchdog outlive the pools of the child. If the child is being ended in the middle of a request,
 * authp_child_exit_check() does not return. Otherwise this could wait for a round that waits for a
 * lock of the interrupted thread. */
static apr_status_t close_rounds(void *data)
{
    authp_runtime_t *runtime = data;
    authp_child_exit_check();
    pthread_rwlock_wrlock(&runtime->rounds);
    runtime->closing = true;
    pthread_rwlock_unlock(&runtime->rounds);
    return APR_SUCCESS;
}

void authp_maintain_child(authp_runtime_t *runtime, apr_pool_t *pchild)
{
    pthread_rwlock_init(&runtime->rounds, NULL);
    apr_pool_pre_cleanup_register(pchild, runtime, close_rounds);
}

static apr_status_t on_upkeep(int state, void *data, apr_pool_t *pool)
{
    authp_runtime_t *runtime = data;
    if (enter(runtime, state)) {
        authp_store_maintain(runtime->realm->store);
        /* Also where nobody uses mail: the keys must be wrapped again before
         * JWT_SECRET_KEY_PREVIOUS is removed. */
        authp_vault_refresh(runtime->realm, pool);
        purge(runtime, pool);
        leave(runtime);
    }
    return APR_SUCCESS;
}

static apr_status_t on_poll(int state, void *data, apr_pool_t *pool)
{
    authp_runtime_t *runtime = data;
    if (enter(runtime, state)) {
        authp_live_poll(runtime->realm, pool);
        leave(runtime);
    }
    return APR_SUCCESS;
}

static int on_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *server)
{
    (void)plog, (void)ptemp;
    if (authp_runtime_get() == NULL ||
        ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    apr_status_t rv = authp_watch("_auth_platform_", UPKEEP_MS, on_upkeep, pconf);
    if (rv == APR_SUCCESS) {
        rv = authp_watch("_auth_platform_live_", POLL_MS, on_poll, pconf);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                     "AUTHP0520: mod_watchdog is missing: idle connections to the store stay open, "
                     "nothing is purged, and guarded pages ask the store");
    }
    return OK;
}

void authp_maintain_register(apr_pool_t *pool)
{
    (void)pool;
    /* mod_watchdog reads the list of callbacks in its own post_config, which runs last. */
    ap_hook_post_config(on_post_config, NULL, NULL, APR_HOOK_MIDDLE);
}
