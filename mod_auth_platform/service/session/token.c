/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/token.h"
#include "service/realm/token_cache.h"

#include "base/b64url.h"
#include "base/text.h"
#include "service/phone/phone.h"
#include "service/settings/role_permissions.h"

#define JTI_BYTES 16

static const char *name_of(const authp_realm_t *realm, authp_roles_t mask)
{
    return authp_roles_first(realm->roles, mask);
}

const char *authp_token_role(const authp_realm_t *realm, authp_roles_t held, authp_roles_t wanted)
{
    authp_roles_t admin = held & authp_roles_bit(realm->roles, "admin");
    authp_roles_t door = held & wanted;
    return name_of(realm, admin != 0 ? admin : door != 0 ? door : held);
}

const char *authp_token_role_now(const authp_realm_t *realm, const authp_principal_t *principal)
{
    authp_roles_t still = principal->roles & principal->role;
    return still != 0 ? name_of(realm, still) : authp_token_role(realm, principal->roles, 0);
}

static authp_roles_t held_by(const authp_realm_t *realm, const authp_user_t *user)
{
    return authp_roles_effective(realm->roles, user->roles, user->is_recruiter_verified);
}

const char *authp_token_role_of(const authp_realm_t *realm, const authp_user_t *user,
                                const char *door_role)
{
    const char *wanted = door_role;
    if (wanted == NULL && user->roles->nelts > 0) {
        const char *first = APR_ARRAY_IDX(user->roles, 0, const char *);
        wanted = authp_text_listed(first, realm->settings->self_service_roles) ? first : NULL;
    }
    return authp_token_role(realm, held_by(realm, user), authp_roles_bit(realm->roles, wanted));
}

apr_array_header_t *authp_token_permissions(const authp_realm_t *realm, authp_roles_t held,
                                            apr_pool_t *pool)
{
    return authp_role_permissions_of(realm->settings->role_permissions,
                                     authp_roles_names(realm->roles, held, pool), pool);
}

/* The claims of AUTHP_TERMS_PHONE. */
static void put_phone(const authp_realm_t *realm, const authp_user_t *user, authp_claims_t *claims,
                      apr_pool_t *pool)
{
    claims->with_user_type = true;
    claims->with_national = true;
    claims->national = authp_phone_national(realm->settings, user->phone, pool);
    claims->permissions = authp_token_permissions(realm, held_by(realm, user), pool);
}

static void put_roles(const authp_realm_t *realm, const authp_token_order_t *order,
                      authp_claims_t *claims, apr_pool_t *pool)
{
    const authp_user_t *user = order->user;
    authp_roles_t mask = held_by(realm, user);
    if (claims->with_role || claims->with_user_type) {
        claims->role = authp_token_role_of(realm, user, order->door_role);
    }
    const apr_array_header_t *names = authp_roles_names(realm->roles, mask, pool);
    for (int i = 0; i < names->nelts && claims->nroles < AUTHP_JWT_MAX_ROLES; i++) {
        claims->roles[claims->nroles++] = APR_ARRAY_IDX(names, i, const char *);
    }
}

authp_err_t authp_token_issue(const authp_realm_t *realm, const authp_token_order_t *order,
                              const char **out, int *expires_in, apr_pool_t *pool)
{
    const authp_user_t *user = order->user;
    const authp_session_t *session = order->session;
    const authp_terms_t *terms = order->terms != NULL ? order->terms : &authp_terms_platform;
    unsigned char jti[JTI_BYTES];
    authp_random_fill(realm->random, jti, sizeof(jti));
    /* The token has times of this host, and the session's limit is in the store's time. The time
     * that is left is the same in both. */
    authp_ms_t at = authp_clock_now(realm->clock);
    authp_ms_t ahead = authp_realm_now(realm) - at;
    int64_t now = at / 1000;
    int64_t exp = now + (int64_t)authp_terms_minutes(realm->settings, terms) * 60;
    if (exp > (session->expires_at - ahead) / 1000) {
        exp = (session->expires_at - ahead) / 1000;
    }
    authp_claims_t claims = {
        .sub = user->id.hex,
        .sid = session->id.hex,
        .jti = authp_b64url_encode(jti, sizeof(jti), pool),
        .email = user->email,
        .name = user->name,
        .prf = terms->prf,
        .username = user->username,
        .phone = user->phone,
        .with_role = (terms->claims & AUTHP_TERMS_ROLE) != 0,
        .with_user_id = (terms->claims & AUTHP_TERMS_USER_ID) != 0,
        .with_username = (terms->claims & AUTHP_TERMS_USERNAME) != 0,
        .iat = now,
        .nbf = now,
        .exp = exp,
        .auth_time = session->auth_time / 1000,
        .ver = user->ver,
        .email_verified = user->email_verified,
    };
    if ((terms->claims & AUTHP_TERMS_PHONE) != 0) {
        put_phone(realm, user, &claims, pool);
    }
    put_roles(realm, order, &claims, pool);
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
                .username = claims->username,
                .phone = claims->phone,
                .prf = claims->prf,
                .role = authp_roles_bit(realm->roles, claims->role),
                .email_verified = claims->email_verified,
                .ver = claims->ver,
                .auth_time = claims->auth_time,
                .iat = claims->iat,
                .exp = claims->exp,
                .known_at = claims->iat,
            },
        .not_before = claims->nbf > claims->iat ? claims->nbf : claims->iat,
    };
    for (int i = 0; i < claims->nroles; i++) {
        out.principal.roles |= authp_roles_bit(realm->roles, claims->roles[i]);
    }
    return out;
}

/* Checks the times of a remembered token, because time has passed and the clock may have been set
 * back. If known_at is in the future, the clock was set back after the store had answered. The
 * live table may have forgotten changes since that answer. So the answer does not count, and the
 * store is asked again. */
static authp_err_t still(const authp_token_hit_t *hit, int64_t now, authp_principal_t *out)
{
    if (hit->not_before > now + AUTHP_JWT_SKEW) {
        return AUTHP_E_TOKEN_INVALID;
    }
    *out = hit->principal;
    if (out->known_at > now + AUTHP_JWT_SKEW) {
        out->known_at = out->iat;
    }
    return hit->principal.exp > now ? AUTHP_OK : AUTHP_E_TOKEN_EXPIRED;
}

void authp_token_remember(const authp_realm_t *realm, const char *token, size_t len,
                          const authp_principal_t *principal)
{
    const authp_token_hit_t hit = {.principal = *principal, .not_before = principal->iat};
    if (realm->token_cache != NULL) {
        authp_token_cache_put(realm->token_cache, token, len, &hit,
                              authp_clock_now(realm->clock) / 1000);
    }
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
