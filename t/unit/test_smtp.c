/* SPDX-License-Identifier: Apache-2.0 */
/* The SMTP client against a peer in this process. t/cli/20_mail.t has TLS and AUTH. */
#include "base/clock.h"
#include "net/smtp.h"
#include "smtp_peer.h"
#include "suite.h"

#include <apr_strings.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

static apr_pool_t *pool;
static smtp_peer_t peer;
static authp_smtp_server_t server;
static authp_smtp_t *smtp;
static authp_smtp_verdict_t verdict;
static atomic_bool cancel;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    memset(&peer, 0, sizeof(peer));
    memset(&verdict, 0, sizeof(verdict));
    atomic_store(&cancel, false);
}

static void tear_down(void)
{
    if (peer.port != 0) {
        smtp_peer_stop(&peer);
    }
    apr_pool_destroy(pool);
}

static void begin(void)
{
    smtp_peer_start(&peer);
    server = (authp_smtp_server_t){
        .host = "127.0.0.1", .port = peer.port, .no_tls = true, .name = "client.test"};
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_OK);
}

/* Ends the peer, so that its records can be read. */
static void end(void)
{
    authp_smtp_end(smtp);
    smtp_peer_stop(&peer);
    peer.port = 0;
}

static authp_err_t send_bytes(const char *bytes)
{
    const authp_smtp_mail_t mail = {
        .from = "a@example.org", .to = "b@example.com", .bytes = bytes, .len = strlen(bytes)};
    return authp_smtp_send(smtp, &mail, &cancel, &verdict);
}

static authp_err_t send_one(void)
{
    return send_bytes("Subject: x\r\n\r\nhello\r\n");
}

START_TEST(one_connection_for_a_round)
{
    begin();
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(send_one(), AUTHP_OK);
        ck_assert_str_eq(authp_smtp_words(&verdict, pool), "after data: 250 2.0.0");
    }
    end();
    ck_assert_str_eq(peer.commands, "1 EHLO\n1 MAIL\n1 RCPT\n1 DATA\n"
                                    "1 RSET\n1 MAIL\n1 RCPT\n1 DATA\n"
                                    "1 RSET\n1 MAIL\n1 RCPT\n1 DATA\n1 QUIT\n");
    ck_assert_str_eq(peer.mail, "Subject: x\r\n\r\nhello\r\n");
    ck_assert_int_eq(atomic_load(&peer.connections), 1);
}
END_TEST

START_TEST(dots)
{
    begin();
    ck_assert_int_eq(send_bytes(".\r\nx\r\n.y.\r\n..\r\nz\r\n"), AUTHP_OK);
    end();
    ck_assert_str_eq(peer.mail, "..\r\nx\r\n..y.\r\n...\r\nz\r\n");
}
END_TEST

START_TEST(another_mail_after_a_refused_one)
{
    peer.rules[0] = (smtp_peer_rule_t){"RCPT", 0, "550-first line\r\n550 5.1.1 b@example.com\r\n"};
    begin();
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(verdict.stage, AUTHP_SMTP_RCPT);
    ck_assert_int_eq(verdict.reply.code, 550);
    ck_assert_str_eq(verdict.reply.enhanced, "5.1.1");
    ck_assert_ptr_null(verdict.why);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), "rcpt: 550 5.1.1");
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    end();
    ck_assert_str_eq(peer.commands, "1 EHLO\n1 MAIL\n1 RCPT\n1 RSET\n1 MAIL\n1 RCPT\n1 QUIT\n");
}
END_TEST

