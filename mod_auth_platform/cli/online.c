/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/online.h"

#include "cli/output.h"
#include "net/curl.h"
#include "service/provider/provider_check.h"

#include <apr_strings.h>

/* Adds the lines to the member `key` of `out`. With `all`, they are also added to that list, with
 * the provider's name; without it they are printed as notes. */
static void add_lines(const authp_context_t *context, const authp_provider_t *provider,
                      const apr_array_header_t *lines, json_t *list, apr_array_header_t *all)
{
    for (int i = 0; i < lines->nelts; i++) {
        const char *line = APR_ARRAY_IDX(lines, i, const char *);
        const char *named =
            apr_pstrcat(context->pool, "provider ", provider->name, ": ", line, NULL);
        authp_json_append_str(list, line);
        if (all != NULL) {
            APR_ARRAY_PUSH(all, const char *) = named;
        } else {
            authp_output_error(context->pool, "note: %s", named);
        }
    }
}

static void check_one(const authp_context_t *context, const authp_provider_t *provider,
                      const authp_fetcher_t *fetcher, json_t *list, apr_array_header_t *errors)
{
    authp_provider_report_t report;
    json_t *out = authp_json_append_object(list);
    authp_provider_check(provider, fetcher, &report, context->pool);
    authp_json_set_str(out, "name", provider->name);
    authp_json_set_str(out, "issuer", provider->issuer);
    authp_json_set_str(out, "checked", report.checked);
    if (!context->options->json) {
        authp_output_line(context->pool, "provider %s (%s): %s", provider->name, provider->issuer,
                          report.checked);
    }
    add_lines(context, provider, report.errors, authp_json_set_array(out, "errors"), errors);
    add_lines(context, provider, report.notes, authp_json_set_array(out, "notes"), NULL);
}

void authp_online_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors)
{
    const authp_settings_t *settings = context->settings;
    authp_fetcher_t *fetcher = NULL;
    json_t *list = authp_json_set_array(answer, "providers");
    if (settings->providers->nelts == 0) {
        authp_output_error(context->pool, "note: the settings name no identity provider");
        return;
    }
    if (authp_curl_make(settings->oidc_ca_file, 1, &fetcher, context->pool) != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) =
            "no identity provider can be asked, see the line above";
        return;
    }
    /* The report has the same errors as the log lines of the library. */
    authp_output_log(false);
    for (int i = 0; i < settings->providers->nelts; i++) {
        check_one(context, APR_ARRAY_IDX(settings->providers, i, const authp_provider_t *), fetcher,
                  list, errors);
    }
    authp_output_log(true);
}
