/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_phone.h"

#include "base/text.h"
#include "net/fetch.h"

#include <apr_strings.h>
#include <string.h>

static void complain(authp_loading_t *loading, const char *name, const char *text)
{
    loading->name = name;
    authp_settings_table_complain(loading, text);
}

void authp_settings_phone_fill_in(authp_settings_t *settings, apr_pool_t *pool)
{
    static const char *const usual[] = {"seeker", "provider"};
    if (settings->self_service_roles == NULL) {
        settings->self_service_roles = apr_array_make(pool, 2, sizeof(const char *));
        for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
            if (authp_text_listed(usual[i], settings->roles)) {
                APR_ARRAY_PUSH(settings->self_service_roles, const char *) = usual[i];
            }
        }
    }
    if (settings->phone_countries == NULL && settings->phone_default_country != NULL) {
        apr_array_header_t *countries = apr_array_make(pool, 1, sizeof(const char *));
        APR_ARRAY_PUSH(countries, const char *) = settings->phone_default_country;
        settings->phone_countries = countries;
    }
}

static void check_roles(authp_loading_t *loading)
{
    const authp_settings_t *s = loading->settings;
    for (int i = 0; i < s->self_service_roles->nelts; i++) {
        const char *role = APR_ARRAY_IDX(s->self_service_roles, i, const char *);
        if (strcmp(role, "admin") == 0 || strcmp(role, "recruiter") == 0) {
            complain(loading, "SELF_SERVICE_ROLES",
                     "must have neither admin nor recruiter, because people choose these roles "
                     "themselves");
            return;
        }
        if (!authp_text_listed(role, s->roles)) {
            complain(loading, "SELF_SERVICE_ROLES",
                     apr_pstrcat(loading->pool, "names ", role, ", which ROLES lacks", NULL));
            return;
        }
    }
}

static bool is_country(const char *text)
{
    return text[0] != '0' && strspn(text, "0123456789") == strlen(text);
}

static void check_countries(authp_loading_t *loading)
{
    static const char *const what = "must be the digits of a country's calling code, such as 91";
    const authp_settings_t *s = loading->settings;
    if (s->phone_default_country != NULL && !is_country(s->phone_default_country)) {
        complain(loading, "PHONE_DEFAULT_COUNTRY", what);
        return;
    }
    if (s->phone_countries != NULL && s->phone_countries->nelts == 0) {
        complain(loading, "PHONE_COUNTRIES", "names no country");
    }
    for (int i = 0; s->phone_countries != NULL && i < s->phone_countries->nelts; i++) {
        if (!is_country(APR_ARRAY_IDX(s->phone_countries, i, const char *))) {
            complain(loading, "PHONE_COUNTRIES",
                     "must be a list of calling codes in digits, such as 91,44");
            return;
        }
    }
}

/* The key is sent in a header. */
static bool is_header_value(const authp_secret_t *secret)
{
    const unsigned char *bytes = authp_secret_bytes(secret);
    for (size_t i = 0; i < authp_secret_len(secret); i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~') {
            return false;
        }
    }
    return true;
}

static void check_msg91(authp_loading_t *loading)
{
    authp_settings_t *s = loading->settings;
    bool used = s->otp_provider == AUTHP_OTP_BY_MSG91;
    if (used && s->msg91_auth_key == NULL) {
        complain(loading, "MSG91_AUTH_KEY", "is needed with OTP_PROVIDER=msg91");
    }
    if (used && s->msg91_template_id == NULL) {
        complain(loading, "MSG91_TEMPLATE_ID", "is needed with OTP_PROVIDER=msg91");
    }
    if (s->msg91_auth_key != NULL && !is_header_value(s->msg91_auth_key)) {
        complain(loading, "MSG91_AUTH_KEY", "must be printable ASCII without spaces");
    }
    if (s->msg91_base_url == NULL) {
        return;
    }
    size_t len = strlen(s->msg91_base_url);
    if (!authp_fetch_url_fits(s->msg91_base_url) || strchr(s->msg91_base_url, '?') != NULL) {
        complain(loading, "MSG91_BASE_URL",
                 "must be an https URL (http only for localhost and 127.0.0.1), without a query");
    } else if (s->msg91_base_url[len - 1] == '/') {
        s->msg91_base_url = apr_pstrmemdup(loading->pool, s->msg91_base_url, len - 1);
    }
}

void authp_settings_phone_check(authp_loading_t *loading)
{
    const authp_settings_t *s = loading->settings;
    check_roles(loading);
    check_countries(loading);
    check_msg91(loading);
    if (s->otp_provider == AUTHP_OTP_BY_MOCK && !s->development) {
        complain(loading, "OTP_PROVIDER",
                 "is mock, which accepts a code that everybody knows; this needs "
                 "APP_ENV=development");
    }
}
