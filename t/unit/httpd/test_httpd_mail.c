/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds of mails that mod_watchdog calls in a child: when there are any, and how they end
 * before the child does. */
#include "faults.h"
#include "httpd_fake_start.h"
#include "mail_fixture.h"
#include "openssl_thread.h"
#include "suite.h"
#include "watchdog_fake.h"

#include "base/thread.h"
#include "httpd/mail_stop.h"
#include "httpd/mail_task.h"
#include "service/mail/mail.h"
#include "service/mail/mail_desk.h"
#include "service/mail/mail_texts.h"
#include "service/settings/mail_url.h"

#include <apr_strings.h>
#include <http_core.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* --- a mail server ---------------------------------------------------------------------------- */

static atomic_int sent;
static atomic_bool hangs;   /* a mail waits until it is canceled */
static atomic_bool ignores; /* ... and even then, until this is false */
static bool signals_blocked;
static bool uses_tls;

static authp_err_t send_it(void *ctx, const authp_message_t *message, const atomic_bool *cancel,
                           authp_smtp_verdict_t *verdict, apr_pool_t *pool)
{
    sigset_t blocked;
    (void)ctx, (void)message, (void)pool;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    signals_blocked = sigismember(&blocked, SIGTERM) == 1;
    sent++;
    if (uses_tls) {
        openssl_thread_use();
    }
    while ((hangs && !atomic_load(cancel)) || ignores) {
        usleep(1000);
    }
    *verdict = (authp_smtp_verdict_t){.stage = AUTHP_SMTP_RCPT, .why = "canceled"};
    return atomic_load(cancel) ? AUTHP_E_ABORTED : AUTHP_OK;
}

static void end_round(void *ctx)
{
    (void)ctx;
}

static authp_mail_sender_t sender = {send_it, end_round, NULL};
static authp_mail_desk_t desk;
static apr_pool_t *pchild;

static void write_mail(void)
{
    const authp_mail_post_t post = {
        .kind = AUTHP_MAIL_INVITE, .to = "ada@example.org", .code = "INVITE"};
    ck_assert_int_eq(authp_mail_notice(fake.f.realm, &post, NULL, fake.f.pool), AUTHP_OK);
}

static void set_up(void)
{
    authp_mail_texts_t *texts = NULL;
    httpd_fake_open();
    watchdog_fake_load(true);
    mail_fixture_on(&fake.f);
    fake.f.settings->mail_from_address = "us@example.org";
    apr_array_header_t *errors = apr_array_make(fake.f.pool, 1, sizeof(const char *));
    ck_assert_int_eq(authp_mail_texts_load(fake.f.settings, &texts, errors, fake.f.pool), AUTHP_OK);
    memset(&desk, 0, sizeof(desk));
    fake.f.realm->mail_texts = texts;
    fake.f.realm->mail_desk = &desk;
    sent = hangs = ignores = false;
    uses_tls = false;
    fake_start_open();
    authp_mail_task_register(fake.f.pool);
    ck_assert_int_lt(fake_start.order.post_config, APR_HOOK_LAST);
    ck_assert_int_eq(apr_pool_create(&pchild, NULL), APR_SUCCESS);
    fake.runtime.mail_sender = &sender;
    atomic_store(&fake.runtime.mail_cancel, false);
    atomic_store(&fake.runtime.mail_busy, false);
    atomic_store(&fake.runtime.ready, true);
}

static void tear_down(void)
{
    apr_pool_destroy(pchild);
    httpd_fake_close();
}

static int start(void)
{
    return fake_start.post_config(fake.f.pool, fake.f.pool, fake.f.pool, &fake.main);
}

static void round_of(int state)
{
    ck_assert_int_eq(watches[0].round(state, (void *)(uintptr_t)watches[0].data, fake.f.pool),
                     APR_SUCCESS);
    ck_assert(!atomic_load(&fake.runtime.mail_busy));
}

static void *one_round(void *data)
{
    (void)data;
    round_of(AP_WATCHDOG_STATE_RUNNING);
    return NULL;
}

/* --- tests ------------------------------------------------------------------------------------ */

START_TEST(what_is_watched)
{
    fake_start.main_state = AP_SQ_MS_CREATE_PRE_CONFIG; /* the first pass of a start */
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, 0);
    fake_start.main_state = AP_SQ_MS_CREATE_CONFIG;
    const char *url = fake.f.settings->mail_url;
    fake.f.settings->mail_url = NULL;
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, 0);
    fake.f.settings->mail_url = url;
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(nwatches, 1);
    ck_assert_str_eq(watches[0].name, "_auth_platform_mail_"); /* a thread of its own */
    ck_assert_int_eq(watches[0].interval, apr_time_from_msec(250));
    ck_assert_ptr_eq(watches[0].data, &fake.runtime);
}
END_TEST

START_TEST(nobody_watches)
{
    watchdog_fake_load(false);
    ck_assert_int_eq(start(), OK);
    ck_assert_int_eq(httpd_fake_told(apr_psprintf(
                         fake.f.pool, "%d AUTHP0519: mod_watchdog is missing", APLOG_ERR)),
                     1);
}
END_TEST

