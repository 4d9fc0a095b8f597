/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads that are signed with our key but are spelled in another way than ours. Both the fast
 * parser and the slow one read each of them. */
#include "base/b64url.h"
#include "forge.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static forge_t f;

static void setup(void)
{
    forge_open(&f);
}

static void teardown(void)
{
    forge_close(&f);
}

static const char *filled(char c, int len)
{
    char *text = apr_palloc(f.pool, (size_t)len + 1);
    memset(text, c, (size_t)len);
    text[len] = '\0';
    return text;
}

static const char *swapped(const char *from, const char *to)
{
    return forge_swap(&f, f.payload, from, to);
}

#define ROLES "[\"candidate\",\"recruiter\"]"
#define AUD "\"aud\":\"jobs\""

static const char *const refused[][2] = {
    /* Numbers: JSON's whole numbers, from 0 to 2^53 - 1. */
    {"\"ver\":3", "\"ver\":03"},
    {"\"ver\":3", "\"ver\":00"},
    {"\"ver\":3", "\"ver\":-3"},
    {"\"ver\":3", "\"ver\":+3"},
    {"\"ver\":3", "\"ver\":3.0"},
    {"\"ver\":3", "\"ver\":3e0"},
    {"\"ver\":3", "\"ver\":"},
    {"\"ver\":3", "\"ver\":\"3\""},
    {"\"ver\":3", "\"ver\":null"},
    {"\"ver\":3", "\"ver\":true"},
    {"\"ver\":3", "\"ver\":9007199254740992"},
    {"\"ver\":3", "\"ver\":9999999999999999"},
    {"\"ver\":3", "\"ver\":10000000000000003"},
    {"\"ver\":3", "\"ver\":18446744073709551619"},
    {"\"iat\":1", "\"iat\":01"},
    {"\"nbf\":1", "\"nbf\":01"},
    {"\"exp\":1", "\"exp\":01"},
    {"\"auth_time\":1", "\"auth_time\":01"},
    {"\"auth_time\":1699999995", "\"auth_time\":9007199254740992"},
    /* Texts */
    {"\"jti\":\"a-token\"", "\"jti\":\"\""},
    {"\"jti\":\"a-token\"", "\"jti\":null"},
    {"\"jti\":\"a-token\"", "\"jti\":\"a\x7f\""},
    {"\"jti\":\"a-token\"", "\"jti\":\"a\nb\""},
    {"\"name\":\"Ada", "\"name\":\"Ada\x7f"},
    {"\"name\":\"Ada", "\"name\":\"Ada\xc2\x85"},
    {"\"name\":\"Ada", "\"name\":\"Ada\xff"},
    {"\"name\":\"Ada", "\"name\":\"Ada\xe2\x82"},
    {"\"name\":\"Ada", "\"name\":\"Ada\\n"},
    {"\"name\":\"Ada", "\"name\":\"Ada\\u0000"},
    {"\"name\":\"Ada\"", "\"name\":nul"},
    {"\"name\":\"Ada\"", "\"name\":nulll"},
    {"\"name\":\"Ada\"", "\"name\":1"},
    {"\"name\":\"Ada\"", "\"name\":\"Ada"},
    {"\"email\":\"ada", "\"email\":\"ada\x7f"},
    {"\"email\":\"ada", "\"email\":\"ada\t"},
    {"\"email\":\"ada@example.org\"", "\"email\":false"},
    {"\"sub\":\"0", "\"sub\":\"g"},
    {"\"sub\":\"0", "\"sub\":\""},
    {"\"sid\":\"8", "\"sid\":\"A"},
    {"\"sid\":\"8", "\"sid\":\"88"},
    {"\"email_verified\":true", "\"email_verified\":1"},
    {"\"email_verified\":true", "\"email_verified\":tru"},
    {"\"email_verified\":true", "\"email_verified\":truex"},
    {"\"email_verified\":true", "\"email_verified\":falsefalse"},
    {"\"email_verified\":true", "\"email_verified\":\"true\""},
    {"\"email_verified\":true", "\"email_verified\":null"},
    /* Lists */
    {ROLES, "[\"candidate\",]"},
    {ROLES, "[,\"candidate\"]"},
    {ROLES, "[\"candidate\" \"recruiter\"]"},
    {ROLES, "[\"candidate\""},
    {ROLES, "[\"candidate\"}"},
    {ROLES, "[\"candidate\",1]"},
    {ROLES, "[\"candidate\",null]"},
    {ROLES, "[\"candidate\",\"\"]"},
    {ROLES, "[\"candidate\",\"r\x7f\"]"},
    {ROLES, "[\"\"]"},
    {ROLES, "[[]]"},
    {ROLES, "[\"candidate\"]]"},
    {ROLES, "\"candidate\""},
    {ROLES, "{}"},
    {ROLES, "null"},
    {AUD, "\"aud\":[]"},
    {AUD, "\"aud\":[\"other\"]"},
    {AUD, "\"aud\":[\"jobs\",1]"},
    {AUD, "\"aud\":[[\"jobs\"]]"},
    {AUD, "\"aud\":\"job\""},
    {AUD, "\"aud\":\"jobs2\""},
    {AUD, "\"aud\":null"},
    {"\"iss\":\"https://auth.example.org\"", "\"iss\":[\"https://auth.example.org\"]"},
    {"\"iss\":\"https://auth.example.org\"", "\"iss\":\"https://auth.example.org/\""},
    {"\"type\":\"access\"", "\"type\":\"accesS\""},
    {"\"type\":\"access\"", "\"type\":\"access2\""},
    {"\"type\":\"access\"", "\"type\":null"},
    /* Members */
    {"\"ver\":", "\"ver\":4,\"ver\":"},
    {"\"roles\":", "\"roles\":[],\"roles\":"},
    {"\"ver\":3}", "\"ver\":3,}"},
    /* Claims of profiles: their types, and aud, which this keyring wants absent beside prf */
    {"\"roles\":", "\"prf\":\"ai\",\"roles\":"},
    {"\"roles\":", "\"prf\":null,\"roles\":"},
    {"{" AUD ",", "{"},
    {"\"roles\":", "\"role\":1,\"roles\":"},
    {"\"roles\":", "\"role\":\"\",\"roles\":"},
    {"\"ver\":3", "\"username\":[],\"ver\":3"},
    {"\"ver\":3", "\"user_type\":7,\"ver\":3"},
    {"\"ver\":3", "\"user_type\":\"\",\"ver\":3"},
    {"\"ver\":3", "\"username\":\"u\x7f\",\"ver\":3"},
    {"\"ver\":3", "\"user_type\":\"r\x7f\",\"ver\":3"},
    {"\"roles\":", "\"role\":\"r\x7f\",\"roles\":"},
    {"\"roles\":", "\"phone_number\":{},\"roles\":"},
    {"\"roles\":", "\"phone_number\":\"+9\x7f\",\"roles\":"},
};

