/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of MongoDB documents, some of which other programs wrote. */
#include "../unit/suite.h"
#include "base/log.h"
#include "contract.h"
#include "mongodb_fixture.h"

#include <apr_strings.h>

#define STAMP "{\"$date\":{\"$numberLong\":\"%d\"}}"

static apr_pool_t *pool;
static authp_store_t *store;

static void setup(void)
{
    apr_pool_create(&pool, NULL);
    mongodb_fixture_make();
    store = mongodb_fixture_open(pool);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
    mongodb_fixture_remove();
}

/* A page continues after a document that cannot be read, and a cursor from its end finds the
 * rest. */
START_TEST(lists_pass_over_odd_documents)
{
    apr_array_header_t *list = NULL;
    for (int i = 0; i < 12; i++) {
        const char *wrong_roles = i % 4 == 3 ? "" : ",\"roles\":7";
        mongodb_fixture_put("users",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"6b00000000000000000000%02x\"},"
                                         "\"email\":\"u%d@example.org\"%s}",
                                         i, i, wrong_roles));
    }
    mongodb_fixture_put("users", "{\"_id\":\"by hand\",\"email\":\"hand@example.org\"}");
    mongodb_fixture_put("users", "{\"_id\":7,\"email\":\"seven@example.org\"}");
    authp_user_filter_t filter = {.limit = 2};
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    const authp_user_t *second = APR_ARRAY_IDX(list, 1, authp_user_t *);
    ck_assert_str_eq(second->email, "u7@example.org");
    filter.after_id = second->id.hex;
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_user_t *)->email, "u11@example.org");
}
END_TEST

/* Inserts three changed accounts and three ended sessions. Number `odd` of each cannot be read. */
static void put_in_time(int odd)
{
    for (int i = 1; i <= 3; i++) {
        const char *id = apr_psprintf(pool, "{\"$oid\":\"6b00000000000000000001%02x\"}", i);
        mongodb_fixture_put(
            "users", apr_psprintf(pool, "{\"_id\":%s,\"roles\":%s,\"auth_changed_at\":" STAMP "}",
                                  id, i == odd ? "7" : "[]", 1000 * i));
        mongodb_fixture_put("refresh_tokens",
                            apr_psprintf(pool, "{\"_id\":%s,\"ended_at\":" STAMP "}",
                                         i == odd ? "\"by hand\"" : id, 1000 * i));
    }
}

/* If a full page has a document that cannot be read, the page still counts as full and ends at its
 * last document. Otherwise the poll of the live table would stop there. */
START_TEST(pages_in_time_count_odd_documents)
{
    apr_array_header_t *list = NULL;
    authp_seen_t seen = {0};
    put_in_time(_i);
    ck_assert_int_eq(authp_store_user_changed(store, 1, 3, &list, &seen, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_int_eq(seen.rows, 3);
    ck_assert_int_eq(seen.newest, 3000);
    seen = (authp_seen_t){0};
    ck_assert_int_eq(authp_store_session_ended(store, 1, 3, &list, &seen, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_int_eq(seen.rows, 3);
    ck_assert_int_eq(seen.newest, 3000);
}
END_TEST

/* A small page also passes over many such documents in a row. */
START_TEST(a_small_page_passes_over_many)
{
    apr_array_header_t *list = NULL;
    for (int i = 0; i < 60; i++) {
        mongodb_fixture_put("users",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"6b00000000000000000000%02x\"},"
                                         "\"email\":\"u%d@example.org\",\"roles\":7}",
                                         i, i));
    }
    for (int i = 60; i < 64; i++) {
        mongodb_fixture_put("users",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"6b00000000000000000000%02x\"},"
                                         "\"email\":\"u%d@example.org\"}",
                                         i, i));
    }
    authp_user_filter_t filter = {.limit = 2};
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_user_t *)->email, "u60@example.org");
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, authp_user_t *)->email, "u61@example.org");
}
END_TEST

/* A page of rows that move counts documents that cannot be read. One whose _id is no ObjectId is
 * none of ours. */
