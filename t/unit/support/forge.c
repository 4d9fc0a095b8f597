/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"
#include "base/b64url.h"

#include <string.h>

#include <apr_strings.h>

#include <check.h>
#include <openssl/evp.h>

#define PLAIN_HEADER "{\"alg\":\"HS256\"}"

authp_secret_t *forge_secret(const forge_t *f, const char *text)
{
    return authp_secret_make(text, strlen(text), f->pool);
}

authp_jwt_t *forge_keyring(const forge_t *f, const char *previous)
{
    authp_jwt_t *jwt = NULL;
    authp_secret_t *old = previous != NULL ? forge_secret(f, previous) : NULL;
    ck_assert_int_eq(authp_jwt_make(forge_secret(f, FORGE_KEY), old, FORGE_ISSUER, FORGE_AUDIENCE,
                                    &jwt, f->pool),
                     AUTHP_OK);
    return jwt;
}

authp_claims_t forge_claims(void)
{
    return (authp_claims_t){.sub = "0123456789abcdef01234567",
                            .sid = "89abcdef0123456789abcdef",
                            .jti = "a-token",
                            .email = "ada@example.org",
                            .name = "Ada",
                            .iat = FORGE_NOW,
                            .nbf = FORGE_NOW,
                            .exp = FORGE_NOW + 60,
                            .auth_time = FORGE_NOW - 5,
                            .ver = 3,
                            .email_verified = true,
                            .nroles = 2,
                            .roles = {"candidate", "recruiter"}};
}

const char *forge_build(const forge_t *f, const authp_jwt_t *jwt, const authp_claims_t *claims)
{
    const char *token = NULL;
    ck_assert_int_eq(authp_jwt_build(jwt, claims, &token, f->pool), AUTHP_OK);
    return token;
}

void forge_open(forge_t *f)
{
    *f = (forge_t){NULL};
    apr_pool_create(&f->pool, NULL);
    authp_claims_t claims = forge_claims();
    f->jwt = forge_keyring(f, FORGE_PREVIOUS);
    f->token = forge_build(f, f->jwt, &claims);
    f->header = forge_segment(f, f->token, 0);
    f->payload = forge_segment(f, f->token, 1);
}

void forge_close(forge_t *f)
{
    apr_pool_destroy(f->pool);
}

const char *forge_base64(const forge_t *f, const char *text)
{
    return authp_b64url_encode((const unsigned char *)text, strlen(text), f->pool);
}

const char *forge_segment(const forge_t *f, const char *token, int index)
{
    for (; index > 0; index--) {
        token = strchr(token, '.') + 1;
    }
    size_t len = strcspn(token, ".");
    char *text = apr_pcalloc(f->pool, AUTHP_B64URL_DECODED(len) + 1);
    ck_assert_int_eq(authp_b64url_decode(token, len, (unsigned char *)text), AUTHP_OK);
    return text;
}

const char *forge_mac(const forge_t *f, const char *signing_input, const char *digest,
                      const char *key)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len = 0;
    const void *bytes = key; /* "" rather than NULL: an empty key is a key */
    ck_assert_ptr_nonnull(EVP_Q_mac(NULL, "HMAC", NULL, digest, NULL, bytes, strlen(key),
                                    (const unsigned char *)signing_input, strlen(signing_input),
                                    mac, sizeof(mac), &len));
    return apr_pstrcat(f->pool, signing_input, ".", authp_b64url_encode(mac, len, f->pool), NULL);
}

const char *forge_sign(const forge_t *f, const char *header, const char *payload)
{
    return forge_mac(
        f, apr_pstrcat(f->pool, forge_base64(f, header), ".", forge_base64(f, payload), NULL),
        "SHA256", FORGE_KEY);
}

const char *forge_swap(const forge_t *f, const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    ck_assert_msg(at != NULL, "no %s in %s", from, text);
    return apr_pstrcat(f->pool, apr_pstrmemdup(f->pool, text, (apr_size_t)(at - text)), to,
                       at + strlen(from), NULL);
}

authp_err_t forge_try(const forge_t *f, const char *token, size_t len, int64_t now,
                      authp_claims_t *out)
{
    char *copy = apr_palloc(f->pool, len > 0 ? len : 1);
    memcpy(copy, token, len);
    return authp_jwt_verify(f->jwt, copy, len, now, out, f->pool);
}

void forge_refused_bytes(const forge_t *f, const char *token, size_t len)
{
    authp_claims_t claims;
    authp_claims_t before;
    memset(&claims, 0x5a, sizeof(claims));
    memset(&before, 0x5a, sizeof(before));
    authp_err_t err = forge_try(f, token, len, FORGE_NOW, &claims);
    ck_assert_msg(err == AUTHP_E_TOKEN_INVALID, "got %d for %.200s", (int)err, token);
    ck_assert_mem_eq(&claims, &before, sizeof(claims));
}

void forge_refused(const forge_t *f, const char *token)
{
    forge_refused_bytes(f, token, strlen(token));
}

authp_claims_t forge_taken(const forge_t *f, const char *token)
{
    authp_claims_t claims = {.iat = -1};
    authp_err_t err = forge_try(f, token, strlen(token), FORGE_NOW, &claims);
    ck_assert_msg(err == AUTHP_OK, "got %d for %s", (int)err, token);
    return claims;
}

void forge_payload_refused(const forge_t *f, const char *payload)
{
    const char *spaced = apr_pstrcat(f->pool, " ", payload, NULL);
    forge_refused(f, forge_sign(f, f->header, payload));
    forge_refused(f, forge_sign(f, PLAIN_HEADER, payload));
    forge_refused(f, forge_sign(f, f->header, spaced));
}

authp_claims_t forge_payload_taken(const forge_t *f, const char *payload)
{
    const char *spaced = apr_pstrcat(f->pool, " ", payload, NULL);
    authp_claims_t fast = forge_taken(f, forge_sign(f, f->header, payload));
    authp_claims_t slow = forge_taken(f, forge_sign(f, PLAIN_HEADER, spaced));
    ck_assert_str_eq(fast.sub, slow.sub);
    ck_assert_int_eq(fast.exp, slow.exp);
    ck_assert_int_eq(fast.nroles, slow.nroles);
    return slow;
}
