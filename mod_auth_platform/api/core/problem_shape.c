/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/problem_shape.h"
#include "base/json.h"

#include <apr_strings.h>

static void write_findings(const authp_findings_t *findings, json_t *out)
{
    json_t *errors = authp_json_set_array(out, "errors");
    for (int i = 0; i < findings->count; i++) {
        json_t *entry = authp_json_append_object(errors);
        authp_json_set_str(entry, "field", findings->at[i].field);
        authp_json_set_str(entry, "code", findings->at[i].code);
        authp_json_set_str(entry, "detail", findings->at[i].detail);
    }
    if (findings->more > 0) {
        authp_json_set_int(out, "more", findings->more);
    }
}

/* The member `type` is the code as a URN. A URN is stable, and no client tries to open it. */
static void write_error(const authp_problem_t *problem, const authp_refusal_t *refusal, json_t *out,
                        apr_pool_t *pool)
{
    authp_json_set_str(out, "type",
                       apr_pstrcat(pool, "urn:auth-platform:problem:", problem->code, NULL));
    authp_json_set_str(out, "title", problem->title);
    authp_json_set_int(out, "status", problem->status);
    authp_json_set_str(out, "detail", refusal->detail);
    authp_json_set_str(out, "code", problem->code);
    if (refusal->findings != NULL) {
        write_findings(refusal->findings, out);
    }
    authp_json_set_str(out, "request_id", refusal->request_id);
}

static const authp_answer_schema_t schemas[] = {
    {.name = "FieldError",
     .properties = {{"field", "string",
                     "The name of the field; a long name from the client is cut"},
                    {"code", "string", NULL},
                    {"detail", "string", NULL}}},
    {.name = "Problem",
     .properties = {{"type", "string", "URN of the code"},
                    {"title", "string", NULL},
                    {"status", "integer", NULL},
                    {"detail", "string", "A sentence for people"},
                    {"code", "string", "A stable word for programs"},
                    {"errors", "[#FieldError]*",
                     "With validation_failed: the fields that are wrong, at most 20"},
                    {"more", "integer*", "With errors: how many further fields are wrong"},
                    {"request_id", "string", "The same as X-Request-Id"}}},
    {.name = NULL}};

const authp_shape_t authp_problem_shape = {
    .error_type = "application/problem+json",
    .error = write_error,
    .error_schema = "Problem",
    .schemas = schemas,
};
