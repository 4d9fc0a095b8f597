/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/sender_warn.h"

#include "base/text.h"
#include "service/otp/sender_open.h"

#include <apr_strings.h>
#include <string.h>

/* How the values of MSG91_... in conf/guides/phone-codes.md begin. */
#define SAMPLE "put-the-"

static bool is_sample(const char *value)
{
    return value != NULL && strncmp(value, SAMPLE, strlen(SAMPLE)) == 0;
}

static void warn_of_samples(const authp_settings_t *settings, apr_array_header_t *warnings,
                            apr_pool_t *pool)
{
    const authp_secret_t *key = settings->msg91_auth_key;
    const char *key_text = key != NULL ? (const char *)authp_secret_bytes(key) : NULL;
    const struct {
        const char *name;
        const char *value;
    } values[] = {{"MSG91_AUTH_KEY", key_text}, {"MSG91_TEMPLATE_ID", settings->msg91_template_id}};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (settings->otp_provider == AUTHP_OTP_BY_MSG91 && is_sample(values[i].value)) {
            APR_ARRAY_PUSH(warnings, const char *) =
                apr_psprintf(pool,
                             "%s in %s is the value of the guide's sample: MSG91 refuses to send "
                             "codes",
                             values[i].name, settings->source);
        }
    }
}

void authp_sender_warn(const authp_settings_t *settings, apr_array_header_t *warnings,
                       apr_pool_t *pool)
{
    const char *why = authp_sender_open_why(settings, pool);
    if (why != NULL) {
        APR_ARRAY_PUSH(warnings, const char *) = why;
    }
    warn_of_samples(settings, warnings, pool);
    if (!authp_text_listed(settings->phone_default_country, settings->phone_countries)) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            pool,
            "PHONE_COUNTRIES in %s lacks PHONE_DEFAULT_COUNTRY, which is %s: numbers without + "
            "are numbers of that country, so they are refused",
            settings->source, settings->phone_default_country);
    }
    if (settings->self_service_roles->nelts == 0) {
        APR_ARRAY_PUSH(warnings, const char *) = apr_psprintf(
            pool,
            "ROLES in %s has neither seeker nor provider, and SELF_SERVICE_ROLES names no role: "
            "nobody can register by phone number",
            settings->source);
    }
}
