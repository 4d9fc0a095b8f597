/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/platform/quiet_answer.h"

#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "base/json.h"

authp_err_t authp_quiet_answer(authp_call_t *call, const authp_quiet_sign_up_t *in)
{
    authp_user_t known = {.email = NULL};
    const authp_grant_t grant = {.user = &known};
    authp_err_t err = authp_quiet_sign_up(call->realm, in, &call->client, &known.id, call->pool);
    if (err == AUTHP_OK) {
        err = authp_cookie_set_device(call, &grant);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "message", "A mail with a link is on its way: open it, then sign in");
    authp_answer_json(call, 202, out);
    return AUTHP_OK;
}
