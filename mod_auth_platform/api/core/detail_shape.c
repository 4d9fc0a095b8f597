/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/detail_shape.h"
#include "base/json.h"

/* A finding about the whole body has the field "". */
static void write_findings(const authp_findings_t *findings, json_t *out)
{
    json_t *list = authp_json_set_array(out, "detail");
    for (int i = 0; i < findings->count; i++) {
        const authp_finding_t *finding = &findings->at[i];
        json_t *entry = authp_json_append_object(list);
        json_t *loc = authp_json_set_array(entry, "loc");
        authp_json_append_str(loc, "body");
        if (finding->field[0] != '\0') {
            authp_json_append_str(loc, finding->field);
        }
        authp_json_set_str(entry, "msg", finding->detail);
        authp_json_set_str(entry, "type", finding->code);
    }
}

static void write_error(const authp_problem_t *problem, const authp_refusal_t *refusal, json_t *out,
                        apr_pool_t *pool)
{
    (void)pool;
    if (refusal->findings != NULL) {
        write_findings(refusal->findings, out);
        return;
    }
    authp_json_set_str(out, "detail", refusal->detail);
    authp_json_set_str(out, "code", problem->code);
}

static const authp_answer_schema_t schemas[] = {
    {.name = "FieldError",
     .properties = {{"loc", "[]", "body, and the name of the field"},
                    {"msg", "string", "A sentence for people"},
                    {"type", "string", "A stable word for programs"}}},
    {.name = "FieldErrors", .properties = {{"detail", "[#FieldError]", "At most 20"}}},
    {.name = "Detail",
     .properties = {{"detail", "string", "A sentence for people"},
                    {"code", "string", "A stable word for programs"}}},
    {.name = "Error", .any_of = {"Detail", "FieldErrors"}},
    {.name = NULL}};

const authp_shape_t authp_detail_shape = {
    .error_type = "application/json",
    .error = write_error,
    .error_schema = "Error",
    .findings_schema = "FieldErrors",
    .plain_schema = "Detail",
    .schemas = schemas,
};
