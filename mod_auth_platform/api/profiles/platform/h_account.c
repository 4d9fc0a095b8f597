/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "api/core/sign_in.h"
#include "api/profiles/platform/handlers.h"
#include "api/profiles/platform/quiet_answer.h"
#include "base/json.h"
#include "service/account/account.h"

#include <string.h>

authp_err_t authp_h_account_register(authp_call_t *call)
{
    authp_grant_t grant;
    authp_new_account_t in = {.email = authp_call_field(call, "email"),
                              .name = authp_call_field(call, "name"),
                              .password = authp_call_field(call, "password")};
    in.password_len = strlen(in.password);
    if (call->realm->settings->email_verification_required) {
        const authp_quiet_sign_up_t quiet = {.account = &in};
        return authp_quiet_answer(call, &quiet);
    }
    authp_err_t err = authp_account_register(call->realm, &in, &call->client, &grant, call->pool);
    return err == AUTHP_OK ? authp_sign_in_answer(call, 201, &grant) : err;
}

static authp_err_t sign_in(authp_call_t *call, authp_door_t door)
{
    authp_grant_t grant;
    authp_err_t err = authp_sign_in_by_password(call, door, &grant);
    return err == AUTHP_OK ? authp_sign_in_answer(call, 200, &grant) : err;
}

authp_err_t authp_h_account_login(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_ANY);
}

authp_err_t authp_h_account_login_candidate(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_CANDIDATE);
}

authp_err_t authp_h_account_login_recruiter(authp_call_t *call)
{
    return sign_in(call, AUTHP_DOOR_RECRUITER);
}

authp_err_t authp_h_account_me(authp_call_t *call)
{
    authp_answer_json(call, 200, authp_answer_user(call->user, call->pool));
    return AUTHP_OK;
}
