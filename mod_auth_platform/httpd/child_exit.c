/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/child_exit.h"
#include "base/clock.h"
#include "base/ending.h"
#include "httpd/mail_stop.h"
#include "httpd/runtime.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <mpm_common.h>
#include <scoreboard.h>
#include <signal.h>
#include <stdbool.h>
#include <unistd.h>

/* After a child has reported that it is ready, httpd still allocates memory for a short time. */
#define SETTLE_MS 100
/* How long the end of the child waits for a mail that is being sent. A round of mails ends within
 * about 1 s after it was canceled. */
#define MAIL_MS 1500

/* true in a child of prefork, where the one thread that serves requests also handles signals */
static bool single;
/* true in a child that starts, where a signal handler may run at any point. A child of prefork has
 * started when its first hook runs, and `single` then decides. Other MPMs block the signals right
 * before child_init. Also true in the parent, which ends no child inside a handler. */
static bool exposed = true;
static volatile sig_atomic_t at_work;
static volatile authp_ms_t ready_at; /* time of the monotonic clock */

/* True if the child is between two connections. httpd notes in the scoreboard that a child waits
 * for a connection. It frees the memory of the last connection before that. */
static bool waits(void)
{
    apr_proc_t self = {.pid = getpid()};
    int slot = ap_find_child_by_pid(&self);
    const worker_score *score = slot < 0 ? NULL : ap_get_scoreboard_worker_from_indexes(slot, 0);
    return score != NULL && score->status == SERVER_READY && at_work == 0 &&
           authp_clock_now(authp_clock_monotonic()) - ready_at >= SETTLE_MS;
}

/* The interrupted thread may be in the middle of malloc() or free(). The cleanups that follow, also
 * those of httpd, free memory: they would hang or corrupt the heap. So the process exits without
 * them. The kernel frees everything, and every lock that other processes use becomes free when its
 * holder has ended. Only a mail that is being sent is waited for: if the mail server has taken the
 * mail and the row of the mail does not say so, the mail is sent twice. */
void authp_child_exit_check(void)
{
    authp_runtime_t *runtime = authp_runtime_get();
    if (runtime != NULL && authp_ending_in_handler() && (exposed || (single && !waits()))) {
        authp_mail_stop_wait(runtime, MAIL_MS);
        _exit(0);
    }
}

static apr_status_t find_out(void *data)
{
    (void)data;
    authp_child_exit_check();
    return APR_SUCCESS;
}

/* httpd calls this before it ends a child, also in a handler that interrupts the child before its
 * first hook: exit() would then run the destructors of libraries, which free memory. */
static void on_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild, (void)graceful;
    authp_child_exit_check();
}

/* The first hook that runs in a child. */
static int on_drop_privileges(apr_pool_t *pchild, server_rec *server)
{
    int threaded = AP_MPMQ_STATIC;
    (void)server;
    if (authp_runtime_get() != NULL) {
        (void)ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
        single = threaded == AP_MPMQ_NOT_SUPPORTED;
        exposed = !single;
        at_work = 1;
        apr_pool_pre_cleanup_register(pchild, NULL, find_out);
    }
    return DECLINED;
}

static void on_child_init(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild, (void)server;
    exposed = false;
}

static void on_child_ready(apr_pool_t *pchild, server_rec *server)
{
    (void)pchild, (void)server;
    ready_at = authp_clock_now(authp_clock_monotonic());
    at_work = 0;
}

static apr_status_t no_longer(void *data)
{
    (void)data;
    at_work = 0;
    return APR_SUCCESS;
}

/* Returns no connection, so that the next module makes it. mod_proxy's connections also come here;
 * the scoreboard then says that this child is busy. */
static conn_rec *on_create_connection(apr_pool_t *pool, server_rec *server, apr_socket_t *socket,
                                      long id, void *sbh, apr_bucket_alloc_t *alloc)
{
    (void)server, (void)socket, (void)id, (void)sbh, (void)alloc;
    if (single) {
        at_work = 1;
        apr_pool_cleanup_register(pool, NULL, no_longer, apr_pool_cleanup_null);
    }
    return NULL;
}

void authp_child_exit_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_child_stopping(on_child_stopping, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_drop_privileges(on_drop_privileges, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_init(on_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_child_init(on_child_ready, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_create_connection(on_create_connection, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
