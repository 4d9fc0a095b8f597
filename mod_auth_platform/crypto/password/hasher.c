/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/hasher.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/thread.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"

#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* An admitted caller gets its hash within 5 s if the estimate is right. Other work on the machine
 * may double that time. */
#define WAIT_MS 10000
#define MAX_THREADS 80
#define QUICK_MS 250
#define LONG_QUEUE_PER_SLOT 4

typedef enum job_state_t { JOB_WAITING, JOB_TAKEN, JOB_DONE } job_state_t;

/* A job is on the stack of its caller, who waits until no other thread has a pointer to it. */
typedef struct job_t {
    struct job_t *next;
    authp_hash_for_t who;
    job_state_t state;
    authp_err_t err;
    int64_t deadline;
    const char *stored;           /* the hash to verify; NULL if the job is another one */
    const authp_scheme_t *scheme; /* how to make a hash; NULL if the job is another one */
    bool match;
    int64_t spent_us; /* processor time; set before for a job that only spends time */
    size_t len;
    char password[AUTHP_FOREIGN_PASSWORD_MOST + 1]; /* one byte more, see perform() */
    char made[AUTHP_SCHEME_HASH_LEN + 1];
    pthread_cond_t done;
} job_t;

/* The threads and the line for one kind of caller. */
typedef struct crew_t {
    struct authp_hasher_t *hasher;
    authp_hash_for_t who;
    pthread_cond_t work;
    job_t *first;
    job_t *last;
    int idle;
    int nthreads;
    pthread_t threads[MAX_THREADS];
} crew_t;

struct authp_hasher_t {
    authp_hasher_bound_t *bound;
    const authp_random_t *random;
    int strangers_most;    /* 0 = no limit */
    pthread_mutex_t mutex; /* guards everything below and the state of every job */
    int strangers;         /* strangers that wait for a hash, or have it made */
    bool stopping;
    int inside;          /* callers in submit() */
    pthread_cond_t left; /* the last of them has left, while stopping */
    crew_t crews[AUTHP_HASH_FOR_COUNT];
};

/* Processor time of this thread. */
static int64_t cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Makes bcrypt hashes of about 1 ms, until the time is as near as possible to that of a hash. */
static void spend(const authp_hasher_t *hasher, int64_t already_us)
{
    int64_t left_us = authp_hasher_bound_quiet_us(hasher->bound) - already_us;
    for (int64_t one_us = 0; left_us > one_us / 2; left_us -= one_us) {
        int64_t began = cpu_us();
        (void)authp_bcrypt_verify("x", 1, authp_bcrypt_dummy(0));
        one_us = cpu_us() - began;
    }
}

static authp_err_t do_job(const authp_hasher_t *hasher, job_t *job)
{
    if (job->scheme != NULL) {
        return authp_scheme_hash(job->scheme, job->password, job->len, hasher->random, job->made);
    }
    if (job->stored == NULL) {
        spend(hasher, job->spent_us);
        return AUTHP_OK;
    }
    int64_t began = cpu_us();
    authp_err_t err = authp_foreign_verify(job->password, job->len, job->stored, &job->match);
    job->spent_us = cpu_us() - began;
    return err;
}

static void run_job(authp_hasher_t *hasher, job_t *job)
{
    int slot = authp_hasher_bound_run(hasher->bound, job->who, (int)(uintptr_t)syscall(SYS_gettid),
                                      job->deadline);
    if (slot < 0) {
        job->err = AUTHP_E_BUSY;
        return;
    }
    int64_t began = authp_hasher_bound_now();
    job->err = do_job(hasher, job);
    bool stranger = job->who == AUTHP_HASH_STRANGER;
    authp_hasher_bound_done(hasher->bound, slot, stranger ? authp_hasher_bound_now() - began : 0);
}

static job_t *take_job(crew_t *crew)
{
    job_t *job = crew->first;
    if (job != NULL) {
        crew->first = job->next;
        crew->last = crew->first != NULL ? crew->last : NULL;
        job->state = JOB_TAKEN;
    }
    return job;
}

static void finish(job_t *job)
{
    job->state = JOB_DONE;
    pthread_cond_signal(&job->done);
}

static void *work(void *data)
{
    crew_t *crew = data;
    authp_hasher_t *hasher = crew->hasher;
    /* Hashes for strangers run at low priority, so that pages go first. Hashes for known callers do
     * not: at low priority they would starve while the server is busy. */
    if (crew->who == AUTHP_HASH_STRANGER) {
        authp_thread_stand_back();
    }
    pthread_mutex_lock(&hasher->mutex);
    while (!hasher->stopping) {
        job_t *job = take_job(crew);
        if (job == NULL) {
            crew->idle++;
            pthread_cond_wait(&crew->work, &hasher->mutex);
            crew->idle--;
            continue;
        }
        pthread_mutex_unlock(&hasher->mutex);
        run_job(hasher, job);
        pthread_mutex_lock(&hasher->mutex);
        finish(job);
    }
    pthread_mutex_unlock(&hasher->mutex);
    return NULL;
}

