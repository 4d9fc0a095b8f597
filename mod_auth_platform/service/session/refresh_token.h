/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_REFRESH_TOKEN_H
#define AUTHP_SERVICE_SESSION_REFRESH_TOKEN_H

#include "base/id.h"
#include "crypto/keys.h"
#include "store/model.h"

/* A refresh token is base64url(sid . generation . tag): 12 bytes, 8 bytes big endian, 32 bytes. The
 * tag binds sid and generation to the row's salt and to the server's key. So neither the database
 * alone nor the key alone is enough to make a token. */
#define AUTHP_REFRESH_TOKEN_LEN 70

typedef struct authp_refresh_token_t {
    authp_id_t sid;
    int64_t generation;
    unsigned char tag[AUTHP_SHA256_LEN];
} authp_refresh_token_t;

/* Checks only the syntax: exact length, canonical base64url, a generation that fits an int64_t.
 * AUTHP_E_REFRESH_INVALID otherwise, and for NULL. */
AUTHP_CHECKED authp_err_t authp_refresh_token_parse(const char *text, authp_refresh_token_t *out);
/* AUTHP_E_REFRESH_INVALID: with this row's salt the tag is valid under no key. */
AUTHP_CHECKED authp_err_t authp_refresh_token_check(const authp_keys_t *keys,
                                                    const authp_refresh_token_t *token,
                                                    const authp_session_t *session);
AUTHP_CHECKED authp_err_t authp_refresh_token_make(const authp_keys_t *keys,
                                                   const authp_session_t *session,
                                                   int64_t generation, const char **out,
                                                   apr_pool_t *pool);

#endif
