/* SPDX-License-Identifier: Apache-2.0 */
#include "store/model.h"
#include "store/sql/sql.h"

/* Reads (count, time). */
static authp_err_t read_tally(authp_sql_rows_t *rows, void *ctx)
{
    authp_tallied_t *out = ctx;
    if (!authp_sql_rows_next(rows)) {
        return AUTHP_E_NOT_FOUND;
    }
    out->count = authp_sql_rows_int(rows, 0);
    out->until = authp_sql_rows_int(rows, 1);
    return AUTHP_OK;
}

/* What a tally that is full says: when its window began. Between the two statements it may have
 * been given back or purged, so the end may be that of a window from now on. */
static authp_err_t refuse(authp_sql_t *sql, const authp_tally_t *tally, authp_tallied_t *out)
{
    static const authp_sql_statement_t statement = {
        .name = "tally_take, when it is full",
        .text = "SELECT count, {time:began_at} FROM {table:tallies} WHERE id = {?text}"};
    authp_tallied_t found = {.count = 0};
    const void *values[] = {tally->key};
    authp_err_t err = authp_sql_run(sql, &statement, values, read_tally, &found);
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    bool over = err == AUTHP_E_NOT_FOUND || found.until <= tally->now - tally->window_ms ||
                found.until > tally->now + tally->window_ms;
    out->count = over ? 0 : found.count;
    out->until = (over ? tally->now : found.until) + tally->window_ms;
    return AUTHP_E_CONFLICT;
}

/* The window is over if it began at `since` or before, or later than the end that a new one has. A
 * row that is full is not updated, and so not returned. */
#define OVER "NOT (tallies.began_at > {?time} AND tallies.began_at <= {?time})"
authp_err_t authp_sql_tally_take(void *self, const authp_tally_t *tally, authp_tallied_t *out,
                                 apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "tally_take",
        .text = "INSERT INTO {table:tallies} (id, count, began_at, expires_at) "
                "VALUES ({?text}, 1, {?time}, {?time}) ON CONFLICT (id) DO UPDATE SET "
                "count = CASE WHEN " OVER " THEN 1 ELSE tallies.count + 1 END, "
                "began_at = CASE WHEN " OVER " THEN excluded.began_at ELSE tallies.began_at END, "
                "expires_at = CASE WHEN " OVER " THEN excluded.expires_at "
                "ELSE tallies.expires_at END WHERE " OVER " OR tallies.count < {?int} "
                "RETURNING count, {time:began_at}"};
    authp_tallied_t taken = {.count = 0};
    apr_int64_t since = tally->now - tally->window_ms;
    apr_int64_t expires_at = tally->now + tally->window_ms;
    const void *values[] = {tally->key,  &tally->now, &expires_at, &since,
                            &expires_at, &since,      &expires_at, &since,
                            &expires_at, &since,      &expires_at, &tally->most};
    (void)pool;
    authp_err_t err = tally->most > 0 ? authp_sql_run(self, &statement, values, read_tally, &taken)
                                      : AUTHP_E_NOT_FOUND;
    if (err == AUTHP_E_NOT_FOUND) {
        return refuse(self, tally, out);
    }
    if (err == AUTHP_OK) {
        out->count = taken.count;
        out->until = taken.until + tally->window_ms;
    }
    return err;
}

authp_err_t authp_sql_tally_give(void *self, const char *key, authp_ms_t now, apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "tally_give",
        .text = "UPDATE {table:tallies} SET count = count - 1 WHERE id = {?text} AND "
                "expires_at > {?time} AND count > 0 RETURNING id"};
    const void *values[] = {key, &now};
    (void)pool;
    return authp_sql_change_one(self, &statement, values, AUTHP_OK);
}

authp_err_t authp_sql_tally_get(void *self, const char *key, authp_ms_t now, authp_tallied_t *out,
                                apr_pool_t *pool)
{
    static const authp_sql_statement_t statement = {
        .name = "tally_get",
        .text = "SELECT count, {time:expires_at} FROM {table:tallies} WHERE id = {?text} AND "
                "expires_at > {?time}"};
    authp_tallied_t found;
    const void *values[] = {key, &now};
    (void)pool;
    authp_err_t err = authp_sql_run(self, &statement, values, read_tally, &found);
    if (err == AUTHP_OK) {
        *out = found;
    }
    return err;
}
