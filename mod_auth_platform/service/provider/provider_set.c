/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/provider_set.h"

#include "base/log.h"
#include "crypto/jwt/jws.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <stdatomic.h>
#include <string.h>

#define ENTER_TRIES 150 /* 300 ms: a provider that works answers once or twice in that time */
#define ENTER_WAIT_US 2000
#define CROWD_MS 1000     /* after a wait in vain no caller waits for this time */
#define ANSWER_MOST 65536 /* bytes of an answer of a token endpoint or of an API */

typedef struct member_t {
    const authp_provider_t *provider;
    authp_kept_t *discovery;
    authp_kept_t *keys;
    atomic_int inside;       /* number of callers that may wait for this provider now */
    _Atomic int64_t crowded; /* when a caller has last waited in vain for a place */
} member_t;

struct authp_provider_set_t {
    const authp_fetcher_t *fetcher;
    const authp_clock_t *clock;
    int most;
    int share;          /* of `most`, for one provider */
    atomic_int *inside; /* number of callers that may wait for any provider now */
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
    set->clock = clock;
    set->most = most;
    set->share = settings->providers->nelts > 1 ? most - most / 4 : most;
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
                                     .keys = authp_kept_make(&keys, fetcher, clock, pool),
                                     .crowded = authp_clock_now(clock) - CROWD_MS};
    }
    return set;
}

static bool take(atomic_int *inside, int most)
{
    int now = atomic_load(inside);
    while (now < most) {
        if (atomic_compare_exchange_weak(inside, &now, now + 1)) {
            return true;
        }
    }
    return false;
}

static bool try_enter(const authp_provider_set_t *set, member_t *member)
{
    if (!take(&member->inside, set->share)) {
        return false;
    }
    if (!take(set->inside, set->most)) {
        atomic_fetch_sub(&member->inside, 1);
        return false;
    }
    return true;
}

/* Takes a place, and waits up to ENTER_TRIES times ENTER_WAIT_US for it. A caller that waits
 * occupies a place at httpd's gate, which other requests need. So after one caller has waited in
 * vain, callers do not wait for CROWD_MS. */
static bool enter(const authp_provider_set_t *set, member_t *member)
{
    for (int i = 0; i < ENTER_TRIES; i++) {
        if (try_enter(set, member)) {
            return true;
        }
        if (authp_clock_now(set->clock) - atomic_load(&member->crowded) < CROWD_MS) {
            return false;
        }
        apr_sleep(ENTER_WAIT_US);
    }
    atomic_store(&member->crowded, authp_clock_now(set->clock));
    return false;
}

/* Gives the place back. `answered`: the provider works, so callers may wait for a place again. */
static void leave(const authp_provider_set_t *set, member_t *member, bool answered)
{
    if (answered) {
        atomic_store(&member->crowded, authp_clock_now(set->clock) - CROWD_MS);
    }
    atomic_fetch_sub(set->inside, 1);
    atomic_fetch_sub(&member->inside, 1);
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
static authp_err_t get(const authp_realm_t *realm, member_t *member, authp_kept_t *kept,
                       const char *url, const void **value, apr_pool_t *pool)
{
    if (authp_kept_is_quick(kept, url)) {
        return told(authp_kept_get(kept, url, value, pool));
    }
    if (!enter(realm->providers, member)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_get(kept, url, value, pool);
    leave(realm->providers, member, err == AUTHP_OK);
    return told(err);
}

static authp_err_t renew_keys(const authp_realm_t *realm, member_t *member, const char *url,
                              const void **value, apr_pool_t *pool)
{
    if (!enter(realm->providers, member)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_kept_renew(member->keys, url, value, pool);
    leave(realm->providers, member, err == AUTHP_OK);
    return told(err);
}

authp_err_t authp_provider_set_discovery(const authp_realm_t *realm,
                                         const authp_provider_t *provider,
                                         const authp_discovery_t **out, apr_pool_t *pool)
{
    const void *value = NULL;
    member_t *member = member_of(realm, provider);
    authp_err_t err =
        get(realm, member, member->discovery, authp_discovery_url(provider, pool), &value, pool);
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
    err = get(realm, member, member->keys, discovery->jwks_uri, &keys, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_jws_verify(keys, id_token, strlen(id_token), claims, why, pool);
    if (err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    err = renew_keys(realm, member, discovery->jwks_uri, &keys, pool);
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
    if (!enter(realm->providers, member)) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    authp_err_t err = authp_fetch(realm->providers->fetcher, request, out, pool);
    leave(realm->providers, member, err == AUTHP_OK);
    if (err == AUTHP_E_UNAVAILABLE || err == AUTHP_E_BUSY) {
        return AUTHP_E_OAUTH_UNAVAILABLE;
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_INTERNAL ? err : AUTHP_E_OAUTH_FAILED;
    }
    return out->status >= 500 ? AUTHP_E_OAUTH_UNAVAILABLE : AUTHP_OK;
}
