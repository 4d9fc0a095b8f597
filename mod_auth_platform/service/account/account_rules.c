/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/account_rules.h"

#include "base/text.h"
#include "crypto/password/bcrypt.h"
#include "service/password/password_rules.h"

#include <apr_strings.h>
#include <string.h>

#define EMAIL_MAX_BYTES 254
#define LABEL_MAX_BYTES 63
#define NAME_MAX_CHARACTERS 200

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The atext of RFC 5322 and the dot, in any order. HTML's input type=email accepts the same. */
static bool is_local(char c)
{
    return is_alnum(c) || (c != '\0' && strchr(".!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

/* Length of the domain label at the start. 0 if there is none. */
static size_t label(const char *text, size_t len)
{
    size_t end = 0;
    while (end < len && (is_alnum(text[end]) || text[end] == '-')) {
        end++;
    }
    bool good = end > 0 && end <= LABEL_MAX_BYTES && text[0] != '-' && text[end - 1] != '-';
    return good ? end : 0;
}

static bool is_domain(const char *text, size_t len)
{
    size_t at = 0;
    for (;;) {
        size_t step = label(text + at, len - at);
        if (step == 0) {
            return false;
        }
        at += step;
        if (at == len) {
            return true;
        }
        if (text[at++] != '.') {
            return false;
        }
    }
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

const char *authp_account_rules_check_email(const char *text, size_t len)
{
    /* White space around the address is removed before it is stored. authp_text_trim() removes the
     * same characters. */
    while (len > 0 && is_space(text[0])) {
        text++;
        len--;
    }
    while (len > 0 && is_space(text[len - 1])) {
        len--;
    }
    if (len > EMAIL_MAX_BYTES) {
        return "An e-mail address has at most 254 bytes.";
    }
    size_t local = 0;
    while (local < len && is_local(text[local])) {
        local++;
    }
    if (local == 0 || local == len || text[local] != '@' ||
        !is_domain(text + local + 1, len - local - 1)) {
        return "This is not a valid e-mail address.";
    }
    return NULL;
}

/* A username has no '@', so it is never the address of another account. */
const char *authp_account_rules_check_username(const char *text, size_t len)
{
    if (len < AUTHP_USERNAME_MIN || len > AUTHP_USERNAME_MAX) {
        return "A username has 3 to 150 characters.";
    }
    for (size_t i = 0; i < len; i++) {
        if (!is_alnum(text[i]) && (text[i] == '\0' || strchr("_.-", text[i]) == NULL)) {
            return "A username has only the letters A to Z and a to z, digits, and the characters _ . and -.";
        }
    }
    return NULL;
}

const char *authp_account_rules_check_name(const char *text, size_t len)
{
    size_t count = 0;
    if (!authp_text_utf8(text, len, &count) || authp_text_has_control(text, len)) {
        return "A name has no control characters.";
    }
    return count > NAME_MAX_CHARACTERS ? "A name has at most 200 characters." : NULL;
}

bool authp_account_rules_is_common(const authp_settings_t *settings, const char *text, size_t len)
{
    return (settings->password_refuse_common && authp_password_rules_common(text, len)) ||
           authp_password_rules_refused(settings->password_refused, text, len);
}

const char *authp_account_rules_check_password(const authp_settings_t *settings, const char *text,
                                               size_t len, apr_pool_t *pool)
{
    size_t count = 0;
    if (memchr(text, '\0', len) != NULL || !authp_text_utf8(text, len, &count)) {
        return "A password has no NUL character.";
    }
    if (count < (size_t)settings->password_min_length) {
        return apr_psprintf(pool, "A password has at least %d characters.",
                            settings->password_min_length);
    }
    if (len > AUTHP_BCRYPT_MAX_BYTES) {
        return "A password has at most 72 bytes.";
    }
    if (authp_account_rules_is_common(settings, text, len)) {
        return "This password is too common, so that others would guess it: choose another one.";
    }
    return NULL;
}

const char *authp_account_rules_normal_email(const char *text, apr_pool_t *pool)
{
    char *email = authp_text_trim(text, pool);
    authp_text_lower(email);
    return email;
}

const char *authp_account_rules_normal_username(const char *text, apr_pool_t *pool)
{
    char *username = apr_pstrdup(pool, text);
    authp_text_lower(username);
    return username;
}
