/* SPDX-License-Identifier: Apache-2.0 */
/* Small parts of base/: names of errors, time, random numbers, ids, log lines, secrets. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/id.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "suite.h"
#include "support/fake_clock.h"
#include "support/fixed_rng.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ELLIPSIS "\xe2\x80\xa6"

static apr_pool_t *pool;
static int lines;
static authp_log_level_t last_level;
static char last[1200];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    ck_assert_ptr_eq(ctx, &lines);
    lines++;
    last_level = level;
    ck_assert_uint_lt(strlen(message), sizeof(last));
    apr_cpystrn(last, message, sizeof(last));
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    lines = 0;
    last[0] = '\0';
    authp_log_set_sink(keep, &lines);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

/* The names in the order of base/err.h. */
#define NAMES                                                                                      \
    "ok internal not_found conflict unavailable busy malformed too_large aborted clocks_differ "   \
    "invalid_credentials invalid_credentials token_missing token_invalid token_expired "           \
    "token_revoked insufficient_role insufficient_user_authentication not_candidate "              \
    "not_recruiter not_recruiter recruiter_pending invite_required invite_invalid email_taken "    \
    "user_exists csrf_failed origin_denied refresh_invalid refresh_reused last_admin "             \
    "rate_limited validation_failed unsupported_media_type method_not_allowed "                    \
    "oauth_state_invalid oauth_denied oauth_failed oauth_failed oauth_unavailable "                \
    "email_unverified identity_conflict last_credential account_disabled mail_unavailable "        \
    "link_invalid MOBILE_INVALID INVALID_OTP OTP_EXPIRED OTP_ALREADY_VERIFIED OTP_SEND_FAILED "    \
    "otp_unavailable password_required "

/* Names of errors appear in logs and tests, so they must not change. Two errors share a name in
 * three cases, and no other name is used twice. */
START_TEST(err_names)
{
    int shared = 0;
    const char *all = "";
    for (int a = 0; a < AUTHP_E_COUNT; a++) {
        const char *name = authp_err_name((authp_err_t)a);
        all = apr_pstrcat(pool, all, name, " ", NULL);
        ck_assert_str_ne(name, "unknown");
        ck_assert_uint_eq(strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"),
                          strlen(name));
        for (int b = 0; b < a; b++) {
            shared += strcmp(name, authp_err_name((authp_err_t)b)) == 0;
        }
    }
    ck_assert_int_eq(shared, 3);
    ck_assert_str_eq(all, NAMES);
    ck_assert_str_eq(authp_err_name(AUTHP_E_COUNT), "unknown");
}
END_TEST

