/* SPDX-License-Identifier: Apache-2.0 */
#include "service/live/live_poll.h"

#include "base/log.h"
#include "service/live/live_store.h"
#include "service/live_table/live_round.h"
#include "service/live_table/live_tell.h"

/* Reads from the store what other hosts and the command line tool have changed. One child of this
 * httpd does it once a second. Reading a change twice does no harm, but missing one would. */

#define PAGE 500
#define PAGE_MOST 1000000

typedef struct poll_t {
    const authp_realm_t *realm;
    authp_live_table_t *table;
    apr_pool_t *pool; /* cleared for each page */
} poll_t;

static void put_user(const poll_t *poll, const authp_user_t *row)
{
    const authp_live_user_t user = {
        .id = row->id.hex,
        .ver = row->ver,
        .min_ver = row->min_ver,
        .roles = authp_roles_effective(poll->realm->roles, row->roles, row->is_recruiter_verified),
        .email_verified = row->email_verified};
    authp_live_tell_user(poll->table, &user, row->auth_changed_at);
}

/* Reads one page from `since` on. *seen counts the rows that the store found. If they fill the
 * page, there is a next page, even if some rows could not be used. */
typedef authp_err_t page_fn(const poll_t *poll, authp_ms_t since, int limit, authp_seen_t *seen);

static authp_err_t page_of_users(const poll_t *poll, authp_ms_t since, int limit,
                                 authp_seen_t *seen)
{
    apr_array_header_t *list = NULL;
    authp_err_t err =
        authp_store_user_changed(poll->realm->store, since, limit, &list, seen, poll->pool);
    for (int i = 0; err == AUTHP_OK && i < list->nelts; i++) {
        put_user(poll, APR_ARRAY_IDX(list, i, const authp_user_t *));
    }
    return err;
}

static authp_err_t page_of_sessions(const poll_t *poll, authp_ms_t since, int limit,
                                    authp_seen_t *seen)
{
    apr_array_header_t *list = NULL;
    authp_err_t err =
        authp_store_session_ended(poll->realm->store, since, limit, &list, seen, poll->pool);
    for (int i = 0; err == AUTHP_OK && i < list->nelts; i++) {
        const authp_ended_t *ended = APR_ARRAY_IDX(list, i, const authp_ended_t *);
        if (authp_id_valid(ended->id.hex)) {
            authp_live_tell_session(poll->table, ended->id.hex, ended->ended_at);
        }
    }
    return err;
}

/* The next page begins with the latest time of this one, because more rows of the same millisecond
 * may follow. If all rows of a page have the same time, the next page is larger. */
static authp_err_t read_all(const poll_t *poll, page_fn *page, authp_ms_t since, authp_ms_t *newest)
{
    authp_err_t err = AUTHP_OK;
    int limit = PAGE;
    for (bool more = true; err == AUTHP_OK && more;) {
        authp_seen_t seen = {0};
        apr_pool_clear(poll->pool);
        err = page(poll, since, limit, &seen);
        *newest = seen.newest > *newest ? seen.newest : *newest;
        more = seen.rows >= limit && limit < PAGE_MOST;
        limit = seen.newest <= since ? limit * 2 : PAGE;
        since = seen.newest > since ? seen.newest : since;
        authp_live_round_beat(poll->table);
    }
    return err;
}

static authp_err_t run(const poll_t *poll, authp_live_round_t *round)
{
    authp_err_t err = read_all(poll, page_of_users, round->users_since, &round->users_newest);
    if (err == AUTHP_OK) {
        err = read_all(poll, page_of_sessions, round->sessions_since, &round->sessions_newest);
    }
    return err;
}

static void say(const authp_live_t *live, authp_err_t err)
{
    if (!authp_live_store_failing(live->store, err != AUTHP_OK)) {
        return;
    }
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0332",
                  "changes by other hosts cannot be read: %s; guarded pages follow "
                  "AuthPlatformWhenUnavailable after AuthPlatformRevocationMaxLag",
                  authp_err_name(err));
    } else {
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0333", "changes by other hosts are read again");
    }
}

static authp_err_t measure(const poll_t *poll)
{
    authp_store_t *store = poll->realm->store;
    authp_err_t err = authp_store_measure_clock(store, poll->realm->clock, poll->pool);
    if (err == AUTHP_OK) {
        authp_live_table_set_clock(poll->table, atomic_load(&store->offset));
    }
    return err;
}

void authp_live_poll(const authp_realm_t *realm, apr_pool_t *pool)
{
    poll_t poll = {.realm = realm, .table = realm->live->table};
    authp_live_round_t round = {0};
    authp_realm_adopt_clock(realm);
    if (!authp_live_round_begin(poll.table, &round) ||
        apr_pool_create(&poll.pool, pool) != APR_SUCCESS) {
        return;
    }
    authp_err_t err = measure(&poll);
    if (err == AUTHP_OK) {
        authp_live_round_set(poll.table, &round, authp_realm_now(realm));
        err = run(&poll, &round);
    }
    authp_live_round_end(poll.table, &round, err == AUTHP_OK);
    say(realm->live, err);
    apr_pool_destroy(poll.pool);
}
