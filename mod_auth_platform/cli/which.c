/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/which.h"

#include "cli/input.h"
#include "cli/output.h"
#include "service/account/account_rules.h"

const char *authp_which_missing(const authp_context_t *context)
{
    return authp_context_value(context, "id") != NULL ? "there is no user with this id"
                                                      : "there is no user with this e-mail address";
}

int authp_which_user(authp_context_t *context, authp_user_t **out)
{
    const char *email = authp_context_value(context, "email");
    const char *id = authp_context_value(context, "id");
    if ((email == NULL) == (id == NULL)) {
        authp_output_error(context->pool, "name the user by --email or by --id");
        return AUTHP_EXIT_USAGE;
    }
    if (id != NULL && !authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        id != NULL
            ? authp_store_user_by_id(context->realm->store, id, out, context->pool)
            : authp_store_user_by_login(context->realm->store, AUTHP_LOGIN_EMAIL,
                                        authp_account_rules_normal_email(email, context->pool), out,
                                        context->pool);
    return err == AUTHP_OK ? AUTHP_EXIT_OK
                           : authp_context_failure(context, err, authp_which_missing(context));
}
