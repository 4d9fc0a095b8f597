/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/body.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_protocol.h>
#include <string.h>
#include <util_filter.h>

#define STEP 8192
#define DRAIN_MAX 262144

typedef struct buffer_t {
    char *data;
    size_t len;
    size_t size;
    size_t limit;
    apr_pool_t *pool;
} buffer_t;

static bool append(buffer_t *buffer, const char *data, size_t len)
{
    if (len > buffer->limit - buffer->len) {
        return false;
    }
    if (buffer->data == NULL || len > buffer->size - buffer->len) {
        size_t size = (buffer->len + len) * 2;
        char *grown = apr_palloc(buffer->pool, size);
        if (buffer->len > 0) {
            memcpy(grown, buffer->data, buffer->len);
        }
        buffer->data = grown;
        buffer->size = size;
    }
    memcpy(buffer->data + buffer->len, data, len);
    buffer->len += len;
    return true;
}

/* Returns the Content-Length. -1: there is none (chunked, HTTP/2 or no body). httpd has already
 * refused a value that is no number. */
static apr_off_t content_length(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t length = -1;
    char *end = NULL;
    if (text == NULL || apr_strtoff(&length, text, &end, 10) != APR_SUCCESS || *end != '\0') {
        return -1;
    }
    return length;
}

/* Copies one brigade into the buffer. */
static authp_err_t take(authp_body_t *body, apr_bucket_brigade *brigade, buffer_t *buffer)
{
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade); bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data = NULL;
        apr_size_t len = 0;
        if (APR_BUCKET_IS_EOS(bucket)) {
            body->ended = true;
            return AUTHP_OK;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        apr_status_t rv = apr_bucket_read(bucket, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            body->status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
            return AUTHP_E_ABORTED;
        }
        if (!append(buffer, data, len)) {
            return AUTHP_E_TOO_LARGE;
        }
    }
    return AUTHP_OK;
}

static authp_err_t read_all(authp_body_t *body, buffer_t *buffer)
{
    request_rec *r = body->r;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    authp_err_t err = AUTHP_OK;
    while (err == AUTHP_OK && !body->ended) {
        apr_status_t rv =
            ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, STEP);
        if (rv == APR_SUCCESS) {
            err = take(body, brigade, buffer);
            apr_brigade_cleanup(brigade);
            continue;
        }
        /* This function keeps AP_FILTER_ERROR, which means that an answer is being sent already. */
        body->status = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        err = body->status == HTTP_REQUEST_ENTITY_TOO_LARGE ? AUTHP_E_TOO_LARGE : AUTHP_E_ABORTED;
    }
    apr_brigade_destroy(brigade);
    return err;
}

authp_err_t authp_body_read(void *ctx, size_t limit, const char **data, size_t *len)
{
    authp_body_t *body = ctx;
    apr_off_t length = content_length(body->r);
    /* This check comes before the first read, because that read would make a client that waits for
     * "100 Continue" send the whole body. */
    if (length >= 0 && (apr_uint64_t)length > limit) {
        return AUTHP_E_TOO_LARGE;
    }
    buffer_t buffer = {.limit = limit, .pool = body->r->pool, .data = NULL};
    if (length > 0) {
        buffer.size = (size_t)length;
        buffer.data = apr_palloc(buffer.pool, buffer.size);
    }
    authp_err_t err = read_all(body, &buffer);
    if (err != AUTHP_OK) {
        return err;
    }
    *data = buffer.data != NULL ? buffer.data : "";
    *len = buffer.len;
    return AUTHP_OK;
}

void authp_body_drain(request_rec *r)
{
    if (!ap_request_has_body(r) || r->expecting_100 || content_length(r) > DRAIN_MAX) {
        return;
    }
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    bool ended = false;
    apr_off_t total = 0;
    while (!ended && total < DRAIN_MAX &&
           ap_get_brigade(r->input_filters, brigade, AP_MODE_READBYTES, APR_BLOCK_READ, STEP) ==
               APR_SUCCESS) {
        apr_off_t length = 0;
        ended = APR_BRIGADE_EMPTY(brigade) || APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade)) ||
                apr_brigade_length(brigade, 1, &length) != APR_SUCCESS;
        total += length;
        apr_brigade_cleanup(brigade);
    }
    apr_brigade_destroy(brigade);
}
