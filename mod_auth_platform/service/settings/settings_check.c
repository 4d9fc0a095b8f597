/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/settings_check.h"

#include "base/text.h"
#include "net/origin.h"
#include "service/settings/settings_alias.h"
#include "service/settings/settings_mail.h"
#include "service/settings/settings_phone.h"
#include "service/settings/settings_providers.h"

#include <apr_strings.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The shared table counts attempts in ten bits, up to 1023. The delays need the numbers above this
 * one. */
#define FAILURES_MOST 900

static void complain_of(authp_loading_t *loading, const char *name, const char *text)
{
    loading->name = authp_settings_alias_said(loading, name);
    authp_settings_table_complain(loading, text);
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* AUTH_STORE is a name or sqlite:FILE. Without it the other settings choose the store. */
static void resolve_store(authp_loading_t *loading, const char *store)
{
    authp_settings_t *s = loading->settings;
    const char *file = "auth_platform.db";
    if (store == NULL) {
        store = s->mongodb_uri != NULL    ? "mongodb"
                : s->database_url != NULL ? "postgresql"
                                          : "sqlite";
    }
    if (begins(store, "sqlite:") && store[7] != '\0') {
        file = store + 7;
        store = "sqlite";
    }
    if (strcmp(store, "sqlite") != 0 && strcmp(store, "mongodb") != 0 &&
        strcmp(store, "postgresql") != 0) {
        complain_of(loading, "AUTH_STORE", "must be sqlite, sqlite:FILE, mongodb or postgresql");
        return;
    }
    s->store = apr_pstrdup(loading->pool, store);
    s->sqlite_file = file[0] == '/' ? apr_pstrdup(loading->pool, file)
                                    : apr_pstrcat(loading->pool, s->state_dir, "/", file, NULL);
    if (strcmp(store, "mongodb") == 0 && s->mongodb_uri == NULL) {
        complain_of(loading, "MONGODB_URI", "is needed with AUTH_STORE=mongodb");
    }
    if (strcmp(store, "postgresql") == 0 && s->database_url == NULL) {
        complain_of(loading, "DATABASE_URL", "is needed with AUTH_STORE=postgresql");
    }
}

/* What libpq takes. A program in Python may have put the name of its driver behind the scheme. */
static bool is_database_url(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    const char *equals = strchr(url, '=');
    if (scheme_end == NULL || (equals != NULL && equals < scheme_end)) {
        return equals != NULL;
    }
    return begins(url, "postgres://") || begins(url, "postgresql://") || begins(url, "postgresql+");
}

static bool is_schema_name(const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        bool letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';
        if (!letter && (at == name || *at < '0' || *at > '9')) {
            return false;
        }
    }
    return true;
}

static void check_urls(authp_loading_t *loading)
{
    authp_settings_t *s = loading->settings;
    if (s->mongodb_uri != NULL && !begins(s->mongodb_uri, "mongodb://") &&
        !begins(s->mongodb_uri, "mongodb+srv://")) {
        complain_of(loading, "MONGODB_URI", "must begin with mongodb:// or mongodb+srv://");
    }
    if (s->database_url != NULL && !is_database_url(s->database_url)) {
        complain_of(loading, "DATABASE_URL",
                    "must begin with postgresql://, or be a list of key=value");
    }
    if (s->db_schema != NULL && !is_schema_name(s->db_schema)) {
        complain_of(loading, "AUTH_DB_SCHEMA",
                    "must be a name of letters, digits and _ that begins with no digit");
    }
    if (s->frontend_url != NULL &&
        ((!begins(s->frontend_url, "http://") && !begins(s->frontend_url, "https://")) ||
         authp_origin_parse(s->frontend_url, true, &s->frontend_origin, loading->pool) !=
             AUTHP_OK)) {
        complain_of(loading, "FRONTEND_URL", "must be an http or https URL");
    }
}

static void check_keys(authp_loading_t *loading, bool secret_complained)
{
    const authp_settings_t *s = loading->settings;
    if (s->jwt_secret == NULL && !secret_complained) {
        complain_of(loading, "JWT_SECRET_KEY", "is missing (make one with `authplatform secret`)");
    }
    if (s->jwt_secret != NULL && s->jwt_secret_previous != NULL &&
        authp_secret_equal_str((const char *)authp_secret_bytes(s->jwt_secret),
                               (const char *)authp_secret_bytes(s->jwt_secret_previous))) {
        complain_of(loading, "JWT_SECRET_KEY_PREVIOUS", "is the same as the present key");
    }
    if (s->jwt_algorithm != NULL && strcmp(s->jwt_algorithm, "HS256") != 0) {
        complain_of(loading, "JWT_ALGORITHM", "this build has HS256 only");
    }
}

