/* SPDX-License-Identifier: Apache-2.0 */
/* Where a connection to a mail server failed, if libcurl itself gives up, and how libcurl leaves.
 * Also what each line of a reply says, and which bytes hosts, addresses and mails may have. */
#include "base/clock.h"
#include "base/log.h"
#include "net/smtp.h"
#include "net/smtp_connect.h"
#include "net/smtp_reply.h"
#include "smtp_peer.h"
#include "suite.h"
#include "wall_clock.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BRIEF_MS 1500  /* for what must run into its time-out */
#define AT_ONCE_S 20   /* an answer to QUIT libcurl would await for 120 s */
#define BACK_MS 600000 /* how far the clock of the module is set back */
#define REPLY_MOST 1048576
#define WORD "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]"
#define COUNT(rows) (int)(sizeof(rows) / sizeof((rows)[0]))

static apr_pool_t *pool;
static smtp_peer_t peer;
static authp_smtp_server_t server;
static authp_smtp_verdict_t verdict;

static void say_nothing(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level, (void)message;
}

static void set_up(void)
{
    authp_log_set_sink(say_nothing, NULL);
    apr_pool_create(&pool, NULL);
    memset(&peer, 0, sizeof(peer));
    memset(&verdict, 0, sizeof(verdict));
}

static void tear_down(void)
{
    wall_clock_boot(0);
    apr_pool_destroy(pool);
    authp_log_set_sink(NULL, NULL);
}

static atomic_bool over;

/* After the client has read its clock for libcurl's time-out and for its own, the clock goes back:
 * the client has time, and libcurl has none. */
static void *set_back(void *data)
{
    for (int i = 0; i < 2 && !atomic_load(&over);) {
        usleep(1000);
        i += (wall_clock_asked() & 1U << CLOCK_BOOTTIME) != 0;
    }
    wall_clock_boot(-BACK_MS);
    return data;
}

static const struct {
    bool tls;
    authp_smtp_stage_t stage;
} silences[] = {{true, AUTHP_SMTP_TLS}, {false, AUTHP_SMTP_CONNECT}};

/* A place that takes connections, and says and reads nothing. */
static int silent_place(int *port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    const int place = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(place, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(place, 4), 0);
    ck_assert_int_eq(getsockname(place, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return place;
}

/* With smtps a server that is silent after it took the connection failed at TLS. */
START_TEST(time_of_libcurl_is_over)
{
    pthread_t thread;
    server = (authp_smtp_server_t){.host = "127.0.0.1",
                                   .tls = silences[_i].tls,
                                   .no_tls = !silences[_i].tls,
                                   .name = "client.test"};
    const int place = silent_place(&server.port);
    authp_certificates_t *certificates = NULL;
    ck_assert_int_eq(authp_certificates_get(NULL, &certificates, pool), AUTHP_OK);
    authp_smtp_link_t link = {.server = &server, .certificates = certificates};
    authp_smtp_wait_t wait = {.until = authp_clock_now(authp_clock_monotonic()) + BRIEF_MS};
    (void)wall_clock_asked();
    ck_assert_int_eq(pthread_create(&thread, NULL, set_back, NULL), 0);
    ck_assert_int_eq(authp_smtp_connect(&link, &wait, &verdict), AUTHP_E_UNAVAILABLE);
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    close(place);
    ck_assert_int_eq(verdict.stage, silences[_i].stage);
    ck_assert_str_eq(verdict.why, AUTHP_SMTP_LINK_NO_TIME);
    ck_assert_ptr_null(link.easy);
    ck_assert_ptr_null(link.multi);
}
END_TEST

/* After a refusal nobody waits for an answer to QUIT. */
START_TEST(quit_without_an_answer)
{
    authp_smtp_t *smtp = NULL;
    peer.rules[0] = (smtp_peer_rule_t){"EHLO", 0, "250-peer\r\n250 AUTH PLAIN LOGIN\r\n"};
    peer.rules[1] = (smtp_peer_rule_t){"AUTH", 0, "535 5.7.8 no\r\n"};
    peer.rules[2] = (smtp_peer_rule_t){"QUIT", 0, ""};
    smtp_peer_start(&peer);
    server = (authp_smtp_server_t){.host = "127.0.0.1",
                                   .port = peer.port,
                                   .no_tls = true,
                                   .user = "somebody",
                                   .name = "client.test"};
    const time_t from = time(NULL);
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_OK);
    ck_assert_int_eq(authp_smtp_try(smtp, NULL, &verdict), AUTHP_E_UNAVAILABLE);
    ck_assert_int_lt(time(NULL) - from, AT_ONCE_S);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), "auth: 535 5.7.8");
    smtp_peer_stop(&peer);
}
END_TEST

