/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_HASH_TEXT_H
#define AUTHP_CRYPTO_PASSWORD_HASH_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text of a stored password hash, taken apart. foreign.h lists the text forms. A stored hash
 * decides how much time and memory a sign-in takes, so its parameters are bounded: bcrypt up to
 * cost 16; Argon2 and scrypt up to 64 MiB of memory; Argon2 up to 10 passes and 16 lanes; scrypt up
 * to 256 MiB for all of its P runs together; PBKDF2 and SHA-crypt up to 2,000,000 rounds. A hash
 * beyond a bound is refused. */
#define AUTHP_HASH_TEXT_MEMORY_KIB 65536
#define AUTHP_HASH_TEXT_ARGON2_PASSES 10
#define AUTHP_HASH_TEXT_LANES 16
#define AUTHP_HASH_TEXT_SCRYPT_RUNS_KIB 262144
#define AUTHP_HASH_TEXT_ROUNDS 2000000

#define AUTHP_HASH_TEXT_SALT_MOST 256
#define AUTHP_HASH_TEXT_KEY_MOST 128 /* bytes of a hash, and of Firebase's signer key */

typedef enum authp_hash_kind_t {
    AUTHP_HASH_BCRYPT,
    AUTHP_HASH_ARGON2ID,
    AUTHP_HASH_ARGON2I,
    AUTHP_HASH_SCRYPT,
    AUTHP_HASH_FIREBASE, /* scrypt, whose output encrypts the signer key */
    AUTHP_HASH_PBKDF2_SHA256,
    AUTHP_HASH_PBKDF2_SHA512,
    AUTHP_HASH_SHA256,
    AUTHP_HASH_SHA512,
    AUTHP_HASH_SHACRYPT
} authp_hash_kind_t;

/* Some bytes. The size is enough for each salt, hash and key. */
typedef struct authp_hash_bytes_t {
    size_t len;
    unsigned char at[AUTHP_HASH_TEXT_SALT_MOST];
} authp_hash_bytes_t;

/* Members that the kind does not have are 0. Of bcrypt and SHA-crypt only `kind` and `rounds` are
 * set: their functions read the text. */
typedef struct authp_hash_text_t {
    authp_hash_kind_t kind;
    uint32_t rounds;     /* bcrypt: cost; Argon2: passes; PBKDF2, SHA-crypt: rounds */
    uint32_t log_blocks; /* scrypt: 2^log_blocks blocks */
    uint32_t block;      /* scrypt: block size r */
    uint32_t lanes;      /* scrypt, Argon2: p */
    uint32_t memory_kib; /* scrypt, Argon2 */
    bool salt_last;      /* SHA-2: the salt follows the password */
    authp_hash_bytes_t salt;
    authp_hash_bytes_t hash;
    authp_hash_bytes_t key; /* Firebase: the signer key */
} authp_hash_text_t;

/* Reads the text of a hash. NULL: *out is set. Otherwise the text is refused, and the result is a
 * static clause that says why. */
const char *authp_hash_text_read(const char *text, authp_hash_text_t *out);

#endif
