/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd_fake.h"
#include "httpd/authn.h"
#include "httpd/authz.h"
#include "httpd/cache_control.h"
#include "httpd/directives.h"
#include "httpd/identity.h"
#include "httpd/refuse.h"
#include "httpd/require.h"
#include "httpd/scrub.h"

#include <ap_expr.h>
#include <ap_listen.h>
#include <apr_strings.h>
#include <check.h>
#include <http_connection.h>
#include <http_protocol.h>
#include <http_request.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <util_cfgtree.h>

#define MOST_HOOKS 4
#define MOST_FILTERS 4

httpd_fake_t fake;

/* --- what the files of httpd/ register, once for all tests
 * -------------------------------------- */

typedef int request_fn(request_rec *r);

static struct {
    request_fn *fixups[MOST_HOOKS];
    int nfixups;
    request_fn *post_read;
    request_fn *access;
    request_fn *authn;
    request_fn *authz;
    void (*insert_filter)(request_rec *r);
    ap_filter_rec_t filters[MOST_FILTERS];
    int nfilters;
} hooks;

void ap_hook_fixups(ap_HOOK_fixups_t *fn, const char *const *before, const char *const *after,
                    int order)
{
    (void)before, (void)after;
    httpd_fake_note("fixups", order);
    ck_assert_int_lt(hooks.nfixups, MOST_HOOKS);
    hooks.fixups[hooks.nfixups++] = fn;
}

void ap_hook_post_read_request(ap_HOOK_post_read_request_t *fn, const char *const *before,
                               const char *const *after, int order)
{
    (void)before, (void)after;
    httpd_fake_note("post_read_request", order);
    hooks.post_read = fn;
}

void ap_hook_check_access(ap_HOOK_access_checker_t *fn, const char *const *before,
                          const char *const *after, int order, int type)
{
    (void)before, (void)after;
    ck_assert_int_eq(type, AP_AUTH_INTERNAL_PER_CONF);
    httpd_fake_note("check_access", order);
    hooks.access = fn;
}

void ap_hook_check_authn(ap_HOOK_check_user_id_t *fn, const char *const *before,
                         const char *const *after, int order, int type)
{
    (void)before, (void)after;
    ck_assert_int_eq(type, AP_AUTH_INTERNAL_PER_CONF);
    httpd_fake_note("check_authn", order);
    hooks.authn = fn;
}

void ap_hook_check_authz(ap_HOOK_auth_checker_t *fn, const char *const *before,
                         const char *const *after, int order, int type)
{
    (void)before, (void)after;
    ck_assert_int_eq(type, AP_AUTH_INTERNAL_PER_CONF);
    httpd_fake_note("check_authz", order);
    hooks.authz = fn;
}

void ap_hook_insert_filter(ap_HOOK_insert_filter_t *fn, const char *const *before,
                           const char *const *after, int order)
{
    (void)before, (void)after;
    httpd_fake_note("insert_filter", order);
    hooks.insert_filter = fn;
}

ap_filter_rec_t *ap_register_output_filter(const char *name, ap_out_filter_func fn,
                                           ap_init_filter_func init, ap_filter_type type)
{
    (void)init;
    httpd_fake_note(name, (int)type);
    ck_assert_int_lt(hooks.nfilters, MOST_FILTERS);
    ap_filter_rec_t *record = &hooks.filters[hooks.nfilters++];
    record->name = name;
    record->filter_func.out_func = fn;
    return record;
}

static void register_once(apr_pool_t *pool)
{
    if (hooks.nfixups > 0) {
        return;
    }
    authp_scrub_register(pool);
    authp_identity_register(pool);
    authp_authn_register(pool);
    authp_authz_register(pool);
    authp_cache_control_register(pool);
    authp_require_register(pool);
}

/* --- functions of httpd and of files that are not linked
 * ---------------------------------------- */

ap_directive_t *ap_conftree;
ap_listen_rec *ap_listeners;

int authp_refuse(request_rec *r, authp_err_t err)
{
    (void)r;
    fake.refused = err;
    fake.refusals++;
    return err == AUTHP_E_INSUFFICIENT_ROLE || err == AUTHP_E_ORIGIN_DENIED ? HTTP_FORBIDDEN
                                                                            : HTTP_UNAUTHORIZED;
}

const char *ap_auth_type(request_rec *r)
{
    (void)r;
    return fake.auth_type;
}

