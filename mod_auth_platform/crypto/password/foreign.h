/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_FOREIGN_H
#define AUTHP_CRYPTO_PASSWORD_FOREIGN_H

#include "base/err.h"
#include "crypto/password/hash_text.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Password hashes that other systems have made. An import stores them as they are, in one of the
 * text forms below. The first sign-in with the right password verifies the hash, and replaces it by
 * a hash of ours. `B64` is base64 in the standard alphabet ("-" and "_", or "." as passlib writes
 * it, are read too), with or without "=" at its end. N, T, M, P, R and L are decimal numbers.
 *
 * bcrypt                 $2a$NN$..., $2b$NN$..., $2y$NN$... with 60 characters
 * Argon2id, Argon2i      $argon2id$v=19$m=M,t=T,p=P$SALT-B64$HASH-B64
 * scrypt (passlib)       $scrypt$ln=L,r=R,p=P$SALT-B64$HASH-B64 (2^L blocks)
 * Firebase's scrypt      $fbscrypt$v=1,n=L,r=R,p=P,ss=B64,sk=B64$SALT-B64$HASH-B64: n is Firebase's
 *                        mem_cost, r its rounds, ss its salt separator, sk its signer key; ss may
 *                        be left out
 * PBKDF2                 $pbkdf2-sha256$N$SALT-B64$HASH-B64, $pbkdf2-sha512$...; Auth0's i=N,l=L
 *                        may stand for N
 * PBKDF2 (Django)        pbkdf2_sha256$N$SALT$HASH-B64: the salt is text
 * salted SHA-2           $sha256$SALT-B64$HASH, $sha512$...: one SHA of the salt and the password
 *                        (o=sp$ may stand before the salt); $sha256$o=ps$SALT-B64$HASH: of the
 *                        password and the salt. HASH is B64 or hex. The salt may be empty.
 * salted SHA-2 (LDAP)    {SSHA256}B64, {SSHA512}B64: the digest and the salt joined; the digest is
 *                        the SHA of the password and the salt
 * SHA-crypt (crypt(3))   $5$SALT$HASH, $6$SALT$HASH, both with or without rounds=N$ before the salt
 *
 * The bounds are in hash_text.h. */

/* NULL if a password can be verified against `hash`, so that it may be stored. Otherwise why not,
 * as a clause such as "scrypt with over 64 MiB of memory". The text never has a part of the hash.
 */
const char *authp_foreign_refusal(const char *hash, apr_pool_t *pool);

/* A longer password matches no hash. bcrypt takes 72 bytes, SHA-crypt 511. */
#define AUTHP_FOREIGN_PASSWORD_MOST 1024

/* Verifies a password against a hash of any form above, in the calling thread. Request code uses
 * crypto/password/hasher.h. AUTHP_OK: *match is set, false for a refused hash too. A password that
 * is too long takes as much work as another one. AUTHP_E_BUSY: there is no memory for it.
 * AUTHP_E_INTERNAL: the library failed, which is logged. */
AUTHP_CHECKED authp_err_t authp_foreign_verify(const char *password, size_t len, const char *hash,
                                               bool *match);

#endif
