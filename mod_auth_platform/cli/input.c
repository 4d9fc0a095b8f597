/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/input.h"

#include "base/text.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "service/account/account_rules.h"
#include "service/phone/phone.h"

#include <apr_strings.h>
#include <apr_time.h>
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

const char *authp_input_phone(const authp_context_t *context, const char *text, const char **e164)
{
    if (authp_phone_is_e164(text)) {
        *e164 = text;
        return NULL;
    }
    return authp_phone_parse(context->settings, text, e164, context->pool) == AUTHP_OK
               ? NULL
               : "This is no phone number. One of any country is written as +919876543210.";
}

const char *authp_input_check_role(const authp_context_t *context, const char *role)
{
    if (authp_roles_bit(context->realm->roles, role) != 0) {
        return NULL;
    }
    return apr_pstrcat(context->pool, "There is no such role; ROLES has ",
                       apr_array_pstrcat(context->pool, context->settings->roles, ','), ".", NULL);
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
        if (authp_text_listed(role, roles)) {
            return apr_pstrcat(context->pool, "The role ", role, " is given twice.", NULL);
        }
        APR_ARRAY_PUSH(roles, const char *) = role;
    }
    if (rest != NULL && roles->nelts == 0) {
        return "No role is given; - removes all roles.";
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

/* Returns a span such as "24h" in ms, and -1 for any other text. */
static authp_ms_t span_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 6 || text[digits] == '\0' || text[digits + 1] != '\0') {
        return -1;
    }
    authp_ms_t minute = 60000;
    authp_ms_t unit = text[digits] == 'm'   ? minute
                      : text[digits] == 'h' ? 60 * minute
                      : text[digits] == 'd' ? 24 * 60 * minute
                                            : -1;
    return unit > 0 ? strtol(text, NULL, 10) * unit : -1;
}

/* True if `text` has a digit wherever `form` has 0, and the same characters elsewhere. */
static bool has_form(const char *text, const char *form)
{
    if (strlen(text) != strlen(form)) {
        return false;
    }
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) {
            return false;
        }
    }
    return true;
}

static bool read_time(const char *text, authp_ms_t *out)
{
    bool date = has_form(text, "0000-00-00");
    if (!date && !has_form(text, "0000-00-00T00:00:00Z")) {
        return false;
    }
    apr_time_exp_t parts = {.tm_year = (int)strtol(text, NULL, 10) - 1900,
                            .tm_mon = (int)strtol(text + 5, NULL, 10) - 1,
                            .tm_mday = (int)strtol(text + 8, NULL, 10)};
    if (!date) {
        parts.tm_hour = (int)strtol(text + 11, NULL, 10);
        parts.tm_min = (int)strtol(text + 14, NULL, 10);
        parts.tm_sec = (int)strtol(text + 17, NULL, 10);
    }
    apr_time_exp_t again;
    apr_time_t at = 0;
    /* A day that does not exist, such as 30 February, comes back as another day. */
    if (parts.tm_year < 70 || apr_time_exp_gmt_get(&at, &parts) != APR_SUCCESS ||
        apr_time_exp_gmt(&again, at) != APR_SUCCESS || again.tm_mon != parts.tm_mon ||
        again.tm_mday != parts.tm_mday || again.tm_hour != parts.tm_hour ||
        again.tm_min != parts.tm_min || again.tm_sec != parts.tm_sec) {
        return false;
    }
    *out = apr_time_as_msec(at);
    return true;
}

bool authp_input_since(const authp_context_t *context, const char *name, authp_ms_t *out)
{
    const char *text = authp_context_value(context, name);
    if (text == NULL || read_time(text, out)) {
        return true;
    }
    authp_ms_t span = span_of(text);
    if (span < 0) {
        authp_output_error(context->pool,
                           "--%s is a time: 30m, 24h, 7d, 2026-01-31 or 2026-01-31T08:00:00Z",
                           name);
        return false;
    }
    *out = authp_clock_now(authp_clock_system()) - span;
    return true;
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
        error = authp_text_utf8(text, len, NULL)
                    ? authp_account_rules_check_password(context->realm->settings, text, len,
                                                         context->pool)
                    : "The password is not valid UTF-8.";
    }
    if (error != NULL) {
        authp_output_error(context->pool, "%s", error);
        return AUTHP_E_MALFORMED;
    }
    *out = password;
    return AUTHP_OK;
}
