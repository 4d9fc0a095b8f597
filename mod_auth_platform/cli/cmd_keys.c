/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_keys.h"

#include "cli/data_keys.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/table.h"

#include <apr_strings.h>
#include <string.h>

/* Opens the store and reads the data keys. Returns the exit status. */
static int read_keys(authp_context_t *context, apr_array_header_t **items,
                     const authp_seal_t **seal)
{
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_data_keys_read(context, items, seal);
    return err == AUTHP_OK ? AUTHP_EXIT_OK : authp_context_failure(context, err, NULL);
}

/* --- status ----------------------------------------------------------------------------------- */
static const char *by_of(const authp_data_keys_item_t *item)
{
    static const char *const names[] = {[AUTHP_WRAPPING_BY_PRESENT] = "present",
                                        [AUTHP_WRAPPING_BY_PREVIOUS] = "previous",
                                        [AUTHP_WRAPPING_BY_OTHER] = "unknown"};
    return names[item->by];
}

static authp_ms_t wrapped_at(const authp_data_key_t *row)
{
    return row->rewrapped_at != 0 ? row->rewrapped_at : row->created_at;
}

static void status_json(const authp_context_t *context, const apr_array_header_t *items)
{
    json_t *answer = authp_json_object(context->pool);
    json_t *list = authp_json_set_array(answer, "items");
    for (int i = 0; i < items->nelts; i++) {
        const authp_data_keys_item_t *item = &APR_ARRAY_IDX(items, i, authp_data_keys_item_t);
        json_t *out = authp_json_append_object(list);
        authp_json_set_str(out, "id", item->row->id.hex);
        authp_json_set_str(out, "created_at",
                           authp_clock_rfc3339(item->row->created_at, context->pool));
        authp_json_set_str(out, "wrapped_at",
                           authp_clock_rfc3339(wrapped_at(item->row), context->pool));
        authp_json_set_str(out, "wrapped_by", by_of(item));
        authp_json_set_bool(out, "opens", item->opens);
    }
    authp_json_set_int(answer, "lost", authp_data_keys_lost(items));
    authp_output_json(answer, context->pool);
}

static void status_table(const authp_context_t *context, const apr_array_header_t *items)
{
    static const char *const head[] = {"ID", "MADE", "WRAPPED", "BY", "OPENS", NULL};
    authp_table_t *table = authp_table_make(head, context->pool);
    int previous = 0;
    int lost = authp_data_keys_lost(items);
    for (int i = 0; i < items->nelts; i++) {
        const authp_data_keys_item_t *item = &APR_ARRAY_IDX(items, i, authp_data_keys_item_t);
        const char *cells[] = {item->row->id.hex,
                               authp_clock_rfc3339(item->row->created_at, context->pool),
                               authp_clock_rfc3339(wrapped_at(item->row), context->pool),
                               by_of(item), item->opens ? "yes" : "no"};
        authp_table_add(table, cells);
        previous += item->opens && item->by != AUTHP_WRAPPING_BY_PRESENT;
    }
    authp_table_print(table);
    if (previous > 0) {
        authp_output_error(
            context->pool,
            "note: do not remove JWT_SECRET_KEY_PREVIOUS yet. A running server wraps "
            "these keys again within 10 minutes, and authplatform keys wrap does it "
            "now.");
    }
    if (lost > 0) {
        authp_output_error(context->pool,
                           "note: a key that does not open needs the JWT_SECRET_KEY that wrapped "
                           "it, as JWT_SECRET_KEY or JWT_SECRET_KEY_PREVIOUS. If that is lost, "
                           "authplatform keys forget gives up what the key has sealed.");
    }
}

int authp_cmd_keys_status(authp_context_t *context)
{
    apr_array_header_t *items = NULL;
    int status = read_keys(context, &items, NULL);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (context->options->json) {
        status_json(context, items);
    } else if (items->nelts == 0) {
        authp_output_line(context->pool,
                          "The store has no data key yet. The first mail makes one.");
    } else {
        status_table(context, items);
    }
    return AUTHP_EXIT_OK;
}

