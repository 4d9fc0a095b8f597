/* SPDX-License-Identifier: Apache-2.0 */
/* The claims of an id_token: which of them are refused, and by which name the audit knows it. */
#include "service/provider/id_token.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define NOW 1795219200
#define ISSUER "https://accounts.google.com"
#define CLIENT "ours.apps"
#define PHONE "phone.apps"
#define NONCE "nonce-of-this-sign-in"
#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static apr_pool_t *pool;
static authp_provider_t provider;
static authp_id_token_rules_t rules;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_array_header_t *phones = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(phones, const char *) = PHONE;
    provider = (authp_provider_t){.name = "google",
                                  .kind = AUTHP_PROVIDER_OIDC,
                                  .issuer = ISSUER,
                                  .client_id = CLIENT,
                                  .google = true,
                                  .email_domains = apr_array_make(pool, 1, sizeof(const char *)),
                                  .audiences = phones};
    rules = (authp_id_token_rules_t){.provider = &provider, .nonce = NONCE, .now = NOW};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Good claims, in which one member has another value, or is absent with `json` NULL. The text is
 * read as our parser of tokens reads it, which lets NUL bytes pass. */
static json_t *claims_with(const char *member, const char *json)
{
    json_t *claims = json_pack("{s:s,s:s,s:i,s:i,s:s,s:s}", "iss", ISSUER, "aud", CLIENT, "exp",
                               NOW + 1, "iat", NOW, "nonce", NONCE, "sub", "1001");
    if (member != NULL && json == NULL) {
        json_object_del(claims, member);
    } else if (member != NULL) {
        json_t *value = json_loads(json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        ck_assert_msg(value != NULL, "%s", json);
        json_object_set_new(claims, member, value);
    }
    return claims;
}

/* Checks them. `expected` is the name of the refused claim, or NULL. */
static void check(const char *member, const char *json, const char *expected)
{
    const char *why = NULL;
    json_t *claims = claims_with(member, json);
    authp_err_t err = authp_id_token_check(&rules, claims, &why);
    ck_assert_msg((err == AUTHP_OK) == (expected == NULL), "%s: %s is %d", member, json, err);
    ck_assert_msg(err == AUTHP_OK || err == AUTHP_E_TOKEN_INVALID, "%s: %s: %d", member, json, err);
    ck_assert_pstr_eq(why, expected);
    json_decref(claims);
}

static const struct {
    const char *member;
    const char *json;
    bool good;
} members[] = {
    {NULL, NULL, true},
    {"iss", NULL, false},
    {"iss", "7", false},
    {"iss", "[\"" ISSUER "\"]", false},
    {"iss", "\"\"", false},
    {"iss", "\"accounts.google.com\"", true},
    {"iss", "\"http://accounts.google.com\"", false},
    {"iss", "\"" ISSUER "/\"", false},
    {"iss", "\"" ISSUER "\\u0000\"", false},
    {"iss", "\"" ISSUER ".example\"", false},
    {"aud", NULL, false},
    {"aud", "7", false},
    {"aud", "null", false},
    {"aud", "{}", false},
    {"aud", "[]", false},
    {"aud", "\"\"", false},
    {"aud", "\"" CLIENT "x\"", false},
    {"aud", "\"" CLIENT "\\u0000\"", false},
    {"aud", "\"OURS.apps\"", false},
    {"aud", "\"" PHONE "\"", false},
    {"exp", NULL, false},
    {"exp", "\"1795219201\"", false},
    {"exp", "1795219201.5", false},
    {"exp", "null", false},
    {"exp", "-1", false},
    {"exp", "0", false},
    {"exp", "1795219141", true},
    {"exp", "1795219140", false}, /* now is exp and the leeway */
    {"exp", "1795219139", false},
    {"exp", "9223372036854775807", true},
    {"iat", NULL, false},
    {"iat", "\"1795219200\"", false},
    {"iat", "1795219200.0", false},
    {"iat", "1795219259", true},
    {"iat", "1795219260", true},
    {"iat", "1795219261", false},
    {"iat", "0", true}, /* it has no lower bound */
    {"iat", "9223372036854775807", false},
    {"nonce", NULL, false},
    {"nonce", "\"\"", false},
    {"nonce", "\"nonce-of-another-one\"", false},
    {"nonce", "\"" NONCE "x\"", false},
    {"nonce", "\"" NONCE "\\u0000\"", false},
    {"nonce", "[\"" NONCE "\"]", false},
    {"nonce", "null", false},
    {"sub", NULL, false},
    {"sub", "\"\"", false},
    {"sub", "1001", false},
    {"sub", "null", false},
    {"sub", "\"1\"", true},
    {"sub", "\"1001\\u0000\"", false},
    {"sub", "\"1001\\u0001\"", false},
    {"sub", "\"10\\n01\"", false},
    {"sub", "\"1001\\u007f\"", false},
    {"sub", "\"\\u00fcmit\"", true},
};

START_TEST(each_claim)
{
    for (size_t i = 0; i < LENGTH(members); i++) {
        check(members[i].member, members[i].json, members[i].good ? NULL : members[i].member);
    }
}
END_TEST

START_TEST(lengths_of_sub)
{
    char json[300] = "\"";
    memset(json + 1, 's', 256);
    json[256] = '"';
    json[257] = '\0';
    check("sub", json, NULL); /* 255 bytes */
    json[256] = 's';
    json[257] = '"';
    json[258] = '\0';
    check("sub", json, "sub");
}
END_TEST

static const struct {
    const char *aud;
    const char *azp; /* NULL: none */
    bool phone;
    const char *expected;
} audiences[] = {
    {"[\"" CLIENT "\"]", "\"" CLIENT "\"", false, NULL},
    {"[\"x\",\"" CLIENT "\"]", "\"" CLIENT "\"", false, NULL},
    {"[\"x\",\"" CLIENT "\"]", NULL, false, "azp"},
    {"[\"" CLIENT "\"]", NULL, false, "azp"},
    {"[\"x\",\"" CLIENT "\"]", "\"x\"", false, "azp"},
    {"[\"x\",\"" CLIENT "\"]", "7", false, "azp"},
    {"[\"x\",\"" CLIENT "\"]", "[\"" CLIENT "\"]", false, "azp"},
    {"[\"x\",\"" CLIENT "\"]", "\"" CLIENT "\\u0000\"", false, "azp"},
    {"[\"x\",\"y\"]", "\"" CLIENT "\"", false, "aud"},
    {"[\"" CLIENT "\\u0000\"]", "\"" CLIENT "\"", false, "aud"},
    {"[\"x\",7,[\"" CLIENT "\"]]", "\"" CLIENT "\"", false, "aud"},
    /* azp counts only with a list. */
    {"\"" CLIENT "\"", "\"x\"", false, NULL},
    {"\"" CLIENT "\"", "7", false, NULL},
    {"\"x\"", "\"" CLIENT "\"", false, "aud"},
    /* The clients of phones count only in tokens that a phone brings. */
    {"\"" PHONE "\"", NULL, false, "aud"},
    {"\"" PHONE "\"", NULL, true, NULL},
    {"\"" PHONE "x\"", NULL, true, "aud"},
    {"\"" CLIENT "\"", "\"" PHONE "\"", true, NULL},
    {"[\"" PHONE "\"]", "\"" PHONE "\"", true, NULL},
    {"[\"" PHONE "\"]", "\"x\"", true, "azp"},
    {"[\"" CLIENT "\"]", "\"" PHONE "\"", false, "azp"},
};

START_TEST(audiences_and_the_party_that_asked)
{
    for (size_t i = 0; i < LENGTH(audiences); i++) {
        const char *why = NULL;
        json_t *claims = claims_with("aud", audiences[i].aud);
        if (audiences[i].azp != NULL) {
            json_object_set_new(
                claims, "azp",
                json_loads(audiences[i].azp, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL));
        }
        rules.from_a_phone = audiences[i].phone;
        authp_err_t err = authp_id_token_check(&rules, claims, &why);
        const char *expected = audiences[i].expected;
        ck_assert_msg((err == AUTHP_OK) == (expected == NULL), "row %d: %d", (int)i, err);
        ck_assert_pstr_eq(why, expected);
        json_decref(claims);
    }
}
END_TEST

/* If the rules or the token have a nonce, both must have the same one. */
START_TEST(nonces)
{
    rules.nonce = NULL;
    check("nonce", NULL, NULL);
    check(NULL, NULL, "nonce");
    check("nonce", "null", "nonce");
    check("nonce", "\"\"", "nonce");
    rules.nonce = "";
    check("nonce", NULL, "nonce");
    check("nonce", "\"\"", NULL);
}
END_TEST

START_TEST(a_provider_other_than_google_has_one_spelling)
{
    provider.google = false;
    check("iss", "\"" ISSUER "\"", NULL);
    check("iss", "\"accounts.google.com\"", "iss");
}
END_TEST

START_TEST(time_of_expiry)
{
    json_t *claims = claims_with(NULL, NULL);
    ck_assert_int_eq(authp_id_token_expiry(claims), NOW + 1);
    json_decref(claims);
}
END_TEST

Suite *suite_id_token(void)
{
    Suite *suite = suite_create("id_token");
    TCase *tests = tcase_create("id_token");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, each_claim);
    tcase_add_test(tests, lengths_of_sub);
    tcase_add_test(tests, audiences_and_the_party_that_asked);
    tcase_add_test(tests, nonces);
    tcase_add_test(tests, a_provider_other_than_google_has_one_spelling);
    tcase_add_test(tests, time_of_expiry);
    suite_add_tcase(suite, tests);
    return suite;
}
