/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live/live_store.h"
#include "service/live/standing.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define ANSWERS 1024 /* a power of two */
#define GOOD_FOR_MS 1000
/* Longer than a store in good condition needs for all requests that come at the same moment. */
#define WAIT_MS 500

typedef struct answer_t {
    char session_id[AUTHP_ID_LEN];
    bool known;         /* true if facts are set */
    int64_t dead_below; /* tokens with a lower ver are invalid */
    authp_live_facts_t facts;
    uint64_t era;
    int64_t at; /* monotonic; 0 = none */
} answer_t;

struct authp_live_store_t {
    const authp_live_table_t *table;
    atomic_bool open;
    atomic_bool failing;
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t free;   /* waits by the monotonic clock */
    int askers;
    int asking;
    int64_t failed_at; /* monotonic; 0 = the store answers */
    answer_t answers[ANSWERS];
};

authp_err_t authp_live_store_make(const authp_live_table_t *table, int askers,
                                  authp_live_store_t **out, apr_pool_t *pool)
{
    authp_live_store_t *self = apr_pcalloc(pool, sizeof(*self));
    self->table = table;
    self->askers = askers;
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    int rc = pthread_cond_init(&self->free, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (rc != 0 || pthread_mutex_init(&self->mutex, NULL) != 0) {
        return AUTHP_E_INTERNAL;
    }
    *out = self;
    return AUTHP_OK;
}

void authp_live_store_open(authp_live_store_t *self)
{
    atomic_store_explicit(&self->open, true, memory_order_release);
}

bool authp_live_store_failing(authp_live_store_t *self, bool failing)
{
    return atomic_exchange(&self->failing, failing) != failing;
}

/* The last characters of an id are random. */
static answer_t *slot_of(authp_live_store_t *self, const char *session_id)
{
    unsigned int sum = 0;
    for (int i = AUTHP_ID_LEN - 6; i < AUTHP_ID_LEN; i++) {
        sum = sum * 31U + (unsigned char)session_id[i];
    }
    return &self->answers[sum & (ANSWERS - 1)];
}

static bool is_fresh(int64_t at, int64_t now)
{
    return at != 0 && now - at < GOOD_FOR_MS;
}

/* Called with the mutex held. AUTHP_E_NOT_FOUND: there is no recent answer. */
static authp_err_t recall(authp_live_store_t *self, const authp_principal_t *principal,
                          authp_live_facts_t *facts)
{
    const answer_t *answer = slot_of(self, principal->session_id);
    int64_t now = authp_clock_now(authp_clock_monotonic());
    if (is_fresh(answer->at, now) && answer->era == authp_live_table_era(self->table) &&
        memcmp(answer->session_id, principal->session_id, AUTHP_ID_LEN) == 0) {
        if (principal->ver < answer->dead_below) {
            return AUTHP_E_TOKEN_REVOKED;
        }
        if (answer->known) {
            *facts = answer->facts;
            return AUTHP_OK;
        }
    }
    return is_fresh(self->failed_at, now) ? AUTHP_E_UNAVAILABLE : AUTHP_E_NOT_FOUND;
}

static struct timespec deadline(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += WAIT_MS * 1000000L;
    at.tv_sec += at.tv_nsec / 1000000000L;
    at.tv_nsec %= 1000000000L;
    return at;
}

/* Returns what recall() returns. After AUTHP_E_NOT_FOUND the caller may ask the store and must call
 * leave(). Waits at most WAIT_MS in total. */
static authp_err_t enter(authp_live_store_t *self, const authp_principal_t *principal,
                         authp_live_facts_t *facts)
{
    pthread_mutex_lock(&self->mutex);
    authp_err_t err = recall(self, principal, facts);
    const struct timespec until = deadline();
    while (err == AUTHP_E_NOT_FOUND && self->asking >= self->askers) {
        int rc = pthread_cond_timedwait(&self->free, &self->mutex, &until);
        err = recall(self, principal, facts);
        if (rc != 0 && err == AUTHP_E_NOT_FOUND) {
            err = AUTHP_E_UNAVAILABLE;
        }
    }
    self->asking += err == AUTHP_E_NOT_FOUND;
    pthread_mutex_unlock(&self->mutex);
    return err;
}

static void leave(authp_live_store_t *self, const authp_principal_t *principal, authp_err_t err,
                  const answer_t *answer)
{
    int64_t now = authp_clock_now(authp_clock_monotonic());
    pthread_mutex_lock(&self->mutex);
    self->asking--;
    if (err == AUTHP_OK || err == AUTHP_E_TOKEN_REVOKED) {
        answer_t *slot = slot_of(self, principal->session_id);
        *slot = *answer;
        memcpy(slot->session_id, principal->session_id, AUTHP_ID_LEN);
        self->failed_at = 0;
    } else {
        self->failed_at = now;
    }
    pthread_cond_broadcast(&self->free);
    pthread_mutex_unlock(&self->mutex);
}

authp_err_t authp_live_store_ask(const authp_realm_t *realm, const authp_principal_t *principal,
                                 authp_live_facts_t *facts, apr_pool_t *pool)
{
    authp_live_store_t *self = realm->live->store;
    if (!atomic_load_explicit(&self->open, memory_order_acquire)) {
        return AUTHP_E_UNAVAILABLE;
    }
    authp_err_t err = enter(self, principal, facts);
    if (err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    /* The age of the answer counts from the question. */
    answer_t answer = {.at = authp_clock_now(authp_clock_monotonic()),
                       .era = authp_live_table_era(self->table),
                       .dead_below = principal->ver + 1};
    authp_principal_t asked = *principal;
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    err = authp_standing_check(realm, &asked, &user, &session, pool);
    if (err == AUTHP_OK) {
        answer.known = true;
        answer.dead_below = user->min_ver;
        answer.facts.ver = user->ver;
        answer.facts.roles = asked.roles;
        answer.facts.email_verified = asked.email_verified;
        *facts = answer.facts;
    }
    leave(self, principal, err, &answer);
    return err == AUTHP_OK || err == AUTHP_E_TOKEN_REVOKED ? err : AUTHP_E_UNAVAILABLE;
}