int ap_run_auth_checker(request_rec *r)
{
    return fake.checker(r);
}

const char *ap_run_http_scheme(const request_rec *r)
{
    (void)r;
    return "http";
}

int ap_cstr_casecmpn(const char *a, const char *b, apr_size_t len)
{
    return strncasecmp(a, b, len);
}

char *ap_strcasestr(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        if (strncasecmp(text, part, strlen(part)) == 0) {
            return (char *)(uintptr_t)text;
        }
    }
    return NULL;
}

const char *ap_check_cmd_context(cmd_parms *cmd, unsigned forbidden)
{
    if ((forbidden & NOT_IN_VIRTUALHOST) != 0 && cmd->server->is_virtual) {
        return "cannot occur within <VirtualHost> section";
    }
    return (forbidden & NOT_IN_DIR_CONTEXT) == NOT_IN_DIR_CONTEXT && cmd->path != NULL
               ? "cannot occur within directory context"
               : NULL;
}

/* An expression is %{NAME} with a variable of the request's environment. Other expressions fail
 * when they are evaluated. */
ap_expr_info_t *ap_expr_parse_cmd_mi(const cmd_parms *cmd, const char *text, unsigned int flags,
                                     const char **error, ap_expr_lookup_fn_t *lookup, int index)
{
    (void)lookup, (void)index;
    ck_assert_uint_eq(flags, AP_EXPR_FLAG_STRING_RESULT);
    ap_expr_info_t *out = apr_pcalloc(cmd->pool, sizeof(*out));
    *error = strchr(text, '}') == NULL ? "no end" : NULL;
    out->filename = apr_pstrdup(cmd->pool, text);
    return out;
}

const char *ap_expr_str_exec(request_rec *r, const ap_expr_info_t *expression, const char **error)
{
    const char *open = strstr(expression->filename, "%{") + 2;
    const char *name = apr_pstrmemdup(r->pool, open, strcspn(open, "}"));
    const char *value = apr_table_get(r->subprocess_env, name);
    *error = strcmp(name, "BROKEN") == 0 ? "broken" : NULL;
    return value != NULL ? value : "";
}

void ap_log_rerror_(const char *file, int line, int index, int level, apr_status_t status,
                    const request_rec *r, const char *format, ...)
{
    char text[1000];
    va_list args;
    (void)file, (void)line, (void)index, (void)status, (void)r;
    va_start(args, format);
    (void)apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    httpd_fake_say(level & APLOG_LEVELMASK, text);
}

void ap_log_error_(const char *file, int line, int index, int level, apr_status_t status,
                   const server_rec *server, const char *format, ...)
{
    char text[1000];
    va_list args;
    (void)file, (void)line, (void)index, (void)status;
    /* Only a line of the start may have no server: it goes to stderr, too. */
    ck_assert_int_eq((level & APLOG_STARTUP) != 0, server == NULL);
    va_start(args, format);
    (void)apr_vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    httpd_fake_say(level & APLOG_LEVELMASK, text);
}

ap_filter_t *ap_add_output_filter_handle(ap_filter_rec_t *record, void *ctx, request_rec *r,
                                         conn_rec *connection)
{
    ap_filter_t *filter = apr_pcalloc(r->pool, sizeof(*filter));
    *filter = (ap_filter_t){.frec = record, .ctx = ctx, .next = r->output_filters, .r = r};
    (void)connection;
    r->output_filters = filter;
    return filter;
}

void ap_remove_output_filter(ap_filter_t *filter)
{
    filter->r->output_filters = filter->next;
}

/* Skips filters of other modules, which have a name and no function. */
static ap_filter_t *of_ours(ap_filter_t *filter)
{
    while (filter != NULL && filter->frec->filter_func.out_func == NULL) {
        filter = filter->next;
    }
    return filter;
}

apr_status_t ap_pass_brigade(ap_filter_t *filter, apr_bucket_brigade *brigade)
{
    char *data = NULL;
    apr_size_t len = 0;
    ck_assert_ptr_null(of_ours(filter));
    fake.passed++;
    if (brigade != NULL) {
        fake.ended = APR_BUCKET_IS_EOS(APR_BRIGADE_LAST(brigade));
        ck_assert_int_eq(apr_brigade_pflatten(brigade, &data, &len, fake.f.pool), APR_SUCCESS);
        fake.sent = apr_pstrmemdup(fake.f.pool, data, len);
    }
    return APR_SUCCESS;
}

