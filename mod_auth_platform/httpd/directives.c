/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/directives.h"
#include "api/core/profiles.h"
#include "httpd/config.h"
#include "httpd/way_in.h"
#include "service/live/live.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LIVE_SIZE_LEAST 1024
#define LIVE_SIZE_MOST 16777216

#define AUTHP_SERVER(member) ((void *)offsetof(authp_server_config_t, member))
#define AUTHP_DIR(member) ((void *)offsetof(authp_dir_config_t, member))

/* The member of this host's configuration that the row of the directive names. */
static void *server_member(cmd_parms *cmd)
{
    return (char *)authp_config_server(cmd->server) + (size_t)cmd->info;
}

static const char *wrong(cmd_parms *cmd, const char *text)
{
    return apr_pstrcat(cmd->pool, cmd->cmd->name, " ", text, NULL);
}

/* Accepts a path of this host only in one spelling, because it is compared with the paths of
 * requests. NULL, or what is wrong. */
static const char *check_path(const char *path)
{
    if (path[0] != '/') {
        return "must begin with a slash";
    }
    for (const char *slash = path; slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t dots = strspn(slash + 1, ".");
        char after = slash[1 + dots];
        if ((dots == 0 && after == '/') ||
            (dots > 0 && dots < 3 && (after == '/' || after == '\0'))) {
            return "must not contain //, /./ or /../";
        }
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f || strchr("%?#\\\"<>", *at)) {
            return "must be a plain path: printable ASCII without %, ?, #, <, >, quotes and backslash";
        }
    }
    return NULL;
}

static const char *set_env_file(cmd_parms *cmd, void *dir, const char *value)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    (void)dir;
    if (error != NULL) {
        return error;
    }
    const char *file = value[0] != '\0' ? ap_server_root_relative(cmd->pool, value) : NULL;
    if (file == NULL) {
        return wrong(cmd, "needs the name of a file");
    }
    *(const char **)server_member(cmd) = file;
    return NULL;
}

static const char *set_max_lag(cmd_parms *cmd, void *dir, const char *value)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    apr_interval_time_t lag = 0;
    (void)dir;
    if (error != NULL) {
        return error;
    }
    if (ap_timeout_parameter_parse(value, &lag, "s") != APR_SUCCESS || lag < apr_time_from_sec(2) ||
        lag > apr_time_from_sec(3600)) {
        return wrong(cmd, "must be a time from 2s to 1h");
    }
    *(int64_t *)server_member(cmd) = apr_time_as_msec(lag);
    return NULL;
}

static const char *set_live_size(cmd_parms *cmd, void *dir, const char *value)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    char *end = NULL;
    (void)dir;
    if (error != NULL) {
        return error;
    }
    apr_int64_t entries = apr_strtoi64(value, &end, 10);
    if (*end != '\0' || entries < LIVE_SIZE_LEAST || entries > LIVE_SIZE_MOST) {
        return wrong(cmd, "must be a number from 1024 to 16777216");
    }
    *(int *)server_member(cmd) = (int)entries;
    return NULL;
}

static const char *set_unavailable(cmd_parms *cmd, void *dir, const char *value)
{
    int *member = (int *)((char *)dir + (size_t)cmd->info);
    if (ap_cstr_casecmp(value, "deny") == 0) {
        *member = AUTHP_UNAVAILABLE_DENY;
        return NULL;
    }
    if (ap_cstr_casecmp(value, "allow-valid") == 0) {
        *member = AUTHP_UNAVAILABLE_ALLOW_VALID;
        return NULL;
    }
    return wrong(cmd, "must be deny or allow-valid");
}

/* The KB of "512K" or "4M". -1 for any other text. */
static long kilobytes(const char *size)
{
    size_t digits = strspn(size, "0123456789");
    long value = digits > 0 && digits <= 7 ? strtol(size, NULL, 10) : -1;
    if (size[digits] != '\0' && size[digits + 1] != '\0') {
        return -1;
    }
    switch (size[digits]) {
    case 'k':
    case 'K':
        return value;
    case 'm':
    case 'M':
        return value * 1024;
    default:
        return -1;
    }
}

static const char *set_cache_size(cmd_parms *cmd, void *dir, const char *value)
{
    const char *error = ap_check_cmd_context(cmd, GLOBAL_ONLY);
    (void)dir;
    if (error != NULL) {
        return error;
    }
    bool off = ap_cstr_casecmp(value, "off") == 0;
    long size = off ? 0 : kilobytes(value);
    if (!off && (size < 64 || size > 1048576)) {
        return wrong(cmd, "must be 64K to 1024M, or off");
    }
    *(int *)server_member(cmd) = (int)size;
    return NULL;
}

/* Checks the path of something that this host serves. Returns NULL, or what is wrong. */
static const char *check_served(const char *path)
{
    const char *error = check_path(path);
    if (error == NULL && path[strlen(path) - 1] == '/') {
        error = path[1] == '\0' ? "must not be the whole site" : "must not end with a slash";
    }
    return error;
}

