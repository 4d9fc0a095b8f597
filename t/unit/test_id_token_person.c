/* SPDX-License-Identifier: Apache-2.0 */
/* Who an id_token says that somebody is: which addresses count as verified, which as proven, and
 * what of the rest an account may have. */
#include "service/provider/id_token.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define EMAIL "ada@example.org"
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static authp_provider_t provider;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_array_header_t *domains = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(domains, const char *) = "corp.example";
    APR_ARRAY_PUSH(domains, const char *) = "example.net";
    provider = (authp_provider_t){.name = "corp",
                                  .kind = AUTHP_PROVIDER_OIDC,
                                  .issuer = "https://id.corp.example",
                                  .client_id = "ours",
                                  .email_domains = domains,
                                  .audiences = apr_array_make(pool, 1, sizeof(const char *))};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Reads a person from these claims, which are JSON. On failure *person must not change. */
static authp_err_t said_in(const char *json, authp_person_t *person)
{
    json_t *claims = json_loads(json, JSON_ALLOW_NUL, NULL);
    ck_assert_msg(claims != NULL, "%s", json);
    *person = (authp_person_t){.sub = "as before"};
    authp_err_t err = authp_id_token_person(&provider, claims, person, pool);
    if (err != AUTHP_OK) {
        ck_assert_int_eq(err, AUTHP_E_EMAIL_UNVERIFIED);
        ck_assert_str_eq(person->sub, "as before");
        ck_assert_ptr_null(person->email);
        json_decref(claims);
        return err;
    }
    person->sub = apr_pstrdup(pool, person->sub);
    person->name = person->name != NULL ? apr_pstrdup(pool, person->name) : NULL;
    person->picture = person->picture != NULL ? apr_pstrdup(pool, person->picture) : NULL;
    json_decref(claims);
    return err;
}

static authp_err_t said_with(const char *member, const char *value, authp_person_t *person)
{
    return said_in(
        apr_psprintf(pool, "{\"sub\":\"1001\",\"email\":\"" EMAIL "\",\"%s\":%s}", member, value),
        person);
}

START_TEST(only_true_is_verified)
{
    static const char *const refused[] = {"false", "null", "1",  "1.0",  "\"true\"",
                                          "\"1\"", "[]",   "{}", "\"\"", "[true]"};
    authp_person_t person;
    ck_assert_int_eq(said_with("email_verified", "true", &person), AUTHP_OK);
    ck_assert_int_eq(said_with("other", "true", &person), AUTHP_E_EMAIL_UNVERIFIED);
    /* xms_edov counts at Microsoft alone. */
    ck_assert_int_eq(said_with("xms_edov", "true", &person), AUTHP_E_EMAIL_UNVERIFIED);
    for (size_t i = 0; i < LENGTH(refused); i++) {
        ck_assert_msg(said_with("email_verified", refused[i], &person) != AUTHP_OK, "%s",
                      refused[i]);
    }
}
END_TEST

START_TEST(forms_of_xms_edov)
{
    static const char *const taken[] = {"true", "1", "\"1\"", "\"true\"", "\"True\"", "\"TRUE\""};
    static const char *const refused[] = {
        "false", "0",    "2",         "-1",        "1.0",          "\"0\"", "\"01\"", "\"yes\"",
        "\"\"",  "null", "\"false\"", "\"true \"", "\"1\\u0000\"", "[1]",   "{}"};
    authp_person_t person;
    provider.kind = AUTHP_PROVIDER_MICROSOFT;
    for (size_t i = 0; i < LENGTH(taken); i++) {
        ck_assert_msg(said_with("xms_edov", taken[i], &person) == AUTHP_OK, "%s", taken[i]);
    }
    for (size_t i = 0; i < LENGTH(refused); i++) {
        ck_assert_msg(said_with("xms_edov", refused[i], &person) != AUTHP_OK, "%s", refused[i]);
    }
    ck_assert_int_eq(said_with("email_verified", "true", &person), AUTHP_E_EMAIL_UNVERIFIED);
}
END_TEST