static const struct {
    authp_ms_t at;
    const char *text;
} times[] = {
    {0, "1970-01-01T00:00:00.000Z"},
    {1, "1970-01-01T00:00:00.001Z"},
    {-1, "1969-12-31T23:59:59.999Z"},
    {-1000, "1969-12-31T23:59:59.000Z"},
    {FAKE_CLOCK_START, "2026-11-21T00:00:00.000Z"},
    {INT64_C(1709251199999), "2024-02-29T23:59:59.999Z"},
    {INT64_C(4107542400000), "2100-03-01T00:00:00.000Z"},
    {INT64_C(2147483648000), "2038-01-19T03:14:08.000Z"},
    {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
    {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
    {INT64_MAX, "9999-12-31T23:59:59.999Z"},
    {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
    {INT64_C(-62167219200001), "0000-01-01T00:00:00.000Z"},
    {INT64_MIN, "0000-01-01T00:00:00.000Z"},
};

START_TEST(rfc3339)
{
    ck_assert_str_eq(authp_clock_rfc3339(times[_i].at, pool), times[_i].text);
}
END_TEST

START_TEST(system_clock)
{
    time_t before = time(NULL);
    authp_ms_t now = authp_clock_now(authp_clock_system());
    time_t after = time(NULL);
    /* time() may be behind by a tick. */
    ck_assert_int_ge(now, (authp_ms_t)before * 1000);
    ck_assert_int_le(now, (authp_ms_t)after * 1000 + 1999);
}
END_TEST

/* The size is larger than the 256 bytes that getrandom() always returns at once. No byte beyond the
 * end is written. */
START_TEST(system_random)
{
    const size_t size = 100000;
    unsigned char *bytes = apr_palloc(pool, size + 1);
    int counts[256] = {0};
    memset(bytes, 0, size + 1);
    authp_random_fill(authp_random_system(), bytes, size);
    for (size_t i = 0; i < size; i++) {
        counts[bytes[i]]++;
    }
    ck_assert_uint_eq(bytes[size], 0);
    for (int i = 0; i < 256; i++) {
        /* 391 are expected; the limits are ten standard deviations away */
        ck_assert_int_gt(counts[i], 190);
        ck_assert_int_lt(counts[i], 590);
    }
    unsigned char one[16];
    unsigned char two[16];
    authp_random_fill(authp_random_system(), one, sizeof(one));
    authp_random_fill(authp_random_system(), two, sizeof(two));
    ck_assert_mem_ne(one, two, sizeof(one));
    authp_random_fill(authp_random_system(), one, 0);
}
END_TEST

static void fill_ff(void *ctx, unsigned char *out, size_t len)
{
    *(size_t *)ctx += len;
    memset(out, 0xFF, len);
}

START_TEST(id_shape)
{
    size_t asked = 0;
    fake_clock_t clock;
    const authp_random_t random = {fill_ff, &asked};
    fake_clock_init(&clock);
    fake_clock_advance(&clock, 999);
    authp_id_t id = authp_id_new(&clock.clock, &random);
    /* 1795219200 = 6b0114c0 and 999 = 03e7 */
    ck_assert_str_eq(id.hex, apr_psprintf(pool, "%08x03e7ffffffffffff", 1795219200));
    ck_assert_uint_eq(asked, 6);
    ck_assert(authp_id_valid(id.hex));
}
END_TEST

START_TEST(id_order)
{
    static const authp_ms_t steps[] = {1, 1, 200, 55, 1, 700, 1, 1000, 59000, 3600000, 86400000000};
    fake_clock_t clock;
    fixed_rng_t rng;
    fake_clock_init(&clock);
    fixed_rng_init(&rng, 7);
    authp_id_t before = authp_id_new(&clock.clock, &rng.random);
    ck_assert_str_ne(authp_id_new(&clock.clock, &rng.random).hex, before.hex);
    for (int i = 0; i < LENGTH(steps); i++) {
        fake_clock_advance(&clock, steps[i]);
        authp_id_t now = authp_id_new(&clock.clock, &rng.random);
        ck_assert_str_lt(before.hex, now.hex);
        before = now;
    }
}
END_TEST

START_TEST(id_valid)
{
    ck_assert(authp_id_valid("0123456789abcdef01234567"));
    ck_assert(!authp_id_valid(NULL));
    ck_assert(!authp_id_valid(""));
    ck_assert(!authp_id_valid("0123456789abcdef0123456"));
    ck_assert(!authp_id_valid("0123456789abcdef012345678"));
    ck_assert(!authp_id_valid("0123456789ABCDEF01234567"));
    ck_assert(!authp_id_valid("0123456789abcdeg01234567"));
    ck_assert(!authp_id_valid(" 123456789abcdef01234567"));
    ck_assert(!authp_id_valid("0123456789abcdef01234567\n"));
    ck_assert(!authp_id_valid("0123456789abcdef0123456\xc3\xa9"));
}
END_TEST

START_TEST(log_line)
{
    authp_log(AUTHP_LOG_WARNING, "AUTHP9999", "%s is %d%%", "it", 7);
    ck_assert_int_eq(lines, 1);
    ck_assert_int_eq(last_level, AUTHP_LOG_WARNING);
    ck_assert_str_eq(last, "AUTHP9999: it is 7%");
    authp_log(AUTHP_LOG_DEBUG, "AUTHP9999", "%s", "");
    ck_assert_int_eq(last_level, AUTHP_LOG_DEBUG);
    ck_assert_str_eq(last, "AUTHP9999: ");
    authp_log_set_sink(NULL, NULL);
    authp_log(AUTHP_LOG_ERROR, "AUTHP9999", "dropped");
    ck_assert_int_eq(lines, 2);
}
END_TEST

static const struct {
    const char *text;
    const char *logged;
} escapes[] = {
    {"a\nb\r\nc\td", "a?b??c?d"},
    {"\x1b[31mred\x1b[0m\x7f\x01", "?[31mred?[0m??"},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0",
     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0"},
    {"\xc2\x9b"
     "31m\xc2\x85",
     "??31m??"},
    {"caf\xe9 \xc3\xa9", "caf? ??"}, /* not UTF-8: bytes above 127 are replaced */
    {"\x9b"
     "31m",
     "?31m"},
    {"%n %s %1$s", "%n %s %1$s"},
};

START_TEST(log_controls)
{
    authp_log(AUTHP_LOG_INFO, "AUTHP9999", "%s", escapes[_i].text);
    ck_assert_str_eq(last, apr_pstrcat(pool, "AUTHP9999: ", escapes[_i].logged, NULL));
}
END_TEST

/* The line is cut at each byte of a character in turn, and always keeps whole characters. */
START_TEST(log_cut)
{
    const int head = (int)strlen("AUTHP9999: ");
    for (int n = 985 - head; n <= 1003 - head; n++) {
        char text[1100];
        memset(text, 'x', (size_t)n);
        snprintf(text + n, sizeof(text) - (size_t)n, "%s", ELLIPSIS ELLIPSIS ELLIPSIS);
        authp_log(AUTHP_LOG_INFO, "AUTHP9999", "%s", text);
        size_t len = strlen(last);
        ck_assert_uint_le(len, 1000);
        ck_assert_uint_ge(len, n + head + 9 <= 1000 ? (size_t)(n + head + 9) : 997);
        ck_assert_ptr_null(strchr(last, '?'));
        size_t marks = len > (size_t)(n + head) ? len - (size_t)(n + head) : 0;
        ck_assert_uint_eq(marks % 3, 0);
        ck_assert_mem_eq(last + len - marks, ELLIPSIS ELLIPSIS ELLIPSIS, marks);
    }
    char big[5000];
    memset(big, '\x80', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    authp_log(AUTHP_LOG_INFO, "AUTHP9999", "%s", big);
    ck_assert_uint_le(strlen(last), 1000);
    ck_assert_ptr_null(strchr(last, '\x80'));
    int before = lines;
    memset(big, 'A', sizeof(big) - 1);
    authp_log(AUTHP_LOG_INFO, big, "an id that leaves no room");
    ck_assert_int_eq(lines, before);
}
END_TEST

typedef struct watch_t {
    const unsigned char *bytes;
    size_t len;
    bool wiped;
} watch_t;

/* Cleanups run in reverse order, so this one sees the memory after the secret's own cleanup. */
static apr_status_t look(void *data)
{
    watch_t *watch = data;
    watch->wiped = true;
    for (size_t i = 0; i < watch->len; i++) {
        watch->wiped = watch->wiped && watch->bytes[i] == 0;
    }
    return APR_SUCCESS;
}

START_TEST(secret_is_wiped)
{
    static const char text[] = "correct horse battery staple";
    watch_t watch = {NULL, sizeof(text) - 1, false};
    apr_pool_t *brief = NULL;
    ck_assert_int_eq(apr_pool_create(&brief, pool), APR_SUCCESS);
    apr_pool_cleanup_register(brief, &watch, look, apr_pool_cleanup_null);
    const authp_secret_t *secret = authp_secret_make(text, sizeof(text) - 1, brief);
    watch.bytes = authp_secret_bytes(secret);
    ck_assert_ptr_ne(watch.bytes, text);
    ck_assert_str_eq((const char *)watch.bytes, text);
    apr_pool_destroy(brief);
    ck_assert(watch.wiped);
}
END_TEST

START_TEST(secret_holds_any_bytes)
{
    const authp_secret_t *secret = authp_secret_make("a\0b", 3, pool);
    ck_assert_uint_eq(authp_secret_len(secret), 3);
    ck_assert_mem_eq(authp_secret_bytes(secret), "a\0b\0", 4);
    secret = authp_secret_make(NULL, 0, pool);
    ck_assert_uint_eq(authp_secret_len(secret), 0);
    ck_assert_uint_eq(authp_secret_bytes(secret)[0], 0);
    /* printf("%s") of the handle does not show the secret, because the handle does not begin with
     * its text. */
    secret = authp_secret_make("topsecret", 9, pool);
    ck_assert_ptr_ne((const void *)secret, (const void *)authp_secret_bytes(secret));
    ck_assert_ptr_null(strstr(apr_pstrmemdup(pool, (const char *)secret, sizeof(size_t)), "top"));
}
END_TEST

START_TEST(secret_equal)
{
    unsigned char a[64];
    unsigned char b[64];
    memset(a, 0x5A, sizeof(a));
    memcpy(b, a, sizeof(b));
    ck_assert(authp_secret_equal(a, b, sizeof(a)));
    ck_assert(authp_secret_equal(a, b, 0));
    for (size_t i = 0; i < sizeof(b); i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (unsigned char)(b[i] ^ (1 << bit));
            ck_assert(!authp_secret_equal(a, b, sizeof(a)));
            b[i] = (unsigned char)(b[i] ^ (1 << bit));
        }
    }
    /* Differences in two bytes must not cancel each other. */
    b[0] ^= 1;
    b[63] ^= 1;
    ck_assert(!authp_secret_equal(a, b, sizeof(a)));
    ck_assert(authp_secret_equal(a + 1, b + 1, 62));
}
END_TEST

START_TEST(secret_equal_str)
{
    ck_assert(authp_secret_equal_str("", ""));
    ck_assert(authp_secret_equal_str("abc", "abc"));
    ck_assert(!authp_secret_equal_str("abc", "abd"));
    ck_assert(!authp_secret_equal_str("abc", "ab"));
    ck_assert(!authp_secret_equal_str("ab", "abc"));
    ck_assert(!authp_secret_equal_str("abc", "ABC"));
    ck_assert(!authp_secret_equal_str("", "a"));
    ck_assert(!authp_secret_equal_str(NULL, ""));
    ck_assert(!authp_secret_equal_str("", NULL));
    ck_assert(!authp_secret_equal_str(NULL, NULL));
}
END_TEST

START_TEST(wipe)
{
    char text[] = "0123456789";
    authp_secret_wipe(text + 2, 5);
    ck_assert_mem_eq(text,
                     "01\0\0\0\0\0"
                     "789",
                     11);
    authp_secret_wipe(text, 0);
    ck_assert_int_eq(text[0], '0');
    authp_secret_wipe(NULL, 0);
}
END_TEST

Suite *suite_base(void)
{
    Suite *suite = suite_create("base");
    TCase *tests = tcase_create("base");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, err_names);
    tcase_add_loop_test(tests, rfc3339, 0, LENGTH(times));
    tcase_add_test(tests, system_clock);
    tcase_add_test(tests, system_random);
    tcase_add_test(tests, id_shape);
    tcase_add_test(tests, id_order);
    tcase_add_test(tests, id_valid);
    tcase_add_test(tests, log_line);
    tcase_add_loop_test(tests, log_controls, 0, LENGTH(escapes));
    tcase_add_test(tests, log_cut);
    tcase_add_test(tests, secret_is_wiped);
    tcase_add_test(tests, secret_holds_any_bytes);
    tcase_add_test(tests, secret_equal);
    tcase_add_test(tests, secret_equal_str);
    tcase_add_test(tests, wipe);
    suite_add_tcase(suite, tests);
    return suite;
}
