/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/postman.h"

#include "base/log.h"
#include "service/mail/mail_texts.h"
#include "service/mail/outbox.h"
#include "service/vault/vault.h"

#include <apr_strings.h>
#include <string.h>

#define BATCH 20         /* mails that one question to the store lists */
#define BATCHES_MOST 50  /* in a round */
#define BACKOFF_MS 10000 /* after the first try; doubles with each further one */
#define BACKOFF_MOST_MS 900000
#define AGAIN_MS 500       /* between two tries to note that a mail was sent */
#define AGAIN_LATE_MS 100  /* the same while the process ends */
#define AGAIN_MOST_LATE 2  /* how many further tries there are while the process ends */
#define LONG_TRY_MS 500    /* while the process ends, no try follows one of this length */
#define SHUT_MS 15000      /* how late a mail is before a process without data keys takes it */
#define CLAIM_REST_MS 3000 /* in the last 3 s of the claim no further try begins */

/* What a mail means for the rest of the round. */
typedef enum step_t { GOES_ON, SERVER_FAILS, STORE_FAILS, ENDS } step_t;

/* A mail that this process has claimed. */
typedef struct job_t {
    const authp_postman_t *postman;
    const authp_mail_row_t *row;
    authp_ms_t claim; /* row->due_at in the store */
    apr_pool_t *pool;
} job_t;

static authp_ms_t now_of(const job_t *job)
{
    return authp_realm_now(job->postman->realm);
}

static bool is_canceled(const authp_postman_t *postman)
{
    return atomic_load(postman->cancel);
}

static authp_ms_t monotonic(const authp_postman_t *postman)
{
    return authp_clock_now(postman->monotonic);
}

/* --- what came of a mail ---------------------------------------------------------------------- */

/* AUTHP_E_CONFLICT: the row is gone with its account, or the claim has lapsed and another process
 * has the mail. Neither is a failure. */
static step_t after_store(authp_err_t err)
{
    return err == AUTHP_OK || err == AUTHP_E_CONFLICT ? GOES_ON : STORE_FAILS;
}

static step_t give_up(const job_t *job, const char *why)
{
    const authp_mail_row_t *row = job->row;
    authp_err_t err = authp_store_outbox_fail(job->postman->realm->store, row->id.hex, job->claim,
                                              now_of(job), why, job->pool);
    if (err == AUTHP_OK) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0320", "mail %s (%s) was given up: %s", row->id.hex,
                  row->kind, why);
    }
    return after_store(err);
}

static authp_ms_t backoff(int64_t tries)
{
    authp_ms_t wait = BACKOFF_MS;
    for (int64_t i = 0; i < tries && wait < BACKOFF_MOST_MS; i++) {
        wait *= 2;
    }
    return wait < BACKOFF_MOST_MS ? wait : BACKOFF_MOST_MS;
}

/* The next try is at give_up_at at the latest, so that the mail is given up at that time. */
static step_t put_off(const job_t *job, const char *why)
{
    const authp_mail_row_t *row = job->row;
    const authp_ms_t now = now_of(job);
    authp_ms_t next = now + backoff(row->tries);
    if (row->give_up_at > now && row->give_up_at < next) {
        next = row->give_up_at;
    }
    authp_err_t err = authp_store_outbox_later(job->postman->realm->store, row->id.hex, job->claim,
                                               next, why, job->pool);
    if (err == AUTHP_OK) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0321", "mail %s (%s) waits for %d s: %s", row->id.hex,
                  row->kind, (int)((next - now) / 1000), why);
    }
    return after_store(err);
}

/* Gives the claim back, so that another process can send the mail at once. */
static step_t give_back(const job_t *job)
{
    authp_err_t err = authp_store_outbox_later(job->postman->realm->store, job->row->id.hex,
                                               job->claim, now_of(job), job->row->error, job->pool);
    if (err == AUTHP_OK) {
        authp_mail_desk_news(job->postman->desk);
    }
    return ENDS;
}

static authp_err_t note_sent(const job_t *job)
{
    return authp_store_outbox_sent(job->postman->realm->store, job->row->id.hex, job->claim,
                                   now_of(job), job->pool);
}

/* Notes in the store that the mail was sent, and tries again while the store fails: if the store
 * does not know it when the claim lapses, the mail is sent twice. httpd waits for the end of its
 * processes, so a process that ends does not wait long for the store: a try of a locked SQLite
 * database takes 1.6 s. */
static step_t note_sent_surely(const job_t *job)
{
    const authp_postman_t *postman = job->postman;
    int late = 0;
    for (;;) {
        const authp_ms_t began = monotonic(postman);
        if (after_store(note_sent(job)) == GOES_ON) {
            return GOES_ON;
        }
        if (is_canceled(postman)) {
            late += monotonic(postman) - began < LONG_TRY_MS ? 1 : AGAIN_MOST_LATE + 1;
        }
        if (late > AGAIN_MOST_LATE || now_of(job) > job->claim - CLAIM_REST_MS) {
            authp_log(
                AUTHP_LOG_WARNING, "AUTHP0322",
                "mail %s (%s) was sent, but the store did not note that: it may be sent again",
                job->row->id.hex, job->row->kind);
            return STORE_FAILS;
        }
        postman->wait(postman->ctx, late > 0 ? AGAIN_LATE_MS : AGAIN_MS);
    }
}

