/* SPDX-License-Identifier: Apache-2.0 */
/* Mail: MAIL_URL, replies of servers, and what users write that gets into header lines and bodies.
 * The first byte of the input chooses which of them the rest is. */
#include "base/text.h"
#include "fuzz.h"
#include "net/smtp_reply.h"
#include "service/mail/mail_words.h"
#include "service/mail/message.h"
#include "service/settings/mail_url.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_url(const char *text, apr_pool_t *pool)
{
    authp_mail_url_t *url = NULL;
    const char *why = NULL;
    if (authp_mail_url_parse(text, &url, &why, pool) != AUTHP_OK) {
        FUZZ_DEMAND(url == NULL && why != NULL);
        return;
    }
    FUZZ_DEMAND(url->host[0] != '\0' && strpbrk(url->host, "/?#@\\ \t\r\n") == NULL);
    FUZZ_DEMAND(url->port > 0 && url->port < 65536);
    FUZZ_DEMAND((url->user == NULL) == (url->password == NULL));
    FUZZ_DEMAND(url->user == NULL || !authp_text_has_control(url->user, strlen(url->user)));
}

static void try_reply(const char *text)
{
    authp_smtp_reply_t reply = {0};
    authp_smtp_line_t kind = AUTHP_SMTP_LINE_MORE;
    while (kind == AUTHP_SMTP_LINE_MORE && *text != '\0') {
        size_t len = strcspn(text, "\n");
        kind = authp_smtp_reply_line(text, len, &reply);
        text += text[len] == '\n' ? len + 1 : len;
    }
    FUZZ_DEMAND(reply.code == 0 || (reply.code >= 200 && reply.code < 600));
    FUZZ_DEMAND(reply.enhanced[strspn(reply.enhanced, "0123456789.")] == '\0');
    FUZZ_DEMAND(strlen(reply.enhanced) < AUTHP_SMTP_ENHANCED_SIZE);
}

/* Every line ends with CRLF, is short and of ASCII. */
static void check_lines(const char *bytes, size_t most)
{
    while (*bytes != '\0') {
        const char *end = strstr(bytes, "\r\n");
        FUZZ_DEMAND(end != NULL && (size_t)(end - bytes) <= most);
        for (; bytes < end; bytes++) {
            FUZZ_DEMAND(*bytes >= 0x20 && *bytes < 0x7f);
        }
        bytes = end + 2;
    }
}

static size_t header_lines(const char *bytes)
{
    size_t count = 0;
    const char *end = strstr(bytes, "\r\n\r\n");
    for (const char *at = bytes; at < end; at++) {
        count += at[0] == '\r' && at[2] != ' ';
    }
    return count + 1;
}

/* Whatever the texts are, the header has the same lines. */
static void try_message(char choice, const char *text, apr_pool_t *pool)
{
    authp_message_t message = {.from = "a@example.org",
                               .to = "b@example.org",
                               .subject = "s",
                               .id = "1",
                               .date = 1,
                               .text = "t"};
    const char *bytes = NULL;
    size_t len = 0;
    switch (choice) {
    case 'S':
        message.subject = text;
        break;
    case 'N':
        message.from_name = text;
        break;
    case 'T':
        message.to = text;
        break;
    default:
        message.text = text;
    }
    if (authp_message_write(&message, &bytes, &len, pool) == AUTHP_OK) {
        FUZZ_DEMAND(strlen(bytes) == len && header_lines(bytes) == 9);
        check_lines(bytes, choice == 'T' ? 8200 : 200);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size < 1 || size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    const char *text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'U':
        try_url(text, pool);
        break;
    case 'R':
        try_reply(text);
        break;
    case 'B':
        check_lines(authp_mail_words_body(text, pool), 76);
        break;
    default:
        try_message((char)data[0], text, pool);
    }
    apr_pool_destroy(pool);
    return 0;
}
