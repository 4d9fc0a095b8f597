/* SPDX-License-Identifier: Apache-2.0 */
/* Body schemas: each finding, all findings at once, and the JSON Schema that is made from the same
 * rows. */
#include "api/core/findings.h"
#include "api/core/schema.h"
#include "api/core/schema_describe.h"
#include "suite.h"
#include "support/fixture.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

static const authp_schema_t everything = {"Everything",
                                          {{"flag", AUTHP_FIELD_BOOL, false, false},
                                           {"email", AUTHP_FIELD_EMAIL, true, false},
                                           {"name", AUTHP_FIELD_NAME, false, true},
                                           {"new", AUTHP_FIELD_NEW_PASSWORD, false, false},
                                           {"password", AUTHP_FIELD_PASSWORD, false, false},
                                           {"device", AUTHP_FIELD_DEVICE, false, true},
                                           {"token", AUTHP_FIELD_TOKEN, false, false}},
                                          {NULL, NULL}};

static const authp_schema_t either = {
    "Either",
    {{"email", AUTHP_FIELD_LOGIN, false, false}, {"username", AUTHP_FIELD_LOGIN, false, false}},
    {"email", "username"}};

static const authp_schema_t named = {
    "Named", {{"username", AUTHP_FIELD_USERNAME, true, false}}, {NULL, NULL}};

static const authp_schema_t numbers = {
    "Numbers",
    {{"hours", AUTHP_FIELD_HOURS, false, false}, {"roles", AUTHP_FIELD_ROLES, false, false}},
    {NULL, NULL}};

static apr_pool_t *pool;
static authp_settings_t settings;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    settings = fixture_settings(pool);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

/* Returns "field code, field code"; "" if nothing is wrong. */
static const char *findings(const authp_schema_t *schema, json_t *body)
{
    authp_findings_t *all = authp_findings_make(pool);
    const char *found = "";
    if (authp_schema_check(schema, &settings, body, false, all) == AUTHP_OK) {
        ck_assert_int_eq(all->count, 0);
        return "";
    }
    ck_assert_int_gt(all->count, 0);
    ck_assert_int_eq(all->more, 0);
    for (int i = 0; i < all->count; i++) {
        ck_assert_uint_gt(strlen(all->at[i].detail), 0);
        found = apr_pstrcat(pool, found, i > 0 ? ", " : "", all->at[i].field, " ", all->at[i].code,
                            NULL);
    }
    return found;
}

static json_t *parsed(const char *text)
{
    json_t *body = NULL;
    ck_assert_msg(authp_json_parse(text, strlen(text), &body, pool) == AUTHP_OK, "%s", text);
    return body;
}

