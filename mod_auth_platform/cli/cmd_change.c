/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_change.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/show.h"
#include "cli/which.h"
#include "service/account/phone_account.h"
#include "service/account/user.h"
#include "service/provider/provider_link.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <unistd.h>

static int fail(const authp_context_t *context, authp_err_t err)
{
    return authp_context_failure(context, err, authp_which_missing(context));
}

static bool administers(const authp_user_t *user)
{
    return !user->disabled && authp_user_holds(user, "admin");
}

/* The tool may remove the last admin, because whoever runs it can make another one. It prints a
 * note when it does. */
static void note_admins(const authp_context_t *context, const authp_user_t *before)
{
    const authp_user_filter_t admins = {.role = "admin", .limit = 1, .enabled_only = true};
    apr_array_header_t *left = NULL;
    if (!administers(before)) {
        return;
    }
    authp_err_t err = authp_store_user_list(context->realm->store, &admins, &left, context->pool);
    if (err != AUTHP_OK) {
        authp_output_error(context->pool,
                           "note: it is done, but the tool could not check if another "
                           "admin is left: see user list --role admin");
    } else if (left->nelts == 0) {
        authp_output_error(context->pool,
                           "note: that was the last admin, and nobody can administer now: make one "
                           "with user create --role admin, or give the role with user set-roles");
    }
}

/* Notes why the person still cannot sign in. */
static void note_obstacles(const authp_context_t *context, const authp_user_t *user)
{
    if (user->disabled) {
        authp_output_error(context->pool,
                           "note: this account stays disabled until: user enable --id %s",
                           user->id.hex);
    }
    if (authp_show_is_pending(user)) {
        authp_output_error(context->pool,
                           "note: this recruiter is not verified and does not count as one: "
                           "user verify-recruiter --id %s",
                           user->id.hex);
    }
}

static void show_changed(const authp_context_t *context, const char *what,
                         const authp_user_t *before, const authp_user_t *after)
{
    bool same = after->updated_at == before->updated_at;
    const char *headline =
        same ? apr_pstrcat(context->pool, "nothing to change about user ", after->id.hex, NULL)
             : apr_pstrcat(context->pool, what, " ", after->id.hex, NULL);
    authp_show_user(context, headline, after);
}