static bool complained_of(const authp_loading_t *loading, const char *name)
{
    const char *begin =
        apr_pstrcat(loading->pool, authp_settings_alias_said(loading, name), " ", NULL);
    for (int i = 0; i < loading->errors->nelts; i++) {
        if (begins(APR_ARRAY_IDX(loading->errors, i, const char *), begin)) {
            return true;
        }
    }
    return false;
}

/* The folder need not exist, because httpd makes it at its start. */
static void check_state_dir(authp_loading_t *loading, const char *store)
{
    const char *dir = loading->settings->state_dir;
    struct stat info;
    if (dir == NULL) {
        return;
    }
    if (dir[0] != '/') {
        complain_of(loading, "AUTH_STATE_DIR", "must be an absolute path");
        return;
    }
    if (stat(dir, &info) == 0) {
        if (!S_ISDIR(info.st_mode)) {
            complain_of(loading, "AUTH_STATE_DIR",
                        apr_pstrcat(loading->pool, dir, " is not a folder", NULL));
        }
    } else if (errno == ENOTDIR) {
        complain_of(
            loading, "AUTH_STATE_DIR",
            apr_pstrcat(loading->pool, dir, " lies below something that is not a folder", NULL));
    }
    resolve_store(loading, store);
}

void authp_settings_check(authp_loading_t *loading, const char *store)
{
    const authp_settings_t *s = loading->settings;
    check_state_dir(loading, store);
    check_urls(loading);
    check_keys(loading, complained_of(loading, "JWT_SECRET_KEY"));
    if (s->session_absolute_days != 0 && s->refresh_token_days != 0 &&
        s->session_absolute_days < s->refresh_token_days) {
        complain_of(loading, "SESSION_ABSOLUTE_DAYS",
                    "must not be less than REFRESH_TOKEN_EXPIRE_DAYS");
    }
    if (s->roles_set && !authp_text_listed("recruiter", s->roles) &&
        s->recruiter_registration != AUTHP_RECRUITERS_BY_INVITE) {
        complain_of(loading, "RECRUITER_REGISTRATION", "is set, but ROLES has no recruiter");
    }
    authp_settings_phone_check(loading);
    authp_settings_mail_check(loading);
    if (s->limit_account.count > FAILURES_MOST) {
        complain_of(loading, "AUTH_LIMIT_ACCOUNT", "must be at most 900 failures");
    }
    if (s->oidc_ca_file != NULL && access(s->oidc_ca_file, R_OK) != 0) {
        complain_of(loading, "OIDC_CA_FILE",
                    apr_pstrcat(loading->pool, s->oidc_ca_file, " cannot be read", NULL));
    }
    if (s->password_refused_file != NULL && access(s->password_refused_file, R_OK) != 0) {
        complain_of(loading, "PASSWORD_REFUSED_FILE",
                    apr_pstrcat(loading->pool, s->password_refused_file, " cannot be read", NULL));
    }
}

/* The names of all settings (const char *). */
static apr_array_header_t *all_names(const authp_settings_t *settings, apr_pool_t *pool)
{
    apr_array_header_t *known = authp_settings_providers_names(settings, pool);
    for (int i = 0; i < authp_settings_table_count; i++) {
        APR_ARRAY_PUSH(known, const char *) = authp_settings_table[i].name;
    }
    authp_settings_alias_list(known);
    return known;
}

/* The setting that `name` may be a misspelling of. NULL if there is none. */
static const char *near_name(const char *name, const apr_array_header_t *known)
{
    if (authp_settings_alias_foreign(name)) {
        return NULL;
    }
    if (authp_text_same(name, "JWT_SECRET")) {
        return "JWT_SECRET_KEY";
    }
    return authp_text_nearest(name, known);
}

void authp_settings_check_names(authp_loading_t *loading, const apr_table_t *file)
{
    const apr_array_header_t *known = all_names(loading->settings, loading->pool);
    const apr_array_header_t *entries = apr_table_elts(file);
    for (int i = 0; i < entries->nelts; i++) {
        const char *name = APR_ARRAY_IDX(entries, i, apr_table_entry_t).key;
        const char *meant = authp_text_listed(name, known) ? NULL : near_name(name, known);
        if (meant != NULL) {
            complain_of(
                loading, name,
                apr_pstrcat(loading->pool, "is not a setting; did you mean ", meant, "?", NULL));
        }
    }
}
