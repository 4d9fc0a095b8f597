/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/online_keys.h"

#include "cli/data_keys.h"
#include "cli/output.h"

#include <apr_strings.h>
#include <string.h>
#include <sys/stat.h>

/* False if there is no database yet, and so no data key. */
static bool has_database(const authp_context_t *context)
{
    struct stat info;
    return strcmp(context->settings->store, "sqlite") != 0 ||
           stat(context->settings->sqlite_file, &info) == 0;
}

static const char *names_of(const authp_context_t *context, const apr_array_header_t *items)
{
    const char *names = NULL;
    for (int i = 0; i < items->nelts; i++) {
        const authp_data_keys_item_t *item = &APR_ARRAY_IDX(items, i, authp_data_keys_item_t);
        if (!item->opens) {
            names = names == NULL
                        ? item->row->id.hex
                        : apr_pstrcat(context->pool, names, ", ", item->row->id.hex, NULL);
        }
    }
    return names;
}

void authp_online_keys_check(authp_context_t *context, json_t *answer, apr_array_header_t *errors)
{
    apr_array_header_t *items = NULL;
    if (context->settings->mail_server == NULL || !has_database(context)) {
        return;
    }
    json_t *out = authp_json_set_object(answer, "data_keys");
    authp_err_t err = authp_context_open(context);
    if (err == AUTHP_OK) {
        err = authp_data_keys_read(context, &items, NULL);
    }
    if (err != AUTHP_OK) {
        APR_ARRAY_PUSH(errors, const char *) = apr_psprintf(
            context->pool, "the data keys are not known, because the store fails (%s): %s",
            authp_err_name(err), context->where);
        return;
    }
    const char *lost = names_of(context, items);
    authp_json_set_int(out, "count", items->nelts);
    authp_json_set_int(out, "lost", authp_data_keys_lost(items));
    if (lost != NULL) {
        APR_ARRAY_PUSH(errors, const char *) =
            apr_pstrcat(context->pool,
                        "data keys that neither JWT_SECRET_KEY nor JWT_SECRET_KEY_PREVIOUS can "
                        "unwrap: ",
                        lost, NULL);
    } else if (!context->options->json) {
        authp_output_line(context->pool, "data keys: %d, and each opens", items->nelts);
    }
}
