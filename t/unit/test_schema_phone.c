/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds of fields that phone mounts have: numbers, codes, roles that people choose, documents. */
#include "api/core/findings.h"
#include "api/core/schema.h"
#include "api/core/schema_describe.h"
#include "suite.h"
#include "support/fixture.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

static const authp_schema_t schema = {"Phone",
                                      {{"phone", AUTHP_FIELD_MOBILE, false, false},
                                       {"otp", AUTHP_FIELD_CODE, false, false},
                                       {"type", AUTHP_FIELD_OWN_ROLE, false, false},
                                       {"roles", AUTHP_FIELD_OWN_ROLES, false, false},
                                       {"admin", AUTHP_FIELD_ADMIN_ROLES, false, false},
                                       {"info", AUTHP_FIELD_DOCUMENT, false, false},
                                       {"full_name", AUTHP_FIELD_FULL_NAME, false, false}},
                                      {NULL, NULL}};

static apr_pool_t *pool;
static authp_settings_t settings;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    settings = fixture_settings(pool);
    settings.self_service_roles = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(settings.self_service_roles, const char *) = "seeker";
    APR_ARRAY_PUSH(settings.self_service_roles, const char *) = "provider";
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static json_t *parsed(const char *text)
{
    json_t *body = NULL;
    ck_assert_msg(authp_json_parse(text, strlen(text), &body, pool) == AUTHP_OK, "%s", text);
    return body;
}

/* The code of the one field that is wrong; "" if none is. */
static const char *wrong(const char *field, json_t *body)
{
    authp_findings_t *found = authp_findings_make(pool);
    if (authp_schema_check(&schema, &settings, body, false, found) == AUTHP_OK) {
        return "";
    }
    ck_assert_int_eq(found->count, 1);
    ck_assert_str_eq(found->at[0].field, field);
    ck_assert_uint_gt(strlen(found->at[0].detail), 0);
    return found->at[0].code;
}

static const struct {
    const char *field;
    const char *value; /* as JSON */
    const char *code;
} values[] = {
    /* Whether a text is a number or a code is no question of the schema. */
    {"phone", "\"98765 43210\"", ""},
    {"phone", "\"\"", ""},
    {"phone", "\"nobody\"", ""},
    {"phone", "9876543210", "type"},
    {"phone", "null", "type"},
    {"phone", "\"98765\\u0000\"", "invalid"},
    {"otp", "\"123456\"", ""},
    {"otp", "\"\"", ""},
    {"otp", "123456", "type"},
    {"otp", "\"1\\u0000\"", "invalid"},
    {"type", "\"seeker\"", ""},
    {"type", "\"provider\"", ""},
    {"type", "\"admin\"", "invalid"},
    {"type", "\"Seeker\"", "invalid"},
    {"type", "\"\"", "invalid"},
    {"type", "[\"seeker\"]", "type"},
    {"roles", "[\"seeker\"]", ""},
    {"roles", "[\"provider\",\"seeker\"]", ""},
    {"roles", "[]", "invalid"},
    {"roles", "[\"seeker\",\"seeker\"]", "invalid"},
    {"roles", "[\"admin\"]", "invalid"},
    {"roles", "[\"seeker\",\"candidate\"]", "invalid"},
    {"roles", "[1]", "invalid"},
    {"roles", "\"seeker\"", "invalid"},
    {"roles", "{}", "invalid"},
    {"admin", "[\"admin\"]", ""},
    {"admin", "[]", "invalid"},
    {"admin", "[\"admin\",\"admin\"]", "invalid"},
    {"admin", "[\"seeker\"]", "invalid"},
    {"admin", "[\"admin\\u0000\"]", "invalid"},
    {"admin", "\"admin\"", "invalid"},
    {"full_name", "\"Asha Rao\"", ""},
    {"full_name", "\" \u00e9 \"", ""},
    {"full_name", "\"\"", "invalid"},
    {"full_name", "\"  \"", "invalid"},
    {"full_name", "\"a\\u0007\"", "invalid"},
    {"full_name", "\"a\\u0000\"", "invalid"},
    {"full_name", "null", "type"},
    {"info", "{}", ""},
    {"info", "{\"a\":[1,2.5,null,true,{\"b\":\"c\"}]}", ""},
    {"info", "[]", "invalid"},
    {"info", "\"x\"", "invalid"},
};

START_TEST(value)
{
    const char *body =
        apr_pstrcat(pool, "{\"", values[_i].field, "\":", values[_i].value, "}", NULL);
    ck_assert_msg(strcmp(wrong(values[_i].field, parsed(body)), values[_i].code) == 0, "%s", body);
}
END_TEST

START_TEST(longest)
{
    json_t *body = authp_json_object(pool);
    char text[65 + 1] = {0};
    memset(text, '1', 64);
    authp_json_set_str(body, "otp", text);
    ck_assert_str_eq(wrong("otp", body), "");
    text[64] = '1';
    authp_json_set_str(body, "otp", text);
    ck_assert_str_eq(wrong("otp", body), "invalid");
    char *info = apr_pcalloc(pool, 8192);
    memset(info, 'x', 8192 - strlen("{\"a\":\"\"}"));
    body = authp_json_object(pool);
    authp_json_set_str(authp_json_set_object(body, "info"), "a", info);
    ck_assert_str_eq(wrong("info", body), "");
    info[strlen(info)] = 'x';
    authp_json_set_str(json_object_get(body, "info"), "a", info);
    ck_assert_str_eq(wrong("info", body), "invalid");
}
END_TEST

static json_t *property(json_t *described, const char *name)
{
    json_t *found = json_object_get(json_object_get(described, "properties"), name);
    ck_assert_msg(found != NULL, "%s", name);
    return found;
}

START_TEST(description)
{
    json_t *out = authp_json_object(pool);
    authp_schema_describe(&schema, &settings, true, out);
    json_t *own = parsed("{\"type\":\"string\",\"enum\":[\"seeker\",\"provider\"]}");
    ck_assert(json_equal(property(out, "type"), own));
    ck_assert(json_equal(json_object_get(property(out, "roles"), "items"), own));
    ck_assert_int_eq(json_integer_value(json_object_get(property(out, "roles"), "minItems")), 1);
    ck_assert(json_is_true(json_object_get(property(out, "roles"), "uniqueItems")));
    ck_assert(json_equal(json_object_get(property(out, "admin"), "items"),
                         parsed("{\"type\":\"string\",\"enum\":[\"admin\"]}")));
    ck_assert_str_eq(json_string_value(json_object_get(property(out, "info"), "type")), "object");
    ck_assert_int_eq(json_integer_value(json_object_get(property(out, "otp"), "maxLength")), 64);
    ck_assert_ptr_nonnull(json_object_get(property(out, "phone"), "pattern"));
    ck_assert_int_eq(json_integer_value(json_object_get(property(out, "full_name"), "minLength")),
                     1);
    ck_assert_int_eq(json_integer_value(json_object_get(property(out, "full_name"), "maxLength")),
                     200);
}
END_TEST

Suite *suite_schema_phone(void)
{
    Suite *suite = suite_create("schema_phone");
    TCase *cases = tcase_create("kinds");
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_loop_test(cases, value, 0, (int)(sizeof(values) / sizeof(values[0])));
    tcase_add_test(cases, longest);
    tcase_add_test(cases, description);
    suite_add_tcase(suite, cases);
    return suite;
}
