/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_intake.h"

#include "cli/importing.h"
#include "cli/output.h"
#include "service/intake/intake.h"
#include "service/transfer/transfer_put.h"

#include <errno.h>
#include <string.h>

/* Accounts that are put into the store by one call. The accounts and `results` are in `pool`,
 * which is cleared after each batch. So the memory of the process does not grow with the file. */
typedef struct batch_t {
    authp_context_t *context;
    authp_importing_t *importing;
    authp_intake_t *intake;
    FILE *in;
    int failure; /* errno of reading; 0 = none */
    bool dry_run;
    authp_user_t *users[AUTHP_PUT_MOST];
    authp_put_result_t results[AUTHP_PUT_MOST];
    int count;
    apr_pool_t *pool;
} batch_t;

static int read_file(void *ctx, char *buffer, int len)
{
    batch_t *batch = ctx;
    errno = 0;
    size_t got = fread(buffer, 1, (size_t)len, batch->in);
    if (got == 0 && ferror(batch->in) != 0) {
        batch->failure = errno != 0 ? errno : EIO;
        return -1;
    }
    return (int)got;
}

static authp_intake_options_t options_of(const authp_context_t *context)
{
    return (authp_intake_options_t){
        .format = authp_context_value(context, "format"),
        .hash_algo = authp_context_value(context, "hash-algo"),
        .hash_key = authp_context_value(context, "hash-key"),
        .salt_separator = authp_context_value(context, "salt-separator"),
        .rounds = authp_context_value(context, "rounds"),
        .mem_cost = authp_context_value(context, "mem-cost"),
        .parallelization = authp_context_value(context, "parallelization"),
        .block_size = authp_context_value(context, "block-size"),
        .dk_len = authp_context_value(context, "dk-len"),
        .hash_input_order = authp_context_value(context, "hash-input-order"),
    };
}

bool authp_cmd_intake_wanted(const authp_context_t *context)
{
    const char *format = authp_context_value(context, "format");
    return format != NULL && strcmp(format, AUTHP_CMD_INTAKE_OWN_FORMAT) != 0;
}

const char *authp_cmd_intake_check(const authp_context_t *context)
{
    authp_intake_options_t options = options_of(context);
    if (!authp_cmd_intake_wanted(context)) {
        options.format = NULL;
    } else if (authp_context_value(context, "drop-factors") != NULL) {
        return "--drop-factors is for files of authplatform export: second factors of other systems "
               "are never taken over";
    }
    return authp_intake_check(&options, context->pool);
}

static authp_err_t put(batch_t *batch)
{
    if (batch->count == 0) {
        apr_pool_clear(batch->pool);
        return AUTHP_OK;
    }
    authp_err_t err = authp_transfer_put_users(batch->context->realm, batch->dry_run, batch->users,
                                               batch->count, batch->results, batch->pool);
    if (err == AUTHP_OK) {
        authp_importing_users(batch->importing, batch->users, batch->results, batch->count,
                              authp_intake_taken(batch->intake));
    }
    batch->count = 0;
    apr_pool_clear(batch->pool);
    return err;
}

/* Reads one entry of the file: adds its account to the batch, or notes why it is left out. */
static authp_err_t step(batch_t *batch)
{
    authp_intake_item_t item = {0};
    authp_err_t err = authp_intake_next(batch->intake, &item, batch->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    for (int i = 0; i < item.notes->nelts; i++) {
        authp_importing_note(batch->importing, item.user == NULL,
                             APR_ARRAY_IDX(item.notes, i, const char *));
    }
    if (item.user != NULL) {
        batch->users[batch->count++] = item.user;
    }
    return AUTHP_OK;
}

/* Reads the file and puts its accounts into the store in batches. A batch also ends after a
 * number of entries that are left out, because their notes use the memory of the batch. */
static authp_err_t run(batch_t *batch)
{
    authp_err_t err = AUTHP_OK;
    for (int entries = 1; err == AUTHP_OK; entries++) {
        err = step(batch);
        if (err == AUTHP_OK && entries % AUTHP_PUT_MOST == 0) {
            err = put(batch);
        }
    }
    return err == AUTHP_E_NOT_FOUND ? put(batch) : err;
}

static void note_remarks(const batch_t *batch)
{
    const apr_array_header_t *remarks = authp_intake_remarks(batch->intake);
    for (int i = 0; i < remarks->nelts; i++) {
        authp_importing_note(batch->importing, false, APR_ARRAY_IDX(remarks, i, const char *));
    }
}

int authp_cmd_intake(authp_context_t *context, FILE *in, int64_t bytes, bool dry_run)
{
    const char *why = NULL;
    authp_intake_options_t options = options_of(context);
    options.now = authp_realm_now(context->realm);
    options.settings = context->realm->settings;
    batch_t *batch = apr_pcalloc(context->pool, sizeof(*batch));
    batch->context = context;
    batch->dry_run = dry_run;
    batch->in = in;
    batch->importing = authp_importing_start(context, dry_run, bytes);
    apr_pool_create(&batch->pool, context->pool);
    authp_err_t err =
        authp_intake_open(&options, read_file, batch, &batch->intake, &why, context->pool);
    if (err == AUTHP_OK) {
        err = run(batch);
        why = authp_intake_refusal(batch->intake);
        note_remarks(batch);
    }
    if (batch->failure != 0) {
        err = AUTHP_E_ABORTED; /* reading the file failed, and not the store */
        errno = batch->failure;
    }
    return authp_importing_end(batch->importing, options.format, err, why);
}
