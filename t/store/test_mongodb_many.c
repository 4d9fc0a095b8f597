/* SPDX-License-Identifier: Apache-2.0 */
/* Many MongoDB documents, and odd ones in each operation: more than a batch of the server or a
 * round of a list has, and what another program wrote. */
#include "../unit/suite.h"
#include "base/log.h"
#include "columns_fixture.h"
#include "contract.h"
#include "mongodb_fixture.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define NOW CONTRACT_NOW
#define ID "6b00000000000000000000aa"
#define BATCH 500

static apr_pool_t *pool;
static authp_store_t *store;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    mongodb_fixture_make();
    store = mongodb_fixture_open(pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    mongodb_fixture_remove();
}

/* Puts accounts with the numbers from `first` to before `end`. Odd ones have roles that are no
 * list. */
static void put_accounts(int first, int end, bool odd)
{
    const bson_t *documents[BATCH];
    mongoc_collection_t *users = mongoc_client_get_collection(mongodb_fixture_outside(),
                                                              mongodb_fixture_database(), "users");
    for (int at = first; at < end;) {
        size_t count = 0;
        for (; count < BATCH && at < end; at++) {
            bson_oid_t id;
            bson_oid_init_from_string(&id, apr_psprintf(pool, "6b%022x", (unsigned int)at));
            documents[count] =
                BCON_NEW("_id", BCON_OID(&id), "email",
                         BCON_UTF8(apr_psprintf(pool, "u%d@example.org", at)), "roles", "[", "]");
            if (odd) {
                bson_destroy((bson_t *)documents[count]);
                documents[count] = BCON_NEW("_id", BCON_OID(&id), "roles", BCON_INT32(7));
            }
            count++;
        }
        ck_assert(mongoc_collection_insert_many(users, documents, count, NULL, NULL, NULL));
        for (size_t i = 0; i < count; i++) {
            bson_destroy((bson_t *)documents[i]);
        }
    }
    mongoc_collection_destroy(users);
}

/* A list goes on behind hundreds of documents that cannot be read, and gives up behind thousands.
 * Then it fails, and does not look as if nothing followed. */
START_TEST(lists_behind_many_odd_documents)
{
    apr_array_header_t *list = NULL;
    authp_user_filter_t filter = {.limit = 2};
    put_accounts(1, 1 + 650, true);
    put_accounts(5000, 5003, false);
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_user_t *)->email, "u5000@example.org");
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, authp_user_t *)->email, "u5001@example.org");
    put_accounts(651, 4500, true);
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_E_INTERNAL);
    filter.after_id = apr_psprintf(pool, "6b%022x", 4000U);
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
}
END_TEST

/* A list of all sessions of an account has no limit, so it needs several batches of the server. */
START_TEST(more_than_one_batch)
{
    enum { MANY = 350 };
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_session_t *sessions = apr_pcalloc(pool, MANY * sizeof(*sessions));
    void *rows[MANY];
    bool added[MANY] = {false};
    int count = 0;
    apr_array_header_t *ended = NULL;
    const authp_end_t end = {.reason = "logout", .now = NOW};
    for (int i = 0; i < MANY; i++) {
        sessions[i] = contract_session(&user);
        rows[i] = &sessions[i];
    }
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_session, rows, MANY, added, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_session_end_user(store, user.id.hex, &end, &count), AUTHP_OK);
    ck_assert_int_eq(count, MANY);
    ck_assert_int_eq(authp_store_session_ended_of(store, user.id.hex, NOW, &ended, pool), AUTHP_OK);
    ck_assert_int_eq(ended->nelts, MANY);
    ck_assert_int_eq(authp_store_session_ended_of(store, user.id.hex, NOW + 1, &ended, pool),
                     AUTHP_OK);
    ck_assert_int_eq(ended->nelts, 0);
}
END_TEST

#define MINE "\"user_id\":{\"$oid\":\"" ID "\"}"
#define SALT(base64) "\"salt\":{\"$binary\":{\"base64\":\"" base64 "\",\"subType\":\"00\"}}"
#define WHOLE SALT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=") /* 32 bytes */

/* What a session of another program lacks or has in another form. */
static const struct {
    const char *fields;
    authp_err_t err;
} sessions[] = {
    {MINE "," WHOLE, AUTHP_OK},
    {MINE, AUTHP_E_INTERNAL},
    {MINE ",\"salt\":null", AUTHP_E_INTERNAL},
    {MINE ",\"salt\":\"0123456789abcdef\"", AUTHP_E_INTERNAL},
    {MINE "," SALT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="), AUTHP_E_INTERNAL},
    {MINE "," SALT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), AUTHP_E_INTERNAL},
    {"\"user_id\":\"me\"," WHOLE, AUTHP_E_INTERNAL},
    {WHOLE, AUTHP_E_INTERNAL},
};