/* What each fault of the first connection is, in words. Nothing is tried twice. */
START_TEST(faults)
{
    static const struct {
        const char *at;
        const char *reply;
        const char *words;
    } rows[] = {
        {"", "554 5.3.2 no\r\n", "connect: 554 5.3.2"},
        {"", NULL, "connect: the connection was closed"},
        {"EHLO", "502 5.5.1 no\r\n", "after data: 250 2.0.0"}, /* HELO follows */
        {"EHLO", NULL, "connect: the connection was closed"},
        {"MAIL", "451 4.3.0 later\r\n", "mail: 451 4.3.0"},
        {"MAIL", "250\r\n", "after data: 250 2.0.0"},
        {"MAIL", NULL, "mail: the connection was closed"},
        {"RCPT", "452 full\r\n", "rcpt: 452"},
        {"RCPT", "550 4.1.1 of another class\r\n", "rcpt: 550"},
        {"RCPT", "551 5.1.1234 too long\r\n", "rcpt: 551"},
        {"RCPT", NULL, "rcpt: the connection was closed"},
        {"RCPT", "hello\r\n", "rcpt: the answer is not one of SMTP"},
        {"RCPT", "999 x\r\n", "rcpt: the answer is not one of SMTP"},
        {"RCPT", "flood", "rcpt: the answer is not one of SMTP"},
        {"DATA", "554 5.5.1 no\r\n", "data: 554 5.5.1"},
        {"DATA", NULL, "data: the connection was closed"},
        {".", "554 5.7.1 spam\r\n", "after data: 554 5.7.1"},
        {".", "250 2.0.0 kept\r\n", "after data: 250 2.0.0"},
        {".", NULL, "after data: the connection was closed"},
    };
    peer.rules[0] = (smtp_peer_rule_t){rows[_i].at, 0, rows[_i].reply};
    begin();
    const bool good = strstr(rows[_i].words, ": 250") != NULL;
    ck_assert_int_eq(send_one(), good ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), rows[_i].words);
    end();
    ck_assert_int_eq(atomic_load(&peer.connections), 1);
}
END_TEST
#define FAULTS 19

/* A mail is larger than what a connection takes without a reader. */
START_TEST(closed_in_the_middle_of_a_mail)
{
    const size_t len = (size_t)16 << 20;
    char *bytes = apr_palloc(pool, len + 1);
    for (size_t i = 0; i < len; i += 64) {
        memset(bytes + i, 'x', 62);
        memcpy(bytes + i + 62, "\r\n", 2);
    }
    bytes[len] = '\0';
    peer.rules[0] = (smtp_peer_rule_t){"body", 1, NULL};
    begin();
    ck_assert_int_eq(send_bytes(bytes), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), "data: the connection was closed");
    ck_assert_int_eq(send_one(), AUTHP_OK);
    end();
    ck_assert_int_eq(atomic_load(&peer.mails), 1);
}
END_TEST

/* A server that replies before it is asked has not taken the mail, whatever it says. A long reply
 * to the mail is a reply. */
START_TEST(early_and_long_replies)
{
    static char text[150000];
    static const char *const rows[][3] = {
        {"DATA", "354 go\r\n250 2.0.0 kept\r\n", "data: the server replied before it was asked"},
        {"DATA", "354 go\r\n552 5.3.4 too big\r\n", "data: 552 5.3.4"},
        {"RCPT", "250 ok\r\n250 ok\r\n", "data: the server replied before it was asked"},
        {"DATA", "354 go\r\n354 go\r\n", "after data: 250 2.0.0"},
        {".", "354 go\r\n451 4.3.0 later\r\n", "after data: 451 4.3.0"},
        {".", text, "after data: 250 2.0.0"},
    };
    apr_snprintf(text, sizeof(text), "250 2.0.0 %0149900d\r\n", 1);
    peer.rules[0] = (smtp_peer_rule_t){rows[_i][0], 1, rows[_i][1]};
    begin();
    bool good = strstr(rows[_i][2], ": 250") != NULL;
    ck_assert_int_eq(send_one(), good ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), rows[_i][2]);
    int mails = rows[_i][2][0] == 'a' ? 1 : 0;
    ck_assert_int_eq(atomic_load(&peer.mails), mails);
    peer.rules[0].at = NULL;
    ck_assert_int_eq(send_one(), AUTHP_OK);
    ck_assert_int_eq(atomic_load(&peer.mails), mails + 1);
    end();
}
END_TEST
#define EARLY 6

