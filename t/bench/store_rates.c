/* SPDX-License-Identifier: Apache-2.0 */
/* Measures how many times a second a store does what the routes ask of it, without httpd, hashing
 * or JSON: store_rates sqlite FILE - | mongodb URI DATABASE | postgresql URI SCHEMA, then
 * THREADS SECONDS. Prints one line for each kind of operation. */
#include "base/clock.h"
#include "base/random.h"
#include "store/providers/providers.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MOST 64

typedef struct bench_t {
    authp_store_t *store;
    authp_ms_t until;
    atomic_long done;
    atomic_long failed;
    authp_err_t (*step)(struct bench_t *bench, int thread, long turn, apr_pool_t *pool);
    authp_session_t sessions[THREADS_MOST];
} bench_t;

static authp_ms_t now(void)
{
    return authp_clock_now(authp_clock_system());
}

static authp_id_t new_id(void)
{
    return authp_id_new(authp_clock_system(), authp_random_system());
}

static authp_user_t user_of(const char *email, apr_pool_t *pool)
{
    authp_user_t user = {.id = new_id(), .email = email, .ver = 1};
    user.roles = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(user.roles, const char *) = "candidate";
    user.password_hash = "$2y$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    user.created_at = user.updated_at = now();
    return user;
}

static authp_session_t session_of(const authp_user_t *user)
{
    authp_ms_t at = now();
    authp_session_t session = {.id = new_id(),
                               .user_id = user->id,
                               .ver = 1,
                               .created_at = at,
                               .last_used_at = at,
                               .auth_time = at,
                               .rotated_at = at,
                               .expires_at = at + 86400000,
                               .absolute_expires_at = at + 864000000,
                               .ip = "127.0.0.1",
                               .user_agent = "bench"};
    return session;
}

static authp_err_t note(bench_t *bench, const authp_user_t *user, apr_pool_t *pool)
{
    authp_audit_t entry = {.id = new_id(),
                           .at = now(),
                           .event = "bench",
                           .outcome = "ok",
                           .actor_id = user->id.hex,
                           .subject_id = user->id.hex};
    return authp_store_audit_append(bench->store, &entry, pool);
}

static authp_err_t sign_up(bench_t *bench, int thread, long turn, apr_pool_t *pool)
{
    authp_user_t user = user_of(apr_psprintf(pool, "up%d-%ld@example.org", thread, turn), pool);
    authp_err_t err = authp_store_user_create(bench->store, &user, pool);
    if (err == AUTHP_OK) {
        err = note(bench, &user, pool);
    }
    authp_session_t session = session_of(&user);
    return err == AUTHP_OK ? authp_store_session_create(bench->store, &session, pool) : err;
}

static authp_err_t sign_in(bench_t *bench, int thread, long turn, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    (void)turn;
    authp_err_t err =
        authp_store_user_by_login(bench->store, AUTHP_LOGIN_EMAIL,
                                  apr_psprintf(pool, "in%d@example.org", thread), &user, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_session_t session = session_of(user);
    err = authp_store_session_create(bench->store, &session, pool);
    return err == AUTHP_OK ? note(bench, user, pool) : err;
}

static authp_err_t refresh(bench_t *bench, int thread, long turn, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_session_t *session = NULL;
    const authp_session_t *mine = &bench->sessions[thread];
    authp_err_t err = authp_store_session_by_id(bench->store, mine->id.hex, &session, pool);
    if (err == AUTHP_OK) {
        err = authp_store_user_by_id(bench->store, session->user_id.hex, &user, pool);
    }
    return err == AUTHP_OK ? authp_store_session_rotate(bench->store, mine->id.hex, turn, now(),
                                                        now() + 86400000, pool)
                           : err;
}

static authp_err_t list(bench_t *bench, int thread, long turn, apr_pool_t *pool)
{
    apr_array_header_t *users = NULL;
    const authp_user_filter_t filter = {.limit = 51};
    (void)thread, (void)turn;
    return authp_store_user_list(bench->store, &filter, &users, pool);
}

typedef struct worker_t {
    bench_t *bench;
    int number;
} worker_t;

static void *work(void *data)
{
    const worker_t *worker = data;
    bench_t *bench = worker->bench;
    apr_pool_t *pool = NULL;
    apr_pool_create_unmanaged_ex(&pool, NULL, NULL);
    for (long turn = 0; now() < bench->until; turn++) {
        authp_err_t err = bench->step(bench, worker->number, turn, pool);
        atomic_fetch_add(err == AUTHP_OK ? &bench->done : &bench->failed, 1);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void measure(bench_t *bench, const char *name, int threads, double seconds)
{
    pthread_t ids[THREADS_MOST];
    worker_t workers[THREADS_MOST];
    atomic_store(&bench->done, 0);
    bench->until = now() + (authp_ms_t)(seconds * 1000);
    for (int i = 0; i < threads; i++) {
        workers[i] = (worker_t){bench, i};
        if (pthread_create(&ids[i], NULL, work, &workers[i]) != 0) {
            exit(1);
        }
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
    }
    printf("%s %.1f\n", name, (double)atomic_load(&bench->done) / seconds);
}

static void must(authp_err_t err, const char *what)
{
    if (err != AUTHP_OK) {
        fprintf(stderr, "store_rates: %s: %s\n", what, authp_err_name(err));
        exit(1);
    }
}

int main(int argc, char **argv)
{
    static bench_t bench;
    apr_pool_t *pool = NULL;
    if (argc != 6 || authp_providers_find(argv[1]) == NULL) {
        fprintf(stderr, "usage: store_rates STORE FILE|URI DATABASE|SCHEMA THREADS SECONDS\n");
        return 2;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    int threads = (int)apr_atoi64(argv[4]);
    double seconds = strtod(argv[5], NULL);
    threads = threads < 1 ? 1 : threads > THREADS_MOST ? THREADS_MOST : threads;
    const authp_store_config_t config = {.file = argv[2],
                                         .uri = argv[2],
                                         .database = argv[3],
                                         .schema = argv[3],
                                         .timeout_ms = 2000,
                                         .max_connections = threads};
    must(authp_store_open(authp_providers_find(argv[1]), &config, &bench.store, pool), "open");
    for (int i = 0; i < threads; i++) {
        authp_user_t user = user_of(apr_psprintf(pool, "in%d@example.org", i), pool);
        must(authp_store_user_create(bench.store, &user, pool), "an account");
        bench.sessions[i] = session_of(&user);
        must(authp_store_session_create(bench.store, &bench.sessions[i], pool), "a session");
    }
    /* The kinds that add rows come last, so that all others run on the same few rows. */
    bench.step = refresh;
    measure(&bench, "refresh", threads, seconds);
    bench.step = list;
    measure(&bench, "list", threads, seconds);
    bench.step = sign_in;
    measure(&bench, "sign-in", threads, seconds);
    bench.step = sign_up;
    measure(&bench, "sign-up", threads, seconds);
    if (atomic_load(&bench.failed) != 0) {
        fprintf(stderr, "store_rates: %ld operations failed\n", atomic_load(&bench.failed));
    }
    apr_pool_destroy(pool);
    return atomic_load(&bench.failed) != 0;
}
