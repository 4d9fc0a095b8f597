/* SPDX-License-Identifier: Apache-2.0 */
/* Identities in MongoDB: the form of the documents, what other programs write there, and indexes of
 * older versions and of names that have gone from the settings. */
#include "../unit/suite.h"
#include "contract.h"
#include "mongodb_fixture.h"
#include "store/identities.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define ID "6b00000000000000000000aa"
#define GOOGLE "https://accounts.google.com"
#define CORP "https://corp.example"

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

/* Opens the store anew with one configured name; NULL: with none. */
static authp_store_t *open_with(const char *name)
{
    authp_store_t *opened = NULL;
    authp_store_config_t config = mongodb_fixture_config();
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    if (name != NULL) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    config.identity_names = names;
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &opened, pool),
                     AUTHP_OK);
    return opened;
}

static void command(const char *json)
{
    bson_error_t error;
    bson_t *document = bson_new_from_json((const uint8_t *)json, -1, &error);
    ck_assert_msg(document != NULL, "%s: %s", json, error.message);
    ck_assert_msg(mongoc_client_command_simple(mongodb_fixture_outside(),
                                               mongodb_fixture_database(), document, NULL, NULL,
                                               &error),
                  "%s", error.message);
    bson_destroy(document);
}

/* The only document of `users`, as relaxed JSON. */
static const char *document(void)
{
    const bson_t *found = NULL;
    bson_t all = BSON_INITIALIZER;
    mongoc_collection_t *from = mongoc_client_get_collection(mongodb_fixture_outside(),
                                                             mongodb_fixture_database(), "users");
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, &all, NULL, NULL);
    ck_assert(mongoc_cursor_next(cursor, &found));
    char *json = bson_as_relaxed_extended_json(found, NULL);
    const char *copy = apr_pstrdup(pool, json);
    bson_free(json);
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
    bson_destroy(&all);
    return copy;
}

#define ck_assert_contains(text, part) ck_assert_msg(strstr(text, part) != NULL, "%s", text)
#define ck_assert_lacks(text, part) ck_assert_msg(strstr(text, part) == NULL, "%s", text)

static apr_array_header_t *with(const char *provider, const char *issuer, const char *sub)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(authp_identity_t));
    APR_ARRAY_PUSH(list, authp_identity_t) = (authp_identity_t){
        .provider = provider, .issuer = issuer, .sub = sub, .linked_at = NOW, .last_login = NOW};
    return list;
}

static authp_user_t *by_identity(const char *issuer, const char *sub)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_identity(store, issuer, sub, &user, pool);
    ck_assert(err == (user != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND));
    return user;
}

/* What another program put there, read back. */
static authp_user_t *put(const char *oauth)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put("users", apr_psprintf(pool,
                                              "{\"_id\":{\"$oid\":\"" ID "\"},\"email\":"
                                              "\"eve@example.org\",\"oauth\":%s}",
                                              oauth));
    ck_assert_int_eq(authp_store_user_by_id(store, ID, &user, pool), AUTHP_OK);
    return user;
}

static void link_google(const authp_user_t *before)
{
    authp_user_t after = *before;
    after.updated_at = NOW;
    after.identities = with("google", GOOGLE, "1");
    ck_assert_int_eq(authp_store_user_update(store, before, &after, pool), AUTHP_OK);
    ck_assert(authp_identities_same(by_identity(GOOGLE, "1")->identities, after.identities));
}

