/* SPDX-License-Identifier: Apache-2.0 */
/* What the SMTP client asks of libcurl: every option with its value, objects that are made and
 * released, failures of libcurl, and how long a call may take. */
#include "base/log.h"
#include "curl_calls.h"
#include "net/smtp.h"
#include "smtp_peer.h"
#include "suite.h"
#include "wall_clock.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <openssl/err.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static apr_pool_t *pool;
static smtp_peer_t peer;
static authp_smtp_server_t server;
static authp_smtp_t *smtp;
static authp_smtp_verdict_t verdict;
static char line[500];

static void keep(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx, (void)level;
    apr_cpystrn(line, message, sizeof(line));
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    authp_log_set_sink(keep, NULL);
    line[0] = '\0';
    memset(&peer, 0, sizeof(peer));
    smtp_peer_start(&peer);
    server = (authp_smtp_server_t){
        .host = "127.0.0.1", .port = peer.port, .no_tls = true, .name = "client.test"};
    curl_calls_forget();
    ck_assert_int_eq(authp_smtp_make(&server, &smtp, pool), AUTHP_OK);
}

static void tear_down(void)
{
    wall_clock_boot(0);
    curl_calls_forget();
    apr_pool_destroy(pool);
    smtp_peer_stop(&peer);
    authp_log_set_sink(NULL, NULL);
}

static authp_err_t try_it(void)
{
    return authp_smtp_try(smtp, NULL, &verdict);
}

static authp_err_t send_to(const char *to)
{
    const authp_smtp_mail_t mail = {.from = "a@example.org", .to = to, .bytes = "x\r\n", .len = 3};
    return authp_smtp_send(smtp, &mail, NULL, &verdict);
}

/* --- options ---------------------------------------------------------------------------------- */

#define FIRST "NOSIGNAL=1\nCONNECT_ONLY=1\nVERBOSE=1\n"
#define RULES "SSL_VERIFYPEER=1\nSSL_VERIFYHOST=2\nSSLVERSION=6\nNETRC=0\nQUICK_EXIT=1\n"
#define PLACE "PROTOCOLS_STR=smtp,smtps\nPROXY=\n"
#define LAST                                                                                               \
    "DEBUGDATA=set\nCAINFO=NULL\nCAPATH=NULL\nSSL_CTX_DATA=set\nSSL_CTX_FUNCTION=set\nDEBUGFUNCTION=set\n" \
    "WRITEFUNCTION=set\n"
#define LOGIN "LOGIN_OPTIONS=AUTH=PLAIN;AUTH=LOGIN\n"

static const struct {
    authp_smtp_server_t server;
    bool secret;
    const char *tls;
    const char *scheme;
    const char *account;
} rows[] = {
    {{.no_tls = true}, false, "USE_SSL=0\n", "smtp", ""},
    {{.user = "me"}, true, "USE_SSL=3\n", "smtp", "USERNAME=me\nPASSWORD=s3\n" LOGIN},
    {{.user = "me"}, false, "USE_SSL=3\n", "smtp", "USERNAME=me\nPASSWORD=\n" LOGIN},
    {{.tls = true}, true, "USE_SSL=3\n", "smtps", ""},
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static void use_row(int row)
{
    const int port = server.port;
    server = rows[row].server;
    server.host = "127.0.0.1";
    server.port = port;
    server.name = "client.test";
    server.password = rows[row].secret ? authp_secret_make("s3", 2, pool) : NULL;
}

/* libcurl may take the rest of the 45 s for everything. */
START_TEST(all_options)
{
    use_row(_i);
    peer.rules[0] = (smtp_peer_rule_t){"", 0, NULL};
    ck_assert_int_eq(try_it(), AUTHP_E_UNAVAILABLE);
    const char *at = strstr(curl_calls.given, "\nTIMEOUT_MS=");
    ck_assert_ptr_nonnull(at);
    const int most = atoi(at + strlen("\nTIMEOUT_MS="));
    ck_assert(most > 20000 && most <= 45000);
    const char *want = apr_psprintf(
        pool,
        FIRST "%s" RULES
              "TIMEOUT_MS=%d\nCONNECTTIMEOUT_MS=%d\nURL=%s://127.0.0.1:%d/client.test\n" PLACE
              "%s" LAST,
        rows[_i].tls, most, most, rows[_i].scheme, server.port, rows[_i].account);
    ck_assert_str_eq(curl_calls.given, want);
}
END_TEST

START_TEST(an_option_is_refused)
{
    use_row(_i);
    peer.rules[0] = (smtp_peer_rule_t){"", 0, NULL};
    ck_assert_int_eq(try_it(), AUTHP_E_UNAVAILABLE);
    const int all = curl_calls.ngiven;
    const int connections = atomic_load(&peer.connections);
    ck_assert_int_gt(all, 15);
    for (int i = 0; i < all; i++) {
        curl_calls_forget();
        curl_calls.refused = i;
        ck_assert_int_eq(try_it(), AUTHP_E_UNAVAILABLE);
        ck_assert_int_eq(verdict.stage, AUTHP_SMTP_CONNECT);
        ck_assert_str_eq(verdict.why, curl_easy_strerror(CURLE_UNKNOWN_OPTION));
    }
    ck_assert_int_eq(atomic_load(&peer.connections), connections);
    ck_assert_int_eq(curl_calls.multi_open, 0);
    ck_assert_int_eq(curl_calls.easy_open, 0);
}
END_TEST

/* --- objects ---------------------------------------------------------------------------------- */

static void all_is_released(int global_open)
{
    ck_assert_int_eq(curl_calls.multi_open, 0);
    ck_assert_int_eq(curl_calls.multi_members, 0);
    ck_assert_int_eq(curl_calls.easy_open, 0);
    ck_assert_int_eq(curl_calls.global_open, global_open);
}

/* What libcurl cannot make is said, and is made by the next call. */
START_TEST(libcurl_fails)
{
    int *const calls[] = {&curl_calls.multi_inits, &curl_calls.easy_inits, &curl_calls.multi_adds,
                          &curl_calls.multi_performs};
    static const char *const words[] = {"connect: Out of memory", "connect: Out of memory",
                                        "connect: Out of memory", "connect: Failed initialization"};
    *calls[_i] = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(try_it(), AUTHP_E_UNAVAILABLE);
        ck_assert_str_eq(authp_smtp_words(&verdict, pool), words[_i]);
        ck_assert_int_eq(verdict.reply.code, 0);
        ck_assert_int_eq(curl_calls.multi_open, 0);
        ck_assert_int_eq(curl_calls.easy_open, 0);
    }
    curl_calls_forget();
    ck_assert_int_eq(try_it(), AUTHP_OK);
    authp_smtp_end(smtp);
    all_is_released(1);
}
END_TEST

