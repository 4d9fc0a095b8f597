/* SPDX-License-Identifier: Apache-2.0 */
/* The files of other systems. The first byte of the input chooses the format: 'C' csv, 'F'
 * firebase, 'A' auth0, 'S' supabase, 'K' keycloak. The rest is the file, which is given in pieces
 * of 7 bytes and as a whole: both must become the same accounts. */
#include "crypto/password/foreign.h"
#include "fuzz.h"
#include "service/account/account_rules.h"
#include "service/intake/intake.h"
#include "service/phone/phone.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW 1767225600000LL
#define ENTRIES_MOST 10000

typedef struct piece_t {
    const char *at;
    size_t len;
    int most;
} piece_t;

static int give(void *ctx, char *buffer, int len)
{
    piece_t *piece = ctx;
    int take = len < piece->most ? len : piece->most;
    take = (size_t)take < piece->len ? take : (int)piece->len;
    memcpy(buffer, piece->at, (size_t)take);
    piece->at += take;
    piece->len -= (size_t)take;
    return take;
}

static authp_settings_t *settings(apr_pool_t *pool)
{
    authp_settings_t *made = apr_palloc(pool, sizeof(*made));
    memset(made, 0, sizeof(*made));
    made->roles = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(made->roles, const char *) = "candidate";
    APR_ARRAY_PUSH(made->roles, const char *) = "recruiter";
    apr_array_header_t *countries = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(countries, const char *) = "91";
    made->phone_countries = countries;
    made->phone_default_country = "91";
    return made;
}

static bool choose(uint8_t byte, authp_intake_options_t *options)
{
    switch (byte) {
    case 'C':
        options->format = "csv";
        return true;
    case 'A':
        options->format = "auth0";
        return true;
    case 'S':
        options->format = "supabase";
        return true;
    case 'K':
        options->format = "keycloak";
        return true;
    case 'F':
        options->format = "firebase";
        options->hash_algo = "SCRYPT";
        options->hash_key = "jxspr8Ki0RYycVU8";
        options->salt_separator = "Bw==";
        options->rounds = "8";
        options->mem_cost = "14";
        return true;
    default:
        return false;
    }
}

/* Every account follows the rules of the stores. */
static void check_user(const authp_user_t *user, apr_pool_t *pool)
{
    FUZZ_DEMAND(authp_id_valid(user->id.hex));
    FUZZ_DEMAND(user->email != NULL || user->username != NULL || user->phone != NULL);
    FUZZ_DEMAND(user->phone == NULL || authp_phone_is_e164(user->phone));
    FUZZ_DEMAND(user->email == NULL ||
                authp_account_rules_check_email(user->email, strlen(user->email)) == NULL);
    FUZZ_DEMAND(user->email == NULL ||
                strcmp(user->email, authp_account_rules_normal_email(user->email, pool)) == 0);
    FUZZ_DEMAND(user->name == NULL ||
                authp_account_rules_check_name(user->name, strlen(user->name)) == NULL);
    FUZZ_DEMAND(user->password_hash == NULL ||
                authp_foreign_refusal(user->password_hash, pool) == NULL);
    FUZZ_DEMAND(user->roles->nelts >= 1 && user->roles->nelts <= 2);
    FUZZ_DEMAND(user->created_at > 0 && user->updated_at >= user->created_at);
    FUZZ_DEMAND(authp_identities_check(user->identities) == AUTHP_OK);
}

/* The lines and ids of a file. */
static const char *run(const authp_intake_options_t *options, piece_t piece, apr_pool_t *pool)
{
    authp_intake_t *intake = NULL;
    const char *why = NULL;
    apr_array_header_t *all = apr_array_make(pool, 16, sizeof(const char *));
    authp_err_t err = authp_intake_open(options, give, &piece, &intake, &why, pool);
    for (int i = 0; err == AUTHP_OK && i < ENTRIES_MOST; i++) {
        authp_intake_item_t item = {0};
        err = authp_intake_next(intake, &item, pool);
        if (err != AUTHP_OK) {
            why = authp_intake_refusal(intake);
            break;
        }
        FUZZ_DEMAND(item.user != NULL || item.notes->nelts > 0);
        APR_ARRAY_PUSH(all, const char *) = apr_array_pstrcat(pool, item.notes, '\n');
        if (item.user != NULL) {
            check_user(item.user, pool);
            APR_ARRAY_PUSH(all, const char *) = item.user->id.hex;
        }
    }
    FUZZ_DEMAND(err == AUTHP_OK || err == AUTHP_E_NOT_FOUND || err == AUTHP_E_MALFORMED);
    FUZZ_DEMAND((err == AUTHP_E_MALFORMED) == (why != NULL));
    APR_ARRAY_PUSH(all, const char *) = why != NULL ? why : "";
    return apr_array_pstrcat(pool, all, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    authp_intake_options_t options = {.now = NOW};
    if (size < 1 || !choose(data[0], &options)) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    options.settings = settings(pool);
    piece_t whole = {.at = (const char *)data + 1, .len = size - 1, .most = 1 << 20};
    piece_t pieces = {.at = (const char *)data + 1, .len = size - 1, .most = 7};
    FUZZ_DEMAND(strcmp(run(&options, whole, pool), run(&options, pieces, pool)) == 0);
    apr_pool_destroy(pool);
    return 0;
}
