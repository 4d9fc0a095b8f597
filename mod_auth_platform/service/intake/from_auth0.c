/* SPDX-License-Identifier: Apache-2.0 */
/* Auth0: the export of users with their hashes (JSON Lines, passwordHash), the export of profiles
 * (JSON Lines, user_id), and the list of Auth0's own import (password_hash, custom_password_hash).
 */
#include "service/intake/draft.h"
#include "service/intake/hash_form.h"

#include "base/id.h"

#include <apr_strings.h>
#include <string.h>

#define DATABASE_PREFIX "auth0|"

static bool is(const char *text, const char *other)
{
    return text != NULL && strcmp(text, other) == 0;
}

/* The id without the name of the database connection, so that both exports give the same one. */
static const char *source_id(const json_t *record)
{
    const char *id = authp_draft_text(record, "alt_id");
    id = id != NULL ? id : authp_draft_text(json_object_get(record, "_id"), "$oid");
    id = id != NULL ? id : authp_draft_text(record, "_id");
    id = id != NULL ? id : authp_draft_text(record, "user_id");
    size_t len = strlen(DATABASE_PREFIX);
    return id != NULL && strncmp(id, DATABASE_PREFIX, len) == 0 ? id + len : id;
}

/* Auth0's own ids begin with the second of their creation (as BSON's ObjectId). The export with
 * hashes has no other time, so this one counts in both exports. */
static authp_ms_t created_at(const json_t *record, const char *id)
{
    unsigned char bytes[AUTHP_ID_BYTES];
    if (authp_id_valid(id)) {
        authp_id_pack(id, bytes);
        return (authp_ms_t)((uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
                            (uint32_t)bytes[2] << 8 | bytes[3]) *
               1000;
    }
    const json_t *at = json_object_get(record, "created_at");
    const json_t *date = json_object_get(at, "$date");
    return authp_draft_time(date != NULL ? date : at);
}

/* --- custom_password_hash --------------------------------------------------------------------- */

/* The base64 of an object {"value": "...", "encoding": "base64" | "hex" | "utf8"}. */
static const char *encoded(const json_t *object, const char *usual, apr_pool_t *pool)
{
    const char *value = authp_draft_text(object, "value");
    const char *encoding = authp_draft_text(object, "encoding");
    encoding = encoding != NULL ? encoding : usual;
    if (value == NULL || is(encoding, "base64")) {
        return value;
    }
    return is(encoding, "hex")    ? authp_hash_form_from_hex(value, pool)
           : is(encoding, "utf8") ? authp_hash_form_from_text(value, pool)
                                  : NULL;
}

static long whole(const json_t *object, const char *name)
{
    return (long)json_integer_value(json_object_get(object, name));
}

static void read_custom(const json_t *custom, authp_draft_t *draft, apr_pool_t *pool)
{
    const char *algorithm = authp_draft_text(custom, "algorithm");
    const json_t *hash = json_object_get(custom, "hash");
    const json_t *salt = json_object_get(custom, "salt");
    const char *encoding = authp_draft_text(json_object_get(custom, "password"), "encoding");
    const authp_hash_form_t parts = {.salt = encoded(salt, "utf8", pool),
                                     .hash = encoded(hash, "hex", pool)};
    bool last = is(authp_draft_text(salt, "position"), "suffix");
    if (encoding != NULL && !is(encoding, "utf8") && !is(encoding, "ascii")) {
        draft->hash_why = "its passwords are not hashed as UTF-8";
        return;
    }
    if (is(algorithm, "bcrypt") || is(algorithm, "argon2") || is(algorithm, "pbkdf2") ||
        is(algorithm, "ldap")) {
        draft->hash = authp_draft_text(hash, "value");
    } else if (is(algorithm, "scrypt")) {
        draft->hash = authp_hash_form_scrypt(whole(custom, "cost"), whole(custom, "blockSize"),
                                             whole(custom, "parallelization"), &parts, pool);
    } else if (is(algorithm, "sha256") || is(algorithm, "sha512")) {
        draft->hash =
            salt != NULL && parts.salt == NULL
                ? NULL
                : authp_hash_form_sha(is(algorithm, "sha256") ? 256 : 512, last, &parts, pool);
    } else {
        draft->hash_why = "its algorithm cannot be verified here";
        return;
    }
    draft->hash_why = draft->hash == NULL ? "its salt, hash or parameters cannot be read" : NULL;
}

static void read_hash(const json_t *record, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *custom = json_object_get(record, "custom_password_hash");
    draft->hash = authp_draft_text(record, "passwordHash");
    draft->hash = draft->hash != NULL ? draft->hash : authp_draft_text(record, "password_hash");
    if (draft->hash == NULL && json_is_object(custom)) {
        read_custom(custom, draft, pool);
    }
}

/* --- the rest --------------------------------------------------------------------------------- */

/* Some entries have the address and the username only in the list `identifiers`. */
static void read_identifiers(const json_t *record, authp_draft_t *draft)
{
    const json_t *list = json_object_get(record, "identifiers");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *type = authp_draft_text(one, "type");
        const char *value = authp_draft_text(one, "value");
        if (is(type, "email") && draft->email == NULL) {
            draft->email = value;
            draft->email_verified = authp_draft_truth(json_object_get(one, "verified"), NULL);
        } else if (is(type, "username") && draft->username == NULL) {
            draft->username = value;
        } else if (is(type, "phone_number") && draft->phone == NULL &&
                   authp_draft_truth(json_object_get(one, "verified"), NULL)) {
            draft->phone = value;
        }
    }
}

