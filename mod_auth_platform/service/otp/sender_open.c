/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/sender_open.h"

#include "net/curl.h"
#include "service/otp/mock.h"
#include "service/otp/msg91.h"

#include <apr_strings.h>

/* MSG91 is trusted by the system's certificates alone. One request more than there are places, for
 * the thread that sends after the answer. */
static authp_err_t open_msg91(const authp_settings_t *settings, authp_places_t *all,
                              const authp_otp_sender_t **out, apr_pool_t *pool)
{
    authp_fetcher_t *fetcher = NULL;
    authp_places_t *share = authp_places_share(all, pool);
    authp_err_t err = authp_curl_make(NULL, authp_places_most(share) + 1, &fetcher, pool);
    if (err == AUTHP_OK) {
        *out = authp_msg91_make(settings, fetcher, share, pool);
    }
    return err;
}

authp_err_t authp_sender_open(const authp_settings_t *settings, authp_places_t *all,
                              const authp_otp_sender_t **out, apr_pool_t *pool)
{
    *out = NULL;
    switch (settings->otp_provider) {
    case AUTHP_OTP_BY_MSG91:
        return open_msg91(settings, all, out, pool);
    case AUTHP_OTP_BY_MOCK:
        *out = &authp_mock;
        break;
    case AUTHP_OTP_BY_NOBODY:
        break;
    }
    return AUTHP_OK;
}

const char *authp_sender_open_why(const authp_settings_t *settings, apr_pool_t *pool)
{
    switch (settings->otp_provider) {
    case AUTHP_OTP_BY_MSG91:
        break;
    case AUTHP_OTP_BY_MOCK:
        return apr_psprintf(
            pool,
            "OTP_PROVIDER in %s is mock: no code is sent, and anybody signs in with "
            "any number and the code 1234",
            settings->source);
    case AUTHP_OTP_BY_NOBODY:
        return apr_psprintf(pool,
                            "OTP_PROVIDER in %s is not set: the routes that send or check one-time "
                            "codes answer 503 otp_unavailable",
                            settings->source);
    }
    return NULL;
}
