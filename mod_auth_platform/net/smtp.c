/* SPDX-License-Identifier: Apache-2.0 */
#include "net/smtp.h"
#include "base/log.h"
#include "net/certificates.h"
#include "net/no_signals.h"
#include "net/smtp_connect.h"

#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include <openssl/err.h>

#define QUIT_MS 200
#define NOTHING_MOST 3   /* replies that are passed over */
#define HOST_MOST 255    /* bytes of a name */
#define ADDRESS_MOST 320 /* bytes */
#define COMMAND_SIZE 512 /* RFC 5321 section 4.5.3.1.4 */

struct authp_smtp_t {
    authp_smtp_link_t link;
};

/* One call, on its connection. */
typedef struct talk_t {
    authp_smtp_link_t *link;
    authp_smtp_wait_t wait;
    authp_smtp_verdict_t *verdict;
} talk_t;

/* --- the object ------------------------------------------------------------------------------- */

static apr_status_t release(void *data)
{
    authp_smtp_t *smtp = data;
    authp_no_signals_t held;
    authp_no_signals_begin(&held);
    authp_smtp_link_close(&smtp->link);
    authp_no_signals_end(&held);
    ERR_clear_error();
    curl_global_cleanup();
    return APR_SUCCESS;
}

/* What may stand in a URL or a command as it is. */
static bool is_host(const char *text)
{
    size_t len = strlen(text);
    return len > 0 && len <= HOST_MOST &&
           text[strspn(text,
                       "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] ==
               '\0';
}

authp_err_t authp_smtp_make(const authp_smtp_server_t *server, authp_smtp_t **out, apr_pool_t *pool)
{
    if (!is_host(server->host) || !is_host(server->name)) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0016",
                  "the host of MAIL_URL, or the name for EHLO, is not the name of a host");
        return AUTHP_E_MALFORMED;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0017", "libcurl does not work, so no mail can be sent");
        return AUTHP_E_INTERNAL;
    }
    authp_smtp_t *smtp = apr_pcalloc(pool, sizeof(*smtp));
    smtp->link.server = server;
    apr_pool_cleanup_register(pool, smtp, release, apr_pool_cleanup_null);
    authp_err_t err = authp_certificates_get(server->ca_file, &smtp->link.certificates, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    *out = smtp;
    return AUTHP_OK;
}

/* --- commands --------------------------------------------------------------------------------- */

/* "354" asks for the message. Where a final reply is due, it says nothing. */
static bool says_nothing(authp_smtp_stage_t stage, const authp_smtp_reply_t *reply)
{
    return stage == AUTHP_SMTP_AFTER_DATA && reply->code / 100 == 3;
}

/* Fails if the server has replied before it was asked: every later reply would be taken for that of
 * another command, and a mail for one that was sent. Closes the connection then. */
static authp_err_t check_early(talk_t *talk, authp_smtp_stage_t stage)
{
    authp_smtp_verdict_t *verdict = talk->verdict;
    authp_err_t err = AUTHP_OK;
    for (int i = 0; err == AUTHP_OK && authp_smtp_link_has_reply(talk->link); i++) {
        authp_smtp_reply_t reply = {0};
        err = authp_smtp_link_reply(talk->link, &talk->wait, &reply, &verdict->why);
        if (err == AUTHP_OK && (i == NOTHING_MOST || !says_nothing(stage, &reply))) {
            verdict->why = reply.code >= 400 ? NULL : "the server replied before it was asked";
            verdict->reply = reply.code >= 400 ? reply : verdict->reply;
            err = AUTHP_E_UNAVAILABLE;
        }
    }
    if (err != AUTHP_OK) {
        authp_smtp_link_close(talk->link);
    }
    return err;
}

/* Sends the command, and sets the verdict. AUTHP_OK: the code of the reply is of class `wanted`. */
static authp_err_t command(talk_t *talk, authp_smtp_stage_t stage, const char *line, int wanted)
{
    authp_smtp_verdict_t *verdict = talk->verdict;
    *verdict =
        (authp_smtp_verdict_t){.stage = stage == AUTHP_SMTP_AFTER_DATA ? AUTHP_SMTP_DATA : stage};
    authp_err_t err = check_early(talk, stage);
    if (err != AUTHP_OK) {
        return err;
    }
    verdict->stage = stage;
    err = authp_smtp_link_send(talk->link, line, strlen(line), &talk->wait, &verdict->why);
    for (int i = 0;
         err == AUTHP_OK && (i == 0 || says_nothing(stage, &verdict->reply)) && i <= NOTHING_MOST;
         i++) {
        err = authp_smtp_link_reply(talk->link, &talk->wait, &verdict->reply, &verdict->why);
    }
    if (err == AUTHP_OK && verdict->reply.code / 100 != wanted) {
        return AUTHP_E_UNAVAILABLE;
    }
    return err;
}

static authp_err_t command_about(talk_t *talk, authp_smtp_stage_t stage, const char *words,
                                 const char *address)
{
    char line[COMMAND_SIZE];
    apr_snprintf(line, sizeof(line), "%s:<%s>\r\n", words, address);
    return command(talk, stage, line, 2);
}

/* Sends the message. A line that begins with a dot gets one more dot (RFC 5321 section 4.5.2). */
static authp_err_t send_lines(talk_t *talk, const authp_smtp_mail_t *mail)
{
    const char *from = mail->bytes;
    const char *end = mail->bytes + mail->len;
    while (from < end) {
        /* Everything up to the next line that begins with a dot is one piece. */
        const char *dot = from;
        while (dot < end && !(*dot == '.' && (dot == mail->bytes || dot[-1] == '\n'))) {
            dot++;
        }
        const char *to = dot < end ? dot + 1 : end;
        authp_err_t err = authp_smtp_link_send(talk->link, from, (size_t)(to - from), &talk->wait,
                                               &talk->verdict->why);
        if (err == AUTHP_OK && dot < end) {
            err = authp_smtp_link_send(talk->link, ".", 1, &talk->wait, &talk->verdict->why);
        }
        if (err != AUTHP_OK) {
            return err;
        }
        from = to;
    }
    return AUTHP_OK;
}

/* One mail on an open connection. */
static authp_err_t transact(talk_t *talk, const authp_smtp_mail_t *mail)
{
    authp_err_t err = AUTHP_OK;
    if (talk->link->used) {
        /* Forgets a mail that was refused, and shows whether the connection still works. */
        err = command(talk, AUTHP_SMTP_CONNECT, "RSET\r\n", 2);
    }
    if (err == AUTHP_OK) {
        err = command_about(talk, AUTHP_SMTP_MAIL, "MAIL FROM", mail->from);
    }
    if (err == AUTHP_OK) {
        err = command_about(talk, AUTHP_SMTP_RCPT, "RCPT TO", mail->to);
    }
    if (err == AUTHP_OK) {
        err = command(talk, AUTHP_SMTP_DATA, "DATA\r\n", 3);
    }
    if (err == AUTHP_OK) {
        talk->verdict->reply = (authp_smtp_reply_t){0};
        err = send_lines(talk, mail);
    }
    if (err == AUTHP_OK) {
        /* From the first of these bytes on the server may have the mail. */
        talk->wait.patience = AUTHP_SMTP_LAST_WORD_MS;
        err = command(talk, AUTHP_SMTP_AFTER_DATA, ".\r\n", 2);
    }
    return err;
}

/* After a reply other than 421 (RFC 5321 section 3.8) the connection can carry the next mail. */
static bool stays_open(const authp_smtp_verdict_t *verdict)
{
    return verdict->reply.code != 0 && verdict->reply.code != 421;
}

/* True if the kept connection, not the mail, may be the reason of the failure, and the server
 * cannot have the mail. */
static bool may_be_stale(const authp_smtp_verdict_t *verdict)
{
    return verdict->stage == AUTHP_SMTP_CONNECT ||
           (verdict->stage < AUTHP_SMTP_DATA && !stays_open(verdict));
}

/* Opens the connection if there is none, and sends `mail`, or NOOP if `mail` is NULL. */
static authp_err_t once(talk_t *talk, const authp_smtp_mail_t *mail)
{
    authp_err_t err = AUTHP_OK;
    if (talk->link->multi == NULL) {
        err = authp_smtp_connect(talk->link, &talk->wait, talk->verdict);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    err = mail != NULL ? transact(talk, mail) : command(talk, AUTHP_SMTP_CONNECT, "NOOP\r\n", 2);
    talk->link->used = true;
    if (err == AUTHP_E_ABORTED || !stays_open(talk->verdict)) {
        authp_smtp_link_close(talk->link);
    }
    return err;
}

static authp_err_t run(authp_smtp_t *smtp, const authp_smtp_mail_t *mail, const atomic_bool *cancel,
                       authp_smtp_verdict_t *verdict)
{
    authp_no_signals_t held;
    talk_t talk = {.link = &smtp->link,
                   .wait = {.until = authp_clock_now(authp_clock_monotonic()) + AUTHP_SMTP_TOTAL_MS,
                            .cancel = cancel},
                   .verdict = verdict};
    const bool kept = smtp->link.multi != NULL;
    authp_no_signals_begin(&held);
    authp_err_t err = once(&talk, mail);
    if (kept && err == AUTHP_E_UNAVAILABLE && may_be_stale(verdict)) {
        authp_smtp_link_close(&smtp->link);
        err = once(&talk, mail);
    }
    authp_no_signals_end(&held);
    ERR_clear_error(); /* mod_ssl would find OpenSSL's errors in the thread's queue */
    return err;
}

/* --- calls ------------------------------------------------------------------------------------ */

static bool is_address(const char *text)
{
    const char *at = text;
    while (*at > 0x20 && *at < 0x7f && *at != '<' && *at != '>') {
        at++;
    }
    return at > text && *at == '\0' && at - text <= ADDRESS_MOST;
}

static bool is_message(const authp_smtp_mail_t *mail)
{
    const char *bytes = mail->bytes;
    if (mail->len < 2 || bytes[mail->len - 1] != '\n') {
        return false;
    }
    for (size_t i = 0; i < mail->len; i++) {
        bool ends = bytes[i] == '\r' && i + 1 < mail->len && bytes[i + 1] == '\n';
        if (bytes[i] == '\0' || (bytes[i] == '\r' && !ends) ||
            (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r'))) {
            return false;
        }
    }
    return true;
}

authp_err_t authp_smtp_send(authp_smtp_t *smtp, const authp_smtp_mail_t *mail,
                            const atomic_bool *cancel, authp_smtp_verdict_t *verdict)
{
    if (!is_address(mail->from) || !is_address(mail->to) || !is_message(mail)) {
        return AUTHP_E_MALFORMED;
    }
    return run(smtp, mail, cancel, verdict);
}

authp_err_t authp_smtp_try(authp_smtp_t *smtp, const atomic_bool *cancel,
                           authp_smtp_verdict_t *verdict)
{
    return run(smtp, NULL, cancel, verdict);
}

void authp_smtp_end(authp_smtp_t *smtp)
{
    authp_no_signals_t held;
    authp_smtp_verdict_t ignored;
    if (smtp->link.multi == NULL) {
        return;
    }
    talk_t talk = {.link = &smtp->link,
                   .wait = {.until = authp_clock_now(authp_clock_monotonic()) + QUIT_MS},
                   .verdict = &ignored};
    authp_no_signals_begin(&held);
    (void)(command(&talk, AUTHP_SMTP_CONNECT, "QUIT\r\n", 2) == AUTHP_OK);
    authp_smtp_link_close(&smtp->link);
    authp_no_signals_end(&held);
    ERR_clear_error();
}

const char *authp_smtp_words(const authp_smtp_verdict_t *verdict, apr_pool_t *pool)
{
    static const char *const stages[] = {[AUTHP_SMTP_CONNECT] = "connect",
                                         [AUTHP_SMTP_TLS] = "tls",
                                         [AUTHP_SMTP_AUTH] = "auth",
                                         [AUTHP_SMTP_MAIL] = "mail",
                                         [AUTHP_SMTP_RCPT] = "rcpt",
                                         [AUTHP_SMTP_DATA] = "data",
                                         [AUTHP_SMTP_AFTER_DATA] = "after data"};
    const char *stage = stages[verdict->stage];
    if (verdict->reply.code == 0) {
        return apr_pstrcat(pool, stage, ": ", verdict->why, NULL);
    }
    return apr_psprintf(pool, "%s: %d%s%s", stage, verdict->reply.code,
                        verdict->reply.enhanced[0] != '\0' ? " " : "", verdict->reply.enhanced);
}
