/* SPDX-License-Identifier: Apache-2.0 */
/* The MongoDB store against a fake server, in what a sign-in at a provider needs: names of
 * providers, the index of older versions, and answers of the server to each operation. */
#include "../unit/suite.h"
#include "columns_fixture.h"
#include "contract.h"
#include "fake_mongod.h"
#include "store/providers/providers.h"

#include <apr_strings.h>
#include <string.h>
#include <unistd.h>

static apr_pool_t *pool;
static authp_store_t *store;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = "corp";
    fake_mongod_start();
    const authp_store_config_t config = {
        .uri = apr_psprintf(pool, "mongodb://127.0.0.1:%d/?replicaSet=rs0", fake_mongod_port()),
        .database = "names",
        .timeout_ms = 1500,
        .max_connections = 2,
        .identity_names = names};
    ck_assert_int_eq(authp_store_open(authp_providers_find("mongodb"), &config, &store, pool),
                     AUTHP_OK);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    fake_mongod_stop();
}

/* The names of providers that have an index are read after the indexes are made. */
START_TEST(names_are_read_first)
{
    authp_user_t *user = NULL;
    fake_mongod_code("listIndexes", 50);
    ck_assert_int_eq(authp_store_user_by_identity(store, "i", "s", &user, pool),
                     AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fake_mongod_count("find"), 0);
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    usleep(600000);
    fake_mongod_found(
        "{\"key\": {\"oauth.old.sub\": 1, \"oauth.old.issuer\": 1}, \"name\": \"x\"}");
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_found(NULL);
    ck_assert_int_eq(authp_store_user_by_identity(store, "i", "s", &user, pool), AUTHP_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(fake_mongod_last("find"),
                                 "\"$or\" : [ { \"oauth.corp.sub\" : \"s\", "
                                 "\"oauth.corp.issuer\" : \"i\" }, { \"oauth.old.sub\" : "
                                 "\"s\", \"oauth.old.issuer\" : \"i\" } ]"));
}
END_TEST

/* The index of older versions is dropped. Without the right to do so the store works. */
START_TEST(an_old_index_that_stays)
{
    fake_mongod_found("{\"key\": {\"oauth.google.sub\": 1}, \"name\": \"its_name\", \"unique\": "
                      "true}");
    fake_mongod_code("dropIndexes", 13);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(fake_mongod_count("dropIndexes"), 1);
    ck_assert_ptr_nonnull(strstr(fake_mongod_last("dropIndexes"), "\"index\" : \"its_name\""));
}
END_TEST

static authp_err_t find_identity(void)
{
    authp_user_t *user = NULL;
    return authp_store_user_by_identity(store, "i", "s", &user, pool);
}

static authp_err_t find_invite(void)
{
    authp_invite_t *invite = NULL;
    return authp_store_invite_live_of(store, "ada@example.org", NULL, 1, &invite, pool);
}

static authp_err_t use_token(void)
{
    return authp_store_used_token_add(store, "k", 1, pool);
}

static authp_err_t make_code(void)
{
    authp_login_code_t code = {.code_hash = "h", .challenge = "c", .expires_at = 2};
    contract_next_id(&code.id);
    contract_next_id(&code.user_id);
    return authp_store_login_code_create(store, &code, pool);
}

static authp_err_t take_code(void)
{
    authp_login_code_t *code = NULL;
    return authp_store_login_code_take(store, "h", "c", 1, &code, pool);
}

static const struct {
    const char *command;
    authp_err_t (*attempt)(void);
    authp_err_t fine; /* what an empty database answers */
} operations[] = {
    {"find", find_identity, AUTHP_E_NOT_FOUND},
    {"find", find_invite, AUTHP_E_NOT_FOUND},
    {"insert", use_token, AUTHP_OK},
    {"insert", make_code, AUTHP_OK},
    {"findAndModify", take_code, AUTHP_E_NOT_FOUND},
};

