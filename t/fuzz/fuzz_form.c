/* SPDX-License-Identifier: Apache-2.0 */
/* A body of the type application/x-www-form-urlencoded. */
#include "api/core/form.h"
#include "base/json.h"
#include "base/text.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *encoded(const char *text, size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len * 3 + 1);
    for (size_t i = 0; i < len; i++) {
        apr_snprintf(out + 3 * i, 4, "%%%02X", (unsigned char)text[i]);
    }
    out[len * 3] = '\0';
    return out;
}

/* What was read is written as a form again, and must be read as the same. */
static void try_again(json_t *form, apr_pool_t *pool)
{
    const char *text = "";
    const char *name = NULL;
    json_t *value = NULL;
    json_t *again = NULL;
    json_object_foreach(form, name, value)
    {
        FUZZ_DEMAND(*name != '\0' && json_is_string(value));
        FUZZ_DEMAND(authp_text_utf8(json_string_value(value), json_string_length(value), NULL));
        text = apr_pstrcat(pool, text, *text != '\0' ? "&" : "", encoded(name, strlen(name), pool),
                           "=", encoded(json_string_value(value), json_string_length(value), pool),
                           NULL);
    }
    FUZZ_DEMAND(authp_form_parse(text, strlen(text), &again, pool) == AUTHP_OK);
    FUZZ_DEMAND(json_equal(form, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    json_t *form = NULL;
    if (size > 8192) {
        return 0;
    }
    apr_pool_create(&pool, fuzz_pool());
    /* A copy without a NUL at its end, so that ASan sees a read beyond it. */
    char *text = malloc(size > 0 ? size : 1);
    FUZZ_DEMAND(text != NULL);
    if (size > 0) {
        memcpy(text, data, size);
    }
    if (authp_form_parse(text, size, &form, pool) == AUTHP_OK) {
        FUZZ_DEMAND(json_object_size(form) <= AUTHP_FORM_FIELDS);
        try_again(form, pool);
    }
    free(text);
    apr_pool_destroy(pool);
    return 0;
}