/* Nobody knows whether the server has taken the mail. The claim stays, and lapses. */
static step_t leave_open(const job_t *job)
{
    authp_log(AUTHP_LOG_NOTICE, "AUTHP0325",
              "mail %s (%s): this process ends before the mail server has said whether it took the "
              "mail: it will be sent again",
              job->row->id.hex, job->row->kind);
    return ENDS;
}

/* Logs once that the server fails, and once that it works again. */
static void log_server(const job_t *job, const char *why)
{
    bool fails = why != NULL;
    if (atomic_exchange(&job->postman->desk->failing, fails) == fails) {
        return;
    }
    if (fails) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0323", "the mail server fails: %s; mails wait", why);
    } else {
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0324", "the mail server works again");
    }
}

/* True if other mails would fail in the same way: there was no connection, the server refused
 * MAIL FROM, closed the connection, did not answer, or answered 421. */
static bool is_failure_of_server(const authp_smtp_verdict_t *verdict)
{
    return verdict->stage <= AUTHP_SMTP_MAIL || verdict->reply.code == 0 ||
           verdict->reply.code == 421;
}

/* Puts into the store what came of the mail. `err` and `verdict` are those of the sender. */
static step_t judge(const job_t *job, authp_err_t err, const authp_smtp_verdict_t *verdict)
{
    if (err == AUTHP_OK) {
        log_server(job, NULL);
        return note_sent_surely(job);
    }
    if (err == AUTHP_E_MALFORMED) {
        return give_up(job, "the message cannot be written");
    }
    if (err == AUTHP_E_ABORTED) {
        return verdict->stage == AUTHP_SMTP_AFTER_DATA ? leave_open(job) : give_back(job);
    }
    if (err != AUTHP_E_UNAVAILABLE) {
        return put_off(job, authp_err_name(err));
    }
    const char *why = authp_smtp_words(verdict, job->pool);
    if (is_failure_of_server(verdict)) {
        log_server(job, why);
        authp_mail_desk_pause(job->postman->desk, monotonic(job->postman));
        step_t step = put_off(job, why);
        return step == GOES_ON ? SERVER_FAILS : step;
    }
    log_server(job, NULL);
    return verdict->stage == AUTHP_SMTP_RCPT && verdict->reply.code / 100 == 5 ? give_up(job, why)
                                                                               : put_off(job, why);
}

/* --- sending ---------------------------------------------------------------------------------- */

/* The link of an invite is the site. */
static const char *link_of(const authp_realm_t *realm, authp_mail_kind_t kind, const char *token,
                           apr_pool_t *pool)
{
    if (!authp_mail_kind_links(kind)) {
        return kind == AUTHP_MAIL_INVITE ? realm->settings->public_url : NULL;
    }
    const char *mount = realm->mail_mount != NULL ? realm->mail_mount : "/api/auth";
    const char *page = kind == AUTHP_MAIL_VERIFY_EMAIL ? "/verify-email#" : "/reset-password#";
    return apr_pstrcat(pool, realm->settings->public_url, strcmp(mount, "/") == 0 ? "" : mount,
                       page, token, NULL);
}

/* AUTHP_E_MALFORMED: no text can be written from that letter. */
static authp_err_t write_message(const job_t *job, const authp_letter_t *letter,
                                 authp_message_t *out)
{
    const authp_realm_t *realm = job->postman->realm;
    const authp_mail_kind_t kind = authp_mail_kind_of(job->row->kind);
    authp_mail_text_t text;
    if (authp_mail_kind_links(kind) && letter->token == NULL) {
        return AUTHP_E_MALFORMED;
    }
    const authp_mail_values_t values = {.link = link_of(realm, kind, letter->token, job->pool),
                                        .name = letter->name,
                                        .code = letter->code};
    authp_err_t err = authp_mail_texts_write(realm->mail_texts, kind, letter->language, &values,
                                             &text, job->pool);
    if (err == AUTHP_OK) {
        *out = (authp_message_t){.from = realm->settings->mail_from_address,
                                 .from_name = realm->settings->mail_from_name,
                                 .to = letter->to,
                                 .subject = text.subject,
                                 .id = job->row->id.hex,
                                 .date = job->row->created_at,
                                 .text = text.text,
                                 .html = text.html};
    }
    return err;
}

