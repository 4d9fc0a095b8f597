/* SPDX-License-Identifier: Apache-2.0 */
#include "scale_rows.h"
#include "base/clock.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BATCH 999
#define ADMINS_EVERY 500
#define RECRUITERS_EVERY 10

/* The same time for all rows of one process. */
static authp_ms_t started(void)
{
    static authp_ms_t first;
    if (first == 0) {
        first = authp_clock_now(authp_clock_system());
    }
    return first;
}
static uint64_t seed = 88172645463325252U;

uint64_t scale_rows_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

void scale_rows_must(authp_err_t err, const char *what)
{
    if (err != AUTHP_OK) {
        fprintf(stderr, "scale_rates: %s: %s\n", what, authp_err_name(err));
        exit(1);
    }
}

void scale_rows_id(authp_id_t *id, int kind, long number)
{
    apr_snprintf(id->hex, sizeof(id->hex), "6%03x%020lx", (unsigned int)kind, number);
}

const char *scale_rows_address(long number, apr_pool_t *pool)
{
    return apr_psprintf(pool, "person%07ld@example.org", number);
}

void *scale_rows_user(long number, apr_pool_t *pool)
{
    authp_user_t *user = apr_pcalloc(pool, sizeof(*user));
    scale_rows_id(&user->id, 1, number);
    user->email = scale_rows_address(number, pool);
    user->name = apr_psprintf(pool, "Person %ld", number);
    user->password_hash = "$2y$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    user->roles = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(user->roles, const char *) = "candidate";
    if (number % RECRUITERS_EVERY == 1) {
        APR_ARRAY_PUSH(user->roles, const char *) = "recruiter";
    }
    if (number % ADMINS_EVERY == 0) {
        APR_ARRAY_PUSH(user->roles, const char *) = "admin";
    }
    user->ver = 1;
    user->created_at = user->updated_at = started() - SCALE_DAY_MS;
    return user;
}

void *scale_rows_session(long number, apr_pool_t *pool)
{
    authp_session_t *session = apr_pcalloc(pool, sizeof(*session));
    scale_rows_id(&session->id, 2, number);
    scale_rows_id(&session->user_id, 1, number / SCALE_SESSIONS_EACH);
    session->ver = 1;
    session->created_at = session->auth_time = started() - SCALE_DAY_MS;
    session->last_used_at = session->rotated_at = session->created_at;
    session->expires_at = started() - SCALE_PURGE_MARGIN_MS +
                          (authp_ms_t)(scale_rows_random() % (uint64_t)SCALE_MONTH_MS);
    session->absolute_expires_at = started() + 3 * SCALE_MONTH_MS;
    if (number % SCALE_ENDED_EVERY == 0) {
        session->ended_at =
            started() - (authp_ms_t)(scale_rows_random() % (SCALE_PURGE_MARGIN_MS / 2));
        session->end_reason = "logout";
    }
    session->ip = "192.0.2.1";
    session->user_agent = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
    return session;
}

static void show(const char *what, long done, long all, authp_ms_t began)
{
    double seconds = (double)(authp_clock_now(authp_clock_monotonic()) - began) / 1000;
    double rate = seconds > 0 ? (double)done / seconds : 0;
    if (isatty(STDERR_FILENO) || done == all) {
        fprintf(stderr, "\r%s: %ld of %ld, %.0f a second, %.0f s left   %s", what, done, all, rate,
                rate > 0 ? (double)(all - done) / rate : 0, done == all ? "\n" : "");
    }
}

static void fill(authp_store_t *store, const authp_columns_t *columns,
                 void *(*make)(long, apr_pool_t *), long all, apr_pool_t *parent)
{
    apr_pool_t *pool = NULL;
    authp_ms_t began = authp_clock_now(authp_clock_monotonic());
    apr_pool_create(&pool, parent);
    for (long done = 0; done < all;) {
        void *rows[BATCH];
        bool added[BATCH];
        int count = 0;
        while (count < BATCH && done + count < all) {
            rows[count] = make(done + count, pool);
            count++;
        }
        scale_rows_must(authp_store_move_add(store, columns, rows, count, added, pool), "load");
        done += count;
        apr_pool_clear(pool);
        show(columns->table, done, all, began);
    }
}

void scale_rows_load(authp_store_t *store, long users, apr_pool_t *pool)
{
    fill(store, &authp_columns_user, scale_rows_user, users, pool);
    fill(store, &authp_columns_session, scale_rows_session, users * SCALE_SESSIONS_EACH, pool);
}
