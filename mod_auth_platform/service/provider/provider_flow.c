/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_flow.h"

#include "base/json.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "service/provider/github.h"
#include "service/provider/id_token.h"
#include "service/provider/pairs.h"

#include <apr_strings.h>
#include <string.h>

#define EXPIRY_MOST INT64_C(253402300799) /* the last second of the year 9999 */

authp_err_t authp_provider_flow_location(const authp_realm_t *realm,
                                         const authp_provider_t *provider,
                                         const authp_pending_t *pending, const char *hint,
                                         const char **out, apr_pool_t *pool)
{
    bool github = provider->kind == AUTHP_PROVIDER_GITHUB;
    const char *endpoint = NULL;
    const char *challenge = NULL;
    authp_err_t err = authp_pending_challenge(pending->verifier, &challenge, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (github) {
        endpoint = authp_github_authorize_url(provider, pool);
    } else {
        const authp_discovery_t *discovery = NULL;
        err = authp_provider_set_discovery(realm, provider, &discovery, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        endpoint = discovery->authorization_endpoint;
    }
    const authp_pair_t pairs[] = {{"response_type", "code"},
                                  {"client_id", provider->client_id},
                                  {"redirect_uri", provider->redirect_uri},
                                  {"scope", provider->scopes},
                                  {"state", pending->state},
                                  {"nonce", github ? NULL : pending->nonce},
                                  {"code_challenge", challenge},
                                  {"code_challenge_method", "S256"},
                                  {"prompt", provider->google ? "select_account" : NULL},
                                  {github ? "login" : "login_hint", hint}};
    *out = authp_pairs_url(endpoint, AUTHP_PAIRS(pairs), pool);
    return AUTHP_OK;
}

authp_err_t authp_provider_flow_check_iss(const authp_realm_t *realm,
                                          const authp_provider_t *provider, const char *iss,
                                          apr_pool_t *pool)
{
    const authp_discovery_t *discovery = NULL;
    if (iss != NULL) {
        return authp_discovery_is_issuer(provider, iss) ? AUTHP_OK : AUTHP_E_OAUTH_STATE_INVALID;
    }
    if (provider->kind == AUTHP_PROVIDER_GITHUB) {
        return AUTHP_OK;
    }
    authp_err_t err = authp_provider_set_discovery(realm, provider, &discovery, pool);
    return err == AUTHP_OK && discovery->names_itself ? AUTHP_E_OAUTH_STATE_INVALID : err;
}

/* Sends the code to the token endpoint. */
static authp_err_t exchange(const authp_realm_t *realm, const authp_provider_t *provider,
                            const authp_pending_t *pending, const char *code, const char **id_token,
                            apr_pool_t *pool)
{
    const authp_discovery_t *discovery = NULL;
    authp_err_t err = authp_provider_set_discovery(realm, provider, &discovery, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    const char *secret = (const char *)authp_secret_bytes(provider->client_secret);
    bool in_body = discovery->secret_in_body;
    const authp_pair_t pairs[] = {{"grant_type", "authorization_code"},
                                  {"code", code},
                                  {"redirect_uri", provider->redirect_uri},
                                  {"code_verifier", pending->verifier},
                                  {"client_id", in_body ? provider->client_id : NULL},
                                  {"client_secret", in_body ? secret : NULL}};
    authp_fetch_t request = {.url = discovery->token_endpoint,
                             .form = authp_pairs_form(AUTHP_PAIRS(pairs), pool)};
    if (!in_body) {
        const char *encoded = authp_text_url_encode(secret, pool);
        request.user = authp_text_url_encode(provider->client_id, pool);
        request.password = authp_secret_make(encoded, strlen(encoded), pool);
    }
    authp_fetched_t answer;
    json_t *json = NULL;
    err = authp_provider_set_ask(realm, provider, &request, &answer, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (authp_json_parse(answer.body, answer.len, &json, pool) != AUTHP_OK) {
        return AUTHP_E_OAUTH_FAILED;
    }
    const char *error = authp_json_get_str(json, "error");
    if (answer.status != 200) {
        return error != NULL && strcmp(error, "invalid_grant") == 0 ? AUTHP_E_OAUTH_CODE_REFUSED
                                                                    : AUTHP_E_OAUTH_FAILED;
    }
    *id_token = authp_json_get_str(json, "id_token");
    return *id_token != NULL ? AUTHP_OK : AUTHP_E_OAUTH_FAILED;
}

static authp_err_t check_token(const authp_realm_t *realm, const authp_id_token_rules_t *rules,
                               const char *id_token, json_t **claims, const char **why,
                               apr_pool_t *pool)
{
    authp_err_t err =
        authp_provider_set_verify(realm, rules->provider, id_token, claims, why, pool);
    if (err == AUTHP_OK) {
        err = authp_id_token_check(rules, *claims, why);
    }
    if (err == AUTHP_OK) {
        *why = NULL; /* a later refusal is not about the token */
    }
    return err;
}

static int64_t seconds(const authp_realm_t *realm)
{
    return authp_clock_now(realm->clock) / 1000;
}

authp_err_t authp_provider_flow_redeem(const authp_realm_t *realm, const authp_pending_t *pending,
                                       const authp_provider_t *provider, const char *code,
                                       authp_provider_word_t *out, apr_pool_t *pool)
{
    *out = (authp_provider_word_t){.why = NULL};
    if (provider->kind == AUTHP_PROVIDER_GITHUB) {
        return authp_github_redeem(realm, provider, pending, code, &out->person, pool);
    }
    const char *id_token = NULL;
    json_t *claims = NULL;
    const authp_id_token_rules_t rules = {
        .provider = provider, .nonce = pending->nonce, .now = seconds(realm)};
    authp_err_t err = exchange(realm, provider, pending, code, &id_token, pool);
    if (err == AUTHP_OK) {
        err = check_token(realm, &rules, id_token, &claims, &out->why, pool);
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_TOKEN_INVALID || err == AUTHP_E_NOT_FOUND ? AUTHP_E_OAUTH_FAILED
                                                                        : err;
    }
    return authp_id_token_person(provider, claims, &out->person, pool);
}

/* Marks the token as used, by a hash of header and payload. The signature is left out, because it
 * can be written in more than one way. */
static authp_err_t use_up(const authp_realm_t *realm, const char *id_token, int64_t expiry,
                          apr_pool_t *pool)
{
    const char *hash = NULL;
    size_t len = (size_t)(strrchr(id_token, '.') - id_token);
    authp_err_t err = authp_digest_sha256_hex(id_token, len, &hash, pool);
    if (err == AUTHP_OK) {
        /* The provider chooses the expiry, so it may be too large to calculate with. */
        int64_t last = expiry < EXPIRY_MOST ? expiry : EXPIRY_MOST;
        int64_t until = (last + AUTHP_ID_TOKEN_LEEWAY + 1) * 1000;
        err = authp_store_used_token_add(realm->store, hash, until, pool);
    }
    return err;
}

authp_err_t authp_provider_flow_token(const authp_realm_t *realm, const authp_provider_t *provider,
                                      const char *id_token, const char *nonce,
                                      authp_provider_word_t *out, apr_pool_t *pool)
{
    json_t *claims = NULL;
    const authp_id_token_rules_t rules = {
        .provider = provider, .nonce = nonce, .from_a_phone = true, .now = seconds(realm)};
    *out = (authp_provider_word_t){.why = NULL};
    authp_err_t err = check_token(realm, &rules, id_token, &claims, &out->why, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_OAUTH_FAILED : err;
    }
    err = use_up(realm, id_token, authp_id_token_expiry(claims), pool);
    if (err == AUTHP_E_CONFLICT) {
        out->why = "used";
        return AUTHP_E_TOKEN_INVALID;
    }
    return err == AUTHP_OK ? authp_id_token_person(provider, claims, &out->person, pool) : err;
}
