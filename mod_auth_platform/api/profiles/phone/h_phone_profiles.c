/* SPDX-License-Identifier: Apache-2.0 */
/* What an account is as a seeker and as a provider, and the removal of these roles. */
#include "api/core/answer.h"
#include "api/profiles/phone/phone_answers.h"
#include "api/profiles/phone/phone_handlers.h"
#include "base/json.h"
#include "service/account/phone_account.h"
#include "service/account/profile_document.h"

#include <apr_strings.h>
#include <string.h>

#define PROVIDER "provider"
#define SEEKER "seeker"

/* Sets a member to a document; {} if it was never written. */
static void set_document(json_t *out, const char *name, json_t *document)
{
    if (document == NULL) {
        (void)authp_json_set_object(out, name);
    } else {
        authp_json_set(out, name, document);
    }
}

static authp_err_t answer_profile(authp_call_t *call, const authp_user_t *user, const char *role)
{
    authp_profile_document_t document;
    authp_err_t err = authp_profile_document_read(user, role, &document, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "user_id", user->id.hex);
    authp_phone_answers_mobile(call, user, out);
    set_document(out, "personal_info", document.personal_info);
    set_document(out, apr_pstrcat(call->pool, role, "_stats", NULL), document.stats);
    if (document.job_id != NULL) {
        authp_json_set_str(out, "job_id", document.job_id);
    }
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

/* Writes the parts of a profile that the body has. */
static authp_err_t write_profile(authp_call_t *call, const char *id, const char *role)
{
    authp_user_t *user = NULL;
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    const authp_profile_document_t change = {.role = role,
                                             .personal_info =
                                                 json_object_get(call->body, "personal_info"),
                                             .stats = json_object_get(call->body, "stats"),
                                             .job_id = authp_call_field(call, "job_id")};
    authp_err_t err =
        authp_profile_document_write(call->realm, &actor, id, &change, &user, call->pool);
    return err == AUTHP_OK ? answer_profile(call, user, role) : err;
}

authp_err_t authp_h_phone_profiles_own(authp_call_t *call)
{
    return answer_profile(call, call->user, call->route->role);
}

authp_err_t authp_h_phone_profiles_patch(authp_call_t *call)
{
    return write_profile(call, call->user->id.hex, call->route->role);
}

authp_err_t authp_h_phone_profiles_put(authp_call_t *call)
{
    const char *role = authp_path_value(&call->path, "role");
    bool known = strcmp(role, PROVIDER) == 0 || strcmp(role, SEEKER) == 0;
    return known ? write_profile(call, authp_call_id(call), role) : AUTHP_E_NOT_FOUND;
}

static authp_err_t remove_role(authp_call_t *call, const char *role, const char *done,
                               const char *not_held)
{
    authp_err_t err =
        authp_phone_account_remove_role(call->realm, call->user, role, &call->client, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_message(call, done);
    }
    if (err == AUTHP_E_NOT_FOUND) {
        call->detail = not_held;
    }
    return err;
}

authp_err_t authp_h_phone_profiles_delete_provider(authp_call_t *call)
{
    return remove_role(call, PROVIDER, "Provider role deleted successfully",
                       "Provider role not found");
}

authp_err_t authp_h_phone_profiles_delete_seeker(authp_call_t *call)
{
    return remove_role(call, SEEKER, "Seeker role deleted successfully", "Seeker role not found");
}
