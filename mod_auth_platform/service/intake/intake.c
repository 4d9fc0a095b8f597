/* SPDX-License-Identifier: Apache-2.0 */
#include "service/intake/intake.h"

#include "base/text.h"
#include "service/intake/csv_feed.h"
#include "service/intake/json_feed.h"
#include "service/intake/row.h"
#include "service/intake/seen.h"

#include <apr_strings.h>
#include <string.h>

struct authp_intake_t {
    const authp_intake_options_t *options;
    const authp_intake_format_t *format;
    authp_feed_t *feed;
    authp_json_feed_t *json; /* NULL: the file is CSV */
    authp_csv_feed_t *csv;
    authp_seen_set_t *seen; /* what authp_row_login() tells of each account */
    long entries;
    apr_array_header_t *remarks;
};

static const authp_intake_format_t *const formats[] = {
    &authp_from_csv,      &authp_from_firebase, &authp_from_auth0,
    &authp_from_supabase, &authp_from_keycloak,
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

static const authp_intake_format_t *format_of(const char *name)
{
    for (size_t i = 0; i < FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            return formats[i];
        }
    }
    return NULL;
}

bool authp_intake_is_format(const char *name)
{
    return format_of(name) != NULL;
}

const char *authp_intake_formats(apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, (int)FORMATS, sizeof(const char *));
    for (size_t i = 0; i < FORMATS; i++) {
        APR_ARRAY_PUSH(names, const char *) = formats[i]->name;
        if (i + 1 < FORMATS) {
            APR_ARRAY_PUSH(names, const char *) = ", ";
        }
    }
    return apr_array_pstrcat(pool, names, '\0');
}

static bool has_parameters(const authp_intake_options_t *o)
{
    return o->hash_algo != NULL || o->hash_key != NULL || o->salt_separator != NULL ||
           o->rounds != NULL || o->mem_cost != NULL || o->parallelization != NULL ||
           o->block_size != NULL || o->dk_len != NULL || o->hash_input_order != NULL;
}

const char *authp_intake_check(const authp_intake_options_t *options, apr_pool_t *pool)
{
    const authp_intake_format_t *format =
        options->format != NULL ? format_of(options->format) : NULL;
    if (format == NULL && options->format != NULL) {
        return apr_psprintf(pool,
                            "the format \"%.64s\" is unknown: --format is one of %s, authplatform",
                            options->format, authp_intake_formats(pool));
    }
    if (format != NULL && format->check != NULL) {
        return format->check(options, pool);
    }
    return has_parameters(options)
               ? "the parameters of hashes (--hash-algo ...) are for --format firebase"
               : NULL;
}

/* --- the columns of a CSV file ---------------------------------------------------------------- */

static apr_array_header_t *listed(const authp_intake_format_t *format, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 12, sizeof(const char *));
    for (const char *const *at = format->needed; *at != NULL; at++) {
        APR_ARRAY_PUSH(names, const char *) = *at;
    }
    for (const char *const *at = format->columns; at != NULL && *at != NULL; at++) {
        APR_ARRAY_PUSH(names, const char *) = *at;
    }
    return names;
}

/* A misspelt column must not be left out in silence. */
static authp_err_t check_column(authp_intake_t *intake, const char *name,
                                const apr_array_header_t *known, apr_pool_t *pool)
{
    const char *nearest = authp_text_nearest(name, known);
    if (authp_text_listed(name, known)) {
        return AUTHP_OK;
    }
    if (nearest != NULL) {
        return authp_feed_refuse_at(
            intake->feed, 1,
            apr_psprintf(pool, "the column \"%s\": did you mean %s?", name, nearest));
    }
    APR_ARRAY_PUSH(intake->remarks, const char *) =
        apr_psprintf(pool, "the column \"%s\" is not taken over", name);
    return AUTHP_OK;
}

