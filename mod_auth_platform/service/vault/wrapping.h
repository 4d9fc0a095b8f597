/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_VAULT_WRAPPING_H
#define AUTHP_SERVICE_VAULT_WRAPPING_H

#include "crypto/digest.h"
#include "service/realm/realm.h"

/* How the row of a data key holds the key: sealed ("wrapped") by a key that is derived from
 * JWT_SECRET_KEY. The row also has the name of that JWT_SECRET_KEY. */

#define AUTHP_WRAPPING_KEY_LEN 32 /* bytes of a data key */

/* Which JWT_SECRET_KEY has wrapped a data key, as its row says. */
typedef enum authp_wrapping_by_t {
    AUTHP_WRAPPING_BY_PRESENT,  /* JWT_SECRET_KEY */
    AUTHP_WRAPPING_BY_PREVIOUS, /* JWT_SECRET_KEY_PREVIOUS */
    AUTHP_WRAPPING_BY_OTHER     /* neither of them */
} authp_wrapping_by_t;

/* Makes the seal that wraps with JWT_SECRET_KEY, and unwraps with JWT_SECRET_KEY_PREVIOUS, too. */
AUTHP_CHECKED authp_err_t authp_wrapping_make(const authp_settings_t *settings,
                                              const authp_seal_t **out, apr_pool_t *pool);

/* Wraps `bytes` (AUTHP_WRAPPING_KEY_LEN of them) for the row with the id of `row`: sets
 * row->wrapped and row->wrapped_by. */
AUTHP_CHECKED authp_err_t authp_wrapping_close(const authp_realm_t *realm, const authp_seal_t *seal,
                                               authp_data_key_t *row, authp_bytes_t bytes,
                                               apr_pool_t *pool);

/* Unwraps the key of `row`. *out is wiped with `pool`. AUTHP_E_MALFORMED: `seal` cannot unwrap it.
 */
AUTHP_CHECKED authp_err_t authp_wrapping_open(const authp_seal_t *seal, const authp_data_key_t *row,
                                              authp_bytes_t *out, apr_pool_t *pool);

/* Wraps the key of `row`, which is `bytes`, again if the present JWT_SECRET_KEY has not wrapped it.
 * AUTHP_OK also if another process does so at the same time. */
AUTHP_CHECKED authp_err_t authp_wrapping_renew(const authp_realm_t *realm, const authp_seal_t *seal,
                                               const authp_data_key_t *row, authp_bytes_t bytes,
                                               apr_pool_t *pool);

/* Returns which JWT_SECRET_KEY has wrapped the key, from row->wrapped_by. Unwraps nothing. */
authp_wrapping_by_t authp_wrapping_by(const authp_realm_t *realm, const authp_data_key_t *row);

#endif
