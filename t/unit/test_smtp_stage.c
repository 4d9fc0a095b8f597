/* SPDX-License-Identifier: Apache-2.0 */
/* Where a connection to a mail server failed, if libcurl itself gives up, and how libcurl leaves.
 */
#include "base/clock.h"
#include "net/smtp.h"
#include "net/smtp_connect.h"
#include "smtp_peer.h"
#include "suite.h"
#include "wall_clock.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BRIEF_MS 1500  /* for what must run into its time-out */
#define AT_ONCE_S 20   /* an answer to QUIT libcurl would await for 120 s */
#define BACK_MS 600000 /* how far the clock of the module is set back */

static apr_pool_t *pool;
static smtp_peer_t peer;
static authp_smtp_server_t server;
static authp_smtp_verdict_t verdict;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    memset(&peer, 0, sizeof(peer));
    memset(&verdict, 0, sizeof(verdict));
}

static void tear_down(void)
{
    wall_clock_boot(0);
    apr_pool_destroy(pool);
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

Suite *suite_smtp_stage(void)
{
    Suite *suite = suite_create("smtp_stage");
    TCase *tests = tcase_create("smtp_stage");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, time_of_libcurl_is_over, 0, 2);
    tcase_add_test(tests, quit_without_an_answer);
    suite_add_tcase(suite, tests);
    return suite;
}