static void start_thread(crew_t *crew)
{
    int most = authp_hasher_bound_slots(crew->hasher->bound, crew->who);
    if (crew->idle > 0 || crew->nthreads >= most || crew->nthreads >= MAX_THREADS) {
        return;
    }
    int rc = authp_thread_start(&crew->threads[crew->nthreads], work, crew);
    if (rc == 0) {
        crew->nthreads++;
    } else {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0130", "cannot start a hashing thread: %s", strerror(rc));
    }
}

static apr_status_t stop(void *data)
{
    authp_hasher_t *hasher = data;
    pthread_mutex_lock(&hasher->mutex);
    hasher->stopping = true;
    for (int who = 0; who < AUTHP_HASH_FOR_COUNT; who++) {
        crew_t *crew = &hasher->crews[who];
        for (job_t *job = take_job(crew); job != NULL; job = take_job(crew)) {
            job->err = AUTHP_E_BUSY;
            finish(job);
        }
        pthread_cond_broadcast(&crew->work);
    }
    pthread_mutex_unlock(&hasher->mutex);
    for (int who = 0; who < AUTHP_HASH_FOR_COUNT; who++) {
        crew_t *crew = &hasher->crews[who];
        for (int i = 0; i < crew->nthreads; i++) {
            pthread_join(crew->threads[i], NULL);
        }
        pthread_cond_destroy(&crew->work);
    }
    /* A caller that was woken still uses this memory until it has left. */
    pthread_mutex_lock(&hasher->mutex);
    while (hasher->inside > 0) {
        pthread_cond_wait(&hasher->left, &hasher->mutex);
    }
    pthread_mutex_unlock(&hasher->mutex);
    pthread_cond_destroy(&hasher->left);
    pthread_mutex_destroy(&hasher->mutex);
    return APR_SUCCESS;
}

authp_err_t authp_hasher_make(authp_hasher_bound_t *bound, const authp_random_t *random,
                              int strangers, authp_hasher_t **out, apr_pool_t *pool)
{
    authp_hasher_t *hasher = apr_pcalloc(pool, sizeof(*hasher));
    hasher->bound = bound;
    hasher->random = random;
    hasher->strangers_most = strangers;
    if (pthread_mutex_init(&hasher->mutex, NULL) != 0 ||
        pthread_cond_init(&hasher->left, NULL) != 0) {
        return AUTHP_E_INTERNAL;
    }
    for (int who = 0; who < AUTHP_HASH_FOR_COUNT; who++) {
        hasher->crews[who].hasher = hasher;
        hasher->crews[who].who = (authp_hash_for_t)who;
        if (pthread_cond_init(&hasher->crews[who].work, NULL) != 0) {
            return AUTHP_E_INTERNAL;
        }
    }
    apr_pool_cleanup_register(pool, hasher, stop, apr_pool_cleanup_null);
    *out = hasher;
    return AUTHP_OK;
}

/* Takes a job that no thread has begun out of the line. */
static void withdraw(crew_t *crew, job_t *job)
{
    job_t *before = NULL;
    for (job_t *at = crew->first; at != NULL && at != job; at = at->next) {
        before = at;
    }
    if (before != NULL) {
        before->next = job->next;
    } else {
        crew->first = job->next;
    }
    crew->last = crew->last == job ? before : crew->last;
    job->err = AUTHP_E_BUSY;
    job->state = JOB_DONE;
}

static void await(crew_t *crew, job_t *job)
{
    struct timespec until = {.tv_sec = job->deadline / 1000,
                             .tv_nsec = (job->deadline % 1000) * 1000000};
    while (job->state != JOB_DONE) {
        if (job->state == JOB_TAKEN) {
            pthread_cond_wait(&job->done, &crew->hasher->mutex);
        } else if (pthread_cond_timedwait(&job->done, &crew->hasher->mutex, &until) != 0 &&
                   job->state == JOB_WAITING) {
            withdraw(crew, job);
        }
    }
}

/* Called with the mutex held. */
static void stand_in_line(crew_t *crew, job_t *job)
{
    start_thread(crew);
    if (crew->hasher->stopping || crew->nthreads == 0) {
        job->err = AUTHP_E_BUSY;
        return;
    }
    if (crew->last != NULL) {
        crew->last->next = job;
    } else {
        crew->first = job;
    }
    crew->last = job;
    pthread_cond_signal(&crew->work);
    await(crew, job);
}

/* Called with the mutex held. */
static bool may_wait(const authp_hasher_t *hasher, authp_hash_for_t who)
{
    return who != AUTHP_HASH_STRANGER || hasher->strangers_most == 0 ||
           hasher->strangers < hasher->strangers_most;
}

