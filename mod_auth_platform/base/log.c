/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES 1000

/* Written once before threads start, and afterwards only read. */
static authp_log_sink_fn *sink_fn;
static void *sink_ctx;

void authp_log_set_sink(authp_log_sink_fn *sink, void *ctx)
{
    sink_fn = sink;
    sink_ctx = ctx;
}

/* Returns the length without the bytes of a character that was cut in two. */
static size_t whole_characters(const char *line, size_t len)
{
    size_t end = len;
    while (end > 0 && len - end < 3 && ((unsigned char)line[end - 1] & 0xC0u) == 0x80u) {
        end--;
    }
    if (end > 0 && (unsigned char)line[end - 1] >= 0xC0u) {
        return end - 1;
    }
    return len;
}

static void neutralise(char *line, size_t len)
{
    /* In text that is not UTF-8, any byte from 0x80 on could be a C1 control character. */
    bool utf8 = authp_text_utf8(line, len, NULL);
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)line[i];
        if (byte < 0x20 || byte == 0x7f || (!utf8 && byte >= 0x80)) {
            line[i] = '?';
        } else if (byte == 0xC2 && i + 1 < len && (unsigned char)line[i + 1] < 0xA0) {
            line[i] = '?';
            line[++i] = '?';
        }
    }
}

void authp_log(authp_log_level_t level, const char *id, const char *format, ...)
{
    char line[LINE_MAX_BYTES + 1];
    if (sink_fn == NULL) {
        return;
    }
    int head = snprintf(line, sizeof(line), "%s: ", id);
    if (head < 0 || (size_t)head >= sizeof(line)) {
        return;
    }
    va_list args;
    va_start(args, format);
    int body = vsnprintf(line + head, sizeof(line) - (size_t)head, format, args);
    va_end(args);
    if (body < 0) {
        return;
    }
    size_t len = strlen(line);
    if ((size_t)head + (size_t)body > len) {
        len = whole_characters(line, len);
        line[len] = '\0';
    }
    neutralise(line, len);
    sink_fn(sink_ctx, level, line);
}
