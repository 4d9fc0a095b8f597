/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_mail.h"

#include "base/id.h"
#include "cli/output.h"
#include "service/account/account_rules.h"
#include "service/mail/smtp_sender.h"

#include <apr_strings.h>
#include <string.h>

static const char subject[] = "A test of the mail server";
static const char text[] =
    "This mail is a test. The command \"authplatform mail test\" has sent it.\n"
    "\n"
    "Nothing needs to be done.\n";
static const char html[] =
    "<!doctype html><html lang=\"en\"><body><p>This mail is a test. The command <code>authplatform "
    "mail test</code> has sent it.</p>\n<p>Nothing needs to be done.</p></body></html>\n";

/* Loads the settings. On failure it has printed why. */
static bool load(authp_context_t *context)
{
    apr_array_header_t *errors = NULL;
    authp_err_t err = authp_context_load(context, &errors);
    for (int i = 0; err != AUTHP_OK && i < errors->nelts; i++) {
        authp_output_error(context->pool, "%s", APR_ARRAY_IDX(errors, i, const char *));
    }
    if (err == AUTHP_OK && context->settings->mail_server == NULL) {
        authp_output_error(context->pool, "no mail can be sent, because MAIL_URL is not set in %s",
                           context->settings->source);
        return false;
    }
    return err == AUTHP_OK;
}

static void show(const authp_context_t *context, const authp_smtp_verdict_t *verdict)
{
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_bool(answer, "sent", true);
        authp_json_set_int(answer, "code", verdict->reply.code);
        authp_json_set_str(answer, "enhanced_code",
                           verdict->reply.enhanced[0] != '\0' ? verdict->reply.enhanced : NULL);
        authp_output_json(answer, context->pool);
        return;
    }
    authp_output_line(context->pool, "The mail server has taken the mail: %d%s%s",
                      verdict->reply.code, verdict->reply.enhanced[0] != '\0' ? " " : "",
                      verdict->reply.enhanced);
}

int authp_cmd_mail_test(authp_context_t *context)
{
    const char *to = authp_context_value(context, "to");
    const char *wrong = authp_account_rules_check_email(to, strlen(to));
    authp_mail_sender_t *sender = NULL;
    authp_smtp_verdict_t verdict;
    if (wrong != NULL) {
        authp_output_error(context->pool, "--to: %s", wrong);
        return AUTHP_EXIT_USAGE;
    }
    if (!load(context) ||
        authp_smtp_sender_make(context->settings, &sender, context->pool) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    const authp_id_t id = authp_id_new(context->realm->clock, context->realm->random);
    const authp_message_t message = {.from = context->settings->mail_from_address,
                                     .from_name = context->settings->mail_from_name,
                                     .to = authp_account_rules_normal_email(to, context->pool),
                                     .subject = subject,
                                     .id = id.hex,
                                     .date = authp_clock_now(context->realm->clock),
                                     .text = text,
                                     .html = html};
    authp_err_t err = sender->send(sender->ctx, &message, NULL, &verdict, context->pool);
    sender->end_round(sender->ctx);
    if (err == AUTHP_E_MALFORMED) {
        authp_output_error(context->pool, "the mail cannot be written");
        return AUTHP_EXIT_FAILED;
    }
    if (err != AUTHP_OK) {
        authp_output_error(context->pool, "the mail was not sent: %s",
                           authp_smtp_words(&verdict, context->pool));
        return AUTHP_EXIT_FAILED;
    }
    show(context, &verdict);
    return AUTHP_EXIT_OK;
}
