/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_probe.h"

#include "base/b64url.h"
#include "base/random.h"
#include "service/provider/github.h"
#include "service/provider/pairs.h"
#include "service/provider/provider_set.h"

#include <apr_strings.h>
#include <string.h>

#define ANSWER_MOST 1048576 /* bytes of a sign-in page */
#define RANDOM_BYTES 32
#define ERROR_MOST 64

static void note(apr_array_header_t *notes, const char *text)
{
    APR_ARRAY_PUSH(notes, const char *) = text;
}

static const char *random_text(apr_pool_t *pool)
{
    unsigned char bytes[RANDOM_BYTES];
    authp_random_fill(authp_random_system(), bytes, sizeof(bytes));
    return authp_b64url_encode(bytes, sizeof(bytes), pool);
}

static const char *address_of(const authp_provider_t *provider, const char *endpoint,
                              apr_pool_t *pool)
{
    bool github = provider->kind == AUTHP_PROVIDER_GITHUB;
    /* 32 random bytes look like any S256 challenge. Nobody has its verifier, so a code that comes
     * back is of no use. */
    const authp_pair_t pairs[] = {{"response_type", "code"},
                                  {"client_id", provider->client_id},
                                  {"redirect_uri", provider->redirect_uri},
                                  {"scope", provider->scopes},
                                  {"state", random_text(pool)},
                                  {"nonce", github ? NULL : random_text(pool)},
                                  {"code_challenge", random_text(pool)},
                                  {"code_challenge_method", "S256"},
                                  {"prompt", github ? NULL : "none"}};
    return authp_pairs_url(github ? authp_github_authorize_url(provider, pool) : endpoint,
                           AUTHP_PAIRS(pairs), pool);
}

/* The parameter `error` of an address. NULL: it has none. "?": its value is not a short word of a-z
 * and _. */
static const char *error_of(const char *url, apr_pool_t *pool)
{
    const char *at = strpbrk(url, "?#");
    while (at != NULL && strncmp(at + 1, "error=", 6) != 0) {
        at = strpbrk(at + 1, "?&#");
    }
    if (at == NULL) {
        return NULL;
    }
    const char *value = at + 7;
    size_t len = strspn(value, "abcdefghijklmnopqrstuvwxyz_");
    bool whole = len > 0 && len <= ERROR_MOST && strchr("&#", value[len]) != NULL;
    return whole ? apr_pstrmemdup(pool, value, len) : "?";
}

/* True for an error with which a provider says that it knows the client and must show a page. */
static bool asks_for_a_page(const char *error)
{
    static const char *const words[] = {"login_required", "interaction_required",
                                        "consent_required", "account_selection_required",
                                        "access_denied"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(error, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_ours(const char *url, const char *redirect_uri)
{
    size_t len = strlen(redirect_uri);
    return strncmp(url, redirect_uri, len) == 0 && strchr("?#", url[len]) != NULL;
}

static bool is_error_page(const char *url, apr_pool_t *pool)
{
    return strstr(apr_pstrmemdup(pool, url, strcspn(url, "?#")), "/error") != NULL;
}

static bool judge(const authp_provider_t *provider, const authp_fetched_t *answer,
                  apr_array_header_t *notes, apr_pool_t *pool)
{
    if (answer->status >= 400) {
        note(notes,
             apr_psprintf(pool,
                          "it answers an authorization request with status %d instead of a "
                          "sign-in page or a redirect: perhaps it does not know the client_id, or "
                          "the redirect URI is not registered there",
                          answer->status));
        return false;
    }
    if (answer->location == NULL) {
        return false;
    }
    if (!is_ours(answer->location, provider->redirect_uri)) {
        if (is_error_page(answer->location, pool)) {
            note(notes, "it answers an authorization request with an error page: perhaps it does "
                        "not know the client_id, or the redirect URI is not registered there");
        }
        return false;
    }
    const char *error = error_of(answer->location, pool);
    if (error != NULL && !asks_for_a_page(error)) {
        note(notes, apr_pstrcat(pool, "it refuses an authorization request: error=", error, NULL));
    }
    return true;
}

bool authp_provider_probe(const authp_provider_t *provider, const char *endpoint,
                          const authp_fetcher_t *fetcher, authp_provider_report_t *report,
                          apr_pool_t *pool)
{
    const authp_fetch_t request = {.url = address_of(provider, endpoint, pool),
                                   .accept = "text/html",
                                   .timeout_ms = AUTHP_PROVIDER_SET_TIMEOUT_MS,
                                   .limit = ANSWER_MOST};
    authp_fetched_t answer = {0};
    authp_err_t err = authp_fetch(fetcher, &request, &answer, pool);
    if (err != AUTHP_OK) {
        /* Only browsers need this URL, so the failure is a hint. At GitHub the server itself uses
         * the same host. */
        note(provider->kind == AUTHP_PROVIDER_GITHUB ? report->errors : report->notes,
             apr_pstrcat(pool, "no answer of ", authp_fetch_origin(request.url, pool),
                         " to an authorization request: ",
                         answer.why != NULL ? answer.why : authp_err_name(err), NULL));
        return false;
    }
    return judge(provider, &answer, report->notes, pool);
}