START_TEST(refusals_of_sign_in)
{
    authp_err_t (*attempt)(void) = operations[_i].attempt;
    ck_assert_int_eq(attempt(), operations[_i].fine);
    fake_mongod_code(operations[_i].command, 50);
    ck_assert_int_eq(attempt(), AUTHP_E_UNAVAILABLE);
    fake_mongod_code(operations[_i].command, 121);
    ck_assert_int_eq(attempt(), AUTHP_E_INTERNAL);
    if (operations[_i].fine == AUTHP_OK) {
        fake_mongod_code(operations[_i].command, 11000);
        ck_assert_int_eq(attempt(), AUTHP_E_CONFLICT);
        fake_mongod_fault(operations[_i].command, FAKE_MONGOD_CONCERN);
        ck_assert_int_eq(attempt(), AUTHP_E_UNAVAILABLE);
    }
    fake_mongod_fault(NULL, FAKE_MONGOD_SILENT);
    ck_assert_int_eq(attempt(), operations[_i].fine);
}
END_TEST

static authp_err_t put_code(void)
{
    authp_otp_code_t code;
    columns_fixture_fill(&authp_columns_otp_code, &code, 1, pool);
    return authp_store_otp_put(store, &code, pool);
}

static authp_err_t ask_admin(void)
{
    authp_pending_admin_t admin;
    columns_fixture_fill(&authp_columns_pending_admin, &admin, 1, pool);
    return authp_store_pending_admin_put(store, &admin, pool);
}

static authp_err_t count_failure(void)
{
    int64_t count = -1;
    const authp_failure_t failure = {.key = "k", .at = 2, .forget_before = 1, .expires_at = 3};
    authp_err_t err = authp_store_failure_add(store, &failure, &count, pool);
    ck_assert_int_eq(count, -1);
    return err;
}

static authp_err_t take_place(void)
{
    authp_tallied_t out = {.count = -1};
    const authp_tally_t tally = {.key = "k", .most = 5, .window_ms = 10, .now = 100};
    authp_err_t err = authp_store_tally_take(store, &tally, &out, pool);
    ck_assert_int_eq(out.count, -1);
    return err;
}

/* Two calls may make the same document at the same moment. The one that is too late tries again,
 * some times, and then answers that the store is not available. */
static const struct {
    const char *command;
    authp_err_t (*attempt)(void);
    int times;
} rounds[] = {
    {"update", put_code, 8},
    {"update", ask_admin, 8},
    {"findAndModify", count_failure, 8}, /* two commands a round */
    {"findAndModify", take_place, 8},
};

START_TEST(always_too_late)
{
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    fake_mongod_code(rounds[_i].command, 11000);
    ck_assert_int_eq(rounds[_i].attempt(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fake_mongod_count(rounds[_i].command), rounds[_i].times);
    /* No other error is tried again. */
    fake_mongod_forget();
    fake_mongod_code(rounds[_i].command, 121);
    ck_assert_int_eq(rounds[_i].attempt(), AUTHP_E_INTERNAL);
    ck_assert_int_eq(fake_mongod_count(rounds[_i].command), 1);
    fake_mongod_forget();
    fake_mongod_code(rounds[_i].command, 50);
    ck_assert_int_eq(rounds[_i].attempt(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fake_mongod_count(rounds[_i].command), 1);
}
END_TEST

Suite *suite_mongodb_names(void)
{
    Suite *suite = suite_create("mongodb_names");
    TCase *tests = tcase_create("mongodb_names");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 20);
    tcase_add_test(tests, names_are_read_first);
    tcase_add_test(tests, an_old_index_that_stays);
    tcase_add_loop_test(tests, refusals_of_sign_in, 0,
                        (int)(sizeof(operations) / sizeof(operations[0])));
    tcase_add_loop_test(tests, always_too_late, 0, (int)(sizeof(rounds) / sizeof(rounds[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
