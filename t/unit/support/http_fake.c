/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fake.h"
#include "api/core/dispatch.h"
#include "api/core/mounts.h"
#include "api/core/profiles.h"
#include "api/docs/document.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#include <check.h>

#define CLIENT_IP "192.0.2.1"

static const char *get_header(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

static authp_err_t read_body(void *ctx, size_t limit, const char **data, size_t *len)
{
    http_fake_t *h = ctx;
    h->body_reads++;
    if (h->body_err != AUTHP_OK) {
        return h->body_err;
    }
    if (h->body_len > limit) {
        return AUTHP_E_TOO_LARGE;
    }
    *data = h->body;
    *len = h->body_len;
    return AUTHP_OK;
}

void http_fake_mount(http_fake_t *h, const char *path, authp_delivery_t delivery, const char *me)
{
    h->mounts = apr_array_make(h->f.pool, 2, sizeof(authp_mount_t));
    APR_ARRAY_PUSH(h->mounts, authp_mount_t) =
        authp_mount_make(path, authp_profiles_find("platform"), delivery);
    if (me != NULL) {
        APR_ARRAY_PUSH(h->mounts, authp_mount_t) =
            authp_mount_make(me, authp_profiles_find("me"), delivery);
    }
    h->mount = &APR_ARRAY_IDX(h->mounts, 0, authp_mount_t);
}

void http_fake_documents(http_fake_t *h)
{
    for (int i = 0; i < h->mounts->nelts; i++) {
        authp_mount_t *mount = &APR_ARRAY_IDX(h->mounts, i, authp_mount_t);
        if (mount->profile->title != NULL) {
            ck_assert_int_eq(
                authp_document_make(h->f.settings, h->mounts, mount, &mount->documents, h->f.pool),
                AUTHP_OK);
        }
    }
}

static const authp_route_t *row_of(const http_fake_t *h, int index, const authp_mount_t **of)
{
    for (int i = 0; i < h->mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(h->mounts, i, authp_mount_t);
        const authp_route_t *route = mount->profile->routes;
        for (; route->method != NULL; route++) {
            if (index-- == 0) {
                *of = mount;
                return route;
            }
        }
    }
    return NULL;
}

const authp_route_t *http_fake_route(const http_fake_t *h, int index)
{
    const authp_mount_t *mount = NULL;
    return row_of(h, index, &mount);
}

const char *http_fake_route_path(const http_fake_t *h, int index)
{
    const authp_mount_t *mount = NULL;
    const authp_route_t *route = row_of(h, index, &mount);
    return route != NULL ? apr_pstrcat(h->f.pool, mount->path, route->path, NULL) : NULL;
}

void http_fake_open(http_fake_t *h)
{
    *h = (http_fake_t){.sign_in_page = "/signin.html"};
    fixture_open(&h->f);
    http_fake_mount(h, "/api/auth", AUTHP_DELIVERY_ASK, "/api/protected/me");
    http_fake_documents(h);
    http_fake_clear(h);
}

void http_fake_close(http_fake_t *h)
{
    fixture_close(&h->f);
}

void http_fake_clear(http_fake_t *h)
{
    h->headers = apr_table_make(h->f.pool, 8);
    h->body = "";
    h->body_len = 0;
}

authp_headers_t http_fake_headers(const http_fake_t *h)
{
    return (authp_headers_t){get_header, h->headers};
}

authp_request_t http_fake_request(http_fake_t *h, const char *method, const char *target)
{
    size_t len = strcspn(target, "?");
    const char *path = apr_pstrmemdup(h->f.pool, target, len);
    const authp_mount_t *mount = authp_mounts_find(h->mounts, path);
    return (authp_request_t){.mount = mount != NULL ? mount : h->mount,
                             .method = method,
                             .path = path,
                             .query = target[len] == '?' ? target + len + 1 : NULL,
                             .headers = http_fake_headers(h),
                             .scheme = "https",
                             .host = "jobs.example.org",
                             .client_ip = CLIENT_IP,
                             .request_id = HTTP_FAKE_REQUEST_ID,
                             .sign_in_page = h->sign_in_page,
                             .read_body = read_body,
                             .body_ctx = h,
                             .gate = h->gate};
}

void http_fake_json(http_fake_t *h, const char *body)
{
    apr_table_set(h->headers, "Content-Type", "application/json");
    h->body = body;
    h->body_len = strlen(body);
}

void http_fake_bearer(http_fake_t *h, const char *token)
{
    apr_table_set(h->headers, "Authorization", apr_pstrcat(h->f.pool, "Bearer ", token, NULL));
}

static void check_problem(http_fake_t *h, const authp_response_t *out)
{
    json_t *document = http_fake_body(h, out);
    ck_assert_str_eq(http_fake_header(out, "Content-Type"), "application/problem+json");
    ck_assert_int_eq(json_integer_value(json_object_get(document, "status")), out->status);
    ck_assert_str_eq(http_fake_text(h, out, "request_id"), HTTP_FAKE_REQUEST_ID);
    ck_assert_uint_gt(strlen(http_fake_text(h, out, "type")), 0);
    ck_assert_uint_gt(strlen(http_fake_text(h, out, "title")), 0);
    ck_assert_uint_gt(strlen(http_fake_text(h, out, "detail")), 0);
    ck_assert_int_eq(json_is_array(json_object_get(document, "errors")),
                     strcmp(http_fake_text(h, out, "code"), "validation_failed") == 0);
}

/* Each audit entry of a request has the address of its client and the request's id. The hooks of
 * tests write entries of fixture_client. */
static void check_audit(const http_fake_t *h, int from)
{
    for (int i = from; i < fixture_audits(&h->f); i++) {
        const authp_audit_t *entry = fixture_audit_at(&h->f, i);
        ck_assert_msg(entry->ip != NULL, "audit of %s: no client", entry->event);
        if (strcmp(entry->ip, fixture_client.ip) != 0) {
            ck_assert_str_eq(entry->ip, CLIENT_IP);
            ck_assert_pstr_eq(entry->request_id, HTTP_FAKE_REQUEST_ID);
        }
    }
}

authp_response_t http_fake_ask(http_fake_t *h, const char *method, const char *target)
{
    authp_response_t out = {0};
    authp_request_t request = http_fake_request(h, method, target);
    int audits = fixture_audits(&h->f);
    authp_dispatch(h->f.realm, &request, &out, h->f.pool);
    check_audit(h, audits);
    if (out.status == 0) {
        return out;
    }
    const char *challenge = http_fake_header(&out, "WWW-Authenticate");
    bool later = out.status == 429 || out.status == 503;
    ck_assert_str_eq(http_fake_header(&out, "X-Request-Id"), HTTP_FAKE_REQUEST_ID);
    ck_assert_ptr_nonnull(http_fake_header(&out, "Cache-Control"));
    ck_assert_int_eq((challenge != NULL), out.status == 401);
    ck_assert(challenge == NULL || strncmp(challenge, "Bearer realm=", 13) == 0);
    ck_assert_int_eq((http_fake_header(&out, "Retry-After") != NULL), later);
    if (out.status >= 400) {
        check_problem(h, &out);
    }
    return out;
}

authp_response_t http_fake_expect(http_fake_t *h, const char *method, const char *target,
                                  int status, const char *code)
{
    authp_response_t out = http_fake_ask(h, method, target);
    ck_assert_msg(out.status == status, "%s %s: %d %s", method, target, out.status, out.body);
    if (code != NULL) {
        ck_assert_str_eq(http_fake_text(h, &out, "code"), code);
    }
    return out;
}

json_t *http_fake_body(http_fake_t *h, const authp_response_t *out)
{
    json_t *body = NULL;
    json_error_t error;
    body = json_loadb(out->body, out->body_len, JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(body != NULL, "%s: %s", error.text, out->body);
    /* The pool frees the value, as json.h does it. */
    json_t *kept = authp_json_object(h->f.pool);
    authp_json_set(kept, "body", body);
    json_decref(body);
    return json_object_get(kept, "body");
}

const char *http_fake_text(http_fake_t *h, const authp_response_t *out, const char *member)
{
    const char *text = json_string_value(json_object_get(http_fake_body(h, out), member));
    ck_assert_msg(text != NULL, "no string \"%s\" in %s", member, out->body);
    return text;
}

const char *http_fake_header(const authp_response_t *out, const char *name)
{
    return apr_table_get(out->headers, name);
}

static const apr_table_entry_t *entries(const authp_response_t *out, int *count)
{
    const apr_array_header_t *all = apr_table_elts(out->headers);
    *count = all->nelts;
    return (const apr_table_entry_t *)(const void *)all->elts;
}

const char *http_fake_set_cookie(const authp_response_t *out, const char *name)
{
    int count = 0;
    size_t len = strlen(name);
    const apr_table_entry_t *entry = entries(out, &count);
    for (int i = 0; i < count; i++) {
        if (strcasecmp(entry[i].key, "Set-Cookie") == 0 && strncmp(entry[i].val, name, len) == 0 &&
            entry[i].val[len] == '=') {
            return entry[i].val;
        }
    }
    return NULL;
}

int http_fake_set_cookies(const authp_response_t *out)
{
    int count = 0;
    int found = 0;
    const apr_table_entry_t *entry = entries(out, &count);
    for (int i = 0; i < count; i++) {
        found += strcasecmp(entry[i].key, "Set-Cookie") == 0 &&
                 strncmp(entry[i].val, "authp_device=", 13) != 0 &&
                 strncmp(entry[i].val, "__Secure-authp_device=", 22) != 0;
    }
    return found;
}

const char *http_fake_cookie_value(http_fake_t *h, const authp_response_t *out, const char *name)
{
    const char *line = http_fake_set_cookie(out, name);
    ck_assert_msg(line != NULL, "no Set-Cookie of %s", name);
    line += strlen(name) + 1;
    return apr_pstrmemdup(h->f.pool, line, strcspn(line, ";"));
}

void http_fake_browser(http_fake_t *h, const authp_response_t *out)
{
    static const char *const names[] = {"__Host-authp_at", "__Secure-authp_rt", "csrf_token"};
    const char *jar = "theme=dark";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        jar = apr_pstrcat(h->f.pool, jar, "; ", names[i], "=",
                          http_fake_cookie_value(h, out, names[i]), NULL);
    }
    apr_table_setn(h->headers, "Cookie", jar);
    apr_table_setn(h->headers, "X-CSRF-Token", http_fake_cookie_value(h, out, "csrf_token"));
    apr_table_setn(h->headers, "Origin", HTTP_FAKE_ORIGIN);
}

authp_response_t http_fake_register(http_fake_t *h, const char *email, bool cookies)
{
    http_fake_clear(h);
    if (cookies) {
        apr_table_setn(h->headers, "X-Token-Delivery", "cookie");
    }
    http_fake_json(h, apr_pstrcat(h->f.pool, "{\"email\":\"", email,
                                  "\",\"password\":\"" FIXTURE_PASSWORD "\"}", NULL));
    authp_response_t out = http_fake_expect(h, "POST", "/api/auth/register", 201, NULL);
    http_fake_clear(h);
    return out;
}
