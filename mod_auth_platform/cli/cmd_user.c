/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_user.h"

#include "base/text.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "service/account.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#define LIST_DEFAULT 50
#define LIST_MAX 200

static int wrong(const authp_context_t *context, const char *name, const char *why)
{
    authp_output_error(context->pool, "--%s: %s", name, why);
    return AUTHP_EXIT_FAILED;
}

/* The rules are for well-formed UTF-8, which an argument need not be. NULL if fine. */
static const char *check_text(const char *text, const char *(*rule)(const char *, size_t))
{
    size_t len = strlen(text);
    return authp_text_utf8(text, len, NULL) ? rule(text, len) : "This is not valid UTF-8.";
}

static const char *check_role(const authp_context_t *context, const char *role)
{
    if (authp_roles_bit(context->realm->roles, role) != 0) {
        return NULL;
    }
    return apr_pstrcat(context->pool, "There is no such role; ROLES has ",
                       apr_array_pstrcat(context->pool, context->settings->roles, ','), ".", NULL);
}

/* What can be said without asking for a password. */
static int check_new(const authp_context_t *context, const authp_new_account_t *in)
{
    const char *why = check_text(in->email, authp_account_check_email);
    if (why != NULL) {
        return wrong(context, "email", why);
    }
    why = in->name != NULL ? check_text(in->name, authp_account_check_name) : NULL;
    if (why != NULL) {
        return wrong(context, "name", why);
    }
    why = check_role(context, in->role);
    return why != NULL ? wrong(context, "role", why) : AUTHP_EXIT_OK;
}

static authp_err_t ask_password(const authp_context_t *context, authp_secret_t **out)
{
    const char *error = NULL;
    authp_secret_t *password = NULL;
    authp_err_t err = authp_prompt_password(&password, &error, context->pool);
    if (err == AUTHP_OK) {
        const char *text = (const char *)authp_secret_bytes(password);
        size_t len = authp_secret_len(password);
        error =
            authp_text_utf8(text, len, NULL)
                ? authp_account_check_password(context->realm->settings, text, len, context->pool)
                : "The password is not valid UTF-8.";
    }
    if (error != NULL) {
        authp_output_error(context->pool, "%s", error);
        return AUTHP_E_MALFORMED;
    }
    *out = password;
    return AUTHP_OK;
}

static void show_created(const authp_context_t *context, const authp_user_t *user)
{
    if (context->options->json) {
        authp_output_json(authp_output_user_json(user, context->pool), context->pool);
        return;
    }
    authp_output_line(context->pool, "made user %s", user->id.hex);
    authp_output_user(user, context->pool);
}

