/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a body: in pieces of any size, up to the limit and not a byte more, and the error if the
 * body does not come. Dropping a body: not more than a fixed amount, and not a body that the client
 * has not sent yet. */
#include "httpd_fake_io.h"
#include "suite.h"

#include "httpd/body.h"

#include <apr_strings.h>
#include <string.h>

#define ALL(steps) steps, (int)(sizeof(steps) / sizeof((steps)[0]))
#define DRAIN_MAX 262144

static void set_up(void)
{
    httpd_fake_open();
    fake_io_open();
}

static void tear_down(void)
{
    httpd_fake_close();
}

static const fake_io_step_t nothing[] = {{.ended = true}};
static const fake_io_step_t whole[] = {{.data = "abcdefgh", .ended = true}};
static const fake_io_step_t pieces[] = {
    {.data = "ab"}, {.data = NULL}, {.data = "c", .flush = true}, {.flush = true}, {.data = "defg"},
    {.data = "h"},  {.ended = true}};
static const fake_io_step_t cut[] = {{.data = "abc"}, {.status = APR_EOF}};
static const fake_io_step_t late[] = {{.data = "abc"}, {.status = APR_TIMEUP}};
static const fake_io_step_t limited[] = {{.data = "abc"}, {.status = APR_ENOSPC}};
/* The filters let the data through, but it cannot be read. */
static const fake_io_step_t torn[] = {{.data = "abc"}, {.broken = APR_EGENERAL, .ended = true}};
static const fake_io_step_t stuck[] = {{.broken = APR_TIMEUP, .data = "abc", .ended = true}};
static const fake_io_step_t answered[] = {{.status = AP_FILTER_ERROR}};

/* `length` is the Content-Length header, or NULL if there is none. */
static const struct {
    const fake_io_step_t *steps;
    int nsteps;
    const char *length;
    size_t limit;
    authp_err_t err;
    const char *data;
    int status; /* what the handler returns; 0: as the error says */
    int reads;
    bool ended;
} bodies[] = {
    {ALL(nothing), NULL, 8, AUTHP_OK, "", 0, 1, true},
    {ALL(nothing), "0", 8, AUTHP_OK, "", 0, 1, true},
    {ALL(nothing), NULL, 0, AUTHP_OK, "", 0, 1, true},
    {ALL(whole), NULL, 8, AUTHP_OK, "abcdefgh", 0, 1, true},
    {ALL(whole), "8", 8, AUTHP_OK, "abcdefgh", 0, 1, true},
    {ALL(whole), "8", 100, AUTHP_OK, "abcdefgh", 0, 1, true},
    {ALL(pieces), NULL, 8, AUTHP_OK, "abcdefgh", 0, 7, true},
    {ALL(pieces), "8", 8, AUTHP_OK, "abcdefgh", 0, 7, true},
    /* More bytes than the header declares. httpd itself would not let this happen. */
    {ALL(pieces), "3", 8, AUTHP_OK, "abcdefgh", 0, 7, true},
    {ALL(pieces), "x8", 8, AUTHP_OK, "abcdefgh", 0, 7, true},
    {ALL(pieces), "9x", 8, AUTHP_OK, "abcdefgh", 0, 7, true},
    /* Bodies above the limit are refused at the first byte beyond it, or before anything is
     * read. */
    {ALL(whole), NULL, 7, AUTHP_E_TOO_LARGE, NULL, 0, 1, false},
    {ALL(pieces), NULL, 7, AUTHP_E_TOO_LARGE, NULL, 0, 6, false},
    {ALL(pieces), NULL, 6, AUTHP_E_TOO_LARGE, NULL, 0, 5, false},
    {ALL(pieces), NULL, 0, AUTHP_E_TOO_LARGE, NULL, 0, 1, false},
    {ALL(whole), "8", 7, AUTHP_E_TOO_LARGE, NULL, 0, 0, false},
    {ALL(whole), "9223372036854775807", 7, AUTHP_E_TOO_LARGE, NULL, 0, 0, false},
    /* The body does not come. */
    {ALL(cut), "8", 8, AUTHP_E_ABORTED, NULL, HTTP_BAD_REQUEST, 2, false},
    {ALL(late), "8", 8, AUTHP_E_ABORTED, NULL, HTTP_REQUEST_TIME_OUT, 2, false},
    {ALL(torn), "8", 8, AUTHP_E_ABORTED, NULL, HTTP_BAD_REQUEST, 2, false},
    {ALL(stuck), NULL, 8, AUTHP_E_ABORTED, NULL, HTTP_REQUEST_TIME_OUT, 1, false},
    {ALL(limited), NULL, 8, AUTHP_E_TOO_LARGE, NULL, HTTP_REQUEST_ENTITY_TOO_LARGE, 2, false},
    {ALL(answered), NULL, 8, AUTHP_E_ABORTED, NULL, AP_FILTER_ERROR, 1, false},
};

