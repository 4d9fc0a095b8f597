/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/terms.h"

#include <stddef.h>

const authp_terms_t authp_terms_platform = {
    .prf = NULL, .minutes = 15, .most_minutes = AUTHP_TERMS_MOST_MINUTES, .claims = 0};

int authp_terms_minutes(const authp_settings_t *settings, const authp_terms_t *terms)
{
    int set = settings->access_token_minutes;
    terms = terms != NULL ? terms : &authp_terms_platform;
    return set > 0 && set <= terms->most_minutes ? set : terms->minutes;
}
