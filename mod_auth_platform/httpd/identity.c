/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/identity.h"
#include "httpd/config.h"
#include "httpd/runtime.h"
#include "httpd/scrub.h"

#include "base/text.h"

#include <apr_strings.h>
#include <http_request.h>

authp_context_t *authp_identity_of(const request_rec *r)
{
    if (r->user == NULL) {
        return NULL;
    }
    for (const request_rec *at = r; at != NULL; at = authp_context_parent(at)) {
        authp_context_t *context = authp_context_of(at);
        if (context != NULL && context->known && context->user == r->user) {
            return context;
        }
    }
    return NULL;
}

authz_status authp_identity_required(const request_rec *r, const authp_context_t **who)
{
    if (r->user == NULL) {
        return AUTHZ_DENIED_NO_USER;
    }
    *who = authp_identity_of(r);
    return *who != NULL ? AUTHZ_GRANTED : AUTHZ_DENIED; /* denied: a user of another AuthType */
}

/* The names are kept in the context, so they are allocated in the context's own pool. `context` may
 * belong to an ancestor of `r`. If `r` is a subrequest, its pool is destroyed earlier. */
static const char *role_names(authp_context_t *context)
{
    if (context->role_names == NULL) {
        apr_pool_t *pool = context->pool;
        const authp_roles_map_t *map = authp_runtime_get()->realm->roles;
        context->role_names =
            apr_array_pstrcat(pool, authp_roles_names(map, context->principal.roles, pool), ',');
    }
    return context->role_names;
}

/* This runs after authorization, so that what core logs about a refusal has an id and not a
 * person's e-mail address. */
static void name_user(request_rec *r, authp_context_t *context)
{
    const authp_principal_t *who = &context->principal;
    if (context == authp_context_of(r) && who->email != NULL && who->email_verified &&
        authp_config_dir(r)->remote_user == AUTHP_REMOTE_USER_EMAIL) {
        context->user = who->email;
        r->user = (char *)(uintptr_t)context->user; /* httpd does not write to r->user */
    }
}

typedef void put_fn(apr_table_t *table, const char *name, const char *value);

/* Removes every entry with that name, in any case of letters, before it adds one. */
static void replace(apr_table_t *table, const char *name, const char *value)
{
    apr_table_unset(table, name);
    apr_table_addn(table, name, value);
}

/* Returns the function that puts names with the first letter `initial` into the table. If the table
 * has no such name there is nothing to replace, and names are only added. Adding takes fewer
 * instructions, because replacing compares our names, which begin alike, with each other. */
static put_fn *put_of(const apr_table_t *table, char initial)
{
    const apr_array_header_t *array = apr_table_elts(table);
    const apr_table_entry_t *entries = (const apr_table_entry_t *)array->elts;
    for (int i = 0; i < array->nelts; i++) {
        if ((entries[i].key[0] | 0x20) == initial) {
            return replace;
        }
    }
    return apr_table_addn;
}

/* "true" or "false". Without an address the answer is "false". */
static const char *email_verified(const authp_principal_t *who)
{
    return who->email != NULL && who->email_verified ? "true" : "false";
}

static void unset_environment(apr_table_t *env)
{
    static const char *const names[] = {
        "AUTH_USER_ID", "AUTH_EMAIL", "AUTH_EMAIL_VERIFIED", "AUTH_NAME", "AUTH_USERNAME",
        "AUTH_PHONE", "AUTH_ROLES", "AUTH_SESSION_ID",
        /* mod_include makes these from the headers of the page and passes them on. */
        "HTTP_X_AUTH_USER_ID", "HTTP_X_AUTH_EMAIL", "HTTP_X_AUTH_EMAIL_VERIFIED",
        "HTTP_X_AUTH_NAME", "HTTP_X_AUTH_USERNAME", "HTTP_X_AUTH_PHONE", "HTTP_X_AUTH_ROLES",
        "HTTP_X_AUTH_SESSION_ID"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        apr_table_unset(env, names[i]);
    }
}

