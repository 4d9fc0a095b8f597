/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"

#include <string.h>

struct authp_secret_t {
    size_t len;
    unsigned char bytes[];
};

static apr_status_t wipe_secret(void *data)
{
    authp_secret_t *secret = data;
    authp_secret_wipe(secret->bytes, secret->len);
    secret->len = 0;
    return APR_SUCCESS;
}

authp_secret_t *authp_secret_make(const void *bytes, size_t len, apr_pool_t *pool)
{
    authp_secret_t *secret = apr_palloc(pool, sizeof(*secret) + len + 1);
    apr_pool_cleanup_register(pool, secret, wipe_secret, apr_pool_cleanup_null);
    secret->len = len;
    if (len > 0) {
        memcpy(secret->bytes, bytes, len);
    }
    secret->bytes[len] = '\0';
    return secret;
}

const unsigned char *authp_secret_bytes(const authp_secret_t *secret)
{
    return secret->bytes;
}

size_t authp_secret_len(const authp_secret_t *secret)
{
    return secret->len;
}

bool authp_secret_equal(const void *a, const void *b, size_t len)
{
    /* volatile prevents the compiler from ending the loop at the first difference. */
    const volatile unsigned char *left = a;
    const volatile unsigned char *right = b;
    volatile unsigned char difference = 0;
    for (size_t i = 0; i < len; i++) {
        difference = (unsigned char)(difference | (left[i] ^ right[i]));
    }
    return difference == 0;
}

bool authp_secret_equal_str(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return false;
    }
    size_t len = strlen(a);
    return len == strlen(b) && authp_secret_equal(a, b, len);
}

void authp_secret_wipe(void *bytes, size_t len)
{
    if (len > 0) {
        explicit_bzero(bytes, len);
    }
}
