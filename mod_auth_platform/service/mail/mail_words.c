/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_words.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <string.h>

#define LINE_MOST 76 /* bytes of a line without its end */
#define WORD_MOST 75 /* bytes of an encoded word */

static const char word_begin[] = "=?UTF-8?B?";
static const char word_end[] = "?=";
#define WORD_FRAME (sizeof(word_begin) - 1 + sizeof(word_end) - 1)

static bool is_ascii(const char *text)
{
    while (*text >= 0x20 && *text < 0x7f) {
        text++;
    }
    return *text == '\0';
}

/* The number of bytes of whole characters at the start of `text`, at most `most`. */
static size_t whole_characters(const char *text, size_t most)
{
    size_t len = strlen(text);
    if (len <= most) {
        return len;
    }
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) {
        most--;
    }
    return most;
}

static const char *one_word(const char *text, size_t len, apr_pool_t *pool)
{
    char *encoded = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)len));
    apr_base64_encode_binary(encoded, (const unsigned char *)text, (int)len);
    return apr_pstrcat(pool, word_begin, encoded, word_end, NULL);
}

static const char *encoded_words(const char *text, size_t column, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    size_t room = column < LINE_MOST / 2 ? LINE_MOST - column : LINE_MOST / 2;
    while (*text != '\0') {
        size_t most = room < WORD_MOST ? room : WORD_MOST;
        size_t len = whole_characters(text, (most - WORD_FRAME) / 4 * 3);
        APR_ARRAY_PUSH(words, const char *) = one_word(text, len, pool);
        text += len;
        room = LINE_MOST - 1; /* a space begins the further lines */
    }
    const char *all = "";
    for (int i = 0; i < words->nelts; i++) {
        all = apr_pstrcat(pool, all, i > 0 ? "\r\n " : "", APR_ARRAY_IDX(words, i, const char *),
                          NULL);
    }
    return all;
}

const char *authp_mail_words_header(const char *text, size_t column, apr_pool_t *pool)
{
    size_t len = strlen(text);
    bool plain = is_ascii(text) && column + len <= LINE_MOST && strstr(text, "=?") == NULL &&
                 (len == 0 || (text[0] != ' ' && text[len - 1] != ' '));
    return plain ? apr_pstrdup(pool, text) : encoded_words(text, column, pool);
}

/* The characters of an atom (RFC 5322 section 3.2.3), and the space. */
static bool is_atoms(const char *text)
{
    while (apr_isalnum(*text) || (*text != '\0' && strchr(" !#$%&'*+-/=^_`{|}~", *text) != NULL)) {
        text++;
    }
    return *text == '\0';
}

const char *authp_mail_words_name(const char *text, size_t column, apr_pool_t *pool)
{
    const char *value = authp_mail_words_header(text, column, pool);
    if (strcmp(value, text) != 0 || is_atoms(text)) {
        return value;
    }
    char *quoted = apr_palloc(pool, 2 * strlen(text) + 3);
    char *at = quoted;
    *at++ = '"';
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *at++ = '\\';
        }
        *at++ = *text;
    }
    *at++ = '"';
    *at = '\0';
    return quoted;
}

/* --- quoted-printable ------------------------------------------------------------------------- */

typedef struct printer_t {
    char *at;
    size_t column;
} printer_t;

static void put(printer_t *printer, const char *bytes, size_t len)
{
    /* One byte of the line is for the '=' that says that the line goes on. */
    if (printer->column + len > LINE_MOST - 1) {
        memcpy(printer->at, "=\r\n", 3);
        printer->at += 3;
        printer->column = 0;
    }
    memcpy(printer->at, bytes, len);
    printer->at += len;
    printer->column += len;
}

static void put_line_end(printer_t *printer)
{
    memcpy(printer->at, "\r\n", 2);
    printer->at += 2;
    printer->column = 0;
}

/* The length of the line end at `text`; 0: there is none. */
static size_t line_end(const char *text)
{
    return text[0] == '\n' ? 1 : text[0] == '\r' && text[1] == '\n' ? 2 : 0;
}

static bool stays(const printer_t *printer, const char *text)
{
    if (*text == ' ' || *text == '\t') {
        return text[1] != '\0' && line_end(text + 1) == 0;
    }
    bool first = printer->column == 0 || printer->column >= LINE_MOST - 1;
    if (first && (*text == '.' || strncmp(text, "From ", 5) == 0)) {
        return false;
    }
    return *text > 0x20 && *text < 0x7f && *text != '=';
}

const char *authp_mail_words_body(const char *text, apr_pool_t *pool)
{
    static const char hex[] = "0123456789ABCDEF";
    /* Each byte becomes at most 3, and 75 of them get a line end of 3. */
    char *all = apr_palloc(pool, strlen(text) * 4 + 16);
    printer_t printer = {.at = all};
    while (*text != '\0') {
        size_t end = line_end(text);
        if (end > 0) {
            put_line_end(&printer);
            text += end;
            continue;
        }
        if (stays(&printer, text)) {
            put(&printer, text, 1);
        } else {
            const unsigned char byte = (unsigned char)*text;
            const char escape[] = {'=', hex[byte >> 4], hex[byte & 15]};
            put(&printer, escape, sizeof(escape));
        }
        text++;
    }
    if (printer.column > 0) {
        put_line_end(&printer);
    }
    *printer.at = '\0';
    return all;
}
