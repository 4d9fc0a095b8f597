/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/token.h"
#include "service/realm/token_cache.h"
#include "service/session/terms.h"

#include "base/b64url.h"

#define JTI_BYTES 16

static void put_roles(const authp_realm_t *realm, const authp_user_t *user, authp_claims_t *claims,
                      apr_pool_t *pool)
{
    authp_roles_t mask =
        authp_roles_effective(realm->roles, user->roles, user->is_recruiter_verified);
    const apr_array_header_t *names = authp_roles_names(realm->roles, mask, pool);
    for (int i = 0; i < names->nelts && claims->nroles < AUTHP_JWT_MAX_ROLES; i++) {
        claims->roles[claims->nroles++] = APR_ARRAY_IDX(names, i, const char *);
    }
}

authp_err_t authp_token_issue(const authp_realm_t *realm, const authp_user_t *user,
                              const authp_session_t *session, const char **out, int *expires_in,
                              apr_pool_t *pool)
{
    unsigned char jti[JTI_BYTES];
    authp_random_fill(realm->random, jti, sizeof(jti));
    /* The token has times of this host, and the session's limit is in the store's time. The time
     * that is left is the same in both. */
    authp_ms_t at = authp_clock_now(realm->clock);
    authp_ms_t ahead = authp_realm_now(realm) - at;
    int64_t now = at / 1000;
    int64_t exp = now + (int64_t)authp_terms_minutes(realm->settings, NULL) * 60;
    if (exp > (session->absolute_expires_at - ahead) / 1000) {
        exp = (session->absolute_expires_at - ahead) / 1000;
    }
    authp_claims_t claims = {
        .sub = user->id.hex,
        .sid = session->id.hex,
        .jti = authp_b64url_encode(jti, sizeof(jti), pool),
        .email = user->email,
        .name = user->name,
        .iat = now,
        .nbf = now,
        .exp = exp,
        .auth_time = session->auth_time / 1000,
        .ver = user->ver,
        .email_verified = user->email_verified,
    };
    put_roles(realm, user, &claims, pool);
    authp_err_t err = authp_jwt_build(realm->jwt, &claims, out, pool);
    if (err == AUTHP_OK) {
        *expires_in = (int)(exp - now);
    }
    return err;
}

/* The principal of the claims, and the time from which they are valid. */
static authp_token_hit_t read_claims(const authp_realm_t *realm, const authp_claims_t *claims)
{
    authp_token_hit_t out = {
        .principal =
            {
                .user_id = claims->sub,
                .session_id = claims->sid,
                .email = claims->email,
                .name = claims->name,
                .email_verified = claims->email_verified,
                .ver = claims->ver,
                .auth_time = claims->auth_time,
                .iat = claims->iat,
                .exp = claims->exp,
            },
        .not_before = claims->nbf > claims->iat ? claims->nbf : claims->iat,
    };
    for (int i = 0; i < claims->nroles; i++) {
        out.principal.roles |= authp_roles_bit(realm->roles, claims->roles[i]);
    }
    return out;
}

/* Checks the times of a remembered token, because time has passed and the clock may have been set
 * back. */
static authp_err_t still(const authp_token_hit_t *hit, int64_t now, authp_principal_t *out)
{
    if (hit->not_before > now + AUTHP_JWT_SKEW) {
        return AUTHP_E_TOKEN_INVALID;
    }
    *out = hit->principal;
    return hit->principal.exp > now ? AUTHP_OK : AUTHP_E_TOKEN_EXPIRED;
}

authp_err_t authp_token_verify(const authp_realm_t *realm, const char *token, size_t len,
                               authp_principal_t *out, apr_pool_t *pool)
{
    authp_token_hit_t hit;
    authp_claims_t claims;
    int64_t now = authp_clock_now(realm->clock) / 1000;
    authp_token_cache_t *cache = realm->token_cache;
    if (cache != NULL && authp_token_cache_find(cache, token, len, &hit, pool)) {
        return still(&hit, now, out);
    }
    authp_err_t err = authp_jwt_verify(realm->jwt, token, len, now, &claims, pool);
    if (err != AUTHP_OK && err != AUTHP_E_TOKEN_EXPIRED) {
        return err;
    }
    hit = read_claims(realm, &claims);
    if (cache != NULL && err == AUTHP_OK) {
        authp_token_cache_put(cache, token, len, &hit, now);
    }
    *out = hit.principal;
    return err;
}
