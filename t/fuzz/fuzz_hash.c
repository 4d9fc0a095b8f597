/* SPDX-License-Identifier: Apache-2.0 */
/* Stored password hashes, as imports and other programs write them. The input is a password, a line
 * feed and the text of a hash. */
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The memory of all passes or runs, and the rounds, that are computed here. */
#define CHEAP_KIB 1024
#define CHEAP_ROUNDS 1000
#define CHEAP_COST 4

static bool check_memory(const authp_hash_text_t *text, uint32_t passes)
{
    FUZZ_DEMAND(text->memory_kib > 0 || text->block * (UINT32_C(128) << text->log_blocks) < 1024);
    FUZZ_DEMAND(text->memory_kib <= AUTHP_HASH_TEXT_MEMORY_KIB);
    FUZZ_DEMAND(text->lanes >= 1 && text->lanes <= AUTHP_HASH_TEXT_LANES);
    return text->memory_kib * passes <= CHEAP_KIB;
}

static bool check_rounds(const authp_hash_text_t *text)
{
    FUZZ_DEMAND(text->rounds >= 1 && text->rounds <= AUTHP_HASH_TEXT_ROUNDS);
    return text->rounds <= CHEAP_ROUNDS;
}

/* An accepted hash is within the bounds that hash_text.h states. True if it is quickly verified. */
static bool check_bounds(const authp_hash_text_t *text)
{
    FUZZ_DEMAND(text->salt.len <= sizeof(text->salt.at) && text->hash.len <= sizeof(text->hash.at));
    FUZZ_DEMAND(text->key.len <= AUTHP_HASH_TEXT_KEY_MOST);
    FUZZ_DEMAND(text->hash.len <= AUTHP_HASH_TEXT_KEY_MOST);
    switch (text->kind) {
    case AUTHP_HASH_BCRYPT:
        FUZZ_DEMAND(text->rounds >= 4 && text->rounds <= AUTHP_BCRYPT_MAX_COST);
        return text->rounds <= CHEAP_COST;
    case AUTHP_HASH_ARGON2ID:
    case AUTHP_HASH_ARGON2I:
        FUZZ_DEMAND(text->rounds >= 1 && text->rounds <= AUTHP_HASH_TEXT_ARGON2_PASSES);
        FUZZ_DEMAND(text->hash.len >= 16);
        return check_memory(text, text->rounds);
    case AUTHP_HASH_FIREBASE:
        FUZZ_DEMAND(text->key.len == text->hash.len);
        FUZZ_DEMAND(text->hash.len >= 16);
        return check_memory(text, text->lanes);
    case AUTHP_HASH_SCRYPT:
        FUZZ_DEMAND(text->hash.len >= 16);
        return check_memory(text, text->lanes);
    case AUTHP_HASH_PBKDF2_SHA256:
    case AUTHP_HASH_PBKDF2_SHA512:
        FUZZ_DEMAND(text->hash.len >= 16 && text->hash.len <= 64);
        return check_rounds(text);
    case AUTHP_HASH_SHA256:
        FUZZ_DEMAND(text->hash.len == 32);
        return true;
    case AUTHP_HASH_SHA512:
        FUZZ_DEMAND(text->hash.len == 64);
        return true;
    case AUTHP_HASH_SHACRYPT:
        return check_rounds(text);
    }
    fprintf(stderr, "no kind of hash: %d\n", (int)text->kind);
    abort();
}

static void check_hash(const char *password, size_t len, const char *hash, apr_pool_t *pool)
{
    authp_hash_text_t text;
    bool match = true;
    const char *why = authp_hash_text_read(hash, &text);
    const char *refusal = authp_foreign_refusal(hash, pool);
    FUZZ_DEMAND((why == NULL) == (refusal == NULL));
    if (why != NULL) {
        FUZZ_DEMAND(strcmp(why, refusal) == 0);
        FUZZ_DEMAND(authp_foreign_verify(password, len, hash, &match) == AUTHP_OK && !match);
    } else if (check_bounds(&text)) {
        FUZZ_DEMAND(authp_foreign_verify(password, len, hash, &match) == AUTHP_OK);
        FUZZ_DEMAND(!match || len <= AUTHP_FOREIGN_PASSWORD_MOST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    const uint8_t *end = size <= 4096 ? memchr(data, '\n', size) : NULL;
    if (end == NULL) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    size_t len = (size_t)(end - data);
    const char *password = apr_pstrmemdup(pool, (const char *)data, len);
    const char *hash = apr_pstrmemdup(pool, (const char *)end + 1, size - len - 1);
    check_hash(password, len, hash, pool);
    apr_pool_destroy(pool);
    return 0;
}
