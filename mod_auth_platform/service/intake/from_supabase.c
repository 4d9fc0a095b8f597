/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the table auth.users of Supabase (GoTrue). Its hashes are bcrypt, Argon2id or Firebase's
 * scrypt, in the forms of crypto/password/foreign.h already. Roles come from raw_app_meta_data
 * only, because people can change raw_user_meta_data themselves. The column `role` is a role of
 * PostgreSQL. */
#include "service/intake/draft.h"

#include <apr_strings.h>
#include <string.h>

static const char *const needed[] = {"id", "email", "encrypted_password", NULL};

/* A member that is an object, or the text of one (as in CSV). */
static const json_t *object(const json_t *row, const char *name, apr_pool_t *pool)
{
    json_t *value = json_object_get(row, name);
    const char *text = authp_json_str(value);
    if (text != NULL && authp_json_parse(text, strlen(text), &value, pool) != AUTHP_OK) {
        return NULL;
    }
    return value;
}

/* Rows of auth.identities, if the file has them in a member `identities`. */
static void read_identities(const json_t *row, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *list = object(row, "identities", pool);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *data = object(one, "identity_data", pool);
        const char *provider = authp_draft_text(one, "provider");
        const char *issuer = authp_draft_issuer(provider);
        if (provider == NULL || strcmp(provider, "email") == 0 || strcmp(provider, "phone") == 0) {
            continue;
        }
        authp_draft_identity(draft, provider,
                             issuer != NULL ? issuer : authp_draft_text(data, "iss"),
                             authp_draft_text(data, "sub"), authp_draft_text(data, "email"));
    }
}

static void read_name(const json_t *row, authp_draft_t *draft, apr_pool_t *pool)
{
    const json_t *data = object(row, "raw_user_meta_data", pool);
    draft->name = authp_draft_text(data, "full_name");
    draft->name = draft->name != NULL ? draft->name : authp_draft_text(data, "name");
    draft->name = draft->name != NULL ? draft->name : authp_draft_text(data, "display_name");
}

/* Supabase stores numbers as E.164 without the '+'. */
static const char *proven_phone(const json_t *row, apr_pool_t *pool)
{
    const char *phone = authp_draft_text(row, "phone");
    if (phone == NULL || authp_draft_text(row, "phone_confirmed_at") == NULL) {
        return NULL;
    }
    return *phone == '+' ? phone : apr_pstrcat(pool, "+", phone, NULL);
}

static void read_row(const authp_intake_options_t *options, const json_t *row, authp_draft_t *draft,
                     apr_pool_t *pool)
{
    const json_t *app = object(row, "raw_app_meta_data", pool);
    authp_ms_t banned = authp_draft_time(json_object_get(row, "banned_until"));
    draft->source_id = authp_draft_text(row, "id");
    draft->email = authp_draft_text(row, "email");
    draft->hash = authp_draft_text(row, "encrypted_password");
    draft->email_verified = authp_draft_text(row, "email_confirmed_at") != NULL;
    /* A ban without an end is one of many years; "infinity" of PostgreSQL is not a time here. */
    draft->disabled =
        banned > options->now || (banned == 0 && authp_draft_text(row, "banned_until") != NULL);
    draft->created_at = authp_draft_time(json_object_get(row, "created_at"));
    draft->updated_at = authp_draft_time(json_object_get(row, "updated_at"));
    draft->used_at = authp_draft_time(json_object_get(row, "last_sign_in_at"));
    draft->phone = proven_phone(row, pool);
    read_name(row, draft, pool);
    authp_draft_roles(draft, json_object_get(app, "role"), pool);
    authp_draft_roles(draft, json_object_get(app, "roles"), pool);
    read_identities(row, draft, pool);
    if (authp_draft_text(row, "deleted_at") != NULL) {
        draft->left_out = "the account was deleted";
    } else if (authp_draft_truth(json_object_get(row, "is_anonymous"), NULL)) {
        draft->left_out = "the account is anonymous";
    }
    if (json_array_size(json_object_get(row, "factors")) > 0) {
        authp_draft_note(draft, "its second factor is not taken over");
    }
}

const authp_intake_format_t authp_from_supabase = {
    .name = "supabase", .json = true, .csv = true, .needed = needed, .read = read_row};
