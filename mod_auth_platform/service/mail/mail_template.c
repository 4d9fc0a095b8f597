/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_template.h"

#include "base/text.h"

#include <apr_strings.h>
#include <apr_tables.h>
#include <string.h>

#define OPEN "{{"
#define CLOSE "}}"
#define MARK_LEN 2

enum { LINK, NAME, CODE, PLACEHOLDERS };
static const char *const names[PLACEHOLDERS] = {"link", "name", "code"};

/* The placeholder with the name `name`. PLACEHOLDERS: no placeholder has this name. */
static int find(const char *name, size_t len)
{
    int i = 0;
    while (i < PLACEHOLDERS && (strlen(names[i]) != len || strncmp(names[i], name, len) != 0)) {
        i++;
    }
    return i;
}

static const char *value_of(const authp_mail_values_t *values, int placeholder)
{
    const char *value = placeholder == LINK   ? values->link
                        : placeholder == NAME ? values->name
                                              : values->code;
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static bool is_needed(authp_mail_kind_t kind, int placeholder)
{
    return (placeholder == LINK && authp_mail_kind_links(kind)) ||
           (placeholder == CODE && kind == AUTHP_MAIL_INVITE);
}

/* An invite can name the site. Notices have no link at all, so that people learn to distrust mails
 * that say "something has happened to your account" and have one. */
static bool is_allowed(authp_mail_kind_t kind, int placeholder)
{
    return is_needed(kind, placeholder) || placeholder == NAME ||
           (placeholder == LINK && kind == AUTHP_MAIL_INVITE);
}

/* --- checks ----------------------------------------------------------------------------------- */

typedef struct checking_t {
    authp_mail_kind_t kind;
    bool seen[PLACEHOLDERS];
    int line;
    const char *why; /* NULL: nothing is wrong */
    apr_pool_t *pool;
} checking_t;

static void blame_line(checking_t *checking, const char *why)
{
    if (checking->why == NULL) {
        checking->why = apr_psprintf(checking->pool, "line %d: %s", checking->line, why);
    }
}

/* At most 40 bytes of `text`, for a message. Each byte that is not printable ASCII becomes '?'. */
static const char *quote(const char *text, size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, len < 40 ? len : 40);
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at < 0x20 || *at >= 0x7f ? '?' : *at;
    }
    return copy;
}

static void blame_unknown(checking_t *checking, const char *name, size_t len)
{
    apr_array_header_t *known = apr_array_make(checking->pool, 3, sizeof(const char *));
    for (int i = 0; i < PLACEHOLDERS; i++) {
        APR_ARRAY_PUSH(known, const char *) = names[i];
    }
    const char *quoted = quote(name, len, checking->pool);
    const char *meant = authp_text_nearest(authp_text_trim(quoted, checking->pool), known);
    blame_line(
        checking,
        meant != NULL
            ? apr_psprintf(checking->pool, "{{%s}} is no placeholder; did you mean {{%s}}?", quoted,
                           meant)
            : apr_psprintf(checking->pool,
                           "{{%s}} is no placeholder; there are {{link}}, {{name}} and {{code}}",
                           quoted));
}

static void check_placeholder(checking_t *checking, const char *name, size_t len)
{
    int found = find(name, len);
    if (found == PLACEHOLDERS) {
        blame_unknown(checking, name, len);
        return;
    }
    if (!is_allowed(checking->kind, found)) {
        blame_line(checking, apr_psprintf(checking->pool, "mails of the kind %s have no {{%s}}",
                                          authp_mail_kind_name(checking->kind), names[found]));
    }
    checking->seen[found] = true;
}

static void check_line(checking_t *checking, const char *line)
{
    const char *open = NULL;
    if (authp_text_has_control(line, strlen(line))) {
        blame_line(checking, "has a control character");
        return;
    }
    while ((open = strstr(line, OPEN)) != NULL) {
        const char *close = strstr(open, CLOSE);
        if (close == NULL) {
            blame_line(checking, "has {{ without }}");
            return;
        }
        check_placeholder(checking, open + MARK_LEN, (size_t)(close - open) - MARK_LEN);
        line = close + MARK_LEN;
    }
}