/* A kept connection that fails before DATA costs nothing. */
START_TEST(kept_connections)
{
    static const struct {
        const char *at;
        const char *reply;
        int connections;
        authp_err_t second;
    } rows[] = {
        {"RSET", NULL, 2, AUTHP_OK},
        {"RSET", "421 4.4.2 idle\r\n", 2, AUTHP_OK},
        {"RSET", "500 what\r\n", 2, AUTHP_OK},
        {".", "421 4.3.2 shutting down\r\n", 2, AUTHP_OK}, /* the first mail was refused */
        {"MAIL", NULL, 2, AUTHP_OK},
        {"RCPT", "421 4.4.2 idle\r\n", 2, AUTHP_OK},
        {"DATA", NULL, 1, AUTHP_E_UNAVAILABLE},
    };
    const bool first = rows[_i].at[0] != '.';
    peer.rules[0] = (smtp_peer_rule_t){rows[_i].at, 1, rows[_i].reply};
    peer.begin_after = first;
    begin();
    ck_assert_int_eq(send_one(), first ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(send_one(), rows[_i].second);
    end();
    ck_assert_int_eq(atomic_load(&peer.connections), rows[_i].connections);
    ck_assert_int_eq(atomic_load(&peer.mails), rows[_i].second == AUTHP_OK ? 2 : 1);
}
END_TEST
#define KEPT 7

#define OFFERS_AUTH "250-peer\r\n250 AUTH PLAIN LOGIN\r\n"

START_TEST(a_wrong_password)
{
    peer.rules[0] = (smtp_peer_rule_t){"EHLO", 0, OFFERS_AUTH};
    peer.rules[1] = (smtp_peer_rule_t){"AUTH", 0, "535 5.7.8 no\r\n"};
    begin();
    server.user = "somebody";
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), "auth: 535 5.7.8");
    end();
}
END_TEST

/* A server that took the password on one connection, and offers no AUTH on the next one, gets no
 * mail there. */
START_TEST(each_connection_has_auth)
{
    peer.rules[0] = (smtp_peer_rule_t){"EHLO", 1, OFFERS_AUTH};
    peer.rules[1] = (smtp_peer_rule_t){"AUTH", 1, "334 \r\n"};
    peer.rules[2] = (smtp_peer_rule_t){"AHNv", 1, "235 2.7.0 fine\r\n"}; /* user and password */
    begin();
    server.user = "somebody";
    ck_assert_int_eq(send_one(), AUTHP_OK);
    authp_smtp_end(smtp);
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(verdict.stage, AUTHP_SMTP_AUTH);
    end();
    ck_assert_int_eq(atomic_load(&peer.mails), 1);
}
END_TEST

/* The end of httpd waits for this. */
START_TEST(nobody_says_good_bye)
{
    peer.rules[0] = (smtp_peer_rule_t){"QUIT", 0, ""};
    begin();
    ck_assert_int_eq(send_one(), AUTHP_OK);
    authp_ms_t from = authp_clock_now(authp_clock_monotonic());
    authp_smtp_end(smtp);
    ck_assert_int_lt((int)(authp_clock_now(authp_clock_monotonic()) - from), 10000);
}
END_TEST

typedef struct later_t {
    pthread_t thread;
    atomic_int *until; /* waits for this to become greater than 0 */
} later_t;

static void *cancel_later(void *data)
{
    later_t *later = data;
    while (atomic_load(later->until) == 0) {
        usleep(10000);
    }
    usleep(50000);
    atomic_store(&cancel, true);
    return NULL;
}

/* Cancels the call after `until` is not 0. Returns how long it took, in milliseconds. */
static authp_ms_t canceled(atomic_int *until, authp_err_t *err)
{
    later_t later = {.until = until};
    ck_assert_int_eq(pthread_create(&later.thread, NULL, cancel_later, &later), 0);
    authp_ms_t from = authp_clock_now(authp_clock_monotonic());
    *err = send_one();
    authp_ms_t took = authp_clock_now(authp_clock_monotonic()) - from;
    pthread_join(later.thread, NULL);
    return took;
}

