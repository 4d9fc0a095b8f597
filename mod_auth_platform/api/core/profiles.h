/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_PROFILES_H
#define AUTHP_API_CORE_PROFILES_H

#include "api/core/profile.h"

/* The profiles of this build, by name. The table behind it is made from the folders of
 * api/profiles/ (build/profiles.pl). */
#define AUTHP_PROFILES_USUAL "platform"

/* NULL if there is none of that name. */
const authp_profile_t *authp_profiles_find(const char *name);
/* Profile `index`, NULL beyond the last one. */
const authp_profile_t *authp_profiles_at(int index);

/* The table, ended by NULL. */
extern const authp_profile_t *const authp_profiles_table[];

#endif
