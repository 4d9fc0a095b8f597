/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/otp_code.h"

#include "base/text.h"

#include <string.h>

#define PARTS 5

const char *authp_otp_code_purpose(authp_otp_purpose_t purpose)
{
    static const char *const names[] = {[AUTHP_OTP_ENTER] = "enter",
                                        [AUTHP_OTP_RESET] = "reset",
                                        [AUTHP_OTP_ADMIN_REGISTER] = "admin_register",
                                        [AUTHP_OTP_ADMIN_LOGIN] = "admin_login",
                                        [AUTHP_OTP_USER] = "user"};
    return names[purpose];
}

void authp_otp_code_make(const authp_random_t *random, int length,
                         char out[AUTHP_SENDER_LENGTH_MOST + 1])
{
    for (int i = 0; i < length;) {
        unsigned char byte = 0;
        authp_random_fill(random, &byte, 1);
        /* 250 and more are dropped, so that each digit comes from 25 values. */
        if (byte < 250) {
            out[i++] = (char)('0' + byte % 10);
        }
    }
    out[length] = '\0';
}

/* The texts that are hashed. Each but the last ends with its NUL, so that no
 * two lists of texts give the same bytes. */
static void parts_of(const authp_otp_code_t *row, const char *digits, authp_bytes_t parts[PARTS])
{
    static const char what[] = "code";
    parts[0] = (authp_bytes_t){what, sizeof(what)};
    parts[1] = (authp_bytes_t){row->code_id.hex, AUTHP_ID_LEN + 1};
    parts[2] = (authp_bytes_t){row->purpose, strlen(row->purpose) + 1};
    parts[3] = (authp_bytes_t){row->phone, strlen(row->phone) + 1};
    parts[4] = (authp_bytes_t){digits, strlen(digits)};
}

authp_err_t authp_otp_code_seal(const authp_realm_t *realm, authp_otp_code_t *row,
                                const char *digits, apr_pool_t *pool)
{
    authp_bytes_t parts[PARTS];
    unsigned char tag[AUTHP_SHA256_LEN];
    parts_of(row, digits, parts);
    authp_err_t err = authp_keys_tag(realm->keys, AUTHP_KEY_OTP, parts, PARTS, tag);
    if (err == AUTHP_OK) {
        row->code_hmac = authp_text_hex(tag, sizeof(tag), pool);
    }
    return err;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool unhex(const char *hex, unsigned char out[AUTHP_SHA256_LEN])
{
    if (hex == NULL || strlen(hex) != (size_t)AUTHP_SHA256_LEN * 2) {
        return false;
    }
    for (size_t i = 0; i < AUTHP_SHA256_LEN; i++) {
        int high = nibble(hex[2 * i]);
        int low = nibble(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

authp_err_t authp_otp_code_compare(const authp_realm_t *realm, const authp_otp_code_t *row,
                                   const char *digits)
{
    authp_bytes_t parts[PARTS];
    unsigned char tag[AUTHP_SHA256_LEN];
    if (!unhex(row->code_hmac, tag)) {
        return AUTHP_E_INVALID_OTP;
    }
    parts_of(row, digits, parts);
    authp_err_t err = authp_keys_check(realm->keys, AUTHP_KEY_OTP, parts, PARTS, tag);
    return err == AUTHP_E_MALFORMED ? AUTHP_E_INVALID_OTP : err;
}

authp_err_t authp_otp_code_hash(const authp_realm_t *realm, const char *kind, const void *text,
                                size_t len, const char **out, apr_pool_t *pool)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    const authp_bytes_t parts[] = {{kind, strlen(kind) + 1}, {text, len}};
    authp_err_t err = authp_keys_tag(realm->keys, AUTHP_KEY_OTP, parts, 2, tag);
    if (err == AUTHP_OK) {
        *out = authp_text_hex(tag, sizeof(tag), pool);
    }
    return err;
}
