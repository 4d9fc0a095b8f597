/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keys.h"
#include "base/text.h"
#include "crypto/hmac.h"

#include <apr_strings.h>

enum { PRESENT, PREVIOUS, GENERATIONS };

struct authp_keys_t {
    authp_hmac_t *macs[GENERATIONS][AUTHP_KEY_COUNT]; /* the entries of PREVIOUS are NULL without a
                                                         previous key */
    char names[GENERATIONS][AUTHP_KEYS_NAME_LEN + 1]; /* that of PREVIOUS is "" then */
};

/* The keys depend on these labels. A change makes every tag invalid and signs everybody out. */
static const char *const labels[AUTHP_KEY_COUNT] = {
    [AUTHP_KEY_REFRESH] = "authp refresh",
    [AUTHP_KEY_CSRF] = "authp csrf",
    [AUTHP_KEY_CSRF_NAMED] = "authp csrf named",
    [AUTHP_KEY_DEVICE] = "authp device",
    [AUTHP_KEY_LIMIT] = "authp limit",
    [AUTHP_KEY_OTP] = "authp otp",
    [AUTHP_KEY_MAIL] = "authp mail",
};

#define NAME_LABEL "authp key name"

static authp_err_t derive_name(const authp_secret_t *secret, char *name, apr_pool_t *pool)
{
    unsigned char key[AUTHP_SHA256_LEN];
    authp_err_t err =
        authp_digest_hkdf(authp_secret_bytes(secret), authp_secret_len(secret), NAME_LABEL, key);
    if (err == AUTHP_OK) {
        apr_cpystrn(name, authp_text_hex(key, AUTHP_KEYS_NAME_LEN / 2, pool),
                    AUTHP_KEYS_NAME_LEN + 1);
    }
    return err;
}

static authp_err_t derive(const authp_secret_t *secret, authp_hmac_t **macs, apr_pool_t *pool)
{
    for (int label = 0; label < AUTHP_KEY_COUNT; label++) {
        unsigned char key[AUTHP_SHA256_LEN];
        authp_err_t err = authp_digest_hkdf(authp_secret_bytes(secret), authp_secret_len(secret),
                                            labels[label], key);
        if (err == AUTHP_OK) {
            err = authp_hmac_make(key, sizeof(key), &macs[label], pool);
        }
        authp_secret_wipe(key, sizeof(key));
        if (err != AUTHP_OK) {
            return err;
        }
    }
    return AUTHP_OK;
}

authp_err_t authp_keys_make(const authp_secret_t *present, const authp_secret_t *previous,
                            authp_keys_t **out, apr_pool_t *pool)
{
    authp_keys_t *keys = apr_pcalloc(pool, sizeof(*keys));
    authp_err_t err = derive(present, keys->macs[PRESENT], pool);
    if (err == AUTHP_OK && previous != NULL) {
        err = derive(previous, keys->macs[PREVIOUS], pool);
    }
    if (err == AUTHP_OK) {
        err = derive_name(present, keys->names[PRESENT], pool);
    }
    if (err == AUTHP_OK && previous != NULL) {
        err = derive_name(previous, keys->names[PREVIOUS], pool);
    }
    if (err == AUTHP_OK) {
        *out = keys;
    }
    return err;
}

const char *authp_keys_name(const authp_keys_t *keys, bool previous)
{
    const char *name = keys->names[previous ? PREVIOUS : PRESENT];
    return *name != '\0' ? name : NULL;
}

authp_err_t authp_keys_tag(const authp_keys_t *keys, authp_key_label_t label,
                           const authp_bytes_t *parts, int nparts,
                           unsigned char out[AUTHP_SHA256_LEN])
{
    return authp_hmac_sum(keys->macs[PRESENT][label], parts, nparts, out);
}

authp_err_t authp_keys_check(const authp_keys_t *keys, authp_key_label_t label,
                             const authp_bytes_t *parts, int nparts,
                             const unsigned char tag[AUTHP_SHA256_LEN])
{
    bool match = false;
    for (int i = 0; i < GENERATIONS; i++) {
        unsigned char sum[AUTHP_SHA256_LEN];
        if (keys->macs[i][label] == NULL) {
            continue;
        }
        authp_err_t err = authp_hmac_sum(keys->macs[i][label], parts, nparts, sum);
        if (err != AUTHP_OK) {
            return err;
        }
        /* Both keys are always checked, so that the time does not tell which one matched. */
        match |= authp_secret_equal(sum, tag, sizeof(sum));
        authp_secret_wipe(sum, sizeof(sum));
    }
    return match ? AUTHP_OK : AUTHP_E_MALFORMED;
}
