/* SPDX-License-Identifier: Apache-2.0 */
/* At most one refusal in 50 ms for each connection. A connection is made deaf, or its answer is
 * delayed, or it is closed because no thread is free to wait. */
#include "faults.h"
#include "httpd_fake_io.h"
#include "suite.h"

#include "base/clock.h"
#include "httpd/pace.h"
#include "net/deaf.h"

#include <apr_portable.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAUSE_MS 50
#define THREADS 8
#define PLACES (THREADS / 4)
#define TRIES 20 /* upper limit for what takes no time, on a busy machine */

static authp_pacer_t *pacer;

static authp_pacer_t *make(bool async)
{
    fake_io.mpm[AP_MPMQ_IS_ASYNC] = async ? 1 : 0;
    return authp_pace_make(THREADS, fake.f.pool);
}

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
    faults_open();
    authp_pace_register(fake.f.pool);
    pacer = make(true);
}

static void tear_down(void)
{
    httpd_fake_close();
}

static authp_ms_t now(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

/* What happens at a refusal with `status`: 'd' = the connection is deaf afterwards, 'w' = the
 * answer was delayed, 'c' = the connection closes, '-' = none of these. */
static char refuse(request_rec *r, int status)
{
    int before = r->connection->keepalive;
    authp_ms_t began = now();
    faults_open();
    bool after = authp_pace_before(pacer, r, status);
    bool closes = r->connection->keepalive == AP_CONN_CLOSE && before != AP_CONN_CLOSE;
    bool waited = faults.sleeps > 0;
    ck_assert_int_le(faults.sleeps, after || closes ? 0 : 1);
    ck_assert_int_eq(faults.us, waited ? PAUSE_MS * 1000 : 0);
    ck_assert(!waited || now() - began >= PAUSE_MS);
    return after ? 'd' : closes ? 'c' : waited ? 'w' : '-';
}

/* Changes the request so that its connection does not stay open, by one of several reasons. */
static void bend(request_rec *r, int how)
{
    static conn_rec master;
    switch (how) {
    case 1:
        r->connection->keepalive = AP_CONN_CLOSE;
        break;
    case 2:
        r->server->keep_alive = 0;
        break;
    case 3:
        r->proto_num = HTTP_VERSION(1, 0);
        break;
    case 4:
        apr_table_setn(r->headers_in, "Connection", "close");
        break;
    case 5:
        r->connection->master = &master; /* HTTP/2 */
        break;
    default:
        break;
    }
}

START_TEST(which_are_deaf)
{
    request_rec *r = fake_io_request();
    bend(r, _i);
    ck_assert_int_eq(refuse(r, HTTP_UNAUTHORIZED), _i == 0 ? 'd' : 'w');
    ck_assert_int_eq(fake_io.looks, _i == 0 ? 1 : 0);
}
END_TEST

/* httpd itself closes the connection after these. */
START_TEST(statuses)
{
    static const int closing[] = {400, 408, 411, 413, 414, 500, 501, 503};
    static const int others[] = {401, 403, 404, 405, 409, 415, 422, 429};
    for (int i = 0; i < 8; i++) {
        ck_assert_int_eq(refuse(fake_io_request(), closing[i]), 'w');
        ck_assert_int_eq(refuse(fake_io_request(), others[i]), 'd');
    }
}
END_TEST

/* The next request has arrived already, so a deaf connection would not delay it. */
START_TEST(sent_ahead)
{
    fake_io.ahead = true;
    ck_assert_int_eq(refuse(fake_io_request(), HTTP_UNAUTHORIZED), 'w');
    fake_io.ahead = false;
    ck_assert_int_eq(refuse(fake_io_request(), HTTP_UNAUTHORIZED), 'd');
}
END_TEST

static int wait_status = HTTP_BAD_REQUEST;

static void *wait_once(void *data)
{
    (void)authp_pace_before(pacer, data, wait_status);
    return NULL;
}

/* A quarter of the threads may delay answers. With none left, the answer is sent at once and the
 * connection closes. */
START_TEST(nobody_is_free)
{
    pthread_t threads[PLACES];
    request_rec *each[PLACES];
    request_rec *r = fake_io_request();
    char did = '-';
    wait_status = HTTP_BAD_REQUEST;
    for (int i = 0; i < PLACES; i++) {
        each[i] = fake_io_request();
    }
    for (int i = 0; i < TRIES && did != 'c'; i++) {
        for (int j = 0; j < PLACES; j++) {
            ck_assert_int_eq(pthread_create(&threads[j], NULL, wait_once, each[j]), 0);
        }
        usleep(PAUSE_MS * 1000 / 3);
        (void)authp_pace_before(pacer, r, HTTP_BAD_REQUEST);
        did = r->connection->keepalive == AP_CONN_CLOSE ? 'c' : '-';
        for (int j = 0; j < PLACES; j++) {
            ck_assert_int_eq(pthread_join(threads[j], NULL), 0);
            ck_assert_int_eq(each[j]->connection->keepalive, AP_CONN_KEEPALIVE);
        }
    }
    ck_assert_int_eq(did, 'c');
    /* A place is free again after each delay. */
    for (int i = 0; i < 2 * PLACES; i++) {
        ck_assert_int_eq(refuse(fake_io_request(), HTTP_BAD_REQUEST), 'w');
    }
}
END_TEST

/* Where each connection has a thread of its own, that thread waits. The number of such threads is
 * not limited. */
START_TEST(without_async)
{
    pthread_t threads[2 * PLACES];
    request_rec *each[2 * PLACES];
    pacer = make(false);
    wait_status = HTTP_UNAUTHORIZED;
    for (int i = 0; i < 2 * PLACES; i++) {
        each[i] = fake_io_request();
    }
    authp_ms_t began = now();
    for (int i = 0; i < 2 * PLACES; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, wait_once, each[i]), 0);
    }
    for (int i = 0; i < 2 * PLACES; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_int_ge(now() - began, PAUSE_MS);
    for (int i = 0; i < 2 * PLACES; i++) {
        ck_assert_int_eq(each[i]->connection->keepalive, AP_CONN_KEEPALIVE);
    }
    ck_assert_int_eq(fake_io.looks, 0);
    /* An MPM that does not answer the question counts as not asynchronous. */
    fake_io.mpm[AP_MPMQ_IS_ASYNC] = -1;
    pacer = authp_pace_make(THREADS, fake.f.pool);
    ck_assert_int_eq(refuse(fake_io_request(), HTTP_UNAUTHORIZED), 'w');
}
END_TEST

