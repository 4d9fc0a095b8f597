/* SPDX-License-Identifier: Apache-2.0 */
/* What the OpenAPI document says of each kind of field and parameter, and of each way to
 * authenticate, to the letter: programs are generated from it. */
#include "api/core/profiles.h"
#include "api/core/schema_describe.h"
#include "api/openapi/openapi_about.h"
#include "api/openapi/openapi_parameters.h"
#include "api/openapi/openapi_security.h"
#include "base/json.h"
#include "suite.h"
#include "support/fixture.h"

#include <apr_strings.h>
#include <string.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

static apr_pool_t *pool;
static authp_settings_t settings;

static apr_array_header_t *names_of(const char *first, const char *second)
{
    apr_array_header_t *names = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(names, const char *) = first;
    if (second != NULL) {
        APR_ARRAY_PUSH(names, const char *) = second;
    }
    return names;
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    settings = fixture_settings(pool);
    settings.roles = names_of("seeker", "admin");
    settings.self_service_roles = names_of("seeker", NULL);
    settings.password_min_length = 9;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* `text` is JSON. */
static void expect_json(json_t *value, const char *text)
{
    json_t *wanted = NULL;
    ck_assert_msg(authp_json_parse(text, strlen(text), &wanted, pool) == AUTHP_OK, "%s", text);
    ck_assert_msg(json_equal(value, wanted), "%s, not %s", authp_json_text(value, NULL, pool),
                  text);
}

/* --- fields ----------------------------------------------------------------------------------- */

#define LABEL "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
#define NO_NUL "\"pattern\":\"^[^\\\\u0000]*$\""
#define NO_CONTROL "\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\""
#define TEXT "\"type\":\"string\""

static const struct {
    authp_field_kind_t kind;
    const char *schema;
} fields[] = {
    {AUTHP_FIELD_BOOL, "{\"type\":\"boolean\"}"},
    {AUTHP_FIELD_EMAIL,
     "{" TEXT ",\"maxLength\":254,\"description\":\"An e-mail address that HTML's input type=email "
     "accepts.\",\"pattern\":\"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@" LABEL "(?:\\\\." LABEL ")*$\"}"},
    {AUTHP_FIELD_USERNAME,
     "{" TEXT ",\"minLength\":3,\"maxLength\":150,\"pattern\":\"^[a-zA-Z0-9_.-]*$\","
     "\"description\":\"Letters, digits, `_`, `.` and `-`. Compared without regard to case, and "
     "stored in lower case.\"}"},
    {AUTHP_FIELD_NAME,
     "{" TEXT ",\"maxLength\":200," NO_CONTROL ",\"description\":\"No control characters.\"}"},
    {AUTHP_FIELD_FULL_NAME,
     "{" TEXT ",\"minLength\":1,\"maxLength\":200,\"pattern\":\"^ "
     "*[^\\\\u0000-\\\\u0020\\\\u007f-\\\\u009f][^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\","
     "\"description\":\"No control characters, and not only spaces.\"}"},
    {AUTHP_FIELD_NEW_PASSWORD,
     "{" TEXT ",\"format\":\"password\",\"minLength\":9,\"maxLength\":72," NO_NUL
     ",\"description\":\"At most 72 bytes of UTF-8, no NUL character, and none of the passwords "
     "that everybody tries first.\"}"},
    {AUTHP_FIELD_PASSWORD,
     "{" TEXT ",\"format\":\"password\"," NO_NUL ",\"description\":\"No NUL character.\"}"},
    {AUTHP_FIELD_LOGIN,
     "{" TEXT ",\"maxLength\":1000," NO_NUL ",\"description\":\"No NUL character.\"}"},
    {AUTHP_FIELD_DEVICE,
     "{" TEXT ",\"maxLength\":200," NO_CONTROL ",\"description\":\"A name for the device in the "
     "list of sessions. No control characters.\"}"},
    {AUTHP_FIELD_TOKEN, "{" TEXT ",\"maxLength\":8192," NO_NUL
                        ",\"description\":\"The text exactly as the server sent it.\"}"},
    {AUTHP_FIELD_JWT, "{" TEXT ",\"maxLength\":16000," NO_NUL "}"},
    {AUTHP_FIELD_TARGET,
     "{" TEXT ",\"maxLength\":1024," NO_NUL ",\"description\":\"A path of this host, or a URL of "
     "an allowed front end.\"}"},
    {AUTHP_FIELD_ASKED, "{" TEXT ",\"enum\":[\"candidate\",\"recruiter\"]}"},
    {AUTHP_FIELD_ID, "{" TEXT ",\"pattern\":\"^[0-9a-f]{24}$\","
                     "\"description\":\"24 hex characters, lower case.\"}"},
    {AUTHP_FIELD_HOURS, "{\"type\":\"integer\",\"minimum\":1,\"maximum\":8760,\"default\":168}"},
    {AUTHP_FIELD_ROLES, "{\"type\":\"array\",\"uniqueItems\":true,\"items\":{" TEXT
                        ",\"enum\":[\"seeker\",\"admin\"]}}"},
    {AUTHP_FIELD_MOBILE,
     "{" TEXT ",\"pattern\":\"^[0-9 ()+-]*$\",\"description\":\"A phone number: digits, spaces, "
     "`-`, `(`, `)`, and a `+` before the calling code. Without `+` it is a number of the server's "
     "country.\"}"},
    {AUTHP_FIELD_CODE, "{" TEXT ",\"maxLength\":64," NO_NUL
                       ",\"description\":\"The digits of the code that was sent.\"}"},
    {AUTHP_FIELD_OWN_ROLE, "{" TEXT ",\"enum\":[\"seeker\"]}"},
    {AUTHP_FIELD_OWN_ROLES,
     "{\"type\":\"array\",\"uniqueItems\":true,\"minItems\":1,\"items\":{" TEXT
     ",\"enum\":[\"seeker\"]}}"},
    {AUTHP_FIELD_ADMIN_ROLES,
     "{\"type\":\"array\",\"uniqueItems\":true,\"minItems\":1,\"items\":{" TEXT
     ",\"enum\":[\"admin\"]}}"},
    {AUTHP_FIELD_DOCUMENT, "{\"type\":\"object\",\"description\":\"At most 8 KiB as JSON.\"}"},
};

static json_t *described(const authp_schema_t *schema, const char *member)
{
    json_t *out = authp_json_object(pool);
    authp_schema_describe(schema, &settings, false, out);
    return json_object_get(out, member);
}

START_TEST(each_field)
{
    const authp_schema_t schema = {"One", {{"x", fields[_i].kind, false, false}}, {NULL, NULL}};
    ck_assert_int_eq(fields[_i].kind, _i);
    expect_json(json_object_get(described(&schema, "properties"), "x"), fields[_i].schema);
    ck_assert_ptr_null(described(&schema, "required"));
}
END_TEST

/* Passwords of one repeated character are named, because programs try those first. */
START_TEST(common_passwords)
{
    const authp_schema_t schema = {
        "One", {{"x", AUTHP_FIELD_NEW_PASSWORD, true, false}}, {NULL, NULL}};
    size_t i = 0;
    bool ones = false;
    json_t *word = NULL;
    settings.password_refuse_common = true;
    json_t *field = json_object_get(described(&schema, "properties"), "x");
    json_t *words = json_object_get(json_object_get(field, "not"), "enum");
    json_array_foreach(words, i, word)
    {
        const char *text = json_string_value(word);
        const char first[] = {text[0], '\0'};
        ck_assert_uint_eq(strspn(text, first), strlen(text));
        ones = ones || strcmp(text, "11111111") == 0;
    }
    ck_assert(ones);
    ck_assert_uint_gt(json_array_size(words), 5);
}
END_TEST

/* One of two fields, or both. A field that may be null must not be null if it is the only one. */
START_TEST(one_of_two)
{
    authp_schema_t schema = {
        "Two",
        {{"a", AUTHP_FIELD_LOGIN, false, false}, {"b", AUTHP_FIELD_LOGIN, false, true}},
        {"a", "b"}};
    static const char choices[] =
        "[{\"required\":[\"a\"]},{\"required\":[\"b\"],\"properties\":{\"b\":{" TEXT "}}}]";
    expect_json(described(&schema, "oneOf"), choices);
    ck_assert_ptr_null(described(&schema, "anyOf"));
    schema.one_of[2] = AUTHP_SCHEMA_OR_BOTH;
    expect_json(described(&schema, "anyOf"), choices);
    ck_assert_ptr_null(described(&schema, "oneOf"));
}
END_TEST

/* --- parameters ------------------------------------------------------------------------------- */

static const struct {
    authp_query_kind_t kind;
    const char *schema;
} queries[] = {
    {AUTHP_QUERY_LIMIT, "{\"type\":\"integer\",\"minimum\":1,\"maximum\":200,\"default\":50}"},
    {AUTHP_QUERY_CURSOR, "{" TEXT ",\"pattern\":\"^[0-9a-f]{24}$\"}"},
    {AUTHP_QUERY_PREFIX, "{" TEXT ",\"maxLength\":254," NO_NUL "}"},
    {AUTHP_QUERY_ROLE, "{" TEXT ",\"enum\":[\"seeker\",\"admin\"]}"},
    {AUTHP_QUERY_RETURN_TO, "{" TEXT "}"},
    {AUTHP_QUERY_TARGET, "{" TEXT ",\"maxLength\":1024}"},
    {AUTHP_QUERY_ASKED, "{" TEXT ",\"enum\":[\"candidate\",\"recruiter\"]}"},
    {AUTHP_QUERY_CHALLENGE, "{" TEXT ",\"pattern\":\"^[A-Za-z0-9_-]{43}$\"}"},
    {AUTHP_QUERY_DEVICE, "{" TEXT ",\"maxLength\":200}"},
    {AUTHP_QUERY_ANY, "{" TEXT "}"},
};

static json_t *parameters_of(const authp_route_t *route, const char *profile,
                             authp_delivery_t delivery)
{
    json_t *operation = authp_json_object(pool);
    authp_openapi_parameters(operation, route, authp_profiles_find(profile), delivery, &settings);
    return json_object_get(operation, "parameters");
}

START_TEST(each_parameter)
{
    const authp_parameter_t query[] = {{"x", queries[_i].kind, "About it."}, {.name = NULL}};
    const authp_route_t route = {.method = "GET", .path = "/y", .query = query};
    ck_assert_int_eq(queries[_i].kind, _i);
    expect_json(parameters_of(&route, "platform", AUTHP_DELIVERY_ASK),
                apr_pstrcat(pool,
                            "[{\"name\":\"x\",\"in\":\"query\",\"description\":\"About it.\","
                            "\"schema\":",
                            queries[_i].schema, "}]", NULL));
}
END_TEST

START_TEST(parameters_of_a_path)
{
    const authp_route_t route = {.method = "GET", .path = "/users/{id}/identities/{provider}"};
    expect_json(parameters_of(&route, "platform", AUTHP_DELIVERY_ASK),
                "[{\"name\":\"id\",\"in\":\"path\",\"required\":true,"
                "\"description\":\"24 hex characters.\",\"example\":\"65f0c0ffee00000000000a01\","
                "\"schema\":{" TEXT ",\"pattern\":\"^[0-9a-f]{24}$\"}},"
                "{\"name\":\"provider\",\"in\":\"path\",\"required\":true,"
                "\"description\":\"The name of an identity provider.\",\"example\":\"google\","
                "\"schema\":{" TEXT ",\"pattern\":\"^[a-z][a-z0-9_-]{0,63}$\"}}]");
}
END_TEST

#define DELIVERY                                                                                   \
    "{\"name\":\"X-Token-Delivery\",\"in\":\"header\",\"description\":\"`cookie`: tokens as "      \
    "cookies; anything else: in the body.\",\"schema\":{" TEXT "}}"
#define LANGUAGE                                                                                   \
    "{\"name\":\"Accept-Language\",\"in\":\"header\",\"description\":\"The language of the mail, " \
    "for example `de`. English if absent.\",\"schema\":{" TEXT "}}"
#define CSRF                                                                                       \
    "{\"name\":\"X-CSRF-Token\",\"in\":\"header\",\"description\":\"Needed when a cookie "         \
    "authenticates: the value of the csrf_token cookie.\",\"schema\":{" TEXT "}}"

static const struct {
    unsigned flags;
    authp_auth_t auth;
    const char *method;
    const char *profile;
    authp_delivery_t delivery;
    const char *parameters; /* NULL: none */
} heads[] = {
    {AUTHP_ROUTE_SIGNS_IN, AUTHP_AUTH_NONE, "POST", "platform", AUTHP_DELIVERY_ASK,
     "[" DELIVERY "]"},
    {AUTHP_ROUTE_SIGNS_IN, AUTHP_AUTH_NONE, "POST", "platform", AUTHP_DELIVERY_JSON, NULL},
    {AUTHP_ROUTE_SIGNS_IN, AUTHP_AUTH_NONE, "POST", "platform", AUTHP_DELIVERY_COOKIE, NULL},
    {AUTHP_ROUTE_MAILS, AUTHP_AUTH_REQUIRED, "POST", "platform", AUTHP_DELIVERY_JSON,
     "[" LANGUAGE "," CSRF "]"},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_REQUIRED, "GET", "platform", AUTHP_DELIVERY_ASK, NULL},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_NONE, "POST", "platform", AUTHP_DELIVERY_ASK, NULL},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_OPTIONAL, "POST", "platform", AUTHP_DELIVERY_ASK, "[" CSRF "]"},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_OWN, "DELETE", "platform", AUTHP_DELIVERY_ASK, "[" CSRF "]"},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_OWN, "POST", "ai", AUTHP_DELIVERY_ASK, "[" CSRF "]"},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_REQUIRED, "POST", "ai", AUTHP_DELIVERY_ASK, NULL},
    {AUTHP_ROUTE_WAITS, AUTHP_AUTH_OWN, "POST", "assessment", AUTHP_DELIVERY_ASK, NULL},
};

