/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include "base/text.h"
#include "cli/options.h"

#include <apr_strings.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define COLUMNS 6

/* Characters of three UTF-8 bytes that turn or hide text around them: U+200B-U+200F, U+2028-U+202E,
 * U+2060-U+206F, U+FEFF. */
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

int authp_output_failure(authp_err_t err, apr_pool_t *pool)
{
    switch (err) {
    case AUTHP_E_EMAIL_TAKEN:
        authp_output_error(pool, "there is an account with this e-mail address already");
        break;
    case AUTHP_E_NOT_FOUND:
        authp_output_error(pool, "no such user");
        break;
    case AUTHP_E_UNAVAILABLE:
        authp_output_error(pool, "the store cannot be reached or did not answer in time");
        break;
    case AUTHP_E_BUSY:
        authp_output_error(pool, "too much is going on, try again");
        break;
    default:
        authp_output_error(pool, "failed (%s)", authp_err_name(err));
        break;
    }
    return AUTHP_EXIT_FAILED;
}

void authp_output_json(const json_t *value, apr_pool_t *pool)
{
    puts(authp_json_text(value, NULL, pool));
}

json_t *authp_output_user_json(const authp_user_t *user, apr_pool_t *pool)
{
    json_t *object = authp_json_object(pool);
    authp_json_set_str(object, "id", user->id.hex);
    authp_json_set_str(object, "email", user->email);
    authp_json_set_str(object, "name", user->name);
    json_t *roles = authp_json_set_array(object, "roles");
    for (int i = 0; i < user->roles->nelts; i++) {
        authp_json_append_str(roles, APR_ARRAY_IDX(user->roles, i, const char *));
    }
    authp_json_set_bool(object, "is_recruiter_verified", user->is_recruiter_verified);
    authp_json_set_bool(object, "email_verified", user->email_verified);
    authp_json_set_bool(object, "disabled", user->disabled);
    authp_json_set_str(object, "created_at", authp_clock_rfc3339(user->created_at, pool));
    return object;
}

static const char *or_dash(const char *text, apr_pool_t *pool)
{
    return text == NULL || *text == '\0' ? "-" : authp_output_safe(text, pool);
}

static const char *roles_of(const authp_user_t *user, apr_pool_t *pool)
{
    return or_dash(apr_array_pstrcat(pool, user->roles, ','), pool);
}

static bool is_pending(const authp_user_t *user)
{
    for (int i = 0; i < user->roles->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(user->roles, i, const char *), "recruiter") == 0) {
            return !user->is_recruiter_verified;
        }
    }
    return false;
}

static const char *state_of(const authp_user_t *user)
{
    if (user->disabled) {
        return "disabled";
    }
    return is_pending(user) ? "recruiter pending" : "active";
}

void authp_output_user(const authp_user_t *user, apr_pool_t *pool)
{
    printf("id:             %s\n", user->id.hex);
    printf("e-mail:         %s%s\n", or_dash(user->email, pool),
           user->email_verified ? " (verified)" : "");
    printf("name:           %s\n", or_dash(user->name, pool));
    printf("roles:          %s\n", roles_of(user, pool));
    printf("state:          %s\n", state_of(user));
    printf("password:       %s\n", user->password_hash != NULL ? "set" : "none");
    printf("created:        %s\n", authp_clock_rfc3339(user->created_at, pool));
    printf("updated:        %s\n", authp_clock_rfc3339(user->updated_at, pool));
}

static void put_cells(const authp_user_t *user, const char *cells[COLUMNS], apr_pool_t *pool)
{
    cells[0] = user->id.hex;
    cells[1] = or_dash(user->email, pool);
    cells[2] = roles_of(user, pool);
    cells[3] = state_of(user);
    cells[4] = authp_clock_rfc3339(user->created_at, pool);
    cells[5] =
        or_dash(user->name, pool); /* last, because wide characters would shift what follows */
}

static size_t width_of(const char *text)
{
    size_t count = 0;
    return authp_text_utf8(text, strlen(text), &count) ? count : strlen(text);
}

static void put_row(const char *const cells[COLUMNS], const size_t widths[COLUMNS])
{
    for (int i = 0; i < COLUMNS; i++) {
        fputs(cells[i], stdout);
        for (size_t at = width_of(cells[i]); i + 1 < COLUMNS && at < widths[i] + 2; at++) {
            putchar(' ');
        }
    }
    putchar('\n');
}

void authp_output_users(const apr_array_header_t *users, apr_pool_t *pool)
{
    static const char *const head[COLUMNS] = {"ID", "E-MAIL", "ROLES", "STATE", "CREATED", "NAME"};
    const char *cells[COLUMNS];
    size_t widths[COLUMNS];
    for (int i = 0; i < COLUMNS; i++) {
        widths[i] = strlen(head[i]);
    }
    for (int row = 0; row < users->nelts; row++) {
        put_cells(APR_ARRAY_IDX(users, row, const authp_user_t *), cells, pool);
        for (int i = 0; i < COLUMNS; i++) {
            size_t width = width_of(cells[i]);
            widths[i] = width > widths[i] ? width : widths[i];
        }
    }
    put_row(head, widths);
    for (int row = 0; row < users->nelts; row++) {
        put_cells(APR_ARRAY_IDX(users, row, const authp_user_t *), cells, pool);
        put_row(cells, widths);
    }
}

bool authp_output_finish(void)
{
    return fflush(stdout) == 0 && !ferror(stdout);
}