static const char *set_path(cmd_parms *cmd, void *dir, const char *value)
{
    const char *error = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    (void)dir;
    if (error != NULL) {
        return error;
    }
    if (ap_cstr_casecmp(value, "off") == 0) {
        *(const char **)server_member(cmd) = "";
        return NULL;
    }
    error = check_served(value);
    if (error != NULL) {
        return wrong(cmd, error);
    }
    *(const char **)server_member(cmd) = value;
    return NULL;
}

static const char *unknown_profile(cmd_parms *cmd, const char *name)
{
    const char *names = "";
    for (int i = 0; authp_profiles_at(i) != NULL; i++) {
        const authp_profile_t *profile = authp_profiles_at(i);
        if (profile->title != NULL) {
            names = apr_pstrcat(cmd->pool, names, *names != '\0' ? ", " : "", profile->name, NULL);
        }
    }
    return apr_psprintf(cmd->pool, "%s: there is no profile %s; there is: %s", cmd->cmd->name, name,
                        names);
}

/* Only profiles that can be mounted have a shape of their own. */
static const char *find_profile(cmd_parms *cmd, const char *name, const authp_profile_t **out)
{
    *out = authp_profiles_find(name);
    return *out == NULL || (*out)->title == NULL ? unknown_profile(cmd, name) : NULL;
}

static const char *set_error_shape(cmd_parms *cmd, void *dir, const char *name)
{
    return find_profile(cmd, name, (const authp_profile_t **)((char *)dir + (size_t)cmd->info));
}

/* A host's own mounts replace those of the main server. `off` empties the list. */
static const char *add_mount(cmd_parms *cmd, void *dir, const char *path, const char *name)
{
    const char *error = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    apr_array_header_t **mounts = server_member(cmd);
    (void)dir;
    if (error != NULL) {
        return error;
    }
    if (ap_cstr_casecmp(path, "off") == 0) {
        *mounts = apr_array_make(cmd->pool, 1, sizeof(authp_mount_t));
        return name != NULL ? wrong(cmd, "off takes no profile") : NULL;
    }
    error = check_served(path);
    if (error != NULL) {
        return wrong(cmd, error);
    }
    const authp_profile_t *profile = NULL;
    error = find_profile(cmd, name != NULL ? name : AUTHP_PROFILES_USUAL, &profile);
    if (error != NULL) {
        return error;
    }
    if (*mounts == NULL) {
        *mounts = apr_array_make(cmd->pool, 2, sizeof(authp_mount_t));
    }
    for (int i = 0; i < (*mounts)->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(*mounts, i, authp_mount_t).path, path) == 0) {
            return apr_psprintf(cmd->pool, "%s %s is set twice", cmd->cmd->name, path);
        }
    }
    APR_ARRAY_PUSH(*mounts, authp_mount_t) = authp_mount_make(path, profile, AUTHP_DELIVERY_JSON);
    return NULL;
}

static const char *set_delivery(cmd_parms *cmd, void *dir, const char *value)
{
    static const struct {
        const char *name;
        authp_delivery_t delivery;
    } ways[] = {{"json", AUTHP_DELIVERY_JSON},
                {"cookie", AUTHP_DELIVERY_COOKIE},
                {"ask", AUTHP_DELIVERY_ASK}};
    const char *error = ap_check_cmd_context(cmd, NOT_IN_DIR_CONTEXT);
    (void)dir;
    if (error != NULL) {
        return error;
    }
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        if (ap_cstr_casecmp(value, ways[i].name) == 0) {
            *(int *)server_member(cmd) = (int)ways[i].delivery;
            return NULL;
        }
    }
    return wrong(cmd, "must be json, cookie or ask");
}

static const char *set_page(cmd_parms *cmd, void *dir, int count, char *const words[])
{
    const authp_way_in_t **member = (const authp_way_in_t **)((char *)dir + (size_t)cmd->info);
    const char *error = authp_way_in_parse(cmd, count, words, check_path, member);
    return error != NULL ? wrong(cmd, error) : NULL;
}

/* With DECLINE_CMD mod_authz_core also processes the line, and reports its errors. */
static const char *note_require(cmd_parms *cmd, void *dir, const char *line)
{
    authp_way_in_note(cmd, line, (authp_guarded_by_t *)((char *)dir + (size_t)cmd->info));
    return DECLINE_CMD;
}

static const char *set_remote_user(cmd_parms *cmd, void *dir, const char *value)
{
    int *member = (int *)((char *)dir + (size_t)cmd->info);
    if (ap_cstr_casecmp(value, "id") == 0) {
        *member = AUTHP_REMOTE_USER_ID;
        return NULL;
    }
    if (ap_cstr_casecmp(value, "email") == 0) {
        *member = AUTHP_REMOTE_USER_EMAIL;
        return NULL;
    }
    return wrong(cmd, "must be id or email");
}

#define ROW(kind, name, setter, member, where, help)                                               \
    AP_INIT_##kind(name, setter, member, where, help),
const command_rec authp_directives_table[] = {AUTHP_DIRECTIVES(ROW) AUTHP_NOTED(ROW){.name = NULL}};
