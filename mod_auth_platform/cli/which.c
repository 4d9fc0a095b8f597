/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/which.h"

#include "cli/input.h"
#include "cli/output.h"
#include "service/account/find.h"

/* The options that name a user by something to sign in with. */
static const struct {
    const char *option;
    authp_login_kind_t kind;
    const char *missing;
} logins[] = {
    {"email", AUTHP_LOGIN_EMAIL, "there is no user with this e-mail address"},
    {"username", AUTHP_LOGIN_USERNAME, "there is no user with this username"},
    {"phone", AUTHP_LOGIN_PHONE, "there is no user with this phone number"},
};
#define LOGINS ((int)(sizeof(logins) / sizeof(logins[0])))

/* The row of `logins` that was given. LOGINS if there is none. */
static int login_of(const authp_context_t *context)
{
    int i = 0;
    while (i < LOGINS && authp_context_value(context, logins[i].option) == NULL) {
        i++;
    }
    return i;
}

int authp_which_count(const authp_context_t *context)
{
    int count = authp_context_value(context, "id") != NULL;
    for (int i = 0; i < LOGINS; i++) {
        count += authp_context_value(context, logins[i].option) != NULL;
    }
    return count;
}

const char *authp_which_missing(const authp_context_t *context)
{
    int at = login_of(context);
    return at < LOGINS ? logins[at].missing : "there is no user with this id";
}

int authp_which_user(authp_context_t *context, authp_user_t **out)
{
    const char *id = authp_context_value(context, "id");
    int at = login_of(context);
    if (authp_which_count(context) != 1) {
        authp_output_error(context->pool,
                           "name the user by --email or by --id, or by --username or --phone");
        return AUTHP_EXIT_USAGE;
    }
    if (id != NULL && !authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = at == LOGINS
                          ? authp_store_user_by_id(context->realm->store, id, out, context->pool)
                          : authp_find_by_login(context->realm, logins[at].kind,
                                                authp_context_value(context, logins[at].option),
                                                out, context->pool);
    return err == AUTHP_OK ? AUTHP_EXIT_OK
                           : authp_context_failure(context, err, authp_which_missing(context));
}
