/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_B64URL_H
#define AUTHP_BASE_B64URL_H

#include "base/err.h"

#include <apr_pools.h>
#include <stddef.h>

/* base64url without padding (RFC 4648 section 5). Decoding accepts only the canonical form: letters
 * of the alphabet, no '=', no length of 4n+1, unused bits zero. So each value has exactly one text.
 */
#define AUTHP_B64URL_ENCODED(n) (((n)*4 + 2) / 3)
#define AUTHP_B64URL_DECODED(n) ((n) / 4 * 3 + ((n) % 4 ? (n) % 4 - 1 : 0))

char *authp_b64url_encode(const unsigned char *bytes, size_t len, apr_pool_t *pool);
/* Writes AUTHP_B64URL_DECODED(len) bytes to `out`, which must have room for them. After
 * AUTHP_E_MALFORMED these bytes are undefined. */
AUTHP_CHECKED authp_err_t authp_b64url_decode(const char *text, size_t len, unsigned char *out);

#endif
