/* SPDX-License-Identifier: Apache-2.0 */
#include "provider_fixture.h"

#include <apr_strings.h>
#include <string.h>

#include <check.h>

static provider_reply_t *reply_of(provider_fixture_t *p, const char *url)
{
    provider_reply_t *const all[] = {&p->discovery, &p->keys,     &p->token,
                                     &p->hub_token, &p->hub_user, &p->hub_emails};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i]->url, url) == 0) {
            return all[i];
        }
    }
    ck_abort_msg("nobody answers at %s", url);
    return NULL;
}

static const char *copy(provider_fixture_t *p, const char *text)
{
    return text != NULL ? apr_pstrdup(p->f.pool, text) : NULL;
}

static authp_err_t fetch(void *ctx, const authp_fetch_t *request, authp_fetched_t *out,
                         apr_pool_t *pool)
{
    provider_fixture_t *p = ctx;
    provider_reply_t *reply = reply_of(p, request->url);
    ck_assert(authp_fetch_url_fits(request->url));
    reply->calls++;
    reply->asked = *request;
    reply->asked.password = NULL;
    reply->asked.form = copy(p, request->form);
    reply->asked.user = copy(p, request->user);
    reply->asked.bearer = copy(p, request->bearer);
    reply->password = request->password != NULL
                          ? copy(p, (const char *)authp_secret_bytes(request->password))
                          : NULL;
    if (p->during != NULL) {
        p->during();
    }
    if (reply->err == AUTHP_OK) {
        *out = (authp_fetched_t){.status = reply->status,
                                 .body = apr_pstrdup(pool, reply->body),
                                 .len = strlen(reply->body),
                                 .max_age = reply->max_age};
    }
    return reply->err;
}

static provider_reply_t good(const char *url, const char *body)
{
    return (provider_reply_t){.url = url, .status = 200, .body = body, .max_age = -1};
}

static void make_providers(provider_fixture_t *p)
{
    apr_array_header_t *phones = apr_array_make(p->f.pool, 1, sizeof(const char *));
    apr_array_header_t *none = apr_array_make(p->f.pool, 1, sizeof(const char *));
    authp_secret_t *secret = authp_secret_make(OP_SECRET, strlen(OP_SECRET), p->f.pool);
    APR_ARRAY_PUSH(phones, const char *) = OP_PHONE;
    p->google = (authp_provider_t){.name = "google",
                                   .label = "Google",
                                   .kind = AUTHP_PROVIDER_OIDC,
                                   .issuer = OP,
                                   .client_id = OP_CLIENT,
                                   .client_secret = secret,
                                   .redirect_uri = OP_REDIRECT,
                                   .redirect_path = "/api/auth/google/callback",
                                   .scopes = "openid email profile",
                                   .google = true,
                                   .email_domains = none,
                                   .audiences = phones};
    p->hub = p->google;
    p->hub.name = "hub";
    p->hub.kind = AUTHP_PROVIDER_GITHUB;
    p->hub.issuer = "https://github.com";
    p->hub.scopes = "user:email";
    p->hub.google = false;
    p->hub.audiences = none;
}

void provider_fixture_set(provider_fixture_t *p, int most)
{
    p->f.realm->providers = authp_provider_set_make(
        p->f.settings, &p->fetcher,
        authp_places_make(most, p->f.settings->providers->nelts, p->f.realm->clock, p->f.pool),
        p->f.realm->clock, p->f.pool);
}

void provider_fixture_open(provider_fixture_t *p)
{
    fixture_open(&p->f);
    provider_fixture_join(p);
}

void provider_fixture_join(provider_fixture_t *p)
{
    p->during = NULL;
    make_providers(p);
    p->f.settings->providers = apr_array_make(p->f.pool, 2, sizeof(authp_provider_t *));
    APR_ARRAY_PUSH(p->f.settings->providers, authp_provider_t *) = &p->google;
    APR_ARRAY_PUSH(p->f.settings->providers, authp_provider_t *) = &p->hub;
    p->fetcher = (authp_fetcher_t){fetch, p};
    p->discovery = good(OP "/.well-known/openid-configuration", provider_fixture_document(p, ""));
    p->keys = good(OP "/jwks", JOSE_SET);
    p->token = good(OP "/token", "{}");
    p->hub_token =
        good("https://github.com/login/oauth/access_token", "{\"access_token\":\"hush-token\"}");
    p->hub_user = good("https://api.github.com/user", "{\"id\":7,\"login\":\"ada\"}");
    p->hub_emails = good("https://api.github.com/user/emails",
                         "[{\"email\":\"ada@example.org\",\"primary\":true,\"verified\":true}]");
    p->pending = (authp_pending_t){.state = "state",
                                   .nonce = OP_NONCE,
                                   .verifier = "verifier",
                                   .provider = "google",
                                   .issuer = OP,
                                   .redirect_uri = OP_REDIRECT};
    provider_fixture_set(p, 4);
}

void provider_fixture_close(provider_fixture_t *p)
{
    fixture_close(&p->f);
}

const char *provider_fixture_document(provider_fixture_t *p, const char *more)
{
    return apr_pstrcat(p->f.pool,
                       "{\"issuer\":\"" OP "\",\"authorization_endpoint\":\"" OP "/auth?x=1\","
                       "\"token_endpoint\":\"" OP "/token\",\"jwks_uri\":\"" OP "/jwks\"",
                       more, "}", NULL);
}

const char *provider_fixture_claims(provider_fixture_t *p, const char *member, const char *json)
{
    json_t *claims =
        json_pack("{s:s,s:s,s:I,s:I,s:s,s:s,s:s,s:b}", "iss", OP, "aud", OP_CLIENT, "exp",
                  (json_int_t)(OP_NOW + 3600), "iat", (json_int_t)OP_NOW, "nonce", OP_NONCE, "sub",
                  "1001", "email", "ada@example.org", "email_verified", 1);
    if (member != NULL && json == NULL) {
        json_object_del(claims, member);
    } else if (member != NULL) {
        json_object_set_new(claims, member, json_loads(json, JSON_DECODE_ANY, NULL));
    }
    char *text = json_dumps(claims, JSON_COMPACT);
    const char *kept = apr_pstrdup(p->f.pool, text);
    free(text);
    json_decref(claims);
    return kept;
}

void provider_fixture_answer(provider_fixture_t *p, const char *id_token)
{
    p->token.body = apr_pstrcat(p->f.pool, "{\"id_token\":\"", id_token, "\"}", NULL);
}

const char *provider_fixture_sign(provider_fixture_t *p, jose_kind_t kind, const char *claims)
{
    static const char *const kids[] = {"rsa", "ec", "ed"};
    return jose_token(kind, jose_header(jose_alg(kind), kids[kind], p->f.pool), claims, p->f.pool);
}
