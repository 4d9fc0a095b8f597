/* SPDX-License-Identifier: Apache-2.0 */
/* A .env file, and every setting in it: the file's syntax, then the value by the settings table. */
#include "base/envfile.h"
#include "base/text.h"
#include "fuzz.h"
#include "service/settings/settings_check.h"
#include "service/settings/settings_table.h"
#include "service/settings/settings_values.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An error message must be one line. */
static void check_line(const char *line)
{
    FUZZ_DEMAND(line != NULL && line[0] != '\0' && strpbrk(line, "\r\n") == NULL);
}

static void try_settings(const apr_table_t *file, apr_pool_t *pool)
{
    authp_settings_t settings;
    authp_loading_t loading = {.settings = &settings,
                               .where = "in the file",
                               .errors = apr_array_make(pool, 4, sizeof(const char *)),
                               .said = apr_table_make(pool, 2),
                               .places = apr_hash_make(pool),
                               .pool = pool};
    loading.target = loading.settings;
    memset(&settings, 0, sizeof(settings));
    for (int i = 0; i < authp_settings_table_count; i++) {
        const authp_setting_t *row = &authp_settings_table[i];
        const char *value = apr_table_get(file, row->name);
        /* AUTH_STORE is resolved when all the others are known. */
        if (value != NULL && row->kind != AUTHP_SETTING_STORE) {
            loading.name = row->name;
            authp_settings_values_set(&loading, row, value);
        }
    }
    authp_settings_check_names(&loading, file);
    for (int i = 0; i < loading.errors->nelts; i++) {
        check_line(APR_ARRAY_IDX(loading.errors, i, const char *));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    apr_table_t *file = NULL;
    const char *error = NULL;
    apr_pool_create(&pool, fuzz_pool());
    if (authp_envfile_parse("file", (const char *)data, size, &file, &error, pool) == AUTHP_OK) {
        try_settings(file, pool);
    } else {
        check_line(error);
    }
    apr_pool_destroy(pool);
    return 0;
}