static authp_err_t check_columns(authp_intake_t *intake, apr_pool_t *pool)
{
    const authp_intake_format_t *format = intake->format;
    const apr_array_header_t *names = authp_csv_feed_names(intake->csv);
    const apr_array_header_t *known = listed(format, pool);
    for (int i = 0; format->columns != NULL && i < names->nelts; i++) {
        authp_err_t err = check_column(intake, APR_ARRAY_IDX(names, i, const char *), known, pool);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    for (const char *const *at = format->needed; *at != NULL; at++) {
        if (!authp_text_listed(*at, names)) {
            return authp_feed_refuse_at(
                intake->feed, 1, apr_psprintf(pool, "the line of names has no column \"%s\"", *at));
        }
    }
    return AUTHP_OK;
}

static authp_err_t open_csv(authp_intake_t *intake, apr_pool_t *pool)
{
    authp_err_t err = authp_csv_feed_make(intake->feed, &intake->csv, pool);
    return err == AUTHP_OK ? check_columns(intake, pool) : err;
}

authp_err_t authp_intake_open(const authp_intake_options_t *options, authp_feed_read_fn *read,
                              void *ctx, authp_intake_t **out, const char **why, apr_pool_t *pool)
{
    const char *wrong = authp_intake_check(options, pool);
    const authp_intake_format_t *format = format_of(options->format);
    if (format == NULL || wrong != NULL) {
        *why = wrong;
        return AUTHP_E_VALIDATION_FAILED;
    }
    authp_intake_t *intake = apr_pcalloc(pool, sizeof(*intake));
    intake->options = options;
    intake->format = format;
    intake->feed = authp_feed_make(read, ctx, pool);
    intake->seen = authp_seen_make(pool);
    intake->remarks = apr_array_make(pool, 4, sizeof(const char *));
    authp_err_t err = AUTHP_OK;
    int first = format->json ? authp_feed_peek_past_space(intake->feed) : '\0';
    if (format->csv && first != '[' && first != '{') {
        err = open_csv(intake, pool);
    } else {
        intake->json = authp_json_feed_make(intake->feed, format->list, pool);
    }
    if (err != AUTHP_OK) {
        *why = authp_feed_refusal(intake->feed);
        return err;
    }
    *out = intake;
    return AUTHP_OK;
}

/* --- one entry -------------------------------------------------------------------------------- */

static authp_err_t next_record(authp_intake_t *intake, json_t **record, long *line,
                               authp_draft_t *draft, apr_pool_t *pool)
{
    bool odd = false;
    authp_err_t err = intake->json != NULL
                          ? authp_json_feed_next(intake->json, record, line, pool)
                          : authp_csv_feed_next(intake->csv, record, &odd, line, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (*record == NULL) {
        draft->left_out = intake->json != NULL ? "the entry is larger than 1 MiB"
                                               : "the row has more or fewer fields than line 1";
    }
    if (odd) {
        authp_draft_note(draft, "a field is not UTF-8: left out");
    }
    return AUTHP_OK;
}

/* The entry's place and its address, for people. */
static const char *label(const authp_intake_t *intake, long line, const authp_draft_t *draft,
                         apr_pool_t *pool)
{
    const char *name = draft->email != NULL ? draft->email : draft->username;
    name = name != NULL ? name : draft->phone;
    name = name != NULL ? name : draft->source_id;
    const char *place = intake->json != NULL
                            ? apr_psprintf(pool, "entry %ld (line %ld)", intake->entries, line)
                            : apr_psprintf(pool, "line %ld", line);
    return name != NULL ? apr_psprintf(pool, "%s: %.254s", place, name) : place;
}

static void label_notes(const authp_intake_t *intake, long line, const authp_draft_t *draft,
                        apr_pool_t *pool)
{
    const char *begin = label(intake, line, draft, pool);
    for (int i = 0; i < draft->notes->nelts; i++) {
        const char **note = &APR_ARRAY_IDX(draft->notes, i, const char *);
        *note = apr_pstrcat(pool, begin, ": ", *note, NULL);
    }
}

static const char *twice(authp_intake_t *intake, const authp_user_t *user)
{
    return authp_seen_add(intake->seen, authp_row_login(user))
               ? NULL
               : "the file has this address, username or number before";
}

authp_err_t authp_intake_next(authp_intake_t *intake, authp_intake_item_t *item, apr_pool_t *pool)
{
    long line = 0;
    json_t *record = NULL;
    authp_user_t *user = NULL;
    authp_draft_t draft = {.roles = apr_array_make(pool, 2, sizeof(const char *)),
                           .notes = apr_array_make(pool, 2, sizeof(const char *))};
    authp_err_t err = next_record(intake, &record, &line, &draft, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    intake->entries++;
    if (record != NULL) {
        intake->format->read(intake->options, record, &draft, pool);
    }
    const char *why = authp_row_make(intake->options, &draft, &user, pool);
    why = why == NULL ? twice(intake, user) : why;
    if (why != NULL) {
        user = NULL;
        apr_array_clear(draft.notes);
        authp_draft_note(&draft, apr_pstrcat(pool, why, ": skipped", NULL));
    }
    label_notes(intake, line, &draft, pool);
    *item = (authp_intake_item_t){.user = user, .notes = draft.notes};
    return AUTHP_OK;
}

const char *authp_intake_refusal(const authp_intake_t *intake)
{
    return authp_feed_refusal(intake->feed);
}

const apr_array_header_t *authp_intake_remarks(const authp_intake_t *intake)
{
    return intake->remarks;
}

int64_t authp_intake_taken(const authp_intake_t *intake)
{
    return authp_feed_taken(intake->feed);
}
