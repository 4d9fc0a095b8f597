/* SPDX-License-Identifier: Apache-2.0 */
/* A realm's export of Keycloak with its users, or REALM-users-N.json. Roles of the realm become
 * roles; roles of clients do not. */
#include "service/intake/draft.h"
#include "service/intake/hash_form.h"

#include <apr_strings.h>
#include <string.h>

/* A member that is the text of a JSON object. */
static const json_t *inner(const json_t *object, const char *name, apr_pool_t *pool)
{
    const char *text = authp_draft_text(object, name);
    json_t *value = NULL;
    if (text == NULL || authp_json_parse(text, strlen(text), &value, pool) != AUTHP_OK) {
        return NULL;
    }
    return value;
}

static bool is(const char *text, const char *other)
{
    return text != NULL && strcmp(text, other) == 0;
}

/* The first text of a list in additionalParameters. */
static const char *extra(const json_t *data, const char *name)
{
    const json_t *more = json_object_get(data, "additionalParameters");
    return authp_json_str(json_array_get(json_object_get(more, name), 0));
}

static long decimal(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    bool good = len > 0 && len <= 9 && strspn(text, "0123456789") == len;
    return good ? (long)apr_atoi64(text) : 0;
}

static const char *argon2(const json_t *data, long passes, const authp_hash_form_t *parts,
                          apr_pool_t *pool)
{
    const char *type = extra(data, "type");
    const char *version = extra(data, "version");
    long memory = decimal(extra(data, "memory"));
    long lanes = decimal(extra(data, "parallelism"));
    if ((type != NULL && !is(type, "id")) || (version != NULL && !is(version, "1.3")) ||
        memory < 1 || lanes < 1 || passes < 1 || !authp_hash_form_is_base64(parts->salt) ||
        !authp_hash_form_is_base64(parts->hash)) {
        return NULL;
    }
    return apr_psprintf(pool, "$argon2id$v=19$m=%ld,t=%ld,p=%ld$%s$%s", memory, passes, lanes,
                        parts->salt, parts->hash);
}

static void read_password(const json_t *credential, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *data = inner(credential, "credentialData", pool);
    const json_t *secret = inner(credential, "secretData", pool);
    const authp_hash_form_t parts = {.salt = authp_draft_text(secret, "salt"),
                                     .hash = authp_draft_text(secret, "value")};
    const char *algorithm = authp_draft_text(data, "algorithm");
    long rounds = (long)json_integer_value(json_object_get(data, "hashIterations"));
    if (data == NULL || secret == NULL) {
        draft->hash_why = authp_draft_text(credential, "value") != NULL
                              ? "the password is in the file as plain text"
                              : "there is no secretData and credentialData";
        return;
    }
    if (is(algorithm, "pbkdf2-sha256") || is(algorithm, "pbkdf2-sha512")) {
        draft->hash = authp_hash_form_pbkdf2(is(algorithm, "pbkdf2-sha256") ? 256 : 512, rounds,
                                             &parts, pool);
    } else if (is(algorithm, "argon2")) {
        draft->hash = argon2(data, rounds, &parts, pool);
    } else if (is(algorithm, "bcrypt")) {
        draft->hash = parts.hash; /* the name that a common extension of Keycloak uses */
    } else {
        draft->hash_why = "its algorithm is not known here";
        return;
    }
    draft->hash_why = draft->hash == NULL ? "its salt, hash or parameters cannot be read" : NULL;
}

static void read_credentials(const json_t *user, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *list = json_object_get(user, "credentials");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *credential = json_array_get(list, i);
        const char *type = authp_draft_text(credential, "type");
        if (is(type, "password") && draft->hash == NULL) {
            read_password(credential, draft, pool);
        } else if (!is(type, "password") && !is(type, "password-history")) {
            authp_draft_note(draft, "its second factor is not taken over");
        }
    }
}

/* Reads the roles of the realm. Roles that Keycloak gives to every user are passed over. */
static void read_roles(const json_t *user, authp_draft_t *draft)
{
    const json_t *list = json_object_get(user, "realmRoles");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *role = authp_json_str(json_array_get(list, i));
        bool own = role == NULL || is(role, "offline_access") || is(role, "uma_authorization") ||
                   strncmp(role, "default-roles-", 14) == 0;
        if (!own) {
            authp_draft_role(draft, role);
        }
    }
}

static void read_identities(const json_t *user, authp_draft_t *draft)
{
    const json_t *list = json_object_get(user, "federatedIdentities");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *alias = authp_draft_text(one, "identityProvider");
        authp_draft_identity(draft, alias, authp_draft_issuer(alias),
                             authp_draft_text(one, "userId"), NULL);
    }
}

static void read_user(const authp_intake_options_t *options, const json_t *user,
                      authp_draft_t *draft, apr_pool_t *pool)
{
    (void)options;
    const json_t *enabled = json_object_get(user, "enabled");
    draft->source_id = authp_draft_text(user, "id");
    draft->email = authp_draft_text(user, "email");
    draft->username = authp_draft_text(user, "username");
    draft->name = authp_draft_join(authp_draft_text(user, "firstName"),
                                   authp_draft_text(user, "lastName"), pool);
    draft->email_verified = authp_draft_truth(json_object_get(user, "emailVerified"), NULL);
    draft->disabled = enabled != NULL && !authp_draft_truth(enabled, NULL);
    draft->created_at = authp_draft_time(json_object_get(user, "createdTimestamp"));
    read_roles(user, draft);
    read_identities(user, draft);
    read_credentials(user, draft, pool);
    if (authp_draft_text(user, "serviceAccountClientId") != NULL) {
        draft->left_out = "the account belongs to a client, not to a person";
    }
}

const authp_intake_format_t authp_from_keycloak = {
    .name = "keycloak", .json = true, .list = "users", .read = read_user};