/* --- wrap ------------------------------------------------------------------------------------- */
int authp_cmd_keys_wrap(authp_context_t *context)
{
    apr_array_header_t *items = NULL;
    const authp_seal_t *seal = NULL;
    int done = 0;
    int status = read_keys(context, &items, &seal);
    for (int i = 0; status == AUTHP_EXIT_OK && i < items->nelts; i++) {
        const authp_data_keys_item_t *item = &APR_ARRAY_IDX(items, i, authp_data_keys_item_t);
        if (!item->opens || item->by == AUTHP_WRAPPING_BY_PRESENT) {
            continue;
        }
        authp_err_t err =
            authp_wrapping_renew(context->realm, seal, item->row, item->bytes, context->pool);
        done += err == AUTHP_OK;
        status = err == AUTHP_OK ? status : authp_context_failure(context, err, NULL);
    }
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_int(answer, "wrapped", done);
        authp_json_set_int(answer, "lost", authp_data_keys_lost(items));
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "%d data key%s wrapped again", done, done == 1 ? "" : "s");
    }
    authp_data_keys_note(context, items);
    return authp_data_keys_lost(items) == 0 ? AUTHP_EXIT_OK : AUTHP_EXIT_FAILED;
}

/* --- forget ----------------------------------------------------------------------------------- */
#define PAGE_ROWS 200

/* How many mails a data key has sealed. */
typedef struct sealed_t {
    int waiting;
    int failed;
} sealed_t;

static bool is_sealed_by(const authp_mail_row_t *mail, const char *id)
{
    return mail->sealed != NULL && strncmp(mail->sealed, id, AUTHP_ID_LEN) == 0 &&
           mail->sealed[AUTHP_ID_LEN] == '.';
}

/* each_sealed() calls it with each mail, and with its own `count`. */
typedef authp_err_t visit_fn(const authp_context_t *context, const authp_mail_row_t *mail,
                             int *count, apr_pool_t *pool);

/* Calls `visit` for each mail of that state that the data key `id` has sealed. Reads the mails page
 * by page, so that its memory does not grow with their number. */
static authp_err_t each_sealed(const authp_context_t *context, const char *id,
                               authp_mail_state_t state, visit_fn *visit, int *count)
{
    apr_pool_t *pool = NULL;
    apr_pool_create(&pool, context->pool);
    authp_id_t last = {""};
    authp_err_t err = AUTHP_OK;
    int listed = PAGE_ROWS;
    while (err == AUTHP_OK && listed == PAGE_ROWS) {
        apr_array_header_t *mails = NULL;
        const authp_page_t page = {.limit = PAGE_ROWS,
                                   .after_id = last.hex[0] != '\0' ? last.hex : NULL};
        apr_pool_clear(pool);
        err = authp_store_outbox_list(context->realm->store, state, &page, &mails, pool);
        listed = err == AUTHP_OK ? mails->nelts : 0;
        for (int i = 0; err == AUTHP_OK && i < listed; i++) {
            const authp_mail_row_t *mail = APR_ARRAY_IDX(mails, i, const authp_mail_row_t *);
            last = mail->id;
            err = is_sealed_by(mail, id) ? visit(context, mail, count, pool) : AUTHP_OK;
        }
    }
    apr_pool_destroy(pool);
    return err;
}

static authp_err_t count_mail(const authp_context_t *context, const authp_mail_row_t *mail,
                              int *count, apr_pool_t *pool)
{
    (void)context, (void)mail, (void)pool;
    (*count)++;
    return AUTHP_OK;
}

/* A mail that another process changes at this moment is left alone. */
static authp_err_t fail_mail(const authp_context_t *context, const authp_mail_row_t *mail,
                             int *count, apr_pool_t *pool)
{
    authp_err_t err =
        authp_store_outbox_fail(context->realm->store, mail->id.hex, mail->due_at,
                                authp_realm_now(context->realm), "data key forgotten", pool);
    (void)count;
    return err == AUTHP_E_CONFLICT ? AUTHP_OK : err;
}