START_TEST(refused_in_each_spelling)
{
    forge_payload_refused(&f, swapped(refused[_i][0], refused[_i][1]));
}
END_TEST

static const char *const names[] = {"iss", "aud",   "type", "sub",   "sid",
                                    "jti", "iat",   "nbf",  "exp",   "auth_time",
                                    "ver", "email", "name", "roles", "email_verified"};

START_TEST(each_claim_must_be_there)
{
    const char *name = apr_pstrcat(f.pool, "\"", names[_i], "\":", NULL);
    const char *other = apr_pstrcat(f.pool, "\"", names[_i], "2\":", NULL);
    forge_payload_refused(&f, swapped(name, other));
}
END_TEST

START_TEST(nothing_may_follow)
{
    static const char *const tails[] = {"}", "{", "{}", ",", "0", "x", " x", "\n{}", "\"", "\x01"};
    for (int i = 0; i < COUNT(tails); i++) {
        forge_payload_refused(&f, apr_pstrcat(f.pool, f.payload, tails[i], NULL));
    }
    forge_payload_taken(&f, apr_pstrcat(f.pool, f.payload, " \n", NULL));
}
END_TEST

/* The payload has a NUL and more after it: as a C string it is valid, as a segment it is not. */
START_TEST(a_nul_ends_nothing)
{
    size_t len = strlen(f.payload);
    for (size_t behind = 1; behind < 4; behind++) {
        unsigned char *text = apr_pcalloc(f.pool, len + behind);
        memcpy(text, f.payload, len);
        const char *input = apr_pstrcat(f.pool, forge_base64(&f, f.header), ".",
                                        authp_b64url_encode(text, len + behind, f.pool), NULL);
        forge_refused(&f, forge_mac(&f, input, "SHA256", FORGE_KEY));
    }
}
END_TEST

START_TEST(no_part_of_it_will_do)
{
    for (size_t len = 1; len < strlen(f.payload); len++) {
        forge_payload_refused(&f, apr_pstrmemdup(f.pool, f.payload, len));
    }
}
END_TEST

