/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/hash_text.h"
#include "crypto/password/bcrypt.h"

#include <string.h>

#define DAMAGED "a damaged hash"
#define HASH_LEAST 16        /* bytes of the output of a key derivation */
#define PBKDF2_LONGEST 64    /* two blocks of SHA-256 */
#define SHACRYPT_ROUNDS 5000 /* without rounds= */
#define SHACRYPT_ROUNDS_LEAST 1000
#define SHACRYPT_SALT_MOST 16

static bool take_word(const char **at, const char *word)
{
    size_t len = strlen(word);
    bool is = strncmp(*at, word, len) == 0;
    *at += is ? len : 0;
    return is;
}

/* Reads a decimal number of 1 to 9 digits without leading zeros. */
static bool take_number(const char **at, uint32_t *out)
{
    size_t digits = strspn(*at, "0123456789");
    uint32_t value = 0;
    if (digits == 0 || digits > 9 || (**at == '0' && digits > 1)) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        value = value * 10 + (uint32_t)((*at)[i] - '0');
    }
    *at += digits;
    *out = value;
    return true;
}

static bool take_member(const char **at, const char *name, uint32_t *out)
{
    return take_word(at, name) && take_number(at, out);
}

static int digit_of(char c)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = c != '\0' ? strchr(alphabet, c) : NULL;
    if (found != NULL) {
        return (int)(found - alphabet);
    }
    return c == '-' || c == '.' ? 62 : c == '_' ? 63 : -1;
}

/* Reads base64 until the first character that does not belong to it. Its unused bits may have any
 * value, because some systems write them so. False if it is no whole number of bytes, if it has
 * more than `most` bytes, or if its "=" are too few or too many. */
static bool take_base64(const char **at, size_t most, authp_hash_bytes_t *out)
{
    uint32_t bits = 0;
    size_t chars = 0;
    size_t len = 0;
    for (int digit = digit_of(**at); digit >= 0; digit = digit_of(**at)) {
        bits = bits << 6 | (uint32_t)digit;
        chars++;
        (*at)++;
        if (chars % 4 == 1) {
            continue;
        }
        if (len == most) {
            return false;
        }
        out->at[len++] = (unsigned char)(bits >> (chars % 4 == 2 ? 4 : chars % 4 == 3 ? 2 : 0));
    }
    size_t padding = strspn(*at, "=");
    *at += padding;
    out->len = len;
    return chars % 4 != 1 && (padding == 0 || (chars + padding) % 4 == 0) && padding < 3;
}

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Reads a digest of `len` bytes to the end of the text. False if it is neither hex nor base64. */
static bool take_digest(const char **at, size_t len, authp_hash_bytes_t *out)
{
    if (strlen(*at) != 2 * len) {
        return take_base64(at, len, out) && out->len == len;
    }
    for (out->len = 0; out->len < len; out->len++, *at += 2) {
        int high = hex_of((*at)[0]);
        int low = hex_of((*at)[1]);
        if (high < 0 || low < 0) {
            return false;
        }
        out->at[out->len] = (unsigned char)(high << 4 | low);
    }
    return true;
}

/* Reads "$SALT$HASH" to the end of the text. */
static bool take_salt_and_hash(const char *at, size_t hash_most, authp_hash_text_t *out)
{
    return take_word(&at, "$") && take_base64(&at, AUTHP_HASH_TEXT_SALT_MOST, &out->salt) &&
           take_word(&at, "$") && take_base64(&at, hash_most, &out->hash) && *at == '\0' &&
           out->hash.len >= HASH_LEAST;
}

static const char *read_bcrypt(const char *text, const char *at, authp_hash_text_t *out)
{
    int cost = authp_bcrypt_cost(text);
    (void)at;
    out->rounds = (uint32_t)cost;
    return cost != 0 ? NULL : "a damaged bcrypt hash, or one with a cost over 16";
}

static const char *read_argon2(const char *text, const char *at, authp_hash_text_t *out)
{
    (void)text;
    if (!take_word(&at, "v=19$m=") || !take_number(&at, &out->memory_kib) ||
        !take_member(&at, ",t=", &out->rounds) || !take_member(&at, ",p=", &out->lanes) ||
        !take_salt_and_hash(at, AUTHP_HASH_TEXT_KEY_MOST, out) || out->rounds == 0 ||
        out->lanes == 0 || out->memory_kib / 8 < out->lanes || out->salt.len < 8) {
        return DAMAGED;
    }
    if (out->memory_kib > AUTHP_HASH_TEXT_MEMORY_KIB) {
        return "Argon2 with over 64 MiB of memory";
    }
    return out->rounds > AUTHP_HASH_TEXT_ARGON2_PASSES || out->lanes > AUTHP_HASH_TEXT_LANES
               ? "Argon2 with over 10 passes or 16 lanes"
               : NULL;
}

