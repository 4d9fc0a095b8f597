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

/* 64 and above: not of the alphabet. */
static unsigned int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (unsigned int)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (unsigned int)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (unsigned int)(c - '0') + 52;
    }
    if (c == '-') {
        return 62;
    }
    return c == '_' ? 63 : 64;
}

/* Whether all of it is canonical, before anything is written. */
static authp_err_t check(const char *text, size_t len)
{
    if (len % 4 == 1) {
        return AUTHP_E_MALFORMED;
    }
    for (size_t i = 0; i < len; i++) {
        if (value_of(text[i]) > 63) {
            return AUTHP_E_MALFORMED;
        }
    }
    unsigned int unused = len % 4 == 2 ? 0x0Fu : len % 4 == 3 ? 0x03u : 0;
    if (unused != 0 && (value_of(text[len - 1]) & unused) != 0) {
        return AUTHP_E_MALFORMED;
    }
    return AUTHP_OK;
}

authp_err_t authp_b64url_decode(const char *text, size_t len, unsigned char *out)
{
    authp_err_t err = check(text, len);
    if (err != AUTHP_OK) {
        return err;
    }
    uint32_t bits = 0;
    unsigned int held = 0;
    for (size_t i = 0; i < len; i++) {
        bits = (bits << 6 | value_of(text[i])) & 0xFFFFu;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *out++ = (unsigned char)(bits >> held & 0xFFu);
        }
    }
    return AUTHP_OK;
}
