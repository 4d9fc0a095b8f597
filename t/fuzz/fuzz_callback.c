/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in at a provider, there and back, with a provider and a store in memory. The lines of the
 * input are: a letter, the query, the Cookie header, the answer of the token endpoint.
 *
 * L: /google/login. If it leads to the provider, the browser comes back with its state and a good
 * code, so that `return_to` is used.
 * C: /google/callback. '@' stands for a valid state in the query, for the cookie of that state in
 * the Cookie header, and for a good id_token in the answer.
 * A small letter is a navigation, for which there are pages. */
#include "fuzz.h"
#include "support/provider_world.h"

#include "api/core/dispatch.h"
#include "base/text.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FRONT_HOST "app.example.org"
#define COOKIE "__Host-authp_oauth"
#define AT_PROVIDER PROVIDER_WORLD_ISSUER "/auth?"

static const char *get_header(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    provider_world_start();
    return 0;
}

/* https, the host of FRONTEND_URL, and no port but 443. */
static bool is_front_end(const char *url)
{
    const char *at = url + strlen("https://" FRONT_HOST);
    if (strncasecmp(url, "https://" FRONT_HOST, strlen("https://" FRONT_HOST)) != 0) {
        return false;
    }
    if (*at == ':') {
        char *end = NULL;
        at++;
        long port = strtol(at, &end, 10);
        FUZZ_DEMAND(end == at || port == 443);
        at = end;
    }
    return *at == '\0' || strchr("/?#", *at) != NULL;
}

/* A Location leads to a path of this host, to the front end, or from /login to the provider. */
static void check_location(const char *to, bool start)
{
    for (const char *each = to; *each != '\0'; each++) {
        FUZZ_DEMAND(*each > ' ' && *each < 0x7f);
    }
    if (start && strncmp(to, AT_PROVIDER, strlen(AT_PROVIDER)) == 0) {
        FUZZ_DEMAND(strstr(to, "&state=") != NULL && strstr(to, "&code_challenge=") != NULL);
        return;
    }
    bool path = to[0] == '/' && to[1] != '/' && strchr(to, '\\') == NULL;
    FUZZ_DEMAND(path || is_front_end(to));
}

static bool is_known_status(int status, bool start)
{
    static const int login[] = {302, 400, 422, 503};
    static const int callback[] = {200, 302, 400, 403, 409, 422, 502, 503};
    const int *known = start ? login : callback;
    size_t count = start ? sizeof(login) / sizeof(int) : sizeof(callback) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
        if (known[i] == status) {
            return true;
        }
    }
    return false;
}

static authp_response_t ask(const provider_world_t *world, const char *query, apr_table_t *headers,
                            bool start)
{
    const char *path = start ? "/api/auth/google/login" : "/api/auth/google/callback";
    const authp_request_t request = {.mount = world->mount,
                                     .method = "GET",
                                     .path = path,
                                     .query = query,
                                     .headers = {get_header, headers},
                                     .scheme = "https",
                                     .host = "jobs.example.org",
                                     .client_ip = "192.0.2.1",
                                     .request_id = "65f0c0ffee00000000000001",
                                     .sign_in_page = "/signin.html",
                                     .read_body = provider_world_no_body};
    authp_response_t out;
    authp_dispatch(world->realm, &request, &out, world->pool);
    const char *to = apr_table_get(out.headers, "Location");
    FUZZ_DEMAND(is_known_status(out.status, start));
    FUZZ_DEMAND((out.status == 302) == (to != NULL));
    if (to != NULL) {
        check_location(to, start);
    }
    return out;
}

/* The value that an answer gives the cookie of pending sign-ins, as a Cookie header. */
static const char *kept(const authp_response_t *out, apr_pool_t *pool)
{
    const apr_array_header_t *all = apr_table_elts(out->headers);
    for (int i = 0; i < all->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(all, i, apr_table_entry_t);
        if (strcasecmp(entry->key, "Set-Cookie") == 0 &&
            strncmp(entry->val, COOKIE "=", strlen(COOKIE "=")) == 0) {
            return apr_pstrmemdup(pool, entry->val, strcspn(entry->val, ";"));
        }
    }
    return NULL;
}

static const char *with(const char *text, const char *value, apr_pool_t *pool)
{
    const char *at = strchr(text, '@');
    return at == NULL ? text
                      : apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(at - text)),
                                    value, at + 1, NULL);
}

static void go(provider_world_t *world, const char *query, apr_table_t *headers)
{
    authp_response_t out = ask(world, query, headers, true);
    const char *to = apr_table_get(out.headers, "Location");
    const char *cookie = kept(&out, world->pool);
    const char *state = to != NULL ? strstr(to, "&state=") : NULL;
    /* Only an answer that leads to the provider keeps a state. */
    FUZZ_DEMAND((cookie != NULL) ==
                (to != NULL && strncmp(to, AT_PROVIDER, strlen(AT_PROVIDER)) == 0));
    if (cookie == NULL) {
        return;
    }
    state += strlen("&state=");
    state = apr_pstrmemdup(world->pool, state, strcspn(state, "&"));
    provider_world_answer_good(world, cookie, state);
    apr_table_setn(headers, "Cookie", cookie);
    const char *back = apr_pstrcat(world->pool, "code=x&state=", state, NULL);
    out = ask(world, back, headers, false);
    FUZZ_DEMAND(kept(&out, world->pool) != NULL);
    FUZZ_DEMAND(out.status == 200 || out.status == 302 || out.status == 403);
    /* The same once more, with the cookie as it is now. */
    apr_table_setn(headers, "Cookie", kept(&out, world->pool));
    out = ask(world, back, headers, false);
    FUZZ_DEMAND(out.status == 400);
}

static void come_back(provider_world_t *world, const char *query, const char *answer,
                      apr_table_t *headers)
{
    const char *cookie = apr_table_get(headers, "Cookie");
    const char *state = NULL;
    const char *value = provider_world_pending(world, &state);
    apr_table_setn(headers, "Cookie",
                   with(cookie, apr_pstrcat(world->pool, COOKIE "=", value, NULL), world->pool));
    provider_world_answer_good(world, apr_pstrcat(world->pool, COOKIE "=", value, NULL), state);
    world->answer = with(answer, world->id_token, world->pool);
    (void)ask(world, with(query, state, world->pool), headers, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    provider_world_t world;
    if (size < 1 || size > 8192) {
        return 0;
    }
    provider_world_open(&world);
    char *text = apr_pstrmemdup(world.pool, (const char *)data, size);
    const char *lines[4] = {"", "", "", ""};
    for (int i = 0; i < 4; i++) {
        lines[i] = text;
        text += strcspn(text, "\n");
        if (*text != '\0') {
            *text++ = '\0';
        }
    }
    apr_table_t *headers = apr_table_make(world.pool, 4);
    apr_table_setn(headers, "Cookie", lines[2]);
    if (lines[0][0] == 'l' || lines[0][0] == 'c') {
        apr_table_setn(headers, "Sec-Fetch-Mode", "navigate");
    }
    if (lines[0][0] == 'L' || lines[0][0] == 'l') {
        go(&world, lines[1], headers);
    } else {
        come_back(&world, lines[1], lines[3], headers);
    }
    provider_world_close(&world);
    return 0;
}
