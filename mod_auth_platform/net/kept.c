/* SPDX-License-Identifier: Apache-2.0 */
#include "net/kept.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#define STATUS_OK 200

/* A parsed document. Its pool is destroyed by the last holder, in whichever thread that is. */
typedef struct version_t {
    apr_pool_t *pool;
    atomic_int holders; /* the authp_kept_t itself, and each pool of a caller */
    const char *url;
    void *value;
    authp_ms_t life;
} version_t;

struct authp_kept_t {
    authp_kept_rules_t rules;
    const authp_fetcher_t *fetcher;
    const authp_clock_t *clock;
    pthread_mutex_t mutex; /* held for a few instructions, never during a fetch */
    pthread_cond_t done;   /* a fetch has ended */
    bool fetching;
    version_t *version; /* NULL: none yet */
    authp_ms_t due;     /* when `version` is to be fetched again */
    /* The latest failure without a version. */
    authp_err_t failed;
    authp_ms_t failed_until;
    char failed_url[AUTHP_FETCH_URL_MOST + 1];
    /* The latest renewal. */
    authp_err_t renewal;
    authp_ms_t renew_from; /* no renewal before */
};

static apr_pool_t *own_pool(void)
{
    apr_pool_t *pool = NULL;
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        abort();
    }
    return pool;
}

static apr_status_t drop(void *data)
{
    version_t *version = data;
    if (atomic_fetch_sub(&version->holders, 1) == 1) {
        apr_pool_destroy(version->pool);
    }
    return APR_SUCCESS;
}

static apr_status_t release(void *data)
{
    authp_kept_t *kept = data;
    if (kept->version != NULL) {
        (void)drop(kept->version);
    }
    pthread_cond_destroy(&kept->done);
    pthread_mutex_destroy(&kept->mutex);
    return APR_SUCCESS;
}

authp_kept_t *authp_kept_make(const authp_kept_rules_t *rules, const authp_fetcher_t *fetcher,
                              const authp_clock_t *clock, apr_pool_t *pool)
{
    pthread_condattr_t monotonic;
    authp_kept_t *kept = apr_pcalloc(pool, sizeof(*kept));
    kept->rules = *rules;
    kept->fetcher = fetcher;
    kept->clock = clock;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&kept->mutex, NULL);
    pthread_cond_init(&kept->done, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apr_pool_cleanup_register(pool, kept, release, apr_pool_cleanup_null);
    return kept;
}

static authp_ms_t life_of(int64_t max_age)
{
    const authp_ms_t life = max_age > 0 ? max_age * 1000 : 0;
    if (life < AUTHP_KEPT_LEAST_MS) {
        return AUTHP_KEPT_LEAST_MS;
    }
    return life < AUTHP_KEPT_MOST_MS ? life : AUTHP_KEPT_MOST_MS;
}

/* Fetches and parses into `version`. `scratch` holds the answer. */
static authp_err_t load_into(const authp_kept_t *kept, version_t *version, apr_pool_t *scratch)
{
    const authp_kept_rules_t *rules = &kept->rules;
    const authp_fetch_t request = {
        .url = version->url, .timeout_ms = rules->timeout_ms, .limit = rules->limit};
    authp_fetched_t got;
    authp_err_t err = authp_fetch(kept->fetcher, &request, &got, scratch);
    if (err != AUTHP_OK) {
        return err; /* logged by the fetcher */
    }
    if (got.status != STATUS_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0014", "%s: status %d instead of 200",
                  authp_fetch_origin(version->url, scratch), got.status);
        return AUTHP_E_UNAVAILABLE;
    }
    version->life = life_of(got.max_age);
    err = rules->parse(rules->ctx, got.body, got.len, &version->value, version->pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0015", "%s: the document is refused: %s",
                  authp_fetch_origin(version->url, scratch), authp_err_name(err));
    }
    return err;
}

static authp_err_t load(const authp_kept_t *kept, const char *url, version_t **out)
{
    apr_pool_t *scratch = own_pool();
    apr_pool_t *pool = own_pool();
    version_t *version = apr_pcalloc(pool, sizeof(*version));
    version->pool = pool;
    version->url = apr_pstrdup(pool, url);
    atomic_init(&version->holders, 1);
    authp_err_t err = load_into(kept, version, scratch);
    apr_pool_destroy(scratch);
    if (err != AUTHP_OK) {
        apr_pool_destroy(pool);
        return err;
    }
    *out = version;
    return AUTHP_OK;
}

/* The functions below are called with the mutex held. */

static bool has(const authp_kept_t *kept, const char *url)
{
    return kept->version != NULL && strcmp(kept->version->url, url) == 0;
}

static void give(authp_kept_t *kept, const void **value, apr_pool_t *pool)
{
    atomic_fetch_add(&kept->version->holders, 1);
    apr_pool_cleanup_register(pool, kept->version, drop, apr_pool_cleanup_null);
    *value = kept->version->value;
}

