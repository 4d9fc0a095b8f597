/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/pending.h"

#include "base/b64url.h"
#include "base/json.h"
#include "crypto/digest.h"

#include <apr_strings.h>
#include <stddef.h>
#include <string.h>

/* The cookie is a list of entries STATE.SEALED, the newest first. base64url has neither of the two
 * separators. */
#define ENTRY_END "~"
#define STATE_END '.'

#define STATE_BYTES 16
#define SECRET_BYTES 32

/* The texts of an entry, by their short names in its JSON. */
static const struct {
    const char *key;
    size_t offset;
} texts[] = {
    {"n", offsetof(authp_pending_t, nonce)},        {"v", offsetof(authp_pending_t, verifier)},
    {"p", offsetof(authp_pending_t, provider)},     {"i", offsetof(authp_pending_t, issuer)},
    {"u", offsetof(authp_pending_t, redirect_uri)}, {"r", offsetof(authp_pending_t, return_to)},
    {"c", offsetof(authp_pending_t, challenge)},    {"d", offsetof(authp_pending_t, device_id)},
    {"s", offsetof(authp_pending_t, session)},
};
#define TEXTS ((int)(sizeof(texts) / sizeof(texts[0])))

static const char **text_of(authp_pending_t *pending, int i)
{
    return (const char **)((char *)pending + texts[i].offset);
}

static const char *random_text(const authp_realm_t *realm, size_t len, apr_pool_t *pool)
{
    unsigned char bytes[SECRET_BYTES];
    authp_random_fill(realm->random, bytes, len);
    return authp_b64url_encode(bytes, len, pool);
}

static const char *purpose_of(const char *state, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "pending sign-in ", state, NULL);
}

static authp_err_t seal(const authp_realm_t *realm, authp_pending_t *pending, const char **out,
                        apr_pool_t *pool)
{
    json_t *json = authp_json_object(pool);
    size_t len = 0;
    authp_json_set_int(json, "t", pending->at);
    authp_json_set_int(json, "a", pending->asked);
    for (int i = 0; i < TEXTS; i++) {
        const char *text = *text_of(pending, i);
        if (text != NULL) {
            authp_json_set_str(json, texts[i].key, text);
        }
    }
    const char *plain = authp_json_text(json, &len, pool);
    return authp_seal_close(realm->seal, purpose_of(pending->state, pool),
                            (authp_bytes_t){plain, len}, realm->random, out, pool);
}

static authp_err_t unseal(const authp_realm_t *realm, const char *state, const char *sealed,
                          authp_pending_t *out, apr_pool_t *pool)
{
    authp_bytes_t plain;
    json_t *json = NULL;
    authp_err_t err =
        authp_seal_open(realm->seal, purpose_of(state, pool), sealed, strlen(sealed), &plain, pool);
    if (err == AUTHP_OK) {
        err = authp_json_parse(plain.data, plain.len, &json, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    *out =
        (authp_pending_t){.state = state,
                          .at = json_integer_value(json_object_get(json, "t")),
                          .asked = (authp_asked_t)json_integer_value(json_object_get(json, "a"))};
    for (int i = 0; i < TEXTS; i++) {
        *text_of(out, i) = json_string_value(json_object_get(json, texts[i].key));
    }
    return AUTHP_OK;
}

authp_err_t authp_pending_begin(const authp_realm_t *realm, authp_pending_t *pending,
                                const char *before, const char **after, apr_pool_t *pool)
{
    const char *sealed = NULL;
    pending->state = random_text(realm, STATE_BYTES, pool);
    pending->nonce = random_text(realm, SECRET_BYTES, pool);
    pending->verifier = random_text(realm, SECRET_BYTES, pool);
    pending->at = authp_realm_now(realm);
    authp_err_t err = seal(realm, pending, &sealed, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    const char *cookie = apr_psprintf(pool, "%s%c%s", pending->state, STATE_END, sealed);
    if (strlen(cookie) > AUTHP_PENDING_COOKIE_MOST) {
        return AUTHP_E_TOO_LARGE;
    }
    char *last = NULL;
    char *rest = before != NULL ? apr_pstrdup(pool, before) : NULL;
    char *each = rest != NULL ? apr_strtok(rest, ENTRY_END, &last) : NULL;
    for (int count = 1; each != NULL && count < AUTHP_PENDING_MOST; count++) {
        if (strlen(cookie) + 1 + strlen(each) > AUTHP_PENDING_COOKIE_MOST) {
            break;
        }
        cookie = apr_pstrcat(pool, cookie, ENTRY_END, each, NULL);
        each = apr_strtok(NULL, ENTRY_END, &last);
    }
    *after = cookie;
    return AUTHP_OK;
}

authp_err_t authp_pending_take(const authp_realm_t *realm, const char *before, const char *state,
                               authp_pending_t *out, const char **after, apr_pool_t *pool)
{
    const char *found = NULL;
    const char *others = "";
    char *last = NULL;
    size_t len = state != NULL ? strlen(state) : 0;
    char *rest = apr_pstrdup(pool, before != NULL ? before : "");
    *after = NULL;
    for (char *each = apr_strtok(rest, ENTRY_END, &last); each != NULL;
         each = apr_strtok(NULL, ENTRY_END, &last)) {
        if (found == NULL && len > 0 && strncmp(each, state, len) == 0 && each[len] == STATE_END) {
            found = each + len + 1;
        } else {
            others = apr_pstrcat(pool, others, *others != '\0' ? ENTRY_END : "", each, NULL);
        }
    }
    if (found == NULL) {
        return AUTHP_E_OAUTH_STATE_INVALID;
    }
    *after = others;
    authp_err_t err = unseal(realm, state, found, out, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_MALFORMED ? AUTHP_E_OAUTH_STATE_INVALID : err;
    }
    authp_ms_t age = authp_realm_now(realm) - out->at;
    return age <= AUTHP_PENDING_SECONDS * INT64_C(1000) ? AUTHP_OK : AUTHP_E_OAUTH_STATE_INVALID;
}

authp_err_t authp_pending_challenge(const char *verifier, const char **out, apr_pool_t *pool)
{
    unsigned char digest[AUTHP_SHA256_LEN];
    authp_err_t err = authp_digest_sha256(verifier, strlen(verifier), digest);
    if (err == AUTHP_OK) {
        *out = authp_b64url_encode(digest, sizeof(digest), pool);
    }
    return err;
}
