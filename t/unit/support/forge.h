/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FORGE_H
#define AUTHP_TEST_FORGE_H

#include "crypto/jwt/jwt_impl.h"

/* A keyring and one good token of it, from which tests make bad ones. Only one exists at a time.
 * Signatures are computed here and not by the code under test. */
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
/* Makes a keyring with FORGE_KEY, and with `previous` unless it is NULL. */
authp_jwt_t *forge_keyring(const forge_t *f, const char *previous);
/* Returns claims that are valid from FORGE_NOW on, for a minute. */
authp_claims_t forge_claims(void);
/* Calls authp_jwt_build(), which must succeed. */
const char *forge_build(const forge_t *f, const authp_jwt_t *jwt, const authp_claims_t *claims);

const char *forge_base64(const forge_t *f, const char *text);
/* Returns the decoded text of segment `index` of a token. */
const char *forge_segment(const forge_t *f, const char *token, int index);
/* Signs `signing_input` by HMAC with that digest ("SHA256") and returns the token. The input is any
 * text, normally header and payload. */
const char *forge_mac(const forge_t *f, const char *signing_input, const char *digest,
                      const char *key);
/* Signs the JSON texts with FORGE_KEY and SHA-256. */
const char *forge_sign(const forge_t *f, const char *header, const char *payload);
/* Returns `text` with its first `from` replaced by `to`. `from` must be in it. */
const char *forge_swap(const forge_t *f, const char *text, const char *from, const char *to);

/* Verifies a copy of the token that ends with its block, so that ASan sees any read beyond it. *out
 * must be untouched unless the token is accepted. */
authp_err_t forge_try(const forge_t *f, const char *token, size_t len, int64_t now,
                      authp_claims_t *out);
/* Check by assertions that a token is refused, or accepted. `len` also counts NUL bytes. */
void forge_refused_bytes(const forge_t *f, const char *token, size_t len);
void forge_refused(const forge_t *f, const char *token);
authp_claims_t forge_taken(const forge_t *f, const char *token);
/* Check a payload with each valid header and in each spelling, so that the fast parser and the slow
 * one run. */
void forge_payload_refused(const forge_t *f, const char *payload);
authp_claims_t forge_payload_taken(const forge_t *f, const char *payload);

#endif