static void note_failure(authp_kept_t *kept, const char *url, authp_err_t err, authp_ms_t now)
{
    kept->failed = err;
    kept->failed_until = now + AUTHP_KEPT_FAILED_MS;
    apr_cpystrn(kept->failed_url, url, sizeof(kept->failed_url));
    if (has(kept, url) && kept->due < now + AUTHP_KEPT_RETRY_MS) {
        kept->due = now + AUTHP_KEPT_RETRY_MS;
    }
}

/* Fetches with the mutex released meanwhile. Nobody else may be fetching. */
static authp_err_t fetch(authp_kept_t *kept, const char *url)
{
    version_t *version = NULL;
    kept->fetching = true;
    pthread_mutex_unlock(&kept->mutex);
    authp_err_t err = load(kept, url, &version);
    const authp_ms_t now = authp_clock_now(kept->clock);
    pthread_mutex_lock(&kept->mutex);
    kept->fetching = false;
    if (err == AUTHP_OK) {
        if (kept->version != NULL) {
            (void)drop(kept->version);
        }
        kept->version = version;
        kept->due = now + version->life;
        kept->failed_until = 0;
        kept->renewal = AUTHP_OK;
    } else {
        note_failure(kept, url, err, now);
    }
    pthread_cond_broadcast(&kept->done);
    return err;
}

static struct timespec after(int milliseconds)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += milliseconds / 1000;
    at.tv_nsec += (long)(milliseconds % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* Waits for the end of another thread's fetch. False: it has not ended at the deadline. */
static bool wait_for_fetch(authp_kept_t *kept, const struct timespec *deadline)
{
    while (kept->fetching) {
        if (pthread_cond_timedwait(&kept->done, &kept->mutex, deadline) != 0 && kept->fetching) {
            return false;
        }
    }
    return true;
}

static bool failed_lately(const authp_kept_t *kept, const char *url, authp_ms_t now)
{
    return now < kept->failed_until && strcmp(kept->failed_url, url) == 0;
}

/* Makes kept->version a version of `url`. After AUTHP_OK it may be an old one. */
static authp_err_t ensure(authp_kept_t *kept, const char *url, authp_ms_t now)
{
    const struct timespec deadline = after(kept->rules.timeout_ms);
    while (!has(kept, url)) {
        if (kept->fetching) {
            if (!wait_for_fetch(kept, &deadline)) {
                return AUTHP_E_UNAVAILABLE;
            }
        } else if (failed_lately(kept, url, now)) {
            return kept->failed;
        } else {
            return fetch(kept, url);
        }
    }
    if (now >= kept->due && !kept->fetching) {
        (void)fetch(kept, url); /* after a failure the old version counts for a while */
    }
    return AUTHP_OK;
}

/* Fetches again for a caller who has `value`, unless somebody else did so lately. */
static authp_err_t renew(authp_kept_t *kept, const char *url, const void *value, authp_ms_t now)
{
    const struct timespec deadline = after(kept->rules.timeout_ms);
    while (has(kept, url) && kept->version->value == value && kept->fetching) {
        if (!wait_for_fetch(kept, &deadline)) {
            return AUTHP_E_UNAVAILABLE;
        }
    }
    if (!has(kept, url)) {
        return ensure(kept, url, now);
    }
    if (kept->version->value != value) {
        return AUTHP_OK; /* newer than the caller's */
    }
    if (now >= kept->renew_from) {
        kept->renew_from = now + AUTHP_KEPT_RENEW_MS;
        kept->renewal = fetch(kept, url);
    }
    return kept->renewal;
}

/* The functions above are called with the mutex held. */

bool authp_kept_is_quick(authp_kept_t *kept, const char *url)
{
    const authp_ms_t now = authp_clock_now(kept->clock);
    pthread_mutex_lock(&kept->mutex);
    const bool quick = has(kept, url) ? now < kept->due || kept->fetching
                                      : !kept->fetching && failed_lately(kept, url, now);
    pthread_mutex_unlock(&kept->mutex);
    return quick;
}

authp_err_t authp_kept_get(authp_kept_t *kept, const char *url, const void **value,
                           apr_pool_t *pool)
{
    const authp_ms_t now = authp_clock_now(kept->clock);
    pthread_mutex_lock(&kept->mutex);
    authp_err_t err = ensure(kept, url, now);
    if (err == AUTHP_OK) {
        give(kept, value, pool);
    }
    pthread_mutex_unlock(&kept->mutex);
    return err;
}

authp_err_t authp_kept_renew(authp_kept_t *kept, const char *url, const void **value,
                             apr_pool_t *pool)
{
    const authp_ms_t now = authp_clock_now(kept->clock);
    pthread_mutex_lock(&kept->mutex);
    authp_err_t err = renew(kept, url, *value, now);
    if (err == AUTHP_OK) {
        give(kept, value, pool);
    }
    pthread_mutex_unlock(&kept->mutex);
    return err;
}
