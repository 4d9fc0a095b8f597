/* SPDX-License-Identifier: Apache-2.0 */
/* What MSG91 is asked, what its answers mean, and what the log says of it. */
#include <string.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "base/log.h"
#include "fake_clock.h"
#include "service/otp/msg91.h"
#include "suite.h"

#define BASE "https://control.msg91.example"
#define KEY "404142Akey4b3Zhush"
#define PHONE "+919876543210"
#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;
static fake_clock_t fake_clock;
static authp_settings_t settings;
static const authp_otp_sender_t *sender;
static char lines[4000];

/* What is answered, and what was asked last. */
static struct {
    authp_err_t err;
    int status;
    const char *body;
    atomic_int calls;
    authp_fetch_t asked;
    char url[2000];
    char key[100];
    void (*during)(void);
} reply;

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, strstr(message, "AUTHP0363: ") != NULL   ? AUTHP_LOG_ERROR
                            : strstr(message, "AUTHP0365: ") != NULL ? AUTHP_LOG_INFO
                                                                     : AUTHP_LOG_WARNING);
    if (strlen(lines) + strlen(message) + 2 < sizeof(lines)) {
        strcat(strcat(lines, message), "\n");
    }
}

static authp_err_t fetch(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *scratch)
{
    (void)ctx, (void)scratch;
    reply.asked = *request;
    apr_cpystrn(reply.url, request->url, sizeof(reply.url));
    apr_cpystrn(reply.key, (const char *)authp_secret_bytes(request->secret), sizeof(reply.key));
    *out = (authp_fetched_t){
        .status = reply.status, .body = reply.body, .len = strlen(reply.body), .max_age = -1};
    if (reply.during != NULL) {
        reply.during();
    }
    reply.calls++;
    return reply.err;
}

static void make(int most)
{
    static const authp_fetcher_t fetcher = {fetch, NULL};
    authp_places_t *all = authp_places_make(most, 1, &fake_clock.clock, pool);
    sender = authp_msg91_make(&settings, &fetcher, authp_places_share(all, pool), pool);
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    lines[0] = '\0';
    authp_log_set_sink(keep, NULL);
    fake_clock_init(&fake_clock);
    memset(&settings, 0, sizeof(settings));
    settings.msg91_auth_key = authp_secret_make(KEY, strlen(KEY), pool);
    settings.msg91_template_id = "6507 &f";
    settings.msg91_base_url = BASE;
    memset(&reply, 0, sizeof(reply));
    reply.status = 200;
    reply.body = "{\"type\":\"success\",\"request_id\":\"366b6a6f7861303230373538\"}";
    make(4);
}

/* Whatever a test did, the log has no code, no whole number and no key. */
static void tear_down(void)
{
    static const char *const secrets[] = {"123456", "9876543210", KEY, "msg91.example"};
    for (int i = 0; i < COUNT(secrets); i++) {
        ck_assert_msg(strstr(lines, secrets[i]) == NULL, "%s", lines);
    }
    apr_pool_destroy(pool);
    authp_log_set_sink(NULL, NULL);
}

static authp_err_t send_code(const char *code)
{
    const authp_otp_message_t message = {.phone = PHONE, .code = code, .length = 6, .minutes = 5};
    return sender->send(sender->ctx, &message, pool);
}

static authp_err_t verify(const char *code)
{
    return sender->verify(sender->ctx, PHONE, code, pool);
}