START_TEST(nobody_paces)
{
    ck_assert(!authp_pace_before(NULL, fake_io_request(), HTTP_BAD_REQUEST));
}
END_TEST

/* --- deaf
 * --------------------------------------------------------------------------------------- */

/* Makes a connection. Returns the server's end; *client gets the other one. */
static int connect_pair(int *client)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(at);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&at, &len), 0);
    *client = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(*client, (struct sockaddr *)&at, sizeof(at)), 0);
    int server = accept(listener, NULL, NULL);
    ck_assert_int_ge(server, 0);
    close(listener);
    ck_assert_int_eq(apr_os_sock_put(&fake_io.socket, &server, fake.f.pool), APR_SUCCESS);
    return server;
}

static int hears_from(int fd)
{
    int bytes = 0;
    socklen_t len = sizeof(bytes);
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, &len), 0);
    return bytes;
}

static apr_status_t input(ap_input_mode_t mode, apr_read_type_e block)
{
    apr_bucket_brigade *data =
        apr_brigade_create(fake.f.pool, apr_bucket_alloc_create(fake.f.pool));
    return fake_io.input.filter_func.in_func(&fake_io.filter, data, mode, block,
                                             mode == AP_MODE_SPECULATIVE ? 1 : 8192);
}

/* For 50 ms neither poll() nor httpd's check for a next request finds data. Reading a body and
 * blocking reads are not delayed. */
START_TEST(deaf_for_a_while)
{
    static const fake_io_step_t body[] = {{.data = "x"}};
    int client = -1;
    int fd = connect_pair(&client);
    request_rec *r = fake_io_request();
    fake_io.steps = body;
    fake_io.nsteps = 1;
    fake_io.ahead = true;
    bool quick = false;
    for (int i = 1; i <= 2 || (!quick && i <= TRIES); i++) {
        authp_ms_t began = now();
        int64_t before = authp_deaf_now();
        authp_pace_after(pacer, r);
        const int64_t *until = fake_io.filter.ctx;
        ck_assert_int_ge(*until, before + PAUSE_MS * 1000);
        ck_assert_int_le(*until, authp_deaf_now() + PAUSE_MS * 1000);
        int heard = hears_from(fd);
        apr_status_t looked = input(AP_MODE_SPECULATIVE, APR_NONBLOCK_READ);
        ck_assert_int_eq(input(AP_MODE_READBYTES, APR_BLOCK_READ), APR_SUCCESS);
        ck_assert_int_eq(input(AP_MODE_GETLINE, APR_NONBLOCK_READ), APR_SUCCESS);
        if (now() - began < PAUSE_MS) {
            ck_assert_int_gt(heard, 1000);
            ck_assert_int_eq(looked, APR_EAGAIN);
        }
        while (hears_from(fd) != 1) {
            ck_assert_int_lt(now() - began, 10000);
            usleep(1000);
        }
        ck_assert_int_ge(now() - began, PAUSE_MS);
        quick |= now() - began < 8 * PAUSE_MS;
        ck_assert_int_eq(input(AP_MODE_SPECULATIVE, APR_NONBLOCK_READ), APR_SUCCESS);
        ck_assert_int_eq(fake_io.added, 1); /* the filter is added once for each connection */
    }
    ck_assert(quick);
    authp_pace_after(pacer, fake_io_request());
    ck_assert_int_eq(fake_io.added, 2);
    close(client);
    close(fd);
}
END_TEST

/* A connection whose socket cannot be made deaf is left as it is. */
START_TEST(no_socket)
{
    fake_io.socket = NULL;
    authp_pace_after(pacer, fake_io_request());
    ck_assert_int_eq(fake_io.added, 0);
    int client = -1;
    close(connect_pair(&client)); /* the descriptor's number is not in use any more */
    authp_pace_after(pacer, fake_io_request());
    ck_assert_int_eq(fake_io.added, 0);
    close(client);
}
END_TEST

Suite *suite_httpd_pace(void)
{
    Suite *suite = suite_create("httpd_pace");
    TCase *tests = tcase_create("httpd_pace");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, which_are_deaf, 0, 6);
    tcase_add_test(tests, statuses);
    tcase_add_test(tests, sent_ahead);
    tcase_add_test(tests, nobody_is_free);
    tcase_add_test(tests, without_async);
    tcase_add_test(tests, nobody_paces);
    tcase_add_test(tests, deaf_for_a_while);
    tcase_add_test(tests, no_socket);
    suite_add_tcase(suite, tests);
    return suite;
}
