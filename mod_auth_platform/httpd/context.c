/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/context.h"
#include "httpd/config.h"
#include "httpd/way_in.h"

#include <http_protocol.h>
#include <string.h>

authp_context_t *authp_context_of(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &auth_platform_module);
}

authp_context_t *authp_context_make(request_rec *r)
{
    authp_context_t *context = authp_context_of(r);
    if (context == NULL) {
        context = apr_pcalloc(r->pool, sizeof(*context));
        context->pool = r->pool;
        ap_set_module_config(r->request_config, &auth_platform_module, context);
    }
    return context;
}

request_rec *authp_context_parent(const request_rec *r)
{
    /* A redirect within a subrequest has both. Then r->prev is the parent, and its r->main is the
     * next one. */
    return r->prev != NULL ? r->prev : r->main;
}

authp_context_t *authp_context_ancestor(const request_rec *r)
{
    for (const request_rec *at = authp_context_parent(r); at != NULL;
         at = authp_context_parent(at)) {
        authp_context_t *context = authp_context_of(at);
        if (context != NULL && context->known) {
            return context;
        }
    }
    return NULL;
}

/* The header that we have removed from this request or an ancestor. NULL if there is none. */
static const char *removed(const request_rec *r, bool cookie)
{
    const request_rec *at = r;
    do {
        const authp_context_t *context = authp_context_of(at);
        const char *value = context == NULL ? NULL
                            : cookie        ? context->cookie
                                            : context->authorization;
        if (value != NULL) {
            return value;
        }
        at = authp_context_parent(at);
    } while (at != NULL);
    return NULL;
}

static const char *get_header(void *ctx, const char *name)
{
    const request_rec *r = ctx;
    const char *value = NULL;
    /* Callers pass constants in this spelling, so strcmp() is enough. */
    if (strcmp(name, "Cookie") == 0) {
        value = removed(r, true);
    } else if (strcmp(name, "Authorization") == 0) {
        value = removed(r, false);
    }
    return value != NULL ? value : apr_table_get(r->headers_in, name);
}

authp_headers_t authp_context_headers(request_rec *r)
{
    authp_headers_t headers = {get_header, r};
    return headers;
}

const char *authp_context_scheme(const request_rec *r)
{
    return r->server->server_scheme != NULL ? r->server->server_scheme : ap_http_scheme(r);
}

void authp_context_guard_request(request_rec *r, authp_guard_request_t *out)
{
    /* return_to is the path that the client asked for, not one that httpd redirected to internally.
     */
    const request_rec *first = r;
    for (const request_rec *at = NULL; (at = authp_context_parent(first)) != NULL;) {
        first = at;
    }
    out->method = r->method;
    out->target = first->unparsed_uri;
    out->headers = authp_context_headers(r);
    out->scheme = authp_context_scheme(r);
    out->host = apr_table_get(r->headers_in, "Host");
    out->renewing = authp_config_server(r->server)->renewing;
    out->sign_in_page = authp_way_in_page(r);
    out->when_unavailable = authp_config_dir(r)->when_unavailable == AUTHP_UNAVAILABLE_ALLOW_VALID
                                ? AUTHP_UNAVAILABLE_ALLOW_VALID
                                : AUTHP_UNAVAILABLE_DENY;
}
