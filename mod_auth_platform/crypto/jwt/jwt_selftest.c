/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"
#include "base/log.h"
#include "crypto/jwt/jwt_impl.h"

#include <apr_strings.h>
#include <string.h>

#define NOW 1700000000

authp_err_t authp_jwt_selftest_forge(const authp_jwt_key_t *key, authp_bytes_t header,
                                     authp_bytes_t payload, const char **out, apr_pool_t *pool)
{
    unsigned char mac[AUTHP_SHA256_LEN];
    const char *text = apr_pstrcat(pool, authp_b64url_encode(header.data, header.len, pool), ".",
                                   authp_b64url_encode(payload.data, payload.len, pool), NULL);
    authp_bytes_t part = {text, strlen(text)};
    authp_err_t err = authp_hmac_sum(key->mac, &part, 1, mac);
    if (err == AUTHP_OK) {
        *out = apr_pstrcat(pool, text, ".", authp_b64url_encode(mac, sizeof(mac), pool), NULL);
    }
    return err;
}

static authp_err_t failed(const char *what)
{
    authp_log(AUTHP_LOG_ERROR, "AUTHP0114", "token self-test: %s", what);
    return AUTHP_E_INTERNAL;
}

static bool accepts(const authp_jwt_t *jwt, const char *token, int64_t now, apr_pool_t *pool)
{
    authp_claims_t claims;
    return authp_jwt_verify(jwt, token, strlen(token), now, &claims, pool) == AUTHP_OK;
}

static authp_claims_t sample_claims(void)
{
    return (authp_claims_t){.sub = "0123456789abcdef01234567",
                            .sid = "89abcdef0123456789abcdef",
                            .jti = "selftest",
                            .iat = NOW,
                            .nbf = NOW,
                            .exp = NOW + 60,
                            .auth_time = NOW,
                            .nroles = 1,
                            .roles = {"candidate"}};
}

/* Makes a token whose payload has `to` in the place of `from`, and signs it correctly. */
static authp_err_t bent(const authp_jwt_t *jwt, const char *payload, const char *from,
                        const char *to, const char **out, apr_pool_t *pool)
{
    const char *at = strstr(payload, from);
    if (at == NULL) {
        return failed("the sample token has not the expected claims");
    }
    const char *text = apr_pstrcat(pool, apr_pstrmemdup(pool, payload, (apr_size_t)(at - payload)),
                                   to, at + strlen(from), NULL);
    static const char header[] = "{\"alg\":\"HS256\"}";
    authp_bytes_t head = {header, sizeof(header) - 1};
    authp_bytes_t body = {text, strlen(text)};
    return authp_jwt_selftest_forge(&jwt->keys[0], head, body, out, pool);
}

/* Tokens with a correct signature and wrong claims. Only our own code is tested with them, because
 * libjwt checks no claims. */
static authp_err_t test_claims(const authp_jwt_t *jwt, const char *payload, apr_pool_t *pool)
{
    static const char *const swaps[][2] = {
        {"\"type\":\"access\"", "\"type\":\"refresh\""},
        {"\"exp\":", "\"exp\":0,\"old\":"},
        {"\"exp\":", "\"exp\":\"9999999999\",\"old\":"},
        {"\"iss\":\"", "\"iss\":\"x"},
        {"\"aud\":\"", "\"aud\":\"x"},
        {"\"nbf\":", "\"nbf\":9999999999,\"old\":"},
        {"\"ver\":", "\"exp\":9999999999,\"ver\":"},
        {"\"roles\":[", "\"roles\":[1,"},
    };
    for (size_t i = 0; i < sizeof(swaps) / sizeof(swaps[0]); i++) {
        const char *token = NULL;
        authp_err_t err = bent(jwt, payload, swaps[i][0], swaps[i][1], &token, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        if (accepts(jwt, token, NOW, pool)) {
            return failed(apr_psprintf(pool, "accepted a token with %s", swaps[i][1]));
        }
    }
    const char *same = NULL;
    authp_err_t err = bent(jwt, payload, "\"type\"", " \"type\"", &same, pool);
    if (err == AUTHP_OK && !accepts(jwt, same, NOW, pool)) {
        return failed("refused a good token in another spelling");
    }
    return err;
}

/* Headers that ask for another algorithm or key, each with a signature and without one. */
static authp_err_t test_headers(const authp_jwt_t *jwt, const char *payload, apr_pool_t *pool)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}",
                                          "{\"alg\":\"None\"}",
                                          "{\"alg\":\"nOnE\"}",
                                          "{\"alg\":\"HS384\"}",
                                          "{\"alg\":\"RS256\"}",
                                          "{\"typ\":\"JWT\"}",
                                          "{\"alg\":\"HS256\",\"kid\":\"none-of-ours\"}",
                                          "{\"alg\":\"HS256\",\"crit\":[\"exp\"]}"};
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        const char *token = NULL;
        authp_bytes_t head = {headers[i], strlen(headers[i])};
        authp_bytes_t body = {payload, strlen(payload)};
        authp_err_t err = authp_jwt_selftest_forge(&jwt->keys[0], head, body, &token, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        const char *unsigned_token =
            apr_pstrmemdup(pool, token, (apr_size_t)(strrchr(token, '.') - token) + 1);
        if (accepts(jwt, token, NOW, pool) || accepts(jwt, unsigned_token, NOW, pool)) {
            return failed(apr_psprintf(pool, "accepted a token with the header %s", headers[i]));
        }
    }
    return AUTHP_OK;
}

