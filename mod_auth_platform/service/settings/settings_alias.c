/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_alias.h"

#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *alias;
    const char *name;
} rows[] = {
    {"SECRET_KEY", "JWT_SECRET_KEY"},
    {"ALGORITHM", "JWT_ALGORITHM"},
    {"MONGO_URI", "MONGODB_URI"},
    {"MONGO_DB_NAME", "MONGODB_DB"},
    {"CORS_ORIGINS", "BACKEND_CORS_ORIGINS"},
};
#define ROWS ((int)(sizeof(rows) / sizeof(rows[0])))

static const char *const foreign[] = {
    "APP_NAME",      "APP_VERSION",    "DEBUG",        "LOG_LEVEL",       "GOOGLE_API_KEY",
    "CHROMA_DB_DIR", "PYTHON_VERSION", "DB_POOL_SIZE", "DB_MAX_OVERFLOW", "CORS_CREDENTIALS"};

static const char *alias_of(const char *name)
{
    for (int i = 0; i < ROWS; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].alias;
        }
    }
    return NULL;
}

/* The complaint has no value, because the value may be a secret. */
static void complain_of_both(authp_loading_t *loading, const char *alias, const char *alias_where)
{
    authp_settings_table_complain(
        loading, apr_pstrcat(loading->pool, "has another value than ", alias, " ", alias_where,
                             "; both are names of one setting, so remove one of them", NULL));
}

const char *authp_settings_alias_value(authp_loading_t *loading,
                                       const authp_settings_source_t *source, const char *name)
{
    const char *alias_where = NULL;
    const char *alias = alias_of(name);
    loading->name = name;
    const char *value = authp_settings_source_value(source, name, &loading->where);
    const char *other =
        alias != NULL ? authp_settings_source_value(source, alias, &alias_where) : NULL;
    if (value == NULL && other == NULL) {
        return NULL;
    }
    if (value == NULL) {
        loading->name = alias;
        loading->where = alias_where;
        apr_table_setn(loading->said, name, alias);
    }
    authp_settings_table_note_place(loading);
    if (value != NULL && other != NULL && strcmp(value, other) != 0) {
        complain_of_both(loading, alias, alias_where);
    }
    return value != NULL ? value : other;
}

const char *authp_settings_alias_said(const authp_loading_t *loading, const char *name)
{
    const char *alias = apr_table_get(loading->said, name);
    return alias != NULL ? alias : name;
}

void authp_settings_alias_list(apr_array_header_t *names)
{
    for (int i = 0; i < ROWS; i++) {
        APR_ARRAY_PUSH(names, const char *) = rows[i].alias;
    }
}

bool authp_settings_alias_foreign(const char *name)
{
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        if (strcmp(foreign[i], name) == 0) {
            return true;
        }
    }
    return false;
}
