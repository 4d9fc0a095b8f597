/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/csrf.h"

#include "base/b64url.h"

#include <apr_strings.h>
#include <string.h>

#define TAG_LEN AUTHP_B64URL_ENCODED(AUTHP_SHA256_LEN)
#define NAMED_LEN (sizeof(AUTHP_CSRF_NAMED) - 1)

static authp_err_t make(const authp_realm_t *realm, authp_key_label_t label, const char *sid,
                        const char **out, apr_pool_t *pool)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    const authp_bytes_t part = {sid, strlen(sid)};
    authp_err_t err = authp_keys_tag(realm->keys, label, &part, 1, tag);
    if (err == AUTHP_OK) {
        *out = authp_b64url_encode(tag, sizeof(tag), pool);
    }
    return err;
}

/* `text` must be the tag of `sid` and nothing more. */
static authp_err_t check(const authp_realm_t *realm, authp_key_label_t label, const char *sid,
                         const char *text)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    const authp_bytes_t part = {sid, strlen(sid)};
    if (text == NULL || strnlen(text, TAG_LEN + 1) != TAG_LEN ||
        authp_b64url_decode(text, TAG_LEN, tag) != AUTHP_OK) {
        return AUTHP_E_CSRF_FAILED;
    }
    authp_err_t err = authp_keys_check(realm->keys, label, &part, 1, tag);
    return err == AUTHP_E_MALFORMED ? AUTHP_E_CSRF_FAILED : err;
}

authp_err_t authp_csrf_make(const authp_realm_t *realm, const char *sid, const char **out,
                            apr_pool_t *pool)
{
    return make(realm, AUTHP_KEY_CSRF, sid, out, pool);
}

authp_err_t authp_csrf_check(const authp_realm_t *realm, const char *sid, const char *token)
{
    return check(realm, AUTHP_KEY_CSRF, sid, token);
}

bool authp_csrf_is_named(const char *token, size_t len)
{
    return len >= NAMED_LEN && strncmp(token, AUTHP_CSRF_NAMED, NAMED_LEN) == 0;
}

authp_err_t authp_csrf_make_named(const authp_realm_t *realm, const char *sid, const char **out,
                                  apr_pool_t *pool)
{
    const char *tag = NULL;
    authp_err_t err = make(realm, AUTHP_KEY_CSRF_NAMED, sid, &tag, pool);
    if (err == AUTHP_OK) {
        *out = apr_pstrcat(pool, AUTHP_CSRF_NAMED, sid, ".", tag, NULL);
    }
    return err;
}

authp_err_t authp_csrf_read_named(const authp_realm_t *realm, const char *token, authp_id_t *sid)
{
    authp_id_t id = {.hex = ""};
    if (token == NULL || !authp_csrf_is_named(token, strlen(token))) {
        return AUTHP_E_CSRF_FAILED;
    }
    const char *at = token + NAMED_LEN;
    const char *dot = at + strnlen(at, AUTHP_ID_LEN);
    apr_cpystrn(id.hex, at, sizeof(id.hex));
    if (*dot != '.' || !authp_id_valid(id.hex)) {
        return AUTHP_E_CSRF_FAILED;
    }
    authp_err_t err = check(realm, AUTHP_KEY_CSRF_NAMED, id.hex, dot + 1);
    if (err == AUTHP_OK) {
        *sid = id;
    }
    return err;
}
