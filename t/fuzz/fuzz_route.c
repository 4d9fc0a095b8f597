/* SPDX-License-Identifier: Apache-2.0 */
/* Sends a method, a path and a query through dispatch, and through the parameter rules of every
 * list. Input: "METHOD PATH?QUERY". There is no store, so no token belongs to an account. */
#include "api/core/dispatch.h"
#include "api/core/mounts.h"
#include "api/core/profiles.h"
#include "api/core/query.h"
#include "api/docs/document.h"
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static authp_realm_t *realm;
static apr_array_header_t *mounts;

static const char *no_header(void *ctx, const char *name)
{
    (void)ctx, (void)name;
    return NULL;
}

static authp_err_t no_body(void *ctx, size_t limit, const char **data, size_t *len)
{
    (void)ctx, (void)limit;
    *data = "";
    *len = 0;
    return AUTHP_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char key[] = "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL";
    static const char *const roles[] = {"candidate", "recruiter", "admin"};
    apr_pool_t *global = fuzz_pool();
    (void)argc;
    (void)argv;
    authp_settings_t settings = {.source = "the fuzzer",
                                 .jwt_algorithm = "HS256",
                                 .jwt_issuer = "auth_platform",
                                 .jwt_audience = "auth_platform",
                                 .access_token_minutes = 15,
                                 .bcrypt_rounds = 4,
                                 .password_min_length = 8,
                                 .body_limit = 16384,
                                 .cors_origins = apr_array_make(global, 1, sizeof(const char *)),
                                 .roles = apr_array_make(global, 3, sizeof(const char *))};
    settings.jwt_secret = authp_secret_make(key, sizeof(key) - 1, global);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        APR_ARRAY_PUSH(settings.roles, const char *) = roles[i];
    }
    FUZZ_DEMAND(authp_realm_make(&settings, &realm, global) == AUTHP_OK);
    mounts = apr_array_make(global, 2, sizeof(authp_mount_t));
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api/auth", authp_profiles_find("platform"), AUTHP_DELIVERY_JSON);
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api/protected/me", authp_profiles_find("me"), AUTHP_DELIVERY_JSON);
    authp_mount_t *mount = &APR_ARRAY_IDX(mounts, 0, authp_mount_t);
    FUZZ_DEMAND(authp_document_make(&settings, mounts, mount, &mount->documents, global) ==
                AUTHP_OK);
    return 0;
}

/* Every answer must have a status, and every failure a problem document with the same status. */
static void try_dispatch(const authp_request_t *request, apr_pool_t *pool)
{
    authp_response_t out;
    json_t *document = NULL;
    authp_dispatch(realm, request, &out, pool);
    FUZZ_DEMAND(out.status >= 200 && out.status < 600);
    FUZZ_DEMAND(apr_table_get(out.headers, "X-Request-Id") != NULL);
    const char *type = apr_table_get(out.headers, "Content-Type");
    if (type != NULL && strcmp(type, "application/problem+json") == 0) {
        FUZZ_DEMAND(authp_json_parse(out.body, out.body_len, &document, pool) == AUTHP_OK);
        FUZZ_DEMAND(json_integer_value(json_object_get(document, "status")) == out.status);
    }
}

/* What holds for a parameter that has been checked. */
static void demand_value(const authp_call_t *call, const authp_parameter_t *parameter)
{
    const char *value = authp_call_query(call, parameter->name);
    if (parameter->kind == AUTHP_QUERY_LIMIT) {
        authp_page_t page = authp_query_page(call);
        FUZZ_DEMAND(page.limit >= 2 && page.limit <= AUTHP_QUERY_MOST + 1);
        FUZZ_DEMAND(page.after_id == NULL || authp_id_valid(page.after_id));
    }
    /* The bytes of these are not checked. */
    if (parameter->kind != AUTHP_QUERY_ANY && parameter->kind != AUTHP_QUERY_TARGET) {
        FUZZ_DEMAND(value == NULL || authp_text_utf8(value, strlen(value), NULL));
    }
}

static void try_query(const authp_request_t *request, apr_pool_t *pool)
{
    const authp_route_t *route = authp_profiles_find("platform")->routes;
    for (; route->method != NULL; route++) {
        if (!authp_query_may_fail(route)) {
            continue;
        }
        authp_call_t call = {.realm = realm, .request = request, .route = route, .pool = pool};
        if (authp_query_check(&call) != AUTHP_OK) {
            FUZZ_DEMAND(call.findings->count > 0);
            continue;
        }
        for (const authp_parameter_t *at = route->query; at->name != NULL; at++) {
            demand_value(&call, at);
        }
    }
}

/* True for routes that would call the store, which this target does not have. */
static bool needs_store(const authp_request_t *request)
{
    static const char *const kept[] = {"/refresh", "/logout", "/session/renew", "/readyz"};
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
        if (strstr(request->path, kept[i]) != NULL) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    char *method = apr_pstrmemdup(pool, (const char *)data, size);
    char *path = strchr(method, ' ');
    char *query = path != NULL ? strchr(path, '?') : NULL;
    if (path != NULL) {
        *path++ = '\0';
        if (query != NULL) {
            *query++ = '\0';
        }
        const authp_request_t request = {.mount = authp_mounts_find(mounts, path),
                                         .method = method,
                                         .path = path,
                                         .query = query,
                                         .headers = {no_header, NULL},
                                         .scheme = "https",
                                         .host = "jobs.example.org",
                                         .client_ip = "192.0.2.1",
                                         .request_id = "65f0c0ffee00000000000001",
                                         .read_body = no_body};
        if (request.mount != NULL && !needs_store(&request)) {
            try_dispatch(&request, pool);
        }
        try_query(&request, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
