/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_check.h"

#include "base/json.h"
#include "crypto/jwt/jwk.h"
#include "service/provider/discovery.h"
#include "service/provider/provider_probe.h"
#include "service/provider/provider_set.h"

#include <apr_strings.h>
#include <arpa/inet.h>
#include <string.h>

#define TEXT_MOST 255 /* bytes of a provider's text in a line */

typedef struct check_t {
    const authp_provider_t *provider;
    const authp_fetcher_t *fetcher;
    authp_provider_report_t *report;
    apr_pool_t *pool;
} check_t;

static void wrong(const check_t *check, const char *what, const char *more)
{
    APR_ARRAY_PUSH(check->report->errors, const char *) =
        apr_pstrcat(check->pool, what, more, NULL);
}

/* A text of the provider, shortened for a line of the report. */
static const char *quoted(const char *text)
{
    return text == NULL ? "none" : strlen(text) <= TEXT_MOST ? text : "a long text";
}

/* --- the redirect URI ------------------------------------------------------------------------- */
static bool is_foreign_address(const char *url, apr_pool_t *pool)
{
    unsigned char address[16];
    const char *host = strstr(url, "://") + 3;
    if (*host == '[') {
        return strncmp(host, "[::1]", 5) != 0;
    }
    host = apr_pstrmemdup(pool, host, strcspn(host, ":/"));
    return inet_pton(AF_INET, host, address) == 1 && address[0] != 127;
}

/* The settings have checked the rest of it. */
static void check_redirect_uri(const check_t *check)
{
    static const char *const text = "the host of its redirect URI is an IP address";
    if (!is_foreign_address(check->provider->redirect_uri, check->pool)) {
        return;
    }
    if (check->provider->google) {
        wrong(check, text, ", which Google refuses: use a name");
    } else {
        APR_ARRAY_PUSH(check->report->notes, const char *) =
            apr_pstrcat(check->pool, text, ", which many providers refuse", NULL);
    }
}

/* --- documents -------------------------------------------------------------------------------- */

/* Fetches a document. False: it cannot be fetched, and the report has the error. */
static bool fetch(const check_t *check, const char *name, const char *url, size_t limit,
                  authp_fetched_t *out)
{
    const authp_fetch_t request = {
        .url = url, .timeout_ms = AUTHP_PROVIDER_SET_TIMEOUT_MS, .limit = limit};
    const char *what = apr_pstrcat(check->pool, name, " (", url, "): ", NULL);
    *out = (authp_fetched_t){0};
    authp_err_t err = authp_fetch(check->fetcher, &request, out, check->pool);
    if (err == AUTHP_E_TOO_LARGE) {
        wrong(check, what, apr_psprintf(check->pool, "more than %" APR_SIZE_T_FMT " bytes", limit));
    } else if (err != AUTHP_OK) {
        wrong(check, what,
              apr_pstrcat(check->pool,
                          "no answer: ", out->why != NULL ? out->why : authp_err_name(err), NULL));
    } else if (out->status >= 300 && out->status < 400) {
        wrong(check, what, "a redirect, which is not followed");
    } else if (out->status != 200) {
        wrong(check, what, apr_psprintf(check->pool, "status %d", out->status));
    }
    return err == AUTHP_OK && out->status == 200;
}

static void check_endpoint(const check_t *check, const json_t *json, const char *name)
{
    const char *url = authp_json_get_str(json, name);
    if (!authp_discovery_endpoint_fits(check->provider, url)) {
        wrong(check, apr_pstrcat(check->pool, "its ", name, " cannot be used: ", NULL),
              url == NULL ? "there is none" : quoted(url));
    }
}

/* Lists that must have one of the members `ours`. A list that is absent is no error. */
static const struct {
    const char *name;
    const char *ours[3];
    const char *text;
} lists[] = {
    {"token_endpoint_auth_methods_supported",
     {"client_secret_basic", "client_secret_post", NULL},
     "its token endpoint takes a client secret neither by client_secret_basic nor by "
     "client_secret_post"},
    {"id_token_signing_alg_values_supported",
     {"RS256", "ES256", "EdDSA"},
     "it signs tokens with none of RS256, ES256 and EdDSA"},
    {"response_types_supported", {"code", NULL, NULL}, "it does not answer with a code"},
};

