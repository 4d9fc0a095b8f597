/* SPDX-License-Identifier: Apache-2.0 */
/* Origin, Host and return_to. The first byte of the input chooses which of them the rest is. */
#include "base/text.h"
#include "fuzz.h"
#include "net/origin.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An accepted origin must be a scheme (or an app's own scheme, such as capacitor:) and a host, and
 * must be its own normal form. */
static void check_origin(const char *origin, apr_pool_t *pool)
{
    const char *again = NULL;
    const char *host = strstr(origin, "://");
    FUZZ_DEMAND(host != NULL && host > origin && host[3] != '\0');
    FUZZ_DEMAND(strspn(origin, "abcdefghijklmnopqrstuvwxyz0123456789+-.") ==
                (size_t)(host - origin));
    FUZZ_DEMAND(strpbrk(host + 3, "/?#@\\ \t\r\n") == NULL);
    FUZZ_DEMAND(authp_origin_parse(origin, false, &again, pool) == AUTHP_OK);
    FUZZ_DEMAND(strcmp(origin, again) == 0);
}

static void try_origin(const char *text, bool url_ok, apr_pool_t *pool)
{
    const char *origin = NULL;
    if (authp_origin_parse(text, url_ok, &origin, pool) == AUTHP_OK) {
        check_origin(origin, pool);
    }
}

static void try_host(const char *text, apr_pool_t *pool)
{
    const char *origin = NULL;
    if (authp_origin_own("https", text, &origin, pool) == AUTHP_OK) {
        check_origin(origin, pool);
    }
}

/* A browser that follows the result must stay on this host. */
static void try_return_to(const char *text, apr_pool_t *pool)
{
    const char *path = authp_origin_return_to(text, pool);
    FUZZ_DEMAND(path[0] == '/' && path[1] != '/' && path[1] != '\\');
    for (const char *at = path; *at != '\0'; at++) {
        FUZZ_DEMAND((unsigned char)*at > 0x20 && *at != 0x7f && *at != '\\');
    }
    FUZZ_DEMAND(strcmp(authp_origin_return_to(path, pool), path) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size < 1 || size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'H':
        try_host(text, pool);
        break;
    case 'R':
        try_return_to(text, pool);
        break;
    default:
        try_origin(text, data[0] == 'U', pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