static const char *bound_scrypt(authp_hash_text_t *out)
{
    if (out->log_blocks == 0 || out->block == 0 || out->lanes == 0) {
        return DAMAGED;
    }
    /* RFC 7914: the number of blocks is less than 2^(128 * r / 8). */
    if (out->log_blocks >= 16 * out->block) {
        return DAMAGED;
    }
    if (out->log_blocks > 20 || out->block > 64 || out->lanes > AUTHP_HASH_TEXT_LANES) {
        return "scrypt with over 64 MiB of memory or 16 runs";
    }
    uint64_t memory = ((UINT64_C(128) * out->block) << out->log_blocks) / 1024;
    if (memory > AUTHP_HASH_TEXT_MEMORY_KIB ||
        memory * out->lanes > AUTHP_HASH_TEXT_SCRYPT_RUNS_KIB) {
        return "scrypt with over 64 MiB of memory, or 256 MiB in all runs";
    }
    out->memory_kib = (uint32_t)memory;
    return NULL;
}

static const char *read_scrypt(const char *text, const char *at, authp_hash_text_t *out)
{
    (void)text;
    if (!take_member(&at, "ln=", &out->log_blocks) || !take_member(&at, ",r=", &out->block) ||
        !take_member(&at, ",p=", &out->lanes) ||
        !take_salt_and_hash(at, AUTHP_HASH_TEXT_KEY_MOST, out)) {
        return DAMAGED;
    }
    return bound_scrypt(out);
}

/* Firebase's scrypt hashes the salt and the separator as one salt. */
static bool join_salt(authp_hash_text_t *out, const authp_hash_bytes_t *separator)
{
    if (out->salt.len + separator->len > AUTHP_HASH_TEXT_SALT_MOST) {
        return false;
    }
    memcpy(out->salt.at + out->salt.len, separator->at, separator->len);
    out->salt.len += separator->len;
    return true;
}

static const char *read_firebase(const char *text, const char *at, authp_hash_text_t *out)
{
    authp_hash_bytes_t separator = {.len = 0};
    (void)text;
    if (!take_member(&at, "v=1,n=", &out->log_blocks) || !take_member(&at, ",r=", &out->block) ||
        !take_member(&at, ",p=", &out->lanes) ||
        (take_word(&at, ",ss=") && !take_base64(&at, AUTHP_HASH_TEXT_SALT_MOST, &separator)) ||
        !take_word(&at, ",sk=") || !take_base64(&at, AUTHP_HASH_TEXT_KEY_MOST, &out->key) ||
        !take_salt_and_hash(at, AUTHP_HASH_TEXT_KEY_MOST, out) || out->hash.len != out->key.len ||
        !join_salt(out, &separator)) {
        return DAMAGED;
    }
    return bound_scrypt(out);
}

static const char *bound_rounds(const authp_hash_text_t *out)
{
    return out->rounds == 0                       ? DAMAGED
           : out->rounds > AUTHP_HASH_TEXT_ROUNDS ? "over 2,000,000 rounds"
                                                  : NULL;
}

static const char *read_pbkdf2(const char *text, const char *at, authp_hash_text_t *out)
{
    uint32_t len = 0;
    bool has_len = take_word(&at, "i=");
    (void)text;
    if (!take_number(&at, &out->rounds) || (has_len && !take_member(&at, ",l=", &len)) ||
        !take_salt_and_hash(at, PBKDF2_LONGEST, out) || (has_len && len != out->hash.len)) {
        return DAMAGED;
    }
    return bound_rounds(out);
}

/* Django's salt is text. */
static const char *read_django(const char *text, const char *at, authp_hash_text_t *out)
{
    (void)text;
    if (!take_number(&at, &out->rounds) || !take_word(&at, "$")) {
        return DAMAGED;
    }
    size_t len = strcspn(at, "$");
    if (len > AUTHP_HASH_TEXT_SALT_MOST) {
        return DAMAGED;
    }
    memcpy(out->salt.at, at, len);
    out->salt.len = len;
    at += len;
    if (!take_word(&at, "$") || !take_base64(&at, PBKDF2_LONGEST, &out->hash) || *at != '\0' ||
        out->hash.len < HASH_LEAST) {
        return DAMAGED;
    }
    return bound_rounds(out);
}