static const struct {
    const char *line;
    authp_smtp_line_t kind;
    int code;
    const char *enhanced;
} replies[] = {
    {"220 peer", AUTHP_SMTP_LINE_LAST, 220, ""},
    {"250", AUTHP_SMTP_LINE_LAST, 250, ""},
    {"250 ", AUTHP_SMTP_LINE_LAST, 250, ""},
    {"250-", AUTHP_SMTP_LINE_MORE, 250, ""},
    {"250-SIZE", AUTHP_SMTP_LINE_MORE, 250, ""},
    {"200 x", AUTHP_SMTP_LINE_LAST, 200, ""},
    {"599 x", AUTHP_SMTP_LINE_LAST, 599, ""},
    {"199 x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"600 x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"25", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"25 x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"25/ x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"2:0 x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {" 250 x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"2500", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"250x", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"250\tx", AUTHP_SMTP_LINE_BROKEN, 0, ""},
    {"250 2.0.0", AUTHP_SMTP_LINE_LAST, 250, "2.0.0"},
    {"250-2.1.5 ok", AUTHP_SMTP_LINE_MORE, 250, "2.1.5"},
    {"550 5.123.123 x", AUTHP_SMTP_LINE_LAST, 550, "5.123.123"},
    {"550 5.1234.1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1.1234", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1.1x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1.1-x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1-1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5-1.1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5..1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1. x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 51.1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550  5.1.1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 4.1.1 x", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1", AUTHP_SMTP_LINE_LAST, 550, ""},
    {"550 5.1.", AUTHP_SMTP_LINE_LAST, 550, ""},
};

/* A line that is none of a reply changes nothing, and one without an enhanced code leaves that of
 * the line before. */
START_TEST(lines_of_replies)
{
    const bool broken = replies[_i].kind == AUTHP_SMTP_LINE_BROKEN;
    authp_smtp_reply_t reply = {.code = 299, .enhanced = "2.9.9"};
    const size_t len = strlen(replies[_i].line);
    const char *line = apr_pmemdup(pool, replies[_i].line, len); /* no byte may be read behind it */
    ck_assert_int_eq(authp_smtp_reply_line(line, len, &reply), replies[_i].kind);
    ck_assert_int_eq(reply.code, broken ? 299 : replies[_i].code);
    ck_assert_str_eq(reply.enhanced, *replies[_i].enhanced ? replies[_i].enhanced : "2.9.9");
}
END_TEST

/* All lines of a reply together may have a megabyte, and not a byte more. */
START_TEST(longest_reply)
{
    static char text[REPLY_MOST + 16];
    authp_smtp_t *smtp = NULL;
    const size_t half = REPLY_MOST / 2;
    memset(text, 'x', sizeof(text));
    memcpy(text, "250-", 4);
    memcpy(text + half, "\r\n250 2.0.0 ", 12);
    strcpy(text + REPLY_MOST + _i, "\r\n");
    peer.rules[0] = (smtp_peer_rule_t){"NOOP", 0, text};
    smtp_peer_start(&peer);
    server = (authp_smtp_server_t){
        .host = "127.0.0.1", .port = peer.port, .no_tls = true, .name = "client.test"};
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_OK);
    ck_assert_int_eq(authp_smtp_try(smtp, NULL, &verdict),
                     _i == 0 ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool),
                     _i == 0 ? "connect: 250 2.0.0" : "connect: the answer is not one of SMTP");
    smtp_peer_stop(&peer);
}
END_TEST