static const struct {
    const char *json;  /* the claim `email`; NULL: none */
    const char *email; /* NULL: refused */
} addresses[] = {
    {"\"" EMAIL "\"", EMAIL},
    {"\"Ada@Example.ORG\"", EMAIL},
    {NULL, NULL},
    {"null", NULL},
    {"7", NULL},
    {"[\"" EMAIL "\"]", NULL},
    {"\"\"", NULL},
    {"\"ada\"", NULL},
    {"\"@example.org\"", NULL},
    {"\"ada@\"", NULL},
    {"\"ada@example.org@evil.example\"", NULL},
    {"\"" EMAIL "\\u0000\"", NULL},
    {"\"" EMAIL "\\u0000.evil.example\"", NULL},
    {"\"ada\\n@example.org\"", NULL},
    {"\"ad\\u00e4@example.org\"", NULL},
};

START_TEST(the_address)
{
    for (size_t i = 0; i < LENGTH(addresses); i++) {
        const char *json = addresses[i].json;
        authp_person_t person;
        authp_err_t err = said_in(apr_pstrcat(pool, "{\"sub\":\"1001\",\"email_verified\":true",
                                              json != NULL ? ",\"email\":" : "",
                                              json != NULL ? json : "", "}", NULL),
                                  &person);
        ck_assert_msg((err == AUTHP_OK) == (addresses[i].email != NULL), "row %d", (int)i);
        ck_assert_pstr_eq(err == AUTHP_OK ? person.email : NULL, addresses[i].email);
    }
}
END_TEST

/* 254 bytes, of which 64 before the @, and one more. */
START_TEST(the_longest_address)
{
    const char *local = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const char *label = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";
    const char *last = "c";
    authp_person_t person;
    ck_assert_uint_eq(strlen(local), 64);
    ck_assert_uint_eq(strlen(label), 62);
    const char *longest = apr_pstrcat(pool, local, "@", label, ".", label, ".", label, NULL);
    ck_assert_uint_eq(strlen(longest), 253);
    longest = apr_pstrcat(pool, longest, last, NULL);
    ck_assert_int_eq(authp_id_token_describe(&provider, longest, NULL, NULL, &person, pool),
                     AUTHP_OK);
    const char *one_more =
        apr_pstrcat(pool, local, "@", label, "b.", label, ".", label, last, NULL);
    ck_assert_uint_eq(strlen(one_more), 255);
    ck_assert_int_eq(authp_id_token_describe(&provider, one_more, NULL, NULL, &person, pool),
                     AUTHP_E_EMAIL_UNVERIFIED);
}
END_TEST

static const struct {
    const char *email;
    bool vouched;
} domains[] = {
    {"ada@corp.example", true},      {"ADA@CORP.Example", true},
    {"ada@example.net", true},       {"ada@example.org", false},
    {"ada@x.corp.example", false},   {"ada@xcorp.example", false},
    {"ada@corp.example.org", false}, {"ada@corp.exampl", false},
    {"ada@example", false},          {"corp.example@example.org", false},
};

START_TEST(for_which_addresses_a_provider_vouches)
{
    authp_person_t person = {0};
    for (size_t i = 0; i < LENGTH(domains); i++) {
        ck_assert_int_eq(
            authp_id_token_describe(&provider, domains[i].email, NULL, NULL, &person, pool),
            AUTHP_OK);
        ck_assert_msg(person.vouched == domains[i].vouched, "%s", domains[i].email);
    }
    provider.google = true;
    for (size_t i = 0; i < LENGTH(domains); i++) {
        ck_assert_int_eq(
            authp_id_token_describe(&provider, domains[i].email, NULL, NULL, &person, pool),
            AUTHP_OK);
        ck_assert(person.vouched);
    }
    provider.google = false;
    provider.email_domains = apr_array_make(pool, 1, sizeof(const char *));
    ck_assert_int_eq(
        authp_id_token_describe(&provider, "ada@corp.example", NULL, NULL, &person, pool),
        AUTHP_OK);
    ck_assert(!person.vouched);
}
END_TEST

