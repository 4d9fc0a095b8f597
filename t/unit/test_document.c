/* SPDX-License-Identifier: Apache-2.0 */
/* openapi.json and /docs are made once for each mount. A client that has the present version gets
 * 304. */
#include "api/core/profiles.h"
#include "api/docs/document.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi.h"
#include "suite.h"
#include "support/http_fake.h"

#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

static http_fake_t h;

static void setup(void)
{
    http_fake_open(&h);
}

static void teardown(void)
{
    http_fake_close(&h);
}

static const char *const targets[] = {"/api/auth/openapi.json", "/api/auth/docs"};

/* Every answer sends the text that the mount keeps in memory. */
START_TEST(it_is_made_once)
{
    const authp_document_t *document =
        _i == 0 ? &h.mount->documents->openapi : &h.mount->documents->page;
    for (int i = 0; i < 3; i++) {
        authp_response_t out = http_fake_expect(&h, "GET", targets[_i], 200, NULL);
        ck_assert_ptr_eq(out.body, document->text);
        ck_assert_uint_eq(out.body_len, document->len);
        ck_assert_uint_gt(out.body_len, 1000);
        ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "public, max-age=300");
        ck_assert_str_eq(http_fake_header(&out, "ETag"),
                         apr_pstrcat(h.f.pool, "\"", document->tag, "\"", NULL));
    }
}
END_TEST

START_TEST(the_same_bytes_as_the_builder)
{
    size_t len = 0;
    json_t *document = authp_openapi_make(h.f.settings, h.mounts, h.mount, h.f.pool);
    const char *text = authp_json_text(document, &len, h.f.pool);
    ck_assert_uint_eq(h.mount->documents->openapi.len, len);
    ck_assert_int_eq(memcmp(h.mount->documents->openapi.text, text, len), 0);
    ck_assert_ptr_eq(h.mount->documents->page.text, (const char *)authp_docs_text_page);
}
END_TEST

/* Everything is allocated in the pool that the caller passed. */
START_TEST(whose_memory_it_is)
{
    apr_pool_t *configuration = NULL;
    const authp_documents_t *made = NULL;
    ck_assert_int_eq(apr_pool_create(&configuration, NULL), APR_SUCCESS);
    ck_assert_int_eq(authp_document_make(h.f.settings, h.mounts, h.mount, &made, configuration),
                     AUTHP_OK);
    ck_assert_ptr_eq(apr_pool_parent_get(configuration), apr_pool_parent_get(h.f.pool));
    ck_assert_ptr_ne(made->openapi.text, h.mount->documents->openapi.text);
    fixture_close(&h.f);
    ck_assert_uint_eq(strlen(made->openapi.text), made->openapi.len);
    ck_assert_uint_eq(strlen(made->openapi.tag), 32);
    apr_pool_destroy(configuration);
    http_fake_open(&h);
}
END_TEST

static const struct {
    const char *format; /* %s: the tag */
    int status;
} conditions[] = {
    {"\"%s\"", 304},
    {"W/\"%s\"", 304},
    {"*", 304},
    {"\"x\", \"%s\"", 304},
    {" ,\"a\\\",W/\"b\" , W/\"%s\",", 304},
    {"\"%s-gzip\"", 304},
    {"W/\"%s-br\"", 304},
    {"\"%s-other\"", 200},
    {"\"%sx\"", 200},
    {"\"x%s\"", 200},
    {"%s", 200},
    {"\"%s", 200},
    {"w/\"%s\"", 200},
    {"\"\"", 200},
    {"", 200},
    {",", 200},
    {"x, \"%s\"", 200},
};

START_TEST(who_has_it)
{
    for (int i = 0; i < 2; i++) {
        const authp_document_t *document =
            i == 0 ? &h.mount->documents->openapi : &h.mount->documents->page;
        const char *format = conditions[_i].format;
        const char *mark = strstr(format, "%s");
        const char *value =
            mark == NULL
                ? format
                : apr_pstrcat(h.f.pool, apr_pstrmemdup(h.f.pool, format, (size_t)(mark - format)),
                              document->tag, mark + 2, NULL);
        apr_table_setn(h.headers, "If-None-Match", value);
        authp_response_t out = http_fake_expect(&h, "GET", targets[i], conditions[_i].status, NULL);
        ck_assert_uint_eq(out.body_len, out.status == 304 ? 0 : document->len);
        ck_assert_int_eq(http_fake_header(&out, "Content-Type") != NULL, out.status == 200);
        ck_assert_ptr_nonnull(http_fake_header(&out, "ETag"));
        ck_assert_str_eq(http_fake_header(&out, "Cache-Control"), "public, max-age=300");
    }
}
END_TEST

/* Mounts that differ in the document have different documents and ETags. */
START_TEST(mounts_that_differ)
{
    static const struct {
        const char *path;
        const char *me;
        authp_delivery_t delivery;
    } others[] = {{"/accounts", "/api/protected/me", AUTHP_DELIVERY_ASK},
                  {"/api/auth", NULL, AUTHP_DELIVERY_ASK},
                  {"/api/auth", "/me", AUTHP_DELIVERY_ASK},
                  {"/api/auth", "/api/protected/me", AUTHP_DELIVERY_JSON}};
    const apr_array_header_t *mounts = h.mounts;
    const authp_documents_t *documents = h.mount->documents;
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, "/api/protected/me");
    ck_assert(authp_document_same(mounts, h.mounts));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        http_fake_mount(&h, others[i].path, others[i].delivery, others[i].me);
        http_fake_documents(&h);
        ck_assert(!authp_document_same(mounts, h.mounts));
        ck_assert(!authp_document_same(h.mounts, mounts));
        ck_assert_str_ne(h.mount->documents->openapi.tag, documents->openapi.tag);
        ck_assert_str_eq(h.mount->documents->page.tag, documents->page.tag);
    }
    /* the same paths, with another profile at one of them */
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, "/api/protected/me");
    APR_ARRAY_IDX(h.mounts, 1, authp_mount_t).profile = authp_profiles_find("tiny");
    ck_assert(!authp_document_same(mounts, h.mounts));
    h.f.settings->password_min_length = 11;
    http_fake_mount(&h, "/api/auth", AUTHP_DELIVERY_ASK, "/api/protected/me");
    http_fake_documents(&h);
    ck_assert_str_ne(h.mount->documents->openapi.tag, documents->openapi.tag);
}
END_TEST

