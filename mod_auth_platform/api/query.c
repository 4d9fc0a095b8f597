/* SPDX-License-Identifier: Apache-2.0 */
#include "api/query.h"
#include "api/answer.h"
#include "api/findings.h"
#include "base/json.h"
#include "base/text.h"
#include "service/roles.h"

#include <apr_strings.h>
#include <string.h>

const char *authp_query_value(const authp_call_t *call, const char *name)
{
    return authp_text_query(call->request->query, name, call->pool);
}

static void complain(json_t *findings, const char *name, const char *detail)
{
    authp_findings_add(findings, name, "invalid", detail);
}

/* True if the parameter was sent with a broken escape or a NUL. It must not count as absent,
 * because that would ask for other rows. */
static bool is_broken(const authp_call_t *call, const char *name)
{
    return authp_query_value(call, name) == NULL &&
           authp_text_query_has(call->request->query, name, call->pool);
}

/* Returns the limit, or 0 if it is not a number from 1 to AUTHP_QUERY_MOST. */
static int limit_of(const authp_call_t *call)
{
    const char *text = authp_query_value(call, "limit");
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

static const char *check_filter(const authp_call_t *call, const authp_filter_t *filter)
{
    const char *value = authp_query_value(call, filter->name);
    size_t count = 0;
    if (value == NULL) {
        return is_broken(call, filter->name) ? "Is not well-formed." : NULL;
    }
    if (filter->kind == AUTHP_QUERY_ROLE) {
        return authp_roles_bit(call->realm->roles, value) != 0 ? NULL : "Is not a role here.";
    }
    return authp_text_utf8(value, strlen(value), &count) && count <= AUTHP_QUERY_PREFIX_MOST
               ? NULL
               : "Is not the beginning of an e-mail address.";
}

authp_err_t authp_query_check(authp_call_t *call)
{
    json_t *findings = authp_findings_make(call->pool);
    const char *cursor = authp_query_value(call, "cursor");
    if (limit_of(call) == 0) {
        complain(findings, "limit", "Must be a number from 1 to 200.");
    }
    if (cursor != NULL ? !authp_id_valid(cursor) : is_broken(call, "cursor")) {
        complain(findings, "cursor", "Is not a next_cursor of this list.");
    }
    for (const authp_filter_t *filter = call->route->filters; filter->name != NULL; filter++) {
        const char *wrong = check_filter(call, filter);
        if (wrong != NULL) {
            complain(findings, filter->name, wrong);
        }
    }
    if (!authp_findings_any(findings)) {
        return AUTHP_OK;
    }
    call->findings = findings;
    return AUTHP_E_VALIDATION_FAILED;
}

authp_page_t authp_query_page(const authp_call_t *call)
{
    return (authp_page_t){.after_id = authp_query_value(call, "cursor"),
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
