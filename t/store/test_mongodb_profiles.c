/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in MongoDB: the form of the documents, and what other programs write there. */
#include "../unit/suite.h"
#include "base/json.h"
#include "contract.h"
#include "mongodb_fixture.h"
#include "store/model.h"

#include <apr_strings.h>
#include <string.h>

#define ID "6b00000000000000000000aa"

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

/* The only document of `users`, as canonical JSON, which shows types. */
static const char *document(void)
{
    const bson_t *found = NULL;
    bson_t all = BSON_INITIALIZER;
    mongoc_collection_t *from = mongoc_client_get_collection(mongodb_fixture_outside(),
                                                             mongodb_fixture_database(), "users");
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
    ck_assert(mongoc_cursor_next(cursor, &found));
    char *json = bson_as_canonical_extended_json(found, NULL);
    const char *copy = apr_pstrdup(pool, json);
    bson_free(json);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
    bson_destroy(&all);
    return copy;
}

#define ck_assert_contains(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)
#define ck_assert_lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s", text)

static authp_user_t *get(void)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_id(store, ID, &user, pool), AUTHP_OK);
    return user;
}

/* What another program put there, read back. */
static authp_user_t *put(const char *profiles)
{
    mongodb_fixture_put("users", apr_psprintf(pool,
                                              "{\"_id\":{\"$oid\":\"" ID "\"},\"email\":"
                                              "\"eve@example.org\",\"profiles\":%s}",
                                              profiles));
    return get();
}

static void change(const authp_user_t *before, const char *profiles)
{
    authp_user_t after = *before;
    after.profiles = profiles;
    after.updated_at = before->updated_at + 1;
    ck_assert_int_eq(authp_store_user_update(store, before, &after, pool), AUTHP_OK);
}

START_TEST(the_form_of_documents)
{
    authp_user_t user = contract_user("ada@example.org", pool);
    user.profiles = "{\"provider\":{\"personal_info\":{\"n\":1,\"d\":1.0,\"a.b\":\"x\"},"
                    "\"$e\":true,\"\":[null],\"50%\":\"50%25\",\"a$$\":[],\"....\":0}}";
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    const char *json = document();
    ck_assert_contains(json,
                       "\"profiles\" : { \"provider\" : { \"personal_info\" : { \"n\" : "
                       "{ \"$numberLong\" : \"1\" }, \"d\" : { \"$numberDouble\" : \"1.0\" }, "
                       "\"a%2Eb\" : \"x\" }, \"%24e\" : true, \"%\" : [ null ], "
                       "\"50%\" : \"50%25\", \"a$$\" : [  ], "
                       "\"%2E%2E%2E%2E\" : { \"$numberLong\" : \"0\" } } }");
    authp_user_t bare = user;
    bare.profiles = NULL;
    bare.updated_at++;
    ck_assert_int_eq(authp_store_user_update(store, &user, &bare, pool), AUTHP_OK);
    ck_assert_lacks(document(), "profiles");
}
END_TEST

static const struct {
    const char *written;
    const char *read;
} theirs[] = {
    {"{\"a\":{\"$oid\":\"" ID "\"}}", "{\"a\":\"" ID "\"}"},
    {"{\"a\":{\"$date\":{\"$numberLong\":\"1795219200000\"}}}",
     "{\"a\":\"2026-11-21T00:00:00.000Z\"}"},
    {"{\"a\":{\"$numberDecimal\":\"1.50\"}}", "{\"a\":\"1.50\"}"},
    {"{\"a\":{\"$numberInt\":\"7\"},\"b\":{\"$numberDouble\":\"7.0\"}}", "{\"a\":7,\"b\":7.0}"},
    {"{\"a\":{\"$numberDouble\":\"NaN\"},\"b\":{\"$numberDouble\":\"-Infinity\"}}",
     "{\"a\":null,\"b\":null}"},
    {"{\"a\":{\"$binary\":{\"base64\":\"AAAA\",\"subType\":\"00\"}},\"b\":{\"$minKey\":1}}",
     "{\"a\":null,\"b\":null}"},
    {"{\"a%2Eb\":{\"%\":{\"100%\":1}}}", "{\"a.b\":{\"\":{\"100%\":1}}}"},
    {"{}", "{}"},
    {"null", NULL},
    {"[{\"role\":\"provider\"}]", NULL},
    {"\"text\"", NULL},
    {"7", NULL},
};

/* Whatever another program keeps there, the account can be used, and can get profiles of ours. */
START_TEST(what_others_write)
{
    authp_user_t *user = put(theirs[_i].written);
    if (theirs[_i].read == NULL) {
        ck_assert_ptr_null(user->profiles);
    } else {
        ck_assert_str_eq(user->profiles, theirs[_i].read);
    }
    change(user, "{\"seeker\":{\"personal_info\":{\"x\":1}}}");
    ck_assert_str_eq(get()->profiles, "{\"seeker\":{\"personal_info\":{\"x\":1}}}");
}
END_TEST

/* The app keeps ids and dates in stats and job_id. They stay when a person edits the rest. */
START_TEST(parts_of_others_stay)
{
    authp_user_t *user =
        put("{\"provider\":{\"personal_info\":{\"name\":\"old\"},\"stats\":{\"at\":{\"$date\":"
            "{\"$numberLong\":\"5\"}}},\"job_id\":{\"$oid\":\"" ID
            "\"}},\"x\":{\"$numberInt\":\"1\"}}");
    change(user, apr_pstrcat(pool, "{\"provider\":{\"personal_info\":{\"name\":\"new\"},\"stats\":",
                             "{\"at\":\"1970-01-01T00:00:00.005Z\"},\"job_id\":\"" ID "\"},\"x\":1,"
                             "\"seeker\":{}}",
                             NULL));
    const char *json = document();
    ck_assert_contains(json, "\"name\" : \"new\"");
    ck_assert_contains(json, "\"x\" : { \"$numberInt\" : \"1\" }, \"seeker\" : {  }");
    ck_assert_contains(json, "\"stats\" : { \"at\" : { \"$date\"");
    ck_assert_contains(json, "\"job_id\" : { \"$oid\" : \"" ID "\" }");
    /* A role that goes takes its parts along, and no others. */
    change(get(), "{\"x\":1,\"seeker\":{}}");
    ck_assert_lacks(document(), "provider");
    ck_assert_contains(document(), "\"x\" : { \"$numberInt\" : \"1\" }, \"seeker\" : {  }");
}
END_TEST

/* Deeper than a text may be: that part reads as null. */
START_TEST(deeper_than_a_text)
{
    const char *deep = "1";
    for (int i = 0; i < 60; i++) {
        deep = apr_pstrcat(pool, "{\"a\":", deep, "}", NULL);
    }
    const authp_user_t *user = put(deep);
    const char *read = "null";
    for (int i = 0; i < AUTHP_JSON_STORED_DEPTH; i++) {
        read = apr_pstrcat(pool, "{\"a\":", read, "}", NULL);
    }
    ck_assert_str_eq(user->profiles, read);
    change(user, "{\"a\":1}");
    ck_assert_str_eq(get()->profiles, "{\"a\":1}");
}
END_TEST

Suite *suite_mongodb_profiles(void)
{
    Suite *suite = suite_create("mongodb_profiles");
    TCase *tests = tcase_create("mongodb_profiles");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, the_form_of_documents);
    tcase_add_loop_test(tests, what_others_write, 0, (int)(sizeof(theirs) / sizeof(theirs[0])));
    tcase_add_test(tests, parts_of_others_stay);
    tcase_add_test(tests, deeper_than_a_text);
    suite_add_tcase(suite, tests);
    return suite;
}