START_TEST(a_round)
{
    (void)start();
    write_mail();
    round_of(AP_WATCHDOG_STATE_STARTING);
    ck_assert_int_eq(sent, 0);
    atomic_store(&fake.runtime.ready, false);
    round_of(AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(sent, 0);
    atomic_store(&fake.runtime.ready, true);
    fake.runtime.mail_sender = NULL;
    round_of(AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(sent, 0);
    fake.runtime.mail_sender = &sender;
    round_of(AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(sent, 1);
    ck_assert(signals_blocked); /* prefork's handlers run on no thread that sends */
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    ck_assert_int_eq(sigismember(&blocked, SIGTERM), 0); /* only meanwhile */
}
END_TEST

static int freed;

static void note_freed(void)
{
    freed++;
    ck_assert(atomic_load(&fake.runtime.mail_busy)); /* the child waits for this round */
}

/* The child exits while the thread ends. So nothing that OpenSSL keeps for the thread is left. */
START_TEST(openssl_keeps_nothing_for_the_thread)
{
    (void)start();
    freed = 0;
    openssl_thread_open(note_freed);
    uses_tls = true;
    write_mail();
    round_of(AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(sent, 1);
    ck_assert_int_eq(freed, 1);
    openssl_thread_close();
    ck_assert_int_eq(freed, 1);
}
END_TEST

static int cancel_at; /* the number of the sleep in which the child ends */

static void end_meanwhile(void)
{
    if (faults.sleeps == cancel_at) {
        atomic_store(&fake.runtime.mail_cancel, true);
    }
}

/* A mail waits for its turn in steps of 20 ms. When the child ends it waits no longer than until
 * 100 ms are over, and is not sent. */
START_TEST(a_turn_that_comes_later)
{
    static const struct {
        int cancel_at;
        int steps; /* 0: as long as the turn needs */
    } waits[] = {{0, 0}, {1, 5}, {5, 5}, {6, 6}, {50, 50}};
    (void)start();
    faults_open();
    faults.awake = true;
    faults.on_sleep = end_meanwhile;
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        write_mail();
        faults.sleeps = 0;
        faults.us = 0;
        sent = 0;
        cancel_at = waits[i].cancel_at;
        atomic_store(&fake.runtime.mail_cancel, false);
        memset(&desk, 0, sizeof(desk));
        atomic_store(&desk.send_at, authp_clock_now(authp_clock_monotonic()) + 60000);
        round_of(AP_WATCHDOG_STATE_RUNNING);
        ck_assert_int_eq(sent, cancel_at == 0 ? 1 : 0);
        if (cancel_at != 0) {
            ck_assert_int_eq(faults.sleeps, waits[i].steps);
            ck_assert_int_eq(faults.us, waits[i].steps * 20000);
        } else {
            ck_assert_int_gt(faults.us, 30000000);
            ck_assert_int_le(faults.us, 60000000);
            ck_assert_int_eq((faults.us + 19999) / 20000, faults.sleeps);
        }
    }
    faults_open();
}
END_TEST

/* Once httpd says that the child ends, no round begins. */
START_TEST(the_mpm_stops)
{
    (void)start();
    write_mail();
    round_of(AP_WATCHDOG_STATE_STOPPING);
    round_of(AP_WATCHDOG_STATE_RUNNING);
    ck_assert_int_eq(sent, 0);
}
END_TEST

static apr_status_t note_closed(void *data)
{
    (void)data;
    ck_assert(!atomic_load(&fake.runtime.mail_busy));
    return APR_SUCCESS;
}

/* The pools of the child, and those in it, wait for a round, which ends because it is canceled. */
START_TEST(the_child_ends)
{
    pthread_t thread;
    static const authp_mail_url_t server = {.host = "127.0.0.1", .port = 25};
    (void)start();
    fake.f.settings->mail_server = &server;
    fake.f.settings->public_host = "www.example.org";
    fake.runtime.pool = fake.f.pool;
    authp_mail_task_child(&fake.runtime, pchild, &fake.main);
    ck_assert_ptr_nonnull(fake.runtime.mail_sender);
    ck_assert_ptr_ne(fake.runtime.mail_sender, &sender);
    fake.runtime.mail_sender = &sender;
    apr_pool_t *below = NULL;
    ck_assert_int_eq(apr_pool_create(&below, pchild), APR_SUCCESS);
    apr_pool_cleanup_register(below, NULL, note_closed, apr_pool_cleanup_null);
    write_mail();
    hangs = true;
    ck_assert_int_eq(authp_thread_start(&thread, one_round, NULL), 0);
    while (sent == 0) {
        usleep(1000);
    }
    apr_pool_clear(pchild);
    ck_assert(!atomic_load(&fake.runtime.mail_busy));
    pthread_join(thread, NULL);
    const mail_fixture_t mail = mail_fixture_at(&fake.f, 0);
    ck_assert_int_eq(mail.row->claim_until, 0); /* another child can send it at once */
    ck_assert_int_eq(mail.row->sent_at, 0);
}
END_TEST

/* A signal handler does not wait for a round that needs the interrupted thread. */
START_TEST(a_wait_is_bounded)
{
    pthread_t thread;
    (void)start();
    write_mail();
    ignores = true;
    ck_assert_int_eq(authp_thread_start(&thread, one_round, NULL), 0);
    while (sent == 0) {
        usleep(1000);
    }
    authp_mail_stop_wait(&fake.runtime, 100);
    ck_assert(atomic_load(&fake.runtime.mail_busy));
    ck_assert(atomic_load(&fake.runtime.mail_cancel));
    ignores = false;
    pthread_join(thread, NULL);
}
END_TEST

Suite *suite_httpd_mail(void)
{
    Suite *suite = suite_create("httpd_mail");
    TCase *tests = tcase_create("httpd_mail");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, what_is_watched);
    tcase_add_test(tests, nobody_watches);
    tcase_add_test(tests, a_round);
    tcase_add_test(tests, openssl_keeps_nothing_for_the_thread);
    tcase_add_test(tests, a_turn_that_comes_later);
    tcase_add_test(tests, the_mpm_stops);
    tcase_add_test(tests, the_child_ends);
    tcase_add_test(tests, a_wait_is_bounded);
    suite_add_tcase(suite, tests);
    return suite;
}