/* Without the cancellation each would take AUTHP_SMTP_TOTAL_MS. */
START_TEST(cancels)
{
    static const char *const moments[] = {"", "EHLO", "MAIL", "RCPT", "DATA", "."};
    authp_err_t err = AUTHP_OK;
    peer.rules[0] = (smtp_peer_rule_t){moments[_i], 0, ""};
    begin();
    const bool after = moments[_i][0] == '.';
    authp_ms_t took = canceled(after ? &peer.mails : &peer.connections, &err);
    ck_assert_int_eq(err, AUTHP_E_ABORTED);
    ck_assert_str_eq(verdict.why, "canceled");
    ck_assert(after == (verdict.stage == AUTHP_SMTP_AFTER_DATA));
    ck_assert_int_lt((int)took, AUTHP_SMTP_TOTAL_MS / 2);
    ck_assert(!after || took >= AUTHP_SMTP_LAST_WORD_MS);
}
END_TEST
#define CANCELS 6

START_TEST(nobody_listens)
{
    begin();
    smtp_peer_stop(&peer);
    peer.port = 0;
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(verdict.stage, AUTHP_SMTP_CONNECT);
    ck_assert_int_eq(verdict.reply.code, 0);
    ck_assert_ptr_nonnull(verdict.why);
    ck_assert_int_eq(authp_smtp_try(smtp, NULL, &verdict), AUTHP_E_UNAVAILABLE);
}
END_TEST

START_TEST(tries)
{
    begin();
    ck_assert_int_eq(authp_smtp_try(smtp, NULL, &verdict), AUTHP_OK);
    end();
    ck_assert_str_eq(peer.commands, "1 EHLO\n1 NOOP\n1 QUIT\n");
}
END_TEST

/* A server without STARTTLS gets no mail, and one without AUTH none of an account. */
START_TEST(demands)
{
    begin();
    server.no_tls = false;
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), "tls: the server does not offer STARTTLS");
    server.no_tls = true;
    server.user = "user";
    server.password = authp_secret_make("a password", 10, pool);
    ck_assert_int_eq(send_one(), AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool),
                     "auth: the server offers neither AUTH PLAIN nor AUTH LOGIN");
    end();
    ck_assert_ptr_null(strstr(peer.commands, "MAIL"));
}
END_TEST

START_TEST(wrong_input)
{
    static const char *const addresses[] = {"",      "a@b\r\nDATA", "a b@c",
                                            "<a@b>", "a@b>",        "\xc3\xa4@b"};
    static const char *const messages[] = {"", "x", "x\n", "x\r", "a\nb\r\n", "a\rb\r\n", "\n"};
    begin();
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        authp_smtp_mail_t mail = {.from = addresses[i], .to = "b@c", .bytes = "x\r\n", .len = 3};
        ck_assert_int_eq(authp_smtp_send(smtp, &mail, NULL, &verdict), AUTHP_E_MALFORMED);
        mail.from = "b@c";
        mail.to = addresses[i];
        ck_assert_int_eq(authp_smtp_send(smtp, &mail, NULL, &verdict), AUTHP_E_MALFORMED);
    }
    for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
        ck_assert_int_eq(send_bytes(messages[i]), AUTHP_E_MALFORMED);
    }
    server.name = "two words";
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_E_MALFORMED);
    ck_assert_int_eq(atomic_load(&peer.connections), 0);
}
END_TEST

Suite *suite_smtp(void)
{
    Suite *suite = suite_create("smtp");
    TCase *tc = tcase_create("smtp");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, one_connection_for_a_round);
    tcase_add_test(tc, dots);
    tcase_add_test(tc, another_mail_after_a_refused_one);
    tcase_add_loop_test(tc, faults, 0, FAULTS);
    tcase_add_test(tc, closed_in_the_middle_of_a_mail);
    tcase_add_loop_test(tc, early_and_long_replies, 0, EARLY);
    tcase_add_loop_test(tc, kept_connections, 0, KEPT);
    tcase_add_test(tc, a_wrong_password);
    tcase_add_test(tc, each_connection_has_auth);
    tcase_add_test(tc, nobody_says_good_bye);
    tcase_add_loop_test(tc, cancels, 0, CANCELS);
    tcase_add_test(tc, nobody_listens);
    tcase_add_test(tc, tries);
    tcase_add_test(tc, demands);
    tcase_add_test(tc, wrong_input);
    suite_add_tcase(suite, tc);
    return suite;
}
