/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd_fake_io.h"

#include <apr_strings.h>
#include <check.h>
#include <http_core.h>
#include <http_protocol.h>
#include <string.h>
#include <strings.h>

fake_io_t fake_io;

apr_status_t ap_mpm_query(int query, int *result)
{
    ck_assert_int_lt(query, (int)(sizeof(fake_io.mpm) / sizeof(fake_io.mpm[0])));
    if (fake_io.mpm[query] == -1) {
        return APR_ENOTIMPL;
    }
    *result = fake_io.mpm[query];
    return APR_SUCCESS;
}

static apr_status_t fail_read(apr_bucket *bucket, const char **data, apr_size_t *len,
                              apr_read_type_e block)
{
    (void)data, (void)len;
    ck_assert_int_eq(block, APR_BLOCK_READ);
    return (apr_status_t)bucket->start;
}

/* A bucket of data that cannot be read. */
static apr_bucket *make_broken(apr_status_t status, apr_bucket_alloc_t *buckets)
{
    static const apr_bucket_type_t type = {.name = "broken",
                                           .num_func = 5,
                                           .is_metadata = APR_BUCKET_DATA,
                                           .destroy = apr_bucket_destroy_noop,
                                           .read = fail_read,
                                           .setaside = apr_bucket_setaside_noop,
                                           .split = apr_bucket_split_notimpl,
                                           .copy = apr_bucket_copy_notimpl};
    apr_bucket *made = apr_bucket_immortal_create("", 0, buckets);
    made->type = &type;
    made->start = status;
    return made;
}

static void add(apr_bucket_brigade *brigade, const fake_io_step_t *step)
{
    apr_bucket_alloc_t *buckets = brigade->bucket_alloc;
    if (step->flush) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_flush_create(buckets));
    }
    if (step->broken != 0) {
        APR_BRIGADE_INSERT_TAIL(brigade, make_broken(step->broken, buckets));
    }
    if (step->data != NULL) {
        APR_BRIGADE_INSERT_TAIL(
            brigade, apr_bucket_immortal_create(step->data, strlen(step->data), buckets));
    }
    if (step->ended) {
        APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(buckets));
    }
}

apr_status_t ap_get_brigade(ap_filter_t *filter, apr_bucket_brigade *brigade, ap_input_mode_t mode,
                            apr_read_type_e block, apr_off_t bytes)
{
    (void)filter;
    if (mode == AP_MODE_SPECULATIVE) {
        ck_assert_int_eq(block, APR_NONBLOCK_READ);
        ck_assert_int_eq(bytes, 1);
        fake_io.looks++;
        add(brigade, &(fake_io_step_t){.data = fake_io.ahead ? "G" : NULL});
        return fake_io.ahead ? APR_SUCCESS : APR_EAGAIN;
    }
    if (mode == AP_MODE_GETLINE) {
        return APR_SUCCESS;
    }
    ck_assert_int_eq(mode, AP_MODE_READBYTES);
    ck_assert_int_eq(block, APR_BLOCK_READ);
    ck_assert_int_eq(bytes, 8192);         /* a body is read in a few large pieces */
    ck_assert(APR_BRIGADE_EMPTY(brigade)); /* the caller must have emptied it */
    ck_assert_int_lt(fake_io.reads, 1000);
    ck_assert_int_gt(fake_io.nsteps, 0);
    int at = fake_io.reads < fake_io.nsteps ? fake_io.reads : fake_io.nsteps - 1;
    fake_io.reads++;
    fake_io.status_then = fake_io.watched != NULL ? fake_io.watched->status : 0;
    if (fake_io.steps[at].status == APR_SUCCESS) {
        add(brigade, &fake_io.steps[at]);
    }
    return fake_io.steps[at].status;
}

int ap_request_has_body(request_rec *r)
{
    (void)r;
    return fake_io.body;
}

/* Maps errors as httpd's function does. */
int ap_map_http_request_error(apr_status_t status, int otherwise)
{
    switch (status) {
    case AP_FILTER_ERROR:
        return AP_FILTER_ERROR;
    case APR_ENOSPC:
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    case APR_ENOTIMPL:
        return HTTP_NOT_IMPLEMENTED;
    case APR_TIMEUP:
    case APR_ETIMEDOUT:
        return HTTP_REQUEST_TIME_OUT;
    default:
        return otherwise;
    }
}

int ap_find_token(apr_pool_t *pool, const char *line, const char *token)
{
    (void)pool;
    return line != NULL && strcasecmp(line, token) == 0;
}

apr_socket_t *ap_get_conn_socket(conn_rec *connection)
{
    (void)connection;
    return fake_io.socket;
}

ap_filter_rec_t *ap_register_input_filter(const char *name, ap_in_filter_func fn,
                                          ap_init_filter_func init, ap_filter_type type)
{
    (void)init;
    httpd_fake_note(name, (int)type);
    ck_assert_int_eq(type, AP_FTYPE_CONNECTION);
    fake_io.input.name = name;
    fake_io.input.filter_func.in_func = fn;
    return &fake_io.input;
}

ap_filter_t *ap_add_input_filter(const char *name, void *ctx, request_rec *r, conn_rec *connection)
{
    ck_assert_str_eq(name, fake_io.input.name);
    ck_assert_ptr_null(r);
    fake_io.added++;
    fake_io.filter = (ap_filter_t){.frec = &fake_io.input, .ctx = ctx, .c = connection};
    return &fake_io.filter;
}

void fake_io_open(void)
{
    memset(&fake_io, 0, sizeof(fake_io));
}

request_rec *fake_io_request(void)
{
    request_rec *r = httpd_fake_request("/x");
    void **vector = apr_pcalloc(r->pool, sizeof(*vector));
    r->connection->bucket_alloc = apr_bucket_alloc_create(r->pool);
    r->connection->conn_config = (ap_conf_vector_t *)vector; /* the module's index is 0 */
    r->connection->keepalive = AP_CONN_KEEPALIVE;
    r->server->keep_alive = 1;
    r->proto_num = HTTP_VERSION(1, 1);
    return r;
}

void ap_set_content_type(request_rec *r, const char *type)
{
    r->content_type = type;
}

void ap_set_content_length(request_rec *r, apr_off_t length)
{
    apr_table_setn(r->headers_out, "Content-Length", apr_off_t_toa(r->pool, length));
}
