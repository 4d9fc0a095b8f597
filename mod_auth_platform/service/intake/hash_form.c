/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/hash_form.h"

#include "base/b64url.h"

#include <apr_strings.h>
#include <string.h>

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define BASE64 LETTERS "0123456789+/-_="

bool authp_hash_form_is_base64(const char *text)
{
    return text != NULL && *text != '\0' && strspn(text, BASE64) == strlen(text);
}

const char *authp_hash_form_pbkdf2(int sha, long rounds, const authp_hash_form_t *parts,
                                   apr_pool_t *pool)
{
    if (rounds < 1 || !authp_hash_form_is_base64(parts->salt) ||
        !authp_hash_form_is_base64(parts->hash)) {
        return NULL;
    }
    return apr_psprintf(pool, "$pbkdf2-sha%d$%ld$%s$%s", sha, rounds, parts->salt, parts->hash);
}

const char *authp_hash_form_sha(int sha, bool salt_last, const authp_hash_form_t *parts,
                                apr_pool_t *pool)
{
    if ((parts->salt != NULL && !authp_hash_form_is_base64(parts->salt)) ||
        !authp_hash_form_is_base64(parts->hash)) {
        return NULL;
    }
    return apr_psprintf(pool, "$sha%d$o=%s$%s$%s", sha, salt_last ? "ps" : "sp",
                        parts->salt != NULL ? parts->salt : "", parts->hash);
}

const char *authp_hash_form_scrypt(long cost, long block, long lanes,
                                   const authp_hash_form_t *parts, apr_pool_t *pool)
{
    int log = 0;
    while (log < 31 && (1L << log) < cost) {
        log++;
    }
    if (cost < 2 || (1L << log) != cost || block < 1 || lanes < 1 ||
        !authp_hash_form_is_base64(parts->salt) || !authp_hash_form_is_base64(parts->hash)) {
        return NULL;
    }
    return apr_psprintf(pool, "$scrypt$ln=%d,r=%ld,p=%ld$%s$%s", log, block, lanes, parts->salt,
                        parts->hash);
}

static int hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)((at - digits) % 16) : -1;
}

const char *authp_hash_form_from_hex(const char *hex, apr_pool_t *pool)
{
    size_t len = hex != NULL ? strlen(hex) : 0;
    if (len == 0 || len % 2 != 0) {
        return NULL;
    }
    unsigned char *bytes = apr_palloc(pool, len / 2);
    for (size_t i = 0; i < len / 2; i++) {
        int high = hex_digit(hex[2 * i]);
        int low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0) {
            return NULL;
        }
        bytes[i] = (unsigned char)(high * 16 + low);
    }
    return authp_b64url_encode(bytes, len / 2, pool);
}

const char *authp_hash_form_from_text(const char *text, apr_pool_t *pool)
{
    return authp_b64url_encode((const unsigned char *)text, strlen(text), pool);
}

const char *authp_hash_form_to_text(const char *base64, apr_pool_t *pool)
{
    if (!authp_hash_form_is_base64(base64)) {
        return NULL;
    }
    char *url = apr_pstrmemdup(pool, base64, strcspn(base64, "="));
    for (char *at = url; *at != '\0'; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    }
    size_t len = AUTHP_B64URL_DECODED(strlen(url));
    char *text = apr_pcalloc(pool, len + 1);
    if (authp_b64url_decode(url, strlen(url), (unsigned char *)text) != AUTHP_OK ||
        strlen(text) != len) {
        return NULL;
    }
    return text;
}
