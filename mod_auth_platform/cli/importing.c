/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/importing.h"

#include "cli/output.h"
#include "cli/progress.h"
#include "service/audit/audit.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>

/* The lists in the answer of --json. */
#define LIST_MOST 1000

#define LEFT_OUT AUTHP_PUT_OUTCOMES
#define COUNTS (AUTHP_PUT_OUTCOMES + 1)

static const char *const outcomes[COUNTS] = {
    [AUTHP_PUT_ADDED] = "added",         [AUTHP_PUT_REPLACED] = "replaced",
    [AUTHP_PUT_UNCHANGED] = "unchanged", [AUTHP_PUT_KEPT] = "kept",
    [AUTHP_PUT_CONFLICT] = "conflicts",  [LEFT_OUT] = "left_out"};

struct authp_importing_t {
    authp_context_t *context;
    bool dry_run;
    int64_t bytes;
    int64_t rows;
    int64_t counts[AUTHP_TRANSFER_KINDS][COUNTS];
    bool seen[AUTHP_TRANSFER_KINDS];
    authp_progress_t progress;
    json_t *conflicts;
    json_t *notes;
    apr_pool_t *line; /* cleared for each line */
};

authp_importing_t *authp_importing_start(authp_context_t *context, bool dry_run, int64_t bytes)
{
    authp_importing_t *importing = apr_pcalloc(context->pool, sizeof(*importing));
    importing->context = context;
    importing->dry_run = dry_run;
    importing->bytes = bytes;
    importing->seen[AUTHP_TRANSFER_USER] = true;
    importing->progress = authp_progress_start();
    importing->conflicts = authp_json_array(context->pool);
    importing->notes = authp_json_array(context->pool);
    apr_pool_create(&importing->line, context->pool);
    return importing;
}

static void list(authp_importing_t *importing, authp_transfer_kind_t kind, const void *row,
                 const authp_put_result_t *result)
{
    const char *id = ((const authp_id_t *)row)->hex;
    const char *email = kind == AUTHP_TRANSFER_USER     ? ((const authp_user_t *)row)->email
                        : kind == AUTHP_TRANSFER_INVITE ? ((const authp_invite_t *)row)->email
                                                        : NULL;
    const char *name = authp_transfer_file_name(kind);
    authp_progress_clear(&importing->progress);
    authp_output_error(importing->line, "%s: %s %s%s%s%s: %s",
                       result->outcome == AUTHP_PUT_CONFLICT ? "conflict" : "kept", name, id,
                       email != NULL ? " (" : "", email != NULL ? email : "",
                       email != NULL ? ")" : "", result->why);
    if (json_array_size(importing->conflicts) < LIST_MOST) {
        json_t *one = authp_json_append_object(importing->conflicts);
        authp_json_set_str(one, "kind", name);
        authp_json_set_str(one, "id", id);
        authp_json_set_str(one, "email", email);
        authp_json_set_str(one, "why", result->why);
    }
    apr_pool_clear(importing->line);
}

void authp_importing_rows(authp_importing_t *importing, const authp_importing_step_t *step)
{
    int64_t *counts = importing->counts[step->kind];
    importing->seen[step->kind] = true;
    for (int i = 0; i < step->count; i++) {
        counts[step->results[i].outcome]++;
        if (step->results[i].why != NULL) {
            list(importing, step->kind, step->rows[i], &step->results[i]);
        }
    }
    counts[LEFT_OUT] += step->left_out;
    importing->rows += step->count + step->left_out;
    authp_progress_show(&importing->progress, step->at, importing->bytes, importing->rows);
}

void authp_importing_users(authp_importing_t *importing, authp_user_t *const *users,
                           const authp_put_result_t *results, int count, int64_t at)
{
    const authp_importing_step_t step = {.kind = AUTHP_TRANSFER_USER,
                                         .rows = (void *const *)users,
                                         .results = results,
                                         .count = count,
                                         .at = at};
    authp_importing_rows(importing, &step);
}

void authp_importing_note(authp_importing_t *importing, bool skipped, const char *text)
{
    authp_progress_clear(&importing->progress);
    authp_output_error(importing->line, "%s", text);
    if (json_array_size(importing->notes) < LIST_MOST) {
        authp_json_append_str(importing->notes, text);
    }
    importing->counts[AUTHP_TRANSFER_USER][LEFT_OUT] += skipped;
    apr_pool_clear(importing->line);
}

/* "added 5, kept 1", or "none". */
static const char *counts_text(const int64_t *counts, apr_pool_t *pool)
{
    const char *text = "";
    for (int i = 0; i < COUNTS; i++) {
        if (counts[i] > 0) {
            text = apr_psprintf(pool, "%s%s%s %" APR_INT64_T_FMT, text, *text != '\0' ? ", " : "",
                                i == LEFT_OUT ? "left out" : outcomes[i], (apr_int64_t)counts[i]);
        }
    }
    return *text != '\0' ? text : "none";
}

static void write_audit(const authp_importing_t *importing, const char *format)
{
    const authp_context_t *context = importing->context;
    const char *reason = format;
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        if (importing->seen[i]) {
            reason = apr_pstrcat(context->pool, reason, "; ",
                                 authp_transfer_file_plural((authp_transfer_kind_t)i), " ",
                                 counts_text(importing->counts[i], context->pool), NULL);
        }
    }
    const authp_event_t event = {
        .event = "import", .outcome = "ok", .reason = reason, .actor_id = AUTHP_ACTOR_CLI};
    authp_audit_write(context->realm, &event, &authp_context_client, context->pool);
}

static void show_json(const authp_importing_t *importing, const char *format)
{
    json_t *answer = authp_json_object(importing->context->pool);
    authp_json_set_str(answer, "format", format);
    authp_json_set_bool(answer, "dry_run", importing->dry_run);
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        json_t *counts =
            authp_json_set_object(answer, authp_transfer_file_plural((authp_transfer_kind_t)i));
        for (int j = 0; j < COUNTS; j++) {
            authp_json_set_int(counts, outcomes[j], importing->counts[i][j]);
        }
    }
    authp_json_set(answer, "conflicts", importing->conflicts);
    authp_json_set(answer, "notes", importing->notes);
    authp_output_json(answer, importing->context->pool);
}

static void show_text(const authp_importing_t *importing)
{
    apr_pool_t *pool = importing->context->pool;
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        if (importing->seen[i]) {
            authp_output_line(pool, "%s: %s", authp_transfer_file_plural((authp_transfer_kind_t)i),
                              counts_text(importing->counts[i], pool));
        }
    }
    if (importing->dry_run) {
        authp_output_line(pool, "nothing was written (--dry-run)");
    }
}

int authp_importing_end(authp_importing_t *importing, const char *format, authp_err_t err,
                        const char *refusal)
{
    authp_context_t *context = importing->context;
    int code = errno;
    authp_progress_clear(&importing->progress);
    if (!importing->dry_run && (err == AUTHP_OK || importing->rows > 0)) {
        write_audit(importing, format);
    }
    if (err == AUTHP_E_MALFORMED) {
        authp_output_error(context->pool, "the file is refused: %s", refusal);
        if (importing->rows > 0 && !importing->dry_run) {
            authp_output_error(context->pool,
                               "what stands before has been imported; the import can be repeated");
        }
        return AUTHP_EXIT_FAILED;
    }
    if (err == AUTHP_E_ABORTED) {
        authp_output_error(context->pool, "the file cannot be read: %s", strerror(code));
        return AUTHP_EXIT_FAILED;
    }
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (context->options->json) {
        show_json(importing, format);
    } else {
        show_text(importing);
    }
    return AUTHP_EXIT_OK;
}
