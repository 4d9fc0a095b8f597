/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwt/jwk.h"
#include "base/b64url.h"
#include "base/json.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <string.h>

typedef struct entry_t {
    const char *kid; /* NULL: none */
    const authp_jwk_key_t *key;
} entry_t;

struct authp_jwk_set_t {
    apr_array_header_t *entries; /* entry_t */
};

typedef authp_jwk_key_t *make_fn(const json_t *jwk, apr_pool_t *pool);

/* The bytes of a member in base64url. Of length 0, which no key has, if the member is absent or not
 * canonical. */
static authp_bytes_t number_of(const json_t *jwk, const char *name, apr_pool_t *pool)
{
    const json_t *value = json_object_get(jwk, name);
    const size_t len = json_string_length(value);
    unsigned char *bytes = apr_palloc(pool, AUTHP_B64URL_DECODED(len) + 1);
    if (len == 0 || authp_b64url_decode(json_string_value(value), len, bytes) != AUTHP_OK) {
        return (authp_bytes_t){"", 0};
    }
    return (authp_bytes_t){bytes, AUTHP_B64URL_DECODED(len)};
}

static bool says(const json_t *jwk, const char *name, const char *value)
{
    const char *said = json_string_value(json_object_get(jwk, name));
    return said != NULL && strlen(said) == json_string_length(json_object_get(jwk, name)) &&
           strcmp(said, value) == 0;
}

static authp_jwk_key_t *make_rsa(const json_t *jwk, apr_pool_t *pool)
{
    return authp_jwk_key_rsa(number_of(jwk, "n", pool), number_of(jwk, "e", pool), pool);
}

static authp_jwk_key_t *make_ec(const json_t *jwk, apr_pool_t *pool)
{
    return authp_jwk_key_p256(number_of(jwk, "x", pool), number_of(jwk, "y", pool), pool);
}

static authp_jwk_key_t *make_okp(const json_t *jwk, apr_pool_t *pool)
{
    return authp_jwk_key_ed25519(number_of(jwk, "x", pool), pool);
}

static const struct {
    const char *kty;
    const char *crv; /* NULL: the kind has no curves */
    const char *alg;
    make_fn *make;
} kinds[] = {
    {"RSA", NULL, "RS256", make_rsa},
    {"EC", "P-256", "ES256", make_ec},
    {"OKP", "Ed25519", "EdDSA", make_okp},
};

static bool may_verify(const json_t *key_ops)
{
    const json_t *operation = NULL;
    size_t i = 0;
    if (key_ops == NULL) {
        return true;
    }
    json_array_foreach(key_ops, i, operation)
    {
        if (json_string_value(operation) != NULL &&
            strcmp(json_string_value(operation), "verify") == 0) {
            return true;
        }
    }
    return false;
}

/* True if the key has a private member: `d` of all kinds, `k` of symmetric keys, the primes of RSA.
 * The set is public, so everybody could sign with such a key. */
static bool is_public(const json_t *jwk)
{
    static const char *const parts[] = {"d", "k", "p", "q", "dp", "dq", "qi", "oth"};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (json_object_get(jwk, parts[i]) != NULL) {
            return false;
        }
    }
    return true;
}

static bool fits(const json_t *jwk, const char *alg)
{
    const json_t *kid = json_object_get(jwk, "kid");
    return (json_object_get(jwk, "use") == NULL || says(jwk, "use", "sig")) &&
           (json_object_get(jwk, "alg") == NULL || says(jwk, "alg", alg)) &&
           (kid == NULL ||
            (json_is_string(kid) && strlen(json_string_value(kid)) == json_string_length(kid))) &&
           may_verify(json_object_get(jwk, "key_ops")) && is_public(jwk);
}

/* NULL: the key is not usable. */
static authp_jwk_key_t *key_of(const json_t *jwk, apr_pool_t *pool)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (says(jwk, "kty", kinds[i].kty) &&
            (kinds[i].crv == NULL || says(jwk, "crv", kinds[i].crv))) {
            return fits(jwk, kinds[i].alg) ? kinds[i].make(jwk, pool) : NULL;
        }
    }
    return NULL;
}

static authp_err_t fill(authp_jwk_set_t *set, const json_t *keys, apr_pool_t *pool)
{
    const json_t *jwk = NULL;
    size_t i = 0;
    json_array_foreach(keys, i, jwk)
    {
        const authp_jwk_key_t *key = key_of(jwk, pool);
        const char *kid = json_string_value(json_object_get(jwk, "kid"));
        if (key != NULL && kid != NULL && authp_jwk_find(set, kid) != NULL) {
            return AUTHP_E_MALFORMED;
        }
        if (key != NULL) {
            const char *name = kid != NULL ? apr_pstrdup(pool, kid) : NULL;
            APR_ARRAY_PUSH(set->entries, entry_t) = (entry_t){name, key};
        }
    }
    return AUTHP_OK;
}

authp_err_t authp_jwk_parse(const char *text, size_t len, authp_jwk_set_t **out, apr_pool_t *pool)
{
    json_t *document = NULL;
    apr_pool_t *scratch = NULL;
    if (len > AUTHP_JWK_SET_MOST) {
        return AUTHP_E_TOO_LARGE;
    }
    apr_pool_create(&scratch, pool);
    authp_err_t err = authp_json_parse(text, len, &document, scratch);
    const json_t *keys = err == AUTHP_OK ? json_object_get(document, "keys") : NULL;
    authp_jwk_set_t *set = apr_palloc(pool, sizeof(*set));
    set->entries = apr_array_make(pool, 4, sizeof(entry_t));
    if (!json_is_array(keys) || json_array_size(keys) > AUTHP_JWK_KEYS_MOST) {
        err = AUTHP_E_MALFORMED;
    } else {
        err = fill(set, keys, pool);
    }
    apr_pool_destroy(scratch);
    if (err == AUTHP_OK) {
        *out = set;
    }
    return err;
}

int authp_jwk_count(const authp_jwk_set_t *set)
{
    return set->entries->nelts;
}

const authp_jwk_key_t *authp_jwk_find(const authp_jwk_set_t *set, const char *kid)
{
    for (int i = 0; i < set->entries->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(set->entries, i, entry_t);
        if (entry->kid != NULL && strcmp(entry->kid, kid) == 0) {
            return entry->key;
        }
    }
    return NULL;
}

const authp_jwk_key_t *authp_jwk_only(const authp_jwk_set_t *set)
{
    return set->entries->nelts == 1 ? APR_ARRAY_IDX(set->entries, 0, entry_t).key : NULL;
}