START_TEST(their_documents)
{
    authp_user_t user = contract_user("ada@example.org", pool);
    user.identities = with("google", GOOGLE, "1");
    authp_identities_at(user.identities, 0)->email = "ada@gmail.example";
    authp_identities_at(user.identities, 0)->last_login = 0;
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_contains(document(), "\"oauth\" : { \"google\" : { \"issuer\" : \"" GOOGLE
                                   "\", \"sub\" : \"1\", \"email\" : \"ada@gmail.example\", "
                                   "\"linked_at\" : { \"$date\" :");
    ck_assert_lacks(document(), "picture");
    ck_assert_lacks(document(), "last_login");
    ck_assert_int_eq(authp_store_user_delete(store, &user, NOW, pool), AUTHP_OK);
    ck_assert_lacks(document(), "oauth");
    authp_user_t plain = contract_user("plain@example.org", pool);
    ck_assert_int_eq(authp_store_user_discard(store, &user, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_create(store, &plain, pool), AUTHP_OK);
}
END_TEST

/* Another back end wrote no issuer. Its document is found, and gets an issuer with the next change
 * of that identity, so that the unique index sees it. */
START_TEST(google_without_an_issuer)
{
    const authp_user_t *user =
        put("{\"google\":{\"sub\":\"1\",\"email\":\"e@x.example\",\"hd\":\"x.example\"}}");
    ck_assert_int_eq(authp_identities_count(user->identities), 1);
    const authp_identity_t *google = authp_identities_of(user->identities, "google");
    ck_assert_str_eq(google->issuer, GOOGLE);
    ck_assert_str_eq(google->email, "e@x.example");
    ck_assert_str_eq(by_identity(GOOGLE, "1")->id.hex, ID);
    ck_assert_ptr_null(by_identity("https://other.example", "1"));
    authp_user_t after = *user;
    after.updated_at = NOW;
    after.identities = authp_identities_copy(user->identities, pool);
    authp_identities_at(after.identities, 0)->last_login = NOW;
    authp_identities_at(after.identities, 0)->email = NULL;
    ck_assert_int_eq(authp_store_user_update(store, user, &after, pool), AUTHP_OK);
    ck_assert_contains(document(), "\"issuer\" : \"" GOOGLE "\"");
    ck_assert_contains(document(), "\"hd\" : \"x.example\"");
    ck_assert_lacks(document(), "e@x.example");
    authp_user_t twin = contract_user("twin@example.org", pool);
    twin.identities = with("google", GOOGLE, "1");
    ck_assert_int_eq(authp_store_user_create(store, &twin, pool), AUTHP_E_CONFLICT);
    /* Unlinked, nothing of that name is left. */
    authp_user_t bare = after;
    bare.updated_at++;
    bare.identities = NULL;
    ck_assert_int_eq(authp_store_user_update(store, &after, &bare, pool), AUTHP_OK);
    ck_assert_lacks(document(), "google");
}
END_TEST

/* None of these is an identity, and none makes the account unusable. A new identity can be added,
 * and what is not of this program stays. */
static const struct {
    const char *oauth;
    const char *stays;
} foreign[] = {
    {"null", "\"email\""},
    {"{}", "\"email\""},
    {"{\"google\":null}", "\"email\""},
    {"{\"google\":{}}", "\"email\""},
    {"{\"google\":{\"sub\":null,\"email\":\"x\"}}", "\"email\""},
    {"{\"facebook\":{\"id\":7}}", "\"facebook\" : { \"id\" : 7 }"},
    {"{\"corp\":{\"sub\":\"1\"},\"n\":1}", "\"corp\" : { \"sub\" : \"1\" }, \"n\" : 1"},
    {"{\"a b\":{\"sub\":\"1\",\"issuer\":\"i\"}}", "\"a b\""},
};

START_TEST(what_is_no_identity)
{
    const authp_user_t *user = put(foreign[_i].oauth);
    ck_assert_ptr_null(user->identities);
    link_google(user);
    ck_assert_contains(document(), foreign[_i].stays);
}
END_TEST

static const char *const wrong[] = {
    "7",
    "[]",
    "\"google\"",
    "{\"google\":{\"sub\":1}}",
    "{\"corp\":{\"sub\":\"1\",\"issuer\":2}}",
    "{\"google\":{\"sub\":\"a\\u0000b\"}}",
};

START_TEST(wrong_types)
{
    authp_user_t *user = NULL;
    mongodb_fixture_put(
        "users", apr_psprintf(pool, "{\"email\":\"odd@example.org\",\"oauth\":%s}", wrong[_i]));
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "odd@example.org", &user, pool),
        AUTHP_E_INTERNAL);
}
END_TEST

/* What only tells something is not worth an account. */
START_TEST(members_of_a_wrong_type)
{
    const authp_user_t *user = put("{\"corp\":{\"sub\":\"1\",\"issuer\":\"" CORP
                                   "\",\"email\":7,\"picture\":{},\"last_login\":\"today\"}}");
    const authp_identity_t *corp = authp_identities_of(user->identities, "corp");
    ck_assert_ptr_null(corp->email);
    ck_assert_ptr_null(corp->picture);
    ck_assert_int_eq(corp->last_login, 0);
    ck_assert_str_eq(by_identity(CORP, "1")->id.hex, ID);
}
END_TEST

/* Older versions had a unique index on the sub alone. */
START_TEST(an_index_of_older_versions)
{
    command("{\"createIndexes\":\"users\",\"indexes\":[{\"key\":{\"oauth.google.sub\":1},"
            "\"name\":\"oauth.google.sub_1\",\"unique\":true,\"sparse\":true}]}");
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_user_t other = contract_user("other@example.org", pool);
    user.identities = with("google", GOOGLE, "1");
    other.identities = with("google", "https://other.example", "1");
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_create(store, &other, pool), AUTHP_OK);
    other.identities = with("google", GOOGLE, "1");
    contract_next_id(&other.id);
    other.email = "third@example.org";
    ck_assert_int_eq(authp_store_user_create(store, &other, pool), AUTHP_E_CONFLICT);
    int applied = -1;
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
}
END_TEST

