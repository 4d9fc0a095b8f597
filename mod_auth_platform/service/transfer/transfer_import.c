/* SPDX-License-Identifier: Apache-2.0 */
#include "service/transfer/transfer_import.h"

#include "service/transfer/transfer_put.h"

#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

/* Longer lines are no rows of ours. */
#define LINE_USUAL ((size_t)4096)
#define LINE_MOST ((size_t)4 * 1024 * 1024)

/* How often a batch is tried again if the store does not answer, and the pause before. */
#define TRIES 4
#define PAUSE_S 2

struct authp_transfer_import_t {
    const authp_realm_t *realm;
    authp_transfer_source_t source;
    authp_transfer_header_t header;
    bool same_key;
    int64_t read[AUTHP_TRANSFER_KINDS];
    int64_t line;
    int64_t bytes;
    char *text; /* the latest line */
    size_t room;
    authp_transfer_line_t ahead; /* a row of another kind than the batch before */
    bool has_ahead;
    const char *refusal;     /* found behind the rows of the latest batch */
    apr_hash_t *no_accounts; /* ids of accounts whose sessions are left out */
    apr_pool_t *pool;
    apr_pool_t *batch;     /* of the present step */
    apr_pool_t *ahead_own; /* of `ahead` */
};

static const char *at_line(const authp_transfer_import_t *import, const char *why)
{
    return apr_psprintf(import->pool, "line %" APR_INT64_T_FMT ": %s", (apr_int64_t)import->line,
                        why);
}

/* Makes room for one more byte. False: the line is too long. The pool keeps what was too small,
 * together less than LINE_MOST. */
static bool make_room(authp_transfer_import_t *import, size_t len)
{
    if (len < import->room) {
        return true;
    }
    size_t room = import->room > 0 ? import->room * 2 : LINE_USUAL;
    if (room > LINE_MOST) {
        return false;
    }
    char *text = apr_palloc(import->pool, room);
    for (size_t i = 0; i < len; i++) {
        text[i] = import->text[i];
    }
    import->text = text;
    import->room = room;
    return true;
}

/* Reads a line. AUTHP_E_NOT_FOUND at the end of the file. */
static authp_err_t read_text(authp_transfer_import_t *import, size_t *len, const char **refusal)
{
    size_t count = 0;
    int byte = getc_unlocked(import->source.in);
    import->line++;
    for (; byte != EOF && byte != '\n'; byte = getc_unlocked(import->source.in)) {
        if (!make_room(import, count)) {
            *refusal = at_line(import, "it is too long for a row");
            return AUTHP_E_MALFORMED;
        }
        import->text[count++] = (char)byte;
    }
    if (ferror(import->source.in)) {
        return AUTHP_E_ABORTED;
    }
    if (byte == EOF && count == 0) {
        return AUTHP_E_NOT_FOUND;
    }
    import->bytes += (int64_t)count + 1;
    *len = count;
    return AUTHP_OK;
}

static bool same_name(const char *a, const char *b)
{
    return b != NULL && strcmp(a, b) == 0;
}

authp_err_t authp_transfer_import_open(const authp_realm_t *realm,
                                       const authp_transfer_source_t *source,
                                       authp_transfer_import_t **out, const char **refusal,
                                       apr_pool_t *pool)
{
    size_t len = 0;
    authp_transfer_import_t *import = apr_pcalloc(pool, sizeof(*import));
    import->realm = realm;
    import->source = *source;
    import->pool = pool;
    import->no_accounts = apr_hash_make(pool);
    import->ahead.drop_factors = source->drop_factors;
    apr_pool_create(&import->batch, pool);
    apr_pool_create(&import->ahead_own, pool);
    authp_err_t err = read_text(import, &len, refusal);
    if (err == AUTHP_E_NOT_FOUND) {
        *refusal = "the file is empty";
        return AUTHP_E_MALFORMED;
    }
    if (err == AUTHP_OK) {
        err = authp_transfer_file_read_header(import->text, len, &import->header, refusal, pool);
    }
    if (err == AUTHP_OK) {
        import->same_key = same_name(import->header.key, authp_keys_name(realm->keys, false)) ||
                           same_name(import->header.key, authp_keys_name(realm->keys, true));
        *out = import;
    }
    return err;
}

/* Reads a row into `line`. */
static authp_err_t read_row(authp_transfer_import_t *import, authp_transfer_line_t *line,
                            const char **refusal, apr_pool_t *pool)
{
    size_t len = 0;
    const char *why = NULL;
    authp_err_t err = read_text(import, &len, refusal);
    if (err != AUTHP_OK) {
        return err;
    }
    line->drop_factors = import->source.drop_factors;
    err = authp_transfer_file_read_line(import->text, len, line, &why, pool);
    if (err != AUTHP_OK) {
        *refusal = at_line(import, why);
        return err;
    }
    import->read[line->kind]++;
    return AUTHP_OK;
}

