/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_SECRET_H
#define AUTHP_BASE_SECRET_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that are zeroed when their pool is destroyed. The type is opaque, so that no printf can
 * show them by accident. */
typedef struct authp_secret_t authp_secret_t;

/* Copies `len` bytes and adds a NUL. So bytes without a NUL inside are also a C string. */
authp_secret_t *authp_secret_make(const void *bytes, size_t len, apr_pool_t *pool);
const unsigned char *authp_secret_bytes(const authp_secret_t *secret);
size_t authp_secret_len(const authp_secret_t *secret);

/* Compares `len` bytes. The time depends on `len` only, not on the bytes. */
bool authp_secret_equal(const void *a, const void *b, size_t len);
/* Compares two C strings in the same way. The time may tell whether their lengths are equal. False
 * if one of them is NULL. */
bool authp_secret_equal_str(const char *a, const char *b);
/* Zeroes memory. The compiler does not remove this call. */
void authp_secret_wipe(void *bytes, size_t len);

#endif
