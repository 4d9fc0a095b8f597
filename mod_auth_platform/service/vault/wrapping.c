/* SPDX-License-Identifier: Apache-2.0 */
#include "service/vault/wrapping.h"

#include "base/log.h"

#include <apr_strings.h>
#include <string.h>

/* If the label or the purpose changes, no data key that was wrapped before can be unwrapped. */
#define LABEL "authp data key"
#define PURPOSE "data key "

authp_err_t authp_wrapping_make(const authp_settings_t *settings, const authp_seal_t **out,
                                apr_pool_t *pool)
{
    authp_seal_t *seal = NULL;
    authp_err_t err =
        authp_seal_make(settings->jwt_secret, settings->jwt_secret_previous, LABEL, &seal, pool);
    if (err == AUTHP_OK) {
        *out = seal;
    }
    return err;
}

static const char *purpose_of(const authp_data_key_t *row, apr_pool_t *pool)
{
    return apr_pstrcat(pool, PURPOSE, row->id.hex, NULL);
}

authp_err_t authp_wrapping_close(const authp_realm_t *realm, const authp_seal_t *seal,
                                 authp_data_key_t *row, authp_bytes_t bytes, apr_pool_t *pool)
{
    row->wrapped_by = authp_keys_name(realm->keys, false);
    return authp_seal_close(seal, purpose_of(row, pool), bytes, realm->random, &row->wrapped, pool);
}

authp_err_t authp_wrapping_open(const authp_seal_t *seal, const authp_data_key_t *row,
                                authp_bytes_t *out, apr_pool_t *pool)
{
    authp_bytes_t bytes = {NULL, 0};
    authp_err_t err = authp_seal_open(seal, purpose_of(row, pool), row->wrapped,
                                      strlen(row->wrapped), &bytes, pool);
    if (err == AUTHP_OK && bytes.len != AUTHP_WRAPPING_KEY_LEN) {
        return AUTHP_E_MALFORMED;
    }
    if (err == AUTHP_OK) {
        *out = bytes;
    }
    return err;
}

authp_err_t authp_wrapping_renew(const authp_realm_t *realm, const authp_seal_t *seal,
                                 const authp_data_key_t *row, authp_bytes_t bytes, apr_pool_t *pool)
{
    authp_data_key_t after = *row;
    if (authp_wrapping_by(realm, row) == AUTHP_WRAPPING_BY_PRESENT) {
        return AUTHP_OK;
    }
    after.rewrapped_at = authp_realm_now(realm);
    authp_err_t err = authp_wrapping_close(realm, seal, &after, bytes, pool);
    if (err == AUTHP_OK) {
        err = authp_store_data_key_rewrap(realm->store, row, &after, pool);
    }
    if (err == AUTHP_OK) {
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0380",
                  "the data key %s was wrapped again by the present JWT_SECRET_KEY", row->id.hex);
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

authp_wrapping_by_t authp_wrapping_by(const authp_realm_t *realm, const authp_data_key_t *row)
{
    const char *previous = authp_keys_name(realm->keys, true);
    if (strcmp(row->wrapped_by, authp_keys_name(realm->keys, false)) == 0) {
        return AUTHP_WRAPPING_BY_PRESENT;
    }
    return previous != NULL && strcmp(row->wrapped_by, previous) == 0 ? AUTHP_WRAPPING_BY_PREVIOUS
                                                                      : AUTHP_WRAPPING_BY_OTHER;
}
