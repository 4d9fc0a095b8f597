/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of mails: Accept-Language, and templates of operators with what users write in place of the
 * placeholders. The first byte of the input chooses a header, HTML or text. For the last two, the
 * second byte chooses the kind of mail. */
#include "base/text.h"
#include "fuzz.h"
#include "service/mail/language.h"
#include "service/mail/mail_layout.h"
#include "service/mail/mail_template.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const authp_mail_values_t evil = {
    .link = "https://a.example/#\"><script>", .name = "<b>\n{{code}}", .code = "'&amp;"};
static const authp_mail_values_t none = {0};

static void try_header(const char *header, apr_pool_t *pool)
{
    static const char *const tags[] = {"de", "en", "pt-BR", "zh-Hant"};
    apr_array_header_t *known = apr_array_make(pool, 4, sizeof(const char *));
    bool found = false;
    for (int i = 0; i < 4; i++) {
        APR_ARRAY_PUSH(known, const char *) = tags[i];
    }
    const char *chosen = authp_language_choose(header, known);
    for (int i = 0; i < 4; i++) {
        found = found || strcmp(chosen, tags[i]) == 0;
    }
    FUZZ_DEMAND(found);
    if (authp_language_is_tag(header, strlen(header))) {
        FUZZ_DEMAND(strspn(header, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789-") == strlen(header));
    }
}

/* Values add no tag and no line, and no placeholder is left. */
static void try_fill(const char *template, bool html, apr_pool_t *pool)
{
    const char *filled = authp_mail_template_fill(template, &evil, html, pool);
    FUZZ_DEMAND(!html || strstr(filled, "><script>") == NULL ||
                strstr(template, "><script>") != NULL);
    size_t lines = 0;
    for (const char *at = template; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    for (const char *at = filled; *at != '\0'; at++) {
        lines -= *at == '\n';
    }
    FUZZ_DEMAND(lines == 0);
    FUZZ_DEMAND(strstr(authp_mail_template_fill(template, &none, html, pool), "{{") == NULL);
}

static void try_html(authp_mail_kind_t kind, const char *bytes, size_t len, apr_pool_t *pool)
{
    const char *html = NULL;
    const char *why = NULL;
    if (authp_mail_template_html(kind, bytes, len, &html, &why, pool) != AUTHP_OK) {
        FUZZ_DEMAND(html == NULL && why != NULL && !authp_text_has_control(why, strlen(why)));
        return;
    }
    try_fill(html, true, pool);
}

static void try_text(authp_mail_kind_t kind, const char *bytes, size_t len, apr_pool_t *pool)
{
    authp_mail_template_t text = {0};
    const char *html = NULL;
    const char *why = NULL;
    if (authp_mail_template_text(kind, bytes, len, &text, &why, pool) != AUTHP_OK) {
        FUZZ_DEMAND(why != NULL && !authp_text_has_control(why, strlen(why)));
        return;
    }
    FUZZ_DEMAND(text.subject[0] != '\0' &&
                !authp_text_has_control(text.subject, strlen(text.subject)));
    try_fill(text.body, false, pool);
    /* The HTML that is made of a good text is good. */
    const char *made = authp_mail_layout_html(&text, "en", pool);
    FUZZ_DEMAND(authp_mail_template_html(kind, made, strlen(made), &html, &why, pool) == AUTHP_OK);
    try_fill(html, true, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size < 2 || size > 4096) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *rest = (const char *)data + 2;
    const authp_mail_kind_t kind = (authp_mail_kind_t)(data[1] % AUTHP_MAIL_KINDS);
    switch (data[0]) {
    case 'L':
        try_header(apr_pstrmemdup(pool, (const char *)data + 1, size - 1), pool);
        break;
    case 'H':
        try_html(kind, rest, size - 2, pool);
        break;
    default:
        try_text(kind, rest, size - 2, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
