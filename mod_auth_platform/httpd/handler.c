/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/handler.h"
#include "httpd/body.h"
#include "httpd/config.h"
#include "httpd/context.h"
#include "httpd/lifecycle.h"
#include "httpd/log_bridge.h"
#include "httpd/pace.h"
#include "httpd/respond.h"
#include "httpd/way_in.h"

#include "api/core/dispatch.h"
#include "api/core/refusal.h"
#include "base/id.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <http_request.h>

#define HANDLER "auth-platform"

static bool is_owned(const request_rec *r)
{
    const authp_context_t *context = authp_context_of(r);
    return context != NULL && context->mount != NULL;
}

static bool claim(request_rec *r)
{
    const authp_mount_t *mount = NULL;
    if (authp_runtime_get() != NULL && r->proxyreq != PROXYREQ_PROXY) {
        mount = authp_config_mount(r);
    }
    if (mount == NULL) {
        return false;
    }
    authp_context_make(r)->mount = mount;
    r->proxyreq = PROXYREQ_NONE;
    r->filename = apr_pstrcat(r->pool, HANDLER ":", r->uri, NULL); /* a name that no file has */
    r->handler = HANDLER;
    return true;
}

static int on_translate_name(request_rec *r)
{
    return claim(r) ? OK : DECLINED;
}

/* The same check again: a RewriteRule may have led to the mount meanwhile. With OK httpd does not
 * search the directories of the file. */
static int on_map_to_storage(request_rec *r)
{
    return claim(r) ? OK : DECLINED;
}

/* Ends the search for a content type, which httpd would guess from something like a file extension.
 */
static int on_type_checker(request_rec *r)
{
    return is_owned(r) ? OK : DECLINED;
}

static void fill_request(request_rec *r, authp_body_t *body, authp_request_t *out)
{
    out->mount = authp_context_of(r)->mount;
    out->method = r->method;
    out->path = r->uri;
    out->query = r->args;
    out->headers = authp_context_headers(r);
    out->scheme = authp_context_scheme(r);
    out->host = apr_table_get(r->headers_in, "Host");
    out->client_ip = r->useragent_ip;
    out->sign_in_page = authp_way_in_page(r);
    out->read_body = authp_body_read;
    out->body_ctx = body;
    out->gate = &authp_runtime_get()->gate;
}

static int on_handler(request_rec *r)
{
    authp_runtime_t *runtime = authp_runtime_get();
    if (!is_owned(r) || runtime == NULL) {
        return DECLINED;
    }
    const authp_realm_t *realm = runtime->realm;
    authp_id_t id = authp_id_new(realm->clock, realm->random);
    authp_body_t body = {.r = r, .status = HTTP_BAD_REQUEST};
    authp_request_t request = {.request_id = apr_pstrmemdup(r->pool, id.hex, AUTHP_ID_LEN)};
    authp_response_t response = {.status = 0};
    fill_request(r, &body, &request);

    authp_log_scope_t before = authp_log_bridge_enter((authp_log_scope_t){r, request.request_id});
    if (authp_lifecycle_ready()) {
        authp_dispatch(realm, &request, &response, r->pool);
    } else {
        const authp_refusal_t refusal = {.err = AUTHP_E_UNAVAILABLE,
                                         .request_id = request.request_id};
        authp_refusal_write(request.mount->profile, &refusal, &response, r->pool);
    }
    (void)authp_log_bridge_enter(before);

    if (response.status == 0) {
        apr_table_setn(r->err_headers_out, "Cache-Control", "no-store");
        apr_table_setn(r->err_headers_out, "X-Request-Id", request.request_id);
        return body.status;
    }
    if (!body.ended) {
        r->status = response.status; /* prevents a "100 Continue" before the answer */
        authp_body_drain(r);
    }
    if (!response.slow) {
        return authp_respond_write(r, &response);
    }
    bool more = authp_pace_before(runtime->pacer, r, response.status);
    int status = authp_respond_write(r, &response);
    if (more) {
        authp_pace_after(runtime->pacer, r);
    }
    return status;
}

void authp_handler_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_translate_name(on_translate_name, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_map_to_storage(on_map_to_storage, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_type_checker(on_type_checker, NULL, NULL, APR_HOOK_REALLY_FIRST);
    ap_hook_handler(on_handler, NULL, NULL, APR_HOOK_REALLY_FIRST);
}
