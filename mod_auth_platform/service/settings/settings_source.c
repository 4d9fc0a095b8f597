/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_source.h"

const char *authp_settings_source_value(const authp_settings_source_t *source, const char *name,
                                        const char **where)
{
    const char *value = source->env->lookup(source->env->ctx, name);
    if (value != NULL && value[0] != '\0') {
        *where = "in the environment";
        return value;
    }
    *where = source->in_file;
    value = source->file != NULL ? apr_table_get(source->file, name) : NULL;
    return value != NULL && value[0] != '\0' ? value : NULL;
}
