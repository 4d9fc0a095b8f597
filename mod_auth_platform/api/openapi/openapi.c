/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi.h"
#include "api/core/form.h"
#include "api/core/mounts.h"
#include "api/core/profile.h"
#include "api/core/query.h"
#include "api/openapi/openapi_about.h"
#include "api/openapi/openapi_components.h"
#include "api/openapi/openapi_examples.h"
#include "api/openapi/openapi_parameters.h"
#include "api/openapi/openapi_schemas.h"
#include "api/openapi/openapi_security.h"
#include "base/json.h"
#include "base/text.h"
#include "base/version.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

/* What the functions below need for every operation. */
typedef struct maker_t {
    const authp_settings_t *settings;
    const authp_mount_t *mount; /* whose document it is */
    const authp_profile_t
        *profile;     /* of the routes at hand: the mount's, or another's without one */
    json_t *examples; /* all that there are */
    json_t *shown;    /* components/examples of the document, which routes refer to */
    const json_t *about;
    apr_pool_t *pool;
} maker_t;

/* Collects the problems of a route: first those that its columns imply, then those of its own list.
 */
static void collect(const authp_route_t *route, const authp_profile_t *profile,
                    authp_err_t out[AUTHP_E_COUNT], int *count)
{
    int n = 0;
    if (route->auth == AUTHP_AUTH_REQUIRED) {
        out[n++] = AUTHP_E_TOKEN_MISSING;
        out[n++] = AUTHP_E_TOKEN_INVALID;
        out[n++] = AUTHP_E_TOKEN_EXPIRED;
        out[n++] = AUTHP_E_TOKEN_REVOKED;
    }
    if (route->auth == AUTHP_AUTH_OPTIONAL) {
        out[n++] = AUTHP_E_TOKEN_INVALID;
        out[n++] = AUTHP_E_TOKEN_EXPIRED;
        out[n++] = AUTHP_E_TOKEN_REVOKED;
    }
    if (route->role != NULL) {
        out[n++] = AUTHP_E_INSUFFICIENT_ROLE;
    }
    if ((route->flags & AUTHP_ROUTE_SIGNS_IN) != 0) {
        out[n++] = AUTHP_E_ORIGIN_DENIED;
    }
    if (route->auth == AUTHP_AUTH_REQUIRED && strcmp(route->method, "GET") != 0 &&
        !profile->bearer_only) {
        out[n++] = AUTHP_E_CSRF_FAILED;
        out[n++] = AUTHP_E_ORIGIN_DENIED;
    }
    if (authp_query_may_fail(route)) {
        out[n++] = AUTHP_E_VALIDATION_FAILED;
    }
    if (route->body != NULL) {
        out[n++] = AUTHP_E_MALFORMED;
        out[n++] = AUTHP_E_TOO_LARGE;
        out[n++] = AUTHP_E_UNSUPPORTED_MEDIA_TYPE;
        out[n++] = AUTHP_E_VALIDATION_FAILED;
    }
    if ((route->flags & AUTHP_ROUTE_LIMITS) != 0) {
        out[n++] = AUTHP_E_RATE_LIMITED;
    }
    if ((route->flags & AUTHP_ROUTE_WAITS) != 0) {
        out[n++] = AUTHP_E_BUSY;
        out[n++] = AUTHP_E_UNAVAILABLE;
    }
    for (int i = 0; i < AUTHP_ROUTE_PROBLEMS && route->problems[i] != AUTHP_OK; i++) {
        out[n++] = route->problems[i];
    }
    out[n++] = AUTHP_E_INTERNAL;
    *count = n;
}

static const char *status_text(int status, apr_pool_t *pool)
{
    return apr_itoa(pool, status);
}

/* Adds a response header by reference to its description in the components. */
static void refer_header(json_t *response, const char *name, const char *component,
                         apr_pool_t *pool)
{
    json_t *headers = json_object_get(response, "headers");
    headers = headers != NULL ? headers : authp_json_set_object(response, "headers");
    if (json_object_get(headers, name) == NULL) {
        authp_json_set_str(authp_json_set_object(headers, name), "$ref",
                           apr_pstrcat(pool, "#/components/headers/", component, NULL));
    }
}