START_TEST(parameters_in_headers)
{
    const authp_route_t route = {
        .method = heads[_i].method, .path = "/y", .auth = heads[_i].auth, .flags = heads[_i].flags};
    json_t *found = parameters_of(&route, heads[_i].profile, heads[_i].delivery);
    if (heads[_i].parameters == NULL) {
        ck_assert_ptr_null(found);
    } else {
        expect_json(found, heads[_i].parameters);
    }
}
END_TEST

/* --- who may ask ------------------------------------------------------------------------------ */

static const struct {
    const char *profile;
    authp_auth_t auth;
    const char *role;
    const char *security;
} ways[] = {
    {"platform", AUTHP_AUTH_NONE, NULL, "[]"},
    {"platform", AUTHP_AUTH_REQUIRED, NULL, "[{\"bearer\":[]},{\"cookie\":[]}]"},
    {"platform", AUTHP_AUTH_REQUIRED, "admin",
     "[{\"bearer\":[\"admin\"]},{\"cookie\":[\"admin\"]}]"},
    {"platform", AUTHP_AUTH_OPTIONAL, NULL, "[{\"bearer\":[]},{\"cookie\":[]},{}]"},
    {"platform", AUTHP_AUTH_OWN, NULL, "[{\"bearer\":[]},{\"cookie\":[]},{}]"},
    {"ai", AUTHP_AUTH_NONE, NULL, "[]"},
    {"ai", AUTHP_AUTH_REQUIRED, "admin", "[{\"bearer\":[\"admin\"]}]"},
    {"ai", AUTHP_AUTH_OPTIONAL, NULL, "[{\"bearer\":[]},{}]"},
    {"ai", AUTHP_AUTH_OWN, NULL, "[{\"refreshCookie\":[],\"csrfToken\":[]},{}]"},
    {"assessment", AUTHP_AUTH_OWN, NULL, "[{}]"},
};

