/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/mail_task.h"
#include "crypto/thread_memory.h"
#include "httpd/child_exit.h"
#include "httpd/mail_stop.h"
#include "httpd/watch.h"
#include "net/no_signals.h"
#include "service/mail/postman.h"
#include "service/mail/smtp_sender.h"

#include <apr_time.h>
#include <http_core.h>
#include <limits.h>

#define LOOK_MS 250     /* how often a child looks whether a round is due */
#define CANCELED_MS 100 /* the longest wait after the round was canceled */
#define STEP_MS 20      /* how often a wait looks whether it is canceled */

/* A pre-cleanup of pchild. If a signal handler ends the child in the middle of a request,
 * authp_child_exit_check() waits for the round for a limited time and does not return. Otherwise no
 * interrupted thread holds a lock that the round could need. So the wait has no limit: the round
 * must have ended before its memory is freed. */
static apr_status_t stop(void *data)
{
    authp_child_exit_check();
    authp_mail_stop_wait(data, INT_MAX);
    return APR_SUCCESS;
}

/* Waits `ms` milliseconds. After the round was canceled, waits at most 100 ms. */
static void wait_ms(void *ctx, int ms)
{
    const authp_runtime_t *runtime = ctx;
    const int least = ms < CANCELED_MS ? ms : CANCELED_MS;
    for (int waited = 0; waited < ms && (waited < least || !atomic_load(&runtime->mail_cancel));
         waited += STEP_MS) {
        apr_sleep(apr_time_from_msec(ms - waited < STEP_MS ? ms - waited : STEP_MS));
    }
}

static void do_round(const authp_runtime_t *runtime, apr_pool_t *pool)
{
    const authp_postman_t postman = {.realm = runtime->realm,
                                     .sender = runtime->mail_sender,
                                     .desk = runtime->realm->mail_desk,
                                     .monotonic = authp_clock_monotonic(),
                                     .wait = wait_ms,
                                     .ctx = (void *)(uintptr_t)runtime,
                                     .cancel = &runtime->mail_cancel};
    authp_postman_round(&postman, pool);
}

static apr_status_t on_mail(int state, void *data, apr_pool_t *pool)
{
    authp_runtime_t *runtime = data;
    if (state == AP_WATCHDOG_STATE_STOPPING) {
        authp_mail_stop_soon(runtime);
    }
    /* mod_watchdog may call a round before child_init has made the sender. */
    if (state != AP_WATCHDOG_STATE_RUNNING ||
        !atomic_load_explicit(&runtime->ready, memory_order_acquire) ||
        runtime->mail_sender == NULL) {
        return APR_SUCCESS;
    }
    atomic_store(&runtime->mail_busy, true);
    if (!atomic_load(&runtime->mail_cancel)) {
        /* With prefork a signal handler destroys the pools of the child. It must not run on this
         * thread in the middle of a round. */
        authp_no_signals_t held;
        authp_no_signals_begin(&held);
        do_round(runtime, pool);
        authp_thread_memory_free();
        authp_no_signals_end(&held);
    }
    atomic_store(&runtime->mail_busy, false);
    return APR_SUCCESS;
}

void authp_mail_task_child(authp_runtime_t *runtime, apr_pool_t *pchild, server_rec *server)
{
    const authp_settings_t *settings = runtime->realm->settings;
    if (settings->mail_url == NULL) {
        return;
    }
    apr_pool_pre_cleanup_register(pchild, runtime, stop);
    if (authp_smtp_sender_make(settings, &runtime->mail_sender, runtime->pool) != AUTHP_OK) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, server, "AUTHP0518: this child cannot send mails");
    }
}

static int on_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                          server_rec *server)
{
    const authp_runtime_t *runtime = authp_runtime_get();
    (void)plog, (void)ptemp;
    if (runtime == NULL || ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG ||
        runtime->realm->settings->mail_url == NULL) {
        return OK;
    }
    apr_status_t rv = authp_watch("_auth_platform_mail_", LOOK_MS, on_mail, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     "AUTHP0519: mod_watchdog is missing: no mail is sent");
    }
    return OK;
}

void authp_mail_task_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(on_post_config, NULL, NULL, APR_HOOK_MIDDLE);
}
