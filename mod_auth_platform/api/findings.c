/* SPDX-License-Identifier: Apache-2.0 */
#include "api/findings.h"
#include "base/json.h"

#include <string.h>

#define ELLIPSIS "\xE2\x80\xA6"

json_t *authp_findings_make(apr_pool_t *pool)
{
    json_t *findings = authp_json_object(pool);
    (void)authp_json_set_array(findings, "errors");
    return findings;
}

/* The number of bytes in JSON for one byte of a string: 6 for \u0001, 2 for \", else 1. */
static size_t written(unsigned char byte)
{
    return byte < 0x20 ? 6 : byte == '"' || byte == '\\' ? 2 : 1;
}

/* Returns the length in bytes of the part of `field` that is shown. The part has whole characters.
 */
static size_t shown(const char *field)
{
    size_t end = 0; /* end of the last whole character that fits */
    size_t points = 0;
    size_t bytes = 0;
    for (size_t i = 0; field[i] != '\0'; i++) {
        unsigned char byte = (unsigned char)field[i];
        if ((byte & 0xC0u) != 0x80u) {
            end = i;
            points++;
        }
        bytes += written(byte);
        if (points > AUTHP_FINDINGS_NAME || bytes > AUTHP_FINDINGS_NAME_BYTES) {
            return end;
        }
    }
    return strlen(field);
}

static void set_field(json_t *entry, const char *field)
{
    char text[AUTHP_FINDINGS_NAME_BYTES + sizeof(ELLIPSIS)];
    size_t len = shown(field);
    if (field[len] == '\0') {
        authp_json_set_str(entry, "field", field);
        return;
    }
    memcpy(text, field, len);
    memcpy(text + len, ELLIPSIS, sizeof(ELLIPSIS));
    authp_json_set_str(entry, "field", text);
}

void authp_findings_add(json_t *findings, const char *field, const char *code, const char *detail)
{
    json_t *errors = json_object_get(findings, "errors");
    if (json_array_size(errors) >= AUTHP_FINDINGS_MOST) {
        json_int_t more = json_integer_value(json_object_get(findings, "more"));
        authp_json_set_int(findings, "more", more + 1);
        return;
    }
    json_t *entry = authp_json_append_object(errors);
    set_field(entry, field);
    authp_json_set_str(entry, "code", code);
    authp_json_set_str(entry, "detail", detail);
}

bool authp_findings_any(const json_t *findings)
{
    return json_array_size(json_object_get(findings, "errors")) > 0;
}

bool authp_findings_name(const json_t *findings, const char *field)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(findings, "errors"), i, entry)
    {
        if (strcmp(json_string_value(json_object_get(entry, "field")), field) == 0) {
            return true;
        }
    }
    return false;
}
