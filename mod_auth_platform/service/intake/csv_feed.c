/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/csv_feed.h"

#include "base/text.h"

#include <apr_strings.h>
#include <string.h>

#define FIELDS_MOST 200

struct authp_csv_feed_t {
    authp_feed_t *feed;
    apr_array_header_t *names; /* const char * */
    authp_record_t record;     /* the fields of a row, each with a NUL after it */
};

/* Where a field ended. */
typedef enum authp_stop_t { STOP_FIELD, STOP_ROW, STOP_FILE } authp_stop_t;

static authp_err_t keep(authp_csv_feed_t *csv, int byte)
{
    if (byte == '\0') {
        return authp_feed_refuse(csv->feed, "a NUL byte");
    }
    return authp_feed_keep(&csv->record, byte)
               ? AUTHP_OK
               : authp_feed_refuse(csv->feed, "a row is larger than 1 MiB");
}

/* Reads what follows a field: the end of the field, of the row or of the file. */
static authp_err_t read_stop(authp_csv_feed_t *csv, authp_stop_t *out)
{
    int byte = authp_feed_get(csv->feed);
    if (byte == '\r' && authp_feed_peek(csv->feed) == '\n') {
        byte = authp_feed_get(csv->feed);
    }
    if (byte == ',' || byte == '\n') {
        *out = byte == ',' ? STOP_FIELD : STOP_ROW;
        return AUTHP_OK;
    }
    if (byte == AUTHP_FEED_END) {
        *out = STOP_FILE;
        return authp_feed_check(csv->feed);
    }
    return authp_feed_refuse(csv->feed, "text follows the closing quote of a field");
}

static authp_err_t quoted(authp_csv_feed_t *csv)
{
    long line = authp_feed_line(csv->feed);
    (void)authp_feed_get(csv->feed);
    for (;;) {
        int byte = authp_feed_get(csv->feed);
        if (byte == AUTHP_FEED_END) {
            return authp_feed_refuse_at(csv->feed, line, "a quote is not closed");
        }
        if (byte == '"') {
            if (authp_feed_peek(csv->feed) != '"') {
                return AUTHP_OK;
            }
            (void)authp_feed_get(csv->feed);
        }
        authp_err_t err = keep(csv, byte);
        if (err != AUTHP_OK) {
            return err;
        }
    }
}

/* True if the next byte ends a field without quotes. A CR ends it only before LF. The feed shows
 * only one byte ahead, so the caller keeps a CR and removes it again if LF follows. */
static bool ends_plain(int byte)
{
    return byte == ',' || byte == '\n' || byte == AUTHP_FEED_END;
}

static authp_err_t plain(authp_csv_feed_t *csv)
{
    size_t begin = csv->record.len;
    while (!ends_plain(authp_feed_peek(csv->feed))) {
        int byte = authp_feed_get(csv->feed);
        authp_err_t err =
            byte == '"' ? authp_feed_refuse(csv->feed, "a quote inside of a field without quotes")
                        : keep(csv, byte);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    bool line_ends = authp_feed_peek(csv->feed) != ',';
    if (line_ends && csv->record.len > begin && csv->record.text[csv->record.len - 1] == '\r') {
        csv->record.len--;
    }
    return AUTHP_OK;
}

/* Reads a row into the record. *count gets the number of its fields, 0 at the end of the file. */
static authp_err_t read_row(authp_csv_feed_t *csv, int *count)
{
    authp_stop_t where = STOP_FIELD;
    const long line = authp_feed_line(csv->feed);
    *count = 0;
    csv->record.len = 0;
    if (authp_feed_peek(csv->feed) == AUTHP_FEED_END) {
        return authp_feed_check(csv->feed);
    }
    while (where == STOP_FIELD) {
        authp_err_t err = authp_feed_peek(csv->feed) == '"' ? quoted(csv) : plain(csv);
        if (err == AUTHP_OK) {
            err = read_stop(csv, &where);
        }
        if (err == AUTHP_OK && !authp_feed_keep(&csv->record, '\0')) {
            err = authp_feed_refuse_at(csv->feed, line, "a row is larger than 1 MiB");
        }
        if (err == AUTHP_OK && ++*count > FIELDS_MOST) {
            err = authp_feed_refuse_at(csv->feed, line, "a row has more than 200 fields");
        }
        if (err != AUTHP_OK) {
            return err;
        }
    }
    return AUTHP_OK;
}

static authp_err_t read_names(authp_csv_feed_t *csv, apr_pool_t *pool)
{
    int count = 0;
    authp_err_t err = read_row(csv, &count);
    if (err != AUTHP_OK) {
        return err;
    }
    if (count == 0) {
        return authp_feed_refuse(csv->feed, "the file is empty");
    }
    const char *field = csv->record.text;
    for (int i = 0; i < count; i++) {
        const char *name = authp_text_trim(field, pool);
        field += strlen(field) + 1;
        if (*name == '\0' || !authp_text_utf8(name, strlen(name), NULL)) {
            return authp_feed_refuse_at(csv->feed, 1, "a name of a column is empty or not UTF-8");
        }
        if (authp_text_listed(name, csv->names)) {
            return authp_feed_refuse_at(csv->feed, 1, "two columns have the same name");
        }
        APR_ARRAY_PUSH(csv->names, const char *) = name;
    }
    return AUTHP_OK;
}

authp_err_t authp_csv_feed_make(authp_feed_t *feed, authp_csv_feed_t **out, apr_pool_t *pool)
{
    authp_csv_feed_t *csv = apr_pcalloc(pool, sizeof(*csv));
    csv->feed = feed;
    csv->record.pool = pool;
    csv->names = apr_array_make(pool, 16, sizeof(const char *));
    authp_err_t err = read_names(csv, pool);
    if (err == AUTHP_OK) {
        *out = csv;
    }
    return err;
}

const apr_array_header_t *authp_csv_feed_names(const authp_csv_feed_t *csv)
{
    return csv->names;
}

static json_t *row_of(const authp_csv_feed_t *csv, bool *odd, apr_pool_t *pool)
{
    json_t *row = authp_json_object(pool);
    const char *field = csv->record.text;
    *odd = false;
    for (int i = 0; i < csv->names->nelts; i++) {
        size_t len = strlen(field);
        if (!authp_text_utf8(field, len, NULL)) {
            *odd = true;
        } else if (len > 0) {
            authp_json_set_str(row, APR_ARRAY_IDX(csv->names, i, const char *), field);
        }
        field += len + 1;
    }
    return row;
}

authp_err_t authp_csv_feed_next(authp_csv_feed_t *csv, json_t **out, bool *odd, long *line,
                                apr_pool_t *pool)
{
    for (;;) {
        int count = 0;
        *line = authp_feed_line(csv->feed);
        authp_err_t err = read_row(csv, &count);
        if (err != AUTHP_OK) {
            return err;
        }
        if (count == 0) {
            return AUTHP_E_NOT_FOUND;
        }
        bool blank = count == 1 && csv->record.text[0] == '\0';
        if (!blank) {
            *out = count == csv->names->nelts ? row_of(csv, odd, pool) : NULL;
            return AUTHP_OK;
        }
    }
}
