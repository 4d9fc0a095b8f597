/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BENCH_SCALE_ROWS_H
#define AUTHP_BENCH_SCALE_ROWS_H

#include "store/store.h"

/* The rows with which scale_rates.c fills stores. Each can be made from its number. */
#define SCALE_SESSIONS_EACH 3
#define SCALE_ENDED_EVERY 1000 /* of all sessions: these have ended in the last half hour */
#define SCALE_DAY_MS INT64_C(86400000)
#define SCALE_MONTH_MS (30 * SCALE_DAY_MS)
#define SCALE_PURGE_MARGIN_MS INT64_C(3600000) /* as in service/session/purge.c */

/* Ends the process with a line that says `what`, unless `err` is AUTHP_OK. */
void scale_rows_must(authp_err_t err, const char *what);
/* The next of a fixed sequence of numbers that look random. Not for several threads. */
uint64_t scale_rows_random(void);
/* The id of a row. `kind` is 1 for accounts and 2 for sessions. */
void scale_rows_id(authp_id_t *id, int kind, long number);
const char *scale_rows_address(long number, apr_pool_t *pool);
/* An authp_user_t. Every tenth is a recruiter too, and some are administrators. */
void *scale_rows_user(long number, apr_pool_t *pool);
/* An authp_session_t of the account number / SCALE_SESSIONS_EACH. When the sessions expire is
 * spread over a month. The first ones have expired, but not for so long that a purge removes them.
 */
void *scale_rows_session(long number, apr_pool_t *pool);
/* Inserts the first `users` accounts and all of their sessions. Shows progress on stderr. */
void scale_rows_load(authp_store_t *store, long users, apr_pool_t *pool);

#endif
