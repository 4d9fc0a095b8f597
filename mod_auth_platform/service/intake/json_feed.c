/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/json_feed.h"

#include <string.h>

#define DEEPEST 64
#define NAME_MOST 64

typedef enum authp_place_t {
    AT_START,
    IN_LINES,   /* records follow one another */
    IN_RECORDS, /* inside the list of records */
    IN_OUTER,   /* inside the object that has the member `list` */
    IN_OUTERS,  /* inside a list of such objects */
    AT_END
} authp_place_t;

struct authp_json_feed_t {
    authp_feed_t *feed;
    const char *list;
    authp_place_t place;
    bool first;  /* nothing of this list or object has been read */
    bool outers; /* the objects with the member `list` are in a list */
    bool listed; /* the member `list` was seen */
    authp_record_t record;
};

authp_json_feed_t *authp_json_feed_make(authp_feed_t *feed, const char *list, apr_pool_t *pool)
{
    authp_json_feed_t *json = apr_pcalloc(pool, sizeof(*json));
    json->feed = feed;
    json->list = list;
    json->record.pool = pool;
    return json;
}

static authp_err_t cut_off(authp_feed_t *feed)
{
    return authp_feed_refuse(feed, "the file ends in the middle of an entry");
}

/* --- one value ---------------------------------------------------------------------------------*/

/* A value whose end is looked for. Its bytes are kept if `record` is not NULL. */
typedef struct authp_span_t {
    authp_feed_t *feed;
    authp_record_t *record;
    bool large;
    int depth;
    uint64_t lists; /* a bit for each level: it is a list */
} authp_span_t;

static int take(authp_span_t *span)
{
    int byte = authp_feed_get(span->feed);
    if (span->record != NULL && byte != AUTHP_FEED_END && !authp_feed_keep(span->record, byte)) {
        span->large = true;
    }
    return byte;
}

/* Reads a text to its end. Its first quote has been read. */
static authp_err_t span_text(authp_span_t *span)
{
    for (;;) {
        int byte = take(span);
        if (byte == '\\') {
            byte = take(span);
        } else if (byte == '"') {
            return AUTHP_OK;
        } else if (byte == '\n') {
            return authp_feed_refuse(span->feed, "a text is not closed on its line");
        }
        if (byte == AUTHP_FEED_END) {
            return cut_off(span->feed);
        }
    }
}

/* Enters or leaves a level. */
static authp_err_t change_level(authp_span_t *span, int byte)
{
    if (byte == '{' || byte == '[') {
        if (span->depth == DEEPEST) {
            return authp_feed_refuse(span->feed, "the nesting is deeper than 64");
        }
        span->lists = span->lists << 1 | (byte == '[');
        span->depth++;
        return AUTHP_OK;
    }
    if (span->depth == 0 || (span->lists & 1) != (byte == ']')) {
        return authp_feed_refuse(span->feed, "a closing bracket does not fit");
    }
    span->lists >>= 1;
    span->depth--;
    return AUTHP_OK;
}

/* Reads one value. jansson decides later whether a record is JSON. A value that is not kept is only
 * checked for its texts and brackets. */
static authp_err_t span_value(authp_span_t *span)
{
    authp_err_t err = AUTHP_OK;
    bool any = false;
    while (err == AUTHP_OK) {
        int byte = authp_feed_peek(span->feed);
        bool ends = byte == AUTHP_FEED_END || strchr(",]} \t\r\n", byte) != NULL;
        if (span->depth == 0 && ends) {
            return any ? AUTHP_OK : authp_feed_refuse(span->feed, "a value is missing");
        }
        if (byte == AUTHP_FEED_END) {
            return cut_off(span->feed);
        }
        any = true;
        (void)take(span);
        if (byte == '"') {
            err = span_text(span);
        } else if (byte != '\0' && strchr("{}[]", byte) != NULL) {
            err = change_level(span, byte);
        }
        if (err == AUTHP_OK && span->depth == 0 && byte != '\0' && strchr("\"]}", byte) != NULL) {
            return AUTHP_OK;
        }
    }
    return err;
}

static apr_status_t release(void *data)
{
    json_decref(data);
    return APR_SUCCESS;
}

/* Parses the record. The error text of jansson is not shown, because it may contain parts of the
 * file. */
static authp_err_t parse(authp_json_feed_t *json, long line, json_t **out, apr_pool_t *pool)
{
    json_error_t why;
    json_t *value = json_loadb(json->record.text, json->record.len,
                               JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &why);
    if (value == NULL) {
        return authp_feed_refuse_at(json->feed, line + (why.line > 1 ? why.line - 1 : 0),
                                    "this is not JSON in UTF-8");
    }
    apr_pool_cleanup_register(pool, value, release, apr_pool_cleanup_null);
    *out = value;
    return AUTHP_OK;
}

static authp_err_t read_record(authp_json_feed_t *json, json_t **out, long *line, apr_pool_t *pool)
{
    authp_span_t span = {.feed = json->feed, .record = &json->record};
    if (authp_feed_peek(json->feed) != '{') {
        return authp_feed_refuse(json->feed, "an object is expected here: {\"...\": ...}");
    }
    *line = authp_feed_line(json->feed);
    json->record.len = 0;
    authp_err_t err = span_value(&span);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = NULL;
    return span.large ? AUTHP_OK : parse(json, *line, out, pool);
}

/* --- where the records are -------------------------------------------------------------------- */