/* The connection that a round left open ends with the pool. */
START_TEST(made_and_released)
{
    authp_smtp_t *other = NULL;
    ck_assert_int_eq(send_to("b@example.com"), AUTHP_OK);
    ck_assert_int_eq(curl_calls.multi_open, 1);
    apr_pool_clear(pool);
    all_is_released(0);
    server.ca_file = "/nowhere.pem";
    ck_assert_int_eq(authp_smtp_make(&server, &other, pool), AUTHP_E_MALFORMED);
    apr_pool_clear(pool);
    all_is_released(0);
    server.ca_file = NULL;
    line[0] = '\0';
    curl_calls.global_inits = 0;
    ck_assert_int_eq(authp_smtp_make(&server, &other, pool), AUTHP_E_INTERNAL);
    ck_assert_str_eq(line, "AUTHP0017: libcurl does not work, so no mail can be sent");
    ck_assert_ptr_null(other);
    apr_pool_clear(pool);
    all_is_released(0);
}
END_TEST

/* No call leaves an error of OpenSSL in the thread, and none runs where a signal can reach it. */
START_TEST(the_thread_stays_as_it_was)
{
    for (int i = 0; i < 4; i++) {
        ERR_raise(ERR_LIB_USER, 1);
        if (i < 2) {
            ck_assert_int_eq(i == 0 ? try_it() : send_to("b@example.com"), AUTHP_OK);
        } else if (i == 2) {
            authp_smtp_end(smtp);
        } else {
            ERR_clear_error();
            ck_assert_int_eq(try_it(), AUTHP_OK);
            ERR_raise(ERR_LIB_USER, 1);
            apr_pool_clear(pool);
        }
        ck_assert_uint_eq(ERR_peek_error(), 0);
    }
    ck_assert(!curl_calls.disturbed);
}
END_TEST

/* --- limits ----------------------------------------------------------------------------------- */

static const char *of_length(int len, const char *end)
{
    char *text = memset(apr_pcalloc(pool, (apr_size_t)len + 1), 'a', (size_t)len);
    memcpy(text + len - strlen(end), end, strlen(end));
    return text;
}

START_TEST(longest_texts)
{
    authp_smtp_t *other = NULL;
    for (int more = 0; more < 2; more++) {
        const authp_err_t err = more == 0 ? AUTHP_OK : AUTHP_E_MALFORMED;
        authp_smtp_server_t named = server;
        ck_assert_int_eq(send_to(of_length(320 + more, "@b.example")), err);
        named.host = of_length(255 + more, ".example");
        ck_assert_int_eq(authp_smtp_make(&named, &other, pool), err);
        named.host = server.host;
        named.name = of_length(255 + more, ".example");
        line[0] = '\0';
        ck_assert_int_eq(authp_smtp_make(&named, &other, pool), err);
        ck_assert_int_eq(strncmp(line, "AUTHP0016: ", 11) == 0, more);
    }
    server.name = "";
    ck_assert_int_eq(authp_smtp_make(&server, &other, pool), AUTHP_E_MALFORMED);
}
END_TEST

/* "354" says nothing where the answer to the mail is due: three of them are passed over, whether
 * they come before the end of the mail or after it. */
