/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_import.h"

#include "cli/cmd_intake.h"
#include "cli/importing.h"
#include "cli/output.h"
#include "service/transfer/transfer_import.h"

#include <apr_strings.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Opens the file as the user who called the tool. *bytes: its size, 0 if it is unknown. NULL: an
 * error was printed. */
static FILE *open_input(const authp_context_t *context, int64_t *bytes, int *status)
{
    struct stat info;
    const char *path = authp_context_value(context, "in");
    bool standard = path == NULL || strcmp(path, "-") == 0;
    *status = AUTHP_EXIT_FAILED;
    if (standard && isatty(STDIN_FILENO) == 1) {
        authp_output_error(context->pool, "name a file with --in FILE, or redirect the input");
        *status = AUTHP_EXIT_USAGE;
        return NULL;
    }
    FILE *in = standard ? stdin : fopen(path, "re");
    int code = errno;
    if (in != NULL && fstat(fileno(in), &info) != 0) {
        code = errno;
        (void)fclose(in);
        in = NULL;
    }
    if (in == NULL) {
        authp_output_error(context->pool, "cannot open %s: %s", standard ? "the input" : path,
                           strerror(code));
        return NULL;
    }
    *bytes = S_ISREG(info.st_mode) ? (int64_t)info.st_size : 0;
    return in;
}

/* Notes what is wrong with the file as a whole. */
static void note_missing(authp_importing_t *importing, const authp_transfer_import_t *import,
                         apr_pool_t *pool)
{
    for (int i = 0; i < AUTHP_TRANSFER_KINDS; i++) {
        int64_t promised = authp_transfer_import_header(import)->counts[i];
        int64_t read = authp_transfer_import_read(import, (authp_transfer_kind_t)i);
        if (read < promised) {
            authp_importing_note(importing, false,
                                 apr_psprintf(pool,
                                              "warning: the file has %" APR_INT64_T_FMT
                                              " %s instead of %" APR_INT64_T_FMT
                                              ": rows were removed or left out during the export, "
                                              "or the file is cut off",
                                              (apr_int64_t)read,
                                              authp_transfer_file_plural((authp_transfer_kind_t)i),
                                              (apr_int64_t)promised));
        }
    }
}

static void note_sessions(authp_importing_t *importing, int64_t other_key, int64_t without_account,
                          int64_t factors, apr_pool_t *pool)
{
    if (other_key > 0) {
        authp_importing_note(
            importing, false,
            apr_psprintf(pool,
                         "%" APR_INT64_T_FMT " sessions are left out: the file is of a server with "
                         "another JWT_SECRET_KEY, so these people sign in again (to keep them "
                         "signed in, set its key as JWT_SECRET_KEY or JWT_SECRET_KEY_PREVIOUS)",
                         (apr_int64_t)other_key));
    }
    if (without_account > 0) {
        authp_importing_note(importing, false,
                             apr_psprintf(pool,
                                          "%" APR_INT64_T_FMT
                                          " sessions of accounts listed above are left out",
                                          (apr_int64_t)without_account));
    }
    if (factors > 0) {
        authp_importing_note(importing, false,
                             apr_psprintf(pool,
                                          "%" APR_INT64_T_FMT
                                          " accounts were read without their second factors",
                                          (apr_int64_t)factors));
    }
}

static int run_own(authp_context_t *context, const authp_transfer_source_t *source, int64_t bytes)
{
    const char *refusal = NULL;
    authp_transfer_import_t *import = NULL;
    authp_importing_t *importing = authp_importing_start(context, source->dry_run, bytes);
    int64_t other_key = 0;
    int64_t without_account = 0;
    int64_t factors = 0;
    authp_err_t err =
        authp_transfer_import_open(context->realm, source, &import, &refusal, context->pool);
    while (err == AUTHP_OK) {
        authp_transfer_step_t step;
        err = authp_transfer_import_next(import, &step, &refusal);
        if (err == AUTHP_OK) {
            const authp_importing_step_t put = {.kind = step.kind,
                                                .rows = step.rows,
                                                .results = step.results,
                                                .count = step.count,
                                                .left_out = step.other_key + step.without_account,
                                                .at = step.bytes};
            authp_importing_rows(importing, &put);
            other_key += step.other_key;
            without_account += step.without_account;
            factors += step.factors_dropped;
        }
    }
    if (err == AUTHP_E_NOT_FOUND) {
        err = AUTHP_OK;
        note_missing(importing, import, context->pool);
    }
    note_sessions(importing, other_key, without_account, factors, context->pool);
    return authp_importing_end(importing, AUTHP_CMD_INTAKE_OWN_FORMAT, err, refusal);
}

int authp_cmd_import(authp_context_t *context)
{
    int64_t bytes = 0;
    int status = AUTHP_EXIT_FAILED;
    const char *wrong = authp_cmd_intake_check(context);
    if (wrong != NULL) {
        authp_output_error(context->pool, "%s", wrong);
        return AUTHP_EXIT_USAGE;
    }
    FILE *in = open_input(context, &bytes, &status);
    if (in == NULL) {
        return status;
    }
    context->patience_ms = AUTHP_IMPORTING_PATIENCE_MS;
    if (authp_context_open(context) != AUTHP_OK) {
        (void)fclose(in);
        return AUTHP_EXIT_FAILED;
    }
    const authp_transfer_source_t source = {
        .in = in,
        .dry_run = authp_context_value(context, "dry-run") != NULL,
        .drop_factors = authp_context_value(context, "drop-factors") != NULL};
    status = authp_cmd_intake_wanted(context) ? authp_cmd_intake(context, in, bytes, source.dry_run)
                                              : run_own(context, &source, bytes);
    (void)fclose(in);
    return status;
}
