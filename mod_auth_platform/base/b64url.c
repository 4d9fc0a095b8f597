/* SPDX-License-Identifier: Apache-2.0 */
#include "base/b64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *authp_b64url_encode(const unsigned char *bytes, size_t len, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, AUTHP_B64URL_ENCODED(len) + 1);
    char *out = text;
    uint32_t bits = 0;
    unsigned int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | bytes[i]) & 0xFFFFu;
        held += 8;
        while (held >= 6) {
            held -= 6;
            *out++ = alphabet[bits >> held & 0x3Fu];
        }
    }
    if (held > 0) {
        *out++ = alphabet[bits << (6 - held) & 0x3Fu];
    }
    *out = '\0';
    return text;
}

/* The value of each byte as a digit of base64url. All other bytes have -1, whose top bits stay set
 * after the shifts below, so that one test at the end finds every bad byte. It is a table because
 * tokens are decoded on every guarded request. */
static const signed char values[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,
    7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, 63,
    -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48,
    49, 50, 51, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

static uint32_t value_of(char c)
{
    return (uint32_t)(int32_t)values[(unsigned char)c];
}

authp_err_t authp_b64url_decode(const char *text, size_t len, unsigned char *out)
{
    uint32_t all = 0;
    uint32_t unused = 0;
    for (; len >= 4; len -= 4, text += 4, out += 3) {
        uint32_t bits = value_of(text[0]) << 18 | value_of(text[1]) << 12 | value_of(text[2]) << 6 |
                        value_of(text[3]);
        all |= bits;
        out[0] = (unsigned char)(bits >> 16);
        out[1] = (unsigned char)(bits >> 8);
        out[2] = (unsigned char)bits;
    }
    if (len == 1) {
        return AUTHP_E_MALFORMED;
    }
    if (len > 1) {
        uint32_t bits = value_of(text[0]) << 18 | value_of(text[1]) << 12;
        unused = bits & 0xFFFFu;
        out[0] = (unsigned char)(bits >> 16);
        if (len == 3) {
            bits |= value_of(text[2]) << 6;
            unused = bits & 0xFFu;
            out[1] = (unsigned char)(bits >> 8);
        }
        all |= bits;
    }
    return all >> 24 == 0 && unused == 0 ? AUTHP_OK : AUTHP_E_MALFORMED;
}
