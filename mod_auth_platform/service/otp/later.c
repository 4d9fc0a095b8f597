/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/later.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#define PHONE_ROOM 32 /* a number and a NUL */

typedef struct entry_t {
    char phone[PHONE_ROOM];
    char code[AUTHP_SENDER_LENGTH_MOST + 1];
    int length;
    int minutes;
    authp_ms_t since; /* by later->clock */
} entry_t;

struct authp_later_t {
    authp_later_send_t *send;
    void *ctx;
    const authp_clock_t *clock;
    pthread_mutex_t mutex; /* guards everything below but `cancel`; never held while sending */
    pthread_cond_t changed;
    pthread_t thread;
    bool started;
    bool stopping;
    bool ended;       /* the thread sends nothing any more */
    authp_ms_t until; /* while stopping: no message is begun after this time */
    atomic_bool cancel;
    unsigned int first;
    unsigned int next;
    entry_t ring[AUTHP_LATER_MOST];
};

static authp_ms_t now(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

/* Sends with a pool of its own, which shares nothing with the pools of other threads. */
static void send_one(authp_later_t *later, const entry_t *entry)
{
    apr_pool_t *pool = NULL;
    const authp_otp_message_t message = {.phone = entry->phone,
                                         .code = entry->code,
                                         .length = entry->length,
                                         .minutes = entry->minutes};
    if (apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        abort();
    }
    later->send(later->ctx, &message, &later->cancel, pool);
    apr_pool_destroy(pool);
}

/* Takes the oldest message out of the queue. Called with the mutex held. */
static void take(authp_later_t *later, entry_t *out)
{
    entry_t *entry = &later->ring[later->first++ % AUTHP_LATER_MOST];
    *out = *entry;
    authp_secret_wipe(entry, sizeof(*entry));
}

static bool goes_on(const authp_later_t *later)
{
    return !later->stopping || (later->first != later->next && now() < later->until);
}

static void *work(void *data)
{
    authp_later_t *later = data;
    pthread_mutex_lock(&later->mutex);
    while (goes_on(later)) {
        entry_t entry;
        if (later->first == later->next) {
            pthread_cond_wait(&later->changed, &later->mutex);
            continue;
        }
        take(later, &entry);
        pthread_mutex_unlock(&later->mutex);
        if (authp_clock_now(later->clock) - entry.since > AUTHP_LATER_LATE_MS) {
            authp_log(AUTHP_LOG_WARNING, "AUTHP0361",
                      "a code was dropped and not sent, because it had waited for more than 25 s");
        } else {
            send_one(later, &entry);
        }
        authp_secret_wipe(&entry, sizeof(entry));
        pthread_mutex_lock(&later->mutex);
    }
    later->ended = true;
    pthread_cond_broadcast(&later->changed);
    pthread_mutex_unlock(&later->mutex);
    return NULL;
}

/* Lets the thread drain the queue until later->until. Called with the mutex held. */
static void drain(authp_later_t *later)
{
    const struct timespec until = {.tv_sec = later->until / 1000,
                                   .tv_nsec = (later->until % 1000) * 1000000};
    int rc = 0;
    while (!later->ended && rc == 0) {
        rc = pthread_cond_timedwait(&later->changed, &later->mutex, &until);
    }
}

static apr_status_t stop(void *data)
{
    authp_later_t *later = data;
    pthread_mutex_lock(&later->mutex);
    later->stopping = true;
    later->until = now() + AUTHP_LATER_DRAIN_MS;
    pthread_cond_broadcast(&later->changed);
    const bool started = later->started;
    if (started) {
        drain(later);
    }
    pthread_mutex_unlock(&later->mutex);
    atomic_store(&later->cancel, true);
    if (started) {
        pthread_join(later->thread, NULL);
    }
    if (later->first != later->next) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0362",
                  "%u codes were dropped and not sent, because the process ends",
                  later->next - later->first);
    }
    pthread_cond_destroy(&later->changed);
    pthread_mutex_destroy(&later->mutex);
    authp_secret_wipe(later->ring, sizeof(later->ring));
    return APR_SUCCESS;
}

authp_later_t *authp_later_make(authp_later_send_t *send, void *ctx, const authp_clock_t *clock,
                                apr_pool_t *pool)
{
    pthread_condattr_t monotonic;
    authp_later_t *later = apr_pcalloc(pool, sizeof(*later));
    later->send = send;
    later->ctx = ctx;
    later->clock = clock;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&later->mutex, NULL);
    pthread_cond_init(&later->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    apr_pool_cleanup_register(pool, later, stop, apr_pool_cleanup_null);
    return later;
}

/* The place of the message: that of an older one to the same number, or a new one. NULL: none is
 * free. Called with the mutex held. */
static entry_t *place_for(authp_later_t *later, const char *phone)
{
    for (unsigned int i = later->first; i != later->next; i++) {
        entry_t *entry = &later->ring[i % AUTHP_LATER_MOST];
        if (strcmp(entry->phone, phone) == 0) {
            return entry;
        }
    }
    if (later->next - later->first >= AUTHP_LATER_MOST) {
        return NULL;
    }
    return &later->ring[later->next++ % AUTHP_LATER_MOST];
}

/* Called with the mutex held. */
static bool is_running(authp_later_t *later)
{
    if (!later->started && !later->stopping) {
        later->started = authp_thread_start(&later->thread, work, later) == 0;
    }
    return later->started && !later->stopping;
}

authp_err_t authp_later_add(authp_later_t *later, const authp_otp_message_t *message)
{
    if (message->code == NULL || strlen(message->code) > AUTHP_SENDER_LENGTH_MOST ||
        strlen(message->phone) >= PHONE_ROOM) {
        return AUTHP_E_MALFORMED;
    }
    pthread_mutex_lock(&later->mutex);
    entry_t *entry = is_running(later) ? place_for(later, message->phone) : NULL;
    if (entry != NULL) {
        apr_cpystrn(entry->phone, message->phone, sizeof(entry->phone));
        apr_cpystrn(entry->code, message->code, sizeof(entry->code));
        entry->length = message->length;
        entry->minutes = message->minutes;
        entry->since = authp_clock_now(later->clock);
        pthread_cond_broadcast(&later->changed);
    }
    const char *why = later->stopping   ? "the process ends"
                      : !later->started ? "no thread could be started"
                                        : "as many codes as may wait to be sent do so already";
    pthread_mutex_unlock(&later->mutex);
    if (entry == NULL) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0360", "a code was dropped and not sent, because %s",
                  why);
    }
    return entry != NULL ? AUTHP_OK : AUTHP_E_BUSY;
}
