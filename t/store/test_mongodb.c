/* SPDX-License-Identifier: Apache-2.0 */
/* What only the MongoDB provider has: documents of other programs, indexes that existed before, and
 * the URI. */
#include "../unit/suite.h"
#include "contract.h"
#include "mongodb_fixture.h"

#include <apr_strings.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define ID "6b00000000000000000000aa"

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

/* The one document of a collection, as relaxed JSON. */
static const char *get(const char *collection)
{
    const bson_t *document = NULL;
    bson_t all = BSON_INITIALIZER;
    mongoc_collection_t *from = mongoc_client_get_collection(
        mongodb_fixture_outside(), mongodb_fixture_database(), collection);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
    ck_assert(mongoc_cursor_next(cursor, &document));
    char *json = bson_as_relaxed_extended_json(document, NULL);
    const char *copy = apr_pstrdup(pool, json);
    bson_free(json);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
    bson_destroy(&all);
    return copy;
}

#define ck_assert_contains(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)
#define ck_assert_lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s", text)

START_TEST(six_fields_are_a_user)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put(
        "users",
        "{\"_id\":{\"$oid\":\"" ID "\"},\"email\":\"eve@example.org\",\"name\":\"Eve\","
        "\"password_hash\":\"$2b$04$x\",\"roles\":[\"recruiter\"],"
        "\"is_recruiter_verified\":true,\"created_at\":{\"$date\":\"2026-01-02T03:04:05Z\"},"
        "\"shoe_size\":42}");
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "eve@example.org", &user, pool),
        AUTHP_OK);
    ck_assert_str_eq(user->id.hex, ID);
    ck_assert_str_eq(user->name, "Eve");
    ck_assert_int_eq(user->ver, 0);
    ck_assert_int_eq(user->updated_at, 0);
    ck_assert_int_eq(user->created_at, INT64_C(1767323045000));
    ck_assert(user->is_recruiter_verified && !user->disabled && !user->email_verified);
    /* An update writes only changed fields, and its condition also compares fields that are
     * absent. */
    authp_user_t after = *user;
    after.is_recruiter_verified = false;
    after.ver = 1;
    after.auth_changed_at = NOW;
    after.updated_at = NOW;
    ck_assert_int_eq(authp_store_user_update(store, user, &after, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_update(store, user, &after, pool), AUTHP_E_CONFLICT);
    const char *json = get("users");
    ck_assert_contains(json, "\"shoe_size\" : 42");
    ck_assert_contains(json, "\"is_recruiter_verified\" : false");
    ck_assert_lacks(json, "email_verified\" : false, \"disabled");
    /* Deleting an account removes all fields of its document, also those of other programs. */
    ck_assert_int_eq(authp_store_user_delete(store, &after, NOW + 1, pool), AUTHP_OK);
    json = get("users");
    ck_assert_lacks(json, "shoe_size");
    ck_assert_lacks(json, "eve");
    ck_assert_contains(json, "deleted_at");
}
END_TEST

static const char *const wrong[] = {
    "\"roles\":\"admin\"", "\"roles\":[1]",
    "\"disabled\":\"no\"", "\"ver\":\"1\"",
    "\"ver\":1.5",         "\"created_at\":\"2026-01-02\"",
    "\"password_hash\":7", "\"name\":\"a\\u0000b\"",
};

START_TEST(a_wrong_type_fails_that_account_alone)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put("users",
                        apr_psprintf(pool, "{\"email\":\"odd@example.org\",%s}", wrong[_i]));
    authp_user_t fine = contract_user("fine@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &fine, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "odd@example.org", &user, pool),
        AUTHP_E_INTERNAL);
    ck_assert_ptr_null(user);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "fine@example.org", &user, pool),
        AUTHP_OK);
}
END_TEST