/* Each byte alone in the host and in the name for EHLO. */
START_TEST(bytes_of_a_host)
{
    for (int byte = 1; byte < 256; byte++) {
        authp_smtp_t *smtp = NULL;
        const char text[] = {'m', (char)byte, '.', 'e', 'x', '\0'};
        const authp_err_t err = strchr(WORD, byte) != NULL ? AUTHP_OK : AUTHP_E_MALFORMED;
        server = (authp_smtp_server_t){.host = text, .name = "client.test"};
        ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), err);
        server = (authp_smtp_server_t){.host = "mx.example", .name = text};
        ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), err);
    }
}
END_TEST

static authp_err_t canceled(const authp_smtp_mail_t *mail)
{
    atomic_bool cancel = true;
    authp_smtp_t *smtp = NULL;
    server = (authp_smtp_server_t){
        .host = "127.0.0.1", .port = 1, .no_tls = true, .name = "client.test"};
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_OK);
    return authp_smtp_send(smtp, mail, &cancel, &verdict);
}

/* Each byte alone in an address. What fits is tried, and nothing else. */
START_TEST(bytes_of_an_address)
{
    for (int byte = 1; byte < 256; byte++) {
        const char text[] = {'a', (char)byte, '@', 'b', '\0'};
        const bool fits = byte > ' ' && byte < 0x7f && byte != '<' && byte != '>';
        const authp_smtp_mail_t to = {.from = "a@b", .to = text, .bytes = "x\r\n", .len = 3};
        const authp_smtp_mail_t from = {.from = text, .to = "a@b", .bytes = "x\r\n", .len = 3};
        ck_assert_int_eq(canceled(&to) != AUTHP_E_MALFORMED, fits);
        ck_assert_int_eq(canceled(&from) != AUTHP_E_MALFORMED, fits);
    }
}
END_TEST

static const struct {
    const char *bytes;
    size_t len;
    bool fits;
} mails[] = {
    {"\r\n", 2, true},        {"\r\n\r\n", 4, true},    {"a\r\nb\r\n", 6, true},
    {"\n", 1, false},         {"\n\n", 2, false},       {"\r\r\n", 3, false},
    {"\r\n\n", 3, false},     {"a\0\r\n", 4, false},    {"\0\r\n", 3, false},
    {"a\rb\r\n", 5, false},   {"a\nb\r\n", 5, false},   {"a\r\nb", 4, false},
    {"a\r\nb\r\n", 4, false}, {"a\r\nb\r\n", 5, false}, {"a\r\nb\r\n", 0, false},
};

START_TEST(bytes_of_a_mail)
{
    const authp_smtp_mail_t mail = {
        .from = "a@b", .to = "a@b", .bytes = mails[_i].bytes, .len = mails[_i].len};
    ck_assert_int_eq(canceled(&mail) != AUTHP_E_MALFORMED, mails[_i].fits);
}
END_TEST

Suite *suite_smtp_stage(void)
{
    Suite *suite = suite_create("smtp_stage");
    TCase *tests = tcase_create("smtp_stage");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, time_of_libcurl_is_over, 0, 2);
    tcase_add_test(tests, quit_without_an_answer);
    tcase_add_loop_test(tests, lines_of_replies, 0, COUNT(replies));
    tcase_add_loop_test(tests, longest_reply, 0, 2);
    tcase_add_test(tests, bytes_of_a_host);
    tcase_add_test(tests, bytes_of_an_address);
    tcase_add_loop_test(tests, bytes_of_a_mail, 0, COUNT(mails));
    suite_add_tcase(suite, tests);
    return suite;
}
