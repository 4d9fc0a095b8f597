/* SPDX-License-Identifier: Apache-2.0 */
/* The discovery document of a provider. The first byte of the input chooses the provider: 'G' is
 * Google, 'L' one on loopback, anything else one with https. */
#include "fuzz.h"
#include "net/fetch.h"
#include "service/provider/discovery.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const authp_provider_t google = {
    .name = "google", .issuer = AUTHP_PROVIDER_GOOGLE_ISSUER, .google = true};
static const authp_provider_t loopback = {.name = "local", .issuer = "http://127.0.0.1:8080"};
static const authp_provider_t corp = {.name = "corp", .issuer = "https://id.corp.example/t/1"};

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void check_endpoint(const authp_provider_t *provider, const char *url)
{
    bool https = strncasecmp(url, "https://", 8) == 0;
    FUZZ_DEMAND(authp_fetch_url_fits(url));
    FUZZ_DEMAND(https || (provider == &loopback && strncasecmp(url, "http://", 7) == 0));
    FUZZ_DEMAND(strlen(url) <= AUTHP_FETCH_URL_MOST && strchr(url, '#') == NULL);
    for (; *url != '\0'; url++) {
        FUZZ_DEMAND(*url > ' ' && *url < 0x7f && *url != '\\');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    authp_discovery_t *found = NULL;
    const char *why = NULL;
    if (size < 1 || size > AUTHP_DISCOVERY_MOST) {
        return 0;
    }
    const authp_provider_t *provider = data[0] == 'G'   ? &google
                                       : data[0] == 'L' ? &loopback
                                                        : &corp;
    apr_pool_create(&pool, fuzz_pool());
    authp_err_t err =
        authp_discovery_parse(provider, (const char *)data + 1, size - 1, &found, &why, pool);
    FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_MALFORMED);
    FUZZ_DEMAND((err == AUTHP_OK) == (found != NULL) && (err == AUTHP_OK) == (why == NULL));
    if (found != NULL) {
        check_endpoint(provider, found->authorization_endpoint);
        check_endpoint(provider, found->token_endpoint);
        check_endpoint(provider, found->jwks_uri);
    }
    apr_pool_destroy(pool);
    return 0;
}
