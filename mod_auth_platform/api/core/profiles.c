/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/profiles.h"

#include <string.h>

const authp_profile_t *authp_profiles_at(int index)
{
    for (int i = 0; i < index; i++) {
        if (authp_profiles_table[i] == NULL) {
            return NULL;
        }
    }
    return index < 0 ? NULL : authp_profiles_table[index];
}

const authp_profile_t *authp_profiles_find(const char *name)
{
    for (int i = 0; authp_profiles_table[i] != NULL; i++) {
        if (strcmp(authp_profiles_table[i]->name, name) == 0) {
            return authp_profiles_table[i];
        }
    }
    return NULL;
}
