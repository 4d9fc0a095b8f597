/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/csrf.h"

#include "base/b64url.h"

#include <string.h>

authp_err_t authp_csrf_make(const authp_realm_t *realm, const char *sid, const char **out,
                            apr_pool_t *pool)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    const authp_bytes_t part = {sid, strlen(sid)};
    authp_err_t err = authp_keys_tag(realm->keys, AUTHP_KEY_CSRF, &part, 1, tag);
    if (err == AUTHP_OK) {
        *out = authp_b64url_encode(tag, sizeof(tag), pool);
    }
    return err;
}

authp_err_t authp_csrf_check(const authp_realm_t *realm, const char *sid, const char *token)
{
    const size_t len = AUTHP_B64URL_ENCODED(AUTHP_SHA256_LEN);
    unsigned char tag[AUTHP_SHA256_LEN];
    const authp_bytes_t part = {sid, strlen(sid)};
    if (token == NULL || strnlen(token, len + 1) != len ||
        authp_b64url_decode(token, len, tag) != AUTHP_OK) {
        return AUTHP_E_CSRF_FAILED;
    }
    authp_err_t err = authp_keys_check(realm->keys, AUTHP_KEY_CSRF, &part, 1, tag);
    return err == AUTHP_E_MALFORMED ? AUTHP_E_CSRF_FAILED : err;
}
