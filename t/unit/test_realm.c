/* SPDX-License-Identifier: Apache-2.0 */
/* The realm that is made from settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/log.h"
#include "fixture.h"
#include "service/account/account_rules.h"
#include "service/session/grant.h"
#include "suite.h"

static apr_pool_t *pool;
static char last[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, AUTHP_LOG_ERROR);
    apr_cpystrn(last, message, sizeof(last));
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    last[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

START_TEST(make)
{
    const authp_settings_t settings = fixture_settings(pool);
    authp_realm_t *realm = NULL;
    ck_assert_int_eq(authp_realm_make(&settings, &realm, pool), AUTHP_OK);
    ck_assert_ptr_null(realm->store);
    ck_assert_ptr_null(realm->hasher);
    ck_assert_ptr_eq(realm->clock, authp_clock_system());
    ck_assert_ptr_eq(realm->random, authp_random_system());
    ck_assert_uint_eq(authp_roles_bit(realm->roles, "admin"), 4);
    ck_assert_uint_eq(authp_roles_bit(realm->roles, "boss"), 0);
    ck_assert_str_eq(realm->settings->jwt_issuer, "auth_platform");
    ck_assert_int_eq(authp_realm_selftest(realm, pool), AUTHP_OK);
    ck_assert_str_eq(last, "");
}
END_TEST

START_TEST(short_key)
{
    authp_settings_t settings = fixture_settings(pool);
    authp_realm_t *realm = NULL;
    settings.jwt_secret = authp_secret_make("short", 5, pool);
    ck_assert_int_ne(authp_realm_make(&settings, &realm, pool), AUTHP_OK);
    ck_assert_ptr_null(realm);
}
END_TEST

/* After JWT_SECRET_KEY was replaced, tokens and tags of each kind that the previous key signed are
 * still accepted, and nothing new is signed with it. */
START_TEST(the_key_before)
{
    static const char subject[] = "subject";
    const authp_bytes_t part = {subject, sizeof(subject) - 1};
    authp_settings_t settings = fixture_settings(pool);
    authp_realm_t *old = NULL;
    authp_realm_t *both = NULL;
    authp_realm_t *fresh = NULL;
    ck_assert_int_eq(authp_realm_make(&settings, &old, pool), AUTHP_OK);
    settings.jwt_secret_previous = settings.jwt_secret;
    settings.jwt_secret = authp_secret_make(FIXTURE_SECRET "-2", strlen(FIXTURE_SECRET) + 2, pool);
    ck_assert_int_eq(authp_realm_make(&settings, &both, pool), AUTHP_OK);
    settings.jwt_secret_previous = NULL;
    ck_assert_int_eq(authp_realm_make(&settings, &fresh, pool), AUTHP_OK);
    for (int label = 0; label < AUTHP_KEY_COUNT; label++) {
        unsigned char before[AUTHP_SHA256_LEN];
        unsigned char now[AUTHP_SHA256_LEN];
        authp_key_label_t key = (authp_key_label_t)label;
        ck_assert_int_eq(authp_keys_tag(old->keys, key, &part, 1, before), AUTHP_OK);
        ck_assert_int_eq(authp_keys_tag(both->keys, key, &part, 1, now), AUTHP_OK);
        ck_assert_int_eq(authp_keys_check(both->keys, key, &part, 1, before), AUTHP_OK);
        ck_assert_int_eq(authp_keys_check(both->keys, key, &part, 1, now), AUTHP_OK);
        ck_assert_int_eq(authp_keys_check(fresh->keys, key, &part, 1, now), AUTHP_OK);
        ck_assert_int_ne(authp_keys_check(fresh->keys, key, &part, 1, before), AUTHP_OK);
    }
    authp_principal_t who = {0};
    const char *token = NULL;
    int expires_in = 0;
    const authp_user_t user = {.id = {"aaaaaaaaaaaaaaaaaaaaaaaa"},
                               .ver = 1,
                               .roles = apr_array_make(pool, 1, sizeof(const char *))};
    const authp_session_t session = {.id = {"bbbbbbbbbbbbbbbbbbbbbbbb"},
                                     .expires_at =
                                         authp_clock_now(authp_clock_system()) + AUTHP_DAY_MS};
    const authp_token_order_t order = {.user = &user, .session = &session};
    ck_assert_int_eq(authp_token_issue(old, &order, &token, &expires_in, pool), AUTHP_OK);
    ck_assert_int_eq(authp_token_verify(both, token, strlen(token), &who, pool), AUTHP_OK);
    ck_assert_int_ne(authp_token_verify(fresh, token, strlen(token), &who, pool), AUTHP_OK);
}
END_TEST

