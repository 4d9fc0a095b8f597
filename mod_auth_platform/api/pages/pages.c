/* SPDX-License-Identifier: Apache-2.0 */
#include "api/pages/pages.h"
#include "api/pages/pages_text.h"
#include "service/realm/realm.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* Stand in a page, at most once: the address of the host's sign-in page, and PASSWORD_MIN_LENGTH.
 */
#define SIGN_IN "{{sign_in}}"
#define PASSWORD_MIN "{{password_min}}"

/* Returns the page with the value, as HTML, in place of the mark. */
static const char *filled(const char *page, const char *mark, const char *value, apr_pool_t *pool)
{
    const char *at = strstr(page, mark);
    return at == NULL ? page
                      : apr_pstrcat(pool, apr_pstrmemdup(pool, page, (size_t)(at - page)),
                                    apr_pescape_entity(pool, value, 0), at + strlen(mark), NULL);
}

/* The answer is not kept by clients: the policy is about the page's own texts, and a page of an
 * earlier version could post to routes that have changed. */
static void send_page(const authp_call_t *call, const unsigned char *text, const char *policy)
{
    apr_pool_t *pool = call->pool;
    apr_table_t *headers = call->out->headers;
    const char *sign_in = call->request->sign_in_page;
    const char *min = apr_itoa(pool, call->realm->settings->password_min_length);
    apr_table_setn(headers, "Content-Type", "text/html; charset=utf-8");
    apr_table_setn(headers, "Content-Security-Policy", policy);
    apr_table_setn(headers, "Referrer-Policy", "no-referrer");
    apr_table_setn(headers, "X-Content-Type-Options", "nosniff");
    apr_table_setn(headers, "Cache-Control", "no-store");
    call->out->status = 200;
    call->out->body = filled((const char *)text, PASSWORD_MIN, min, pool);
    call->out->body = filled(call->out->body, SIGN_IN, sign_in != NULL ? sign_in : "", pool);
    call->out->body_len = strlen(call->out->body);
}

authp_err_t authp_pages_verify(authp_call_t *call)
{
    send_page(call, authp_pages_text_verify, authp_pages_text_verify_policy);
    return AUTHP_OK;
}

authp_err_t authp_pages_reset(authp_call_t *call)
{
    send_page(call, authp_pages_text_reset, authp_pages_text_reset_policy);
    return AUTHP_OK;
}
