/* SPDX-License-Identifier: Apache-2.0 */
/* users.json of `firebase auth:export`. The parameters of the hashes are not in the file: they have
 * the names of the options of `firebase auth:import`. */
#include "service/intake/draft.h"
#include "service/intake/hash_form.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

#define SCRYPT_ROUNDS_MOST 8
#define SCRYPT_MEM_MOST 14
#define PBKDF2_MOST 2000000
#define BLOCK_MOST 1024
#define COST_MOST (1L << 24)

typedef const char *hash_fn(const authp_intake_options_t *options, const authp_hash_form_t *parts,
                            apr_pool_t *pool);

/* What Firebase calls a hash algorithm. `hash` is NULL if this server cannot verify it. */
typedef struct algorithm_t {
    const char *name;
    hash_fn *hash;
    bool key;
    long rounds; /* the most rounds; 0: takes none */
    long memory; /* the most memory cost; 0: takes none */
    bool sizes;  /* takes a block size and a parallelization */
} algorithm_t;

/* The value of an option from 1 to `most`. 0 if it is none. */
static long number(const char *text, long most)
{
    size_t len = text != NULL ? strlen(text) : 0;
    if (len == 0 || len > 9 || strspn(text, "0123456789") != len) {
        return 0;
    }
    long value = (long)apr_atoi64(text);
    return value <= most ? value : 0;
}

static const char *hash_fbscrypt(const authp_intake_options_t *options,
                                 const authp_hash_form_t *parts, apr_pool_t *pool)
{
    const char *separator = options->salt_separator;
    bool some = separator != NULL && *separator != '\0';
    if (!authp_hash_form_is_base64(parts->salt) || !authp_hash_form_is_base64(parts->hash)) {
        return NULL;
    }
    return apr_psprintf(pool, "$fbscrypt$v=1,n=%ld,r=%ld,p=1%s%s,sk=%s$%s$%s",
                        number(options->mem_cost, SCRYPT_MEM_MOST),
                        number(options->rounds, SCRYPT_ROUNDS_MOST), some ? ",ss=" : "",
                        some ? separator : "", options->hash_key, parts->salt, parts->hash);
}

static const char *hash_scrypt(const authp_intake_options_t *options,
                               const authp_hash_form_t *parts, apr_pool_t *pool)
{
    return authp_hash_form_scrypt(number(options->mem_cost, COST_MOST),
                                  number(options->block_size, BLOCK_MOST),
                                  number(options->parallelization, BLOCK_MOST), parts, pool);
}

static const char *hash_pbkdf2(const authp_intake_options_t *options,
                               const authp_hash_form_t *parts, apr_pool_t *pool)
{
    return authp_hash_form_pbkdf2(256, number(options->rounds, PBKDF2_MOST), parts, pool);
}

static bool salt_last(const authp_intake_options_t *options)
{
    return authp_text_same(options->hash_input_order, "PASSWORD_FIRST");
}

static const char *hash_sha256(const authp_intake_options_t *options,
                               const authp_hash_form_t *parts, apr_pool_t *pool)
{
    return authp_hash_form_sha(256, salt_last(options), parts, pool);
}

static const char *hash_sha512(const authp_intake_options_t *options,
                               const authp_hash_form_t *parts, apr_pool_t *pool)
{
    return authp_hash_form_sha(512, salt_last(options), parts, pool);
}

/* The base64 of the text of the hash. */
static const char *hash_bcrypt(const authp_intake_options_t *options,
                               const authp_hash_form_t *parts, apr_pool_t *pool)
{
    (void)options;
    return authp_hash_form_to_text(parts->hash, pool);
}

static const algorithm_t algorithms[] = {
    {"SCRYPT", hash_fbscrypt, true, SCRYPT_ROUNDS_MOST, SCRYPT_MEM_MOST, false},
    {"STANDARD_SCRYPT", hash_scrypt, false, 0, COST_MOST, true},
    {"BCRYPT", hash_bcrypt, false, 0, 0, false},
    {"PBKDF2_SHA256", hash_pbkdf2, false, PBKDF2_MOST, 0, false},
    {"SHA256", hash_sha256, false, 1, 0, false},
    {"SHA512", hash_sha512, false, 1, 0, false},
    {"NONE", NULL, false, 0, 0, false},
};