static const char *role_list(int count)
{
    const char *list = "[";
    for (int i = 0; i < count; i++) {
        list = apr_psprintf(f.pool, "%s%s\"r%d\"", list, i > 0 ? "," : "", i);
    }
    return apr_pstrcat(f.pool, list, "]", NULL);
}

START_TEST(lengths_to_the_limit_and_no_more)
{
    const char *jti = "\"jti\":\"a-token";
    const char *longest = apr_pstrcat(f.pool, "\"jti\":\"", filled('j', AUTHP_JWT_JTI_MAX), NULL);
    forge_payload_taken(&f, swapped(jti, longest));
    forge_payload_refused(&f, swapped(jti, apr_pstrcat(f.pool, longest, "j", NULL)));
    longest = apr_pstrcat(f.pool, "[\"", filled('r', AUTHP_JWT_ROLE_MAX), NULL);
    forge_payload_taken(&f, swapped("[\"candidate", longest));
    forge_payload_refused(&f, swapped("[\"candidate", apr_pstrcat(f.pool, longest, "r", NULL)));
    authp_claims_t most = forge_payload_taken(&f, swapped(ROLES, role_list(AUTHP_JWT_MAX_ROLES)));
    ck_assert_int_eq(most.nroles, AUTHP_JWT_MAX_ROLES);
    ck_assert_str_eq(most.roles[AUTHP_JWT_MAX_ROLES - 1], "r31");
    forge_payload_refused(&f, swapped(ROLES, role_list(AUTHP_JWT_MAX_ROLES + 1)));
    forge_payload_taken(&f, swapped("\"ver\":3", "\"ver\":9007199254740991"));
    forge_payload_taken(&f, swapped("\"ver\":3", "\"ver\":0"));
    forge_payload_taken(&f, swapped(ROLES, "[]"));
}
END_TEST

/* RFC 7519: one element of the list must be our audience, at any place. */
static const char *const audiences[] = {"[\"jobs\"]",           "[\"jobs\",\"other\"]",
                                        "[\"other\",\"jobs\"]", "[\"a\",\"jobs\",\"b\"]",
                                        "[\"jobs\",\"jobs\"]",  "[\"\",\"jobs\",\"jobs2\"]"};

START_TEST(an_audience_of_several)
{
    const char *to = apr_pstrcat(f.pool, "\"aud\":", audiences[_i], NULL);
    ck_assert_str_eq(forge_payload_taken(&f, swapped(AUD, to)).aud, FORGE_AUDIENCE);
}
END_TEST

/* Another program may add claims, order them differently, and escape characters that need no
 * escape. */
static const char *const taken[][2] = {
    {"{\"aud\"", "{\"acr\":1,\"aud\""},
    {"\"ver\":3}", "\"ver\":3,\"zoneinfo\":null}"},
    {"{" AUD ",", "{\"nonce\":\"x\"," AUD ","},
    {"\"name\":\"Ada", "\"name\":\"\\u0041da"},
    {"\"ver\":3", "\"ver\" : 3"},
    {"\"type\":\"access\"", "\"type\":\"\\u0061ccess\""},
};

START_TEST(another_spelling_is_taken)
{
    authp_claims_t claims = forge_payload_taken(&f, swapped(taken[_i][0], taken[_i][1]));
    ck_assert_str_eq(claims.name, "Ada");
    ck_assert_int_eq(claims.ver, 3);
    ck_assert_str_eq(claims.roles[1], "recruiter");
}
END_TEST

Suite *suite_jwt_payload(void)
{
    Suite *suite = suite_create("jwt_payload");
    TCase *payload = tcase_create("payload");
    tcase_add_checked_fixture(payload, setup, teardown);
    tcase_add_loop_test(payload, refused_in_each_spelling, 0, COUNT(refused));
    tcase_add_loop_test(payload, each_claim_must_be_there, 0, COUNT(names));
    tcase_add_test(payload, nothing_may_follow);
    tcase_add_test(payload, a_nul_ends_nothing);
    tcase_add_test(payload, no_part_of_it_will_do);
    tcase_add_test(payload, lengths_to_the_limit_and_no_more);
    tcase_add_loop_test(payload, an_audience_of_several, 0, COUNT(audiences));
    tcase_add_loop_test(payload, another_spelling_is_taken, 0, COUNT(taken));
    suite_add_tcase(suite, payload);
    return suite;
}
