/* SPDX-License-Identifier: Apache-2.0 */
/* Good tokens: their claims, both parsers, replacing keys, tolerance for clocks. */
#include "base/b64url.h"
#include "base/json.h"
#include "forge.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define THIRD "another-key-another-key-another-key"

static forge_t f;

static void setup(void)
{
    forge_open(&f);
}

static void teardown(void)
{
    forge_close(&f);
}

static const char *filled(char c, size_t len)
{
    char *text = apr_palloc(f.pool, len + 1);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

START_TEST(what_is_built_is_read)
{
    authp_claims_t claims = forge_taken(&f, f.token);
    ck_assert_str_eq(claims.iss, FORGE_ISSUER);
    ck_assert_str_eq(claims.aud, FORGE_AUDIENCE);
    ck_assert_str_eq(claims.sub, "0123456789abcdef01234567");
    ck_assert_str_eq(claims.sid, "89abcdef0123456789abcdef");
    ck_assert_str_eq(claims.jti, "a-token");
    ck_assert_str_eq(claims.email, "ada@example.org");
    ck_assert_str_eq(claims.name, "Ada");
    ck_assert_int_eq(claims.iat, FORGE_NOW);
    ck_assert_int_eq(claims.nbf, FORGE_NOW);
    ck_assert_int_eq(claims.exp, FORGE_NOW + 60);
    ck_assert_int_eq(claims.auth_time, FORGE_NOW - 5);
    ck_assert_int_eq(claims.ver, 3);
    ck_assert(claims.email_verified);
    ck_assert_int_eq(claims.nroles, 2);
    ck_assert_str_eq(claims.roles[0], "candidate");
    ck_assert_str_eq(claims.roles[1], "recruiter");
}
END_TEST

static void expect_members(const char *text, const char *const *names, int count)
{
    json_t *object = NULL;
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &object, f.pool), AUTHP_OK);
    ck_assert_uint_eq(json_object_size(object), (size_t)count);
    for (int i = 0; i < count; i++) {
        ck_assert_msg(json_object_get(object, names[i]) != NULL, "no %s in %s", names[i], text);
    }
}

/* A token has the claims that clients and apps rely on, and no others. */
START_TEST(members_are_the_contracts)
{
    static const char *const header[] = {"alg", "typ", "kid"};
    static const char *const payload[] = {"iss",
                                          "sub",
                                          "aud",
                                          "iat",
                                          "nbf",
                                          "exp",
                                          "jti",
                                          "sid",
                                          "ver",
                                          "type",
                                          "roles",
                                          "email",
                                          "email_verified",
                                          "name",
                                          "auth_time"};
    expect_members(f.header, header, COUNT(header));
    expect_members(f.payload, payload, COUNT(payload));
    ck_assert_ptr_nonnull(strstr(f.header, "\"alg\":\"HS256\""));
    ck_assert_ptr_nonnull(strstr(f.header, "\"typ\":\"JWT\""));
    ck_assert_ptr_nonnull(strstr(f.payload, "\"type\":\"access\""));
}
END_TEST

/* Every host derives the same `kid` from the same key, in every release. The expected value was
 * computed by another program. */