static step_t send_letter(const job_t *job, const authp_letter_t *letter)
{
    const authp_postman_t *postman = job->postman;
    authp_message_t message;
    authp_smtp_verdict_t verdict = {.stage = AUTHP_SMTP_CONNECT};
    authp_err_t err = write_message(job, letter, &message);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_MALFORMED ? give_up(job, "the text cannot be written")
                                        : put_off(job, "the text cannot be written now");
    }
    int wait = authp_mail_desk_turn(postman->desk, monotonic(postman));
    if (wait > 0) {
        postman->wait(postman->ctx, wait);
    }
    if (is_canceled(postman)) {
        return give_back(job);
    }
    err =
        postman->sender->send(postman->sender->ctx, &message, postman->cancel, &verdict, job->pool);
    return judge(job, err, &verdict);
}

static step_t do_job(const job_t *job)
{
    const authp_mail_row_t *row = job->row;
    const authp_ms_t now = now_of(job);
    authp_letter_t letter;
    if (row->used_at != 0) {
        /* The mail has arrived, although the server did not say so. */
        return after_store(note_sent(job));
    }
    if (now > row->give_up_at || (row->link_until != 0 && now >= row->link_until)) {
        return give_up(job, apr_pstrcat(job->pool, "its time has passed; the last try: ",
                                        row->error != NULL ? row->error : "none", NULL));
    }
    if (row->sealed == NULL) {
        return give_up(job, "it has no letter");
    }
    authp_err_t err = authp_outbox_letter(job->postman->realm, row, &letter, job->pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_MALFORMED ? give_up(job, "its letter cannot be read")
                                        : put_off(job, "its letter cannot be read now");
    }
    if (letter.to == NULL) {
        return after_store(note_sent(job));
    }
    /* A newer version of this module may have written a mail of a kind that is not known here, and
     * can send the mail. */
    return authp_mail_kind_of(row->kind) != AUTHP_MAIL_KINDS
               ? send_letter(job, &letter)
               : put_off(job, "its kind is not known");
}

/* --- rounds ----------------------------------------------------------------------------------- */

/* Claims the mail, and sends it. AUTHP_E_CONFLICT of the claim: another process has the mail. */
static step_t claim_and_send(const authp_postman_t *postman, const authp_mail_row_t *row,
                             apr_pool_t *pool)
{
    job_t job = {.postman = postman, .row = row, .pool = pool};
    job.claim = now_of(&job) + AUTHP_POSTMAN_CLAIM_MS;
    authp_err_t err =
        authp_store_outbox_claim(postman->realm->store, row->id.hex, row->due_at, job.claim, pool);
    if (err != AUTHP_OK) {
        return after_store(err);
    }
    return do_job(&job);
}

/* What is due at this time is taken. A process that can read no letter would only put mails off
 * that another host can send, so it leaves them to other hosts for SHUT_MS. */
static authp_ms_t due_until(const authp_postman_t *postman, apr_pool_t *pool)
{
    return authp_realm_now(postman->realm) -
           (authp_vault_is_shut(postman->realm, pool) ? SHUT_MS : 0);
}

static step_t do_batch(const authp_postman_t *postman, int *count, apr_pool_t *pool)
{
    apr_array_header_t *due = NULL;
    apr_pool_t *scratch = NULL;
    step_t step = GOES_ON;
    atomic_store(&postman->desk->news, false);
    authp_err_t err =
        authp_store_outbox_due(postman->realm->store, due_until(postman, pool), BATCH, &due, pool);
    if (err != AUTHP_OK || apr_pool_create(&scratch, pool) != APR_SUCCESS) {
        return STORE_FAILS;
    }
    for (int i = 0; i < due->nelts && step == GOES_ON; i++) {
        apr_pool_clear(scratch);
        authp_mail_desk_keep(postman->desk, monotonic(postman));
        step =
            is_canceled(postman)
                ? ENDS
                : claim_and_send(postman, APR_ARRAY_IDX(due, i, const authp_mail_row_t *), scratch);
    }
    *count = due->nelts;
    return step;
}

static step_t do_round(const authp_postman_t *postman, apr_pool_t *pool)
{
    step_t step = GOES_ON;
    int count = BATCH;
    for (int i = 0; i < BATCHES_MOST && count == BATCH && step == GOES_ON; i++) {
        apr_pool_t *batch = NULL;
        if (apr_pool_create(&batch, pool) != APR_SUCCESS) {
            return GOES_ON;
        }
        step = do_batch(postman, &count, batch);
        apr_pool_destroy(batch);
    }
    postman->sender->end_round(postman->sender->ctx);
    return step;
}

void authp_postman_round(const authp_postman_t *postman, apr_pool_t *pool)
{
    if (is_canceled(postman) || !authp_mail_desk_take(postman->desk, monotonic(postman))) {
        return;
    }
    step_t step = do_round(postman, pool);
    int after = authp_mail_desk_store(postman->desk, step == STORE_FAILS);
    authp_mail_desk_give(postman->desk, monotonic(postman) + (step == ENDS ? 0 : after));
}