static void check_needed(checking_t *checking)
{
    for (int i = 0; i < PLACEHOLDERS; i++) {
        if (checking->why == NULL && is_needed(checking->kind, i) && !checking->seen[i]) {
            checking->why =
                apr_psprintf(checking->pool, "lacks {{%s}}, which mails of the kind %s need",
                             names[i], authp_mail_kind_name(checking->kind));
        }
    }
}

/* Takes the next line from *text, without its end. Each tab becomes a space. NULL: there is none.
 */
static char *next_line(const char **text, apr_pool_t *pool)
{
    if (**text == '\0') {
        return NULL;
    }
    size_t len = strcspn(*text, "\n");
    char *line = apr_pstrmemdup(pool, *text, len > 0 && (*text)[len - 1] == '\r' ? len - 1 : len);
    *text += (*text)[len] == '\n' ? len + 1 : len;
    for (char *at = line; *at != '\0'; at++) {
        *at = *at == '\t' ? ' ' : *at;
    }
    return line;
}

/* What is wrong with the bytes of any template. NULL: nothing. */
static const char *check_bytes(const char *bytes, size_t len, apr_pool_t *pool)
{
    if (len > AUTHP_MAIL_TEMPLATE_MOST) {
        return apr_psprintf(pool, "is larger than %d KiB", (int)(AUTHP_MAIL_TEMPLATE_MOST / 1024));
    }
    if (memchr(bytes, '\0', len) != NULL) {
        return "has a NUL byte";
    }
    return authp_text_utf8(bytes, len, NULL) ? NULL : "is not UTF-8";
}

static const char *skip_bom(const char *text)
{
    static const char bom[] = "\xEF\xBB\xBF";
    return strncmp(text, bom, sizeof(bom) - 1) == 0 ? text + sizeof(bom) - 1 : text;
}

/* Reads the lines of `text`, and checks them. */
static char *read_lines(checking_t *checking, const char *text)
{
    char *all = apr_palloc(checking->pool, strlen(text) + 2);
    char *at = all;
    const char *line = NULL;
    while ((line = next_line(&text, checking->pool)) != NULL) {
        size_t len = strlen(line);
        checking->line++;
        check_line(checking, line);
        memcpy(at, line, len);
        at[len] = '\n';
        at += len + 1;
    }
    *at = '\0';
    check_needed(checking);
    return all;
}

static const char *read_subject(checking_t *checking, const char **text)
{
    static const char field[] = "Subject:";
    const char *line = next_line(text, checking->pool);
    checking->line = 1;
    if (line == NULL || strncmp(line, field, sizeof(field) - 1) != 0) {
        blame_line(checking, "must be \"Subject: \" and the subject of the mail");
        return "";
    }
    const char *subject = authp_text_trim(line + sizeof(field) - 1, checking->pool);
    if (subject[0] == '\0') {
        blame_line(checking, "has no subject after \"Subject:\"");
    } else if (authp_text_has_control(subject, strlen(subject))) {
        blame_line(checking, "has a control character in the subject");
    } else if (strstr(subject, OPEN) != NULL) {
        blame_line(checking, "has a placeholder in the subject, which can have none");
    }
    return subject;
}

authp_err_t authp_mail_template_text(authp_mail_kind_t kind, const char *bytes, size_t len,
                                     authp_mail_template_t *out, const char **why, apr_pool_t *pool)
{
    checking_t checking = {.kind = kind, .pool = pool, .why = check_bytes(bytes, len, pool)};
    if (checking.why != NULL) {
        *why = checking.why;
        return AUTHP_E_MALFORMED;
    }
    const char *text = skip_bom(apr_pstrmemdup(pool, bytes, len));
    const char *subject = read_subject(&checking, &text);
    const char *body = read_lines(&checking, text);
    body += strspn(body, "\n");
    if (checking.why == NULL && body[strspn(body, " \n")] == '\0') {
        checking.why = "has no text after the subject";
    }
    if (checking.why != NULL) {
        *why = checking.why;
        return AUTHP_E_MALFORMED;
    }
    *out = (authp_mail_template_t){.subject = subject, .body = body};
    return AUTHP_OK;
}