START_TEST(sessions_of_others)
{
    authp_session_t *session = NULL;
    apr_array_header_t *list = NULL;
    const authp_page_t page = {.limit = 5};
    mongodb_fixture_put("refresh_tokens",
                        apr_psprintf(pool,
                                     "{\"_id\":{\"$oid\":\"" ID "\"},%s,\"expires_at\":{\"$date\":"
                                     "{\"$numberLong\":\"4000000000000\"}}}",
                                     sessions[_i].fields));
    const bool fine = sessions[_i].err == AUTHP_OK;
    ck_assert_int_eq(authp_store_session_by_id(store, ID, &session, pool), sessions[_i].err);
    ck_assert_int_eq(session != NULL, fine);
    ck_assert_int_eq(authp_store_session_list(store, ID, NOW, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, fine);
    ck_assert_int_eq(authp_store_session_end(store, ID, "logout", NOW, pool), AUTHP_OK);
}
END_TEST

/* Numbers of other programs: whole ones below 9e15 in amount, of any kind. */
START_TEST(whole_numbers)
{
    static const struct {
        const char *number;
        int64_t value; /* 0: the account cannot be read */
    } rows[] = {
        {"{\"$numberInt\":\"7\"}", 7},
        {"{\"$numberLong\":\"9007199254740993\"}", INT64_C(9007199254740993)},
        {"{\"$numberDouble\":\"8999999999999999.0\"}", INT64_C(8999999999999999)},
        {"{\"$numberDouble\":\"-8999999999999999.0\"}", INT64_C(-8999999999999999)},
        {"{\"$numberDouble\":\"9000000000000000.0\"}", 0},
        {"{\"$numberDouble\":\"-9000000000000000.0\"}", 0},
        {"{\"$numberDouble\":\"1e300\"}", 0},
        {"{\"$numberDouble\":\"NaN\"}", 0},
        {"{\"$numberDouble\":\"-Infinity\"}", 0},
        {"{\"$numberDouble\":\"7.25\"}", 0},
        {"true", 0},
    };
    for (int i = 0; i < LENGTH(rows); i++) {
        authp_user_t *user = NULL;
        const char *email = apr_psprintf(pool, "n%d@example.org", i);
        mongodb_fixture_put(
            "users", apr_psprintf(pool, "{\"email\":\"%s\",\"ver\":%s}", email, rows[i].number));
        authp_err_t err = authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, email, &user, pool);
        ck_assert_msg(err == (rows[i].value != 0 ? AUTHP_OK : AUTHP_E_INTERNAL), "%s",
                      rows[i].number);
        ck_assert(user == NULL || user->ver == rows[i].value);
    }
}
END_TEST

static char heard[500];

static void keep_line(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    (void)apr_snprintf(heard, sizeof(heard), "%d %s", (int)level, message);
}

/* The log names the document by its ObjectId. An _id of another kind may be personal. */
START_TEST(which_document_is_wrong)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put("users", "{\"_id\":{\"$oid\":\"" ID "\"},\"email\":\"a@example.org\","
                                 "\"disabled\":\"no\",\"name\":7}");
    mongodb_fixture_put("users", "{\"_id\":\"b@example.org\",\"email\":\"b@example.org\","
                                 "\"disabled\":\"no\"}");
    authp_log_set_sink(keep_line, NULL);
    (void)!authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "a@example.org", &user, pool);
    ck_assert_str_eq(heard, "0 AUTHP0234: MongoDB: field name of users " ID
                            " is of a wrong type: this document cannot be used");
    (void)!authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "b@example.org", &user, pool);
    authp_log_set_sink(NULL, NULL);
    ck_assert_str_eq(heard, "0 AUTHP0234: MongoDB: field _id of users (no ObjectId) is of a wrong "
                            "type: this document cannot be used");
}
END_TEST

/* A prefix is followed by any character, also by one that is not ASCII. */
START_TEST(prefixes_before_any_character)
{
    static const char *const emails[] = {"ab@x.org", "a\u00fc@x.org", "a\uffee@x.org", "b@x.org"};
    apr_array_header_t *list = NULL;
    const authp_user_filter_t filter = {.email_prefix = "a", .limit = 9};
    for (int i = 0; i < LENGTH(emails); i++) {
        mongodb_fixture_put("users", apr_psprintf(pool, "{\"email\":\"%s\"}", emails[i]));
    }
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 3);
}
END_TEST

