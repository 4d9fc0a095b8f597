/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of messages that are sent after the answer, and the thread that sends them. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_pools.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "fake_clock.h"
#include "service/otp/firewall.h"
#include "service/otp/later.h"
#include "service/otp/msg91.h"
#include "suite.h"

#define PATIENCE_MS 20000

static apr_pool_t *pool;
static apr_pool_t *queue_pool;
static authp_later_t *later;
static fake_clock_t fake_clock; /* for how long a message has waited */
static char lines[4000];

/* What was sent. Guarded by `mutex`. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char sent[8000]; /* "PHONE CODE LENGTH MINUTES\n"... */
static int nsent;
static int cancelled;
static atomic_bool blocked; /* messages wait until this is false, or until they are cancelled */
static atomic_int inside;

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    ck_assert_int_eq(level, AUTHP_LOG_WARNING);
    pthread_mutex_lock(&mutex);
    if (strlen(lines) + strlen(message) + 2 < sizeof(lines)) {
        strcat(strcat(lines, message), "\n");
    }
    pthread_mutex_unlock(&mutex);
}

static void send_it(void *ctx, const authp_otp_message_t *message, const atomic_bool *cancel,
                    apr_pool_t *scratch)
{
    ck_assert_ptr_eq(ctx, &nsent);
    inside++;
    while (blocked && !atomic_load(cancel)) {
        usleep(1000);
    }
    const char *line = apr_psprintf(scratch, "%s %s %d %d\n", message->phone, message->code,
                                    message->length, message->minutes);
    pthread_mutex_lock(&mutex);
    if (atomic_load(cancel)) {
        cancelled++;
    } else {
        nsent++;
        if (strlen(sent) + strlen(line) < sizeof(sent)) {
            strcat(sent, line);
        }
    }
    pthread_mutex_unlock(&mutex);
    inside--;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    apr_pool_create(&queue_pool, pool);
    lines[0] = sent[0] = '\0';
    nsent = cancelled = 0;
    blocked = false;
    authp_log_set_sink(keep, NULL);
    fake_clock_init(&fake_clock);
    later = authp_later_make(send_it, &nsent, &fake_clock.clock, queue_pool);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
    authp_log_set_sink(NULL, NULL);
}

static authp_err_t add(const char *phone, const char *code)
{
    const authp_otp_message_t message = {.phone = phone, .code = code, .length = 6, .minutes = 5};
    return authp_later_add(later, &message);
}

static int count_sent(void)
{
    pthread_mutex_lock(&mutex);
    int count = nsent;
    pthread_mutex_unlock(&mutex);
    return count;
}

static void wait_for_sent(int wanted)
{
    for (int i = 0; i < PATIENCE_MS && count_sent() < wanted; i++) {
        usleep(1000);
    }
    ck_assert_int_eq(count_sent(), wanted);
}

static void wait_until_inside(void)
{
    for (int i = 0; i < PATIENCE_MS && inside == 0; i++) {
        usleep(1000);
    }
    ck_assert_int_eq(inside, 1);
}

/* Destroys the queue. Returns how long that took. */
static int64_t end_it(void)
{
    int64_t began = authp_clock_now(authp_clock_monotonic());
    apr_pool_destroy(queue_pool);
    return authp_clock_now(authp_clock_monotonic()) - began;
}

static const char *phone_of(int i)
{
    return apr_psprintf(pool, "+9198%08d", i);
}

START_TEST(in_order)
{
    ck_assert_int_eq(add("+919876543210", "123456"), AUTHP_OK);
    ck_assert_int_eq(add("+12025550123", "000000"), AUTHP_OK);
    wait_for_sent(2);
    ck_assert_str_eq(sent, "+919876543210 123456 6 5\n+12025550123 000000 6 5\n");
    ck_assert_str_eq(lines, "");
}
END_TEST

/* The caller's texts need not live longer than the call. */
START_TEST(texts_are_copied)
{
    char phone[] = "+919876543210";
    char code[] = "123456";
    blocked = true;
    ck_assert_int_eq(add("+911", "111111"), AUTHP_OK);
    ck_assert_int_eq(add(phone, code), AUTHP_OK);
    memset(phone, 'x', sizeof(phone) - 1);
    memset(code, 'x', sizeof(code) - 1);
    blocked = false;
    wait_for_sent(2);
    ck_assert_ptr_nonnull(strstr(sent, "+919876543210 123456 6 5\n"));
}
END_TEST

