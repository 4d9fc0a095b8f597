/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/respond.h"

#include <apr_buckets.h>
#include <http_protocol.h>
#include <util_filter.h>

static int add_header(void *ctx, const char *name, const char *value)
{
    request_rec *r = ctx;
    if (ap_cstr_casecmp(name, "Content-Type") == 0) {
        ap_set_content_type(r, value);
    } else if (ap_cstr_casecmp(name, "Content-Security-Policy") == 0) {
        /* `Header always setifempty`, by which the site sets a policy for its own pages, looks at
         * this table. */
        apr_table_set(r->err_headers_out, name, value);
    } else {
        apr_table_addn(r->headers_out, name, value); /* Set-Cookie may occur several times */
    }
    return 1;
}

int authp_respond_write(request_rec *r, const authp_response_t *response)
{
    r->status = response->status;
    r->no_local_copy = 1; /* prevents httpd from answering 304 */
    apr_table_do(add_header, r, response->headers, NULL);
    if (response->status != HTTP_NO_CONTENT && response->status != HTTP_NOT_MODIFIED) {
        ap_set_content_length(r, (apr_off_t)response->body_len);
    }
    apr_bucket_alloc_t *buckets = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, buckets);
    if (response->body_len > 0) {
        APR_BRIGADE_INSERT_TAIL(
            brigade, apr_bucket_pool_create(response->body, response->body_len, r->pool, buckets));
    }
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(buckets));
    /* If the client has gone, that is not our error. */
    (void)ap_pass_brigade(r->output_filters, brigade);
    return OK;
}