START_TEST(each_way)
{
    json_t *operation = authp_json_object(pool);
    const authp_route_t route = {.method = "POST", .auth = ways[_i].auth, .role = ways[_i].role};
    authp_openapi_security(operation, &route, authp_profiles_find(ways[_i].profile));
    expect_json(json_object_get(operation, "security"), ways[_i].security);
}
END_TEST

#define BEARER "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}"

static const char *const schemes[][2] = {
    {"platform",
     "{" BEARER
     ",\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-authp_at\"}}"},
    {"ai", "{" BEARER ",\"refreshCookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":"
           "\"refresh_token\"},\"csrfToken\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":"
           "\"X-CSRF-Token\",\"description\":\"The value of the csrf_token cookie.\"}}"},
    {"phone", "{" BEARER "}"},
};

START_TEST(each_scheme)
{
    json_t *components = authp_json_object(pool);
    authp_openapi_security_schemes(authp_profiles_find(schemes[_i][0]), &settings, components);
    expect_json(json_object_get(components, "securitySchemes"), schemes[_i][1]);
    /* Another mount of the same document adds to what is there. */
    authp_openapi_security_schemes(authp_profiles_find("platform"), &settings, components);
    ck_assert_uint_eq(json_object_size(json_object_get(components, "securitySchemes")),
                      _i == 1 ? 4 : 2);
}
END_TEST