static const char *loss_of(const sealed_t *sealed, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d mail%s that wait%s, and %d that %s failed", sealed->waiting,
                        sealed->waiting == 1 ? "" : "s", sealed->waiting == 1 ? "s" : "",
                        sealed->failed, sealed->failed == 1 ? "has" : "have");
}

static bool confirm(const authp_context_t *context, const char *id, const sealed_t *sealed)
{
    if (authp_prompt_yes(apr_pstrcat(context->pool, "Forget data key ", id,
                                     " for good, and with it ", loss_of(sealed, context->pool),
                                     "? Type yes: ", NULL))) {
        return true;
    }
    authp_output_error(context->pool, "nothing was forgotten");
    return false;
}

/* Finds the key of --id among the items, if it may be forgotten. Otherwise prints why not. */
static const authp_data_key_t *find_lost(const authp_context_t *context,
                                         const apr_array_header_t *items)
{
    const char *id = authp_context_value(context, "id");
    for (int i = 0; i < items->nelts; i++) {
        const authp_data_keys_item_t *item = &APR_ARRAY_IDX(items, i, authp_data_keys_item_t);
        if (strcmp(item->row->id.hex, id) != 0) {
            continue;
        }
        if (!item->opens) {
            return item->row;
        }
        authp_output_error(context->pool, "this data key opens with the present settings, so it is "
                                          "not forgotten");
        return NULL;
    }
    authp_output_error(context->pool, "there is no data key with this id");
    return NULL;
}

/* Mails that nobody can open any more do not wait. */
static void fail_mails(const authp_context_t *context, const char *id)
{
    authp_err_t err = each_sealed(context, id, AUTHP_MAIL_STATE_WAITING, fail_mail, NULL);
    if (err != AUTHP_OK) {
        authp_output_error(context->pool, "note: the mails still wait, but cannot be sent (%s)",
                           authp_err_name(err));
    }
}

static int forget(const authp_context_t *context, const authp_data_key_t *row,
                  const sealed_t *sealed)
{
    authp_err_t err = authp_store_data_key_remove(context->realm->store, row, context->pool);
    if (err == AUTHP_E_CONFLICT) {
        authp_output_error(context->pool, "another process has just changed this data key: see "
                                          "authplatform keys status");
        return AUTHP_EXIT_FAILED;
    }
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    fail_mails(context, row->id.hex);
    const authp_event_t event = {
        .event = "key_forget", .outcome = "ok", .reason = row->id.hex, .actor_id = AUTHP_ACTOR_CLI};
    authp_audit_write(context->realm, &event, &authp_context_client, context->pool);
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "id", row->id.hex);
        authp_json_set_bool(answer, "forgotten", true);
        authp_json_set_int(answer, "mails_waiting", sealed->waiting);
        authp_json_set_int(answer, "mails_failed", sealed->failed);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "forgot data key %s, and with it %s", row->id.hex,
                          loss_of(sealed, context->pool));
    }
    return AUTHP_EXIT_OK;
}

int authp_cmd_keys_forget(authp_context_t *context)
{
    apr_array_header_t *items = NULL;
    sealed_t sealed = {.waiting = 0};
    bool sure = authp_context_value(context, "yes") != NULL;
    if (!authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (!sure && !authp_prompt_can_ask("forgets", context->pool)) {
        return AUTHP_EXIT_USAGE;
    }
    int status = read_keys(context, &items, NULL);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    const authp_data_key_t *row = find_lost(context, items);
    if (row == NULL) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        each_sealed(context, row->id.hex, AUTHP_MAIL_STATE_WAITING, count_mail, &sealed.waiting);
    if (err == AUTHP_OK) {
        err =
            each_sealed(context, row->id.hex, AUTHP_MAIL_STATE_FAILED, count_mail, &sealed.failed);
    }
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (!sure && !confirm(context, row->id.hex, &sealed)) {
        return AUTHP_EXIT_FAILED;
    }
    return forget(context, row, &sealed);
}
