/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/sign_in.h"
#include "api/core/answer.h"
#include "api/core/cookie.h"

#include <string.h>

/* Every sign-in ends the session whose cookies came with the request. The new session exists
 * already. So if ending the old one fails, the only effect is one more session in the list. */
static void end_replaced(const authp_call_t *call, const authp_grant_t *grant)
{
    const char *refresh = authp_cookie_refresh(call);
    authp_proof_t before;
    if (refresh == NULL ||
        authp_session_prove(call->realm, refresh, &before, call->pool) != AUTHP_OK ||
        strcmp(before.session->id.hex, grant->session->id.hex) == 0) {
        return;
    }
    const authp_leaving_t leaving = {.user_id = before.session->user_id.hex,
                                     .session_id = before.session->id.hex,
                                     .ver = before.session->ver,
                                     .session = before.session};
    authp_err_t err = authp_session_logout(call->realm, &leaving, false, &call->client, call->pool);
    (void)err;
}

authp_err_t authp_sign_in_answer(authp_call_t *call, int status, const authp_grant_t *grant)
{
    end_replaced(call, grant);
    authp_err_t err = authp_cookie_set_device(call, grant);
    if (err != AUTHP_OK) {
        return err;
    }
    return authp_answer_tokens(call, status, grant, authp_cookie_wanted(call));
}

authp_err_t authp_sign_in_redirect(authp_call_t *call, const authp_grant_t *grant,
                                   const char *location)
{
    end_replaced(call, grant);
    authp_err_t err = authp_cookie_set_device(call, grant);
    if (err == AUTHP_OK) {
        err = authp_cookie_set(call, grant);
    }
    if (err == AUTHP_OK) {
        authp_answer_redirect(call, location);
    }
    return err;
}