START_TEST(reads)
{
    request_rec *r = fake_io_request();
    authp_body_t body = {.r = r};
    const char *data = NULL;
    size_t len = 999;
    fake_io.steps = bodies[_i].steps;
    fake_io.nsteps = bodies[_i].nsteps;
    if (bodies[_i].length != NULL) {
        apr_table_setn(r->headers_in, "Content-Length", bodies[_i].length);
    }
    ck_assert_int_eq(authp_body_read(&body, bodies[_i].limit, &data, &len), bodies[_i].err);
    ck_assert_int_eq(fake_io.reads, bodies[_i].reads);
    ck_assert_int_eq(body.status, bodies[_i].status);
    ck_assert_int_eq(body.ended, bodies[_i].ended);
    if (bodies[_i].err == AUTHP_OK) {
        ck_assert_uint_eq(len, strlen(bodies[_i].data));
        ck_assert_ptr_nonnull(data);
        ck_assert_mem_eq(data, bodies[_i].data, len);
    }
}
END_TEST

/* Pieces of every size, longer than any step of the buffer's growth: no byte is lost. */
START_TEST(grows)
{
    request_rec *r = fake_io_request();
    char *text = apr_palloc(r->pool, 16384);
    fake_io_step_t steps[64] = {{.data = NULL}};
    size_t at = 0;
    for (size_t i = 0; i < 16384; i++) {
        text[i] = (char)('a' + i * 7 % 23);
    }
    int count = 0;
    for (size_t size = 1 + (size_t)_i; at < 16384; size = size * 3 / 2 + 1) {
        size_t step = size < 16384 - at ? size : 16384 - at;
        steps[count++].data = apr_pstrmemdup(r->pool, text + at, step);
        at += step;
    }
    steps[count - 1].ended = true;
    authp_body_t body = {.r = r};
    const char *data = NULL;
    size_t len = 0;
    fake_io.steps = steps;
    fake_io.nsteps = count;
    ck_assert_int_eq(authp_body_read(&body, 16384, &data, &len), AUTHP_OK);
    ck_assert_uint_eq(len, 16384);
    ck_assert_mem_eq(data, text, len);
    ck_assert_int_eq(fake_io.reads, count);
}
END_TEST

/* --- dropping
 * ----------------------------------------------------------------------------------- */

START_TEST(drops)
{
    static const struct {
        const fake_io_step_t *steps;
        int nsteps;
        bool body;
        bool expects; /* the client waits for "100 Continue" */
        const char *length;
        int reads;
    } rests[] = {
        {ALL(whole), true, false, NULL, 1},
        {ALL(pieces), true, false, "8", 2}, /* no more data came */
        {ALL(nothing), true, false, "0", 1},
        {ALL(cut), true, false, "8", 2},
        {ALL(whole), false, false, NULL, 0},
        {ALL(whole), true, true, "8", 0},
        {ALL(whole), true, false, "262144", 1},
        {ALL(whole), true, false, "262145", 0},
        {ALL(answered), true, false, NULL, 1},
    };
    for (size_t i = 0; i < sizeof(rests) / sizeof(rests[0]); i++) {
        request_rec *r = fake_io_request();
        fake_io_open();
        fake_io.steps = rests[i].steps;
        fake_io.nsteps = rests[i].nsteps;
        fake_io.body = rests[i].body;
        r->expecting_100 = rests[i].expects;
        if (rests[i].length != NULL) {
            apr_table_setn(r->headers_in, "Content-Length", rests[i].length);
        }
        authp_body_drain(r);
        ck_assert_msg(fake_io.reads == rests[i].reads, "%d: %d", (int)i, fake_io.reads);
    }
}
END_TEST

/* A body without an end is dropped only in part. */
START_TEST(drops_a_part)
{
    request_rec *r = fake_io_request();
    char *piece = apr_palloc(r->pool, 8193);
    memset(piece, 'x', 8192);
    piece[8192] = '\0';
    const fake_io_step_t endless[] = {{.data = piece}};
    fake_io.steps = endless;
    fake_io.nsteps = 1;
    fake_io.body = true;
    authp_body_drain(r);
    ck_assert_int_eq(fake_io.reads, DRAIN_MAX / 8192);
}
END_TEST

Suite *suite_httpd_body(void)
{
    Suite *suite = suite_create("httpd_body");
    TCase *tests = tcase_create("httpd_body");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, reads, 0, (int)(sizeof(bodies) / sizeof(bodies[0])));
    tcase_add_loop_test(tests, grows, 0, 4);
    tcase_add_test(tests, drops);
    tcase_add_test(tests, drops_a_part);
    suite_add_tcase(suite, tests);
    return suite;
}
