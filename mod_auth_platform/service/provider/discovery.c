/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/discovery.h"

#include "base/json.h"
#include "net/fetch.h"

#include <apr_strings.h>
#include <string.h>

#define HTTPS "https://"

const char *authp_discovery_url(const authp_provider_t *provider, apr_pool_t *pool)
{
    const char *issuer = provider->issuer;
    size_t len = strlen(issuer);
    len -= issuer[len - 1] == '/';
    return apr_pstrcat(pool, apr_pstrmemdup(pool, issuer, len), "/.well-known/openid-configuration",
                       NULL);
}

static const char *without_https(const char *issuer)
{
    return strncmp(issuer, HTTPS, strlen(HTTPS)) == 0 ? issuer + strlen(HTTPS) : issuer;
}

bool authp_discovery_is_issuer(const authp_provider_t *provider, const char *issuer)
{
    if (issuer == NULL) {
        return false;
    }
    return strcmp(provider->issuer, issuer) == 0 ||
           (provider->google &&
            strcmp(without_https(provider->issuer), without_https(issuer)) == 0);
}

/* If the issuer is https, its endpoints must be https too: http URLs are on this host, to which
 * such a provider may not send requests. */
bool authp_discovery_endpoint_fits(const authp_provider_t *provider, const char *url)
{
    bool plain = strncmp(provider->issuer, "http://", 7) == 0;
    return url != NULL && authp_fetch_url_fits(url) &&
           (plain || strncmp(url, HTTPS, strlen(HTTPS)) == 0);
}

static const char *endpoint(const authp_provider_t *provider, const json_t *json, const char *name,
                            apr_pool_t *pool)
{
    const char *url = authp_json_get_str(json, name);
    return authp_discovery_endpoint_fits(provider, url) ? apr_pstrdup(pool, url) : NULL;
}

static bool lists(const json_t *array, const char *word)
{
    size_t index = 0;
    json_t *each = NULL;
    json_array_foreach(array, index, each)
    {
        const char *text = authp_json_str(each);
        if (text != NULL && strcmp(text, word) == 0) {
            return true;
        }
    }
    return false;
}

authp_err_t authp_discovery_parse(const authp_provider_t *provider, const char *text, size_t len,
                                  authp_discovery_t **out, const char **why, apr_pool_t *pool)
{
    json_t *json = NULL;
    authp_discovery_t *found = apr_pcalloc(pool, sizeof(*found));
    if (authp_json_parse(text, len, &json, pool) != AUTHP_OK || !json_is_object(json)) {
        *why = "is not a JSON object";
        return AUTHP_E_MALFORMED;
    }
    if (!authp_discovery_is_issuer(provider, authp_json_get_str(json, "issuer"))) {
        *why = "names another issuer";
        return AUTHP_E_MALFORMED;
    }
    found->authorization_endpoint = endpoint(provider, json, "authorization_endpoint", pool);
    found->token_endpoint = endpoint(provider, json, "token_endpoint", pool);
    found->jwks_uri = endpoint(provider, json, "jwks_uri", pool);
    if (found->authorization_endpoint == NULL || found->token_endpoint == NULL ||
        found->jwks_uri == NULL) {
        *why = "lacks an endpoint, or has one that is no https URL";
        return AUTHP_E_MALFORMED;
    }
    const json_t *methods = json_object_get(json, "token_endpoint_auth_methods_supported");
    found->secret_in_body =
        lists(methods, "client_secret_post") && !lists(methods, "client_secret_basic");
    found->names_itself =
        json_is_true(json_object_get(json, "authorization_response_iss_parameter_supported"));
    *out = found;
    return AUTHP_OK;
}
