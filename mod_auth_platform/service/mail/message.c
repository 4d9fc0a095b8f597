/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/message.h"

#include "base/text.h"
#include "service/mail/mail_words.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <stdbool.h>
#include <string.h>

#define LINE "\r\n"
#define PART_TYPE "Content-Type: text/%s; charset=utf-8" LINE
#define PART_ENCODING "Content-Transfer-Encoding: quoted-printable" LINE

static bool is_line(const char *text)
{
    size_t len = strlen(text);
    return authp_text_utf8(text, len, NULL) && !authp_text_has_control(text, len);
}

/* local@domain of printable ASCII, without what has a meaning in a header line. */
static bool is_address(const char *text)
{
    const char *at = strrchr(text, '@');
    if (at == NULL || at == text || at[1] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text <= 0x20 || *text >= 0x7f || strchr("<>(),;:\\\"[]", *text) != NULL) {
            return false;
        }
    }
    return true;
}

static bool is_id(const char *text)
{
    size_t len = 0;
    while (apr_isalnum(text[len]) || (text[len] != '\0' && strchr(".-_", text[len]) != NULL)) {
        len++;
    }
    return len > 0 && text[len] == '\0';
}

static bool is_body(const char *text)
{
    return authp_text_utf8(text, strlen(text), NULL);
}

static bool fits(const authp_message_t *message)
{
    return is_address(message->from) && is_address(message->to) && is_id(message->id) &&
           (message->from_name == NULL || is_line(message->from_name)) &&
           is_line(message->subject) && is_body(message->text) &&
           (message->html == NULL || is_body(message->html));
}

/* "Sun, 29 Nov 2026 03:20:00 +0000" (RFC 5322 section 3.3). */
static const char *date_of(authp_ms_t at, apr_pool_t *pool)
{
    apr_time_exp_t t;
    apr_time_exp_gmt(&t, at * 1000);
    return apr_psprintf(pool, "%s, %d %s %d %02d:%02d:%02d +0000", apr_day_snames[t.tm_wday],
                        t.tm_mday, apr_month_snames[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                        t.tm_min, t.tm_sec);
}

static const char *from_line(const authp_message_t *message, apr_pool_t *pool)
{
    static const char name[] = "From: ";
    if (message->from_name == NULL || message->from_name[0] == '\0') {
        return apr_pstrcat(pool, name, message->from, LINE, NULL);
    }
    const char *words = authp_mail_words_name(message->from_name, sizeof(name) - 1, pool);
    /* The address has a line of its own if the name is long. */
    bool long_line = strlen(words) + strlen(message->from) > 60;
    return apr_pstrcat(pool, name, words, long_line ? LINE : "", " <", message->from, ">" LINE,
                       NULL);
}

static const char *header(const authp_message_t *message, apr_pool_t *pool)
{
    static const char subject[] = "Subject: ";
    return apr_pstrcat(pool, from_line(message, pool), "To: ", message->to, LINE, subject,
                       authp_mail_words_header(message->subject, sizeof(subject) - 1, pool), LINE,
                       "Date: ", date_of(message->date, pool), LINE, "Message-ID: <", message->id,
                       strrchr(message->from, '@'),
                       ">" LINE "Auto-Submitted: auto-generated" LINE "MIME-Version: 1.0" LINE,
                       NULL);
}

/* The header and the body of one part, or of a mail that has no other part. */
static const char *part(const char *kind, const char *text, apr_pool_t *pool)
{
    return apr_pstrcat(pool, apr_psprintf(pool, PART_TYPE PART_ENCODING LINE, kind),
                       authp_mail_words_body(text, pool), NULL);
}

authp_err_t authp_message_write(const authp_message_t *message, const char **bytes, size_t *len,
                                apr_pool_t *pool)
{
    if (!fits(message)) {
        return AUTHP_E_MALFORMED;
    }
    const char *whole = NULL;
    const char *head = header(message, pool);
    const char *text = part("plain", message->text, pool);
    if (message->html == NULL) {
        whole = apr_pstrcat(pool, head, text, NULL);
    } else {
        /* Quoted-printable has no "=_", so no line of a part is the boundary. */
        const char *boundary = apr_pstrcat(pool, "=_", message->id, NULL);
        whole = apr_pstrcat(pool, head, "Content-Type: multipart/alternative;" LINE " boundary=\"",
                            boundary, "\"" LINE LINE "--", boundary, LINE, text, LINE "--",
                            boundary, LINE, part("html", message->html, pool), LINE "--", boundary,
                            "--" LINE, NULL);
    }
    *bytes = whole;
    *len = strlen(whole);
    return AUTHP_OK;
}