/* True if the row is left out. The step counts such rows. */
static bool leaves_out(const authp_transfer_import_t *import, const authp_transfer_line_t *line,
                       authp_transfer_step_t *step)
{
    step->factors_dropped += line->had_factors;
    if (line->kind != AUTHP_TRANSFER_SESSION) {
        return false;
    }
    const char *owner = ((const authp_session_t *)line->row)->user_id.hex;
    if (!import->same_key) {
        step->other_key++;
        return true;
    }
    bool none = apr_hash_get(import->no_accounts, owner, AUTHP_ID_LEN) != NULL;
    step->without_account += none;
    return none;
}

/* Collects rows of one kind. The row that begins another kind waits for the next step. */
static authp_err_t collect(authp_transfer_import_t *import, apr_array_header_t *rows,
                           authp_transfer_step_t *step, const char **refusal)
{
    authp_transfer_line_t line = import->ahead;
    authp_err_t err =
        import->has_ahead ? AUTHP_OK : read_row(import, &line, refusal, import->batch);
    import->has_ahead = false;
    step->kind = line.kind;
    for (int taken = 0; err == AUTHP_OK;) {
        if (!leaves_out(import, &line, step)) {
            APR_ARRAY_PUSH(rows, void *) = line.row;
        }
        if (++taken == AUTHP_PUT_MOST) {
            return AUTHP_OK;
        }
        err = read_row(import, &line, refusal, import->batch);
        if (err == AUTHP_OK && line.kind != step->kind) {
            import->ahead = line;
            import->has_ahead = true;
            return AUTHP_OK;
        }
    }
    return err;
}

/* Puts the batch. If the store does not answer, the batch is tried again up to TRIES times. A
 * batch may be put twice without harm. */
static authp_err_t put(const authp_transfer_import_t *import, const authp_put_batch_t *batch,
                       authp_put_result_t *results)
{
    authp_err_t err = AUTHP_E_UNAVAILABLE;
    for (int i = 0; i < TRIES && err == AUTHP_E_UNAVAILABLE; i++) {
        if (i > 0) {
            apr_sleep(apr_time_from_sec(PAUSE_S));
        }
        err = authp_transfer_put(import->realm, batch, results, import->batch);
    }
    return err;
}

/* Notes the accounts whose sessions must be left out. */
static void note_accounts(authp_transfer_import_t *import, const authp_transfer_step_t *step)
{
    for (int i = 0; step->kind == AUTHP_TRANSFER_USER && i < step->count; i++) {
        if (step->results[i].why != NULL) {
            const char *id = ((const authp_id_t *)step->rows[i])->hex;
            apr_hash_set(import->no_accounts, apr_pstrdup(import->pool, id), AUTHP_ID_LEN, "");
        }
    }
}

authp_err_t authp_transfer_import_next(authp_transfer_import_t *import, authp_transfer_step_t *step,
                                       const char **refusal)
{
    *step = (authp_transfer_step_t){.bytes = import->bytes};
    if (import->refusal != NULL) {
        *refusal = import->refusal;
        return AUTHP_E_MALFORMED;
    }
    apr_pool_t *freed = import->ahead_own;
    import->ahead_own = import->batch; /* has the row that was read ahead */
    import->batch = freed;
    apr_pool_clear(import->batch);
    apr_array_header_t *rows = apr_array_make(import->batch, AUTHP_PUT_MOST, sizeof(void *));
    const char *why = NULL;
    authp_err_t read_err = collect(import, rows, step, &why);
    if (read_err == AUTHP_E_ABORTED || (read_err == AUTHP_E_NOT_FOUND && rows->nelts == 0 &&
                                        step->without_account + step->other_key == 0)) {
        return read_err;
    }
    if (read_err == AUTHP_E_MALFORMED) {
        import->refusal = why; /* of the next step: the rows before it are put now */
    }
    authp_put_result_t *results =
        apr_pcalloc(import->batch, AUTHP_PUT_MOST * sizeof(authp_put_result_t));
    const authp_put_batch_t batch = {.columns = authp_transfer_file_columns(step->kind),
                                     .rows = (void *const *)rows->elts,
                                     .count = rows->nelts,
                                     .dry_run = import->source.dry_run};
    authp_err_t err = put(import, &batch, results);
    if (err == AUTHP_OK) {
        step->rows = batch.rows;
        step->results = results;
        step->count = batch.count;
        step->bytes = import->bytes;
        note_accounts(import, step);
    }
    return err;
}

const authp_transfer_header_t *authp_transfer_import_header(const authp_transfer_import_t *import)
{
    return &import->header;
}

bool authp_transfer_import_same_key(const authp_transfer_import_t *import)
{
    return import->same_key;
}

int64_t authp_transfer_import_read(const authp_transfer_import_t *import,
                                   authp_transfer_kind_t kind)
{
    return import->read[kind];
}
