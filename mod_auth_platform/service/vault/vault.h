/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_VAULT_VAULT_H
#define AUTHP_SERVICE_VAULT_VAULT_H

#include "crypto/digest.h"
#include "service/realm/realm.h"

/* Data keys: random keys that seal data in the store that must stay readable after a change of
 * JWT_SECRET_KEY. A data key is a row of the store, sealed ("wrapped") by a key that is
 * derived from JWT_SECRET_KEY. While JWT_SECRET_KEY_PREVIOUS is set, a load wraps the rows of the
 * previous key again by the present one. The sealed data itself stays as it is.
 *
 * A vault holds the data keys that one process could unwrap. No key leaves a vault, so a process
 * can go on opening data after another host has wrapped the keys by a JWT_SECRET_KEY that this
 * process does not have. Many threads may use a vault at the same time. */
typedef struct authp_vault_t authp_vault_t;

/* Makes an empty vault in `pool`. Contacts no store: the first use loads it. Each process makes its
 * own after the fork and sets realm->vault to it. `clock` (authp_clock_monotonic()) says when
 * authp_vault_refresh() loads the keys. Threads that use the vault allocate in a subpool of `pool`,
 * so the allocator of `pool` must have a mutex if there are several threads. */
AUTHP_CHECKED authp_err_t authp_vault_make(const authp_settings_t *settings,
                                           const authp_clock_t *clock, authp_vault_t **out,
                                           apr_pool_t *pool);

/* Reads all data keys and unwraps those that this process does not have. A key that opens, but was
 * not wrapped by the present JWT_SECRET_KEY, is wrapped again. A key that does not open is logged
 * once as an error, and does not make the load fail. AUTHP_E_UNAVAILABLE, AUTHP_E_INTERNAL: the
 * store did not list its keys, or did not take a key that was wrapped again. */
AUTHP_CHECKED authp_err_t authp_vault_load(const authp_realm_t *realm, apr_pool_t *pool);

/* Calls authp_vault_load() if no load was done yet, or if the latest one is 10 minutes old, or 5
 * seconds if it failed or found lost keys. Otherwise does not ask the store, so it may be called
 * often. Does nothing if the realm has no vault. */
void authp_vault_refresh(const authp_realm_t *realm, apr_pool_t *pool);

/* Seals `data` under the newest data key of this process that the latest load has found in the
 * store, and makes the first data key if the store has none. *out opens only with the same
 * `purpose` and `row_id`. AUTHP_E_UNAVAILABLE: the store does not answer, or has data keys of which
 * this process can unwrap none. AUTHP_E_TOO_LARGE. */
AUTHP_CHECKED authp_err_t authp_vault_close(const authp_realm_t *realm, const char *purpose,
                                            const char *row_id, authp_bytes_t data,
                                            const char **out, apr_pool_t *pool);

/* Opens a text of authp_vault_close(). out->data ends with a NUL after out->len bytes, and is wiped
 * with `pool`. If the data key is not known, the keys are loaded once more. AUTHP_E_UNAVAILABLE:
 * the data key cannot be unwrapped, or is not in the store. AUTHP_E_MALFORMED: the text was
 * changed, or was sealed for another purpose or row. */
AUTHP_CHECKED authp_err_t authp_vault_open(const authp_realm_t *realm, const char *purpose,
                                           const char *row_id, const char *text, authp_bytes_t *out,
                                           apr_pool_t *pool);

/* Calls authp_vault_refresh(). Then returns NULL if the latest load could unwrap every data key, if
 * no load has succeeded yet, or if the realm has no vault. Otherwise a sentence for the operator
 * that names the data keys that could not be unwrapped. */
const char *authp_vault_why(const authp_realm_t *realm, apr_pool_t *pool);

/* Calls authp_vault_refresh(). Then returns true if the store has data keys, and this process could
 * unwrap none of them. */
bool authp_vault_is_shut(const authp_realm_t *realm, apr_pool_t *pool);

#endif
