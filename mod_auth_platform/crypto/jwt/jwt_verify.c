/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"
#include "crypto/jwt/jwt_impl.h"

#include <apr_strings.h>
#include <string.h>

#define SIGNATURE_TEXT AUTHP_B64URL_ENCODED(AUTHP_SHA256_LEN)

/* The three segments of a token. Their characters are checked when they are decoded. */
typedef struct framing_t {
    const char *header; /* ends before the dot */
    size_t header_len;
    const char *payload;
    size_t payload_len;
    const char *signature;
} framing_t;

static bool split(const char *token, size_t len, framing_t *out)
{
    if (token == NULL || len == 0 || len > AUTHP_JWT_MAX_LEN) {
        return false;
    }
    const char *end = token + len;
    const char *first = memchr(token, '.', len);
    const char *second = first != NULL ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (second == NULL || first == token || second == first + 1 ||
        (size_t)(end - second - 1) != SIGNATURE_TEXT) {
        return false;
    }
    *out = (framing_t){.header = token,
                       .header_len = (size_t)(first - token),
                       .payload = first + 1,
                       .payload_len = (size_t)(second - first - 1),
                       .signature = second + 1};
    return true;
}

static bool mac_matches(const authp_hmac_t *mac, authp_bytes_t signed_part, const char *signature)
{
    unsigned char sent[AUTHP_SHA256_LEN];
    unsigned char made[AUTHP_SHA256_LEN];
    return authp_b64url_decode(signature, SIGNATURE_TEXT, sent) == AUTHP_OK &&
           authp_hmac_sum(mac, &signed_part, 1, made) == AUTHP_OK &&
           authp_secret_equal(sent, made, sizeof(made));
}

/* The header that we write ourselves needs no parsing, and its part of the MAC is computed already.
 */
static bool is_signed(const authp_jwt_t *jwt, const framing_t *framing, apr_pool_t *pool)
{
    for (int i = 0; i < jwt->nkeys; i++) {
        const authp_jwt_key_t *key = &jwt->keys[i];
        if (framing->header_len + 1 == key->header_len &&
            memcmp(framing->header, key->header, key->header_len) == 0) {
            authp_bytes_t payload = {framing->payload, framing->payload_len};
            return mac_matches(key->mac_header, payload, framing->signature);
        }
    }
    const authp_jwt_key_t *key =
        authp_jwt_slow_header(jwt, framing->header, framing->header_len, pool);
    authp_bytes_t both = {framing->header, framing->header_len + 1 + framing->payload_len};
    return key != NULL && mac_matches(key->mac, both, framing->signature);
}

/* The signature depends only on the token's bytes and the keys, so checking it once is enough. */
static bool was_signed(const authp_jwt_t *jwt, const framing_t *framing,
                       const authp_jwt_mark_t *mark, apr_pool_t *pool)
{
    if (jwt->seen == NULL) {
        return is_signed(jwt, framing, pool);
    }
    if (authp_jwt_seen_has(jwt->seen, mark)) {
        return true;
    }
    if (!is_signed(jwt, framing, pool)) {
        return false;
    }
    authp_jwt_seen_add(jwt->seen, mark);
    return true;
}

static bool decode(const framing_t *framing, char *text)
{
    return authp_b64url_decode(framing->payload, framing->payload_len, (unsigned char *)text) ==
           AUTHP_OK;
}

authp_err_t authp_jwt_verify(const authp_jwt_t *jwt, const char *token, size_t len, int64_t now,
                             authp_claims_t *out, apr_pool_t *pool)
{
    framing_t framing;
    authp_claims_t claims;
    authp_jwt_mark_t mark = {{0, 0}};
    if (!split(token, len, &framing)) {
        return AUTHP_E_TOKEN_INVALID;
    }
    if (jwt->seen != NULL) {
        mark = authp_jwt_seen_mark(jwt->seen, token, len);
    }
    size_t size = AUTHP_B64URL_DECODED(framing.payload_len);
    char *text = apr_palloc(pool, size + 1);
    /* The payload is decoded before the signature is checked. Meanwhile the processor prefetches
     * what authp_jwt_seen_mark() asked for. */
    if (!decode(&framing, text) || !was_signed(jwt, &framing, &mark, pool)) {
        return AUTHP_E_TOKEN_INVALID;
    }
    text[size] = '\0';
    if (!authp_jwt_claims_scan(text, size, &claims)) {
        /* authp_jwt_claims_scan() has written to the text. */
        if (!decode(&framing, text) || !authp_jwt_slow_parse(jwt, text, size, &claims, pool)) {
            return AUTHP_E_TOKEN_INVALID;
        }
    }
    authp_err_t err = authp_jwt_claims_check(jwt, &claims, now);
    if (err == AUTHP_OK || err == AUTHP_E_TOKEN_EXPIRED) {
        *out = claims;
    }
    return err;
}

authp_err_t authp_jwt_verify_remember(authp_jwt_t *jwt, size_t bytes, const authp_random_t *random,
                                      apr_pool_t *pool)
{
    return authp_jwt_seen_make(bytes, random, &jwt->seen, pool);
}