START_TEST(moving_pages_count_odd_documents)
{
    authp_rows_t page = {.seen = 0};
    authp_page_t what = {.limit = 3};
    for (int i = 0; i < 5; i++) {
        mongodb_fixture_put("users",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"6b00000000000000000000%02x\"},"
                                         "\"email\":\"u%d@example.org\"%s}",
                                         i, i, i == 2 ? ",\"roles\":7" : ""));
    }
    mongodb_fixture_put("users", "{\"_id\":\"by hand\",\"email\":\"hand@example.org\"}");
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_user, &what, &page, pool),
                     AUTHP_OK);
    ck_assert_int_eq(page.seen, 3);
    ck_assert_int_eq(page.list->nelts, 2);
    ck_assert_str_eq(page.last.hex, "6b0000000000000000000002");
    what.after_id = "6b0000000000000000000002";
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_user, &what, &page, pool),
                     AUTHP_OK);
    ck_assert_int_eq(page.seen, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(page.list, 0, authp_user_t *)->email, "u3@example.org");
}
END_TEST

static char logged[512];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, AUTHP_LOG_WARNING);
    ck_assert_str_eq(logged, "");
    apr_cpystrn(logged, message, sizeof(logged));
}

/* No other store keeps the plain code of an invite that another program wrote. */
START_TEST(plain_codes_do_not_move)
{
    authp_rows_t page = {.seen = 0};
    const authp_page_t what = {.limit = 3};
    for (int i = 0; i < 2; i++) {
        mongodb_fixture_put("recruiter_invites",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"6b00000000000000000000%02x\"},"
                                         "\"email\":\"Ada@Example.org\",\"%s\":\"c0de\"}",
                                         i, i == 0 ? "invite_code" : "code_hash"));
    }
    logged[0] = '\0';
    authp_log_set_sink(keep_line, NULL);
    ck_assert_int_eq(authp_store_move_list(store, &authp_columns_invite, &what, &page, pool),
                     AUTHP_OK);
    authp_log_set_sink(NULL, NULL);
    ck_assert_str_eq(logged, "AUTHP0242: MongoDB: invite 6b0000000000000000000000 was written by "
                             "another program and has a plain code: it is not moved");
    ck_assert_int_eq(page.seen, 2);
    ck_assert_int_eq(page.list->nelts, 1);
    const authp_invite_t *invite = APR_ARRAY_IDX(page.list, 0, authp_invite_t *);
    ck_assert_str_eq(invite->id.hex, "6b0000000000000000000001");
    ck_assert_str_eq(invite->email, "ada@example.org");
}
END_TEST

/* Whether a session has ended is in a field of its own, too, for programs that read it. */
START_TEST(moved_sessions_say_that_they_are_revoked)
{
    bool added[2] = {false, false};
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_session_t live = contract_session(&user);
    authp_session_t ended = contract_session(&user);
    void *rows[] = {&live, &ended};
    ended.ended_at = CONTRACT_NOW;
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_session, rows, 2, added, pool),
                     AUTHP_OK);
    mongoc_collection_t *sessions = mongoc_client_get_collection(
        mongodb_fixture_outside(), mongodb_fixture_database(), "refresh_tokens");
    for (int i = 0; i < 2; i++) {
        bson_t *filter = BCON_NEW("revoked", BCON_BOOL(i == 1));
        mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(sessions, filter, NULL, NULL);
        const bson_t *document = NULL;
        bson_iter_t at;
        char hex[25];
        ck_assert(mongoc_cursor_next(cursor, &document));
        ck_assert(bson_iter_init_find(&at, document, "_id"));
        bson_oid_to_string(bson_iter_oid(&at), hex);
        ck_assert_str_eq(hex, i == 1 ? ended.id.hex : live.id.hex);
        ck_assert(!mongoc_cursor_next(cursor, &document));
        mongoc_cursor_destroy(cursor);
        bson_destroy(filter);
    }
    mongoc_collection_destroy(sessions);
}
END_TEST

Suite *suite_mongodb_pages(void)
{
    Suite *suite = suite_create("mongodb_pages");
    TCase *tests = tcase_create("mongodb_pages");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lists_pass_over_odd_documents);
    tcase_add_loop_test(tests, pages_in_time_count_odd_documents, 1, 4);
    tcase_add_test(tests, a_small_page_passes_over_many);
    tcase_add_test(tests, moving_pages_count_odd_documents);
    tcase_add_test(tests, plain_codes_do_not_move);
    tcase_add_test(tests, moved_sessions_say_that_they_are_revoked);
    suite_add_tcase(suite, tests);
    return suite;
}
