/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "base/text.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "service/account.h"

#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

int authp_input_wrong(const authp_context_t *context, const char *name, const char *why)
{
    authp_output_error(context->pool, "--%s: %s", name, why);
    return AUTHP_EXIT_FAILED;
}

const char *authp_input_check(const char *text, const char *(*rule)(const char *, size_t))
{
    size_t len = strlen(text);
    return authp_text_utf8(text, len, NULL) ? rule(text, len) : "This is not valid UTF-8.";
}

const char *authp_input_check_role(const authp_context_t *context, const char *role)
{
    if (authp_roles_bit(context->realm->roles, role) != 0) {
        return NULL;
    }
    return apr_pstrcat(context->pool, "There is no such role; ROLES has ",
                       apr_array_pstrcat(context->pool, context->settings->roles, ','), ".", NULL);
}

static bool holds(const apr_array_header_t *names, const char *name)
{
    for (int i = 0; i < names->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(names, i, const char *), name) == 0) {
            return true;
        }
    }
    return false;
}

const char *authp_input_check_roles(const authp_context_t *context, const char *list,
                                    apr_array_header_t **out)
{
    apr_array_header_t *roles = apr_array_make(context->pool, 4, sizeof(const char *));
    char *last = NULL;
    char *rest = strcmp(list, "-") == 0 ? NULL : apr_pstrdup(context->pool, list);
    for (char *each = rest != NULL ? apr_strtok(rest, ",", &last) : NULL; each != NULL;
         each = apr_strtok(NULL, ",", &last)) {
        const char *role = authp_text_trim(each, context->pool);
        const char *why = authp_input_check_role(context, role);
        if (why != NULL) {
            return why;
        }
        if (holds(roles, role)) {
            return apr_pstrcat(context->pool, "The role ", role, " is there twice.", NULL);
        }
        APR_ARRAY_PUSH(roles, const char *) = role;
    }
    if (rest != NULL && roles->nelts == 0) {
        return "There is no role in it; - takes all roles away.";
    }
    *out = roles;
    return NULL;
}

int authp_input_number(const authp_context_t *context, const char *name, int usual, int most)
{
    const char *text = authp_context_value(context, name);
    if (text == NULL) {
        return usual;
    }
    bool digits = strspn(text, "0123456789") == strlen(text);
    long number = digits ? strtol(text, NULL, 10) : 0;
    if (number < 1 || number > most) {
        authp_output_error(context->pool, "--%s is a number from 1 to %d", name, most);
        return 0;
    }
    return (int)number;
}

bool authp_input_id(const authp_context_t *context, const char *name)
{
    if (authp_id_valid(authp_context_value(context, name))) {
        return true;
    }
    authp_output_error(context->pool, "--%s is an id: 24 characters of 0-9 and a-f", name);
    return false;
}

authp_err_t authp_input_password(const authp_context_t *context, authp_secret_t **out)
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
