/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/retained.h"
#include "base/shm.h"
#include "crypto/digest.h"

#include "service/limit/limit.h"
#include "service/mail/mail_desk.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <string.h>

/* The version of the module that is loaded next reads the retained memory. So whoever changes the
 * layout in crypto/password/hasher_bound.c, api/core/gate.h, service/live_table/live_layout.h,
 * service/limit/limit_impl.h or service/mail/mail_desk.h must also change the number in its key. */
#define BOUND_KEY "auth_platform/hasher-bound/5"
#define LIVE_KEY "auth_platform/live-table/1"
#define CROWD_KEY "auth_platform/crowd/2"
#define LIMITS_KEY "auth_platform/limits/1"
#define TOLD_KEY "auth_platform/store-told/1"
#define DESK_KEY "auth_platform/mail-desk/1"
#define MAX_LAG_MS 5000

/* Returns the place of a pointer that outlives this load of the module. Until the memory is made,
 * the pointer is NULL. There is no cleanup, because old children still use the memory. */
static void **kept_as(const char *key)
{
    void **kept = ap_retained_data_get(key);
    return kept != NULL ? kept : ap_retained_data_create(key, sizeof(*kept));
}

/* How many requests may wait for a hash at the same time: three quarters of MaxRequestWorkers with
 * threads, as the MPM reports them. With prefork only half, because there a process also spends the
 * pause before a refusal. */
static int count_waiting(void)
{
    int children = 0;
    int threads = 0;
    if (ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children) != APR_SUCCESS || children < 1) {
        children = 1;
    }
    if (ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads) != APR_SUCCESS || threads < 1) {
        return children / 2; /* prefork reports 0 threads */
    }
    int workers = children * threads;
    return workers - workers / 4;
}

static authp_err_t find_bound(authp_runtime_t *runtime)
{
    void **kept = kept_as(BOUND_KEY);
    authp_err_t err = AUTHP_OK;
    if (*kept == NULL) {
        err = authp_hasher_bound_make(0, 0, &runtime->bound);
        *kept = runtime->bound;
    }
    runtime->bound = *kept;
    if (err == AUTHP_OK) {
        const authp_scheme_t scheme = authp_realm_scheme(runtime->realm);
        authp_hasher_bound_limit(runtime->bound, count_waiting());
        authp_hasher_bound_assume(runtime->bound, authp_hasher_bound_probe(&scheme));
    }
    return err;
}

/* Makes a digest that identifies the store. The text may contain a password, so only the digest is
 * kept. */
static authp_err_t identify_store(const authp_runtime_t *runtime, authp_live_terms_t *terms,
                                  apr_pool_t *pool)
{
    const authp_store_config_t *config = &runtime->store_config;
    const char *text =
        apr_pstrcat(pool, runtime->store_ops->name, "\n", config->file != NULL ? config->file : "",
                    "\n", config->uri != NULL ? config->uri : "", "\n",
                    config->database != NULL ? config->database : "", NULL);
    return authp_digest_sha256(text, strlen(text), terms->store_id);
}

/* All generations share one table, so that a child of an old one learns what a new one revokes. The
 * table keeps the size that the first generation asked for. */
static authp_err_t find_live_table(authp_runtime_t *runtime, const authp_server_config_t *config,
                                   apr_pool_t *pool)
{
    void **kept = kept_as(LIVE_KEY);
    authp_live_shared_t *shared = *kept;
    authp_live_terms_t terms = {
        .roles = runtime->realm->settings->roles,
        .token_ms =
            (int64_t)authp_config_token_minutes(runtime->server, runtime->realm->settings) * 60000,
        .max_lag_ms = config->max_lag_ms != 0 ? config->max_lag_ms : MAX_LAG_MS};
    authp_err_t err = identify_store(runtime, &terms, pool);
    if (err == AUTHP_OK && shared == NULL) {
        int entries = config->live_entries != 0 ? config->live_entries : AUTHP_LIVE_ENTRIES;
        err = authp_live_table_make(entries, &shared);
        *kept = shared;
    }
    return err == AUTHP_OK ? authp_live_table_open(shared, &terms, &runtime->live_table, pool)
                           : err;
}

/* Returns zeroed shared memory, which needs no further initialisation. NULL if it cannot be made.
 */
static void *find_shared(const char *key, size_t size)
{
    void **kept = kept_as(key);
    return *kept != NULL || authp_shm_make(size, kept) == AUTHP_OK ? *kept : NULL;
}

/* The counters survive graceful and full restarts. */
static authp_err_t find_limits(authp_runtime_t *runtime, apr_pool_t *pool)
{
    authp_realm_t *realm = runtime->realm;
    void **kept = kept_as(LIMITS_KEY);
    authp_limit_shared_t *shared = *kept;
    if (!realm->settings->limits) {
        return AUTHP_OK;
    }
    if (shared == NULL) {
        authp_err_t err = authp_limit_shared_make(authp_clock_monotonic(), realm->random, &shared);
        if (err != AUTHP_OK) {
            return err;
        }
        *kept = shared;
    }
    realm->limits = authp_limit_make(shared, realm->settings, authp_clock_monotonic(), pool);
    return AUTHP_OK;
}

const char *authp_retained_find(authp_runtime_t *runtime, const authp_server_config_t *config,
                                apr_pool_t *pool)
{
    if (find_bound(runtime) != AUTHP_OK) {
        return "no shared memory for the password hashing bound";
    }
    runtime->crowd = find_shared(CROWD_KEY, sizeof(*runtime->crowd));
    if (runtime->crowd == NULL) {
        return "no shared memory for bursts of sign-ins";
    }
    if (find_live_table(runtime, config, pool) != AUTHP_OK) {
        return "no shared memory for the live table";
    }
    /* For log lines that are written once for each start of httpd, and not by each child and
     * reload. */
    runtime->store_config.told = find_shared(TOLD_KEY, sizeof(*runtime->store_config.told));
    if (runtime->store_config.told == NULL) {
        return "no shared memory for what the store's log lines share";
    }
    if (runtime->realm->settings->mail_url != NULL) {
        runtime->realm->mail_desk = find_shared(DESK_KEY, sizeof(*runtime->realm->mail_desk));
        if (runtime->realm->mail_desk == NULL) {
            return "no shared memory for what the senders of mails share";
        }
    }
    if (find_limits(runtime, pool) != AUTHP_OK) {
        return "no shared memory for the limits on attempts";
    }
    return NULL;
}