/* Passes the comma before the next element, or the bracket at the end: *more tells which. */
static authp_err_t between(authp_json_feed_t *json, int bracket, bool *more)
{
    int byte = authp_feed_peek_past_space(json->feed);
    bool first = json->first;
    json->first = false;
    if (byte == bracket) {
        (void)authp_feed_get(json->feed);
        *more = false;
        return AUTHP_OK;
    }
    if (byte == AUTHP_FEED_END) {
        return authp_feed_refuse(json->feed, "the file is cut off: its list does not end");
    }
    if (!first) {
        if (byte != ',') {
            return authp_feed_refuse(json->feed, "a comma is expected here");
        }
        (void)authp_feed_get(json->feed);
        (void)authp_feed_peek_past_space(json->feed);
    }
    *more = true;
    return AUTHP_OK;
}

/* The name of a member of an outer object, and the colon. A name with an escape or a long one is
 * not that of the list. */
static authp_err_t read_name(authp_json_feed_t *json, bool *is_list, apr_pool_t *pool)
{
    authp_record_t name = {.pool = pool};
    authp_span_t span = {.feed = json->feed, .record = &name};
    if (authp_feed_get(json->feed) != '"') {
        return authp_feed_refuse(json->feed, "the name of a member is expected here");
    }
    authp_err_t err = span_text(&span);
    if (err != AUTHP_OK) {
        return err;
    }
    if (authp_feed_peek_past_space(json->feed) != ':') {
        return authp_feed_refuse(json->feed, "a colon is expected here");
    }
    (void)authp_feed_get(json->feed);
    size_t len = strlen(json->list);
    *is_list = name.len == len + 1 && strncmp(name.text, json->list, len) == 0;
    return AUTHP_OK;
}

/* One member of an outer object: enters the list of records, or reads over the value. */
static authp_err_t read_member(authp_json_feed_t *json, apr_pool_t *pool)
{
    bool more = false;
    authp_err_t err = between(json, '}', &more);
    if (err != AUTHP_OK) {
        return err;
    }
    if (!more) {
        json->place = json->outers ? IN_OUTERS : AT_END;
        return AUTHP_OK;
    }
    bool is_list = false;
    err = read_name(json, &is_list, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (authp_feed_peek_past_space(json->feed) == '[' && is_list) {
        (void)authp_feed_get(json->feed);
        json->place = IN_RECORDS;
        json->first = true;
        json->listed = true;
        return AUTHP_OK;
    }
    authp_span_t span = {.feed = json->feed};
    return span_value(&span);
}

static authp_err_t enter_outer(authp_json_feed_t *json)
{
    if (authp_feed_get(json->feed) != '{') {
        return authp_feed_refuse(json->feed, "an object is expected here: {\"...\": ...}");
    }
    json->place = IN_OUTER;
    json->first = true;
    return AUTHP_OK;
}

static authp_err_t next_outer(authp_json_feed_t *json)
{
    bool more = false;
    authp_err_t err = between(json, ']', &more);
    if (err == AUTHP_OK && !more) {
        json->place = AT_END;
    }
    return err == AUTHP_OK && more ? enter_outer(json) : err;
}

static authp_err_t start(authp_json_feed_t *json)
{
    int byte = authp_feed_peek_past_space(json->feed);
    if (byte == AUTHP_FEED_END) {
        return authp_feed_refuse(json->feed, "the file is empty");
    }
    if (byte == '{') {
        json->place = IN_LINES;
        return json->list != NULL ? enter_outer(json) : AUTHP_OK;
    }
    if (byte != '[') {
        return authp_feed_refuse(json->feed, "this is not JSON");
    }
    (void)authp_feed_get(json->feed);
    json->place = json->list != NULL ? IN_OUTERS : IN_RECORDS;
    json->outers = json->list != NULL;
    json->first = true;
    return AUTHP_OK;
}

/* Nothing may follow. */
static authp_err_t finish(authp_json_feed_t *json)
{
    if (authp_feed_peek_past_space(json->feed) != AUTHP_FEED_END) {
        return authp_feed_refuse(json->feed, "something follows the end of the list");
    }
    authp_err_t err = authp_feed_check(json->feed);
    if (err != AUTHP_OK) {
        return err;
    }
    if (json->list != NULL && !json->listed) {
        return authp_feed_refuse(json->feed, "the file has no list of users (\"users\": [...])");
    }
    return AUTHP_E_NOT_FOUND;
}

static void leave_records(authp_json_feed_t *json)
{
    json->place = json->list != NULL ? IN_OUTER : AT_END;
    json->first = false;
}

authp_err_t authp_json_feed_next(authp_json_feed_t *json, json_t **out, long *line,
                                 apr_pool_t *pool)
{
    authp_err_t err = json->place == AT_START ? start(json) : AUTHP_OK;
    while (err == AUTHP_OK) {
        bool more = false;
        switch (json->place) {
        case IN_LINES:
            if (authp_feed_peek_past_space(json->feed) == AUTHP_FEED_END) {
                json->place = AT_END;
                break;
            }
            return read_record(json, out, line, pool);
        case IN_RECORDS:
            err = between(json, ']', &more);
            if (err == AUTHP_OK && more) {
                return read_record(json, out, line, pool);
            }
            leave_records(json);
            break;
        case IN_OUTER:
            err = read_member(json, pool);
            break;
        case IN_OUTERS:
            err = next_outer(json);
            break;
        default:
            return finish(json);
        }
    }
    return err;
}
