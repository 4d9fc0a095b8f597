/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/refuse.h"
#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/runtime.h"

#include "api/core/cors.h"
#include "api/core/navigation.h"
#include "api/core/profiles.h"
#include "api/core/refusal.h"
#include "api/core/refusal_page.h"
#include "base/id.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

static ap_filter_rec_t *document_filter;

static bool signed_out(authp_err_t err)
{
    return err == AUTHP_E_TOKEN_MISSING || err == AUTHP_E_TOKEN_INVALID ||
           err == AUTHP_E_TOKEN_EXPIRED || err == AUTHP_E_TOKEN_REVOKED;
}

#define POLICY "Content-Security-Policy"

static int set_header(void *table, const char *name, const char *value)
{
    if (ap_cstr_casecmp(name, "Content-Type") != 0 && ap_cstr_casecmp(name, POLICY) != 0) {
        apr_table_set(table, name, value);
    }
    return 1;
}

/* These headers belong to the answer of this request only. A refused subrequest does not change the
 * headers of its caller. */
static void apply(request_rec *r, const authp_response_t *refusal)
{
    apr_table_do(set_header, r->err_headers_out, refusal->headers, NULL);
}

/* The request that `r` is a subrequest of, at whatever depth: the one that the client sent, or its
 * last internal redirect. `r` itself if it is no subrequest. */
static request_rec *outermost(request_rec *r)
{
    request_rec *at = r;
    while (at->main != NULL) {
        at = at->main;
    }
    return at;
}

/* mod_dir and others return the status of a subrequest as their own. So every request up to the
 * outermost one gets the document. `refusal` must live in the pool of the outermost one, which is
 * destroyed last. */
static void remember(request_rec *r, authp_response_t *refusal)
{
    for (request_rec *at = r; at != NULL; at = at->main) {
        authp_context_make(at)->refusal = refusal;
    }
}

static int redirect(request_rec *r, const char *location, const char *request_id)
{
    apr_table_setn(r->headers_out, "Location", location);
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->err_headers_out, "X-Request-Id", request_id);
    return HTTP_MOVED_TEMPORARILY;
}

/* A person who lacks a role may have another account with that role. So the page has a link to sign
 * in. */
static void fill_reader(request_rec *r, authp_err_t err, const authp_guard_request_t *request,
                        authp_refusal_page_reader_t *out)
{
    const authp_context_t *context = authp_context_make(r);
    out->known = context->known && err == AUTHP_E_INSUFFICIENT_ROLE;
    if (out->known) {
        out->name = context->principal.name;
        const authp_principal_t *who = &context->principal;
        out->login = who->email != NULL      ? who->email
                     : who->username != NULL ? who->username
                                             : who->phone;
        out->sign_in = authp_guard_redirect(authp_runtime_get()->realm, request, true, r->pool);
    }
}

static authp_response_t *document(request_rec *r, authp_err_t err,
                                  const authp_guard_request_t *request, const char *request_id)
{
    apr_pool_t *pool = outermost(r)->pool; /* see remember() */
    authp_response_t *out = apr_pcalloc(pool, sizeof(*out));
    if (authp_navigation_is(request->method, &request->headers)) {
        authp_refusal_page_reader_t reader = {.known = false};
        fill_reader(r, err, request, &reader);
        authp_refusal_page(err, request_id, &reader, out, pool);
    } else {
        const authp_refusal_t refusal = {.err = err, .request_id = request_id};
        const authp_profile_t *shape = authp_config_dir(r)->error_shape;
        authp_refusal_write(shape != NULL ? shape : authp_profiles_find(AUTHP_PROFILES_USUAL),
                            &refusal, out, pool);
        if (shape != NULL) {
            authp_cors_refusal(authp_runtime_get()->realm, request, out, pool);
        }
    }
    if (err == AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION) {
        authp_refusal_max_age(authp_context_make(r)->max_age, out, pool);
    }
    return out;
}

