/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_world.h"
#include "api/core/mounts.h"
#include "api/core/profiles.h"
#include "base/b64url.h"
#include "fixed_rng.h"
#include "fuzz.h"
#include "mem_store.h"
#include "service/provider/pending.h"
#include "service/provider/provider_set.h"

#include <apr_strings.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW_MS INT64_C(1795219200000)
#define REDIRECT "https://jobs.example.org/api/auth/google/callback"
#define KEY_LEN 32
#define SIGNATURE_LEN 64

static authp_settings_t settings;
static authp_provider_t provider;
static authp_realm_t *shared;
static apr_array_header_t *mounts;
static EVP_PKEY *key;
static const char *keys;
static fixed_rng_t rng;

static authp_ms_t fixed_now(void *ctx)
{
    (void)ctx;
    return NOW_MS;
}

static const authp_clock_t fixed_clock = {.now = fixed_now};

authp_err_t provider_world_no_body(void *ctx, size_t limit, const char **data, size_t *len)
{
    (void)ctx, (void)limit;
    *data = "";
    *len = 0;
    return AUTHP_OK;
}

static void make_key(apr_pool_t *pool)
{
    unsigned char secret[KEY_LEN];
    unsigned char public[KEY_LEN];
    size_t len = sizeof(public);
    memset(secret, 'k', sizeof(secret));
    key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret));
    FUZZ_DEMAND(EVP_PKEY_get_raw_public_key(key, public, &len) == 1);
    keys =
        apr_pstrcat(pool, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"k\",\"x\":\"",
                    authp_b64url_encode(public, len, pool), "\"}]}", NULL);
}

static void make_settings(apr_pool_t *pool)
{
    static const char secret[] = "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL";
    static const char *const roles[] = {"candidate", "recruiter", "admin"};
    apr_array_header_t *none = apr_array_make(pool, 1, sizeof(const char *));
    apr_array_header_t *names = apr_array_make(pool, 3, sizeof(const char *));
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        APR_ARRAY_PUSH(names, const char *) = roles[i];
    }
    provider = (authp_provider_t){.name = "google",
                                  .label = "Google",
                                  .issuer = PROVIDER_WORLD_ISSUER,
                                  .client_id = "ours",
                                  .client_secret = authp_secret_make("s", 1, pool),
                                  .redirect_uri = REDIRECT,
                                  .redirect_path = "/api/auth/google/callback",
                                  .scopes = "openid email",
                                  .google = true,
                                  .email_domains = none,
                                  .audiences = none};
    settings = (authp_settings_t){.source = "the fuzzer",
                                  .jwt_algorithm = "HS256",
                                  .jwt_issuer = "auth_platform",
                                  .jwt_audience = "auth_platform",
                                  .access_token_minutes = 15,
                                  .refresh_token_days = 7,
                                  .session_absolute_days = 90,
                                  .bcrypt_rounds = 4,
                                  .password_min_length = 8,
                                  .body_limit = 16384,
                                  .secure_cookies = true,
                                  .frontend_url = "https://app.example.org",
                                  .frontend_origin = "https://app.example.org",
                                  .cors_origins = none,
                                  .roles = names,
                                  .providers = apr_array_make(pool, 1, sizeof(void *))};
    settings.jwt_secret = authp_secret_make(secret, sizeof(secret) - 1, pool);
    APR_ARRAY_PUSH(settings.providers, authp_provider_t *) = &provider;
}

void provider_world_start(void)
{
    apr_pool_t *pool = fuzz_pool();
    make_key(pool);
    make_settings(pool);
    FUZZ_DEMAND(authp_realm_make(&settings, &shared, pool) == AUTHP_OK);
    shared->clock = &fixed_clock;
    shared->random = &rng.random;
    mounts = apr_array_make(pool, 1, sizeof(authp_mount_t));
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api/auth", authp_profiles_find("platform"), AUTHP_DELIVERY_JSON);
}

