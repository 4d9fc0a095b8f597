/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/online_mail.h"

#include "cli/output.h"
#include "service/mail/smtp_sender.h"
#include "service/settings/mail_url.h"

#include <apr_strings.h>

/* What is wrong, in a sentence without a subject. */
static const char *complaint(const authp_smtp_verdict_t *verdict, apr_pool_t *pool)
{
    const char *words = authp_smtp_words(verdict, pool);
    switch (verdict->stage) {
    case AUTHP_SMTP_TLS:
        return apr_pstrcat(pool, "has no TLS that can be used: ", words, NULL);
    case AUTHP_SMTP_AUTH:
        return apr_pstrcat(pool, "does not take the account of MAIL_URL: ", words, NULL);
    default:
        return apr_pstrcat(pool, "cannot be used: ", words, NULL);
    }
}

void authp_online_mail_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors)
{
    const authp_mail_url_t *url = context->settings->mail_server;
    authp_smtp_t *smtp = NULL;
    authp_smtp_verdict_t verdict;
    if (url == NULL) {
        return;
    }
    const char *place = apr_psprintf(context->pool, "%s:%d", url->host, url->port);
    json_t *out = authp_json_set_object(answer, "mail");
    authp_json_set_str(out, "server", place);
    if (authp_smtp_sender_client(context->settings, &smtp, context->pool) != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) =
            "the mail server cannot be asked, see the line above";
        return;
    }
    authp_err_t err = authp_smtp_try(smtp, NULL, &verdict);
    authp_smtp_end(smtp);
    authp_json_set_bool(out, "ok", err == AUTHP_OK);
    if (err != AUTHP_OK) {
        const char *wrong = complaint(&verdict, context->pool);
        authp_json_set_str(out, "error", wrong);
        APR_ARRAY_PUSH(errors, const char *) =
            apr_pstrcat(context->pool, "mail server ", place, " ", wrong, NULL);
        return;
    }
    if (!context->options->json) {
        authp_output_line(context->pool, "mail server %s: %s", place,
                          url->user != NULL ? "it takes the account" : "it answers; no account");
    }
}