/* A data key that cannot be read is no reason to go on without it. */
START_TEST(a_damaged_data_key)
{
    apr_array_header_t *list = NULL;
    authp_data_key_t key;
    columns_fixture_fill(&authp_columns_data_key, &key, 1, pool);
    ck_assert_int_eq(authp_store_data_key_add(store, &key, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_data_key_list(store, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    list = NULL;
    mongodb_fixture_put(authp_columns_data_key.table,
                        "{\"_id\":{\"$oid\":\"ffffffffffffffffffffffff\"},\"wrapped\":7}");
    ck_assert_int_eq(authp_store_data_key_list(store, &list, pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(list);
}
END_TEST

/* An invite without an address opens nothing. */
START_TEST(invites_without_an_address)
{
    static const char *const odd[] = {"", "\"email\":null,", "\"email\":7,"};
    const char *hash = apr_psprintf(pool, "%064d", 7);
    for (int i = 0; i < LENGTH(odd); i++) {
        authp_invite_t *invite = NULL;
        const char *code = apr_psprintf(pool, "code%d", i);
        mongodb_fixture_put("recruiter_invites",
                            apr_psprintf(pool,
                                         "{%s\"invite_code\":\"%s\",\"expires_at\":{\"$date\":"
                                         "\"2030-01-01T00:00:00Z\"}}",
                                         odd[i], code));
        ck_assert_int_eq(authp_store_invite_by_code(store, code, hash, &invite, pool),
                         AUTHP_E_INTERNAL);
        ck_assert_ptr_null(invite);
    }
}
END_TEST

/* Some damaged invites of the same person, which are newer, hide no good one. */
START_TEST(behind_damaged_invites)
{
    authp_invite_t *found = NULL;
    authp_invite_t good = {.email = "grace@example.org",
                           .code_hash = apr_psprintf(pool, "%064d", 1),
                           .created_at = NOW,
                           .expires_at = NOW + 1000};
    contract_next_id(&good.id);
    ck_assert_int_eq(authp_store_invite_create(store, &good, pool), AUTHP_OK);
    for (int i = 0; i < 19; i++) {
        mongodb_fixture_put("recruiter_invites",
                            apr_psprintf(pool,
                                         "{\"_id\":{\"$oid\":\"ffffffffffffffffffffff%02x\"},"
                                         "\"email\":\"grace@example.org\",\"created_by\":7,"
                                         "\"expires_at\":{\"$date\":\"2030-01-01T00:00:00Z\"}}",
                                         i));
    }
    ck_assert_int_eq(authp_store_invite_live_of(store, good.email, NULL, NOW, &found, pool),
                     AUTHP_OK);
    ck_assert_str_eq(found->id.hex, good.id.hex);
}
END_TEST

/* A row that is replaced by the same row stays as it is, and this is no conflict. */
START_TEST(replaced_by_the_same)
{
    authp_session_t before;
    authp_session_t *after = NULL;
    bool added = false;
    void *const rows[] = {&before};
    columns_fixture_fill(&authp_columns_session, &before, 1, pool);
    before.ended_at = 0;
    before.end_reason = NULL;
    ck_assert_int_eq(authp_store_session_replace(store, &before, &before, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_move_add(store, &authp_columns_session, rows, 1, &added, pool),
                     AUTHP_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_store_session_replace(store, &before, &before, pool), AUTHP_OK);
    }
    ck_assert_int_eq(authp_store_session_by_id(store, before.id.hex, &after, pool), AUTHP_OK);
    columns_fixture_same(&authp_columns_session, after, &before, 0, 0);
}
END_TEST

Suite *suite_mongodb_many(void)
{
    Suite *suite = suite_create("mongodb_many");
    TCase *tests = tcase_create("mongodb_many");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, lists_behind_many_odd_documents);
    tcase_add_test(tests, more_than_one_batch);
    tcase_add_loop_test(tests, sessions_of_others, 0, LENGTH(sessions));
    tcase_add_test(tests, whole_numbers);
    tcase_add_test(tests, which_document_is_wrong);
    tcase_add_test(tests, prefixes_before_any_character);
    tcase_add_test(tests, a_damaged_data_key);
    tcase_add_test(tests, invites_without_an_address);
    tcase_add_test(tests, behind_damaged_invites);
    tcase_add_test(tests, replaced_by_the_same);
    suite_add_tcase(suite, tests);
    return suite;
}
