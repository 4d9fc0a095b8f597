/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/refresh_token.h"

#include "base/b64url.h"

#include <string.h>

#define SID_BYTES AUTHP_ID_BYTES
#define GENERATION_BYTES 8
#define HEAD_BYTES (SID_BYTES + GENERATION_BYTES)
#define TOKEN_BYTES (HEAD_BYTES + AUTHP_SHA256_LEN)

_Static_assert(AUTHP_B64URL_ENCODED(TOKEN_BYTES) == AUTHP_REFRESH_TOKEN_LEN, "length of the text");

/* Writes the head of the token, which is signed together with the salt. */
static void put_head(const authp_id_t *sid, int64_t generation, unsigned char out[HEAD_BYTES])
{
    authp_id_pack(sid->hex, out);
    for (size_t i = 0; i < GENERATION_BYTES; i++) {
        out[SID_BYTES + i] = (unsigned char)((uint64_t)generation >> (56 - 8 * i) & 0xFFu);
    }
}

authp_err_t authp_refresh_token_parse(const char *text, authp_refresh_token_t *out)
{
    unsigned char bytes[TOKEN_BYTES];
    if (text == NULL || strnlen(text, AUTHP_REFRESH_TOKEN_LEN + 1) != AUTHP_REFRESH_TOKEN_LEN ||
        authp_b64url_decode(text, AUTHP_REFRESH_TOKEN_LEN, bytes) != AUTHP_OK) {
        return AUTHP_E_REFRESH_INVALID;
    }
    uint64_t generation = 0;
    for (size_t i = 0; i < GENERATION_BYTES; i++) {
        generation = generation << 8 | bytes[SID_BYTES + i];
    }
    if (generation > INT64_MAX) {
        return AUTHP_E_REFRESH_INVALID;
    }
    out->sid = authp_id_unpack(bytes);
    out->generation = (int64_t)generation;
    memcpy(out->tag, bytes + HEAD_BYTES, sizeof(out->tag));
    return AUTHP_OK;
}

authp_err_t authp_refresh_token_check(const authp_keys_t *keys, const authp_refresh_token_t *token,
                                      const authp_session_t *session)
{
    unsigned char head[HEAD_BYTES];
    put_head(&session->id, token->generation, head);
    const authp_bytes_t parts[] = {{session->salt, sizeof(session->salt)}, {head, sizeof(head)}};
    authp_err_t err = authp_keys_check(keys, AUTHP_KEY_REFRESH, parts, 2, token->tag);
    return err == AUTHP_E_MALFORMED ? AUTHP_E_REFRESH_INVALID : err;
}

authp_err_t authp_refresh_token_make(const authp_keys_t *keys, const authp_session_t *session,
                                     int64_t generation, const char **out, apr_pool_t *pool)
{
    unsigned char bytes[TOKEN_BYTES];
    put_head(&session->id, generation, bytes);
    const authp_bytes_t parts[] = {{session->salt, sizeof(session->salt)}, {bytes, HEAD_BYTES}};
    authp_err_t err = authp_keys_tag(keys, AUTHP_KEY_REFRESH, parts, 2, bytes + HEAD_BYTES);
    if (err == AUTHP_OK) {
        *out = authp_b64url_encode(bytes, sizeof(bytes), pool);
    }
    return err;
}