/* --- the server, its configuration and its requests
 * --------------------------------------------- */

static void *slot(void *value)
{
    void **vector = apr_pcalloc(fake.f.pool, sizeof(*vector));
    vector[0] = value; /* the module's index is 0 */
    return vector;
}

void httpd_fake_open(void)
{
    memset(&fake, 0, sizeof(fake));
    fixture_open(&fake.f);
    register_once(fake.f.pool);
    fake.runtime.realm = fake.f.realm;
    authp_runtime_set(&fake.runtime);
    fake.main.module_config = slot(authp_config_create_server(fake.f.pool, &fake.main));
    fake.host.module_config = slot(authp_config_create_server(fake.f.pool, &fake.host));
    fake.host.is_virtual = 1;
    fake.main.next = &fake.host;
    fake.dir = authp_config_create_dir(fake.f.pool, NULL);
    ck_assert_ptr_null(authp_config_resolve(&fake.main, fake.f.pool));
    ap_conftree = NULL;
    ap_listeners = NULL;
}

void httpd_fake_close(void)
{
    fixture_close(&fake.f);
}

static request_rec *make(apr_pool_t *pool, const char *uri)
{
    static struct ap_logconf quiet = {.level = 0};
    request_rec *r = apr_pcalloc(pool, sizeof(*r));
    r->pool = pool;
    r->server = &fake.main;
    r->connection = apr_pcalloc(pool, sizeof(*r->connection));
    r->connection->pool = pool;
    r->log = &quiet;
    r->method = "GET";
    r->method_number = M_GET;
    r->uri = apr_pstrdup(pool, uri);
    r->unparsed_uri = r->uri;
    r->filename = apr_pstrcat(pool, "/srv", uri, NULL);
    r->per_dir_config = slot(fake.dir);
    r->request_config = slot(NULL);
    r->headers_out = apr_table_make(pool, 4);
    r->err_headers_out = apr_table_make(pool, 4);
    return r;
}

request_rec *httpd_fake_request(const char *uri)
{
    request_rec *r = make(fake.f.pool, uri);
    r->headers_in = apr_table_make(r->pool, 4);
    r->subprocess_env = apr_table_make(r->pool, 4);
    return r;
}

request_rec *httpd_fake_subrequest(request_rec *parent, const char *uri)
{
    apr_pool_t *pool = NULL;
    ck_assert_int_eq(apr_pool_create(&pool, parent->pool), APR_SUCCESS);
    request_rec *r = make(pool, uri);
    r->main = parent;
    r->user = parent->user;
    r->headers_in = apr_table_copy(pool, parent->headers_in);
    r->subprocess_env = apr_table_copy(pool, parent->subprocess_env);
    return r;
}

authp_context_t *httpd_fake_admit(request_rec *r, const char *role)
{
    authp_context_t *context = authp_context_make(r);
    context->known = true;
    context->via = AUTHP_VIA_BEARER;
    context->principal = (authp_principal_t){
        .user_id = "fedcba987654321001234567",
        .session_id = "0123456789abcdef01234567",
        .email = "ada@example.org",
        .name = "Ada \xc3\xa9",
        .roles = authp_roles_bit(fake.f.realm->roles, role),
        .auth_time = authp_realm_now(fake.f.realm) / 1000,
    };
    context->user = context->principal.user_id;
    r->user = (char *)(uintptr_t)context->user;
    return context;
}

void httpd_fake_fixups(request_rec *r)
{
    for (int i = 0; i < hooks.nfixups; i++) {
        (void)hooks.fixups[i](r);
    }
}

int httpd_fake_post_read(request_rec *r)
{
    return hooks.post_read(r);
}

int httpd_fake_access(request_rec *r)
{
    return hooks.access(r);
}

int httpd_fake_authn(request_rec *r)
{
    return hooks.authn(r);
}

int httpd_fake_authz(request_rec *r)
{
    return hooks.authz(r);
}

void httpd_fake_answer(request_rec *r)
{
    hooks.insert_filter(r);
    while (of_ours(r->output_filters) != NULL) {
        ck_assert_int_eq(r->output_filters->frec->filter_func.out_func(r->output_filters, NULL),
                         APR_SUCCESS);
    }
}
