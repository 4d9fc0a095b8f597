/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_SECRET_H
#define AUTHP_BASE_SECRET_H

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes that are zeroed when their pool goes and that no printf can show by accident. */
typedef struct authp_secret_t authp_secret_t;

/* Copies `len` bytes; a NUL is kept behind them, so bytes without one inside are a C string. */
authp_secret_t *authp_secret_make(const void *bytes, size_t len, apr_pool_t *pool);
const unsigned char *authp_secret_bytes(const authp_secret_t *secret);
size_t authp_secret_len(const authp_secret_t *secret);

/* Constant time in the length of the data. */
bool authp_secret_equal(const void *a, const void *b, size_t len);
/* The same for two C strings of any lengths (only the lengths may leak). */
bool authp_secret_equal_str(const char *a, const char *b);
/* Zeroes memory in a way the compiler keeps. */
void authp_secret_wipe(void *bytes, size_t len);

#endif
