/* SPDX-License-Identifier: Apache-2.0 */
/* A table of one's own: a line of names, then a row for each account. */
#include "service/intake/draft.h"

static const char *const needed[] = {"email", "name", "password_hash", NULL};
static const char *const columns[] = {
    "id",       "username",   "phone",      "roles",           "email_verified",
    "disabled", "created_at", "updated_at", "last_sign_in_at", NULL};

static bool truth(const json_t *row, const char *name, const char *note, authp_draft_t *draft)
{
    bool odd = false;
    bool yes = authp_draft_truth(json_object_get(row, name), &odd);
    if (odd) {
        authp_draft_note(draft, note);
    }
    return yes;
}

static void read_row(const authp_intake_options_t *options, const json_t *row, authp_draft_t *draft,
                     apr_pool_t *pool)
{
    (void)options;
    draft->source_id = authp_draft_text(row, "id");
    draft->email = authp_draft_text(row, "email");
    draft->name = authp_draft_text(row, "name");
    draft->username = authp_draft_text(row, "username");
    draft->phone = authp_draft_text(row, "phone");
    draft->hash = authp_draft_text(row, "password_hash");
    authp_draft_roles(draft, json_object_get(row, "roles"), pool);
    draft->email_verified =
        truth(row, "email_verified", "email_verified is neither true nor false", draft);
    draft->disabled = truth(row, "disabled", "disabled is neither true nor false", draft);
    draft->created_at = authp_draft_time(json_object_get(row, "created_at"));
    draft->updated_at = authp_draft_time(json_object_get(row, "updated_at"));
    draft->used_at = authp_draft_time(json_object_get(row, "last_sign_in_at"));
}

const authp_intake_format_t authp_from_csv = {
    .name = "csv", .csv = true, .needed = needed, .columns = columns, .read = read_row};