/* The first of all fixups, so that RequestHeader and RewriteCond can use the variables. */
static int on_fixups_environment(request_rec *r)
{
    if (authp_runtime_get() == NULL) {
        return DECLINED;
    }
    authp_context_t *context = authp_identity_of(r);
    if (authp_context_parent(r) != NULL) {
        unset_environment(
            r->subprocess_env); /* a copy of the parent's, which may be a guarded request */
    }
    if (context == NULL) {
        return DECLINED;
    }
    const authp_principal_t *who = &context->principal;
    put_fn *put = put_of(r->subprocess_env, 'a');
    put(r->subprocess_env, "AUTH_USER_ID", who->user_id);
    put(r->subprocess_env, "AUTH_EMAIL_VERIFIED", email_verified(who));
    put(r->subprocess_env, "AUTH_ROLES", role_names(context));
    put(r->subprocess_env, "AUTH_SESSION_ID", who->session_id);
    if (who->email != NULL) {
        put(r->subprocess_env, "AUTH_EMAIL", who->email);
    }
    if (who->name != NULL) {
        put(r->subprocess_env, "AUTH_NAME", who->name);
    }
    if (who->username != NULL) {
        put(r->subprocess_env, "AUTH_USERNAME", who->username);
    }
    if (who->phone != NULL) {
        put(r->subprocess_env, "AUTH_PHONE", who->phone);
    }
    name_user(r, context);
    return OK;
}

static void export_headers(request_rec *r, authp_context_t *context)
{
    const authp_principal_t *who = &context->principal;
    put_fn *put = put_of(r->headers_in, 'x');
    put(r->headers_in, "X-Auth-User-Id", who->user_id);
    put(r->headers_in, "X-Auth-Session-Id", who->session_id);
    put(r->headers_in, "X-Auth-Email-Verified", email_verified(who));
    put(r->headers_in, "X-Auth-Roles", role_names(context));
    if (who->email != NULL) {
        put(r->headers_in, "X-Auth-Email", authp_text_header_safe(who->email, r->pool));
    }
    if (who->name != NULL) {
        put(r->headers_in, "X-Auth-Name", authp_text_header_safe(who->name, r->pool));
    }
    if (who->username != NULL) {
        put(r->headers_in, "X-Auth-Username", authp_text_header_safe(who->username, r->pool));
    }
    if (who->phone != NULL) {
        put(r->headers_in, "X-Auth-Phone", authp_text_header_safe(who->phone, r->pool));
    }
}

static void strip_cookies(request_rec *r)
{
    const char *cookie = apr_table_get(r->headers_in, "Cookie");
    if (cookie == NULL) {
        return;
    }
    const char *rest = authp_credential_strip(cookie, r->pool);
    if (rest == cookie) {
        return;
    }
    authp_context_make(r)->cookie = cookie;
    apr_table_unset(r->subprocess_env, "HTTP_COOKIE");
    if (rest != NULL) {
        apr_table_setn(r->headers_in, "Cookie", rest);
    } else {
        apr_table_unset(r->headers_in, "Cookie");
    }
}

/* Removes the header and the variables made from it. For an open page mod_include makes variables
 * from the headers, and a guarded program that the page includes gets a copy of them. httpd later
 * sets variables from the headers that are left, but removes none. */
static void strip_authorization(request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");
    if (value != NULL) {
        authp_context_make(r)->authorization = value;
        apr_table_unset(r->headers_in, "Authorization");
        apr_table_unset(r->subprocess_env, "HTTP_AUTHORIZATION");
    }
}

/* The last of all fixups: no module can put these headers back afterwards, and none needs the
 * credentials. */
static int on_fixups_headers(request_rec *r)
{
    if (authp_runtime_get() == NULL || authp_config_mount(r) != NULL) {
        return DECLINED;
    }
    authp_context_t *context = authp_identity_of(r);
    if (authp_context_parent(r) != NULL) {
        /* MergeTrailers may have added a second Connection header after the parent's body, and
         * mod_proxy obeys both. */
        apr_table_compress(r->headers_in, APR_OVERLAP_TABLES_MERGE);
        authp_scrub_headers(r); /* also removes the headers that were made for the parent */
    }
    if (context != NULL) {
        export_headers(r, context);
        if (context->via == AUTHP_VIA_BEARER && authp_config_dir(r)->forward_authorization != 1) {
            strip_authorization(r);
        }
    }
    if (context != NULL || authp_config_serves(r)) {
        strip_cookies(r); /* on an open page too: its app must not get tokens */
    }
    return OK;
}

void authp_identity_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_fixups(on_fixups_environment, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_fixups(on_fixups_headers, NULL, NULL, APR_HOOK_REALLY_LAST);
}
