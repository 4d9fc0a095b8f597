/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/pace.h"
#include "net/deaf.h"

#include "api/core/gate.h"

#include <ap_mpm.h>
#include <apr_portable.h>
#include <http_core.h>
#include <http_protocol.h>

#define PAUSE_US 50000
#define FILTER "AUTH_PLATFORM_PACE"

struct authp_pacer_t {
    bool async;          /* an open connection that waits takes no thread */
    authp_gate_t pauses; /* bounds the threads that may pause before they answer */
    authp_deaf_t *deaf;
};

/* Belongs to one connection, from its first refusal on. */
typedef struct pause_t {
    int64_t until;
} pause_t;

authp_pacer_t *authp_pace_make(int threads, apr_pool_t *pool)
{
    int async = 0;
    authp_pacer_t *pacer = apr_pcalloc(pool, sizeof(*pacer));
    pacer->async = ap_mpm_query(AP_MPMQ_IS_ASYNC, &async) == APR_SUCCESS && async != 0;
    pacer->deaf = authp_deaf_make(pool);
    /* A quarter of the threads may pause. With more, a flood that repeats at once would take less
     * processor time. But a client that sends a thousand bad requests a second would then hold most
     * threads, and slow pages need them. */
    pacer->pauses.limit = threads / 4;
    return pacer;
}

/* True if the connection stays open for another request. */
static bool stays(const request_rec *r, int status)
{
    return !ap_status_drops_connection(status) && r->connection->master == NULL &&
           r->connection->keepalive != AP_CONN_CLOSE && r->server->keep_alive != 0 &&
           r->proto_num >= HTTP_VERSION(1, 1) &&
           !ap_find_token(r->pool, apr_table_get(r->headers_in, "Connection"), "close");
}

/* True if the next request was sent before the answer to this one. httpd has read it already, so
 * making the connection deaf would not delay it. */
static bool is_ahead(request_rec *r)
{
    conn_rec *connection = r->connection;
    apr_bucket_brigade *data = apr_brigade_create(r->pool, connection->bucket_alloc);
    apr_status_t got =
        ap_get_brigade(connection->input_filters, data, AP_MODE_SPECULATIVE, APR_NONBLOCK_READ, 1);
    bool ahead = got == APR_SUCCESS && !APR_BRIGADE_EMPTY(data);
    apr_brigade_destroy(data);
    return ahead;
}

bool authp_pace_before(authp_pacer_t *pacer, request_rec *r, int status)
{
    if (pacer == NULL) {
        return false;
    }
    bool kept = stays(r, status);
    if (kept && !pacer->async) {
        apr_sleep(PAUSE_US); /* the connection has a thread of its own in any case */
        return false;
    }
    if (kept && !is_ahead(r)) {
        return true;
    }
    if (authp_gate_enter(&pacer->pauses, false)) {
        apr_sleep(PAUSE_US);
        authp_gate_leave(&pacer->pauses, false);
    } else {
        /* Drops the requests that the client has sent ahead. */
        r->connection->keepalive = AP_CONN_CLOSE;
    }
    return false;
}

/* Right after an answer httpd looks for the next request. It would find one even if the connection
 * is deaf. This filter hides it until the pause is over. */
static apr_status_t on_input(ap_filter_t *filter, apr_bucket_brigade *data, ap_input_mode_t mode,
                             apr_read_type_e block, apr_off_t bytes)
{
    const pause_t *pause = filter->ctx;
    if (mode == AP_MODE_SPECULATIVE && block == APR_NONBLOCK_READ &&
        authp_deaf_now() < pause->until) {
        return APR_EAGAIN;
    }
    return ap_get_brigade(filter->next, data, mode, block, bytes);
}

static pause_t *pause_of(conn_rec *connection)
{
    pause_t *pause = ap_get_module_config(connection->conn_config, &auth_platform_module);
    if (pause == NULL) {
        pause = apr_pcalloc(connection->pool, sizeof(*pause));
        ap_set_module_config(connection->conn_config, &auth_platform_module, pause);
        (void)ap_add_input_filter(FILTER, pause, NULL, connection);
    }
    return pause;
}

void authp_pace_after(authp_pacer_t *pacer, const request_rec *r)
{
    apr_os_sock_t fd = -1;
    /* At the latest when the connection listens again. */
    int64_t until = authp_deaf_now() + PAUSE_US;
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    if (socket != NULL && apr_os_sock_get(&fd, socket) == APR_SUCCESS &&
        authp_deaf_add(pacer->deaf, fd, PAUSE_US)) {
        pause_of(r->connection)->until = until;
    }
}

void authp_pace_register(apr_pool_t *pool)
{
    (void)pool;
    ap_register_input_filter(FILTER, on_input, NULL, AP_FTYPE_CONNECTION);
}
