/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_export.h"

#include "cli/outfile.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "service/audit/audit.h"
#include "service/transfer/transfer_export.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Time for one operation of the store. Counting and reading many rows takes longer than the 2 s
 * of a server. */
#define PATIENCE_MS 60000

static int64_t sum(const int64_t *counts)
{
    int64_t all = 0;
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        all += counts[i];
    }
    return all;
}

static void show_progress(const authp_transfer_export_t *so_far, void *ctx)
{
    int64_t rows = sum(so_far->written);
    authp_progress_show(ctx, rows, sum(so_far->header.counts), rows);
}

static const char *counts_text(const authp_transfer_export_t *done, apr_pool_t *pool)
{
    const char *text = "";
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        text = apr_psprintf(pool, "%s%s%s %" APR_INT64_T_FMT, text, i > 0 ? ", " : "",
                            authp_transfer_file_plural((authp_transfer_kind_t)i),
                            (apr_int64_t)done->written[i]);
    }
    return text;
}

/* Prints the counts: to standard output, or to standard error if the export itself goes to
 * standard output. */
static void report(const authp_context_t *context, const authp_transfer_export_t *done,
                   const char *out)
{
    int64_t left_out = sum(done->left_out);
    if (left_out > 0) {
        authp_output_error(context->pool,
                           "%" APR_INT64_T_FMT " row%s could not be read and %s left out, see the "
                           "lines above",
                           (apr_int64_t)left_out, left_out == 1 ? "" : "s",
                           left_out == 1 ? "was" : "were");
    }
    if (out == NULL) {
        authp_output_error(context->pool, "exported %s", counts_text(done, context->pool));
    } else if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "out", out);
        for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
            authp_json_set_int(answer, authp_transfer_file_plural((authp_transfer_kind_t)i),
                               done->written[i]);
        }
        authp_json_set_int(answer, "left_out", left_out);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "exported %s to %s", counts_text(done, context->pool),
                          out);
    }
}

static int run(authp_context_t *context, const char *out, authp_outfile_t *file)
{
    const char *error = NULL;
    authp_progress_t progress = authp_progress_start();
    authp_transfer_export_t done = {.progress = show_progress, .ctx = &progress};
    authp_err_t err = authp_transfer_export(
        context->realm, file != NULL ? authp_outfile_stream(file) : stdout, &done, context->pool);
    int code = errno;
    authp_progress_clear(&progress);
    if (err != AUTHP_OK && file != NULL) {
        authp_outfile_abandon(file);
    } else if (file != NULL && authp_outfile_commit(file, &error) != AUTHP_OK) {
        authp_output_error(context->pool, "%s", error);
        return AUTHP_EXIT_FAILED;
    }
    if (err == AUTHP_E_ABORTED) {
        authp_output_error(context->pool, "the export could not be written: %s", strerror(code));
        return AUTHP_EXIT_FAILED;
    }
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    const authp_event_t event = {.event = "export",
                                 .outcome = "ok",
                                 .reason = counts_text(&done, context->pool),
                                 .actor_id = AUTHP_ACTOR_CLI};
    authp_audit_write(context->realm, &event, &authp_context_client, context->pool);
    report(context, &done, out);
    return AUTHP_EXIT_OK;
}

int authp_cmd_export(authp_context_t *context)
{
    const char *out = authp_context_value(context, "out");
    const char *error = NULL;
    authp_outfile_t *file = NULL;
    if (out == NULL && (context->options->json || isatty(STDOUT_FILENO) == 1)) {
        authp_output_error(context->pool,
                           "the export would go to %s: name a file with --out FILE%s",
                           context->options->json ? "the same place as the answer" : "the terminal",
                           context->options->json ? "" : ", or redirect the output");
        return AUTHP_EXIT_USAGE;
    }
    if (out != NULL && authp_outfile_open(out, &file, &error, context->pool) != AUTHP_OK) {
        authp_output_error(context->pool, "%s", error);
        return AUTHP_EXIT_FAILED;
    }
    context->patience_ms = PATIENCE_MS;
    if (authp_context_open(context) != AUTHP_OK) {
        if (file != NULL) {
            authp_outfile_abandon(file);
        }
        return AUTHP_EXIT_FAILED;
    }
    return run(context, out, file);
}
