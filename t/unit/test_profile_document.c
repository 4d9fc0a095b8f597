/* SPDX-License-Identifier: Apache-2.0 */
/* Documents that front ends keep about a person in a role. */
#include <string.h>

#include <apr_strings.h>

#include "fixture.h"
#include "service/account/phone_account.h"
#include "service/account/profile_document.h"
#include "suite.h"

static fixture_t f;
static const authp_actor_t app = {.id = AUTHP_ACTOR_CLI, .client = &fixture_client};
static authp_user_t *user;

static void set_up(void)
{
    fixture_open(&f);
    authp_new_account_t in = {.phone = "+919876543210", .role = "seeker"};
    ck_assert_int_eq(authp_account_sign_up(f.realm, &in, &fixture_client, &user, f.pool), AUTHP_OK);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static json_t *object(const char *text)
{
    json_t *out = NULL;
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &out, f.pool), AUTHP_OK);
    return out;
}

static authp_err_t put(const char *role, const authp_profile_document_t *change)
{
    authp_user_t *after = NULL;
    authp_profile_document_t wanted = *change;
    wanted.role = role;
    return authp_profile_document_write(f.realm, &app, user->id.hex, &wanted, &after, f.pool);
}

static authp_profile_document_t got(const char *role)
{
    authp_profile_document_t out = {.job_id = "x"};
    ck_assert_int_eq(
        authp_profile_document_read(mem_store_user(f.store, user->id.hex), role, &out, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(out.role, role);
    return out;
}

static void expect_text(const json_t *value, const char *text)
{
    ck_assert_ptr_nonnull(value);
    ck_assert_str_eq(authp_json_text(value, NULL, f.pool), text);
}

START_TEST(parts_are_replaced)
{
    authp_profile_document_t out = got("seeker");
    ck_assert(out.personal_info == NULL && out.stats == NULL && out.job_id == NULL);
    authp_profile_document_t change = {.personal_info = object("{\"a\":1,\"b\":[true,null]}"),
                                       .job_id = "job-1"};
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    out = got("seeker");
    expect_text(out.personal_info, "{\"a\":1,\"b\":[true,null]}");
    ck_assert_ptr_null(out.stats);
    ck_assert_str_eq(out.job_id, "job-1");
    ck_assert_str_eq(fixture_audit(&f, "user_change")->reason, "profiles");
    change = (authp_profile_document_t){.personal_info = object("{\"c.d\":{\"$e\":2}}"),
                                        .stats = object("{}")};
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    out = got("seeker");
    expect_text(out.personal_info, "{\"c.d\":{\"$e\":2}}");
    expect_text(out.stats, "{}");
    ck_assert_str_eq(out.job_id, "job-1");
    /* A document gives no right. */
    ck_assert_int_eq(mem_store_user(f.store, user->id.hex)->ver, 1);
}
END_TEST

/* The document of a role that the account does not have can neither be written nor survive. */
START_TEST(belongs_to_the_role)
{
    const authp_profile_document_t change = {.personal_info = object("{\"a\":1}")};
    ck_assert_int_eq(put("provider", &change), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    apr_array_header_t *roles = apr_array_make(f.pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(roles, const char *) = "provider";
    ck_assert_int_eq(
        authp_phone_account_add_roles(f.realm, user->id.hex, roles, &fixture_client, &user, f.pool),
        AUTHP_OK);
    ck_assert_int_eq(put("provider", &change), AUTHP_OK);
    ck_assert_int_eq(
        authp_phone_account_remove_role(f.realm, user, "seeker", &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_ptr_null(got("seeker").personal_info);
    expect_text(got("provider").personal_info, "{\"a\":1}");
    ck_assert_int_eq(
        authp_phone_account_remove_role(f.realm, user, "provider", &fixture_client, f.pool),
        AUTHP_OK);
    ck_assert_ptr_null(mem_store_user(f.store, user->id.hex)->profiles);
}
END_TEST

/* An object of that many bytes as compact JSON text. */
static json_t *of_length(size_t len)
{
    char *text = apr_palloc(f.pool, len + 1);
    memset(text, 'x', len);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + len - 2, "\"}", 3);
    return object(text);
}

START_TEST(bounds)
{
    authp_profile_document_t change = {.personal_info = of_length(AUTHP_PROFILE_DOCUMENT_MOST),
                                       .stats = of_length(AUTHP_PROFILE_DOCUMENT_MOST)};
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    change.stats = of_length(AUTHP_PROFILE_DOCUMENT_MOST + 1);
    ck_assert_int_eq(put("seeker", &change), AUTHP_E_VALIDATION_FAILED);
    change.stats = NULL;
    change.personal_info = json_object_get(object("{\"list\":[]}"), "list");
    ck_assert_int_eq(put("seeker", &change), AUTHP_E_VALIDATION_FAILED);
    ck_assert_ptr_null(authp_profile_document_wrong(object("{}"), f.pool));
    ck_assert_pstr_eq(authp_profile_document_wrong(NULL, f.pool), "This is not an object.");
    ck_assert_pstr_eq(
        authp_profile_document_wrong(of_length(AUTHP_PROFILE_DOCUMENT_MOST + 1), f.pool),
        "This is more than 8192 bytes of JSON.");
    ck_assert_ptr_nonnull(got("seeker").stats);
}
END_TEST

/* The parser replaces numbers that are too large. A document with one would be stored with another
 * value than the one that was sent. */
START_TEST(lost_numbers)
{
    static const char *const lost[] = {
        "{\"a\":9223372036854775808}", "{\"a\":[1,{\"b\":-9223372036854775809}]}",
        "{\"a\":{\"b\":[1e400]}}", "{\"a\":-1e400,\"b\":1}", "{\"a\":[1e400,1]}"};
    static const char *const kept[] = {"{\"a\":9223372036854775807,\"b\":[-9223372036854775808]}",
                                       "{\"a\":{\"b\":[9e307,-9e307]}}", "{\"a\":\"1e400\"}"};
    for (size_t i = 0; i < sizeof(lost) / sizeof(lost[0]); i++) {
        ck_assert_pstr_eq(authp_profile_document_wrong(object(lost[i]), f.pool),
                          "This has a number that is too large. Send it as a string.");
    }
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        ck_assert_ptr_null(authp_profile_document_wrong(object(kept[i]), f.pool));
    }
}
END_TEST

/* Eight levels, the most that a request may have, are read again inside the two of the document. */
START_TEST(deep_ones_are_read_again)
{
    const char *deep = "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}";
    const authp_profile_document_t change = {.personal_info = object(deep)};
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    expect_text(got("seeker").personal_info, deep);
}
END_TEST

START_TEST(another_programs_text)
{
    authp_profile_document_t out = {.job_id = "x"};
    mem_store_user(f.store, user->id.hex)->profiles = "[1]";
    ck_assert_int_eq(
        authp_profile_document_read(mem_store_user(f.store, user->id.hex), "seeker", &out, f.pool),
        AUTHP_E_INTERNAL);
    ck_assert_str_eq(out.job_id, "x");
    mem_store_user(f.store, user->id.hex)->profiles = "{\"seeker\":3}";
    ck_assert_ptr_null(got("seeker").personal_info);
    const authp_profile_document_t change = {.job_id = "j"};
    ck_assert_int_eq(put("seeker", &change), AUTHP_OK);
    ck_assert_str_eq(got("seeker").job_id, "j");
}
END_TEST

/* The own document is no business of the audit, that of somebody else is. */
START_TEST(who_is_in_the_audit)
{
    authp_user_t *after = NULL;
    const authp_actor_t self = {.id = user->id.hex, .client = &fixture_client};
    const authp_profile_document_t change = {.role = "seeker", .job_id = "7"};
    ck_assert_int_eq(
        authp_profile_document_write(f.realm, &self, user->id.hex, &change, &after, f.pool),
        AUTHP_OK);
    ck_assert_ptr_null(fixture_audit(&f, "user_change"));
    ck_assert_int_eq(put("seeker", &(authp_profile_document_t){.job_id = "7"}), AUTHP_OK);
    ck_assert_ptr_null(fixture_audit(&f, "user_change")); /* nothing has changed */
    ck_assert_int_eq(put("seeker", &(authp_profile_document_t){.job_id = "8"}), AUTHP_OK);
    ck_assert_str_eq(fixture_audit(&f, "user_change")->reason, "profiles");
    ck_assert_str_eq(fixture_audit(&f, "user_change")->actor_id, AUTHP_ACTOR_CLI);
    ck_assert_str_eq(fixture_audit(&f, "user_change")->subject_id, user->id.hex);
}
END_TEST

Suite *suite_profile_document(void)
{
    Suite *suite = suite_create("profile_document");
    TCase *tests = tcase_create("profile_document");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, parts_are_replaced);
    tcase_add_test(tests, belongs_to_the_role);
    tcase_add_test(tests, bounds);
    tcase_add_test(tests, lost_numbers);
    tcase_add_test(tests, deep_ones_are_read_again);
    tcase_add_test(tests, another_programs_text);
    tcase_add_test(tests, who_is_in_the_audit);
    suite_add_tcase(suite, tests);
    return suite;
}