static authp_err_t fetch(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *pool)
{
    const provider_world_t *world = ctx;
    const char *body = world->answer;
    FUZZ_DEMAND(authp_fetch_url_fits(request->url));
    if (strstr(request->url, "/.well-known/") != NULL) {
        body = "{\"issuer\":\"" PROVIDER_WORLD_ISSUER "\","
               "\"authorization_endpoint\":\"" PROVIDER_WORLD_ISSUER "/auth\","
               "\"token_endpoint\":\"" PROVIDER_WORLD_ISSUER "/token\","
               "\"jwks_uri\":\"" PROVIDER_WORLD_ISSUER "/jwks\"}";
    } else if (strstr(request->url, "/jwks") != NULL) {
        body = keys;
    }
    *out = (authp_fetched_t){
        .status = 200, .body = apr_pstrdup(pool, body), .len = strlen(body), .max_age = -1};
    return AUTHP_OK;
}

void provider_world_open(provider_world_t *world)
{
    const authp_store_config_t config = {.timeout_ms = 2000};
    *world = (provider_world_t){.answer = "", .id_token = ""};
    apr_pool_create(&world->pool, fuzz_pool());
    fixed_rng_init(&rng, 7);
    authp_fetcher_t *fetcher = apr_pcalloc(world->pool, sizeof(*fetcher));
    *fetcher = (authp_fetcher_t){fetch, world};
    world->realm = apr_pmemdup(world->pool, shared, sizeof(*shared));
    world->realm->providers = authp_provider_set_make(
        &settings, fetcher,
        authp_places_make(4, settings.providers->nelts, &fixed_clock, world->pool), &fixed_clock,
        world->pool);
    FUZZ_DEMAND(authp_store_open(&mem_store_ops, &config, &world->realm->store, world->pool) ==
                AUTHP_OK);
    mem_store_clock(world->realm->store, &fixed_clock);
    world->mount = &APR_ARRAY_IDX(mounts, 0, authp_mount_t);
}

void provider_world_close(provider_world_t *world)
{
    apr_pool_destroy(world->pool);
}

const char *provider_world_pending(provider_world_t *world, const char **state)
{
    authp_pending_t pending = {.provider = "google",
                               .issuer = PROVIDER_WORLD_ISSUER,
                               .redirect_uri = REDIRECT,
                               .return_to = "/jobs"};
    const char *cookie = NULL;
    FUZZ_DEMAND(authp_pending_begin(world->realm, &pending, NULL, &cookie, world->pool) ==
                AUTHP_OK);
    *state = pending.state;
    return cookie;
}

static const char *sign(const char *claims, apr_pool_t *pool)
{
    static const char header[] = "{\"alg\":\"EdDSA\",\"kid\":\"k\"}";
    unsigned char signature[SIGNATURE_LEN];
    size_t len = sizeof(signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    const char *input = apr_pstrcat(
        pool, authp_b64url_encode((const unsigned char *)header, strlen(header), pool), ".",
        authp_b64url_encode((const unsigned char *)claims, strlen(claims), pool), NULL);
    FUZZ_DEMAND(EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1);
    FUZZ_DEMAND(EVP_DigestSign(ctx, signature, &len, (const unsigned char *)input, strlen(input)) ==
                1);
    EVP_MD_CTX_free(ctx);
    return apr_pstrcat(pool, input, ".", authp_b64url_encode(signature, len, pool), NULL);
}

void provider_world_answer_good(provider_world_t *world, const char *cookie, const char *state)
{
    authp_pending_t pending;
    const char *after = NULL;
    const char *value = strchr(cookie, '=') + 1;
    FUZZ_DEMAND(authp_pending_take(world->realm, value, state, &pending, &after, world->pool) ==
                AUTHP_OK);
    world->id_token = sign(
        apr_pstrcat(world->pool,
                    "{\"iss\":\"" PROVIDER_WORLD_ISSUER "\",\"aud\":\"ours\",\"exp\":1795219500,"
                    "\"iat\":1795219200,\"sub\":\"1001\",\"email\":\"ada@example.org\","
                    "\"email_verified\":true,\"nonce\":\"",
                    pending.nonce, "\"}", NULL),
        world->pool);
    world->answer = apr_pstrcat(world->pool, "{\"id_token\":\"", world->id_token, "\"}", NULL);
}