START_TEST(newer_code_replaces)
{
    blocked = true;
    ck_assert_int_eq(add("+911", "000001"), AUTHP_OK);
    wait_until_inside();
    ck_assert_int_eq(add("+912", "000002"), AUTHP_OK);
    ck_assert_int_eq(add("+913", "000003"), AUTHP_OK);
    ck_assert_int_eq(add("+912", "000004"), AUTHP_OK);
    ck_assert_int_eq(add("+911", "000005"), AUTHP_OK); /* the first one is under way */
    blocked = false;
    wait_for_sent(4);
    ck_assert_str_eq(sent, "+911 000001 6 5\n+912 000004 6 5\n+913 000003 6 5\n+911 000005 6 5\n");
}
END_TEST

/* A code that has waited for too long is not sent. It is dropped before the pause of its number is
 * over, so it cannot arrive after the next code. One that replaces an older one has not waited. */
START_TEST(too_late)
{
    ck_assert_int_lt(AUTHP_LATER_LATE_MS + AUTHP_MSG91_TIMEOUT_MS,
                     AUTHP_FIREWALL_PAUSE_SECONDS * 1000);
    blocked = true;
    ck_assert_int_eq(add("+911", "000001"), AUTHP_OK);
    wait_until_inside();
    ck_assert_int_eq(add("+912", "000002"), AUTHP_OK);
    ck_assert_int_eq(add("+913", "000003"), AUTHP_OK);
    fake_clock_advance(&fake_clock, 1);
    ck_assert_int_eq(add("+914", "000004"), AUTHP_OK);
    fake_clock_advance(&fake_clock, AUTHP_LATER_LATE_MS);
    ck_assert_int_eq(add("+913", "000005"), AUTHP_OK);
    blocked = false;
    wait_for_sent(3);
    ck_assert_str_eq(sent, "+911 000001 6 5\n+913 000005 6 5\n+914 000004 6 5\n");
    ck_assert_str_eq(lines,
                     "AUTHP0361: a code was dropped and not sent, because it had waited for more "
                     "than 25 s\n");
}
END_TEST

START_TEST(a_full_queue)
{
    blocked = true;
    ck_assert_int_eq(add("+911", "000001"), AUTHP_OK);
    wait_until_inside();
    for (int i = 0; i < AUTHP_LATER_MOST; i++) {
        ck_assert_int_eq(add(phone_of(i), "123456"), AUTHP_OK);
    }
    ck_assert_str_eq(lines, "");
    ck_assert_int_eq(add("+919876543210", "654321"), AUTHP_E_BUSY);
    ck_assert_str_eq(lines,
                     "AUTHP0360: a code was dropped and not sent, because as many codes as may "
                     "wait to be sent do so already\n");
    /* A newer code needs no place of its own. */
    ck_assert_int_eq(add(phone_of(5), "654321"), AUTHP_OK);
    blocked = false;
    wait_for_sent(AUTHP_LATER_MOST + 1);
    ck_assert_ptr_null(strstr(sent, "+919876543210"));
    /* There is room again. */
    ck_assert_int_eq(add("+919876543210", "654321"), AUTHP_OK);
    wait_for_sent(AUTHP_LATER_MOST + 2);
}
END_TEST

static const struct {
    const char *phone;
    const char *code;
} wrong[] = {{"+919876543210", NULL},
             {"+919876543210", "1234567890"},
             {"+9198765432109876543210987654321", "123456"}};

START_TEST(what_does_not_fit)
{
    ck_assert_int_eq(add(wrong[_i].phone, wrong[_i].code), AUTHP_E_MALFORMED);
    ck_assert_int_eq(add("+919876543210", "123456789"), AUTHP_OK);
    ck_assert_int_eq(add("+919876543210987654321098765432", "123456789"), AUTHP_OK);
    wait_for_sent(2);
}
END_TEST

/* At the end messages that wait are still sent, if that is quick. */
START_TEST(drained_at_the_end)
{
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(add(phone_of(i), "123456"), AUTHP_OK);
    }
    ck_assert_int_lt(end_it(), PATIENCE_MS / 2);
    ck_assert_int_eq(nsent, 20);
    ck_assert_str_eq(lines, "");
}
END_TEST

START_TEST(a_bound_at_the_end)
{
    blocked = true;
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(add(phone_of(i), "123456"), AUTHP_OK);
    }
    wait_until_inside();
    int64_t took = end_it();
    ck_assert_int_ge(took, AUTHP_LATER_DRAIN_MS - 10);
    ck_assert_int_lt(took, PATIENCE_MS / 2);
    ck_assert_int_eq(nsent, 0);
    ck_assert_int_eq(cancelled, 1);
    ck_assert_int_eq(inside, 0);
    ck_assert_str_eq(lines,
                     "AUTHP0362: 4 codes were dropped and not sent, because the process ends\n");
}
END_TEST

