/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/body.h"
#include "api/core/form.h"
#include "api/core/profile.h"
#include "base/json.h"
#include "base/text.h"

#include <string.h>
#include <strings.h>

#define JSON_TYPE "application/json"

/* True if the body is of `type`, alone or with charset=utf-8, and not compressed. */
static bool is_type(const authp_call_t *call, const char *type)
{
    const char *sent = authp_call_header(call, "Content-Type");
    const char *coding = authp_call_header(call, "Content-Encoding");
    if (coding != NULL && !authp_text_same(coding, "identity")) {
        return false;
    }
    if (sent == NULL || strncasecmp(sent, type, strlen(type)) != 0) {
        return false;
    }
    const char *rest = sent + strlen(type);
    rest += strspn(rest, " \t");
    if (*rest == '\0') {
        return true;
    }
    if (*rest != ';') {
        return false;
    }
    rest += 1 + strspn(rest + 1, " \t");
    return authp_text_same(rest, "charset=utf-8") || authp_text_same(rest, "charset=\"utf-8\"") ||
           *rest == '\0';
}

bool authp_body_is_form(const authp_call_t *call)
{
    return (call->route->flags & AUTHP_ROUTE_FORM) != 0 && is_type(call, AUTHP_FORM_TYPE);
}

static const authp_field_t *find(const authp_schema_t *schema, const char *name)
{
    const authp_field_t *field = schema->fields;
    while (field->name != NULL && strcmp(field->name, name) != 0) {
        field++;
    }
    return field->name != NULL ? field : NULL;
}

/* OAuth 2.0 clients send every login as `username`, also an e-mail address. This renames it to
 * `email` if it is one, or if the schema has no username. */
static authp_err_t name_login(const authp_schema_t *schema, json_t *form)
{
    json_t *login = json_object_get(form, "username");
    if (login == NULL ||
        (find(schema, "username") != NULL && strchr(json_string_value(login), '@') == NULL)) {
        return AUTHP_OK;
    }
    if (json_object_get(form, "email") != NULL) {
        return AUTHP_E_MALFORMED;
    }
    authp_json_set(form, "email", login);
    (void)json_object_del(form, "username");
    return AUTHP_OK;
}

/* Removes each null of a field that may be absent, and each field that the schema does not have: no
 * check has seen its value, so nothing may read it. */
static void drop_ignored(const authp_schema_t *schema, json_t *body)
{
    const char *name = NULL;
    json_t *value = NULL;
    void *next = NULL;
    json_object_foreach_safe(body, next, name, value)
    {
        const authp_field_t *field = find(schema, name);
        if (field == NULL || (!field->required && json_is_null(value))) {
            (void)json_object_del(body, name);
        }
    }
}

static authp_err_t parse(authp_call_t *call, const char *text, size_t len)
{
    const authp_schema_t *schema = call->route->body;
    if (!call->form) {
        return authp_json_parse(text, len, &call->body, call->pool);
    }
    authp_err_t err = authp_form_parse(text, len, &call->body, call->pool);
    if (err == AUTHP_OK) {
        err = name_login(schema, call->body);
    }
    if (err == AUTHP_E_MALFORMED) {
        call->detail = "The form is not well-formed, or has a field twice.";
    }
    return err;
}

/* The inverse of name_login() for findings: the client sent `username`. */
static void rename_login(const authp_schema_t *schema, authp_findings_t *findings)
{
    for (int i = 0; i < findings->count && find(schema, "username") == NULL; i++) {
        if (strcmp(findings->at[i].field, "email") == 0) {
            findings->at[i].field = "username";
        }
    }
}

static authp_err_t check(authp_call_t *call)
{
    const authp_schema_t *schema = call->route->body;
    bool lenient = call->request->mount->profile->ignores_unknown_fields;
    if (lenient && json_is_object(call->body)) {
        drop_ignored(schema, call->body);
    }
    authp_findings_t *findings = authp_findings_make(call->pool);
    authp_err_t err =
        authp_schema_check(schema, call->realm->settings, call->body, lenient, findings);
    if (call->form) {
        rename_login(schema, findings);
    }
    call->findings = err != AUTHP_OK ? findings : NULL;
    return err;
}

authp_err_t authp_body_take(authp_call_t *call)
{
    const authp_request_t *request = call->request;
    const char *text = NULL;
    size_t len = 0;
    if (call->route->body == NULL) {
        return AUTHP_OK;
    }
    bool optional = (call->route->flags & AUTHP_ROUTE_OPTIONAL_BODY) != 0;
    bool typed = call->form || is_type(call, JSON_TYPE);
    if ((call->route->flags & AUTHP_ROUTE_FORM) != 0 && !typed) {
        call->detail = "The body must be " JSON_TYPE " or " AUTHP_FORM_TYPE ", not compressed.";
    }
    if (!typed && !optional) {
        return AUTHP_E_UNSUPPORTED_MEDIA_TYPE;
    }
    /* If the body is optional, Content-Type does not say whether there is one: `curl -d ''` sends a
     * type without a body. A limit of 0 finds out whether there is a body. */
    size_t limit = typed ? (size_t)call->realm->settings->body_limit : 0;
    authp_err_t err = request->read_body(request->body_ctx, limit, &text, &len);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_TOO_LARGE && !typed ? AUTHP_E_UNSUPPORTED_MEDIA_TYPE : err;
    }
    if (optional && len == 0) {
        call->body = authp_json_object(call->pool);
        return AUTHP_OK;
    }
    err = parse(call, text, len);
    return err == AUTHP_OK ? check(call) : err;
}