START_TEST(own_code)
{
    ck_assert_int_eq(send_code("012345678"), AUTHP_OK);
    ck_assert_str_eq(reply.url,
                     BASE "/api/v5/otp?template_id=6507%20%26f&mobile=919876543210&otp_length=6"
                          "&otp_expiry=5&otp=012345678");
    ck_assert_str_eq(reply.asked.json, "{}");
    ck_assert_ptr_null(reply.asked.form);
    ck_assert_str_eq(reply.asked.secret_name, "authkey");
    ck_assert_str_eq(reply.key, KEY);
    ck_assert_int_eq(reply.asked.timeout_ms, 3000);
    ck_assert_uint_eq(reply.asked.limit, 16384);
    ck_assert(reply.asked.once);
    ck_assert_ptr_null(reply.asked.cancel);
    ck_assert_str_eq(reply.asked.url, ""); /* it has the code, and was wiped */
    ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(their_code)
{
    const authp_otp_message_t message = {.phone = PHONE, .length = 4, .minutes = 10};
    ck_assert_int_eq(sender->send(sender->ctx, &message, pool), AUTHP_OK);
    ck_assert_str_eq(reply.url,
                     BASE "/api/v5/otp?template_id=6507%20%26f&mobile=919876543210&otp_length=4"
                          "&otp_expiry=10");
    reply.body = "{\"type\":\"success\",\"message\":\"OTP verified success\"}";
    ck_assert_int_eq(verify("1234"), AUTHP_OK);
    ck_assert_str_eq(reply.url, BASE "/api/v5/otp/verify?mobile=919876543210&otp=1234");
    ck_assert_ptr_null(reply.asked.json);
    ck_assert_ptr_null(reply.asked.form);
    ck_assert_str_eq(reply.key, KEY);
    ck_assert_int_eq(reply.asked.timeout_ms, 3000);
    ck_assert(reply.asked.once);
    ck_assert_str_eq(reply.asked.url, "");
    ck_assert_str_eq(sender->name, "msg91");
    ck_assert(!sender->makes_all);
}
END_TEST

static const struct {
    int status;
    const char *body;
    authp_err_t err;
} sends[] = {
    {200, "{\"type\":\"success\",\"request_id\":\"366b6a\"}", AUTHP_OK},
    {200, "{\"message\":\"366b6a6f78\",\"type\":\"success\"}", AUTHP_OK},
    {200, "{\"type\":\"success\",\"message\":\"OTP sent successfully\"}", AUTHP_OK},
    {200, "{\"type\":\"success\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\",\"request_id\":\"\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\",\"request_id\":null}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\",\"message\":\"Invalid authkey\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\",\"message\":\"IPBlocked\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"Success\",\"request_id\":\"366b6a\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"error\",\"request_id\":\"366b6a\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"error\",\"message\":\"OTP sent successfully\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":true,\"request_id\":\"366b6a\"}", AUTHP_E_OTP_SEND_FAILED},
    {201, "{\"type\":\"success\",\"request_id\":\"366b6a\"}", AUTHP_E_OTP_SEND_FAILED},
    {500, "{\"type\":\"success\",\"request_id\":\"366b6a\"}", AUTHP_E_OTP_SEND_FAILED},
    {418, "{\"type\":\"error\",\"message\":\"IPBlocked\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "[\"success\"]", AUTHP_E_OTP_SEND_FAILED},
    {200, "\"success\"", AUTHP_E_OTP_SEND_FAILED},
    {200, "", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\",\"request_id\":\"366b6a\"}x", AUTHP_E_OTP_SEND_FAILED},
    {200, "<html>OTP sent successfully</html>", AUTHP_E_OTP_SEND_FAILED},
};

START_TEST(answers_to_a_send)
{
    reply.status = sends[_i].status;
    reply.body = sends[_i].body;
    ck_assert_int_eq(send_code("123456"), sends[_i].err);
    if (sends[_i].err == AUTHP_OK) {
        ck_assert_str_eq(lines, "");
    } else {
        ck_assert_ptr_eq(strstr(lines, "AUTHP0364: MSG91 did not send a code to *******3210: "),
                         lines);
    }
}
END_TEST

#define SAID(type, message) "{\"type\":\"" type "\",\"message\":\"" message "\"}"

static const struct {
    int status;
    const char *body;
    authp_err_t err;
} verdicts[] = {
    {200, SAID("success", "OTP verified success"), AUTHP_OK},
    {200, SAID("error", "OTP not match"), AUTHP_E_INVALID_OTP},
    {200, SAID("error", "Mobile no. not found"), AUTHP_E_INVALID_OTP},
    {200, SAID("error", "Max limit reached for this otp verification"), AUTHP_E_INVALID_OTP},
    {200, SAID("error", "OTP expired"), AUTHP_E_OTP_EXPIRED},
    {200, SAID("error", "otp_expired"), AUTHP_E_OTP_EXPIRED},
    {200, SAID("error", "Mobile no. already verified"), AUTHP_E_OTP_USED},
    {401, SAID("error", "OTP not match"), AUTHP_E_INVALID_OTP},
    /* A used code that is called a success is none. */
    {200, SAID("success", "Mobile no. already verified"), AUTHP_E_OTP_USED},
    {200, SAID("success", "OTP not match"), AUTHP_E_INVALID_OTP},
    /* Almost a success. Such an answer may be about the code. */
    {200, SAID("success", "OTP verified"), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("success", "OTP verified success."), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("success", "otp verified success"), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("success", " OTP verified success"), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("success", "OTP verified success\\u0000"), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("error", "OTP verified success"), AUTHP_E_OTP_SEND_FAILED},
    {200, SAID("SUCCESS", "OTP verified success"), AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"message\":\"OTP verified success\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":\"success\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{\"type\":[\"success\"],\"message\":\"OTP verified success\"}", AUTHP_E_OTP_SEND_FAILED},
    {200, "{}", AUTHP_E_OTP_SEND_FAILED},
    {202, SAID("success", "OTP verified success"), AUTHP_E_OTP_SEND_FAILED},
    {404, SAID("success", "OTP verified success"), AUTHP_E_OTP_SEND_FAILED},
    /* Nothing was said about the code. */
    {200, SAID("error", "Invalid authkey"), AUTHP_E_UNAVAILABLE},
    {418, SAID("error", "IPBlocked"), AUTHP_E_UNAVAILABLE},
    {500, SAID("success", "OTP verified success"), AUTHP_E_UNAVAILABLE},
    {503, SAID("error", "OTP not match"), AUTHP_E_UNAVAILABLE},
    {200, "[{\"type\":\"success\",\"message\":\"OTP verified success\"}]", AUTHP_E_UNAVAILABLE},
    {200, "OTP verified success", AUTHP_E_UNAVAILABLE},
    {200, "", AUTHP_E_UNAVAILABLE},
    /* A parser that takes one of two members could be made to see another one than MSG91's. */
    {200, "{\"type\":\"error\",\"type\":\"success\",\"message\":\"OTP verified success\"}",
     AUTHP_E_UNAVAILABLE},
};

START_TEST(answers_about_a_code)
{
    reply.status = verdicts[_i].status;
    reply.body = verdicts[_i].body;
    ck_assert_int_eq(verify("123456"), verdicts[_i].err);
    bool quiet =
        verdicts[_i].err != AUTHP_E_UNAVAILABLE && verdicts[_i].err != AUTHP_E_OTP_SEND_FAILED;
    if (quiet) {
        ck_assert_str_eq(lines, "");
    } else {
        ck_assert_ptr_eq(strstr(lines, "AUTHP0366: MSG91 did not check a code of *******3210: "),
                         lines);
    }
}
END_TEST

static const authp_err_t errors[] = {AUTHP_E_UNAVAILABLE, AUTHP_E_TOO_LARGE, AUTHP_E_BUSY,
                                     AUTHP_E_MALFORMED, AUTHP_E_INTERNAL};

START_TEST(no_answer)
{
    reply.err = errors[_i];
    ck_assert_int_eq(send_code("123456"), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(verify("123456"), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(reply.calls, 2);
    /* Their places are free again. */
    reply.err = AUTHP_OK;
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(send_code("123456"), AUTHP_OK);
    }
}
END_TEST

static const char *const no_codes[] = {"",       "123",    "1234567890", "12345a", "12345 ",
                                       "123&a=", "12%334", "١٢٣٤٥٦",     "-12345"};

START_TEST(codes_that_are_none)
{
    ck_assert_int_eq(verify(no_codes[_i]), AUTHP_E_INVALID_OTP);
    ck_assert_int_eq(send_code(no_codes[_i]), AUTHP_E_INTERNAL);
    ck_assert_str_eq(lines, "AUTHP0363: a code or a number is not as it must be\n");
    ck_assert_int_eq(reply.calls, 0);
}
END_TEST

static const struct {
    const char *message;
    const char *shown;
} words[] = {
    {"Template id missing, please check", "Template id missing, please check"},
    {"code 123456 for 919876543210", "code * for *"},
    {"key " KEY " is wrong", "key * is wrong"},
    {"a@b.example x=y don't otp_expired -x- .", "* * don't otp_expired * *"},
    {"abcdefghijklmnopqrstuvwxyz", "*"},
    {"  two   spaces ", "two spaces"},
    {"", ""},
    {"aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccc "
     "dddddddddddddddddddddddd e",
     "aaaaaaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbbbbbb cccccccccccccccccccccccc "
     "dddddddddddddddddddddddd"},
};

/* The log has words of the answer, but nothing that could be a code, a number or a key. */
START_TEST(words_of_the_answer)
{
    reply.body = apr_psprintf(pool, SAID("error", "%s"), words[_i].message);
    ck_assert_int_eq(send_code("123456"), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_str_eq(lines, apr_psprintf(pool,
                                         "AUTHP0364: MSG91 did not send a code to *******3210: "
                                         "status 200, \"%s\"\n",
                                         words[_i].shown));
}
END_TEST

START_TEST(a_key_of_letters)
{
    settings.msg91_auth_key = authp_secret_make("abcdef", 6, pool);
    make(1);
    reply.body = SAID("error", "Invalid authkey abcdef");
    ck_assert_int_eq(send_code("123456"), AUTHP_E_OTP_SEND_FAILED);
    ck_assert_ptr_nonnull(strstr(lines, "*******3210: its key\n"));
    ck_assert_ptr_null(strstr(lines, "abcdef"));
}
END_TEST

static authp_err_t inner;
static authp_err_t inner_verify;

static void another_caller(void)
{
    reply.during = NULL;
    inner = send_code("123456");
    inner_verify = verify("123456");
}

/* A caller without a place gets its answer without a request. */
START_TEST(a_bound_of_callers)
{
    make(1);
    reply.during = another_caller;
    ck_assert_int_eq(send_code("123456"), AUTHP_OK);
    ck_assert_int_eq(inner, AUTHP_E_OTP_SEND_FAILED);
    ck_assert_int_eq(inner_verify, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(reply.calls, 1);
    ck_assert_ptr_nonnull(strstr(lines, "AUTHP0365: too many requests wait for MSG91\n"));
    ck_assert_int_eq(send_code("123456"), AUTHP_OK);
}
END_TEST

START_TEST(a_failure_makes_no_room) /* before there was an answer */
{
    make(1);
    reply.err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < 2; i++) {
        apr_time_t began = apr_time_now();
        reply.during = another_caller;
        ck_assert_int_eq(send_code("123456"), AUTHP_E_OTP_SEND_FAILED);
        ck_assert_int_eq(apr_time_now() - began < apr_time_from_msec(250), i == 1);
    }
}
END_TEST

static void leave_one(void)
{
    const authp_otp_message_t message = {
        .phone = PHONE, .code = "654321", .length = 6, .minutes = 5};
    reply.during = NULL;
    ck_assert_int_eq(sender->send_later(sender->ctx, &message), AUTHP_OK);
    for (int i = 0; i < 20000 && reply.calls == 0; i++) {
        usleep(1000);
    }
    inner = reply.calls == 1 ? AUTHP_OK : AUTHP_E_BUSY;
}

START_TEST(later) /* needs no place, and can be cancelled */
{
    make(1);
    reply.during = leave_one;
    ck_assert_int_eq(send_code("123456"), AUTHP_OK);
    ck_assert_int_eq(inner, AUTHP_OK);
    ck_assert_int_eq(reply.calls, 2);
    ck_assert_ptr_nonnull(strstr(reply.url, "&otp=654321"));
    ck_assert_ptr_nonnull(reply.asked.cancel);
}
END_TEST

Suite *suite_msg91(void)
{
    Suite *suite = suite_create("msg91");
    TCase *tests = tcase_create("msg91");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, own_code);
    tcase_add_test(tests, their_code);
    tcase_add_loop_test(tests, answers_to_a_send, 0, COUNT(sends));
    tcase_add_loop_test(tests, answers_about_a_code, 0, COUNT(verdicts));
    tcase_add_loop_test(tests, no_answer, 0, COUNT(errors));
    tcase_add_loop_test(tests, codes_that_are_none, 0, COUNT(no_codes));
    tcase_add_loop_test(tests, words_of_the_answer, 0, COUNT(words));
    tcase_add_test(tests, a_key_of_letters);
    tcase_add_test(tests, a_bound_of_callers);
    tcase_add_test(tests, a_failure_makes_no_room);
    tcase_add_test(tests, later);
    suite_add_tcase(suite, tests);
    return suite;
}