/* Another program may mark an account as deleted and leave all else. */
START_TEST(what_another_program_deleted_is_gone)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put("users", "{\"_id\":{\"$oid\":\"6b00000000000000000000aa\"},"
                                 "\"email\":\"ada@example.org\",\"username\":\"ada\","
                                 "\"deleted_at\":{\"$date\":1}}");
    ck_assert_int_eq(authp_store_user_by_id(store, "6b00000000000000000000aa", &user, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "ada@example.org", &user, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_by_login(store, AUTHP_LOGIN_USERNAME, "ada", &user, pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

/* An id that is not valid must match no document. Without a condition it would match all of
 * them. */
static const char *const no_ids[] = {"\xff", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "",
                                     "x", "6B00000000000000000000AA"};

START_TEST(what_is_no_id_finds_nobody)
{
    const char *id = no_ids[_i];
    authp_user_t fine = contract_user("fine@example.org", pool);
    authp_session_t session = contract_session(&fine);
    authp_user_t *user = NULL;
    authp_session_t *found = NULL;
    apr_array_header_t *list = NULL;
    authp_page_t page = {.limit = 9};
    int ended = 0;
    const authp_end_t end = {.reason = "logout", .now = NOW};
    ck_assert_int_eq(authp_store_user_create(store, &fine, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_create(store, &session, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, id, &user, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_by_login(store, AUTHP_LOGIN_USERNAME, id, &user, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_session_by_id(store, id, &found, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_session_end(store, id, "logout", NOW, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_session_end_user(store, id, &end, &ended), AUTHP_OK);
    ck_assert_int_eq(ended, 0);
    ck_assert_int_eq(authp_store_session_list(store, id, NOW, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    ck_assert_int_eq(authp_store_user_forget(store, id, pool), AUTHP_OK);
    authp_user_filter_t with_role = {.role = id, .limit = 9};
    ck_assert_int_eq(authp_store_user_list(store, &with_role, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    authp_user_filter_t after = {.after_id = id, .limit = 9};
    ck_assert_int_eq(authp_store_user_list(store, &after, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    fine.password_hash = "\xff";
    ck_assert_int_eq(authp_store_user_upgrade_hash(store, &fine, "new", NOW, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_contains(get("refresh_tokens"), "device_info");
    ck_assert_contains(get("refresh_tokens"), "\"revoked\" : false");
}
END_TEST

/* The purge removes old documents whatever type their _id has, also those of other programs. */
START_TEST(purge_takes_documents_of_any_id)
{
    const authp_purge_t what = {.batch = 2, .sessions_before = NOW};
    int removed = 0;
    mongodb_fixture_put("refresh_tokens",
                        "{\"_id\":\"s1\",\"expires_at\":{\"$date\":{\"$numberLong\":\"1\"}}}");
    mongodb_fixture_put("refresh_tokens",
                        "{\"_id\":2,\"expires_at\":{\"$date\":{\"$numberLong\":\"2\"}}}");
    mongodb_fixture_put("refresh_tokens", "{\"_id\":\"keeps\"}");
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 2);
    ck_assert_contains(get("refresh_tokens"), "keeps");
}
END_TEST

START_TEST(numbers_of_every_kind)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put("users", "{\"email\":\"n@example.org\",\"ver\":{\"$numberDouble\":\"3.0\"},"
                                 "\"min_ver\":{\"$numberInt\":\"2\"},\"name\":null}");
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "n@example.org", &user, pool),
        AUTHP_OK);
    ck_assert_int_eq(user->ver, 3);
    ck_assert_int_eq(user->min_ver, 2);
    ck_assert_ptr_null(user->name);
    ck_assert_int_eq(user->roles->nelts, 0);
}
END_TEST

START_TEST(an_invite_put_there_by_hand)
{
    const char *hash = apr_psprintf(pool, "%064d", 7);
    authp_invite_t *invite = NULL;
    mongodb_fixture_put("recruiter_invites",
                        "{\"email\":\"Grace@Example.org\",\"invite_code\":\"by-hand\","
                        "\"expires_at\":{\"$date\":\"2030-01-01T00:00:00Z\"}}");
    ck_assert_int_eq(authp_store_invite_by_code(store, "other", hash, &invite, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_invite_by_code(store, "by-hand", hash, &invite, pool), AUTHP_OK);
    ck_assert_str_eq(invite->email, "grace@example.org");
    const char *json = get("recruiter_invites");
    ck_assert_lacks(json, "by-hand");
    ck_assert_contains(json, hash);
    const char *id = invite->id.hex;
    ck_assert_int_eq(authp_store_invite_by_code(store, "by-hand", hash, &invite, pool), AUTHP_OK);
    ck_assert_str_eq(invite->id.hex, id);
    ck_assert_int_eq(authp_store_invite_claim(store, id, ID, 1, NOW, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claim(store, id, ID, 1, NOW, pool), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(documents_are_as_the_contract_has_them)
{
    authp_user_t user = contract_user("doc@example.org", pool);
    authp_session_t session = contract_session(&user);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_create(store, &session, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_end(store, session.id.hex, "logout", NOW, pool), AUTHP_OK);
    const char *json = get("users");
    ck_assert_contains(json, apr_psprintf(pool, "\"_id\" : { \"$oid\" : \"%s\" }", user.id.hex));
    ck_assert_contains(json, "\"created_at\" : { \"$date\"");
    ck_assert_lacks(json, "phone");
    ck_assert_lacks(json, "username");
    json = get("refresh_tokens");
    ck_assert_contains(json, "\"user_id\" : { \"$oid\"");
    ck_assert_contains(json, "\"salt\" : { \"$binary\"");
    ck_assert_contains(json, "\"revoked\" : true");
    ck_assert_contains(json, "\"device_info\" : { \"device_id\" : \"laptop\"");
}
END_TEST

static void index_users(const char *json)
{
    bson_error_t error;
    bson_t *command = bson_new_from_json((const uint8_t *)json, -1, &error);
    ck_assert_ptr_nonnull(command);
    ck_assert_msg(mongoc_client_command_simple(mongodb_fixture_outside(),
                                               mongodb_fixture_database(), command, NULL, NULL,
                                               &error),
                  "%s", error.message);
    bson_destroy(command);
}

START_TEST(somebody_elses_unique_index_will_do)
{
    index_users("{\"createIndexes\":\"users\",\"indexes\":[{\"key\":{\"email\":1},"
                "\"name\":\"mail\",\"unique\":true}]}");
    authp_user_t user = contract_user("one@example.org", pool);
    authp_user_t twin = contract_user("one@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_create(store, &twin, pool), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(without_unique_values_nothing_goes)
{
    authp_user_t user = contract_user("new@example.org", pool);
    mongodb_fixture_put("users", "{\"email\":\"twin@example.org\"}");
    mongodb_fixture_put("users", "{\"email\":\"twin@example.org\"}");
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_INTERNAL);
    ck_assert_int_ne(authp_store_ping(store, pool), AUTHP_OK);
}
END_TEST

static void *race(void *data)
{
    atomic_int *fine = data;
    apr_pool_t *own = NULL;
    apr_pool_create_unmanaged_ex(&own, NULL, NULL);
    authp_user_t user = contract_user(NULL, own);
    user.email = user.id.hex;
    atomic_fetch_add(fine, authp_store_user_create(store, &user, own) == AUTHP_OK);
    apr_pool_destroy(own);
    return NULL;
}

START_TEST(the_first_ones_make_the_indexes_together)
{
    pthread_t threads[8];
    atomic_int fine = 0;
    int applied = -1;
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &fine), 0);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
    }
    ck_assert_int_eq(fine, 8);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
}
END_TEST

Suite *suite_mongodb(void)
{
    Suite *suite = suite_create("mongodb");
    TCase *tests = tcase_create("mongodb");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, six_fields_are_a_user);
    tcase_add_test(tests, what_another_program_deleted_is_gone);
    tcase_add_loop_test(tests, a_wrong_type_fails_that_account_alone, 0,
                        sizeof(wrong) / sizeof(wrong[0]));
    tcase_add_loop_test(tests, what_is_no_id_finds_nobody, 0,
                        (int)(sizeof(no_ids) / sizeof(no_ids[0])));
    tcase_add_test(tests, purge_takes_documents_of_any_id);
    tcase_add_test(tests, numbers_of_every_kind);
    tcase_add_test(tests, an_invite_put_there_by_hand);
    tcase_add_test(tests, documents_are_as_the_contract_has_them);
    tcase_add_test(tests, somebody_elses_unique_index_will_do);
    tcase_add_test(tests, without_unique_values_nothing_goes);
    tcase_add_test(tests, the_first_ones_make_the_indexes_together);
    suite_add_tcase(suite, tests);
    return suite;
}
