/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CRYPTO_KEYS_H
#define AUTHP_CRYPTO_KEYS_H

#include "base/err.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <apr_pools.h>
#include <stdbool.h>

/* Keys for tags of our own, derived by HKDF from JWT_SECRET_KEY, one for each label. Tags are made
 * with the present key. They are accepted under the present and the previous key, so that a key can
 * be replaced without signing anybody out. */
typedef enum authp_key_label_t {
    AUTHP_KEY_REFRESH,
    AUTHP_KEY_CSRF,
    AUTHP_KEY_CSRF_NAMED,
    AUTHP_KEY_DEVICE,
    AUTHP_KEY_LIMIT,
    AUTHP_KEY_OTP,
    AUTHP_KEY_MAIL,
    AUTHP_KEY_COUNT
} authp_key_label_t;

typedef struct authp_keys_t authp_keys_t;

#define AUTHP_KEYS_NAME_LEN 16

/* `previous` may be NULL. */
AUTHP_CHECKED authp_err_t authp_keys_make(const authp_secret_t *present,
                                          const authp_secret_t *previous, authp_keys_t **out,
                                          apr_pool_t *pool);
AUTHP_CHECKED authp_err_t authp_keys_tag(const authp_keys_t *keys, authp_key_label_t label,
                                         const authp_bytes_t *parts, int nparts,
                                         unsigned char out[AUTHP_SHA256_LEN]);
/* AUTHP_E_MALFORMED: `tag` is valid under no key. The time does not depend on the tag. */
AUTHP_CHECKED authp_err_t authp_keys_check(const authp_keys_t *keys, authp_key_label_t label,
                                           const authp_bytes_t *parts, int nparts,
                                           const unsigned char tag[AUTHP_SHA256_LEN]);

/* Returns 16 hex digits made from the present or the previous key. Two servers with equal digits
 * have the same key. The key cannot be computed from them. NULL: there is no previous key. */
const char *authp_keys_name(const authp_keys_t *keys, bool previous);

#endif
