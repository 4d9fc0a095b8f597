/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/jwt/jwt_impl.h"

#include <apr_strings.h>
#include <string.h>

/* Returns the text of a JSON string. NULL if it is no string or has a NUL inside. It lives as long
 * as the JSON value, which lives as long as its pool. */
static const char *plain_string(const json_t *value)
{
    const char *text = json_string_value(value);
    return text != NULL && strlen(text) == json_string_length(value) ? text : NULL;
}

static bool read_string(const json_t *claims, const char *name, const char **out)
{
    *out = plain_string(json_object_get(claims, name));
    return *out != NULL;
}

static bool read_nullable(const json_t *claims, const char *name, const char **out)
{
    const json_t *value = json_object_get(claims, name);
    *out = NULL;
    return json_is_null(value) || read_string(claims, name, out);
}

/* Reads a claim that not all tokens have. */
static bool read_optional(const json_t *claims, const char *name, const char **out)
{
    *out = NULL;
    return json_object_get(claims, name) == NULL || read_nullable(claims, name, out);
}

static bool read_integer(const json_t *claims, const char *name, int64_t *out)
{
    const json_t *value = json_object_get(claims, name);
    *out = json_integer_value(value);
    return json_is_integer(value);
}

/* Reads aud: a string, or a list of strings that contains the audience of such a token. For a list,
 * out->aud is that audience. Call it when out->prf is set. */
static bool read_audience(const authp_jwt_t *jwt, const json_t *claims, authp_claims_t *out)
{
    const json_t *value = json_object_get(claims, "aud");
    const char *wanted = authp_jwt_claims_audience(jwt, out);
    out->aud = NULL;
    if (value == NULL || wanted == NULL) {
        return value == NULL && wanted == NULL;
    }
    if (!json_is_array(value)) {
        return read_string(claims, "aud", &out->aud);
    }
    size_t index = 0;
    const json_t *each = NULL;
    bool ours = false;
    json_array_foreach(value, index, each)
    {
        const char *text = plain_string(each);
        if (text == NULL) {
            return false;
        }
        ours = ours || strcmp(text, wanted) == 0;
    }
    out->aud = wanted;
    return ours;
}

static bool read_roles(const json_t *claims, authp_claims_t *out)
{
    const json_t *value = json_object_get(claims, "roles");
    size_t index = 0;
    const json_t *each = NULL;
    out->nroles = 0;
    if (!json_is_array(value) || json_array_size(value) > AUTHP_JWT_MAX_ROLES) {
        return false;
    }
    json_array_foreach(value, index, each)
    {
        const char *text = plain_string(each);
        if (text == NULL) {
            return false;
        }
        out->roles[out->nroles++] = text;
    }
    return true;
}

/* Reads the role from `role` or from `user_type`. No token of this program has both. */
static bool read_role(const json_t *claims, authp_claims_t *out)
{
    const char *type = NULL;
    bool good =
        read_optional(claims, "role", &out->role) && read_optional(claims, "user_type", &type);
    out->role = type != NULL ? type : out->role;
    return good;
}

/* prf is absent or a string. */
static bool read_prf(const json_t *claims, authp_claims_t *out)
{
    out->prf = NULL;
    return json_object_get(claims, "prf") == NULL || read_string(claims, "prf", &out->prf);
}

bool authp_jwt_slow_parse(const authp_jwt_t *jwt, const char *text, size_t len, authp_claims_t *out,
                          apr_pool_t *pool)
{
    json_t *claims = NULL;
    const char *type = NULL;
    if (authp_json_parse(text, len, &claims, pool) != AUTHP_OK || !json_is_object(claims)) {
        return false;
    }
    const json_t *verified = json_object_get(claims, "email_verified");
    out->email_verified = json_is_true(verified);
    return json_is_boolean(verified) && read_string(claims, "type", &type) &&
           strcmp(type, "access") == 0 && read_string(claims, "iss", &out->iss) &&
           read_prf(claims, out) && read_audience(jwt, claims, out) &&
           read_string(claims, "sub", &out->sub) && read_string(claims, "sid", &out->sid) &&
           read_string(claims, "jti", &out->jti) && read_nullable(claims, "email", &out->email) &&
           read_nullable(claims, "name", &out->name) && read_role(claims, out) &&
           read_optional(claims, "phone_number", &out->phone) &&
           read_optional(claims, "username", &out->username) &&
           read_integer(claims, "iat", &out->iat) && read_integer(claims, "nbf", &out->nbf) &&
           read_integer(claims, "exp", &out->exp) &&
           read_integer(claims, "auth_time", &out->auth_time) &&
           read_integer(claims, "ver", &out->ver) && read_roles(claims, out);
}

static const authp_jwt_key_t *key_named(const authp_jwt_t *jwt, const char *kid)
{
    for (int i = 0; i < jwt->nkeys; i++) {
        if (strcmp(jwt->keys[i].kid, kid) == 0) {
            return &jwt->keys[i];
        }
    }
    return NULL;
}

const authp_jwt_key_t *authp_jwt_slow_header(const authp_jwt_t *jwt, const char *segment,
                                             size_t len, apr_pool_t *pool)
{
    json_t *header = NULL;
    unsigned char *text = apr_palloc(pool, AUTHP_B64URL_DECODED(len) + 1);
    if (authp_b64url_decode(segment, len, text) != AUTHP_OK ||
        authp_json_parse((const char *)text, AUTHP_B64URL_DECODED(len), &header, pool) !=
            AUTHP_OK ||
        !json_is_object(header)) {
        return NULL;
    }
    const char *alg = plain_string(json_object_get(header, "alg"));
    const json_t *typ = json_object_get(header, "typ");
    const json_t *kid = json_object_get(header, "kid");
    /* The algorithm belongs to the key. The header cannot choose another one. */
    if (alg == NULL || strcmp(alg, "HS256") != 0 || json_object_get(header, "crit") != NULL) {
        return NULL;
    }
    if (typ != NULL && !authp_text_same(plain_string(typ), "JWT")) {
        return NULL;
    }
    if (kid == NULL) {
        return &jwt->keys[0];
    }
    const char *name = plain_string(kid);
    return name != NULL ? key_named(jwt, name) : NULL;
}