/* A queue that was not used has no thread. */
START_TEST(ends_unused)
{
    ck_assert_int_lt(end_it(), AUTHP_LATER_DRAIN_MS / 2);
    ck_assert_str_eq(lines, "");
}
END_TEST

/* An idle thread ends at once. */
START_TEST(ends_idle)
{
    ck_assert_int_eq(add("+911", "123456"), AUTHP_OK);
    wait_for_sent(1);
    ck_assert_int_lt(end_it(), AUTHP_LATER_DRAIN_MS / 2);
}
END_TEST

/* An object that was made before a fork works in the child, as in a child of httpd. */
START_TEST(after_a_fork)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        (void)add("+919876543210", "123456");
        (void)end_it();
        _exit(nsent == 1 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(nsent, 0);
}
END_TEST

/* Each of `adders` threads adds messages to numbers of its own. */
#define ADDERS 8
#define EACH 200

static atomic_int accepted;

static void *add_many(void *data)
{
    const int mine = *(const int *)data;
    for (int i = 0; i < EACH; i++) {
        char phone[AUTHP_SENDER_LENGTH_MOST + 20];
        snprintf(phone, sizeof(phone), "+91%03d%07d", mine, i);
        const authp_otp_message_t message = {
            .phone = phone, .code = "123456", .length = 6, .minutes = 5};
        accepted += authp_later_add(later, &message) == AUTHP_OK;
        usleep(i % 16 == 0 ? 500 : 0);
    }
    return NULL;
}

START_TEST(many_threads)
{
    pthread_t threads[ADDERS];
    int names[ADDERS];
    accepted = 0;
    for (int i = 0; i < ADDERS; i++) {
        names[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, add_many, &names[i]), 0);
    }
    for (int i = 0; i < ADDERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    (void)end_it();
    ck_assert_int_gt(accepted, 0);
    ck_assert_int_eq(nsent, accepted);
}
END_TEST

/* Nothing of a code is left in the memory of the queue. */
static bool has(const void *bytes, size_t len, const char *text)
{
    for (size_t i = 0; i + strlen(text) <= len; i++) {
        if (memcmp((const char *)bytes + i, text, strlen(text)) == 0) {
            return true;
        }
    }
    return false;
}

/* The cleanup of another object of the same pool, which runs after that of the queue. */
static apr_status_t look(void *data)
{
    bool *found = data;
    *found = has(later, AUTHP_LATER_MOST * 40, "918273");
    return APR_SUCCESS;
}

START_TEST(codes_are_wiped)
{
    bool found = false;
    apr_pool_t *own = NULL;
    apr_pool_create(&own, pool);
    apr_pool_cleanup_register(own, &found, look, apr_pool_cleanup_null);
    later = authp_later_make(send_it, &nsent, &fake_clock.clock, own);
    ck_assert_int_eq(add("+911", "918273"), AUTHP_OK);
    wait_for_sent(1);
    ck_assert(!has(later, AUTHP_LATER_MOST * 40, "918273"));
    blocked = true;
    ck_assert_int_eq(add("+911", "000000"), AUTHP_OK);
    ck_assert_int_eq(add("+912", "918273"), AUTHP_OK);
    ck_assert(has(later, AUTHP_LATER_MOST * 40, "918273"));
    apr_pool_destroy(own);
    ck_assert_int_eq(cancelled, 1);
    ck_assert(!found);
}
END_TEST

Suite *suite_later(void)
{
    Suite *suite = suite_create("later");
    TCase *tests = tcase_create("later");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, in_order);
    tcase_add_test(tests, texts_are_copied);
    tcase_add_test(tests, newer_code_replaces);
    tcase_add_test(tests, too_late);
    tcase_add_test(tests, a_full_queue);
    tcase_add_loop_test(tests, what_does_not_fit, 0, sizeof(wrong) / sizeof(wrong[0]));
    tcase_add_test(tests, drained_at_the_end);
    tcase_add_test(tests, a_bound_at_the_end);
    tcase_add_test(tests, ends_unused);
    tcase_add_test(tests, ends_idle);
    tcase_add_test(tests, after_a_fork);
    tcase_add_test(tests, many_threads);
    tcase_add_test(tests, codes_are_wiped);
    suite_add_tcase(suite, tests);
    return suite;
}