static void read_identities(const json_t *record, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *list = json_object_get(record, "identities");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *id = json_object_get(one, "user_id");
        const char *provider = authp_draft_text(one, "provider");
        /* The ids of some providers are numbers. */
        const char *sub = json_is_integer(id) ? apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                                             (apr_int64_t)json_integer_value(id))
                                              : authp_json_str(id);
        if (!is(provider, "auth0")) {
            authp_draft_identity(draft, provider, authp_draft_issuer(provider), sub,
                                 authp_draft_text(json_object_get(one, "profileData"), "email"));
        }
    }
}

static void read_name(const json_t *record, authp_draft_t *draft, apr_pool_t *pool)
{
    const char *name = authp_draft_text(record, "name");
    /* Auth0 fills in the address where there is no name. */
    if (name != NULL && !is(name, draft->email)) {
        draft->name = name;
        return;
    }
    draft->name = authp_draft_join(authp_draft_text(record, "given_name"),
                                   authp_draft_text(record, "family_name"), pool);
}

static void read_record(const authp_intake_options_t *options, const json_t *record,
                        authp_draft_t *draft, apr_pool_t *pool)
{
    (void)options;
    const json_t *app = json_object_get(record, "app_metadata");
    draft->source_id = source_id(record);
    draft->email = authp_draft_text(record, "email");
    draft->email_verified = authp_draft_truth(json_object_get(record, "email_verified"), NULL);
    draft->username = authp_draft_text(record, "username");
    draft->disabled = authp_draft_truth(json_object_get(record, "blocked"), NULL);
    draft->created_at = created_at(record, draft->source_id);
    draft->used_at = authp_draft_time(json_object_get(record, "last_login"));
    if (authp_draft_truth(json_object_get(record, "phone_verified"), NULL)) {
        draft->phone = authp_draft_text(record, "phone_number");
    }
    read_identifiers(record, draft);
    read_name(record, draft, pool);
    authp_draft_roles(draft, json_object_get(app, "role"), pool);
    authp_draft_roles(draft, json_object_get(app, "roles"), pool);
    read_identities(record, draft, pool);
    read_hash(record, draft, pool);
    if (json_array_size(json_object_get(record, "multifactor")) > 0 ||
        json_array_size(json_object_get(record, "mfa_factors")) > 0) {
        authp_draft_note(draft, "its second factor is not taken over");
    }
}

const authp_intake_format_t authp_from_auth0 = {.name = "auth0", .json = true, .read = read_record};
