/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/child_pool.h"
#include "httpd/runtime.h"

#include <apr_allocator.h>
#include <http_config.h>

/* httpd's prefork gives pchild an allocator without a mutex. mod_watchdog's threads make pools from
 * it while another thread serves a request. So the allocator gets a mutex before these threads
 * start. The mutex is a nested one, because prefork ends a child inside a signal handler, which may
 * interrupt the thread that holds it. APR takes it off when pchild, the owner of the allocator, is
 * destroyed. */
static void on_child_init(apr_pool_t *pchild, server_rec *server)
{
    apr_allocator_t *allocator = apr_pool_allocator_get(pchild);
    apr_thread_mutex_t *mutex = NULL;
    (void)server;
    if (authp_runtime_get() != NULL && apr_allocator_owner_get(allocator) == pchild &&
        apr_allocator_mutex_get(allocator) == NULL &&
        apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_NESTED, pchild) == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator, mutex);
    }
}

void authp_child_pool_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_child_init(on_child_init, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
