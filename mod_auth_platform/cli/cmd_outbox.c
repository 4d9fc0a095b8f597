/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_outbox.h"

#include "base/json.h"
#include "cli/data_keys.h"
#include "cli/input.h"
#include "cli/listing.h"
#include "cli/output.h"

#include <apr_strings.h>

static const char *time_of(authp_ms_t at, apr_pool_t *pool)
{
    return at != 0 ? authp_clock_rfc3339(at, pool) : NULL;
}

/* --- lists ------------------------------------------------------------------------------------ */
static void waiting_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_mail_row_t *mail = row;
    cells[0] = mail->id.hex;
    cells[1] = mail->kind;
    cells[2] = time_of(mail->created_at, context->pool);
    cells[3] = time_of(mail->due_at, context->pool);
    cells[4] = time_of(mail->give_up_at, context->pool);
    cells[5] = apr_psprintf(context->pool, "%" APR_INT64_T_FMT, mail->tries);
    cells[6] = mail->error;
}

static void failed_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_mail_row_t *mail = row;
    cells[0] = mail->id.hex;
    cells[1] = mail->kind;
    cells[2] = time_of(mail->created_at, context->pool);
    cells[3] = time_of(mail->failed_at, context->pool);
    cells[4] = apr_psprintf(context->pool, "%" APR_INT64_T_FMT, mail->tries);
    cells[5] = mail->error;
}

static json_t *mail_shape(const void *row, apr_pool_t *pool)
{
    const authp_mail_row_t *mail = row;
    json_t *out = authp_json_object(pool);
    authp_json_set_str(out, "id", mail->id.hex);
    authp_json_set_str(out, "kind", mail->kind);
    authp_json_set_str(out, "created_at", time_of(mail->created_at, pool));
    authp_json_set_str(out, "next_at", time_of(mail->due_at, pool));
    authp_json_set_str(out, "give_up_at", time_of(mail->give_up_at, pool));
    authp_json_set_str(out, "failed_at", time_of(mail->failed_at, pool));
    authp_json_set_int(out, "tries", mail->tries);
    authp_json_set_str(out, "error", mail->error);
    return out;
}

static const authp_listing_t show_waiting = {
    {"ID", "KIND", "MADE", "NEXT TRY", "UNTIL", "PUT OFF", "ERROR", NULL},
    waiting_cells,
    mail_shape};
static const authp_listing_t show_failed = {
    {"ID", "KIND", "MADE", "FAILED", "PUT OFF", "ERROR", NULL}, failed_cells, mail_shape};

static int list(authp_context_t *context, authp_mail_state_t state)
{
    authp_page_t page;
    apr_array_header_t *mails = NULL;
    int status = authp_listing_page(context, &page);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_store_outbox_list(context->realm->store, state, &page, &mails, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_listing_show(context, state == AUTHP_MAIL_STATE_WAITING ? &show_waiting : &show_failed,
                       &page, mails);
    return AUTHP_EXIT_OK;
}

/* --- figures ---------------------------------------------------------------------------------- */
static void figures_json(const authp_context_t *context, const authp_mail_figures_t *figures)
{
    json_t *answer = authp_json_object(context->pool);
    authp_json_set_int(answer, "waiting", figures->waiting);
    authp_json_set_str(answer, "oldest_at", time_of(figures->oldest_at, context->pool));
    authp_json_set_str(answer, "next_at", time_of(figures->next_at, context->pool));
    authp_json_set_int(answer, "failed", figures->failed);
    authp_json_set_int(answer, "sent", figures->sent);
    authp_output_json(answer, context->pool);
}

static void figures_text(const authp_context_t *context, const authp_mail_figures_t *figures)
{
    apr_pool_t *pool = context->pool;
    authp_output_line(pool, "mails that wait             %" APR_INT64_T_FMT, figures->waiting);
    if (figures->waiting > 0) {
        authp_output_line(pool, "  the oldest was made at    %s",
                          time_of(figures->oldest_at, pool));
        authp_output_line(pool, "  the next try is due at    %s", time_of(figures->next_at, pool));
    }
    authp_output_line(pool, "mails that have failed      %" APR_INT64_T_FMT, figures->failed);
    authp_output_line(pool, "mails that were sent        %" APR_INT64_T_FMT " (and not purged yet)",
                      figures->sent);
}

int authp_cmd_outbox_status(authp_context_t *context)
{
    const authp_mail_figures_t none = {0, 0, 0, 0, 0};
    authp_mail_figures_t figures = none;
    apr_array_header_t *keys = NULL;
    bool waiting = authp_context_value(context, "waiting") != NULL;
    bool failed = authp_context_value(context, "failed") != NULL;
    bool paged = authp_context_value(context, "limit") != NULL ||
                 authp_context_value(context, "after") != NULL;
    if (waiting + failed > 1 || (paged && !waiting && !failed)) {
        authp_output_error(context->pool, waiting
                                              ? "give either --waiting or --failed"
                                              : "--limit and --after need --waiting or --failed");
        return AUTHP_EXIT_USAGE;
    }
    if (waiting || failed) {
        return list(context, waiting ? AUTHP_MAIL_STATE_WAITING : AUTHP_MAIL_STATE_FAILED);
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_store_outbox_figures(context->realm->store, &figures, context->pool);
    if (err == AUTHP_OK) {
        err = authp_data_keys_read(context, &keys, NULL);
    }
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (context->options->json) {
        figures_json(context, &figures);
    } else {
        figures_text(context, &figures);
    }
    if (figures.waiting > 0 && context->settings->mail_server == NULL) {
        authp_output_error(context->pool,
                           "note: MAIL_URL is not set in %s, so a server with these settings sends "
                           "no mail",
                           context->settings->source);
    }
    authp_data_keys_note(context, keys);
    return AUTHP_EXIT_OK;
}

/* --- retry ------------------------------------------------------------------------------------ */
int authp_cmd_outbox_retry(authp_context_t *context)
{
    const char *id = authp_context_value(context, "id");
    int count = 0;
    if (id != NULL && !authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_store_outbox_retry(
        context->realm->store, id, authp_realm_now(context->realm), &count, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (id != NULL && count == 0) {
        authp_output_error(context->pool,
                           "no mail with this id waits or has failed, or it is being sent, or its "
                           "link is over");
        return AUTHP_EXIT_FAILED;
    }
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_int(answer, "retried", count);
        authp_output_json(answer, context->pool);
    } else if (count == 0) {
        authp_output_line(context->pool, "no mail waits or has failed");
    } else {
        authp_output_line(context->pool, "%d mail%s due now", count, count == 1 ? " is" : "s are");
    }
    return AUTHP_EXIT_OK;
}
