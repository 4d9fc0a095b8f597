/* SPDX-License-Identifier: Apache-2.0 */
/* Reads one line of httpd's configuration: "DIRECTIVE VALUE" for every directive of ours that takes
 * one argument or a list, "Require CONDITION WORDS", or "GET PATH", which is a request on a site
 * where everything is guarded. The target is linked with the files of httpd/ that read these lines
 * and with t/fuzz/support/httpd_stub.c, which has the few functions of httpd that they call. */
#include "fuzz.h"
#include "httpd/config.h"
#include "httpd/directives.h"
#include "httpd/require.h"
#include "httpd/way_in.h"
#include "support/httpd_stub.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    apr_pool_t *global = fuzz_pool();
    (void)argc;
    (void)argv;
    authp_require_register(global);
    FUZZ_DEMAND(httpd_stub_provider("role") != NULL && httpd_stub_provider("auth-age") != NULL);
    return 0;
}

static void check_complaint(const char *error)
{
    FUZZ_DEMAND(error == NULL || error[0] != '\0');
}

/* Paths of requests are compared with an accepted path byte by byte, so it must be a plain path. */
static void check_path(const char *path)
{
    if (path == NULL || path[0] == '\0') {
        return; /* unset, or off */
    }
    FUZZ_DEMAND(path[0] == '/' && strpbrk(path, " %?#\\\"<>\t\r\n") == NULL);
    FUZZ_DEMAND(strstr(path, "//") == NULL && strstr(path, "/../") == NULL);
}

#define MOST_WORDS 8

/* Calls the row's function as httpd does, if it takes one word or a list of them. */
static void call_row(cmd_parms *cmd, void *dir, const char *value)
{
    char *words[MOST_WORDS];
    int count = 0;
    if (cmd->cmd->args_how == TAKE1) {
        check_complaint(cmd->cmd->AP_TAKE1(cmd, dir, value));
    }
    if (cmd->cmd->args_how != TAKE_ARGV) {
        return;
    }
    while (*value != '\0' && count < MOST_WORDS) {
        words[count++] = ap_getword_conf(cmd->pool, &value);
    }
    check_complaint(cmd->cmd->AP_TAKE_ARGV(cmd, dir, count, words));
}

static void check_way_in(const authp_way_in_t *way)
{
    if (way == NULL) {
        return;
    }
    check_path(way->page);
    for (int i = 0; i < way->also->nelts; i++) {
        const char *also = APR_ARRAY_IDX(way->also, i, const char *);
        check_path(also);
        FUZZ_DEMAND(strlen(also) > 1);
    }
}

static void try_directive(const char *name, const char *value, apr_pool_t *pool)
{
    server_rec server = {.is_virtual = 0};
    void *servers[1] = {authp_config_create_server(pool, &server)};
    authp_dir_config_t *dir = authp_config_create_dir(pool, NULL);
    server.module_config = (struct ap_conf_vector_t *)servers;
    for (const command_rec *row = authp_directives_table; row->name != NULL; row++) {
        if (strcmp(row->name, name) != 0) {
            continue;
        }
        cmd_parms cmd = {.cmd = row, .info = row->cmd_data, .pool = pool, .temp_pool = pool};
        cmd.server = &server;
        call_row(&cmd, dir, value);
    }
    const authp_server_config_t *config = servers[0];
    for (int i = 0; config->mounts != NULL && i < config->mounts->nelts; i++) {
        check_path(APR_ARRAY_IDX(config->mounts, i, authp_mount_t).path);
    }
    check_path(config->me_path);
    check_way_in(dir->sign_in);
    FUZZ_DEMAND(config->max_lag_ms == 0 ||
                (config->max_lag_ms >= 2000 && config->max_lag_ms <= 3600000));
}

/* A path that passes without a signed-in user must be one of the configured ones, spelled
 * plainly. */
static void try_path(char *path, apr_pool_t *pool)
{
    static char page[] = "/in.html", folder[] = "/static/", file[] = "/a.css";
    char *const words[] = {page, folder, file};
    server_rec server = {.is_virtual = 0};
    void *servers[1] = {authp_config_create_server(pool, &server)};
    authp_dir_config_t *dir = authp_config_create_dir(pool, NULL);
    void *dirs[1] = {dir};
    const command_rec *row = authp_directives_table;
    while (strcmp(row->name, "AuthPlatformSignInPage") != 0) {
        row++;
    }
    cmd_parms cmd = {.cmd = row, .info = row->cmd_data, .pool = pool, .temp_pool = pool};
    FUZZ_DEMAND(row->AP_TAKE_ARGV(&cmd, dir, 3, words) == NULL);
    server.module_config = (struct ap_conf_vector_t *)servers;
    request_rec r = {.server = &server, .uri = path, .unparsed_uri = path, .method_number = M_GET};
    r.per_dir_config = (struct ap_conf_vector_t *)dirs;
    if (!authp_way_in_holds(&r) || strcmp(path, page) == 0 || strcmp(path, file) == 0) {
        return;
    }
    FUZZ_DEMAND(strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] != '\0');
    FUZZ_DEMAND(strpbrk(path, "%;\\?") == NULL);
    FUZZ_DEMAND(strstr(path, "//") == NULL && strstr(path, "/.") == NULL);
}

static void try_require(const char *line, apr_pool_t *pool)
{
    const char *name = ap_getword_conf(pool, &line);
    const authz_provider *provider = httpd_stub_provider(name);
    cmd_parms cmd = {.pool = pool, .temp_pool = pool};
    const void *parsed = NULL;
    if (provider != NULL) {
        check_complaint(provider->parse_require_line(&cmd, line, &parsed));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    if (size > 4096) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    char *name = apr_pstrmemdup(pool, (const char *)data, size);
    char *value = strchr(name, ' ');
    if (value != NULL) {
        *value++ = '\0';
        if (strcmp(name, "Require") == 0) {
            try_require(value, pool);
        } else if (strcmp(name, "GET") == 0) {
            try_path(value, pool);
        } else {
            try_directive(name, value, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
