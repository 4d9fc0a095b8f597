/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_layout.h"

#include "service/mail/mail_builtin.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <string.h>

/* The value of `dir` for the language: "rtl" if it is written from right to left. */
static const char *direction_of(const char *language)
{
    static const char *const leftward[] = {"ar", "ckb", "dv", "fa", "he",
                                           "ps", "sd",  "ug", "ur", "yi"};
    size_t len = strcspn(language, "-");
    for (size_t i = 0; i < sizeof(leftward) / sizeof(leftward[0]); i++) {
        if (strlen(leftward[i]) == len && strncmp(leftward[i], language, len) == 0) {
            return "rtl";
        }
    }
    return "ltr";
}

/* `text` with `value` in place of each `mark`. */
static const char *replace(const char *text, const char *mark, const char *value, apr_pool_t *pool)
{
    apr_array_header_t *pieces = apr_array_make(pool, 8, sizeof(const char *));
    const char *found = NULL;
    while ((found = strstr(text, mark)) != NULL) {
        APR_ARRAY_PUSH(pieces, const char *) =
            apr_pstrmemdup(pool, text, (apr_size_t)(found - text));
        APR_ARRAY_PUSH(pieces, const char *) = value;
        text = found + strlen(mark);
    }
    APR_ARRAY_PUSH(pieces, const char *) = text;
    return apr_array_pstrcat(pool, pieces, '\0');
}

static bool is_blank(const char *line, size_t len)
{
    return strspn(line, " ") >= len;
}

/* The length of the paragraph at `text`: its lines up to an empty one, without the last line end.
 */
static size_t paragraph_len(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0') {
        size_t line = strcspn(text + len, "\n");
        if (is_blank(text + len, line)) {
            break;
        }
        len += line + (text[len + line] == '\n' ? 1 : 0);
    }
    return len > 0 && text[len - 1] == '\n' ? len - 1 : len;
}

static const char *paragraph_html(const char *paragraph, const char *button, apr_pool_t *pool)
{
    const char *plain = authp_mail_template_escape(paragraph, pool);
    if (strcmp(paragraph, "{{link}}") == 0) {
        return button;
    }
    if (strcmp(paragraph, "{{code}}") == 0) {
        return authp_mail_builtin_code;
    }
    /* Each line of a paragraph becomes a line of the HTML, so that it can be left out. */
    if (strchr(plain, '\n') != NULL) {
        plain = apr_pstrcat(pool, "\n", replace(plain, "\n", "<br>\n", pool), "\n", NULL);
    }
    return replace(authp_mail_builtin_paragraph, "{{content}}", plain, pool);
}

const char *authp_mail_layout_html(const authp_mail_template_t *text, const char *language,
                                   apr_pool_t *pool)
{
    const char *subject = authp_mail_template_escape(text->subject, pool);
    const char *button = replace(authp_mail_builtin_button, "{{subject}}", subject, pool);
    apr_array_header_t *pieces = apr_array_make(pool, 16, sizeof(const char *));
    const char *at = text->body;
    while (*(at += strspn(at, " \n")) != '\0') {
        size_t len = paragraph_len(at);
        APR_ARRAY_PUSH(pieces, const char *) =
            paragraph_html(apr_pstrmemdup(pool, at, len), button, pool);
        at += len;
    }
    const char *page = replace(authp_mail_builtin_layout, "{{lang}}", language, pool);
    const char *direction = direction_of(language);
    page = replace(page, "{{dir}}", direction, pool);
    page = replace(page, "{{start}}", direction[0] == 'l' ? "left" : "right", pool);
    page = replace(page, "{{subject}}", subject, pool);
    return replace(page, "{{content}}", apr_array_pstrcat(pool, pieces, '\0'), pool);
}
