/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/assessment/assessment.h"
#include "api/core/answer.h"
#include "api/core/profile.h"
#include "api/core/sign_in.h"
#include "base/json.h"
#include "service/invite/recruiter.h"

#include <string.h>

#define RECRUITER "recruiter"

/* The members that every answer with an account begins with. `role` may be NULL. */
static json_t *user_json(const authp_call_t *call, const authp_user_t *user, const char *role)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "id", user->id.hex);
    authp_json_set_str(out, "email", user->email);
    authp_json_set_str(out, "name", user->name);
    authp_json_set_str(out, "role", role);
    authp_answer_roles(out, user->roles);
    return out;
}

static void set_created(const authp_call_t *call, const authp_user_t *user, json_t *out)
{
    authp_json_set_str(out, "created_at", authp_clock_rfc3339(user->created_at, call->pool));
}

static void answer_new(authp_call_t *call, const authp_user_t *user, const char *role)
{
    json_t *out = user_json(call, user, role);
    set_created(call, user, out);
    authp_answer_json(call, 201, out);
}

static authp_new_account_t new_account(const authp_call_t *call)
{
    const char *password = authp_call_field(call, "password");
    return (authp_new_account_t){.email = authp_call_field(call, "email"),
                                 .name = authp_call_field(call, "name"),
                                 .password = password,
                                 .password_len = strlen(password)};
}

authp_err_t authp_assessment_register(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_new_account_t in = new_account(call);
    in.role = call->request->mount->profile->default_role;
    authp_err_t err = authp_account_sign_up(call->realm, &in, &call->client, &user, call->pool);
    if (err == AUTHP_OK) {
        authp_roles_t held = authp_roles_mask(call->realm->roles, user->roles);
        answer_new(call, user, authp_token_role(call->realm, held, 0));
    }
    return err;
}

static bool by_admin(const authp_call_t *call)
{
    authp_roles_t admin = authp_roles_bit(call->realm->roles, "admin");
    return call->user != NULL && (call->principal.roles & admin) != 0;
}

authp_err_t authp_assessment_register_recruiter(authp_call_t *call)
{
    authp_user_t *user = NULL;
    authp_err_t err = AUTHP_OK;
    const char *code = authp_call_field(call, "invite_code");
    authp_new_account_t in = new_account(call);
    if (code == NULL && by_admin(call)) {
        call->by_admin = true;
        in.role = RECRUITER;
        in.verified = true;
        err = authp_account_create(call->realm, &in, call->user->id.hex, &call->client, &user,
                                   call->pool);
    } else {
        err = authp_recruiter_register(call->realm, &in, code, &call->client, &user, call->pool);
    }
    if (err == AUTHP_OK) {
        answer_new(call, user, RECRUITER);
    }
    return err;
}

authp_err_t authp_assessment_login(authp_call_t *call)
{
    return authp_sign_in_bearer_by_password(call, AUTHP_DOOR_ANY);
}

authp_err_t authp_assessment_login_candidate(authp_call_t *call)
{
    return authp_sign_in_bearer_by_password(call, AUTHP_DOOR_CANDIDATE);
}

authp_err_t authp_assessment_login_recruiter(authp_call_t *call)
{
    call->client.door_role = RECRUITER;
    return authp_sign_in_bearer_by_password(call, AUTHP_DOOR_RECRUITER);
}

authp_err_t authp_assessment_me(authp_call_t *call)
{
    const authp_user_t *user = call->user;
    json_t *out = user_json(call, user, authp_token_role_now(call->realm, &call->principal));
    authp_json_set_bool(out, "is_recruiter_verified", user->is_recruiter_verified);
    set_created(call, user, out);
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t authp_assessment_logout(authp_call_t *call)
{
    authp_err_t err = authp_sign_in_end(call);
    if (err == AUTHP_OK) {
        authp_answer_message(call, "Logged out successfully");
    }
    return err;
}
