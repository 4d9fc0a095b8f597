/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include "base/log.h"
#include "base/text.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* True for characters of three UTF-8 bytes that reverse or hide text around them: U+200B-U+200F,
 * U+2028-U+202E, U+2060-U+206F, U+FEFF. */
static bool is_deceptive(const unsigned char *at)
{
    if (at[0] == 0xEF) {
        return at[1] == 0xBB && at[2] == 0xBF;
    }
    if (at[0] != 0xE2) {
        return false;
    }
    return (at[1] == 0x80 &&
            ((at[2] >= 0x8B && at[2] <= 0x8F) || (at[2] >= 0xA8 && at[2] <= 0xAE))) ||
           (at[1] == 0x81 && at[2] >= 0xA0 && at[2] <= 0xAF);
}

const char *authp_output_safe(const char *text, apr_pool_t *pool)
{
    size_t len = strlen(text);
    char *safe = apr_pstrmemdup(pool, text, len);
    const unsigned char *in = (const unsigned char *)text;
    bool utf8 = authp_text_utf8(text, len, NULL);
    char *out = safe;
    for (size_t i = 0; i < len; i++) {
        size_t skip = 0;
        if (utf8 && in[i] == 0xC2 && in[i + 1] < 0xA0) {
            skip = 2;
        } else if (utf8 && in[i] >= 0xE0 && in[i] < 0xF0 && is_deceptive(in + i)) {
            skip = 3;
        } else if (in[i] < 0x20 || in[i] == 0x7f || (!utf8 && in[i] >= 0x80)) {
            skip = 1;
        }
        *out++ = skip > 0 ? '?' : text[i];
        i += skip > 0 ? skip - 1 : 0;
    }
    *out = '\0';
    return safe;
}

void authp_output_error(apr_pool_t *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *line = apr_pvsprintf(pool, format, args);
    va_end(args);
    fprintf(stderr, "authplatform: %s\n", authp_output_safe(line, pool));
}

void authp_output_line(apr_pool_t *pool, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *line = apr_pvsprintf(pool, format, args);
    va_end(args);
    puts(authp_output_safe(line, pool));
}

/* May be called from any thread, so it uses no pool. Control characters have been removed
 * (base/log.h). */
static void log_to_terminal(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    if (level <= AUTHP_LOG_WARNING) {
        fprintf(stderr, "authplatform: %s\n", message);
    }
}

void authp_output_log(bool on)
{
    authp_log_set_sink(on ? log_to_terminal : NULL, NULL);
}

const char *authp_output_explain(authp_err_t err)
{
    switch (err) {
    case AUTHP_E_EMAIL_TAKEN:
        return "there is an account with this e-mail address already";
    case AUTHP_E_USER_EXISTS:
        return "there is an account with this username, phone number or e-mail address already";
    case AUTHP_E_CANNOT_VERIFY:
        return "this person neither is a recruiter nor asked to be one: to make a recruiter of an "
               "account, first give it the role (user set-roles)";
    case AUTHP_E_LAST_ADMIN:
        return "this is the last admin who can sign in: make another one first";
    case AUTHP_E_UNAVAILABLE:
        return "the store cannot be reached, does not answer in time, or refuses a statement";
    case AUTHP_E_BUSY:
        return "too many requests at the same time, try again";
    default:
        return NULL;
    }
}

void authp_output_json(const json_t *value, apr_pool_t *pool)
{
    puts(authp_json_text(value, NULL, pool));
}

bool authp_output_finish(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}
