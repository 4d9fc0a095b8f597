/* SPDX-License-Identifier: Apache-2.0 */
/* One line of httpd's configuration: "DIRECTIVE VALUE" for every directive of ours that takes one
 * argument, and "Require CONDITION WORDS". Linked with the files of httpd/ that read them and with
 * t/fuzz/support/httpd_stub.c, which stands in for the few functions of httpd they call. */
#include "fuzz.h"
#include "httpd/config.h"
#include "httpd/directives.h"
#include "httpd/require.h"
#include "support/httpd_stub.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_pool_t *global;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    apr_initialize();
    apr_pool_create(&global, NULL);
    authp_require_register(global);
    FUZZ_DEMAND(httpd_stub_provider("role") != NULL && httpd_stub_provider("auth-age") != NULL);
    return 0;
}

static void check_complaint(const char *error)
{
    FUZZ_DEMAND(error == NULL || error[0] != '\0');
}

/* A path that was taken is compared with requests' paths byte by byte: it must be one. */
static void check_path(const char *path)
{
    if (path == NULL || path[0] == '\0') {
        return; /* unset, or off */
    }
    FUZZ_DEMAND(path[0] == '/' && strpbrk(path, " %?#\\\"<>\t\r\n") == NULL);
    FUZZ_DEMAND(strstr(path, "//") == NULL && strstr(path, "/../") == NULL);
}

static void try_directive(const char *name, const char *value, apr_pool_t *pool)
{
    server_rec server = {.is_virtual = 0};
    void *servers[1] = {authp_config_create_server(pool, &server)};
    authp_dir_config_t *dir = authp_config_create_dir(pool, NULL);
    server.module_config = (struct ap_conf_vector_t *)servers;
    for (const command_rec *row = authp_directives_table; row->name != NULL; row++) {
        if (strcmp(row->name, name) != 0 || row->args_how != TAKE1) {
            continue;
        }
        cmd_parms cmd = {.cmd = row, .info = row->cmd_data, .pool = pool, .temp_pool = pool};
        cmd.server = &server;
        check_complaint(row->AP_TAKE1(&cmd, dir, value));
    }
    const authp_server_config_t *config = servers[0];
    check_path(config->mount_path);
    check_path(config->me_path);
    check_path(dir->sign_in_page);
    FUZZ_DEMAND(config->max_lag_ms == 0 ||
                (config->max_lag_ms >= 2000 && config->max_lag_ms <= 3600000));
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
    apr_pool_create(&pool, global);
    char *name = apr_pstrmemdup(pool, (const char *)data, size);
    char *value = strchr(name, ' ');
    if (value != NULL) {
        *value++ = '\0';
        if (strcmp(name, "Require") == 0) {
            try_require(value, pool);
        } else {
            try_directive(name, value, pool);
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
