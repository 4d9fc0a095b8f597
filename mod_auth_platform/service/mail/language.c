/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/language.h"

#include <apr_lib.h>
#include <string.h>
#include <strings.h>

#define FALLBACK "en"
#define RANGES_MOST 20
#define TAG_MOST 35
#define Q_ONE 1000

typedef struct range_t {
    const char *tag;
    size_t len;
    int q; /* thousandths */
} range_t;

bool authp_language_is_tag(const char *text, size_t len)
{
    size_t part = 0;
    bool first = true;
    if (len > TAG_MOST) {
        return false;
    }
    for (size_t i = 0; i <= len; i++) {
        if (i < len && text[i] != '-') {
            if (first ? !apr_isalpha(text[i]) : !apr_isalnum(text[i])) {
                return false;
            }
            part++;
            continue;
        }
        if (part < 2 || part > (first ? 3 : 8)) {
            return false;
        }
        first = false;
        part = 0;
    }
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static void trim(const char **text, size_t *len)
{
    while (*len > 0 && is_space(**text)) {
        (*text)++;
        (*len)--;
    }
    while (*len > 0 && is_space((*text)[*len - 1])) {
        (*len)--;
    }
}

/* The value of "q=0.8" in thousandths; -1: malformed. */
static int read_q(const char *text, size_t len)
{
    int scale = Q_ONE;
    int q = 0;
    trim(&text, &len);
    if (len < 3 || len > 7 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=' ||
        (text[2] != '0' && text[2] != '1') || (len > 3 && text[3] != '.')) {
        return -1;
    }
    q = (text[2] - '0') * scale;
    for (size_t i = 4; i < len; i++) {
        if (!apr_isdigit(text[i])) {
            return -1;
        }
        scale /= 10;
        q += (text[i] - '0') * scale;
    }
    return q <= Q_ONE ? q : -1;
}

/* Reads a member of the header: a range, and perhaps its q. */
static bool read_range(const char *text, size_t len, range_t *out)
{
    const char *semicolon = memchr(text, ';', len);
    size_t tag_len = semicolon != NULL ? (size_t)(semicolon - text) : len;
    int q = semicolon != NULL ? read_q(semicolon + 1, len - tag_len - 1) : Q_ONE;
    trim(&text, &tag_len);
    *out = (range_t){.tag = text, .len = tag_len, .q = q};
    return q >= 0 && ((tag_len == 1 && text[0] == '*') || authp_language_is_tag(text, tag_len));
}

/* Reads the ranges, and returns their number. */
static int read_ranges(const char *header, range_t ranges[RANGES_MOST])
{
    int count = 0;
    while (header != NULL && *header != '\0' && count < RANGES_MOST) {
        size_t len = strcspn(header, ",");
        if (read_range(header, len, &ranges[count])) {
            count++;
        }
        header += header[len] == ',' ? len + 1 : len;
    }
    return count;
}

static bool is_any(const range_t *range)
{
    return range->tag[0] == '*';
}

static bool begins_with(const char *tag, const char *start, size_t len)
{
    return strncasecmp(tag, start, len) == 0 && (tag[len] == '\0' || tag[len] == '-');
}

static const char *nth(const apr_array_header_t *known, int i)
{
    return APR_ARRAY_IDX(known, i, const char *);
}

static bool is_excluded(const char *tag, const range_t *ranges, int count)
{
    for (int i = 0; i < count; i++) {
        if (ranges[i].q == 0 && begins_with(tag, ranges[i].tag, ranges[i].len)) {
            return true;
        }
    }
    return false;
}

/* The tag that a range means. NULL: none. */
static const char *tag_of(const range_t *range, const apr_array_header_t *known)
{
    for (size_t len = range->len; len > 0;) {
        for (int i = 0; i < known->nelts; i++) {
            if (strlen(nth(known, i)) == len && strncasecmp(nth(known, i), range->tag, len) == 0) {
                return nth(known, i);
            }
        }
        while (len > 0 && range->tag[--len] != '-') {
        }
    }
    for (int i = 0; i < known->nelts; i++) {
        if (begins_with(nth(known, i), range->tag, range->len)) {
            return nth(known, i);
        }
    }
    return NULL;
}

/* The tag that "*" means: none that is excluded. NULL: all are. */
static const char *any_tag(const apr_array_header_t *known, const range_t *ranges, int count)
{
    const char *first = NULL;
    for (int i = known->nelts - 1; i >= 0; i--) {
        if (is_excluded(nth(known, i), ranges, count)) {
            continue;
        }
        if (strcasecmp(nth(known, i), FALLBACK) == 0) {
            return nth(known, i);
        }
        first = nth(known, i);
    }
    return first;
}

const char *authp_language_choose(const char *header, const apr_array_header_t *known)
{
    range_t ranges[RANGES_MOST];
    int count = read_ranges(header, ranges);
    const char *best = NULL;
    int best_q = 0;
    for (int i = 0; i < count; i++) {
        if (ranges[i].q <= best_q) {
            continue;
        }
        const char *tag =
            is_any(&ranges[i]) ? any_tag(known, ranges, count) : tag_of(&ranges[i], known);
        if (tag != NULL && (is_any(&ranges[i]) || !is_excluded(tag, ranges, count))) {
            best = tag;
            best_q = ranges[i].q;
        }
    }
    return best != NULL ? best : FALLBACK;
}
