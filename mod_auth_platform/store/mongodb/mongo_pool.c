/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "store/mongodb/mongo_error.h"
#include "store/mongodb/mongo_impl.h"

#include <apr_strings.h>
#include <apr_time.h>

/* The wait for a free client is this fraction of the whole time-out: a sixth. */
#define ACQUIRE_SHARE 6
#define IDLE_SECONDS 60
#define RETRY_MS 500

/* The list calls this under its lock. It only takes a client from the driver's pool. The client
 * connects at its first command. */
static apr_status_t construct(void **resource, void *params, apr_pool_t *pool)
{
    authp_mongo_t *m = params;
    (void)pool;
    *resource = mongoc_client_pool_try_pop(m->pool);
    return *resource != NULL ? APR_SUCCESS : APR_EGENERAL;
}

static apr_status_t destruct(void *resource, void *params, apr_pool_t *pool)
{
    authp_mongo_t *m = params;
    (void)pool;
    mongoc_client_pool_push(m->pool, resource);
    return APR_SUCCESS;
}

static void give_back(const authp_mongo_t *m)
{
    if (m->clients_pool != NULL) {
        apr_pool_destroy(m->clients_pool);
    }
    if (m->pool != NULL) {
        mongoc_client_pool_destroy(m->pool);
    }
}

/* If a client is in use (the process ends in the middle of a request), nothing is destroyed: the
 * driver would abort or hang. The process ends anyway. */
static apr_status_t tear_down(void *data)
{
    authp_mongo_t *m = data;
    if (apr_reslist_acquired_count(m->clients) == 0) {
        give_back(m);
    }
    return APR_SUCCESS;
}

authp_err_t authp_mongo_pool_open(authp_mongo_t *m, const mongoc_uri_t *uri, apr_pool_t *pool)
{
    int most = m->config.max_connections > 0 ? m->config.max_connections : 1;
    m->pool = mongoc_client_pool_new(uri);
    apr_status_t status =
        m->pool != NULL ? apr_pool_create_unmanaged_ex(&m->clients_pool, NULL, NULL) : APR_EGENERAL;
    if (status == APR_SUCCESS) {
        mongoc_client_pool_set_error_api(m->pool, MONGOC_ERROR_API_VERSION_2);
        status = apr_reslist_create(&m->clients, 0, most, most, apr_time_from_sec(IDLE_SECONDS),
                                    construct, destruct, m, m->clients_pool);
    }
    if (status != APR_SUCCESS) {
        give_back(m);
        authp_log(AUTHP_LOG_ERROR, "AUTHP0230", "cannot make the list of MongoDB clients (%d)",
                  status);
        return AUTHP_E_INTERNAL;
    }
    apr_reslist_timeout_set(m->clients,
                            (apr_interval_time_t)m->config.timeout_ms * 1000 / ACQUIRE_SHARE);
    apr_pool_cleanup_register(pool, m, tear_down, apr_pool_cleanup_null);
    return AUTHP_OK;
}

authp_err_t authp_mongo_pool_release(authp_mongo_t *m, mongoc_client_t *client,
                                     const bson_error_t *error)
{
    authp_err_t err = error != NULL ? authp_mongo_error_classify(error) : AUTHP_OK;
    bool answered = err != AUTHP_E_UNAVAILABLE;
    authp_ms_t now = authp_clock_now(authp_clock_monotonic());
    if (authp_breaker_report(&m->breaker, answered, now)) {
        /* The driver's text names hosts and conditions. It contains no documents and no
         * credentials. */
        authp_log(answered ? AUTHP_LOG_NOTICE : AUTHP_LOG_WARNING, "AUTHP0231", "MongoDB %s%s",
                  answered ? "answers again" : "does not answer: ", answered ? "" : error->message);
    }
    if (err == AUTHP_E_INTERNAL) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0232", "MongoDB refused a command: domain %u, code %u%s",
                  error->domain, error->code, authp_mongo_error_hint(error));
        apr_reslist_invalidate(m->clients, client);
    } else {
        apr_reslist_release(m->clients, client);
    }
    return err;
}

static authp_err_t take(authp_mongo_t *m, mongoc_client_t **out)
{
    void *client = NULL;
    apr_status_t status = apr_reslist_acquire(m->clients, &client);
    if (status != APR_SUCCESS) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0233", "no MongoDB client free within %d ms",
                  m->config.timeout_ms / ACQUIRE_SHARE);
        return AUTHP_E_UNAVAILABLE;
    }
    *out = client;
    return AUTHP_OK;
}

/* Makes the indexes at the first use. Other threads wait until this try has ended, which takes
 * limited time. */
static authp_err_t get_ready(authp_mongo_t *m)
{
    authp_err_t err = AUTHP_OK;
    authp_ms_t now = authp_clock_now(authp_clock_monotonic());
    apr_thread_mutex_lock(m->mutex);
    if (!atomic_load(&m->ready) && m->tried_at != 0 && now - m->tried_at < RETRY_MS) {
        err = AUTHP_E_UNAVAILABLE;
    } else if (!atomic_load(&m->ready)) {
        mongoc_client_t *client = NULL;
        bson_error_t error;
        int made = 0;
        err = take(m, &client);
        if (err == AUTHP_OK) {
            err = authp_mongo_index(m, client, &made, &error);
            authp_err_t said = authp_mongo_pool_release(m, client, err == AUTHP_OK ? NULL : &error);
            err = err == AUTHP_E_UNAVAILABLE ? said : err;
        }
        m->tried_at = err == AUTHP_OK ? 0 : authp_clock_now(authp_clock_monotonic());
        atomic_store(&m->ready, err == AUTHP_OK);
    }
    apr_thread_mutex_unlock(m->mutex);
    return err;
}

authp_err_t authp_mongo_pool_ready(authp_mongo_t *m)
{
    return atomic_load(&m->ready) ? AUTHP_OK : get_ready(m);
}

authp_err_t authp_mongo_pool_acquire(authp_mongo_t *m, mongoc_client_t **out)
{
    if (!authp_breaker_allows(&m->breaker, authp_clock_now(authp_clock_monotonic()))) {
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = authp_mongo_pool_ready(m);
    return err == AUTHP_OK ? take(m, out) : err;
}
