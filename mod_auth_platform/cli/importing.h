/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_IMPORTING_H
#define AUTHP_CLI_IMPORTING_H

#include "cli/context.h"
#include "service/transfer/transfer_batch.h"
#include "service/transfer/transfer_file.h"

/* What an import has done so far. It counts results, writes a line for each conflict to standard
 * error, keeps the first 1,000 conflicts for the answer of --json, and shows the progress on a
 * terminal. */
typedef struct authp_importing_t authp_importing_t;

/* An import needs more time for an operation than a server gives. */
#define AUTHP_IMPORTING_PATIENCE_MS 60000

/* `bytes`: the size of the input, 0 if it is unknown. */
authp_importing_t *authp_importing_start(authp_context_t *context, bool dry_run, int64_t bytes);

/* Rows of one kind that were put. */
typedef struct authp_importing_step_t {
    authp_transfer_kind_t kind;
    void *const *rows;
    const authp_put_result_t *results;
    int count;
    int left_out; /* rows that were not put */
    int64_t at;   /* bytes of the input that have been read */
} authp_importing_step_t;

void authp_importing_rows(authp_importing_t *importing, const authp_importing_step_t *step);
/* The same for accounts. */
void authp_importing_users(authp_importing_t *importing, authp_user_t *const *users,
                           const authp_put_result_t *results, int count, int64_t at);

/* Tells the user something about one entry of the input, or about all of it. The import goes on.
 * `skipped`: the entry is an account that was left out, and is counted. */
void authp_importing_note(authp_importing_t *importing, bool skipped, const char *text);

/* Writes an entry of the audit (not in a dry run), prints the summary and returns the exit status.
 * `err` is what ended the import; `refusal`: with AUTHP_E_MALFORMED, why the file is refused. */
int authp_importing_end(authp_importing_t *importing, const char *format, authp_err_t err,
                        const char *refusal);

#endif
