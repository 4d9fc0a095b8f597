/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_set.h"

#include "base/log.h"
#include "crypto/jwt/jws.h"

#include <apr_strings.h>
#include <string.h>

#define ANSWER_MOST 65536 /* bytes of an answer of a token endpoint or of an API */

typedef struct member_t {
    const authp_provider_t *provider;
    authp_kept_t *discovery;
    authp_kept_t *keys;
    authp_places_t *places; /* of callers that wait for this provider */
} member_t;

struct authp_provider_set_t {
    const authp_fetcher_t *fetcher;
    int count;
    member_t *members;
};

static authp_err_t parse_discovery(void *ctx, const char *body, size_t len, void **value,
                                   apr_pool_t *pool)
{
    const authp_provider_t *provider = ctx;
    authp_discovery_t *found = NULL;
    const char *why = "";
    authp_err_t err = authp_discovery_parse(provider, body, len, &found, &why, pool);
    if (err == AUTHP_OK) {
        *value = found;
    } else {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0340",
                  "provider %s: its discovery document %s, so nobody can sign in with it",
                  provider->name, why);
    }
    return err;
}

static authp_err_t parse_keys(void *ctx, const char *body, size_t len, void **value,
                              apr_pool_t *pool)
{
    const authp_provider_t *provider = ctx;
    authp_jwk_set_t *set = NULL;
    authp_err_t err = authp_jwk_parse(body, len, &set, pool);
    if (err == AUTHP_OK) {
        *value = set;
    } else {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0341", "provider %s: its keys are refused: %s",
                  provider->name, authp_err_name(err));
    }
    return err;
}

static authp_kept_rules_t rules_of(const authp_provider_t *provider, size_t limit,
                                   authp_err_t (*parse)(void *, const char *, size_t, void **,
                                                        apr_pool_t *))
{
    return (authp_kept_rules_t){.limit = limit,
                                .timeout_ms = AUTHP_PROVIDER_SET_TIMEOUT_MS,
                                .parse = parse,
                                .ctx = (void *)(uintptr_t)provider};
}

authp_provider_set_t *authp_provider_set_make(const authp_settings_t *settings,
                                              const authp_fetcher_t *fetcher,
                                              authp_places_t *places, const authp_clock_t *clock,
                                              apr_pool_t *pool)
{
    authp_provider_set_t *set = apr_pcalloc(pool, sizeof(*set));
    set->fetcher = fetcher;
    set->count = settings->providers->nelts;
    set->members = apr_pcalloc(pool, sizeof(member_t) * (size_t)(set->count + 1));
    for (int i = 0; i < set->count; i++) {
        const authp_provider_t *provider =
            APR_ARRAY_IDX(settings->providers, i, const authp_provider_t *);
        const authp_kept_rules_t discovery =
            rules_of(provider, AUTHP_DISCOVERY_MOST, parse_discovery);
        const authp_kept_rules_t keys = rules_of(provider, AUTHP_JWK_SET_MOST, parse_keys);
        set->members[i] = (member_t){.provider = provider,
                                     .discovery = authp_kept_make(&discovery, fetcher, clock, pool),
                                     .keys = authp_kept_make(&keys, fetcher, clock, pool),
                                     .places = authp_places_share(places, pool)};
    }
    return set;
}

/* Maps an error of net/ to one of this file's functions. */
static authp_err_t told(authp_err_t err)
{
    return err == AUTHP_OK || err == AUTHP_E_INTERNAL ? err : AUTHP_E_OAUTH_UNAVAILABLE;
}

const authp_provider_t *authp_provider_set_find(const authp_realm_t *realm, const char *name)
{
    const authp_provider_set_t *set = realm->providers;
    for (int i = 0; set != NULL && i < set->count; i++) {
        if (strcmp(set->members[i].provider->name, name) == 0) {
            return set->members[i].provider;
        }
    }
    return NULL;
}

static member_t *member_of(const authp_realm_t *realm, const authp_provider_t *provider)
{
    member_t *member = realm->providers->members;
    while (member->provider != provider) {
        member++; /* authp_provider_set_find() has found it here */
    }
    return member;
}

/* Gets one of the two documents of `member`. */
static authp_err_t get(member_t *member, authp_kept_t *kept, const char *url, const void **value,
                       apr_pool_t *pool)
{
    if (authp_kept_is_quick(kept, url)) {
        return told(authp_kept_get(kept, url, value, pool));
    }
    if (!authp_places_enter(member->places)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_get(kept, url, value, pool);
    authp_places_leave(member->places, err == AUTHP_OK);
    return told(err);
}

static authp_err_t renew_keys(member_t *member, const char *url, const void **value,
                              apr_pool_t *pool)
{
    if (!authp_places_enter(member->places)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_renew(member->keys, url, value, pool);
    authp_places_leave(member->places, err == AUTHP_OK);
    return told(err);
}

authp_err_t authp_provider_set_discovery(const authp_realm_t *realm,
                                         const authp_provider_t *provider,
                                         const authp_discovery_t **out, apr_pool_t *pool)
{
    const void *value = NULL;
    member_t *member = member_of(realm, provider);
    authp_err_t err =
        get(member, member->discovery, authp_discovery_url(provider, pool), &value, pool);
    if (err == AUTHP_OK) {
        *out = value;
    }
    return err;
}

authp_err_t authp_provider_set_verify(const authp_realm_t *realm, const authp_provider_t *provider,
                                      const char *id_token, json_t **claims, const char **why,
                                      apr_pool_t *pool)
{
    member_t *member = member_of(realm, provider);
    const authp_discovery_t *discovery = NULL;
    const void *keys = NULL;
    authp_err_t err = authp_provider_set_discovery(realm, provider, &discovery, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = get(member, member->keys, discovery->jwks_uri, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_jws_verify(keys, id_token, strlen(id_token), claims, why, pool);
    if (err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    err = renew_keys(member, discovery->jwks_uri, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    *why = "kid";
    return authp_jws_verify(keys, id_token, strlen(id_token), claims, why, pool);
}

authp_err_t authp_provider_set_ask(const authp_realm_t *realm, const authp_provider_t *provider,
                                   authp_fetch_t *request, authp_fetched_t *out, apr_pool_t *pool)
{
    member_t *member = member_of(realm, provider);
    request->timeout_ms = AUTHP_PROVIDER_SET_TIMEOUT_MS;
    request->limit = ANSWER_MOST;
    if (!authp_places_enter(member->places)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_fetch(realm->providers->fetcher, request, out, pool);
    authp_places_leave(member->places, err == AUTHP_OK);
    if (err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_BUSY) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_INTERNAL ? err : AUTHP_E_OAUTH_FAILED;
    }
    return out->status >= 500 ? AUTHP_E_OAUTH_UNAVAILABLE : AUTHP_OK;
}
