/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FORGE_H
#define AUTHP_TEST_FORGE_H

#include "crypto/jwt/jwt_impl.h"

/* A keyring and one good token of it, to be bent. One at a time. Signatures are made here, not by
 * the code under test. */
#define FORGE_NOW INT64_C(1700000000)
#define FORGE_KEY "present-key-present-key-present-key"
#define FORGE_PREVIOUS "previous-key-previous-key-previous-key"
#define FORGE_ISSUER "https://auth.example.org"
#define FORGE_AUDIENCE "jobs"

typedef struct forge_t {
    apr_pool_t *pool;
    authp_jwt_t *jwt;
    const char *token;
    const char *header; /* JSON */
    const char *payload;
} forge_t;

void forge_open(forge_t *f);
void forge_close(forge_t *f);

authp_secret_t *forge_secret(const forge_t *f, const char *text);
/* FORGE_KEY, and `previous` unless that is NULL. */
authp_jwt_t *forge_keyring(const forge_t *f, const char *previous);
/* Valid from FORGE_NOW on, for a minute. */
authp_claims_t forge_claims(void);
/* authp_jwt_build() that works. */
const char *forge_build(const forge_t *f, const authp_jwt_t *jwt, const authp_claims_t *claims);

const char *forge_base64(const forge_t *f, const char *text);
/* What segment `index` of a token says. */
const char *forge_segment(const forge_t *f, const char *token, int index);
/* Header and payload as segments, any text; signed by HMAC with that digest ("SHA256"). */
const char *forge_mac(const forge_t *f, const char *signing_input, const char *digest,
                      const char *key);
/* JSON texts, FORGE_KEY, SHA-256. */
const char *forge_sign(const forge_t *f, const char *header, const char *payload);
/* `text` with its first `from`, which must be there, made `to`. */
const char *forge_swap(const forge_t *f, const char *text, const char *from, const char *to);

/* Verifies a copy that has no byte behind it. Untouched claims unless it is taken. */
authp_err_t forge_try(const forge_t *f, const char *token, size_t len, int64_t now,
                      authp_claims_t *out);
/* Check's assertions. `len` counts NUL bytes too. */
void forge_refused_bytes(const forge_t *f, const char *token, size_t len);
void forge_refused(const forge_t *f, const char *token);
authp_claims_t forge_taken(const forge_t *f, const char *token);
/* The payload behind each good header and in each spelling: the fast reader and the slow one. */
void forge_payload_refused(const forge_t *f, const char *payload);
authp_claims_t forge_payload_taken(const forge_t *f, const char *payload);

#endif
