/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/which.h"

#include "cli/input.h"
#include "cli/output.h"
#include "service/account/find.h"

int authp_which_count(const authp_context_t *context)
{
    return (authp_context_value(context, "email") != NULL) +
           (authp_context_value(context, "username") != NULL) +
           (authp_context_value(context, "id") != NULL);
}

const char *authp_which_missing(const authp_context_t *context)
{
    if (authp_context_value(context, "id") != NULL) {
        return "there is no user with this id";
    }
    return authp_context_value(context, "username") != NULL
               ? "there is no user with this username"
               : "there is no user with this e-mail address";
}

int authp_which_user(authp_context_t *context, authp_user_t **out)
{
    const char *email = authp_context_value(context, "email");
    const char *username = authp_context_value(context, "username");
    const char *id = authp_context_value(context, "id");
    if (authp_which_count(context) != 1) {
        authp_output_error(context->pool, "name the user by --email or by --id, or by --username");
        return AUTHP_EXIT_USAGE;
    }
    if (id != NULL && !authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_login_kind_t kind = email != NULL ? AUTHP_LOGIN_EMAIL : AUTHP_LOGIN_USERNAME;
    authp_err_t err =
        id != NULL ? authp_store_user_by_id(context->realm->store, id, out, context->pool)
                   : authp_find_by_login(context->realm, kind, email != NULL ? email : username,
                                         out, context->pool);
    return err == AUTHP_OK ? AUTHP_EXIT_OK
                           : authp_context_failure(context, err, authp_which_missing(context));
}