static bool has_ours(const json_t *list, const char *const *ours)
{
    size_t index = 0;
    json_t *each = NULL;
    json_array_foreach(list, index, each)
    {
        const char *text = json_string_value(each);
        for (int i = 0; i < 3 && text != NULL && ours[i] != NULL; i++) {
            if (strcmp(text, ours[i]) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Returns the document, or NULL if it cannot be used. */
static const authp_discovery_t *check_discovery(const check_t *check)
{
    const authp_provider_t *provider = check->provider;
    const char *url = authp_discovery_url(provider, check->pool);
    const char *why = NULL;
    authp_fetched_t answer;
    authp_discovery_t *found = NULL;
    json_t *json = NULL;
    if (!fetch(check, "its discovery document", url, AUTHP_DISCOVERY_MOST, &answer)) {
        return NULL;
    }
    if (authp_json_parse(answer.body, answer.len, &json, check->pool) != AUTHP_OK ||
        !json_is_object(json)) {
        wrong(check, apr_pstrcat(check->pool, url, " is no discovery document", NULL),
              ": not a JSON object");
        return NULL;
    }
    const char *issuer = authp_json_get_str(json, "issuer");
    if (!authp_discovery_is_issuer(provider, issuer)) {
        wrong(check, "its discovery document is of another issuer: ", quoted(issuer));
    }
    check_endpoint(check, json, "authorization_endpoint");
    check_endpoint(check, json, "token_endpoint");
    check_endpoint(check, json, "jwks_uri");
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const json_t *list = json_object_get(json, lists[i].name);
        if (json_is_array(list) && !has_ours(list, lists[i].ours)) {
            wrong(check, lists[i].text, "");
        }
    }
    return authp_discovery_parse(provider, answer.body, answer.len, &found, &why, check->pool) ==
                   AUTHP_OK
               ? found
               : NULL;
}

static int check_keys(const check_t *check, const char *url)
{
    authp_fetched_t answer;
    authp_jwk_set_t *set = NULL;
    if (!fetch(check, "its keys", url, AUTHP_JWK_SET_MOST, &answer)) {
        return 0;
    }
    if (authp_jwk_parse(answer.body, answer.len, &set, check->pool) != AUTHP_OK) {
        wrong(check, apr_pstrcat(check->pool, url, " is no key set that can be used: ", NULL),
              "no JSON, no list `keys`, more than 100 keys, or one key twice");
        return 0;
    }
    int count = authp_jwk_count(set);
    if (count == 0) {
        wrong(check, url, " has no usable key: RSA of 2048 to 8192 bits, P-256 or Ed25519");
    }
    return count;
}

void authp_provider_check(const authp_provider_t *provider, const authp_fetcher_t *fetcher,
                          authp_provider_report_t *out, apr_pool_t *pool)
{
    const check_t check = {provider, fetcher, out, pool};
    const authp_discovery_t *discovery = NULL;
    const char *what = "it has no discovery document, so its sign-in page alone was asked";
    bool github = provider->kind == AUTHP_PROVIDER_GITHUB;
    out->errors = apr_array_make(pool, 4, sizeof(const char *));
    out->notes = apr_array_make(pool, 2, sizeof(const char *));
    check_redirect_uri(&check);
    if (!github) {
        discovery = check_discovery(&check);
        int keys = discovery != NULL ? check_keys(&check, discovery->jwks_uri) : 0;
        what = discovery == NULL ? "no discovery document that can be used"
                                 : apr_psprintf(pool, "discovery document, %d usable key%s", keys,
                                                keys == 1 ? "" : "s");
    }
    const char *shown = "";
    if (github || discovery != NULL) {
        const char *endpoint = discovery != NULL ? discovery->authorization_endpoint : NULL;
        shown = authp_provider_probe(provider, endpoint, fetcher, out, pool)
                    ? "; it takes client_id and redirect URI"
                    : "; only a sign-in shows whether it takes client_id and redirect URI";
    }
    out->checked = apr_pstrcat(pool, what, shown, NULL);
}
