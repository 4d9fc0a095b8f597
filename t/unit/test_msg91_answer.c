/* SPDX-License-Identifier: Apache-2.0 */
/* Each message of MSG91 that is known, in any case, and the longest words and ids. */
#include "net/fetch.h"
#include "service/otp/msg91_answer.h"
#include "suite.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;
static const char *said;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    said = NULL;
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static authp_fetched_t answer(const char *type, const char *member, const char *value)
{
    const char *body =
        apr_pstrcat(pool, "{\"type\":\"", type, "\",\"", member, "\":\"", value, "\"}", NULL);
    return (authp_fetched_t){.status = 200, .body = body, .len = strlen(body)};
}

static const struct {
    const char *message;
    authp_err_t err;
} rows[] = {
    {"OTP not match", AUTHP_E_INVALID_OTP},
    {"Invalid OTP", AUTHP_E_INVALID_OTP},
    {"Mobile no. not found", AUTHP_E_INVALID_OTP},
    {"Max limit reached for this otp verification", AUTHP_E_INVALID_OTP},
    {"OTP empty or not numeric", AUTHP_E_INVALID_OTP},
    {"Mobile no. empty or not numeric", AUTHP_E_INVALID_OTP},
    {"OTP expired", AUTHP_E_OTP_EXPIRED},
    {"otp_expired", AUTHP_E_OTP_EXPIRED},
    {"Mobile no. already verified", AUTHP_E_OTP_USED},
    {"already_verified", AUTHP_E_OTP_USED},
    {"Invalid authkey", AUTHP_E_UNAVAILABLE},
    {"Auth Key missing", AUTHP_E_UNAVAILABLE},
    {"IPBlocked", AUTHP_E_UNAVAILABLE},
    {"Something new", AUTHP_E_OTP_SEND_FAILED},
};

START_TEST(verdicts)
{
    char *upper = apr_pstrdup(pool, rows[_i].message);
    for (char *at = upper; *at != '\0'; at++) {
        *at = (char)apr_toupper(*at);
    }
    const char *const spellings[] = {rows[_i].message, upper};
    for (int i = 0; i < 2; i++) {
        authp_fetched_t got = answer("error", "message", spellings[i]);
        ck_assert_int_eq(authp_msg91_answer_verified(&got, &said, pool), rows[_i].err);
        ck_assert_str_eq(said, apr_psprintf(pool, "status 200, \"%s\"", spellings[i]));
        got.status = 499;
        ck_assert_int_eq(authp_msg91_answer_verified(&got, &said, pool), rows[_i].err);
        got.status = 500;
        ck_assert_int_eq(authp_msg91_answer_verified(&got, &said, pool), AUTHP_E_UNAVAILABLE);
    }
}
END_TEST

static const char *letters(size_t count, char last)
{
    char *out = apr_palloc(pool, count + 1);
    memset(out, 'a', count);
    out[count - 1] = last;
    out[count] = '\0';
    return out;
}

/* An id has 1 to 64 characters, and as a message at least one digit. */
START_TEST(ids)
{
    static const struct {
        const char *member;
        size_t len;
        char last;
        bool sent;
    } list[] = {{"request_id", 1, 'a', true},   {"request_id", 64, 'z', true},
                {"request_id", 65, 'a', false}, {"request_id", 8, '.', false},
                {"request_id", 8, '_', true},   {"request_id", 8, '-', true},
                {"request_id", 8, 'Z', true},   {"message", 64, '9', true},
                {"message", 65, '9', false},    {"message", 8, 'a', false},
                {"message", 8, '0', true}};
    const authp_fetched_t got =
        answer("success", list[_i].member, letters(list[_i].len, list[_i].last));
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool),
                     list[_i].sent ? AUTHP_OK : AUTHP_E_OTP_SEND_FAILED);
}
END_TEST

/* A word is shown if it has at most 24 letters, and words are shown up to 100 bytes. */
START_TEST(long_words)
{
    authp_fetched_t got = answer("error", "message", letters(24, 'b'));
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(said, apr_psprintf(pool, "status 200, \"%s\"", letters(24, 'b')));
    got = answer("error", "message", letters(25, 'b'));
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(said, "status 200, \"*\"");
    const char *four = apr_pstrcat(pool, letters(24, ' '), letters(24, ' '), letters(24, ' '),
                                   letters(24, ' '), NULL); /* 96 bytes */
    got = answer("error", "message", apr_pstrcat(pool, four, "wxyz v", NULL));
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(said, apr_psprintf(pool, "status 200, \"%swxyz\"", four));
    got = answer("error", "message", apr_pstrcat(pool, four, "uvwxy v", NULL));
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(said,
                     apr_psprintf(pool, "status 200, \"%s\"", apr_pstrmemdup(pool, four, 95)));
    got = answer("error", "other", "x");
    ck_assert_int_eq(authp_msg91_answer_sent(&got, &said, pool), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(said, "status 200, no message");
}
END_TEST

Suite *suite_msg91_answer(void)
{
    Suite *suite = suite_create("msg91_answer");
    TCase *tests = tcase_create("msg91_answer");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, verdicts, 0, (int)(sizeof(rows) / sizeof(rows[0])));
    tcase_add_loop_test(tests, ids, 0, 11);
    tcase_add_test(tests, long_words);
    suite_add_tcase(suite, tests);
    return suite;
}
