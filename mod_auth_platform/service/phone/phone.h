/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_PHONE_PHONE_H
#define AUTHP_SERVICE_PHONE_PHONE_H

#include "base/err.h"
#include "service/settings/settings.h"

#include <apr_pools.h>
#include <stdbool.h>

/* The rules of phone numbers. Numbers are stored as E.164: '+', the calling code of the country,
 * and the national digits. Log lines and audit rows have them only as authp_phone_logged() writes
 * them.
 */

/* *e164: the number that a person typed. `typed` (NULL counts as "") may have digits, spaces, '-',
 * '(' and ')', and a '+' before all of them but spaces. Without '+' it is a number of
 * PHONE_DEFAULT_COUNTRY. AUTHP_E_MOBILE_INVALID: other characters; a country that PHONE_COUNTRIES
 * lacks; of 91, not ten digits that begin with 6 to 9; of others, not 6 to 14 digits behind the
 * calling code. */
AUTHP_CHECKED authp_err_t authp_phone_parse(const authp_settings_t *settings, const char *typed,
                                            const char **e164, apr_pool_t *pool);

/* True for '+' and 7 to 17 digits, the first of which is not 0, of any country: what
 * authp_phone_parse() makes under some settings. False for NULL. For the tool and for imports. */
bool authp_phone_is_e164(const char *text);

/* The digits behind the calling code of a stored number: 9876543210. The code is the longest of
 * PHONE_COUNTRIES that fits, else the one that the numbering plan (ITU-T E.164) says. NULL for
 * NULL. */
const char *authp_phone_national(const authp_settings_t *settings, const char *e164,
                                 apr_pool_t *pool);

/* The national digits for people: 987****3210. A number of fewer than eight national digits shows
 * none but the last two. NULL for NULL. */
const char *authp_phone_masked(const authp_settings_t *settings, const char *e164,
                               apr_pool_t *pool);

/* For log lines and audit rows: *******3210. Never NULL. */
const char *authp_phone_logged(const char *e164, apr_pool_t *pool);

/* The calling code of a stored number and its first five national digits, "+9198765", for limits.
 * Never NULL. */
const char *authp_phone_prefix(const authp_settings_t *settings, const char *e164,
                               apr_pool_t *pool);

#endif