static const struct {
    const authp_schema_t *schema;
    const char *body;
    const char *found;
} cases[] = {
    {&everything, "{\"email\":\"a@example.org\"}", ""},
    {&everything,
     "{\"flag\":false,\"email\":\"a@b\",\"name\":\"A\",\"new\":\"12345678\",\"password\":\"\","
     "\"device\":\"\",\"token\":\"\"}",
     ""},
    {&everything, "[]", " type"},
    {&everything, "\"text\"", " type"},
    {&everything, "null", " type"},
    {&everything, "{}", "email missing"},
    /* null is a wrong type unless the field allows it. */
    {&everything, "{\"email\":null}", "email type"},
    {&everything, "{\"email\":\"a@b\",\"name\":null,\"device\":null}", ""},
    {&everything, "{\"email\":\"a@b\",\"flag\":null,\"new\":null,\"token\":null}",
     "flag type, new type, token type"},
    {&everything, "{\"email\":1,\"name\":{},\"device\":[],\"flag\":\"true\",\"password\":true}",
     "flag type, email type, name type, password type, device type"},
    {&everything, "{\"email\":\"a@b\",\"flag\":0}", "flag type"},
    {&everything,
     "{\"email\":\"nobody\",\"name\":\"\\n\",\"new\":\"short\",\"device\":\"\\u0007\"}",
     "email invalid, name invalid, new invalid, device invalid"},
    {&everything, "{\"email\":\"a@b\",\"Email\":1,\"\":2,\"roles\":[\"admin\"]}",
     "Email unknown,  unknown, roles unknown"},
    {&everything, "{\"surplus\":1,\"flag\":1}", "flag type, email missing, surplus unknown"},
    {&everything,
     "{\"email\":\"a\\u0000@b\",\"name\":\"\\u0000\",\"new\":\"1234567\\u0000\","
     "\"password\":\"\\u0000\",\"device\":\"\\u0000\",\"token\":\"x\\u0000\"}",
     "email invalid, name invalid, new invalid, password invalid, device invalid, token invalid"},
    {&named, "{\"username\":\"Ada_L.9-x\"}", ""},
    {&named, "{\"username\":\"ab\"}", "username invalid"},
    {&named, "{\"username\":\"ada l\"}", "username invalid"},
    {&named, "{\"username\":\"ada\\u0000\"}", "username invalid"},
    {&named, "{\"username\":null}", "username type"},
    {&numbers, "{\"hours\":1,\"roles\":[]}", ""},
    {&numbers, "{\"hours\":8760,\"roles\":[\"admin\",\"candidate\",\"recruiter\"]}", ""},
    {&numbers, "{\"hours\":24.0,\"roles\":[\"admin\"]}", ""},
    {&numbers, "{\"hours\":0,\"roles\":[\"admin\",\"admin\"]}", "hours invalid, roles invalid"},
    {&numbers, "{\"hours\":8761,\"roles\":[\"admin\",\"candidate\",\"admin\"]}",
     "hours invalid, roles invalid"},
    {&numbers, "{\"hours\":1.5,\"roles\":[\"admin\",\"boss\"]}", "hours invalid, roles invalid"},
    {&numbers, "{\"hours\":-1,\"roles\":[\"Admin\"]}", "hours invalid, roles invalid"},
    {&numbers, "{\"hours\":\"24\",\"roles\":\"admin\"}", "hours invalid, roles invalid"},
    {&numbers, "{\"hours\":null,\"roles\":null}", "hours invalid, roles invalid"},
    {&numbers, "{\"roles\":[\"admin\\u0000\"]}", "roles invalid"},
    {&numbers, "{\"roles\":[1]}", "roles invalid"},
    {&either, "{\"email\":\"anything\"}", ""},
    {&either, "{\"username\":\"\"}", ""},
    {&either, "{}", "email missing"},
    {&either, "{\"email\":\"a\",\"username\":\"b\"}", "username invalid"},
    /* A field is reported once: its own fault precedes the rule about both fields. */
    {&either, "{\"email\":\"a\",\"username\":1}", "username type"},
    {&either, "{\"email\":1,\"username\":\"b\"}", "email type, username invalid"},
    {&either, "{\"email\":null}", "email type"},
    {&either, "{\"other\":1}", "email missing, other unknown"},
};

START_TEST(each_finding)
{
    json_t *body = parsed(cases[_i].body);
    ck_assert_str_eq(findings(cases[_i].schema, body), cases[_i].found);
}
END_TEST

static authp_findings_t *refused(const authp_schema_t *schema, json_t *body)
{
    authp_findings_t *all = authp_findings_make(pool);
    ck_assert_int_eq(authp_schema_check(schema, &settings, body, false, all),
                     AUTHP_E_VALIDATION_FAILED);
    return all;
}

START_TEST(a_finding_is_said_in_words)
{
    authp_findings_t *all = refused(&either, parsed("{\"email\":\"a\",\"username\":\"b\"}"));
    ck_assert_str_eq(all->at[0].detail, "Send email or username, not both.");
    all = refused(&either, parsed("{\"other\":1}"));
    ck_assert_str_eq(all->at[0].detail, "One of email and username is required.");
    ck_assert_str_eq(all->at[1].detail, "Is not a field of this request.");
    all = refused(&named, parsed("{}"));
    ck_assert_str_eq(all->at[0].detail, "Is required.");
    all = refused(&named, parsed("[]"));
    ck_assert_str_eq(all->at[0].detail, "The body must be a JSON object.");
    settings.password_min_length = 12;
    all = refused(&everything, parsed("{\"email\":\"a@b\",\"new\":\"short\"}"));
    ck_assert_ptr_nonnull(strstr(all->at[0].detail, "12"));
}
END_TEST

