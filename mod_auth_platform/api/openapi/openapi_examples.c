/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi/openapi_examples.h"
#include "api/openapi/docs_text.h"
#include "api/openapi/openapi_text.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

json_t *authp_openapi_examples_make(apr_pool_t *pool)
{
    return authp_openapi_text_parse((const char *)authp_docs_text_examples, pool);
}

void authp_openapi_examples_add(const authp_profile_t *profile, json_t *all, apr_pool_t *pool)
{
    static const char *const parts[] = {"examples", "of"};
    json_t *own = authp_openapi_text_parse(profile->examples_json, pool);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_object_update(json_object_get(all, parts[i]), json_object_get(own, parts[i]));
    }
}

const char *authp_openapi_examples_error(const authp_profile_t *profile, authp_err_t err,
                                         apr_pool_t *pool)
{
    const authp_problem_t *problem = authp_profile_problem(profile, err);
    for (int i = 0; authp_problem_at(i) != NULL && authp_problem_at(i)->err != err; i++) {
        const authp_problem_t *other = authp_profile_problem(profile, authp_problem_at(i)->err);
        if (strcmp(other->code, problem->code) == 0 && other->status != problem->status) {
            return apr_psprintf(pool, "%s_%d", problem->code, problem->status);
        }
    }
    return problem->code;
}

void authp_openapi_examples_put_error(const authp_profile_t *profile, authp_err_t err,
                                      const char *name, json_t *out, apr_pool_t *pool)
{
    const authp_problem_t *problem = authp_profile_problem(profile, err);
    authp_findings_t *findings = authp_findings_make(pool);
    authp_findings_add(findings, "password", "missing", "Is required.");
    const authp_refusal_t refusal = {.err = err,
                                     .detail = problem->detail,
                                     .findings = err == AUTHP_E_VALIDATION_FAILED ? findings : NULL,
                                     .request_id = "65f0c0ffee00000000000001"};
    json_t *example = authp_json_set_object(out, name);
    profile->shape->error(problem, &refusal, authp_json_set_object(example, "value"), pool);
}

static bool is_for(const json_t *example, const authp_mount_t *mount)
{
    const char *delivery = json_string_value(json_object_get(example, "delivery"));
    if (delivery == NULL || mount->delivery == AUTHP_DELIVERY_ASK) {
        return true;
    }
    return (strcmp(delivery, "cookie") == 0) == (mount->delivery == AUTHP_DELIVERY_COOKIE);
}

void authp_openapi_examples_components(const json_t *all, const authp_mount_t *mount, json_t *out)
{
    const char *name = NULL;
    json_t *example = NULL;
    json_object_foreach(json_object_get(all, "examples"), name, example)
    {
        if (is_for(example, mount)) {
            json_t *to = authp_json_set_object(out, name);
            authp_json_set(to, "summary", json_object_get(example, "summary"));
            authp_json_set(to, "value", json_object_get(example, "value"));
        }
    }
}

void authp_openapi_examples_refer(const json_t *all, const authp_mount_t *mount, const char *route,
                                  const char *schema, json_t *media, apr_pool_t *pool)
{
    const json_t *of = json_object_get(all, "of");
    const json_t *names = route != NULL ? json_object_get(of, route) : NULL;
    json_t *to = NULL;
    size_t i = 0;
    json_t *entry = NULL;
    names = names != NULL ? names : json_object_get(of, schema);
    json_array_foreach(names, i, entry)
    {
        const char *name = json_string_value(entry);
        if (is_for(json_object_get(json_object_get(all, "examples"), name), mount)) {
            to = to != NULL ? to : authp_json_set_object(media, "examples");
            authp_json_set_str(authp_json_set_object(to, name), "$ref",
                               apr_pstrcat(pool, "#/components/examples/", name, NULL));
        }
    }
}