static int refuse(request_rec *r, authp_err_t err)
{
    const authp_realm_t *realm = authp_runtime_get()->realm;
    authp_id_t id = authp_id_new(realm->clock, realm->random);
    const char *request_id = apr_pstrmemdup(r->pool, id.hex, AUTHP_ID_LEN);
    authp_guard_request_t request;
    authp_context_guard_request(r, &request);

    ap_log_rerror(APLOG_MARK, err == AUTHP_E_ORIGIN_DENIED ? APLOG_NOTICE : APLOG_INFO, 0, r,
                  "AUTHP0500: refused %s: %s (request %s)", r->uri, authp_err_name(err),
                  request_id);
    bool too_old = err == AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION;
    if (signed_out(err) || too_old) {
        /* Renewing a session does not change the time of its sign-in. So it does not help here. */
        const char *location = authp_guard_redirect(realm, &request, too_old, r->pool);
        if (location != NULL) {
            return redirect(r, location, request_id);
        }
    }
    authp_response_t *refusal = document(r, err, &request, request_id);
    remember(r, refusal);
    apply(r, refusal);
    return refusal->status;
}

int authp_refuse(request_rec *r, authp_err_t err)
{
    int status = refuse(r, err);
    if (r->connection->master != NULL) {
        /* With HTTP/2 httpd resets a stream whose body was not read, and the client loses the
         * answer. */
        authp_body_drain(r);
    }
    return status;
}

/* Sets our policy only where our page is sent, because an ErrorDocument of the site has styles of
 * its own. It is set only now: core has sent err_headers_out to the answer's headers and made a new
 * table, and `Header always setifempty` in the next filter looks at that one. */
static void set_policy(request_rec *r, const authp_response_t *refusal)
{
    const char *policy = apr_table_get(refusal->headers, POLICY);
    if (policy != NULL) {
        apr_table_set(r->err_headers_out, POLICY, policy);
    }
}

/* Replaces the page that core has begun to write. */
static apr_status_t replace(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    const authp_response_t *refusal = filter->ctx;
    request_rec *r = filter->r;
    bool ended = false;
    for (apr_bucket *bucket = APR_BRIGADE_FIRST(brigade);
         bucket != APR_BRIGADE_SENTINEL(brigade) && !ended; bucket = APR_BUCKET_NEXT(bucket)) {
        ended = APR_BUCKET_IS_EOS(bucket);
    }
    apr_brigade_cleanup(brigade);
    if (!ended) {
        return APR_SUCCESS;
    }
    set_policy(r, refusal);
    apr_bucket_alloc_t *buckets = brigade->bucket_alloc;
    ap_set_content_type(r, apr_table_get(refusal->headers, "Content-Type"));
    APR_BRIGADE_INSERT_TAIL(
        brigade, apr_bucket_pool_create(refusal->body, refusal->body_len, r->pool, buckets));
    APR_BRIGADE_INSERT_TAIL(brigade, apr_bucket_eos_create(buckets));
    ap_filter_t *next = filter->next;
    ap_remove_output_filter(filter);
    return ap_pass_brigade(next, brigade);
}

/* True if the site has an ErrorDocument with a text. Core writes it right after this hook. With an
 * ErrorDocument that is a local path, this hook runs only if that path failed. */
static bool site_has_own_text(request_rec *r)
{
    const char *own = ap_response_code_string(r, ap_index_of_response(r->status));
    return own != NULL && own[0] == '"';
}

static void on_insert_error_filter(request_rec *r)
{
    authp_context_t *context = authp_context_of(r);
    if (context == NULL || authp_runtime_get() == NULL) {
        return;
    }
    if (context->refusal == NULL && r->status == HTTP_FORBIDDEN && context->known &&
        context->aware) {
        /* The person was signed in by AuthPlatformOptional. Then Require was decided before
         * check_authz. */
        (void)refuse(r, AUTHP_E_INSUFFICIENT_ROLE);
    }
    if (context->refusal == NULL || context->refusal->status != r->status || site_has_own_text(r)) {
        return;
    }
    apply(r, context->refusal);
    ap_add_output_filter_handle(document_filter, context->refusal, r, r->connection);
}

void authp_refuse_register(apr_pool_t *pool)
{
    (void)pool;
    /* The filter has the type of a resource, so that mod_headers and compression still process the
     * document. */
    document_filter = ap_register_output_filter("AUTHP_REFUSAL", replace, NULL, AP_FTYPE_RESOURCE);
    ap_hook_insert_error_filter(on_insert_error_filter, NULL, NULL, APR_HOOK_FIRST);
}