static void describe_headers(const authp_problem_t *problem, json_t *response, apr_pool_t *pool)
{
    refer_header(response, "X-Request-Id", "RequestId", pool);
    if (problem->status == 401) {
        refer_header(response, "WWW-Authenticate", "Challenge", pool);
    }
    if (problem->retry_after > 0) {
        refer_header(response, "Retry-After", "RetryAfter", pool);
    }
}

static void refer_schema(json_t *media, const char *schema, apr_pool_t *pool)
{
    authp_json_set_str(authp_json_set_object(media, "schema"), "$ref",
                       apr_pstrcat(pool, "#/components/schemas/", schema, NULL));
}

/* Sets the schema of an error. A status whose errors have several schemas gets the one of all
 * errors. */
static void refer_error(json_t *media, const authp_shape_t *shape, authp_err_t err,
                        apr_pool_t *pool)
{
    const char *ref = json_string_value(json_object_get(json_object_get(media, "schema"), "$ref"));
    const char *own =
        err == AUTHP_E_VALIDATION_FAILED ? shape->findings_schema : shape->plain_schema;
    if (own == NULL || (ref != NULL && strcmp(strrchr(ref, '/') + 1, own) != 0)) {
        own = shape->error_schema;
    }
    refer_schema(media, own, pool);
}

/* OTP_SEND_FAILED_STATUS is a setting (dispatch.c). */
static int status_of(const authp_problem_t *problem, const maker_t *maker)
{
    return problem->err == AUTHP_E_OTP_SEND_FAILED ? maker->settings->otp_send_failed_status
                                                   : problem->status;
}

/* Adds a problem to the response of its status. Each code in that response has one example. */
static void add_problem(json_t *responses, authp_err_t err, const maker_t *maker)
{
    apr_pool_t *pool = maker->pool;
    const authp_shape_t *shape = maker->profile->shape;
    const authp_problem_t *problem = authp_profile_problem(maker->profile, err);
    const char *status = status_text(status_of(problem, maker), pool);
    json_t *response = json_object_get(responses, status);
    if (response == NULL) {
        response = authp_json_set_object(responses, status);
        authp_json_set_str(response, "description", problem->title);
        json_t *media =
            authp_json_set_object(authp_json_set_object(response, "content"), shape->error_type);
        (void)authp_json_set_object(media, "schema");
        (void)authp_json_set_object(media, "examples");
    }
    describe_headers(problem, response, pool);
    json_t *media = json_object_get(json_object_get(response, "content"), shape->error_type);
    refer_error(media, shape, err, pool);
    json_t *examples = json_object_get(media, "examples");
    const char *example = authp_openapi_examples_error(maker->profile, err, pool);
    if (examples != NULL && json_object_get(examples, example) == NULL) {
        if (json_object_size(examples) > 0) {
            const char *before = json_string_value(json_object_get(response, "description"));
            authp_json_set_str(response, "description",
                               apr_pstrcat(pool, before, " · ", problem->title, NULL));
        }
        authp_json_set_str(authp_json_set_object(examples, example), "$ref",
                           apr_pstrcat(pool, "#/components/examples/", example, NULL));
        authp_openapi_examples_put_error(maker->profile, err, example, maker->shown, pool);
    }
}

/* Adds the content of a media type: its schema, and examples of the schema. With `route` the
 * examples are those of the route's answer. */
static void add_content(json_t *to, const char *type, const char *route, const char *schema,
                        const maker_t *maker)
{
    json_t *content = json_object_get(to, "content");
    content = content != NULL ? content : authp_json_set_object(to, "content");
    json_t *media = authp_json_set_object(content, type);
    refer_schema(media, schema, maker->pool);
    authp_openapi_examples_refer(maker->examples, maker->mount, route, schema, media, maker->pool);
}

/* A second status of success has another schema, or no content. Nothing else differs. Its examples
 * have the key "METHOD /path STATUS". */
static void add_other_success(json_t *responses, const authp_route_t *route, const maker_t *maker)
{
    if (route->other_success != 0) {
        json_t *response =
            authp_json_set_object(responses, status_text(route->other_success, maker->pool));
        authp_json_set_str(response, "description", "Done");
        refer_header(response, "X-Request-Id", "RequestId", maker->pool);
        if (route->other_answer != NULL) {
            add_content(response, "application/json",
                        apr_pstrcat(maker->pool, route->method, " ", route->path, " ",
                                    status_text(route->other_success, maker->pool), NULL),
                        route->other_answer, maker);
        }
    }
}

