/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_set.h"

#include "base/log.h"
#include "crypto/jwt/jws.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdatomic.h>
#include <string.h>

#define ENTER_TRIES 20
#define ENTER_WAIT_US 2000
#define ANSWER_MOST 65536 /* bytes of an answer of a token endpoint or of an API */

typedef struct member_t {
    const authp_provider_t *provider;
    authp_kept_t *discovery;
    authp_kept_t *keys;
} member_t;

struct authp_provider_set_t {
    const authp_fetcher_t *fetcher;
    int most;
    atomic_int *inside; /* number of callers that may wait for a provider now */
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
                                              const authp_fetcher_t *fetcher, int most,
                                              const authp_clock_t *clock, apr_pool_t *pool)
{
    authp_provider_set_t *set = apr_pcalloc(pool, sizeof(*set));
    set->fetcher = fetcher;
    set->most = most;
    set->inside = apr_pcalloc(pool, sizeof(*set->inside));
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
                                     .keys = authp_kept_make(&keys, fetcher, clock, pool)};
    }
    return set;
}

/* Takes a place. A call that finds what it needs takes some microseconds, so a short wait tells a
 * crowd from callers that wait for a provider. */
static bool enter(const authp_provider_set_t *set)
{
    for (int i = 0; i < ENTER_TRIES; i++) {
        if (atomic_fetch_add(set->inside, 1) < set->most) {
            return true;
        }
        atomic_fetch_sub(set->inside, 1);
        apr_sleep(ENTER_WAIT_US);
    }
    return false;
}

static void leave(const authp_provider_set_t *set)
{
    atomic_fetch_sub(set->inside, 1);
}

/* What a caller gets for an error of net/. */
static authp_err_t told(authp_err_t err)
{
    return err == AUTHP_OK || err == AUTHP_E_INTERNAL ? err : AUTHP_E_OAUTH_UNAVAILABLE;
}

static authp_err_t get(const authp_realm_t *realm, authp_kept_t *kept, const char *url,
                       const void **value, apr_pool_t *pool)
{
    if (!enter(realm->providers)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_get(kept, url, value, pool);
    leave(realm->providers);
    return told(err);
}

static authp_err_t renew(const authp_realm_t *realm, authp_kept_t *kept, const char *url,
                         const void **value, apr_pool_t *pool)
{
    if (!enter(realm->providers)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_renew(kept, url, value, pool);
    leave(realm->providers);
    return told(err);
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

static const member_t *member_of(const authp_realm_t *realm, const authp_provider_t *provider)
{
    const member_t *member = realm->providers->members;
    while (member->provider != provider) {
        member++; /* authp_provider_set_find() has found it here */
    }
    return member;
}

authp_err_t authp_provider_set_discovery(const authp_realm_t *realm,
                                         const authp_provider_t *provider,
                                         const authp_discovery_t **out, apr_pool_t *pool)
{
    const void *value = NULL;
    authp_err_t err = get(realm, member_of(realm, provider)->discovery,
                          authp_discovery_url(provider, pool), &value, pool);
    if (err == AUTHP_OK) {
        *out = value;
    }
    return err;
}

authp_err_t authp_provider_set_verify(const authp_realm_t *realm, const authp_provider_t *provider,
                                      const char *id_token, json_t **claims, const char **why,
                                      apr_pool_t *pool)
{
    authp_kept_t *kept = member_of(realm, provider)->keys;
    const authp_discovery_t *discovery = NULL;
    const void *keys = NULL;
    authp_err_t err = authp_provider_set_discovery(realm, provider, &discovery, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = get(realm, kept, discovery->jwks_uri, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_jws_verify(keys, id_token, strlen(id_token), claims, why, pool);
    if (err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    err = renew(realm, kept, discovery->jwks_uri, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    *why = "kid";
    return authp_jws_verify(keys, id_token, strlen(id_token), claims, why, pool);
}

authp_err_t authp_provider_set_ask(const authp_realm_t *realm, authp_fetch_t *request,
                                   authp_fetched_t *out, apr_pool_t *pool)
{
    request->timeout_ms = AUTHP_PROVIDER_SET_TIMEOUT_MS;
    request->limit = ANSWER_MOST;
    if (!enter(realm->providers)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_fetch(realm->providers->fetcher, request, out, pool);
    leave(realm->providers);
    if (err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_BUSY) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_INTERNAL ? err : AUTHP_E_OAUTH_FAILED;
    }
    return out->status >= 500 ? AUTHP_E_OAUTH_UNAVAILABLE : AUTHP_OK;
}