/* Findings about the schema's fields come before those about unknown fields, of which a client can
 * send many. */
START_TEST(own_fields_come_first)
{
    json_t *body = authp_json_object(pool);
    for (int i = 0; i < 3000; i++) {
        authp_json_set_int(body, apr_psprintf(pool, "surplus%d", i), i);
    }
    authp_json_set_str(body, "flag", "x");
    authp_findings_t *all = refused(&everything, body);
    ck_assert_int_eq(all->count, 20);
    ck_assert_int_eq(all->more, 3002 - 20);
    for (int i = 0; i < 20; i++) {
        ck_assert_str_eq(all->at[i].field, i == 0   ? "flag"
                                           : i == 1 ? "email"
                                                    : apr_psprintf(pool, "surplus%d", i - 2));
    }
}
END_TEST

/* A profile that ignores unknown fields still checks those that it knows. */
START_TEST(unknown_fields_may_be_ignored)
{
    authp_findings_t *all = authp_findings_make(pool);
    json_t *body = parsed("{\"email\":\"a@example.org\",\"other\":1}");
    ck_assert_int_eq(authp_schema_check(&everything, &settings, body, true, all), AUTHP_OK);
    body = parsed("{\"email\":1,\"other\":1}");
    ck_assert_int_eq(authp_schema_check(&everything, &settings, body, true, all),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_int_eq(all->count, 1);
    ck_assert_str_eq(all->at[0].field, "email");
}
END_TEST

/* Returns `unit`, repeated `count` times. */
static const char *repeated(const char *unit, int count)
{
    size_t len = strlen(unit);
    char *text = apr_palloc(pool, len * (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        memcpy(text + len * (size_t)i, unit, len);
    }
    text[len * (size_t)count] = '\0';
    return text;
}

static const char *found_in(const char *field, const char *unit, int count)
{
    json_t *body = authp_json_object(pool);
    authp_json_set_str(body, "email", "a@example.org");
    authp_json_set_str(body, field, repeated(unit, count));
    return findings(&everything, body);
}

static const struct {
    const char *field;
    const char *unit;
    int most;
} lengths[] = {
    /* The length counts characters: an e with an accent (two bytes) and a globe (four bytes) count
     * like a letter. */
    {"name", "n", 200},
    {"name", "\xc3\xa9", 200},
    {"name", "\xf0\x9f\x8c\x8d", 200},
    {"device", "d", 200},
    {"device", "\xf0\x9f\x8c\x8d", 200},
    {"token", "t", 8192},
    {"token", "\xc3\xa9", 8192},
    /* The length counts bytes, because of bcrypt's limit. */
    {"new", "p", 72},
    {"new", "\xc3\xa9", 36},
    {"new", "\xf0\x9f\x8c\x8d", 18},
};

START_TEST(longest)
{
    const char *field = lengths[_i].field;
    ck_assert_str_eq(found_in(field, lengths[_i].unit, lengths[_i].most), "");
    ck_assert_str_eq(found_in(field, lengths[_i].unit, lengths[_i].most + 1),
                     apr_pstrcat(pool, field, " invalid", NULL));
}
END_TEST

START_TEST(longest_username)
{
    json_t *body = authp_json_object(pool);
    authp_json_set_str(body, "username", repeated("u", 150));
    ck_assert_str_eq(findings(&named, body), "");
    authp_json_set_str(body, "username", repeated("u", 151));
    ck_assert_str_eq(findings(&named, body), "username invalid");
}
END_TEST

START_TEST(longest_login_and_address)
{
    json_t *body = authp_json_object(pool);
    authp_json_set_str(body, "email", repeated("\xc3\xa9", 1000));
    ck_assert_str_eq(findings(&either, body), "");
    authp_json_set_str(body, "email", repeated("\xc3\xa9", 1001));
    ck_assert_str_eq(findings(&either, body), "email invalid");
    body = authp_json_object(pool);
    authp_json_set_str(body, "email", apr_pstrcat(pool, repeated("a", 242), "@example.org", NULL));
    ck_assert_str_eq(findings(&everything, body), "");
    authp_json_set_str(body, "email", apr_pstrcat(pool, repeated("a", 243), "@example.org", NULL));
    ck_assert_str_eq(findings(&everything, body), "email invalid");
}
END_TEST

START_TEST(shortest_password)
{
    /* A password needs eight characters, of one byte or of four. */
    ck_assert_str_eq(found_in("new", "\xf0\x9f\x8c\x8d", 7), "new invalid");
    ck_assert_str_eq(found_in("new", "\xf0\x9f\x8c\x8d", 8), "");
    ck_assert_str_eq(found_in("new", "p", 7), "new invalid");
    /* A password at sign-in may be any text. */
    ck_assert_str_eq(found_in("password", "p", 0), "");
    ck_assert_str_eq(found_in("password", "p", 10000), "");
}
END_TEST

static json_t *described(const authp_schema_t *schema)
{
    json_t *out = authp_json_object(pool);
    authp_schema_describe(schema, &settings, false, out);
    ck_assert_str_eq(json_string_value(json_object_get(out, "type")), "object");
    ck_assert(json_is_false(json_object_get(out, "additionalProperties")));
    return out;
}

static json_t *property(json_t *schema, const char *name)
{
    json_t *found = json_object_get(json_object_get(schema, "properties"), name);
    ck_assert_msg(found != NULL, "%s", name);
    return found;
}

static json_int_t number(json_t *schema, const char *name, const char *member)
{
    return json_integer_value(json_object_get(property(schema, name), member));
}

START_TEST(description)
{
    settings.password_min_length = 12;
    json_t *out = described(&everything);
    ck_assert_uint_eq(json_object_size(json_object_get(out, "properties")), 7);
    ck_assert(json_equal(json_object_get(out, "required"), parsed("[\"email\"]")));
    ck_assert(json_equal(property(out, "flag"), parsed("{\"type\":\"boolean\"}")));
    ck_assert_int_eq(number(out, "email", "maxLength"), 254);
    ck_assert_ptr_nonnull(json_object_get(property(out, "email"), "pattern"));
    ck_assert_ptr_null(json_object_get(property(out, "email"), "format"));
    ck_assert(json_equal(property(out, "name"),
                         parsed("{\"type\":[\"string\",\"null\"],\"maxLength\":200,"
                                "\"description\":\"No control characters.\","
                                "\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\"}")));
    ck_assert(
        json_equal(property(out, "password"), parsed("{\"type\":\"string\",\"format\":\"password\","
                                                     "\"description\":\"No NUL character.\","
                                                     "\"pattern\":\"^[^\\\\u0000]*$\"}")));
    ck_assert_int_eq(number(out, "new", "maxLength"), 72);
    ck_assert_int_eq(number(out, "new", "minLength"), 12);
    ck_assert_int_eq(number(out, "device", "maxLength"), 200);
    ck_assert_int_eq(number(out, "token", "maxLength"), 8192);
    ck_assert_ptr_null(json_object_get(out, "oneOf"));
    out = described(&either);
    ck_assert_ptr_null(json_object_get(out, "required"));
    ck_assert(json_equal(json_object_get(out, "oneOf"),
                         parsed("[{\"required\":[\"email\"]},{\"required\":[\"username\"]}]")));
    ck_assert_int_eq(number(out, "username", "maxLength"), 1000);
}
END_TEST

Suite *suite_schema(void)
{
    Suite *suite = suite_create("schema");
    TCase *tests = tcase_create("schema");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, each_finding, 0, sizeof(cases) / sizeof(cases[0]));
    tcase_add_test(tests, a_finding_is_said_in_words);
    tcase_add_test(tests, own_fields_come_first);
    tcase_add_test(tests, unknown_fields_may_be_ignored);
    tcase_add_loop_test(tests, longest, 0, sizeof(lengths) / sizeof(lengths[0]));
    tcase_add_test(tests, longest_username);
    tcase_add_test(tests, longest_login_and_address);
    tcase_add_test(tests, shortest_password);
    tcase_add_test(tests, description);
    suite_add_tcase(suite, tests);
    return suite;
}