/* Wrong signatures, which our code and libjwt must refuse. The first fix of libjwt for
 * CVE-2024-25189 accepted any signature of the right length. */
static authp_err_t test_signatures(const authp_jwt_t *jwt, const char *token, apr_pool_t *pool)
{
    size_t start = (size_t)(strrchr(token, '.') - token) + 1;
    char *wrong = apr_pstrdup(pool, token);
    wrong[start] = wrong[start] == 'A' ? 'B' : 'A';
    char *blank = apr_pstrdup(pool, token);
    memset(blank + start, 'A', strlen(blank + start));
    char *payload = apr_pstrdup(pool, token);
    payload[start - 4] = payload[start - 4] == 'A' ? 'B' : 'A';
    const char *forged[] = {wrong, blank, payload};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        if (accepts(jwt, forged[i], NOW, pool)) {
            return failed("accepted a token with a wrong signature");
        }
        if (authp_jwt_build_accepts(&jwt->keys[0], forged[i])) {
            return failed("this build of libjwt accepts a wrong signature: do not use it");
        }
    }
    const char *cut[] = {apr_pstrmemdup(pool, token, strlen(token) - 1),
                         apr_pstrcat(pool, token, "A", NULL),
                         apr_pstrcat(pool, token, "=", NULL),
                         apr_pstrmemdup(pool, token, start),
                         "",
                         "..",
                         "a.b.c"};
    for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
        if (accepts(jwt, cut[i], NOW, pool)) {
            return failed("accepted a token of another length");
        }
    }
    return AUTHP_OK;
}

authp_err_t authp_jwt_selftest(const authp_jwt_t *jwt, apr_pool_t *pool)
{
    const char *token = NULL;
    authp_claims_t claims = sample_claims();
    authp_err_t err = authp_jwt_build(jwt, &claims, &token, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (!accepts(jwt, token, NOW, pool) || !authp_jwt_build_accepts(&jwt->keys[0], token)) {
        return failed("refused a good token");
    }
    if (accepts(jwt, token, NOW + 60, pool) ||
        accepts(jwt, token, NOW - AUTHP_JWT_SKEW - 1, pool)) {
        return failed("accepted a token outside its time");
    }
    const char *segment = strchr(token, '.') + 1;
    size_t len = strcspn(segment, ".");
    char *payload = apr_palloc(pool, AUTHP_B64URL_DECODED(len) + 1);
    err = authp_b64url_decode(segment, len, (unsigned char *)payload);
    payload[AUTHP_B64URL_DECODED(len)] = '\0';
    if (err == AUTHP_OK) {
        err = test_signatures(jwt, token, pool);
    }
    if (err == AUTHP_OK) {
        err = test_headers(jwt, payload, pool);
    }
    if (err == AUTHP_OK) {
        err = test_claims(jwt, payload, pool);
    }
    return err;
}
