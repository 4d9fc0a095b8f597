/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_PASSWORD_SCRYPT_H
#define AUTHP_CRYPTO_PASSWORD_SCRYPT_H

#include "base/err.h"
#include "crypto/password/hash_text.h"

#include <stddef.h>

/* scrypt (RFC 7914) with the parameters and the salt of `how`, in the calling thread. It is not
 * OpenSSL's, because that takes its memory from malloc() (hash_memory.h). AUTHP_E_BUSY: there is no
 * memory for it. AUTHP_E_INTERNAL: OpenSSL's PBKDF2 failed. Both are logged. */
AUTHP_CHECKED authp_err_t authp_scrypt_derive(const char *password, size_t len,
                                              const authp_hash_text_t *how, unsigned char *out,
                                              size_t out_len);

#endif
