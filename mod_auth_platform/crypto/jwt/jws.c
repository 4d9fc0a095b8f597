/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt/jws.h"
#include "base/b64url.h"
#include "base/json.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* A token in parts, which end before a dot or at the end. */
typedef struct parts_t {
    authp_bytes_t header;
    authp_bytes_t payload;
    authp_bytes_t signature;
    authp_bytes_t signed_part; /* header and payload with the dot between them */
} parts_t;

static bool split(const char *token, size_t len, parts_t *out)
{
    if (token == NULL || len > AUTHP_JWS_MOST) {
        return false;
    }
    const char *end = token + len;
    const char *first = memchr(token, '.', len);
    const char *second = first != NULL ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;
    if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL) {
        return false;
    }
    *out = (parts_t){.header = {token, (size_t)(first - token)},
                     .payload = {first + 1, (size_t)(second - first - 1)},
                     .signature = {second + 1, (size_t)(end - second - 1)},
                     .signed_part = {token, (size_t)(second - token)}};
    return out->header.len > 0 && out->payload.len > 0;
}

static bool decode(authp_bytes_t part, authp_bytes_t *out, apr_pool_t *pool)
{
    unsigned char *bytes = apr_palloc(pool, AUTHP_B64URL_DECODED(part.len) + 1);
    *out = (authp_bytes_t){bytes, AUTHP_B64URL_DECODED(part.len)};
    return authp_b64url_decode(part.data, part.len, bytes) == AUTHP_OK;
}

/* Reads a part that must be a JSON object. */
static bool read_object(authp_bytes_t part, json_t **out, apr_pool_t *pool)
{
    authp_bytes_t text;
    json_t *value = NULL;
    if (!decode(part, &text, pool) ||
        authp_json_parse(text.data, text.len, &value, pool) != AUTHP_OK || !json_is_object(value)) {
        return false;
    }
    *out = value;
    return true;
}

/* The member as a C string. NULL if it is absent, no string, or has a NUL. */
static const char *word_of(const json_t *header, const char *name)
{
    const json_t *value = json_object_get(header, name);
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

/* A token of another type, such as an access token ("at+jwt") or a logout token, must not pass for
 * what the caller asked for (RFC 8725 section 3.11). */
static bool is_jwt(const json_t *header)
{
    const char *typ = word_of(header, "typ");
    return json_object_get(header, "typ") == NULL || authp_text_same(typ, "JWT") ||
           authp_text_same(typ, "application/jwt");
}

/* Finds the key that the header names, and checks everything that the header says. */
static authp_err_t find_key(const authp_jwk_set_t *keys, const json_t *header,
                            const authp_jwk_key_t **out, const char **why)
{
    const char *alg = word_of(header, "alg");
    const char *kid = word_of(header, "kid");
    const bool named = json_object_get(header, "kid") != NULL;
    *why = "alg";
    /* Checked before the key is looked for, so that a forged header gives another error than a new
     * key. */
    if (alg == NULL ||
        (strcmp(alg, "RS256") != 0 && strcmp(alg, "ES256") != 0 && strcmp(alg, "EdDSA") != 0)) {
        return AUTHP_E_TOKEN_INVALID;
    }
    if (json_object_get(header, "crit") != NULL) {
        *why = "crit"; /* extensions that must be understood: none is */
        return AUTHP_E_TOKEN_INVALID;
    }
    if (!is_jwt(header)) {
        *why = "typ";
        return AUTHP_E_TOKEN_INVALID;
    }
    const authp_jwk_key_t *key = NULL;
    if (!named) {
        key = authp_jwk_only(keys);
    } else if (kid != NULL) {
        key = authp_jwk_find(keys, kid);
    }
    if (key == NULL) {
        *why = "kid";
        return kid != NULL ? AUTHP_E_NOT_FOUND : AUTHP_E_TOKEN_INVALID;
    }
    /* The key decides the algorithm. With the token's choice a public key could serve as the secret
     * of an HMAC. */
    if (strcmp(alg, authp_jwk_key_alg(key)) != 0) {
        return AUTHP_E_TOKEN_INVALID;
    }
    *out = key;
    return AUTHP_OK;
}

static bool is_signed(const authp_jwk_key_t *key, const parts_t *parts, apr_pool_t *pool)
{
    authp_bytes_t signature;
    return parts->signature.len > 0 && decode(parts->signature, &signature, pool) &&
           authp_jwk_key_verifies(key, parts->signed_part, signature);
}

authp_err_t authp_jws_verify(const authp_jwk_set_t *keys, const char *token, size_t len,
                             json_t **payload, const char **why, apr_pool_t *pool)
{
    parts_t parts;
    json_t *header = NULL;
    json_t *value = NULL;
    const authp_jwk_key_t *key = NULL;
    if (!split(token, len, &parts)) {
        *why = "form";
        return AUTHP_E_TOKEN_INVALID;
    }
    if (!read_object(parts.header, &header, pool)) {
        *why = "header";
        return AUTHP_E_TOKEN_INVALID;
    }
    authp_err_t err = find_key(keys, header, &key, why);
    if (err != AUTHP_OK) {
        return err;
    }
    if (!is_signed(key, &parts, pool)) {
        *why = "signature";
        return AUTHP_E_TOKEN_INVALID;
    }
    if (!read_object(parts.payload, &value, pool)) {
        *why = "payload";
        return AUTHP_E_TOKEN_INVALID;
    }
    *payload = value;
    return AUTHP_OK;
}
