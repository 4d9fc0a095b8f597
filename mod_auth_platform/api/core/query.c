/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/query.h"
#include "api/core/answer.h"
#include "api/core/findings.h"
#include "api/core/target.h"
#include "base/b64url.h"
#include "base/json.h"
#include "base/text.h"
#include "service/settings/roles.h"

#include <apr_strings.h>
#include <string.h>

#define CHALLENGE_LEN 43 /* of a SHA-256 in base64url */

/* True if the parameter was sent with a broken escape or a NUL. It must not count as absent,
 * because that would ask for other rows. */
static bool is_broken(const authp_call_t *call, const char *name)
{
    return authp_call_query(call, name) == NULL &&
           authp_text_query_has(call->request->query, name, call->pool);
}

/* Returns the limit, or 0 if it is not a number from 1 to AUTHP_QUERY_MOST. */
static int limit_of(const authp_call_t *call)
{
    const char *text = authp_call_query(call, "limit");
    if (text == NULL) {
        return is_broken(call, "limit") ? 0 : AUTHP_QUERY_USUAL;
    }
    if (*text < '1' || *text > '9' || strlen(text) > 3 ||
        strspn(text, "0123456789") != strlen(text)) {
        return 0;
    }
    int limit = (int)apr_atoi64(text);
    return limit <= AUTHP_QUERY_MOST ? limit : 0;
}

static bool is_challenge(const char *value)
{
    unsigned char digest[AUTHP_B64URL_DECODED(CHALLENGE_LEN)];
    return strlen(value) == CHALLENGE_LEN &&
           authp_b64url_decode(value, CHALLENGE_LEN, digest) == AUTHP_OK;
}

/* What is wrong with a value, NULL if nothing is. */
static const char *check_value(const authp_call_t *call, authp_query_kind_t kind, const char *value)
{
    size_t count = 0;
    switch (kind) {
    case AUTHP_QUERY_CURSOR:
        return authp_id_valid(value) ? NULL : "Is not a next_cursor of this list.";
    case AUTHP_QUERY_ROLE:
        return authp_roles_bit(call->realm->roles, value) != 0 ? NULL : "Is not a role here.";
    case AUTHP_QUERY_PREFIX:
        return authp_text_utf8(value, strlen(value), &count) && count <= AUTHP_QUERY_PREFIX_MOST
                   ? NULL
                   : "Is not the beginning of an e-mail address.";
    case AUTHP_QUERY_TARGET:
        return authp_target_check(call->realm->settings, value, call->pool);
    case AUTHP_QUERY_ASKED:
        return strcmp(value, "candidate") == 0 || strcmp(value, "recruiter") == 0
                   ? NULL
                   : "Must be candidate or recruiter.";
    case AUTHP_QUERY_CHALLENGE:
        return is_challenge(value) ? NULL : "Must be the SHA-256 of the verifier in base64url.";
    case AUTHP_QUERY_DEVICE:
        return authp_schema_check_device(value, strlen(value));
    case AUTHP_QUERY_LIMIT:
    case AUTHP_QUERY_RETURN_TO:
    case AUTHP_QUERY_ANY:
        break;
    }
    return NULL;
}

/* True for a parameter that is never refused. */
static bool is_free(const authp_parameter_t *parameter)
{
    return parameter->kind == AUTHP_QUERY_RETURN_TO || parameter->kind == AUTHP_QUERY_ANY;
}

static const char *check_parameter(const authp_call_t *call, const authp_parameter_t *parameter)
{
    if (parameter->kind == AUTHP_QUERY_LIMIT) {
        return limit_of(call) == 0 ? "Must be a number from 1 to 200." : NULL;
    }
    if (is_free(parameter)) {
        return NULL;
    }
    const char *value = authp_call_query(call, parameter->name);
    if (value != NULL) {
        return check_value(call, parameter->kind, value);
    }
    if (!is_broken(call, parameter->name)) {
        return NULL;
    }
    return parameter->kind == AUTHP_QUERY_CURSOR ? "Is not a next_cursor of this list."
                                                 : "Is not well-formed.";
}

authp_err_t authp_query_check(authp_call_t *call)
{
    const authp_parameter_t *parameter = call->route->query;
    authp_findings_t *findings = authp_findings_make(call->pool);
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        const char *wrong = check_parameter(call, parameter);
        if (wrong != NULL) {
            authp_findings_add(findings, parameter->name, "invalid", wrong);
        }
    }
    if (findings->count == 0) {
        return AUTHP_OK;
    }
    call->findings = findings;
    return AUTHP_E_VALIDATION_FAILED;
}

bool authp_query_may_fail(const authp_route_t *route)
{
    const authp_parameter_t *parameter = route->query;
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        if (!is_free(parameter)) {
            return true;
        }
    }
    return false;
}

authp_page_t authp_query_page(const authp_call_t *call)
{
    return (authp_page_t){.after_id = authp_call_query(call, "cursor"),
                          .limit = limit_of(call) + 1};
}

/* The cursor is the last id shown. So it stays right if rows before or after it are added or
 * removed. */
void authp_query_answer(authp_call_t *call, const apr_array_header_t *rows,
                        authp_query_item_fn *make)
{
    int wanted = limit_of(call);
    int shown = rows->nelts < wanted ? rows->nelts : wanted;
    json_t *out = authp_json_object(call->pool);
    json_t *items = authp_json_set_array(out, "items");
    for (int i = 0; i < shown; i++) {
        json_array_append(items, make(call, APR_ARRAY_IDX(rows, i, const void *)));
    }
    const authp_id_t *last =
        rows->nelts > wanted ? APR_ARRAY_IDX(rows, shown - 1, const authp_id_t *) : NULL;
    authp_json_set_str(out, "next_cursor", last != NULL ? last->hex : NULL);
    authp_answer_json(call, 200, out);
}