static void submit(authp_hasher_t *hasher, job_t *job)
{
    bool stranger = job->who == AUTHP_HASH_STRANGER;
    pthread_mutex_lock(&hasher->mutex);
    hasher->inside++;
    if (!may_wait(hasher, job->who)) {
        job->err = AUTHP_E_BUSY;
    } else {
        hasher->strangers += stranger;
        stand_in_line(&hasher->crews[job->who], job);
        hasher->strangers -= stranger;
    }
    hasher->inside--;
    if (hasher->stopping && hasher->inside == 0) {
        pthread_cond_signal(&hasher->left);
    }
    pthread_mutex_unlock(&hasher->mutex);
}

bool authp_hasher_has_room(authp_hasher_t *hasher, authp_hash_for_t who)
{
    pthread_mutex_lock(&hasher->mutex);
    bool may = may_wait(hasher, who);
    pthread_mutex_unlock(&hasher->mutex);
    int place = may ? authp_hasher_bound_admit(hasher->bound, who) : -1;
    if (place >= 0) {
        authp_hasher_bound_leave(hasher->bound, place);
    }
    return place >= 0;
}

int authp_hasher_hashing(authp_hasher_t *hasher)
{
    pthread_mutex_lock(&hasher->mutex);
    int hashing = hasher->strangers;
    pthread_mutex_unlock(&hasher->mutex);
    return hashing;
}

bool authp_hasher_line_is_long(const authp_hasher_t *hasher)
{
    int slots = authp_hasher_bound_slots(hasher->bound, AUTHP_HASH_STRANGER);
    int line = authp_hasher_bound_line(hasher->bound, AUTHP_HASH_STRANGER);
    return line >= (1 + LONG_QUEUE_PER_SLOT) * slots;
}

bool authp_hasher_line_is_quick(const authp_hasher_t *hasher, int more)
{
    int64_t drain = authp_hasher_bound_drain_ms(hasher->bound, more);
    return drain > 0 && drain <= QUICK_MS;
}

bool authp_hasher_strangers_wait(authp_hasher_t *hasher)
{
    return authp_hasher_hashing(hasher) > 0 || !authp_hasher_has_room(hasher, AUTHP_HASH_STRANGER);
}

static authp_err_t perform(authp_hasher_t *hasher, const char *password, size_t len, job_t *job)
{
    pthread_condattr_t attributes;
    authp_hasher_bound_t *bound = hasher->bound; /* outlives the hasher */
    int place = authp_hasher_bound_admit(bound, job->who);
    if (place < 0) {
        return AUTHP_E_BUSY;
    }
    /* Of a password that is too long, one byte too many is kept. So it is refused, after the same
     * amount of work. */
    job->len = len > AUTHP_FOREIGN_PASSWORD_MOST ? AUTHP_FOREIGN_PASSWORD_MOST + 1 : len;
    memcpy(job->password, password, job->len);
    job->deadline = authp_hasher_bound_now() + WAIT_MS;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&job->done, &attributes);
    pthread_condattr_destroy(&attributes);
    submit(hasher, job);
    pthread_cond_destroy(&job->done);
    authp_secret_wipe(job->password, sizeof(job->password));
    authp_hasher_bound_leave(bound, place);
    return job->err;
}

authp_err_t authp_hasher_hash(authp_hasher_t *hasher, authp_hash_for_t who, const char *password,
                              size_t len, const authp_scheme_t *scheme, char *out)
{
    job_t job = {.who = who, .scheme = scheme};
    authp_err_t err = perform(hasher, password, len, &job);
    if (err == AUTHP_OK) {
        memcpy(out, job.made, sizeof(job.made));
    }
    return err;
}

authp_err_t authp_hasher_verify_timed(authp_hasher_t *hasher, authp_hash_for_t who,
                                      const char *password, size_t len, const char *hash,
                                      authp_hash_verdict_t *out)
{
    job_t job = {.who = who, .stored = hash};
    authp_err_t err = perform(hasher, password, len, &job);
    if (err == AUTHP_OK) {
        *out = (authp_hash_verdict_t){.match = job.match, .spent_us = job.spent_us};
    }
    return err;
}

authp_err_t authp_hasher_verify(authp_hasher_t *hasher, authp_hash_for_t who, const char *password,
                                size_t len, const char *hash, bool *match)
{
    authp_hash_verdict_t verdict;
    authp_err_t err = authp_hasher_verify_timed(hasher, who, password, len, hash, &verdict);
    *match = err == AUTHP_OK ? verdict.match : *match;
    return err;
}

authp_err_t authp_hasher_spend(authp_hasher_t *hasher, authp_hash_for_t who, int64_t spent_us)
{
    job_t job = {.who = who, .spent_us = spent_us};
    bool rest = spent_us < authp_hasher_bound_quiet_us(hasher->bound);
    return rest ? perform(hasher, "", 0, &job) : AUTHP_OK;
}