int authp_cmd_user_create(authp_context_t *context)
{
    authp_new_account_t in = {
        .email = authp_context_value(context, "email"),
        .name = authp_context_value(context, "name"),
        .role = authp_context_value(context, "role"),
        .verified = authp_context_value(context, "verified") != NULL,
    };
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
    if (ask_password(context, &password) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    in.password = (const char *)authp_secret_bytes(password);
    in.password_len = authp_secret_len(password);
    authp_user_t *user = NULL;
    authp_err_t err = authp_account_create(context->realm, &in, "cli", &authp_context_client, &user,
                                           context->pool);
    if (err != AUTHP_OK) {
        return authp_output_failure(err, context->pool);
    }
    show_created(context, user);
    if (strcmp(in.role, "recruiter") == 0 && !in.verified) {
        authp_output_error(context->pool,
                           "note: this recruiter is not verified and cannot sign in yet");
    }
    return AUTHP_EXIT_OK;
}

/* 0: not a number in range. */
static int parse_limit(const char *text)
{
    char *end = NULL;
    if (text == NULL) {
        return LIST_DEFAULT;
    }
    if (strspn(text, "0123456789") != strlen(text)) {
        return 0;
    }
    long limit = strtol(text, &end, 10);
    return limit >= 1 && limit <= LIST_MAX ? (int)limit : 0;
}

/* Whether anything comes behind that page. */
static authp_err_t has_more(const authp_context_t *context, const authp_user_filter_t *filter,
                            const apr_array_header_t *page, const char **next)
{
    *next = NULL;
    if (page->nelts < filter->limit) {
        return AUTHP_OK;
    }
    const char *last = APR_ARRAY_IDX(page, page->nelts - 1, const authp_user_t *)->id.hex;
    authp_user_filter_t behind = *filter;
    behind.after_id = last;
    behind.limit = 1;
    apr_array_header_t *rest = NULL;
    authp_err_t err = authp_store_user_list(context->realm->store, &behind, &rest, context->pool);
    if (err == AUTHP_OK && rest->nelts > 0) {
        *next = last;
    }
    return err;
}

static void show_list(const authp_context_t *context, const apr_array_header_t *users,
                      const char *next)
{
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        json_t *items = authp_json_array(context->pool);
        for (int i = 0; i < users->nelts; i++) {
            json_t *user = authp_output_user_json(APR_ARRAY_IDX(users, i, const authp_user_t *),
                                                  context->pool);
            (void)json_array_append(items, user);
        }
        authp_json_set(answer, "items", items);
        authp_json_set_str(answer, "next_cursor", next);
        authp_output_json(answer, context->pool);
        return;
    }
    authp_output_users(users, context->pool);
    if (next != NULL) {
        authp_output_error(context->pool, "note: there are more, go on with --after %s", next);
    }
}

int authp_cmd_user_list(authp_context_t *context)
{
    const char *prefix = authp_context_value(context, "email");
    authp_user_filter_t filter = {
        .email_prefix = prefix != NULL ? authp_account_normal_email(prefix, context->pool) : NULL,
        .role = authp_context_value(context, "role"),
        .after_id = authp_context_value(context, "after"),
        .limit = parse_limit(authp_context_value(context, "limit")),
    };
    if (filter.limit == 0) {
        authp_output_error(context->pool, "--limit is a number from 1 to %d", LIST_MAX);
        return AUTHP_EXIT_USAGE;
    }
    if (filter.after_id != NULL && !authp_id_valid(filter.after_id)) {
        authp_output_error(context->pool,
                           "--after is the id of a user: 24 characters of 0-9 and a-f");
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    const char *why = filter.role != NULL ? check_role(context, filter.role) : NULL;
    if (why != NULL) {
        return wrong(context, "role", why);
    }
    apr_array_header_t *users = NULL;
    const char *next = NULL;
    authp_err_t err = authp_store_user_list(context->realm->store, &filter, &users, context->pool);
    if (err == AUTHP_OK) {
        err = has_more(context, &filter, users, &next);
    }
    if (err != AUTHP_OK) {
        return authp_output_failure(err, context->pool);
    }
    show_list(context, users, next);
    return AUTHP_EXIT_OK;
}

int authp_cmd_user_show(authp_context_t *context)
{
    const char *email = authp_context_value(context, "email");
    const char *id = authp_context_value(context, "id");
    if ((email == NULL) == (id == NULL)) {
        authp_output_error(context->pool, "name the user by --email or by --id");
        return AUTHP_EXIT_USAGE;
    }
    if (id != NULL && !authp_id_valid(id)) {
        authp_output_error(context->pool, "--id has 24 characters of 0-9 and a-f");
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_user_t *user = NULL;
    authp_err_t err =
        id != NULL ? authp_store_user_by_id(context->realm->store, id, &user, context->pool)
                   : authp_store_user_by_login(context->realm->store, AUTHP_LOGIN_EMAIL,
                                               authp_account_normal_email(email, context->pool),
                                               &user, context->pool);
    if (err != AUTHP_OK) {
        return authp_output_failure(err, context->pool);
    }
    if (context->options->json) {
        authp_output_json(authp_output_user_json(user, context->pool), context->pool);
    } else {
        authp_output_user(user, context->pool);
    }
    return AUTHP_EXIT_OK;
}