static const algorithm_t *algorithm(const char *name)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (authp_text_same(name, algorithms[i].name)) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static const char *check_sizes(const authp_intake_options_t *options, const algorithm_t *algo,
                               apr_pool_t *pool)
{
    if (algo->rounds > 0 && number(options->rounds, algo->rounds) == 0) {
        return apr_psprintf(pool, "--hash-algo %s needs --rounds from 1 to %ld", algo->name,
                            algo->rounds);
    }
    if (algo->memory > 0 && number(options->mem_cost, algo->memory) == 0) {
        return apr_psprintf(pool, "--hash-algo %s needs --mem-cost from 1 to %ld", algo->name,
                            algo->memory);
    }
    if (algo->sizes && (number(options->block_size, BLOCK_MOST) == 0 ||
                        number(options->parallelization, BLOCK_MOST) == 0)) {
        return apr_psprintf(pool, "--hash-algo %s needs --block-size and --parallelization",
                            algo->name);
    }
    if (options->dk_len != NULL && number(options->dk_len, BLOCK_MOST) == 0) {
        return "--dk-len is the length of a hash in bytes";
    }
    return NULL;
}

static const char *check(const authp_intake_options_t *options, apr_pool_t *pool)
{
    const char *order = options->hash_input_order;
    const algorithm_t *algo = algorithm(options->hash_algo);
    if (options->hash_algo == NULL) {
        return "--format firebase needs --hash-algo: SCRYPT for accounts that Firebase made, NONE "
               "to import without passwords";
    }
    if (algo == NULL) {
        return "--hash-algo is not one whose hashes can be verified here: SCRYPT, STANDARD_SCRYPT, "
               "BCRYPT, PBKDF2_SHA256, SHA256, SHA512, or NONE to import without passwords";
    }
    if (algo->key && !authp_hash_form_is_base64(options->hash_key)) {
        return "--hash-algo SCRYPT needs --hash-key: base64_signer_key of the parameters that "
               "Firebase's console shows";
    }
    if (options->salt_separator != NULL && *options->salt_separator != '\0' &&
        !authp_hash_form_is_base64(options->salt_separator)) {
        return "--salt-separator is not base64";
    }
    if (order != NULL && !authp_text_same(order, "SALT_FIRST") &&
        !authp_text_same(order, "PASSWORD_FIRST")) {
        return "--hash-input-order is SALT_FIRST or PASSWORD_FIRST";
    }
    return check_sizes(options, algo, pool);
}

static void read_hash(const authp_intake_options_t *options, const json_t *record,
                      authp_draft_t *draft, apr_pool_t *pool)
{
    const algorithm_t *algo = algorithm(options->hash_algo);
    const authp_hash_form_t parts = {.salt = authp_draft_text(record, "salt"),
                                     .hash = authp_draft_text(record, "passwordHash")};
    if (parts.hash == NULL) {
        return;
    }
    if (algo == NULL || algo->hash == NULL) {
        draft->hash_why = "--hash-algo is NONE";
        return;
    }
    draft->hash = algo->hash(options, &parts, pool);
    draft->hash_why = draft->hash == NULL ? "its hash or salt is not base64" : NULL;
}

static void read_claims(const json_t *record, authp_draft_t *draft, apr_pool_t *pool)
{
    const char *text = authp_draft_text(record, "customAttributes");
    json_t *claims = NULL;
    if (text != NULL && authp_json_parse(text, strlen(text), &claims, pool) == AUTHP_OK) {
        authp_draft_roles(draft, json_object_get(claims, "role"), pool);
        authp_draft_roles(draft, json_object_get(claims, "roles"), pool);
    }
}

static void read_record(const authp_intake_options_t *options, const json_t *record,
                        authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *providers = json_object_get(record, "providerUserInfo");
    draft->source_id = authp_draft_text(record, "localId");
    draft->email = authp_draft_text(record, "email");
    draft->name = authp_draft_text(record, "displayName");
    draft->email_verified = authp_draft_truth(json_object_get(record, "emailVerified"), NULL);
    draft->disabled = authp_draft_truth(json_object_get(record, "disabled"), NULL);
    draft->created_at = authp_draft_time(json_object_get(record, "createdAt"));
    draft->used_at = authp_draft_time(json_object_get(record, "lastSignedInAt"));
    draft->phone = authp_draft_text(record, "phoneNumber");
    for (size_t i = 0; i < json_array_size(providers); i++) {
        const json_t *one = json_array_get(providers, i);
        const char *provider = authp_draft_text(one, "providerId");
        authp_draft_identity(draft, provider, authp_draft_issuer(provider),
                             authp_draft_text(one, "rawId"), authp_draft_text(one, "email"));
    }
    if (json_array_size(json_object_get(record, "mfaInfo")) > 0) {
        authp_draft_note(draft, "its second factor is not taken over");
    }
    read_hash(options, record, draft, pool);
    read_claims(record, draft, pool);
}

const authp_intake_format_t authp_from_firebase = {
    .name = "firebase", .json = true, .list = "users", .check = check, .read = read_record};
