/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/feed.h"

#include <apr_strings.h>
#include <string.h>

#define AT_ONCE 65536

struct authp_feed_t {
    authp_feed_read_fn *read;
    void *ctx;
    char buffer[AT_ONCE];
    int len;
    int at;
    long line;
    int64_t taken;
    bool over;   /* the end has been seen */
    bool failed; /* the input could not be read */
    const char *refusal;
    apr_pool_t *pool;
};

/* Reads more bytes behind those that the buffer has. */
static void read_more(authp_feed_t *feed)
{
    int count = feed->read(feed->ctx, feed->buffer + feed->len, AT_ONCE - feed->len);
    if (count > 0) {
        feed->len += count;
    } else {
        feed->failed = count < 0;
        feed->over = true;
    }
}

static void fill(authp_feed_t *feed)
{
    feed->at = 0;
    feed->len = 0;
    if (!feed->over) {
        read_more(feed);
    }
}

authp_feed_t *authp_feed_make(authp_feed_read_fn *read, void *ctx, apr_pool_t *pool)
{
    static const char mark[] = "\xef\xbb\xbf";
    authp_feed_t *feed = apr_palloc(pool, sizeof(*feed));
    memset(feed, 0, sizeof(*feed));
    feed->read = read;
    feed->ctx = ctx;
    feed->line = 1;
    feed->pool = pool;
    /* A pipe may give less than the mark at first. */
    while (feed->len < 3 && !feed->over) {
        read_more(feed);
    }
    if (feed->len >= 3 && strncmp(feed->buffer, mark, 3) == 0) {
        feed->at = 3;
        feed->taken = 3;
    }
    return feed;
}

int authp_feed_peek(authp_feed_t *feed)
{
    if (feed->at == feed->len) {
        fill(feed);
    }
    return feed->at < feed->len ? (unsigned char)feed->buffer[feed->at] : AUTHP_FEED_END;
}

int authp_feed_get(authp_feed_t *feed)
{
    int byte = authp_feed_peek(feed);
    if (byte != AUTHP_FEED_END) {
        feed->at++;
        feed->taken++;
        feed->line += byte == '\n';
    }
    return byte;
}

int authp_feed_peek_past_space(authp_feed_t *feed)
{
    for (;;) {
        int byte = authp_feed_peek(feed);
        if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n') {
            return byte;
        }
        (void)authp_feed_get(feed);
    }
}

long authp_feed_line(const authp_feed_t *feed)
{
    return feed->line;
}

int64_t authp_feed_taken(const authp_feed_t *feed)
{
    return feed->taken;
}

authp_err_t authp_feed_check(authp_feed_t *feed)
{
    if (!feed->failed) {
        return AUTHP_OK;
    }
    if (feed->refusal == NULL) {
        feed->refusal = "the file could not be read to its end";
    }
    return AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_feed_refuse_at(authp_feed_t *feed, long line, const char *why)
{
    if (feed->failed) {
        return authp_feed_check(feed);
    }
    if (feed->refusal == NULL) {
        feed->refusal = apr_psprintf(feed->pool, "line %ld: %s", line, why);
    }
    return AUTHP_E_MALFORMED;
}

authp_err_t authp_feed_refuse(authp_feed_t *feed, const char *why)
{
    return authp_feed_refuse_at(feed, feed->line, why);
}

const char *authp_feed_refusal(const authp_feed_t *feed)
{
    return feed->refusal;
}

bool authp_feed_keep(authp_record_t *record, int byte)
{
    if (record->len == AUTHP_FEED_RECORD_MOST) {
        return false;
    }
    if (record->len == record->room) {
        /* The smaller buffers stay in the pool. Together they are at most as large as the
         * largest record. */
        size_t room = record->room == 0 ? 4096 : record->room * 2;
        char *more = apr_palloc(record->pool, room);
        if (record->len > 0) {
            memcpy(more, record->text, record->len);
        }
        record->text = more;
        record->room = room;
    }
    record->text[record->len++] = (char)byte;
    return true;
}
