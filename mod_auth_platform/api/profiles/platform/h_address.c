/* SPDX-License-Identifier: Apache-2.0 */
/* The routes of proven addresses and forgotten passwords, which need mail. */
#include "api/core/answer.h"
#include "api/profiles/platform/handlers.h"
#include "base/json.h"
#include "service/address/address_change.h"
#include "service/address/address_proof.h"
#include "service/address/password_reset.h"

static authp_err_t answer_accepted(authp_call_t *call, const char *message)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "message", message);
    authp_answer_json(call, 202, out);
    return AUTHP_OK;
}

authp_err_t authp_h_address_send(authp_call_t *call)
{
    bool sent = false;
    authp_err_t err =
        authp_address_proof_send(call->realm, call->user, &call->client, &sent, call->pool);
    if (err == AUTHP_E_NOT_FOUND) {
        call->detail = "This account has no e-mail address.";
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (!sent) {
        call->out->status = 204;
        return AUTHP_OK;
    }
    return answer_accepted(call, "A mail with a link is on its way to your address");
}

authp_err_t authp_h_address_verify(authp_call_t *call)
{
    authp_user_t *user = NULL;
    const authp_address_proof_t in = {.token = authp_call_field(call, "token"),
                                      .password = authp_call_field(call, "password"),
                                      .user = call->user,
                                      .client = &call->client};
    authp_err_t err = authp_address_proof_use(call->realm, &in, &user, call->pool);
    if (err == AUTHP_E_TOKEN_MISSING) {
        call->detail = "Sign in to the account, or send its password.";
    } else if (err == AUTHP_E_INVALID_CREDENTIALS) {
        call->detail = "This is not the password of the account to which the link belongs.";
    } else if (err == AUTHP_E_EMAIL_TAKEN) {
        call->detail = "Another account has got this e-mail address meanwhile.";
    }
    if (err == AUTHP_OK) {
        authp_answer_json(call, 200, authp_answer_user(user, call->pool));
    }
    return err;
}

authp_err_t authp_h_address_forgot(authp_call_t *call)
{
    authp_err_t err = authp_password_reset_ask(call->realm, authp_call_field(call, "email"),
                                               &call->client, call->pool);
    return err == AUTHP_OK ? answer_accepted(call, "If an account has this address, a mail with a "
                                                   "link is on its way")
                           : err;
}

authp_err_t authp_h_address_reset(authp_call_t *call)
{
    authp_err_t err =
        authp_password_reset_use(call->realm, authp_call_field(call, "token"),
                                 authp_call_field(call, "new_password"), &call->client, call->pool);
    if (err == AUTHP_OK) {
        authp_answer_message(call, "The password is set: sign in with it");
    }
    return err;
}

authp_err_t authp_h_address_change(authp_call_t *call)
{
    const authp_self_t self = {.user = call->user,
                               .session = call->session,
                               .client = &call->client,
                               .auth_time = call->principal.auth_time};
    authp_err_t err =
        authp_address_change_ask(call->realm, &self, authp_call_field(call, "new_email"),
                                 authp_call_field(call, "password"), call->pool);
    return err == AUTHP_OK ? answer_accepted(call, "A mail with a link is on its way to the new "
                                                   "address")
                           : err;
}
