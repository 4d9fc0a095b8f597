/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_DATA_KEYS_H
#define AUTHP_CLI_DATA_KEYS_H

#include "cli/context.h"
#include "service/vault/wrapping.h"

/* A data key of the store, as the settings of the tool see it. */
typedef struct authp_data_keys_item_t {
    const authp_data_key_t *row;
    authp_wrapping_by_t by;
    bool opens;
    authp_bytes_t bytes; /* the key, if it opens; wiped with the pool */
} authp_data_keys_item_t;

/* *out: an authp_data_keys_item_t for each data key of the store, the newest first. The store must
 * be open. Changes nothing. *seal may be NULL, or gets what wraps the keys. */
AUTHP_CHECKED authp_err_t authp_data_keys_read(const authp_context_t *context,
                                               apr_array_header_t **out, const authp_seal_t **seal);
/* The number of items that do not open. */
int authp_data_keys_lost(const apr_array_header_t *items);
/* Prints a note if some do not open. */
void authp_data_keys_note(const authp_context_t *context, const apr_array_header_t *items);

#endif
