/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/profile.h"

const authp_problem_t *authp_profile_problem(const authp_profile_t *profile, authp_err_t err)
{
    for (const authp_problem_t *own = profile->problems; own != NULL && own->err != AUTHP_OK;
         own++) {
        if (own->err == err) {
            return own;
        }
    }
    return authp_problem_of(err);
}
