/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_user.h"

#include "cli/input.h"
#include "cli/output.h"
#include "cli/show.h"
#include "cli/which.h"
#include "service/account/account.h"
#include "service/account/account_rules.h"
#include "service/account/find.h"

#include <apr_strings.h>
#include <string.h>

/* Checks everything that needs no password, and writes the number as E.164. */
static int check_new(const authp_context_t *context, authp_new_account_t *in)
{
    const struct {
        const char *option;
        const char *value;
        const char *(*rule)(const char *, size_t);
    } fields[] = {{"email", in->email, authp_account_rules_check_email},
                  {"username", in->username, authp_account_rules_check_username},
                  {"name", in->name, authp_account_rules_check_name}};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *wrong =
            fields[i].value != NULL ? authp_input_check(fields[i].value, fields[i].rule) : NULL;
        if (wrong != NULL) {
            return authp_input_wrong(context, fields[i].option, wrong);
        }
    }
    if (in->phone != NULL) {
        const char *wrong = authp_input_phone(context, in->phone, &in->phone);
        if (wrong != NULL) {
            return authp_input_wrong(context, "phone", wrong);
        }
    }
    const char *why = authp_input_check_role(context, in->role);
    return why != NULL ? authp_input_wrong(context, "role", why) : AUTHP_EXIT_OK;
}

int authp_cmd_user_create(authp_context_t *context)
{
    authp_new_account_t in = {
        .email = authp_context_value(context, "email"),
        .username = authp_context_value(context, "username"),
        .phone = authp_context_value(context, "phone"),
        .name = authp_context_value(context, "name"),
        .role = authp_context_value(context, "role"),
        .verified = authp_context_value(context, "verified") != NULL,
    };
    /* So that the first administrator can sign in with EMAIL_VERIFICATION=required. */
    in.email_verified = in.email != NULL;
    if (in.email == NULL && in.username == NULL && in.phone == NULL) {
        authp_output_error(context->pool,
                           "the account needs --email, --username, --phone or several of them");
        return AUTHP_EXIT_USAGE;
    }
    if (in.verified && strcmp(in.role, "recruiter") != 0) {
        authp_output_error(context->pool, "--verified is for --role recruiter only");
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    int status = check_new(context, &in);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    authp_secret_t *password = NULL;
    if (authp_input_password(context, &password) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    in.password = (const char *)authp_secret_bytes(password);
    in.password_len = authp_secret_len(password);
    authp_user_t *user = NULL;
    authp_err_t err = authp_account_create(context->realm, &in, AUTHP_ACTOR_CLI,
                                           &authp_context_client, &user, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_show_user(context, apr_psprintf(context->pool, "made user %s", user->id.hex), user);
    if (strcmp(in.role, "recruiter") == 0 && !in.verified) {
        authp_output_error(context->pool,
                           "note: this recruiter is not verified and cannot sign in yet");
    }
    return AUTHP_EXIT_OK;
}

/* Lists the account with that number, if there is one. */
static int list_phone(authp_context_t *context, const authp_page_t *page)
{
    authp_user_t *user = NULL;
    apr_array_header_t *users = apr_array_make(context->pool, 1, sizeof(authp_user_t *));
    if (authp_context_value(context, "email") != NULL ||
        authp_context_value(context, "username") != NULL ||
        authp_context_value(context, "role") != NULL) {
        authp_output_error(context->pool,
                           "--phone names one account: give no other option with it");
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_find_by_login(context->realm, AUTHP_LOGIN_PHONE,
                            authp_context_value(context, "phone"), &user, context->pool);
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return authp_context_failure(context, err, NULL);
    }
    if (err == AUTHP_OK) {
        APR_ARRAY_PUSH(users, authp_user_t *) = user;
    }
    authp_listing_show(context, &authp_show_users, page, users);
    return AUTHP_EXIT_OK;
}

int authp_cmd_user_list(authp_context_t *context)
{
    authp_page_t page;
    apr_array_header_t *users = NULL;
    const char *email = authp_context_value(context, "email");
    const char *username = authp_context_value(context, "username");
    int status = authp_listing_page(context, &page);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_context_value(context, "phone") != NULL) {
        return list_phone(context, &page);
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_user_filter_t filter = {
        .email_prefix =
            email != NULL ? authp_account_rules_normal_email(email, context->pool) : NULL,
        .username_prefix =
            username != NULL ? authp_account_rules_normal_username(username, context->pool) : NULL,
        .role = authp_context_value(context, "role"),
        .after_id = page.after_id,
        .limit = page.limit,
    };
    const char *why = filter.role != NULL ? authp_input_check_role(context, filter.role) : NULL;
    if (why != NULL) {
        return authp_input_wrong(context, "role", why);
    }
    authp_err_t err = authp_store_user_list(context->realm->store, &filter, &users, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_listing_show(context, &authp_show_users, &page, users);
    return AUTHP_EXIT_OK;
}

int authp_cmd_user_show(authp_context_t *context)
{
    authp_user_t *user = NULL;
    int status = authp_which_user(context, &user);
    if (status == AUTHP_EXIT_OK) {
        authp_show_user(context, NULL, user);
    }
    return status;
}
