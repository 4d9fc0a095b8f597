/* SPDX-License-Identifier: Apache-2.0 */
#include "net/smtp_reply.h"

#include <stdbool.h>
#include <string.h>

#define CODE_DIGITS 3

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number of digits at `text`, at most 3 of them. */
static size_t digits(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && count < CODE_DIGITS && is_digit(text[count])) {
        count++;
    }
    return count;
}

/* The length of "C.SSS.DDD" at the start of `text`, which a space or the end follows. 0: there is
 * none. */
static size_t enhanced_len(const char *text, size_t len, char class)
{
    if (len < 2 || text[0] != class || text[1] != '.') {
        return 0;
    }
    size_t at = 2;
    size_t subject = digits(text + at, len - at);
    at += subject;
    if (subject == 0 || at >= len || text[at] != '.') {
        return 0;
    }
    at++;
    size_t detail = digits(text + at, len - at);
    at += detail;
    bool ends = at == len || text[at] == ' ';
    return detail > 0 && ends ? at : 0;
}

authp_smtp_line_t authp_smtp_reply_line(const char *line, size_t len, authp_smtp_reply_t *reply)
{
    if (digits(line, len) != CODE_DIGITS || line[0] < '2' || line[0] > '5') {
        return AUTHP_SMTP_LINE_BROKEN;
    }
    if (len > CODE_DIGITS && line[CODE_DIGITS] != ' ' && line[CODE_DIGITS] != '-') {
        return AUTHP_SMTP_LINE_BROKEN;
    }
    reply->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (len > CODE_DIGITS + 1) {
        const char *text = line + CODE_DIGITS + 1;
        size_t found = enhanced_len(text, len - CODE_DIGITS - 1, line[0]);
        if (found > 0) {
            memcpy(reply->enhanced, text, found);
            reply->enhanced[found] = '\0';
        }
    }
    return len > CODE_DIGITS && line[CODE_DIGITS] == '-' ? AUTHP_SMTP_LINE_MORE
                                                         : AUTHP_SMTP_LINE_LAST;
}
