/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/cache_control.h"
#include "httpd/context.h"
#include "httpd/runtime.h"

#include "api/core/credential.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>
#include <string.h>
#include <util_filter.h>

static ap_filter_rec_t *header_filter;

static bool has_token(const char *list, const char *token)
{
    static const char gaps[] = ", \t";
    size_t wanted = strlen(token);
    while (list != NULL && *list != '\0') {
        list += strspn(list, gaps);
        size_t len = strcspn(list, gaps);
        if (len == wanted && ap_cstr_casecmpn(list, token, len) == 0) {
            return true;
        }
        list += len;
    }
    return false;
}

/* True if Cache-Control forbids storing, or allows only private storing with a check each time. A
 * private="..." that names single headers does not count. */
static bool is_strict(const char *control)
{
    return has_token(control, "no-store") ||
           (has_token(control, "private") &&
            (has_token(control, "no-cache") || has_token(control, "max-age=0")));
}

static const char *all_of(request_rec *r, apr_table_t *table, const char *name)
{
    return apr_table_get(table, name) != NULL ? apr_table_getm(r->pool, table, name) : NULL;
}

/* Both tables together, because the header filter sends both. */
static const char *current(request_rec *r, const char *name)
{
    const char *normal = all_of(r, r->headers_out, name);
    const char *always = all_of(r, r->err_headers_out, name);
    if (normal != NULL && always != NULL) {
        return apr_pstrcat(r->pool, normal, ", ", always, NULL);
    }
    return normal != NULL ? normal : always;
}

static void replace(request_rec *r, const char *name, const char *value)
{
    apr_table_unset(r->err_headers_out, name);
    apr_table_setn(r->headers_out, name, value);
}

static void set_vary(request_rec *r)
{
    const char *vary = current(r, "Vary");
    bool all = has_token(vary, "*");
    bool authorization = all || has_token(vary, "Authorization");
    bool cookie = all || has_token(vary, "Cookie");
    if (authorization && cookie) {
        return;
    }
    const char *missing = authorization ? "Cookie"
                          : cookie      ? "Authorization"
                                        : "Authorization, Cookie";
    replace(r, "Vary", vary != NULL ? apr_pstrcat(r->pool, vary, ", ", missing, NULL) : missing);
}

static apr_status_t set_headers(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    request_rec *r = filter->r;
    const bool *guarded = filter->ctx;
    if (*guarded && !is_strict(current(r, "Cache-Control"))) {
        replace(r, "Cache-Control", "private, no-cache");
    }
    set_vary(r);
    ap_filter_t *next = filter->next;
    ap_remove_output_filter(filter);
    return ap_pass_brigade(next, brigade);
}

/* True for a page of mod_include that is served to somebody with a token. It may include a guarded
 * page, but its own headers are sent before it does. */
static bool may_include_guarded(request_rec *r)
{
    authp_credential_t credential = {.via = AUTHP_VIA_NONE};
    bool includes = false;
    for (const ap_filter_t *at = r->output_filters; at != NULL && !includes; at = at->next) {
        includes = strcmp(at->frec->name, "includes") == 0;
    }
    const authp_runtime_t *runtime = includes ? authp_runtime_get() : NULL;
    if (runtime != NULL) {
        authp_headers_t headers = authp_context_headers(r);
        authp_credential_find(&headers, runtime->realm->settings->secure_cookies, &credential);
    }
    return credential.via != AUTHP_VIA_NONE;
}

/* An ErrorDocument, which httpd serves by internal redirect, is part of the guarded answer. */
static void add_filter(request_rec *r)
{
    if (r->main != NULL) {
        return;
    }
    for (request_rec *at = r; at != NULL; at = at->prev) {
        authp_context_t *context = authp_context_of(at);
        if (context != NULL && (context->guarded || context->aware)) {
            ap_add_output_filter_handle(header_filter, &context->guarded, r, r->connection);
            return;
        }
    }
    if (may_include_guarded(r)) {
        authp_context_t *context = authp_context_make(r);
        context->guarded = true;
        ap_add_output_filter_handle(header_filter, &context->guarded, r, r->connection);
    }
}

void authp_cache_control_register(apr_pool_t *pool)
{
    (void)pool;
    /* This filter runs after mod_headers and mod_expires, which have the same type or an earlier
     * one. It runs before mod_cache, which must see these headers. */
    header_filter =
        ap_register_output_filter("AUTHP_CACHE", set_headers, NULL, AP_FTYPE_CONTENT_SET);
    ap_hook_insert_filter(add_filter, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_insert_error_filter(add_filter, NULL, NULL, APR_HOOK_REALLY_LAST);
}