START_TEST(the_whole_person)
{
    authp_person_t person;
    ck_assert_int_eq(said_in("{\"sub\":\"1001\",\"email\":\"Ada@Corp.example\","
                             "\"email_verified\":true,\"name\":\"Ada L.\","
                             "\"picture\":\"https://img.example/a.png\"}",
                             &person),
                     AUTHP_OK);
    ck_assert_str_eq(person.provider, "corp");
    ck_assert_str_eq(person.issuer, "https://id.corp.example");
    ck_assert_str_eq(person.sub, "1001");
    ck_assert_str_eq(person.email, "ada@corp.example");
    ck_assert(person.vouched);
    ck_assert_str_eq(person.name, "Ada L.");
    ck_assert_str_eq(person.picture, "https://img.example/a.png");
}
END_TEST

static const char *long_text(const char *front, size_t len)
{
    char *text = apr_palloc(pool, len + 1);
    memset(text, 'x', len);
    memcpy(text, front, strlen(front));
    text[len] = '\0';
    return text;
}

/* A name or a picture that an account may not have is left out, and the person comes in. */
START_TEST(names_and_pictures)
{
    const struct {
        const char *text;
        bool name;
        bool picture;
    } rows[] = {
        {NULL, false, false},
        {"", false, false},
        {"Ada", true, false},
        {"Ada\nL.", false, false},
        {"https://img.example/a", true, true},
        {"http://img.example/a", true, true},
        {"https://img.example/\n", false, false},
        {"https://img.example/\x7f", false, false},
        {"https://img.example/\xff", false, false},
        {"javascript:alert(1)", true, false},
        {"data:image/png;base64,AA", true, false},
        {"//img.example/a", true, false},
        {" https://img.example/a", true, false},
        {long_text("x", 200), true, false},
        {long_text("x", 201), false, false},
        {long_text("https://", 1024), false, true},
        {long_text("https://", 1025), false, false},
    };
    for (size_t i = 0; i < LENGTH(rows); i++) {
        authp_person_t person = {0};
        ck_assert_int_eq(
            authp_id_token_describe(&provider, EMAIL, rows[i].text, rows[i].text, &person, pool),
            AUTHP_OK);
        ck_assert_pstr_eq(person.name, rows[i].name ? rows[i].text : NULL);
        ck_assert_pstr_eq(person.picture, rows[i].picture ? rows[i].text : NULL);
    }
}
END_TEST

START_TEST(names_of_other_types_are_left_out)
{
    authp_person_t person;
    ck_assert_int_eq(said_in("{\"sub\":\"1\",\"email\":\"" EMAIL "\",\"email_verified\":true,"
                             "\"name\":7,\"picture\":[\"https://img.example/a\"]}",
                             &person),
                     AUTHP_OK);
    ck_assert_ptr_null(person.name);
    ck_assert_ptr_null(person.picture);
    ck_assert_int_eq(said_in("{\"sub\":\"1\",\"email\":\"" EMAIL "\",\"email_verified\":true,"
                             "\"name\":\"Ada\\u0000\",\"picture\":\"https://img.example/\\u0000\"}",
                             &person),
                     AUTHP_OK);
    ck_assert_ptr_null(person.name);
    ck_assert_ptr_null(person.picture);
}
END_TEST

Suite *suite_id_token_person(void)
{
    Suite *suite = suite_create("id_token_person");
    TCase *tests = tcase_create("id_token_person");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, only_true_is_verified);
    tcase_add_test(tests, forms_of_xms_edov);
    tcase_add_test(tests, the_address);
    tcase_add_test(tests, the_longest_address);
    tcase_add_test(tests, for_which_addresses_a_provider_vouches);
    tcase_add_test(tests, the_whole_person);
    tcase_add_test(tests, names_and_pictures);
    tcase_add_test(tests, names_of_other_types_are_left_out);
    suite_add_tcase(suite, tests);
    return suite;
}
