/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PROFILES_ASSESSMENT_ASSESSMENT_H
#define AUTHP_API_PROFILES_ASSESSMENT_ASSESSMENT_H

#include "api/core/call.h"

/* The handlers. */
authp_err_t authp_assessment_register(authp_call_t *call);
authp_err_t authp_assessment_register_recruiter(authp_call_t *call);
authp_err_t authp_assessment_login(authp_call_t *call);
authp_err_t authp_assessment_login_candidate(authp_call_t *call);
authp_err_t authp_assessment_login_recruiter(authp_call_t *call);
authp_err_t authp_assessment_me(authp_call_t *call);
authp_err_t authp_assessment_logout(authp_call_t *call);

#endif