START_TEST(kid_is_the_keys)
{
    static const unsigned char bytes[] = {0x3e, 0xbd, 0xcf, 0x46, 0x79, 0x1a, 0x08, 0x88, 0x00};
    authp_jwt_t *jwt = NULL;
    const char *key = "first-key-first-key-first-key-first-key";
    ck_assert_int_eq(authp_jwt_make(forge_secret(&f, key), NULL, "iss", "aud", &jwt, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(jwt->keys[0].kid, authp_b64url_encode(bytes, sizeof(bytes), f.pool));
}
END_TEST

/* The fast parser must read every token that we write ourselves, because otherwise each request
 * uses the slow one. */
static void expect_both_readers(const authp_claims_t *claims)
{
    authp_claims_t fast;
    authp_claims_t slow;
    const char *payload = forge_segment(&f, forge_build(&f, f.jwt, claims), 1);
    size_t len = strlen(payload);
    char *spoilt = apr_pstrmemdup(f.pool, payload, len);
    ck_assert(authp_jwt_slow_parse(f.jwt, payload, len, &slow, f.pool));
    ck_assert(authp_jwt_claims_scan(spoilt, len, &fast));
    ck_assert_str_eq(fast.iss, slow.iss);
    ck_assert_pstr_eq(fast.aud, slow.aud);
    ck_assert_pstr_eq(fast.prf, slow.prf);
    ck_assert_pstr_eq(fast.role, slow.role);
    ck_assert_pstr_eq(fast.username, slow.username);
    ck_assert_pstr_eq(fast.phone, slow.phone);
    ck_assert_str_eq(fast.sub, slow.sub);
    ck_assert_str_eq(fast.sid, slow.sid);
    ck_assert_str_eq(fast.jti, slow.jti);
    ck_assert_pstr_eq(fast.email, slow.email);
    ck_assert_pstr_eq(fast.name, slow.name);
    ck_assert_int_eq(fast.iat, slow.iat);
    ck_assert_int_eq(fast.nbf, slow.nbf);
    ck_assert_int_eq(fast.exp, slow.exp);
    ck_assert_int_eq(fast.auth_time, slow.auth_time);
    ck_assert_int_eq(fast.ver, slow.ver);
    ck_assert_int_eq(fast.email_verified, slow.email_verified);
    ck_assert_int_eq(fast.nroles, slow.nroles);
    for (int i = 0; i < fast.nroles; i++) {
        ck_assert_str_eq(fast.roles[i], slow.roles[i]);
    }
}

START_TEST(both_readers_read_alike)
{
    authp_claims_t claims = forge_claims();
    expect_both_readers(&claims);
    claims.email = NULL;
    claims.name = NULL;
    claims.email_verified = false;
    claims.nroles = 0;
    claims.ver = 0;
    claims.auth_time = 0;
    expect_both_readers(&claims);
    claims.name = "\xc3\x84"
                  "da \xf0\x9f\x8c\x8d / \xe2\x82\xac";
    claims.jti = filled('j', AUTHP_JWT_JTI_MAX);
    claims.ver = AUTHP_JWT_INT_MAX;
    claims.nroles = AUTHP_JWT_MAX_ROLES;
    for (int i = 0; i < AUTHP_JWT_MAX_ROLES; i++) {
        claims.roles[i] = filled((char)('0' + i), AUTHP_JWT_ROLE_MAX);
    }
    expect_both_readers(&claims);
    claims.nroles = 1;
    const char *const what[] = {"read", "write"};
    apr_array_header_t *permissions = apr_array_make(f.pool, 2, sizeof(const char *));
    for (int i = 0; i < 512; i++) { /* all that profiles may add, in each combination */
        claims.prf = (i & 1) != 0 ? "ai" : NULL;
        claims.role = (i & 2) != 0 ? "user" : NULL;
        claims.username = (i & 4) != 0 ? "ada.l" : NULL;
        claims.with_role = claims.with_username = (i & 8) != 0;
        claims.with_user_id = (i & 16) != 0;
        claims.phone = (i & 32) != 0 ? "+919876543210" : NULL;
        claims.national = claims.phone != NULL ? claims.phone + 3 : NULL;
        claims.with_national = (i & 64) != 0;
        claims.with_user_type = (i & 128) != 0;
        permissions->nelts = 0;
        for (int j = 0; j < i % 3; j++) {
            APR_ARRAY_PUSH(permissions, const char *) = what[j];
        }
        claims.permissions = (i & 256) != 0 ? permissions : NULL;
        expect_both_readers(&claims);
    }
}
END_TEST

/* JSON escapes these characters with a backslash. The fast parser leaves such tokens to the slow
 * one, which accepts them. */
START_TEST(escapes_are_read)
{
    authp_claims_t claims = forge_claims();
    claims.name = "Ada \"the\\Countess\"";
    claims.roles[1] = "a\"b";
    authp_claims_t read = forge_taken(&f, forge_build(&f, f.jwt, &claims));
    ck_assert_str_eq(read.name, claims.name);
    ck_assert_str_eq(read.roles[1], claims.roles[1]);
}
END_TEST

START_TEST(short_keys_are_refused)
{
    authp_jwt_t *jwt = NULL;
    authp_secret_t *good = forge_secret(&f, filled('k', 32));
    const authp_secret_t *shorts[] = {forge_secret(&f, ""), forge_secret(&f, filled('k', 31))};
    for (int i = 0; i < COUNT(shorts); i++) {
        ck_assert_int_eq(authp_jwt_make(shorts[i], NULL, "iss", "aud", &jwt, f.pool),
                         AUTHP_E_MALFORMED);
        ck_assert_int_eq(authp_jwt_make(good, shorts[i], "iss", "aud", &jwt, f.pool),
                         AUTHP_E_MALFORMED);
        ck_assert_ptr_null(jwt);
    }
    ck_assert_int_eq(authp_jwt_make(good, good, "iss", "aud", &jwt, f.pool), AUTHP_OK);
}
END_TEST

static authp_jwt_t *ring_of(const char *key)
{
    authp_jwt_t *jwt = NULL;
    ck_assert_int_eq(
        authp_jwt_make(forge_secret(&f, key), NULL, FORGE_ISSUER, FORGE_AUDIENCE, &jwt, f.pool),
        AUTHP_OK);
    return jwt;
}

static const char *token_of(const char *key)
{
    authp_claims_t claims = forge_claims();
    return forge_build(&f, ring_of(key), &claims);
}

START_TEST(previous_key_is_honoured)
{
    const char *old = token_of(FORGE_PREVIOUS);
    forge_taken(&f, old);
    /* The token is signed with the previous key, but has no kid or the kid of the present key. Then
     * only the present key is tried. */
    forge_refused(&f, forge_mac(&f,
                                apr_pstrcat(f.pool, forge_base64(&f, "{\"alg\":\"HS256\"}"), ".",
                                            forge_base64(&f, f.payload), NULL),
                                "SHA256", FORGE_PREVIOUS));
    forge_refused(&f, forge_mac(&f,
                                apr_pstrcat(f.pool, forge_base64(&f, f.header), ".",
                                            forge_base64(&f, f.payload), NULL),
                                "SHA256", FORGE_PREVIOUS));
    /* New tokens are signed with the present key. */
    ck_assert_str_eq(f.header, forge_segment(&f, token_of(FORGE_KEY), 0));
    f.jwt = forge_keyring(&f, NULL);
    forge_refused(&f, old);
    forge_taken(&f, f.token);
}
END_TEST

/* The header may be spelled in any way. The code that reads such a header is not the one that reads
 * our own. */
START_TEST(previous_key_by_its_kid)
{
    const char *header = apr_pstrcat(f.pool, "{\"kid\": \"", f.jwt->keys[1].kid,
                                     "\", \"typ\": \"jwt\", \"alg\": \"HS256\"}", NULL);
    const char *input =
        apr_pstrcat(f.pool, forge_base64(&f, header), ".", forge_base64(&f, f.payload), NULL);
    forge_taken(&f, forge_mac(&f, input, "SHA256", FORGE_PREVIOUS));
    forge_refused(&f, forge_mac(&f, input, "SHA256", FORGE_KEY));
}
END_TEST

START_TEST(third_key_is_refused)
{
    const char *header = apr_pstrcat(f.pool, forge_base64(&f, f.header), ".", NULL);
    const char *input = apr_pstrcat(f.pool, header, forge_base64(&f, f.payload), NULL);
    forge_refused(&f, token_of(THIRD));
    forge_refused(&f, forge_mac(&f, input, "SHA256", THIRD));
    forge_refused(&f, forge_mac(&f, input, "SHA256", ""));
    forge_taken(&f, forge_mac(&f, input, "SHA256", FORGE_KEY));
}
END_TEST

static authp_err_t at(int64_t now, authp_claims_t *out)
{
    return forge_try(&f, f.token, strlen(f.token), now, out);
}

START_TEST(exp_has_no_leeway)
{
    authp_claims_t claims = {.ver = -1};
    ck_assert_int_eq(at(FORGE_NOW + 59, &claims), AUTHP_OK);
    claims = (authp_claims_t){.ver = -1};
    ck_assert_int_eq(at(FORGE_NOW + 60, &claims), AUTHP_E_TOKEN_EXPIRED);
    /* It is set also for an expired token, because /logout uses it. */
    ck_assert_str_eq(claims.sid, "89abcdef0123456789abcdef");
    ck_assert_int_eq(claims.ver, 3);
    ck_assert_int_eq(at(FORGE_NOW + 1000000, &claims), AUTHP_E_TOKEN_EXPIRED);
}
END_TEST

/* Each of the two times is tested alone; the other one is long ago. */
static const char *const begins[] = {"\"iat\":1700000000", "\"nbf\":1700000000", "\"jti\":"};

START_TEST(iat_and_nbf_have_thirty_seconds)
{
    authp_claims_t claims = {.ver = -1};
    const char *payload = f.payload;
    if (_i < 2) {
        payload = forge_swap(&f, payload, begins[_i], _i == 0 ? "\"iat\":1" : "\"nbf\":1");
    }
    f.token = forge_sign(&f, f.header, payload);
    ck_assert_int_eq(at(FORGE_NOW - AUTHP_JWT_SKEW - 1, &claims), AUTHP_E_TOKEN_INVALID);
    ck_assert_int_eq(claims.ver, -1);
    ck_assert_int_eq(at(FORGE_NOW - AUTHP_JWT_SKEW, &claims), AUTHP_OK);
    ck_assert_int_eq(AUTHP_JWT_SKEW, 30);
}
END_TEST

/* "Expired" tells a client to refresh, so a token that was never valid gets another error. */
START_TEST(expired_only_if_all_else_holds)
{
    static const char *const swaps[][2] = {{"\"iss\":\"", "\"iss\":\"x"},
                                           {"\"aud\":\"", "\"aud\":\"x"},
                                           {"\"type\":\"access\"", "\"type\":\"refresh\""},
                                           {"\"sub\":\"0", "\"sub\":\"g"},
                                           {"\"nbf\":1", "\"nbf\":9"},
                                           {"\"iat\":1", "\"iat\":9"}};
    for (int i = 0; i < COUNT(swaps); i++) {
        authp_claims_t claims = {.ver = -1};
        const char *bent = forge_swap(&f, f.payload, swaps[i][0], swaps[i][1]);
        f.token = forge_sign(&f, f.header, bent);
        ck_assert_int_eq(at(FORGE_NOW + 1000, &claims), AUTHP_E_TOKEN_INVALID);
        ck_assert_int_eq(claims.ver, -1);
    }
}
END_TEST

Suite *suite_jwt(void)
{
    Suite *suite = suite_create("jwt");
    TCase *good = tcase_create("good");
    tcase_add_checked_fixture(good, setup, teardown);
    tcase_add_test(good, what_is_built_is_read);
    tcase_add_test(good, members_are_the_contracts);
    tcase_add_test(good, kid_is_the_keys);
    tcase_add_test(good, both_readers_read_alike);
    tcase_add_test(good, escapes_are_read);
    suite_add_tcase(suite, good);
    TCase *keys = tcase_create("keys");
    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_add_test(keys, short_keys_are_refused);
    tcase_add_test(keys, previous_key_is_honoured);
    tcase_add_test(keys, previous_key_by_its_kid);
    tcase_add_test(keys, third_key_is_refused);
    suite_add_tcase(suite, keys);
    TCase *time = tcase_create("time");
    tcase_add_checked_fixture(time, setup, teardown);
    tcase_add_test(time, exp_has_no_leeway);
    tcase_add_loop_test(time, iat_and_nbf_have_thirty_seconds, 0, COUNT(begins));
    tcase_add_test(time, expired_only_if_all_else_holds);
    suite_add_tcase(suite, time);
    return suite;
}
