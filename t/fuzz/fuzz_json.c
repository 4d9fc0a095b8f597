/* SPDX-License-Identifier: Apache-2.0 */
/* A request body through the JSON rules and every body schema of the route table. */
#include "api/core/profiles.h"
#include "api/core/refusal.h"
#include "base/json.h"
#include "fuzz.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void try_schema(const authp_schema_t *schema, json_t *body, apr_pool_t *pool)
{
    static const authp_settings_t settings = {.password_min_length = 8};
    authp_findings_t *findings = authp_findings_make(pool);
    authp_err_t err = authp_schema_check(schema, &settings, body, false, findings);
    FUZZ_DEMAND(err == AUTHP_OK || (err == AUTHP_E_VALIDATION_FAILED && findings->count > 0));
    if (err != AUTHP_OK) {
        /* The answer must be valid JSON again, whatever name a field has. */
        json_t *again = NULL;
        authp_response_t out = {.status = 0};
        const authp_refusal_t refusal = {.err = err, .findings = findings};
        authp_refusal_write(authp_profiles_find("platform"), &refusal, &out, pool);
        FUZZ_DEMAND(authp_json_parse(out.body, out.body_len, &again, pool) == AUTHP_OK);
        return;
    }
    /* An accepted body must be an object whose strings have no NUL, because code reads them as C
     * strings. */
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(body, name, value)
    {
        FUZZ_DEMAND(!json_is_string(value) ||
                    strlen(json_string_value(value)) == json_string_length(value));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    json_t *body = NULL;
    apr_pool_create(&pool, fuzz_pool());
    if (authp_json_parse((const char *)data, size, &body, pool) == AUTHP_OK) {
        const authp_route_t *route = authp_profiles_find("platform")->routes;
        for (; route->method != NULL; route++) {
            if (route->body != NULL) {
                try_schema(route->body, body, pool);
            }
        }
    }
    apr_pool_destroy(pool);
    return 0;
}
