/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/github.h"

#include "base/json.h"
#include "service/provider/id_token.h"
#include "service/provider/pairs.h"

#include <apr_strings.h>
#include <string.h>

#define PUBLIC_ISSUER "https://github.com"
#define PUBLIC_API "https://api.github.com"

static const char *below(const char *issuer, const char *path, apr_pool_t *pool)
{
    size_t len = strlen(issuer);
    len -= issuer[len - 1] == '/';
    return apr_pstrcat(pool, apr_pstrmemdup(pool, issuer, len), path, NULL);
}

const char *authp_github_authorize_url(const authp_provider_t *provider, apr_pool_t *pool)
{
    return below(provider->issuer, "/login/oauth/authorize", pool);
}

static const char *api_url(const authp_provider_t *provider, const char *path, apr_pool_t *pool)
{
    bool public = strcmp(provider->issuer, PUBLIC_ISSUER) == 0;
    return public ? apr_pstrcat(pool, PUBLIC_API, path, NULL)
                  : below(provider->issuer, apr_pstrcat(pool, "/api/v3", path, NULL), pool);
}

/* Sends a request and reads the JSON of an answer with status 200. */
static authp_err_t ask(const authp_realm_t *realm, const authp_provider_t *provider,
                       authp_fetch_t *request, json_t **out, apr_pool_t *pool)
{
    authp_fetched_t answer;
    authp_err_t err = authp_provider_set_ask(realm, provider, request, &answer, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    return answer.status == 200 && authp_json_parse(answer.body, answer.len, out, pool) == AUTHP_OK
               ? AUTHP_OK
               : AUTHP_E_OAUTH_FAILED;
}

static authp_err_t exchange(const authp_realm_t *realm, const authp_provider_t *provider,
                            const authp_pending_t *pending, const char *code, const char **token,
                            apr_pool_t *pool)
{
    const authp_pair_t pairs[] = {
        {"client_id", provider->client_id},
        {"client_secret", (const char *)authp_secret_bytes(provider->client_secret)},
        {"code", code},
        {"redirect_uri", provider->redirect_uri},
        {"code_verifier", pending->verifier}};
    authp_fetch_t request = {.url = below(provider->issuer, "/login/oauth/access_token", pool),
                             .form = authp_pairs_form(AUTHP_PAIRS(pairs), pool)};
    json_t *json = NULL;
    authp_err_t err = ask(realm, provider, &request, &json, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    /* GitHub refuses a code with status 200. */
    const char *error = authp_json_get_str(json, "error");
    *token = authp_json_get_str(json, "access_token");
    return error != NULL && strcmp(error, "bad_verification_code") == 0 ? AUTHP_E_OAUTH_CODE_REFUSED
           : error != NULL || *token == NULL                            ? AUTHP_E_OAUTH_FAILED
                                                                        : AUTHP_OK;
}

static const char *primary_address(const json_t *list)
{
    size_t index = 0;
    json_t *each = NULL;
    json_array_foreach(list, index, each)
    {
        if (json_is_true(json_object_get(each, "primary")) &&
            json_is_true(json_object_get(each, "verified"))) {
            return authp_json_get_str(each, "email");
        }
    }
    return NULL;
}

authp_err_t authp_github_redeem(const authp_realm_t *realm, const authp_provider_t *provider,
                                const authp_pending_t *pending, const char *code,
                                authp_person_t *out, apr_pool_t *pool)
{
    const char *token = NULL;
    json_t *user = NULL;
    json_t *addresses = NULL;
    authp_err_t err = exchange(realm, provider, pending, code, &token, pool);
    if (err == AUTHP_OK) {
        authp_fetch_t request = {.url = api_url(provider, "/user", pool), .bearer = token};
        err = ask(realm, provider, &request, &user, pool);
    }
    if (err == AUTHP_OK) {
        authp_fetch_t request = {.url = api_url(provider, "/user/emails", pool), .bearer = token};
        err = ask(realm, provider, &request, &addresses, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    const json_t *number = json_object_get(user, "id");
    if (!json_is_integer(number) || json_integer_value(number) <= 0 || !json_is_array(addresses)) {
        return AUTHP_E_OAUTH_FAILED;
    }
    /* JSON_INTEGER_FORMAT is no format of apr_psprintf(), which would make one text of all numbers.
     */
    authp_person_t person = {
        .sub = apr_psprintf(pool, "%" APR_INT64_T_FMT, (apr_int64_t)json_integer_value(number))};
    const char *name = authp_json_get_str(user, "name");
    err = authp_id_token_describe(provider, primary_address(addresses),
                                  name != NULL ? name : authp_json_get_str(user, "login"),
                                  authp_json_get_str(user, "avatar_url"), &person, pool);
    if (err == AUTHP_OK) {
        *out = person;
    }
    return err;
}
