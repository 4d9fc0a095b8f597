/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/foreign.h"

#include <apr_strings.h>

const char *authp_foreign_refusal(const char *hash, apr_pool_t *pool)
{
    authp_hash_text_t text;
    const char *why = authp_hash_text_read(hash, &text);
    return why != NULL ? apr_pstrdup(pool, why) : NULL;
}