static const struct {
    authp_auth_t auth;
    const char *role;
    const char *says;
} audiences[] = {
    {AUTHP_AUTH_NONE, NULL, "For everybody."},
    {AUTHP_AUTH_REQUIRED, NULL, "For everybody who is signed in."},
    {AUTHP_AUTH_REQUIRED, "admin", "For accounts with the role `admin`."},
    {AUTHP_AUTH_OPTIONAL, NULL, "For everybody. The answer depends on who is signed in."},
    {AUTHP_AUTH_OWN, NULL, "For clients with a token or a cookie of the session."},
};

START_TEST(each_audience)
{
    authp_route_t route = {
        .method = "GET", .path = "/x", .auth = audiences[_i].auth, .role = audiences[_i].role};
    json_t *all = NULL;
    static const char text[] =
        "{\"GET /x\":[\"A.\",\"B.\"],\"GET /\":[\"C.\"],\"PUT /x\":[\"D.\"]}";
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &all, pool), AUTHP_OK);
    const char *says = audiences[_i].says;
    ck_assert_str_eq(authp_openapi_about(all, &route, pool),
                     apr_pstrcat(pool, says, "\n\nA.\n\nB.", NULL));
    route.path = "";
    ck_assert_str_eq(authp_openapi_about(all, &route, pool),
                     apr_pstrcat(pool, says, "\n\nC.", NULL));
    route.method = "POST";
    ck_assert_str_eq(authp_openapi_about(all, &route, pool), says);
}
END_TEST

Suite *suite_described(void)
{
    Suite *suite = suite_create("described");
    TCase *tests = tcase_create("described");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, each_field, 0, ROWS(fields));
    tcase_add_test(tests, common_passwords);
    tcase_add_test(tests, one_of_two);
    tcase_add_loop_test(tests, each_parameter, 0, ROWS(queries));
    tcase_add_test(tests, parameters_of_a_path);
    tcase_add_loop_test(tests, parameters_in_headers, 0, ROWS(heads));
    tcase_add_loop_test(tests, each_way, 0, ROWS(ways));
    tcase_add_loop_test(tests, each_scheme, 0, ROWS(schemes));
    tcase_add_loop_test(tests, each_audience, 0, ROWS(audiences));
    suite_add_tcase(suite, tests);
    return suite;
}
