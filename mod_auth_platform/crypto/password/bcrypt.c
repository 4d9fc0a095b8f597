/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/bcrypt.h"
#include "base/log.h"
#include "base/secret.h"

#include <apr_md5.h>
#include <string.h>

#define MIN_COST 4
#define SALT_BYTES 16

/* True for the text of a bcrypt hash. Other formats of crypt(3) are refused. */
static bool is_bcrypt_text(const char *text)
{
    static const char alphabet[] =
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    return strlen(text) == AUTHP_BCRYPT_HASH_LEN && text[0] == '$' && text[1] == '2' &&
           text[2] != '\0' && strchr("aby", text[2]) != NULL && text[3] == '$' && text[6] == '$' &&
           strspn(text + 7, alphabet) == AUTHP_BCRYPT_HASH_LEN - 7;
}

int authp_bcrypt_cost(const char *hash)
{
    if (hash == NULL || !is_bcrypt_text(hash) || hash[4] < '0' || hash[4] > '9' || hash[5] < '0' ||
        hash[5] > '9') {
        return 0;
    }
    int cost = (hash[4] - '0') * 10 + (hash[5] - '0');
    return cost >= MIN_COST && cost <= AUTHP_BCRYPT_MAX_COST ? cost : 0;
}

/* False for passwords that bcrypt would shorten without an error: it stops at a NUL, and drops what
 * is beyond 72 bytes. */
static bool is_whole(const char *password, size_t len)
{
    return len <= AUTHP_BCRYPT_MAX_BYTES && memchr(password, '\0', len) == NULL;
}

authp_err_t authp_bcrypt_hash(const char *password, size_t len, int cost,
                              const authp_random_t *random, char *out)
{
    unsigned char salt[SALT_BYTES];
    char copy[AUTHP_BCRYPT_MAX_BYTES + 1] = {0};
    char made[AUTHP_BCRYPT_HASH_LEN + 4];
    if (!is_whole(password, len) || cost < MIN_COST || cost > AUTHP_BCRYPT_MAX_COST) {
        return AUTHP_E_MALFORMED;
    }
    memcpy(copy, password, len);
    authp_random_fill(random, salt, sizeof(salt));
    apr_status_t status =
        apr_bcrypt_encode(copy, (unsigned int)cost, salt, sizeof(salt), made, sizeof(made));
    authp_secret_wipe(copy, sizeof(copy));
    if (status != APR_SUCCESS || authp_bcrypt_cost(made) != cost) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0120", "bcrypt failed (%d)", status);
        return AUTHP_E_INTERNAL;
    }
    memcpy(out, made, AUTHP_BCRYPT_HASH_LEN + 1);
    return AUTHP_OK;
}

bool authp_bcrypt_verify(const char *password, size_t len, const char *hash)
{
    char copy[AUTHP_BCRYPT_MAX_BYTES + 1] = {0};
    if (authp_bcrypt_cost(hash) == 0) {
        return false;
    }
    /* A password that no account can have is hashed too, so that the answer takes the same time. */
    bool whole = is_whole(password, len);
    if (whole) {
        memcpy(copy, password, len);
    }
    bool match = apr_password_validate(copy, hash) == APR_SUCCESS;
    authp_secret_wipe(copy, sizeof(copy));
    return match && whole;
}

/* A salt and a digest. The chance that some password has this digest is 2^-184. */
#define NOBODY "$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234"

const char *authp_bcrypt_dummy(int cost)
{
    static const char *const dummies[] = {
        "$2y$04" NOBODY, "$2y$05" NOBODY, "$2y$06" NOBODY, "$2y$07" NOBODY, "$2y$08" NOBODY,
        "$2y$09" NOBODY, "$2y$10" NOBODY, "$2y$11" NOBODY, "$2y$12" NOBODY, "$2y$13" NOBODY,
        "$2y$14" NOBODY, "$2y$15" NOBODY, "$2y$16" NOBODY};
    int within = cost < MIN_COST                ? MIN_COST
                 : cost > AUTHP_BCRYPT_MAX_COST ? AUTHP_BCRYPT_MAX_COST
                                                : cost;
    return dummies[within - MIN_COST];
}
