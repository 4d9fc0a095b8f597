/* SPDX-License-Identifier: Apache-2.0 */
/* What the live table's poll reads: changed accounts and ended sessions, ordered by time. */
#include "contract.h"

#include <stdlib.h>
#include <string.h>

#define NOW CONTRACT_NOW

static authp_user_t change(const authp_user_t *before, authp_ms_t at)
{
    authp_user_t after = *before;
    after.ver = before->ver + 1;
    after.auth_changed_at = at;
    after.updated_at = at;
    ck_assert_int_eq(authp_store_user_update(contract_store(), before, &after, contract_pool()),
                     AUTHP_OK);
    return after;
}

static apr_array_header_t *changed(authp_ms_t since, int limit)
{
    apr_array_header_t *list = NULL;
    authp_seen_t seen = {-1, -1};
    ck_assert_int_eq(
        authp_store_user_changed(contract_store(), since, limit, &list, &seen, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(seen.rows, list->nelts);
    ck_assert_int_eq(
        seen.newest,
        list->nelts > 0
            ? APR_ARRAY_IDX(list, list->nelts - 1, const authp_user_t *)->auth_changed_at
            : 0);
    return list;
}

static apr_array_header_t *ended(authp_ms_t since, int limit)
{
    apr_array_header_t *list = NULL;
    authp_seen_t seen = {-1, -1};
    ck_assert_int_eq(
        authp_store_session_ended(contract_store(), since, limit, &list, &seen, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(seen.rows, list->nelts);
    ck_assert_int_eq(seen.newest,
                     list->nelts > 0
                         ? APR_ARRAY_IDX(list, list->nelts - 1, const authp_ended_t *)->ended_at
                         : 0);
    return list;
}

static const authp_user_t *user_at(const apr_array_header_t *list, int i)
{
    ck_assert_int_lt(i, list->nelts);
    return APR_ARRAY_IDX(list, i, const authp_user_t *);
}

START_TEST(changed_accounts)
{
    authp_user_t quiet = contract_user("quiet@example.org", contract_pool());
    quiet.auth_changed_at = 0;
    ck_assert_int_eq(authp_store_user_create(contract_store(), &quiet, contract_pool()), AUTHP_OK);
    authp_user_t early = contract_put_user("early@example.org");
    authp_user_t late = contract_put_user("late@example.org");
    authp_user_t gone = contract_put_user("gone@example.org");
    late = change(&late, NOW + 300000);
    early = change(&early, NOW + 200000);
    ck_assert_int_eq(
        authp_store_user_delete(contract_store(), &gone, NOW + 250000, contract_pool()), AUTHP_OK);

    apr_array_header_t *list = changed(NOW + 200000, 10);
    ck_assert_int_eq(list->nelts, 3);
    ck_assert_str_eq(user_at(list, 0)->id.hex, early.id.hex);
    ck_assert_int_eq(user_at(list, 0)->auth_changed_at, NOW + 200000);
    ck_assert_int_eq(user_at(list, 0)->ver, early.ver);
    ck_assert_int_eq(user_at(list, 0)->roles->nelts, early.roles->nelts);
    ck_assert_str_eq(user_at(list, 1)->id.hex, gone.id.hex);
    ck_assert_int_eq(user_at(list, 1)->auth_changed_at, NOW + 250000);
    ck_assert_int_eq(user_at(list, 1)->min_ver, gone.ver + 1);
    ck_assert_int_eq(user_at(list, 1)->roles->nelts, 0);
    ck_assert_str_eq(user_at(list, 2)->id.hex, late.id.hex);
    ck_assert_int_eq(changed(NOW + 200001, 10)->nelts, 2);
    ck_assert_int_eq(changed(NOW + 300001, 10)->nelts, 0);
    list = changed(NOW + 200000, 1);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(user_at(list, 0)->id.hex, early.id.hex);
    for (int i = 0; i < changed(0, 10)->nelts; i++) {
        ck_assert_str_ne(user_at(changed(0, 10), i)->id.hex, quiet.id.hex);
    }
}
END_TEST

START_TEST(ended_sessions)
{
    authp_user_t user = contract_put_user("ada@example.org");
    authp_user_t other = contract_put_user("eve@example.org");
    authp_session_t sessions[4];
    apr_array_header_t *ids = NULL;
    int count = 0;
    for (int i = 0; i < 4; i++) {
        sessions[i] = contract_put_session(&user);
    }
    ck_assert_int_eq(ended(0, 10)->nelts, 0);
    ck_assert_int_eq(authp_store_session_end(contract_store(), sessions[2].id.hex, "logout",
                                             NOW + 10, contract_pool()),
                     AUTHP_OK);
    const authp_end_t end = {.except_sid = sessions[0].id.hex, .reason = "x", .now = NOW + 5};
    ck_assert_int_eq(authp_store_session_end_user(contract_store(), user.id.hex, &end, &count),
                     AUTHP_OK);
    apr_array_header_t *list = ended(NOW + 5, 10);
    ck_assert_int_eq(list->nelts, 3);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 0, authp_ended_t *)->ended_at, NOW + 5);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 1, authp_ended_t *)->ended_at, NOW + 5);
    ck_assert_int_eq(APR_ARRAY_IDX(list, 2, authp_ended_t *)->ended_at, NOW + 10);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 2, authp_ended_t *)->id.hex, sessions[2].id.hex);
    ck_assert_int_eq(ended(NOW + 6, 10)->nelts, 1);
    ck_assert_int_eq(ended(NOW + 5, 2)->nelts, 2);
    ck_assert_int_eq(ended(NOW + 11, 10)->nelts, 0);
    (void)contract_put_session(&other);
    ck_assert_int_eq(
        authp_store_session_ended_of(contract_store(), user.id.hex, NOW + 5, &ids, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(ids->nelts, 3);
    ck_assert_int_eq(
        authp_store_session_ended_of(contract_store(), user.id.hex, NOW + 6, &ids, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(ids->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(ids, 0, const char *), sessions[2].id.hex);
    ck_assert_int_eq(
        authp_store_session_ended_of(contract_store(), other.id.hex, 0, &ids, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(ids->nelts, 0);
}
END_TEST

/* The store tells a host with a wrong clock by how much it differs. Times of rows are those that
 * callers give. */
static authp_ms_t eight_days_ahead(void *ctx)
{
    (void)ctx;
    return authp_clock_now(authp_clock_system()) + INT64_C(8) * 86400000;
}

START_TEST(clocks_are_compared)
{
    static const authp_clock_t wrong = {eight_days_ahead, NULL};
    authp_store_t *store = contract_store();
    authp_user_t user = contract_put_user("ada@example.org");
    authp_session_t session = contract_put_session(&user);
    authp_session_t *got = NULL;
    int64_t offset = -1;
    ck_assert(!atomic_load(&store->measured));
    ck_assert(!authp_store_offset(store, &offset));
    ck_assert_int_eq(offset, 0);
    ck_assert_int_eq(authp_store_measure_clock(store, &wrong, contract_pool()), AUTHP_OK);
    ck_assert(authp_store_offset(store, &offset));
    ck_assert(!authp_store_offset_fine(offset));
    ck_assert_int_lt(llabs(offset + INT64_C(8) * 86400000), 5000);
    ck_assert_int_lt(llabs(authp_store_time(store, eight_days_ahead(NULL)) -
                           authp_clock_now(authp_clock_system())),
                     5000);
    ck_assert_int_eq(authp_store_measure_clock(store, authp_clock_system(), contract_pool()),
                     AUTHP_OK);
    ck_assert(atomic_load(&store->measured));
    ck_assert_int_lt(atomic_load(&store->offset), 5000);
    ck_assert_int_gt(atomic_load(&store->offset), -5000);
    authp_store_set_offset(store, 7000);
    ck_assert_int_eq(authp_store_time(store, NOW), NOW + 7000);
    (void)change(&user, NOW + 1000);
    ck_assert_int_eq(changed(NOW + 1001, 10)->nelts, 0);
    ck_assert_int_eq(user_at(changed(NOW + 1000, 10), 0)->auth_changed_at, NOW + 1000);
    ck_assert_int_eq(
        authp_store_session_end(store, session.id.hex, "logout", NOW + 1, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(authp_store_session_by_id(store, session.id.hex, &got, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(got->ended_at, NOW + 1);
}
END_TEST

void contract_add_live(TCase *tests)
{
    tcase_add_test(tests, changed_accounts);
    tcase_add_test(tests, ended_sessions);
    tcase_add_test(tests, clocks_are_compared);
}