static size_t digest_len(authp_hash_kind_t kind)
{
    return kind == AUTHP_HASH_SHA256 ? 32 : 64;
}

static const char *read_sha2(const char *text, const char *at, authp_hash_text_t *out)
{
    (void)text;
    out->salt_last = take_word(&at, "o=ps$");
    if (!out->salt_last) {
        (void)take_word(&at, "o=sp$");
    }
    return take_base64(&at, AUTHP_HASH_TEXT_SALT_MOST, &out->salt) && take_word(&at, "$") &&
                   take_digest(&at, digest_len(out->kind), &out->hash) && *at == '\0'
               ? NULL
               : DAMAGED;
}

static const char *read_ldap(const char *text, const char *at, authp_hash_text_t *out)
{
    size_t len = digest_len(out->kind);
    authp_hash_bytes_t both = {.len = 0};
    (void)text;
    if (!take_base64(&at, AUTHP_HASH_TEXT_SALT_MOST, &both) || *at != '\0' || both.len < len) {
        return DAMAGED;
    }
    out->salt_last = true;
    out->hash.len = len;
    out->salt.len = both.len - len;
    memcpy(out->hash.at, both.at, len);
    memcpy(out->salt.at, both.at + len, out->salt.len);
    return NULL;
}

/* Fewer than 1000 rounds are refused: crypt(3) would use 1000, and return a text that differs
 * from the stored one. */
static const char *read_shacrypt(const char *text, const char *at, authp_hash_text_t *out)
{
    static const char alphabet[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    size_t hash = text[1] == '5' ? 43 : 86;
    out->rounds = SHACRYPT_ROUNDS;
    if (take_word(&at, "rounds=") && (!take_number(&at, &out->rounds) || !take_word(&at, "$") ||
                                      out->rounds < SHACRYPT_ROUNDS_LEAST)) {
        return DAMAGED;
    }
    size_t salt = strspn(at, alphabet);
    if (salt > SHACRYPT_SALT_MOST || at[salt] != '$' || strspn(at + salt + 1, alphabet) != hash ||
        at[salt + 1 + hash] != '\0') {
        return DAMAGED;
    }
    return bound_rounds(out);
}

/* One row for each text form: how it begins, and what reads the rest. */
static const struct {
    const char *prefix;
    authp_hash_kind_t kind;
    const char *(*read)(const char *text, const char *at, authp_hash_text_t *out);
} forms[] = {
    {"$2a$", AUTHP_HASH_BCRYPT, read_bcrypt},
    {"$2b$", AUTHP_HASH_BCRYPT, read_bcrypt},
    {"$2y$", AUTHP_HASH_BCRYPT, read_bcrypt},
    {"$argon2id$", AUTHP_HASH_ARGON2ID, read_argon2},
    {"$argon2i$", AUTHP_HASH_ARGON2I, read_argon2},
    {"$scrypt$", AUTHP_HASH_SCRYPT, read_scrypt},
    {"$fbscrypt$", AUTHP_HASH_FIREBASE, read_firebase},
    {"$pbkdf2-sha256$", AUTHP_HASH_PBKDF2_SHA256, read_pbkdf2},
    {"$pbkdf2-sha512$", AUTHP_HASH_PBKDF2_SHA512, read_pbkdf2},
    {"pbkdf2_sha256$", AUTHP_HASH_PBKDF2_SHA256, read_django},
    {"$sha256$", AUTHP_HASH_SHA256, read_sha2},
    {"$sha512$", AUTHP_HASH_SHA512, read_sha2},
    {"{SSHA256}", AUTHP_HASH_SHA256, read_ldap},
    {"{SSHA512}", AUTHP_HASH_SHA512, read_ldap},
    {"$5$", AUTHP_HASH_SHACRYPT, read_shacrypt},
    {"$6$", AUTHP_HASH_SHACRYPT, read_shacrypt},
};

const char *authp_hash_text_read(const char *text, authp_hash_text_t *out)
{
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *at = text;
        if (take_word(&at, forms[i].prefix)) {
            *out = (authp_hash_text_t){.kind = forms[i].kind};
            return forms[i].read(text, at, out);
        }
    }
    return "a hash of no known form";
}