START_TEST(replies_that_say_nothing)
{
    static const char *const replies[][3] = {
        {".", "354 a\r\n354 a\r\n354 a\r\n250 ok\r\n", "after data: 250"},
        {".", "354 a\r\n354 a\r\n354 a\r\n354 a\r\n250 ok\r\n", "after data: 354"},
        {"DATA", "354 go\r\n354 a\r\n354 a\r\n354 a\r\n", "after data: 250 2.0.0"},
        {"DATA", "354 go\r\n354 a\r\n354 a\r\n354 a\r\n354 a\r\n",
         "data: the server replied before it was asked"},
    };
    peer.rules[0] = (smtp_peer_rule_t){replies[_i][0], 0, replies[_i][1]};
    ck_assert_int_eq(send_to("b@example.com"), _i % 2 == 0 ? AUTHP_OK : AUTHP_E_UNAVAILABLE);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), replies[_i][2]);
}
END_TEST

/* The longest name and host fit into the URL. */
START_TEST(longest_url)
{
    server.host = of_length(255, ".invalid");
    server.name = of_length(255, ".example");
    server.port = 65535;
    ck_assert_int_eq(try_it(), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_nonnull(
        strstr(curl_calls.given, apr_pstrcat(pool, "\nURL=smtp://", server.host, ":65535/",
                                             server.name, "\n", NULL)));
}
END_TEST

/* --- time ------------------------------------------------------------------------------------- */

typedef struct moves_t {
    int early_ms;
    int late_ms;
    atomic_int stage; /* 1: the clock is early, 2: late */
} moves_t;

static void wait_for_looks(int looks)
{
    for (int i = 0; i < looks;) {
        usleep(1000);
        i += (wall_clock_asked() & 1U << CLOCK_BOOTTIME) != 0;
    }
}

/* Lets the clock stand shortly before the end until the call has looked at it a few times. */
static void *move_clock(void *data)
{
    moves_t *moves = data;
    wait_for_looks(2);
    wall_clock_boot(moves->early_ms);
    atomic_store(&moves->stage, 1);
    wait_for_looks(4);
    atomic_store(&moves->stage, 2);
    wall_clock_boot(moves->late_ms);
    return NULL;
}

/* A place where connections wait: its line of connections is full, and nobody takes one. */
static int full_place(int *port, int *clients, int count)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int place = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(place, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(place, 0), 0);
    ck_assert_int_eq(getsockname(place, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    for (int i = 0; i < count; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(clients[i], (struct sockaddr *)&at, sizeof(at));
    }
    return place;
}

/* 10 s for the connection; 45 s for all, whichever server keeps silent, and at which command. */
static const struct {
    const char *silent; /* NULL: nobody takes the connection from the kernel */
    int waiting;        /* clients that wait for a connection, too */
    bool tls;
    int most_ms;
    const char *words;
} silences[] = {
    {NULL, 4, false, 10000, "connect: no answer in time"},
    {NULL, 0, true, 45000, "tls: no answer in time"},
    {"", 0, false, 45000, "connect: no answer in time"},
    {"MAIL", 0, false, 45000, "mail: no answer in time"},
    {".", 0, false, 45000, "after data: no answer in time"},
};

/* The test's clock, not the time that goes by, ends each call. */
#define AT_ONCE_S 20

static time_t seconds(void)
{
    struct timespec at;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &at), 0);
    return at.tv_sec;
}

START_TEST(how_long_a_call_takes)
{
    pthread_t thread;
    int clients[4];
    int place = -1;
    moves_t moves = {.early_ms = silences[_i].most_ms / 2, .late_ms = silences[_i].most_ms + 1};
    if (silences[_i].silent == NULL) {
        place = full_place(&server.port, clients, silences[_i].waiting);
        server.tls = silences[_i].tls;
        server.no_tls = !server.tls;
    } else {
        peer.rules[0] = (smtp_peer_rule_t){silences[_i].silent, 0, ""};
    }
    (void)wall_clock_asked();
    const time_t from = seconds();
    ck_assert_int_eq(pthread_create(&thread, NULL, move_clock, &moves), 0);
    ck_assert_int_eq(send_to("b@example.com"), AUTHP_E_UNAVAILABLE);
    const int stage = atomic_load(&moves.stage);
    pthread_join(thread, NULL);
    ck_assert_int_eq(stage, 2);
    ck_assert_int_lt(seconds() - from, AT_ONCE_S);
    ck_assert_str_eq(authp_smtp_words(&verdict, pool), silences[_i].words);
    for (int i = 0; i < silences[_i].waiting; i++) {
        close(clients[i]);
    }
    if (place >= 0) {
        close(place);
    }
}
END_TEST

Suite *suite_smtp_options(void)
{
    Suite *suite = suite_create("smtp_options");
    TCase *tests = tcase_create("smtp_options");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, all_options, 0, ROWS);
    tcase_add_loop_test(tests, an_option_is_refused, 0, ROWS);
    tcase_add_loop_test(tests, libcurl_fails, 0, 4);
    tcase_add_test(tests, made_and_released);
    tcase_add_test(tests, the_thread_stays_as_it_was);
    tcase_add_test(tests, longest_texts);
    tcase_add_loop_test(tests, replies_that_say_nothing, 0, 4);
    tcase_add_test(tests, longest_url);
    tcase_add_loop_test(tests, how_long_a_call_takes, 0,
                        (int)(sizeof(silences) / sizeof(silences[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