#define SCHEMAS "#/components/schemas/"
#define TEXT(about) "{\"type\":\"string\",\"description\":\"" about "\"}"
#define NO_NUL "\"pattern\":\"^[^\\\\u0000]*$\""
#define FORM_FIELD NO_NUL ",\"type\":\"string\",\"description\":\"No NUL character.\""

/* How an answer and a form are described, to the letter. */
static const struct {
    const char *profile;
    const char *name;
    const char *schema;
} schemas[] = {
    {"platform", "UserList",
     "{\"type\":\"object\",\"properties\":{\"items\":{\"type\":\"array\",\"items\":"
     "{\"$ref\":\"" SCHEMAS "User\"}},\"next_cursor\":{\"type\":[\"string\",\"null\"],"
     "\"description\":\"null at the end of the list\"}},\"required\":[\"items\","
     "\"next_cursor\"]}"},
    {"platform", "Tokens",
     "{\"type\":\"object\",\"properties\":{\"access_token\":" TEXT("JWT for Authorization: Bearer") ",\"refresh_token\":" TEXT(
         "Absent if tokens are delivered by cookie") ",\"token_type\":" TEXT("bearer") ",\"expires_in\":{\"type\":\"integer\",\"description\":\"Seconds\"},"
                                                                                       "\"user\":{\"$ref\":\"" SCHEMAS
                                                                                       "User\"}},\"required\":[\"access_token\","
                                                                                       "\"token_type\",\"expires_in\",\"user\"]}"},
    {"platform", "TokensOrUser",
     "{\"anyOf\":[{\"$ref\":\"" SCHEMAS "Tokens\"},{\"$ref\":\"" SCHEMAS "User\"}]}"},
    {"platform", "Status",
     "{\"type\":\"object\",\"properties\":{\"status\":{\"type\":\"string\"},\"store\":{"
     "\"type\":\"string\"},\"revocation_lag_ms\":{\"type\":\"integer\"},"
     "\"revocation_lag_worst_ms\":{\"type\":\"integer\"},\"clock_offset_ms\":{\"type\":"
     "\"integer\"}},\"required\":[\"status\"]}"},
    {"platform", "Document", "{\"type\":\"object\"}"},
    {"platform", "Page", "{\"type\":\"string\"}"},
    {"phone", "Role",
     "{\"type\":\"object\",\"properties\":{\"name\":" TEXT(
         "admin") ",\"permissions\":{"
                  "\"type\":\"array\",\"items\":{\"type\":\"string\"},\"description\":"
                  "\"ROLE_PERMISSIONS\"}},\"required\":[\"name\",\"permissions\"]}"},
    {"ai", "LoginForm",
     "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},\"maxProperties\":32,"
     "\"propertyNames\":{\"minLength\":1," NO_NUL "},\"description\":\"As OAuth 2.0 clients send "
     "it. grant_type, scope and others are ignored.\",\"required\":[\"username\",\"password\"],"
     "\"properties\":{\"username\":{\"maxLength\":1000," FORM_FIELD "},\"password\":{"
     "\"format\":\"password\"," FORM_FIELD "},\"device_id\":{\"type\":\"string\",\"maxLength\":"
     "200,\"pattern\":\"^[^\\\\u0000-\\\\u001f\\\\u007f-\\\\u009f]*$\",\"description\":\"A "
     "name for the device in the list of sessions. No control characters.\"}}}"},
};

START_TEST(each_schema)
{
    apr_array_clear(h.mounts);
    APR_ARRAY_PUSH(h.mounts, authp_mount_t) =
        authp_mount_make("/x", authp_profiles_find(schemas[_i].profile), AUTHP_DELIVERY_ASK);
    json_t *document = authp_openapi_make(h.f.settings, h.mounts,
                                          &APR_ARRAY_IDX(h.mounts, 0, authp_mount_t), h.f.pool);
    json_t *all = json_object_get(json_object_get(document, "components"), "schemas");
    json_t *found = json_object_get(all, schemas[_i].name);
    json_t *wanted = NULL;
    ck_assert_int_eq(
        authp_json_parse(schemas[_i].schema, strlen(schemas[_i].schema), &wanted, h.f.pool),
        AUTHP_OK);
    ck_assert_msg(json_equal(found, wanted), "%s", authp_json_text(found, NULL, h.f.pool));
}
END_TEST

Suite *suite_document(void)
{
    Suite *suite = suite_create("document");
    TCase *tests = tcase_create("document");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, it_is_made_once, 0, 2);
    tcase_add_test(tests, the_same_bytes_as_the_builder);
    tcase_add_test(tests, whose_memory_it_is);
    tcase_add_loop_test(tests, who_has_it, 0, sizeof(conditions) / sizeof(conditions[0]));
    tcase_add_test(tests, mounts_that_differ);
    tcase_add_loop_test(tests, each_schema, 0, sizeof(schemas) / sizeof(schemas[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