/* The component that describes the cookies that a successful answer sets. NULL = none. */
static const char *cookies_of(const authp_route_t *route, const maker_t *maker)
{
    const authp_profile_t *profile = maker->profile;
    if ((route->flags & AUTHP_ROUTE_SIGNS_IN) != 0) {
        return maker->mount->delivery != AUTHP_DELIVERY_JSON ? "Cookies" : NULL;
    }
    bool form = (route->flags & AUTHP_ROUTE_FORM) != 0;
    if (profile->refresh_cookie != NULL && (form || route->auth == AUTHP_AUTH_OWN)) {
        return "RefreshCookies";
    }
    return form || (route->flags & AUTHP_ROUTE_DEVICE) != 0 ? "DeviceCookie" : NULL;
}

static void add_success(json_t *responses, const authp_route_t *route, const maker_t *maker)
{
    apr_pool_t *pool = maker->pool;
    json_t *response = authp_json_set_object(responses, status_text(route->success, pool));
    authp_json_set_str(response, "description", route->success == 302 ? "Go to Location" : "Done");
    refer_header(response, "X-Request-Id", "RequestId", pool);
    if (route->success == 302) {
        refer_header(response, "Location", "Location", pool);
    }
    if (cookies_of(route, maker) != NULL) {
        refer_header(response, "Set-Cookie", cookies_of(route, maker), pool);
    }
    if ((route->flags & AUTHP_ROUTE_KEPT) != 0) {
        refer_header(response, "ETag", "EntityTag", pool);
    }
    if (route->answer != NULL) {
        bool page = (route->flags & AUTHP_ROUTE_PAGE) != 0;
        add_content(response, page ? "text/html" : "application/json",
                    apr_pstrcat(pool, route->method, " ", route->path, NULL), route->answer, maker);
    }
}

static const char *lower_case(const char *text, apr_pool_t *pool)
{
    char *lower = apr_pstrdup(pool, text);
    authp_text_lower(lower);
    return lower;
}

/* Returns a name for a route: "POST", "/login/candidate" -> "postLoginCandidate". `path` is below
 * the mount of the document. For a route of another mount it is the path on the host. */
static const char *operation_id(const authp_route_t *route, const char *path, apr_pool_t *pool)
{
    char *id = apr_pstrcat(pool, route->method, path, NULL);
    char *to = id;
    bool upper = false;
    size_t method = strlen(route->method);
    for (size_t i = 0; id[i] != '\0'; i++) {
        if (!apr_isalnum(id[i])) {
            upper = true;
            continue;
        }
        char c = i < method ? (char)apr_tolower(id[i]) : id[i];
        *to++ = upper ? (char)apr_toupper(c) : c;
        upper = false;
    }
    *to = '\0';
    return id;
}

static void add_body(json_t *operation, const authp_route_t *route, const maker_t *maker)
{
    json_t *body = authp_json_set_object(operation, "requestBody");
    authp_json_set_bool(body, "required", (route->flags & AUTHP_ROUTE_OPTIONAL_BODY) == 0);
    add_content(body, "application/json", NULL, route->body->name, maker);
    if ((route->flags & AUTHP_ROUTE_FORM) != 0) {
        add_content(body, AUTHP_FORM_TYPE, NULL,
                    authp_openapi_schemas_form(route->body, maker->pool), maker);
    }
}

static void add_operation(json_t *item, const authp_route_t *route, const char *id,
                          const maker_t *maker)
{
    apr_pool_t *pool = maker->pool;
    authp_err_t problems[AUTHP_E_COUNT];
    int count = 0;
    json_t *operation = authp_json_set_object(item, lower_case(route->method, pool));
    authp_json_append_str(authp_json_set_array(operation, "tags"), route->tag);
    authp_json_set_str(operation, "summary", route->summary);
    authp_json_set_str(operation, "description", authp_openapi_about(maker->about, route, pool));
    authp_json_set_str(operation, "operationId", id);
    authp_openapi_parameters(operation, route, maker->profile, maker->mount->delivery,
                             maker->settings);
    authp_openapi_security(operation, route, maker->profile);
    if (route->body != NULL) {
        add_body(operation, route, maker);
    }
    json_t *responses = authp_json_set_object(operation, "responses");
    add_success(responses, route, maker);
    add_other_success(responses, route, maker);
    collect(route, maker->profile, problems, &count);
    for (int i = 0; i < count; i++) {
        add_problem(responses, problems[i], maker);
    }
}