/* A provider that has got another name in the settings: its people are found still. */
START_TEST(a_name_that_is_gone)
{
    authp_user_t user = contract_user("ada@example.org", pool);
    user.identities = with("old-name", CORP, "1");
    store = open_with("old-name");
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    store = open_with("new-name");
    ck_assert_str_eq(by_identity(CORP, "1")->id.hex, user.id.hex);
    ck_assert_ptr_null(by_identity(CORP, "2"));
    store = open_with(NULL);
    ck_assert_str_eq(by_identity(CORP, "1")->id.hex, user.id.hex);
}
END_TEST

START_TEST(no_names_at_all)
{
    store = open_with(NULL);
    ck_assert_ptr_null(by_identity(GOOGLE, "1"));
    authp_store_t *none = NULL;
    authp_store_config_t config = mongodb_fixture_config();
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = "no.name";
    config.identity_names = names;
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &none, pool),
                     AUTHP_E_INTERNAL);
}
END_TEST

/* Without a unique index two accounts could have one identity, so nothing is written. */
START_TEST(without_the_index_nothing_goes)
{
    for (int i = 0; i < 2; i++) {
        mongodb_fixture_put("users", "{\"oauth\":{\"corp\":{\"sub\":\"1\",\"issuer\":\"i\"}}}");
    }
    authp_user_t user = contract_user("new@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_INTERNAL);
}
END_TEST

/* Invites of another program, with an e-mail in capitals. */
START_TEST(invites_of_others)
{
    authp_invite_t *invite = NULL;
    const char *hash = apr_psprintf(pool, "%064d", 7);
    mongodb_fixture_put("recruiter_invites",
                        "{\"email\":\"Grace.O+x@Example.org\",\"invite_code\":\"by-hand\","
                        "\"expires_at\":{\"$date\":\"2030-01-01T00:00:00Z\"}}");
    ck_assert_int_eq(
        authp_store_invite_live_of(store, "grace.o+x@example.org", NULL, NOW, &invite, pool),
        AUTHP_OK);
    ck_assert_str_eq(invite->email, "grace.o+x@example.org");
    ck_assert_int_eq(
        authp_store_invite_live_of(store, "graceXo+x@example.org", NULL, NOW, &invite, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_invite_live_of(store, ".*", NULL, NOW, &invite, pool),
                     AUTHP_E_NOT_FOUND);
    /* After its code has been hashed, it is found as our own are. */
    const char *id = invite->id.hex;
    ck_assert_int_eq(authp_store_invite_by_code(store, "by-hand", hash, &invite, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_invite_live_of(store, "grace.o+x@example.org", NULL, NOW, &invite, pool),
        AUTHP_OK);
    ck_assert_str_eq(invite->id.hex, id);
    ck_assert_int_eq(authp_store_invite_claim(store, id, ID, 1, NOW, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_invite_live_of(store, "grace.o+x@example.org", NULL, NOW, &invite, pool),
        AUTHP_E_NOT_FOUND);
}
END_TEST

/* The newest invite cannot be read, and the one before counts. */
START_TEST(a_damaged_invite_hides_none)
{
    authp_invite_t *found = NULL;
    authp_invite_t invite = {.email = "grace@example.org",
                             .code_hash = apr_psprintf(pool, "%064d", 1),
                             .created_at = NOW,
                             .expires_at = NOW + 1000};
    contract_next_id(&invite.id);
    ck_assert_int_eq(authp_store_invite_create(store, &invite, pool), AUTHP_OK);
    mongodb_fixture_put("recruiter_invites",
                        "{\"_id\":{\"$oid\":\"ffffffffffffffffffffffff\"},\"email\":"
                        "\"grace@example.org\",\"created_by\":7,"
                        "\"expires_at\":{\"$date\":\"2030-01-01T00:00:00Z\"}}");
    ck_assert_int_eq(
        authp_store_invite_live_of(store, "grace@example.org", NULL, NOW, &found, pool), AUTHP_OK);
    ck_assert_str_eq(found->id.hex, invite.id.hex);
}
END_TEST

Suite *suite_mongodb_identities(void)
{
    Suite *suite = suite_create("mongodb_identities");
    TCase *tests = tcase_create("mongodb_identities");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, their_documents);
    tcase_add_test(tests, google_without_an_issuer);
    tcase_add_loop_test(tests, what_is_no_identity, 0, (int)(sizeof(foreign) / sizeof(foreign[0])));
    tcase_add_loop_test(tests, wrong_types, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tests, members_of_a_wrong_type);
    tcase_add_test(tests, an_index_of_older_versions);
    tcase_add_test(tests, a_name_that_is_gone);
    tcase_add_test(tests, no_names_at_all);
    tcase_add_test(tests, without_the_index_nothing_goes);
    tcase_add_test(tests, invites_of_others);
    tcase_add_test(tests, a_damaged_invite_hides_none);
    suite_add_tcase(suite, tests);
    return suite;
}
