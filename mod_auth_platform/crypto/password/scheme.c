/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/password/scheme.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"

#include <string.h>

_Static_assert(AUTHP_SCHEME_HASH_LEN >= AUTHP_BCRYPT_HASH_LEN, "a hash of bcrypt has room");

authp_err_t authp_scheme_hash(const authp_scheme_t *scheme, const char *password, size_t len,
                              const authp_random_t *random, char *out)
{
    if (!scheme->argon2id) {
        return authp_bcrypt_hash(password, len, scheme->rounds, random, out);
    }
    if (len > AUTHP_FOREIGN_PASSWORD_MOST || memchr(password, '\0', len) != NULL) {
        return AUTHP_E_MALFORMED;
    }
    return authp_argon2id_hash(password, len, random, out);
}

bool authp_scheme_holds(const authp_scheme_t *scheme, const char *hash)
{
    authp_hash_text_t text;
    if (!scheme->argon2id) {
        return authp_bcrypt_cost(hash) >= scheme->rounds;
    }
    return authp_hash_text_read(hash, &text) == NULL && authp_argon2id_is_ours(&text);
}

const char *authp_scheme_dummy(const authp_scheme_t *scheme)
{
    return scheme->argon2id ? authp_argon2id_dummy() : authp_bcrypt_dummy(scheme->rounds);
}