START_TEST(refused_passwords_are_read_once)
{
    char path[] = "/tmp/authp-realm-XXXXXX";
    authp_settings_t settings = fixture_settings(pool);
    authp_realm_t *realm = NULL;
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "password1\n", 10), 10);
    ck_assert_int_eq(close(fd), 0);
    settings.password_refused_file = path;
    ck_assert_int_eq(authp_realm_make(&settings, &realm, pool), AUTHP_OK);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_pstr_ne(authp_account_rules_check_password(realm->settings, "Password1", 9, pool),
                      NULL);
    ck_assert_pstr_eq(authp_account_rules_check_password(realm->settings, "password12", 10, pool),
                      NULL);
    ck_assert_ptr_null(settings.password_refused); /* the caller's settings do not change */
    realm = NULL;
    ck_assert_int_ne(authp_realm_make(&settings, &realm, pool), AUTHP_OK);
    ck_assert_ptr_null(realm);
    ck_assert_str_eq(last, apr_pstrcat(pool,
                                       "AUTHP0300: PASSWORD_REFUSED_FILE in the environment: "
                                       "cannot read ",
                                       path, ": No such file or directory", NULL));
}
END_TEST

START_TEST(store_of_the_settings)
{
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {0};
    const char *error = NULL;
    settings.sqlite_file = "/var/lib/x/accounts.db";
    ck_assert_int_eq(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_str_eq(ops->name, "sqlite");
    ck_assert_str_eq(config.file, "/var/lib/x/accounts.db");
    ck_assert_ptr_null(config.uri);
    ck_assert_int_eq(config.timeout_ms, 2000);
    ck_assert_int_eq(config.max_connections, 8);
    ck_assert_ptr_null(error);
}
END_TEST

/* URI and database come from the settings of the selected store. */
START_TEST(mongodb_of_the_settings)
{
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {0};
    const char *error = NULL;
    settings.store = "mongodb";
    settings.mongodb_uri = "mongodb://127.0.0.1:1/";
    settings.mongodb_db = "people";
    settings.database_url = "postgresql://127.0.0.1/other";
    ck_assert_int_eq(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_str_eq(ops->name, "mongodb");
    ck_assert_str_eq(config.uri, "mongodb://127.0.0.1:1/");
    ck_assert_str_eq(config.database, "people");
    ck_assert_int_eq(config.timeout_ms, 2000);
    ck_assert_ptr_null(error);
}
END_TEST

START_TEST(postgresql_of_the_settings)
{
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {0};
    const char *error = NULL;
    settings.store = "postgresql";
    settings.mongodb_uri = "mongodb://127.0.0.1:1/";
    settings.database_url = "postgresql://127.0.0.1/accounts";
    settings.db_schema = "people";
    settings.db_prepared = _i == 1;
    ck_assert_int_eq(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_str_eq(ops->name, "postgresql");
    ck_assert_str_eq(config.uri, "postgresql://127.0.0.1/accounts");
    ck_assert_str_eq(config.schema, "people");
    ck_assert_int_eq(config.unprepared, _i == 0);
    ck_assert_int_eq(config.timeout_ms, 2000);
    ck_assert_int_eq(config.max_connections, 8);
}
END_TEST

/* MongoDB makes a unique index for each of them. */
START_TEST(store_knows_the_providers)
{
    static authp_provider_t google = {.name = "google"};
    static authp_provider_t corp = {.name = "corp"};
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {0};
    const char *error = NULL;
    settings.providers = NULL;
    ck_assert_int_eq(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_int_eq(config.identity_names->nelts, 0);
    settings.providers = apr_array_make(pool, 2, sizeof(authp_provider_t *));
    APR_ARRAY_PUSH(settings.providers, authp_provider_t *) = &google;
    APR_ARRAY_PUSH(settings.providers, authp_provider_t *) = &corp;
    ck_assert_int_eq(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_int_eq(config.identity_names->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(config.identity_names, 0, const char *), "google");
    ck_assert_str_eq(APR_ARRAY_IDX(config.identity_names, 1, const char *), "corp");
}
END_TEST

START_TEST(store_that_is_not_there)
{
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {.timeout_ms = 77};
    const char *error = NULL;
    settings.store = "nosuch";
    ck_assert_int_ne(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_ptr_null(ops);
    ck_assert_int_eq(config.timeout_ms, 77);
    static const char begin[] =
        "AUTH_STORE in the environment: this build has no store \"nosuch\" (it has: ";
    ck_assert_ptr_eq(strstr(error, begin), error);
    ck_assert_ptr_nonnull(strstr(error + strlen(begin), "sqlite"));
    ck_assert_ptr_null(strchr(error, '\n'));
}
END_TEST

START_TEST(store_that_is_misconfigured)
{
    authp_settings_t settings = fixture_settings(pool);
    const authp_store_ops_t *ops = NULL;
    authp_store_config_t config = {0};
    const char *error = NULL;
    settings.sqlite_file = NULL;
    ck_assert_int_ne(authp_realm_store(&settings, &ops, &config, &error, pool), AUTHP_OK);
    ck_assert_ptr_null(ops);
    ck_assert_ptr_eq(strstr(error, "AUTH_STORE in the environment: sqlite: "), error);
}
END_TEST

/* Returns the size of this process's address space in bytes. */
static long size_of_process(void)
{
    long pages = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(statm);
    ck_assert_int_eq(fscanf(statm, "%ld", &pages), 1);
    (void)fclose(statm);
    return pages * sysconf(_SC_PAGESIZE);
}

/* All caches together take as much memory as the setting gives, and not that much each. */
START_TEST(remembers_within_its_memory)
{
    enum { MIB = 1024 * 1024 };
    const authp_settings_t settings = fixture_settings(pool);
    authp_realm_t *realm = NULL;
    ck_assert_int_eq(authp_realm_make(&settings, &realm, pool), AUTHP_OK);
    ck_assert_int_eq(authp_realm_remember(realm, 0, pool), AUTHP_OK);
    ck_assert_ptr_null(realm->token_cache);
    long before = size_of_process();
    ck_assert_int_eq(authp_realm_remember(realm, (size_t)64 * MIB, pool), AUTHP_OK);
    long more = size_of_process() - before;
    ck_assert_ptr_nonnull(realm->token_cache);
    ck_assert_msg(more > 48L * MIB && more < 72L * MIB, "%ld bytes for 64 MiB", more);
}
END_TEST

Suite *suite_realm(void)
{
    Suite *suite = suite_create("realm");
    TCase *realm = tcase_create("realm");
    tcase_add_checked_fixture(realm, set_up, tear_down);
    tcase_add_test(realm, make);
    tcase_add_test(realm, short_key);
    tcase_add_test(realm, refused_passwords_are_read_once);
    tcase_add_test(realm, store_of_the_settings);
    tcase_add_test(realm, the_key_before);
    tcase_add_test(realm, mongodb_of_the_settings);
    tcase_add_loop_test(realm, postgresql_of_the_settings, 0, 2);
    tcase_add_test(realm, remembers_within_its_memory);
    tcase_add_test(realm, store_knows_the_providers);
    tcase_add_test(realm, store_that_is_not_there);
    tcase_add_test(realm, store_that_is_misconfigured);
    suite_add_tcase(suite, realm);
    return suite;
}