/* Adds examples of the errors that every route may answer, but that not every route names. */
static void add_common_errors(const maker_t *maker)
{
    static const authp_err_t common[] = {AUTHP_E_NOT_FOUND, AUTHP_E_METHOD_NOT_ALLOWED};
    for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++) {
        authp_openapi_examples_put_error(
            maker->profile, common[i],
            authp_openapi_examples_error(maker->profile, common[i], maker->pool), maker->shown,
            maker->pool);
    }
}

/* Adds the routes of one mount. If the document belongs to another mount, the names of the
 * operations contain the path of this one. */
static void add_mount(json_t *document, const authp_mount_t *mount, maker_t *maker)
{
    apr_pool_t *pool = maker->pool;
    json_t *paths = json_object_get(document, "paths");
    json_t *components = json_object_get(document, "components");
    maker->profile = mount->profile;
    maker->about = authp_openapi_about_read(mount->profile, pool);
    authp_openapi_examples_add(mount->profile, maker->examples, pool);
    authp_openapi_schemas_add(mount->profile, maker->settings,
                              json_object_get(components, "schemas"), pool);
    authp_openapi_security_schemes(mount->profile, maker->settings, components);
    add_common_errors(maker);
    for (const authp_route_t *route = mount->profile->routes; route->method != NULL; route++) {
        const char *path = apr_pstrcat(pool, mount->path, route->path, NULL);
        json_t *item = json_object_get(paths, path);
        add_operation(item != NULL ? item : authp_json_set_object(paths, path), route,
                      operation_id(route, mount == maker->mount ? route->path : path, pool), maker);
    }
}

/* Adds the mounts without a document of their own. */
static void add_others(json_t *document, const apr_array_header_t *mounts, maker_t *maker)
{
    for (int i = 0; i < mounts->nelts; i++) {
        const authp_mount_t *mount = &APR_ARRAY_IDX(mounts, i, const authp_mount_t);
        if (mount->profile->title == NULL &&
            authp_mounts_describing(mounts, mount) == maker->mount) {
            add_mount(document, mount, maker);
        }
    }
}

static void add_tags(json_t *document, const authp_profile_t *profile)
{
    json_t *list = authp_json_set_array(document, "tags");
    for (const authp_tag_t *tag = profile->tags; tag != NULL && tag->name != NULL; tag++) {
        json_t *entry = authp_json_append_object(list);
        authp_json_set_str(entry, "name", tag->name);
        authp_json_set_str(entry, "description", tag->about);
    }
}

json_t *authp_openapi_make(const authp_settings_t *settings, const apr_array_header_t *mounts,
                           const authp_mount_t *mount, apr_pool_t *pool)
{
    maker_t maker = {.settings = settings,
                     .mount = mount,
                     .examples = authp_openapi_examples_make(pool),
                     .pool = pool};
    json_t *document = authp_json_object(pool);
    authp_json_set_str(document, "openapi", "3.1.0");
    json_t *info = authp_json_set_object(document, "info");
    authp_json_set_str(info, "title", mount->profile->title);
    authp_json_set_str(info, "version", AUTHP_VERSION);
    authp_json_set_str(info, "description", mount->profile->about);
    add_tags(document, mount->profile);
    (void)authp_json_set_object(document, "paths");
    json_t *components = authp_json_set_object(document, "components");
    authp_openapi_schemas_add_common(authp_json_set_object(components, "schemas"), pool);
    maker.shown = authp_json_set_object(components, "examples");
    authp_openapi_components_headers(components);
    add_mount(document, mount, &maker);
    add_others(document, mounts, &maker);
    authp_openapi_examples_components(maker.examples, mount, maker.shown);
    return document;
}
