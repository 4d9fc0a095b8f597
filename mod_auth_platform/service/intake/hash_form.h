/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_HASH_FORM_H
#define AUTHP_SERVICE_INTAKE_HASH_FORM_H

#include <apr_pools.h>
#include <stdbool.h>

/* Texts of crypto/password/foreign.h from the parts that other systems export. `salt` and `hash`
 * are base64 in any alphabet, with or without padding. NULL if a part has other characters, is
 * absent, or a number is out of its range. */

typedef struct authp_hash_form_t {
    const char *salt;
    const char *hash;
} authp_hash_form_t;

/* True if `text` is not NULL and has only characters of base64. */
bool authp_hash_form_is_base64(const char *text);

/* `sha` is 256 or 512. */
const char *authp_hash_form_pbkdf2(int sha, long rounds, const authp_hash_form_t *parts,
                                   apr_pool_t *pool);
/* `salt` may be NULL. `salt_last`: the salt follows the password. */
const char *authp_hash_form_sha(int sha, bool salt_last, const authp_hash_form_t *parts,
                                apr_pool_t *pool);
/* `cost` is N, a power of two. */
const char *authp_hash_form_scrypt(long cost, long block, long lanes,
                                   const authp_hash_form_t *parts, apr_pool_t *pool);

/* The bytes of hex digits, or of a text, as base64. NULL if `hex` is not hex. */
const char *authp_hash_form_from_hex(const char *hex, apr_pool_t *pool);
const char *authp_hash_form_from_text(const char *text, apr_pool_t *pool);
/* The text whose base64 this is. NULL if it is not base64, or has a NUL inside. */
const char *authp_hash_form_to_text(const char *base64, apr_pool_t *pool);

#endif
