/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_otp.h"

#include "cli/output.h"
#include "service/otp/firewall.h"
#include "service/settings/settings_values.h"

static void show_json(const authp_context_t *context, const authp_spending_t *spending)
{
    const authp_settings_t *settings = context->settings;
    json_t *answer = authp_json_object(context->pool);
    bool any = settings->otp_provider != AUTHP_OTP_BY_NOBODY;
    authp_json_set_str(answer, "day", spending->day);
    authp_json_set_str(answer, "provider",
                       any ? authp_settings_values_codes(settings->otp_provider) : NULL);
    authp_json_set_bool(answer, "limits", settings->limits);
    authp_json_set_int(answer, "budget", spending->budget);
    authp_json_set_int(answer, "spent", spending->spent);
    authp_json_set_int(answer, "strangers_budget", spending->strangers_most);
    authp_json_set_int(answer, "strangers_spent", spending->strangers_spent);
    authp_json_set_int(answer, "administrators", spending->administrators);
    authp_output_json(answer, context->pool);
}

static void show_text(const authp_context_t *context, const authp_spending_t *spending)
{
    const authp_settings_t *settings = context->settings;
    authp_output_line(context->pool, "codes sent on %s (UTC), provider %s", spending->day,
                      authp_settings_values_codes(settings->otp_provider));
    authp_output_line(context->pool,
                      "  of the budget              %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT,
                      spending->spent, spending->budget);
    authp_output_line(context->pool,
                      "  to numbers without account %" APR_INT64_T_FMT " of %" APR_INT64_T_FMT,
                      spending->strangers_spent, spending->strangers_most);
    authp_output_line(context->pool, "  to administrators          %" APR_INT64_T_FMT,
                      spending->administrators);
    if (!settings->limits) {
        authp_output_line(context->pool,
                          "AUTH_LIMITS is off: nothing is counted and nothing is refused.");
    }
}

int authp_cmd_otp_status(authp_context_t *context)
{
    authp_spending_t spending;
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_firewall_spending(context->realm, &spending, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    if (context->options->json) {
        show_json(context, &spending);
    } else {
        show_text(context, &spending);
    }
    return AUTHP_EXIT_OK;
}
