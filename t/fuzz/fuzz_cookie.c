/* SPDX-License-Identifier: Apache-2.0 */
/* A Cookie header: looking a cookie up, choosing the access token, and removing our cookies before
 * the app sees them. */
#include "api/core/credential.h"
#include "base/text.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
    "__Host-authp_at", "authp_at",     "__Secure-authp_rt",    "authp_rt",
    "csrf_token",      "authp_device", "__Secure-authp_device"};
#define NAMES (sizeof(names) / sizeof(names[0]))

static const char *get_cookie(void *ctx, const char *name)
{
    return strcmp(name, "Cookie") == 0 ? ctx : NULL;
}

/* A value that is found must lie within the header's text and hold no separator. */
static void try_name(const char *header, const char *name)
{
    const char *value = NULL;
    size_t len = 0;
    if (authp_credential_cookie(header, name, &value, &len)) {
        FUZZ_DEMAND(value >= header && value + len <= header + strlen(header));
        FUZZ_DEMAND(memchr(value, ';', len) == NULL);
    }
}

/* The header that the app gets must hold none of our cookies, whichever way the app's parser splits
 * it. */
static void try_strip(const char *header, apr_pool_t *pool)
{
    const char *rest = authp_credential_strip(header, pool);
    if (rest == NULL) {
        return;
    }
    FUZZ_DEMAND(strlen(rest) <= strlen(header));
    for (size_t i = 0; i < NAMES; i++) {
        const char *value = NULL;
        size_t len = 0;
        FUZZ_DEMAND(!authp_credential_cookie(rest, names[i], &value, &len));
    }
    const char *again = authp_credential_strip(rest, pool);
    FUZZ_DEMAND(again != NULL && strcmp(again, rest) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *header = apr_pstrmemdup(pool, (const char *)data, size);
    authp_headers_t headers = {get_cookie, (void *)(uintptr_t)header};
    for (size_t i = 0; i < NAMES; i++) {
        try_name(header, names[i]);
    }
    for (int secure = 0; secure < 2; secure++) {
        authp_credential_t found;
        authp_credential_find(&headers, secure == 1, &found);
        FUZZ_DEMAND(found.via != AUTHP_VIA_BEARER);
        FUZZ_DEMAND(found.via == AUTHP_VIA_NONE ||
                    (found.token >= header && found.token + found.len <= header + strlen(header)));
    }
    try_strip(header, pool);
    apr_pool_destroy(pool);
    return 0;
}