static int patch(const authp_context_t *context, const authp_user_t *user,
                 const authp_user_patch_t *wanted, const char *what)
{
    authp_user_t *after = NULL;
    authp_err_t err = authp_admin_patch(context->realm, &authp_context_actor, user->id.hex, wanted,
                                        &after, context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    show_changed(context, what, user, after);
    if (!wanted->has_disabled || !wanted->disabled) {
        note_obstacles(context, after);
    }
    if (!administers(after)) {
        note_admins(context, user);
    }
    return AUTHP_EXIT_OK;
}

int authp_cmd_change_roles(authp_context_t *context)
{
    authp_user_t *user = NULL;
    apr_array_header_t *roles = NULL;
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    const char *why =
        authp_input_check_roles(context, authp_context_value(context, "roles"), &roles);
    if (why != NULL) {
        return authp_input_wrong(context, "roles", why);
    }
    const authp_user_patch_t wanted = {.has_roles = true, .roles = roles};
    return patch(context, user, &wanted, "changed the roles of user");
}

static int set_disabled(authp_context_t *context, bool disabled, const char *what)
{
    authp_user_t *user = NULL;
    const authp_user_patch_t wanted = {.has_disabled = true, .disabled = disabled};
    int status = authp_which_user(context, &user);
    return status == AUTHP_EXIT_OK ? patch(context, user, &wanted, what) : status;
}

int authp_cmd_change_disable(authp_context_t *context)
{
    return set_disabled(context, true, "disabled user");
}

int authp_cmd_change_enable(authp_context_t *context)
{
    return set_disabled(context, false, "enabled user");
}

static int decide(authp_context_t *context, bool verified, const char *what)
{
    authp_user_t *user = NULL;
    authp_user_t *after = NULL;
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    const authp_verdict_t verdict = {.id = user->id.hex, .verified = verified};
    authp_err_t err =
        authp_admin_verify(context->realm, &authp_context_actor, &verdict, &after, context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    show_changed(context, what, user, after);
    if (verified) {
        note_obstacles(context, after);
    }
    return AUTHP_EXIT_OK;
}

int authp_cmd_change_verify(authp_context_t *context)
{
    return decide(context, true, "verified recruiter");
}

int authp_cmd_change_withdraw(authp_context_t *context)
{
    return decide(context, false, "withdrew the verification of user");
}

int authp_cmd_change_email(authp_context_t *context)
{
    authp_user_t *user = NULL;
    authp_user_t *after = NULL;
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    authp_err_t err =
        user->email == NULL
            ? AUTHP_E_CONFLICT
            : authp_admin_prove_email(context->realm, &authp_context_actor, user->id.hex,
                                      user->email, &after, context->pool);
    if (err == AUTHP_E_CONFLICT) {
        authp_output_error(context->pool, user->email == NULL
                                              ? "this account has no e-mail address"
                                              : "the e-mail address of this account has just been "
                                                "changed: see user show");
        return AUTHP_EXIT_FAILED;
    }
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    authp_show_user(context,
                    apr_pstrcat(context->pool, "the e-mail address of user ", after->id.hex,
                                user->email_verified ? " was proven already" : " is proven now",
                                NULL),
                    after);
    note_obstacles(context, after);
    return AUTHP_EXIT_OK;
}

int authp_cmd_change_password(authp_context_t *context)
{
    authp_user_t *user = NULL;
    authp_secret_t *password = NULL;
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_input_password(context, &password) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_admin_reset_password(context->realm, &authp_context_actor, user->id.hex,
                                   (const char *)authp_secret_bytes(password), context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    if (context->options->json) {
        authp_show_user(context, NULL, user); /* nothing that is shown has changed */
    } else {
        authp_output_line(context->pool, "set the password of user %s, whose sessions have ended",
                          user->id.hex);
    }
    note_obstacles(context, user);
    return AUTHP_EXIT_OK;
}

int authp_cmd_change_phone(authp_context_t *context)
{
    authp_user_t *user = NULL;
    authp_user_t *after = NULL;
    const char *number = authp_context_value(context, "number");
    bool none = authp_context_value(context, "none") != NULL;
    if ((number != NULL) == none) {
        authp_output_error(context->pool, "give either --number or --none");
        return AUTHP_EXIT_USAGE;
    }
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    const char *why = none ? NULL : authp_input_phone(context, number, &number);
    if (why != NULL) {
        return authp_input_wrong(context, "number", why);
    }
    authp_err_t err = authp_phone_account_set(context->realm, &authp_context_actor, user->id.hex,
                                              number, &after, context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    show_changed(context, none ? "removed the number of user" : "set the number of user", user,
                 after);
    if (!authp_provider_link_has_way_in(context->realm->settings, after)) {
        authp_output_error(context->pool, "note: nobody can sign in to this account any more");
    }
    return AUTHP_EXIT_OK;
}

/* Returns the error text for an account without an identity of that provider. */
static const char *missing_identity(const authp_context_t *context, const authp_user_t *user)
{
    const char *names = NULL;
    for (int i = 0; i < authp_identities_count(user->identities); i++) {
        const char *name = authp_identities_at(user->identities, i)->provider;
        names = names == NULL ? name : apr_pstrcat(context->pool, names, ", ", name, NULL);
    }
    return names == NULL
               ? "this account has no identity of any provider"
               : apr_pstrcat(context->pool,
                             "this account has no identity of this provider, but of: ", names,
                             NULL);
}

int authp_cmd_change_unlink(authp_context_t *context)
{
    authp_user_t *user = NULL;
    authp_user_t *after = NULL;
    const char *provider = authp_context_value(context, "provider");
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    authp_err_t err = authp_provider_link_remove_of(context->realm, &authp_context_actor,
                                                    user->id.hex, provider, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, missing_identity(context, user));
    }
    err = authp_store_user_by_id(context->realm->store, user->id.hex, &after, context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    authp_show_user(
        context,
        apr_pstrcat(context->pool, "unlinked ", provider, " from user ", after->id.hex, NULL),
        after);
    if (!authp_provider_link_has_way_in(context->realm->settings, after)) {
        authp_output_error(context->pool,
                           "note: nobody can sign in to this account any more, until it gets a "
                           "password: user reset-password --id %s",
                           after->id.hex);
    }
    return AUTHP_EXIT_OK;
}

static bool confirm(const authp_context_t *context, const authp_user_t *user)
{
    const char *question = apr_pstrcat(context->pool, "Delete user ", user->id.hex, " (",
                                       user->email != NULL      ? user->email
                                       : user->username != NULL ? user->username
                                       : user->phone != NULL    ? user->phone
                                                                : "no e-mail address",
                                       ") for good? Type yes: ", NULL);
    if (authp_prompt_yes(authp_output_safe(question, context->pool))) {
        return true;
    }
    authp_output_error(context->pool, "nothing was deleted");
    return false;
}

int authp_cmd_change_delete(authp_context_t *context)
{
    authp_user_t *user = NULL;
    bool sure = authp_context_value(context, "yes") != NULL;
    if (!sure && !authp_prompt_can_ask("deletes", context->pool)) {
        return AUTHP_EXIT_USAGE;
    }
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (!sure && !confirm(context, user)) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_admin_delete(context->realm, &authp_context_actor, user->id.hex, context->pool);
    if (err != AUTHP_OK) {
        return fail(context, err);
    }
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "id", user->id.hex);
        authp_json_set_bool(answer, "deleted", 1);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "deleted user %s", user->id.hex);
    }
    note_admins(context, user);
    return AUTHP_EXIT_OK;
}