authp_err_t authp_mail_template_html(authp_mail_kind_t kind, const char *bytes, size_t len,
                                     const char **out, const char **why, apr_pool_t *pool)
{
    checking_t checking = {.kind = kind, .pool = pool, .why = check_bytes(bytes, len, pool)};
    if (checking.why == NULL) {
        const char *html = read_lines(&checking, skip_bom(apr_pstrmemdup(pool, bytes, len)));
        if (checking.why == NULL && html[strspn(html, " \n")] != '\0') {
            *out = html;
            return AUTHP_OK;
        }
    }
    *why = checking.why != NULL ? checking.why : "is empty";
    return AUTHP_E_MALFORMED;
}

/* --- filling ---------------------------------------------------------------------------------- */

/* NULL: HTML takes the byte as it is. apr_pescape_entity() leaves the single quote as it is, and an
 * operator's file may have a placeholder in an attribute in single quotes. */
static const char *entity_of(char byte)
{
    static const char special[] = "&<>\"'";
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const char *at = strchr(special, byte);
    return at != NULL ? entities[at - special] : NULL;
}

const char *authp_mail_template_escape(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) * 6 + 1);
    char *at = out;
    for (; *text != '\0'; text++) {
        const char *entity = entity_of(*text);
        if (entity == NULL) {
            *at++ = *text;
        } else {
            size_t len = strlen(entity);
            memcpy(at, entity, len);
            at += len;
        }
    }
    *at = '\0';
    return out;
}

/* A value as it stands in the mail. NULL if it is absent. */
static const char *written(const authp_mail_values_t *values, int placeholder, bool html,
                           apr_pool_t *pool)
{
    const char *value = value_of(values, placeholder);
    if (value == NULL) {
        return NULL;
    }
    char *copy = apr_pstrdup(pool, value);
    for (char *at = copy; *at != '\0'; at++) {
        *at = ((unsigned char)*at < 0x20 || *at == 0x7f) ? ' ' : *at;
    }
    return html ? authp_mail_template_escape(copy, pool) : copy;
}

/* Adds the line with its values to `out` (const char *). False: a value is absent, and nothing was
 * added. */
static bool fill_line(const char *line, const char *const values[PLACEHOLDERS],
                      apr_array_header_t *out)
{
    const int before = out->nelts;
    const char *open = NULL;
    while ((open = strstr(line, OPEN)) != NULL) {
        const char *name = open + MARK_LEN;
        const char *close = strstr(name, CLOSE);
        int found = close != NULL ? find(name, (size_t)(close - name)) : PLACEHOLDERS;
        if (found == PLACEHOLDERS || values[found] == NULL) {
            out->nelts = before;
            return false;
        }
        APR_ARRAY_PUSH(out, const char *) =
            apr_pstrmemdup(out->pool, line, (apr_size_t)(open - line));
        APR_ARRAY_PUSH(out, const char *) = values[found];
        line = close + MARK_LEN;
    }
    APR_ARRAY_PUSH(out, const char *) = line;
    APR_ARRAY_PUSH(out, const char *) = "\n";
    return true;
}

const char *authp_mail_template_fill(const char *template, const authp_mail_values_t *values,
                                     bool html, apr_pool_t *pool)
{
    const char *filled[PLACEHOLDERS];
    apr_array_header_t *pieces = apr_array_make(pool, 64, sizeof(const char *));
    const char *line = NULL;
    bool empty = true; /* the line before is empty, or there is none */
    for (int i = 0; i < PLACEHOLDERS; i++) {
        filled[i] = written(values, i, html, pool);
    }
    while ((line = next_line(&template, pool)) != NULL) {
        if (fill_line(line, filled, pieces)) {
            empty = line[0] == '\0';
        } else if (empty && template[0] == '\n') {
            template ++;
        }
    }
    return apr_array_pstrcat(pool, pieces, '\0');
}
