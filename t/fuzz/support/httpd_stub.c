/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of httpd that the reading of a configuration line calls. They exist only in the
 * server's own program, so fuzz targets and unit tests must define them. */
#include "httpd_stub.h"
#include "httpd/module.h"

#include <ap_provider.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <http_request.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_PROVIDERS 16

/* With module_index 0 the module's configuration is the first element of the vector. */
module AP_MODULE_DECLARE_DATA auth_platform_module = {.module_index = 0};

static struct {
    const char *name;
    const authz_provider *provider;
} providers[MOST_PROVIDERS];
static int nproviders;

const authz_provider *httpd_stub_provider(const char *name)
{
    for (int i = 0; i < nproviders; i++) {
        if (strcmp(providers[i].name, name) == 0) {
            return providers[i].provider;
        }
    }
    return NULL;
}

apr_status_t ap_register_auth_provider(apr_pool_t *pool, const char *group, const char *name,
                                       const char *version, const void *provider, int type)
{
    (void)pool, (void)group, (void)version, (void)type;
    if (nproviders == MOST_PROVIDERS) {
        abort();
    }
    providers[nproviders].name = name;
    providers[nproviders].provider = provider;
    nproviders++;
    return APR_SUCCESS;
}

/* Reads a word, or a quoted one with backslashes before quotes, as httpd splits a line. */
char *ap_getword_conf(apr_pool_t *pool, const char **line)
{
    const char *at = *line;
    while (apr_isspace(*at)) {
        at++;
    }
    char *word = apr_pcalloc(pool, strlen(at) + 1);
    char *end = word;
    char quote = '\0';
    if (*at == '"' || *at == '\'') {
        quote = *at++;
    }
    while (*at != '\0' && (quote != '\0' ? *at != quote : !apr_isspace(*at))) {
        if (quote != '\0' && at[0] == '\\' && (at[1] == quote || at[1] == '\\')) {
            at++;
        }
        *end++ = *at++;
    }
    if (quote != '\0' && *at == quote) {
        at++;
    }
    while (apr_isspace(*at)) {
        at++;
    }
    *line = at;
    return word;
}

int ap_cstr_casecmp(const char *a, const char *b)
{
    return strcasecmp(a, b);
}

char *ap_server_root_relative(apr_pool_t *pool, const char *file)
{
    return file[0] == '/' ? apr_pstrdup(pool, file) : apr_pstrcat(pool, "/etc/", file, NULL);
}

/* Reads seconds, or a number with a unit. This is as much of httpd's function as is needed to reach
 * our check of the range. */
apr_status_t ap_timeout_parameter_parse(const char *text, apr_interval_time_t *out,
                                        const char *unit)
{
    char *end = NULL;
    apr_int64_t value = apr_strtoi64(text, &end, 10);
    (void)unit;
    if (end == text || value < 0 || value > 100000000) {
        return APR_EGENERAL;
    }
    if (strcmp(end, "ms") == 0) {
        *out = value * 1000;
        return APR_SUCCESS;
    }
    if (strcmp(end, "h") == 0 || strcmp(end, "min") == 0) {
        value *= *end == 'h' ? 3600 : 60;
        end = "";
    }
    *out = apr_time_from_sec(value);
    return *end == '\0' || strcmp(end, "s") == 0 ? APR_SUCCESS : APR_EGENERAL;
}

const char *ap_set_flag_slot(cmd_parms *cmd, void *dir, int on)
{
    *(int *)((char *)dir + (size_t)cmd->info) = on;
    return NULL;
}
