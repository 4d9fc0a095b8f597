/* SPDX-License-Identifier: Apache-2.0 */
/* Claims that are never signed, failures of libjwt, the published vector, and the self-test. */
#include "base/b64url.h"
#include "base/log.h"
#include "forge.h"
#include "suite.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include <openssl/err.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static forge_t f;
static char last_line[1100];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    (void)level;
    apr_cpystrn(last_line, message, sizeof(last_line));
}

static void setup(void)
{
    forge_open(&f);
    last_line[0] = '\0';
    authp_log_set_sink(keep, NULL);
}

static void teardown(void)
{
    authp_log_set_sink(NULL, NULL);
    forge_close(&f);
}

static const char *filled(char c, size_t len)
{
    char *text = apr_palloc(f.pool, len + 1);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

static void expect_line(const char *part)
{
    ck_assert_msg(strstr(last_line, part) != NULL, "no \"%s\" in \"%s\"", part, last_line);
    last_line[0] = '\0';
}

static void expect_unsigned(authp_claims_t claims)
{
    const char *token = NULL;
    ck_assert_int_eq(authp_jwt_build(f.jwt, &claims, &token, f.pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(token);
    expect_line("AUTHP0110");
}

#define UNSIGNED(field, value)                                                                     \
    do {                                                                                           \
        authp_claims_t bad = forge_claims();                                                       \
        bad.field = (value);                                                                       \
        expect_unsigned(bad);                                                                      \
    } while (0)

START_TEST(wrong_ids_are_not_signed)
{
    UNSIGNED(sub, NULL);
    UNSIGNED(sub, "");
    UNSIGNED(sub, "0123456789abcdef0123456");
    UNSIGNED(sub, "0123456789abcdef012345678");
    UNSIGNED(sub, "0123456789ABCDEF01234567");
    UNSIGNED(sid, NULL);
    UNSIGNED(sid, "0123456789abcdef0123456g");
    UNSIGNED(jti, NULL);
    UNSIGNED(jti, "");
    UNSIGNED(jti, filled('j', AUTHP_JWT_JTI_MAX + 1));
}
END_TEST

START_TEST(wrong_numbers_are_not_signed)
{
    UNSIGNED(iat, -1);
    UNSIGNED(nbf, -1);
    UNSIGNED(exp, -1);
    UNSIGNED(auth_time, -1);
    UNSIGNED(ver, -1);
    UNSIGNED(iat, AUTHP_JWT_INT_MAX + 1);
    UNSIGNED(nbf, AUTHP_JWT_INT_MAX + 1);
    UNSIGNED(exp, AUTHP_JWT_INT_MAX + 1);
    UNSIGNED(auth_time, INT64_MAX);
    UNSIGNED(ver, INT64_MIN);
    UNSIGNED(nroles, -1);
    UNSIGNED(nroles, AUTHP_JWT_MAX_ROLES + 1);
}
END_TEST

static const char *const unclean[] = {
    "a\nb", "a\x7f", "\x01", "\xc2\x85", "a\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82",
};

START_TEST(unclean_texts_are_not_signed)
{
    const char *token = NULL;
    authp_claims_t good = forge_claims();
    UNSIGNED(jti, unclean[_i]);
    UNSIGNED(email, unclean[_i]);
    UNSIGNED(name, unclean[_i]);
    UNSIGNED(roles[0], unclean[_i]);
    UNSIGNED(roles[1], unclean[_i]);
    UNSIGNED(username, unclean[_i]);
    UNSIGNED(phone, unclean[_i]);
    UNSIGNED(role, unclean[_i]);
    UNSIGNED(prf, unclean[_i]);
    f.jwt->issuer = unclean[_i];
    expect_unsigned(good);
    f.jwt->issuer = FORGE_ISSUER;
    f.jwt->audience = unclean[_i];
    expect_unsigned(good);
    f.jwt->audience = FORGE_AUDIENCE;
    ck_assert_int_eq(authp_jwt_build(f.jwt, &good, &token, f.pool), AUTHP_OK);
}
END_TEST

START_TEST(wrong_roles_are_not_signed)
{
    UNSIGNED(roles[0], "");
    UNSIGNED(roles[1], filled('r', AUTHP_JWT_ROLE_MAX + 1));
    UNSIGNED(role, "");
    UNSIGNED(role, filled('r', AUTHP_JWT_ROLE_MAX + 1));
    UNSIGNED(prf, "");
    UNSIGNED(prf, filled('p', AUTHP_JWT_ROLE_MAX + 1));
}
END_TEST

/* The longest token that is issued is also accepted. A longer one is not issued. */
START_TEST(length_is_bounded)
{
    authp_claims_t claims = forge_claims();
    const char *token = NULL;
    claims.name = filled('n', 5000);
    size_t less = (AUTHP_JWT_MAX_LEN - strlen(forge_build(&f, f.jwt, &claims))) / 4 * 3;
    claims.name = filled('n', 5000 + less);
    const char *longest = forge_build(&f, f.jwt, &claims);
    ck_assert_uint_ge(strlen(longest), AUTHP_JWT_MAX_LEN - 4);
    forge_taken(&f, longest);
    claims.name = filled('n', 5000 + less + 4);
    ck_assert_int_eq(authp_jwt_build(f.jwt, &claims, &token, f.pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(token);
    expect_line("AUTHP0111");
}
END_TEST

/* A token of exactly the longest length is accepted. With one more byte of payload it is refused.
 */
START_TEST(the_exact_length)
{
    size_t around = strlen(forge_sign(&f, f.header, ""));
    size_t bytes = (AUTHP_JWT_MAX_LEN - around) * 3 / 4 + (size_t)_i;
    char *payload = apr_pstrdup(f.pool, filled(' ', bytes)); /* blanks mean nothing */
    size_t len = strlen(f.payload);
    memcpy(payload + bytes - len, f.payload, len);
    const char *token = forge_sign(&f, f.header, payload);
    if (_i == 0) {
        ck_assert_uint_eq(strlen(token), AUTHP_JWT_MAX_LEN);
        forge_taken(&f, token);
    } else {
        ck_assert_uint_le(strlen(token), AUTHP_JWT_MAX_LEN + 2);
        forge_refused(&f, token);
    }
}
END_TEST

/* libjwt refuses an empty key and a payload that is not JSON. */
START_TEST(libjwt_fails)
{
    const char *token = NULL;
    authp_jwt_key_t no_key = f.jwt->keys[0];
    no_key.secret = forge_secret(&f, "");
    ck_assert_int_eq(authp_jwt_build_signed(&no_key, "{}", &token, f.pool), AUTHP_E_INTERNAL);
    expect_line("AUTHP0113");
    ck_assert_int_eq(authp_jwt_build_signed(&f.jwt->keys[0], "{", &token, f.pool),
                     AUTHP_E_INTERNAL);
    expect_line("AUTHP0113");
    ck_assert_ptr_null(token);
    ck_assert_uint_eq(ERR_peek_error(), 0);
    f.jwt->keys[0].secret = no_key.secret;
    authp_claims_t claims = forge_claims();
    ck_assert_int_eq(authp_jwt_build(f.jwt, &claims, &token, f.pool), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(token);
}
END_TEST

START_TEST(libjwt_accepts)
{
    const authp_jwt_key_t *key = &f.jwt->keys[0];
    const char *unsigned_token = apr_pstrcat(f.pool, forge_base64(&f, "{\"alg\":\"none\"}"), ".",
                                             forge_base64(&f, f.payload), ".", NULL);
    ck_assert(authp_jwt_build_accepts(key, f.token));
    ck_assert(!authp_jwt_build_accepts(&f.jwt->keys[1], f.token));
    ck_assert(!authp_jwt_build_accepts(key, unsigned_token));
    ck_assert(!authp_jwt_build_accepts(key, "a.b.c"));
    ck_assert(!authp_jwt_build_accepts(key, ""));
    ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

/* RFC 7515, appendix A.1: key, header, payload and the resulting token. */
static const unsigned char rfc_key[] = {
    0x03, 0x23, 0x35, 0x4b, 0x2b, 0x0f, 0xa5, 0xbc, 0x83, 0x7e, 0x06, 0x65, 0x77, 0x7b, 0xa6, 0x8f,
    0x5a, 0xb3, 0x28, 0xe6, 0xf0, 0x54, 0xc9, 0x28, 0xa9, 0x0f, 0x84, 0xb2, 0xd2, 0x50, 0x2e, 0xbf,
    0xd3, 0xfb, 0x5a, 0x92, 0xd2, 0x06, 0x47, 0xef, 0x96, 0x8a, 0xb4, 0xc3, 0x77, 0x62, 0x3d, 0x22,
    0x3d, 0x2e, 0x21, 0x72, 0x05, 0x2e, 0x4f, 0x08, 0xc0, 0xcd, 0x9a, 0xf5, 0x67, 0xd0, 0x80, 0xa3};

START_TEST(rfc7515_vector)
{
    static const char header[] = "{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}";
    static const char payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                  "\"http://example.com/is_root\":true}";
    static const char token[] =
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const char *forged = NULL;
    const authp_secret_t *secret = authp_secret_make(rfc_key, sizeof(rfc_key), f.pool);
    authp_bytes_t head = {header, sizeof(header) - 1};
    authp_bytes_t body = {payload, sizeof(payload) - 1};
    ck_assert_int_eq(authp_jwt_make(secret, NULL, "joe", FORGE_AUDIENCE, &f.jwt, f.pool), AUTHP_OK);
    ck_assert_ptr_eq(authp_jwt_slow_header(f.jwt, token, strcspn(token, "."), f.pool),
                     &f.jwt->keys[0]);
    ck_assert_int_eq(authp_jwt_selftest_forge(&f.jwt->keys[0], head, body, &forged, f.pool),
                     AUTHP_OK);
    ck_assert_str_eq(forged, token);
    ck_assert(authp_jwt_build_accepts(&f.jwt->keys[0], token));
    /* The signature is good, but our claims are missing. */
    forge_refused(&f, token);
}
END_TEST

START_TEST(selftest_passes)
{
    static const char *const previous[] = {NULL, FORGE_PREVIOUS};
    for (int i = 0; i < COUNT(previous); i++) {
        ck_assert_int_eq(authp_jwt_selftest(forge_keyring(&f, previous[i]), f.pool), AUTHP_OK);
    }
    /* The key is longer than a block of SHA-256, and JSON escapes characters of the issuer. */
    ck_assert_int_eq(authp_jwt_make(forge_secret(&f, filled('k', 200)), NULL, "an \"issuer\"",
                                    "\xc3\xa4", &f.jwt, f.pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_jwt_selftest(f.jwt, f.pool), AUTHP_OK);
    ck_assert_str_eq(last_line, "");
}
END_TEST

static void expect_failing(const char *why)
{
    ck_assert_int_eq(authp_jwt_selftest(f.jwt, f.pool), AUTHP_E_INTERNAL);
    expect_line(why);
}

/* Each keyring has one fault, as a bug of ours could cause it. The self-test must find it. */
START_TEST(selftest_notices)
{
    authp_jwt_t good = *f.jwt;
    f.jwt->keys[0].mac_header = good.keys[1].mac_header;
    expect_failing("AUTHP0114: token self-test: refused a good token");
    *f.jwt = good;
    f.jwt->keys[0].secret = good.keys[1].secret;
    expect_failing("refused a good token");
    *f.jwt = good;
    f.jwt->keys[0].kid = "none-of-ours";
    expect_failing("accepted a token with the header");
    *f.jwt = good;
    f.jwt->issuer = "\x01";
    expect_failing("AUTHP0110");
    *f.jwt = good;
    ck_assert_int_eq(authp_jwt_selftest(f.jwt, f.pool), AUTHP_OK);
}
END_TEST

#define THREADS 4
#define ROUNDS 200

static const char *other_spelling; /* a spelling that only the slow parser reads */

static void *verify_often(void *data)
{
    apr_pool_t *pool = NULL;
    int *taken = data;
    apr_pool_create(&pool, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        authp_claims_t claims;
        const char *token = i % 2 == 0 ? f.token : other_spelling;
        *taken +=
            authp_jwt_verify(f.jwt, token, strlen(token), FORGE_NOW, &claims, pool) == AUTHP_OK;
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(one_ring_for_all_threads)
{
    pthread_t threads[THREADS];
    int taken[THREADS] = {0};
    other_spelling = forge_sign(&f, "{\"alg\": \"HS256\"}", f.payload);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, verify_often, &taken[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(taken[i], ROUNDS);
    }
}
END_TEST

Suite *suite_jwt_build(void)
{
    Suite *suite = suite_create("jwt_build");
    TCase *build = tcase_create("build");
    tcase_add_checked_fixture(build, setup, teardown);
    tcase_add_test(build, wrong_ids_are_not_signed);
    tcase_add_test(build, wrong_numbers_are_not_signed);
    tcase_add_loop_test(build, unclean_texts_are_not_signed, 0, COUNT(unclean));
    tcase_add_test(build, wrong_roles_are_not_signed);
    tcase_add_test(build, length_is_bounded);
    tcase_add_loop_test(build, the_exact_length, 0, 2);
    tcase_add_test(build, libjwt_fails);
    tcase_add_test(build, libjwt_accepts);
    tcase_add_test(build, rfc7515_vector);
    suite_add_tcase(suite, build);
    TCase *selftest = tcase_create("selftest");
    tcase_add_checked_fixture(selftest, setup, teardown);
    tcase_add_test(selftest, selftest_passes);
    tcase_add_test(selftest, selftest_notices);
    tcase_add_test(selftest, one_ring_for_all_threads);
    suite_add_tcase(suite, selftest);
    return suite;
}
