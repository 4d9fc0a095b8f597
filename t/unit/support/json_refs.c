/* SPDX-License-Identifier: Apache-2.0 */
#include "json_refs.h"

#include <apr_strings.h>
#include <check.h>
#include <stdbool.h>
#include <string.h>

json_t *json_refs_find(json_t *doc, const char *ref, apr_pool_t *pool)
{
    json_t *at = doc;
    ck_assert_msg(strncmp(ref, "#/", 2) == 0, "%s", ref);
    for (const char *step = ref + 1; *step == '/' && at != NULL;) {
        size_t len = strcspn(step + 1, "/");
        at = json_object_get(at, apr_pstrmemdup(pool, step + 1, len));
        step += 1 + len;
    }
    return at;
}

int json_refs_count(json_t *doc, json_t *value, apr_pool_t *pool)
{
    int count = 0;
    size_t i = 0;
    const char *name = NULL;
    json_t *entry = NULL;
    json_array_foreach(value, i, entry)
    {
        count += json_refs_count(doc, entry, pool);
    }
    json_object_foreach(value, name, entry)
    {
        if (strcmp(name, "$ref") == 0) {
            ck_assert_msg(json_refs_find(doc, json_string_value(entry), pool) != NULL, "%s",
                          json_string_value(entry));
            count++;
        }
        count += json_refs_count(doc, entry, pool);
    }
    return count;
}

static bool is_of(const json_t *value, const char *type)
{
    return (json_is_null(value) && strcmp(type, "null") == 0) ||
           (json_is_string(value) && strcmp(type, "string") == 0) ||
           (json_is_integer(value) && strcmp(type, "integer") == 0) ||
           (json_is_boolean(value) && strcmp(type, "boolean") == 0) ||
           (json_is_array(value) && strcmp(type, "array") == 0) ||
           (json_is_object(value) && strcmp(type, "object") == 0);
}

/* `type` is a text, or a list of texts. */
static bool has_type(const json_t *value, const json_t *type)
{
    bool fits = json_is_string(type) && is_of(value, json_string_value(type));
    for (size_t i = 0; i < json_array_size(type); i++) {
        fits = fits || is_of(value, json_string_value(json_array_get(type, i)));
    }
    return fits;
}

static const char *members_misfit(json_t *doc, json_t *schema, json_t *value, apr_pool_t *pool)
{
    size_t i = 0;
    const char *name = NULL;
    json_t *entry = NULL;
    json_t *properties = json_object_get(schema, "properties");
    /* A schema without a type is one of several that fit the same object. */
    bool whole = properties != NULL && json_object_get(schema, "type") != NULL;
    json_array_foreach(json_object_get(schema, "required"), i, entry)
    {
        if (json_object_get(value, json_string_value(entry)) == NULL) {
            return apr_pstrcat(pool, "misses ", json_string_value(entry), NULL);
        }
    }
    json_object_foreach(value, name, entry)
    {
        json_t *known = json_object_get(properties, name);
        const char *why = known != NULL ? json_refs_misfit(doc, known, entry, pool) : NULL;
        if (known == NULL && whole) {
            why = "not in the schema";
        }
        if (why != NULL) {
            return apr_pstrcat(pool, name, ": ", why, NULL);
        }
    }
    return NULL;
}

/* Fits one of the schemas of the list. */
static bool fits_any(json_t *doc, json_t *list, json_t *value, apr_pool_t *pool)
{
    bool fits = list == NULL;
    for (size_t i = 0; i < json_array_size(list); i++) {
        fits = fits || json_refs_misfit(doc, json_array_get(list, i), value, pool) == NULL;
    }
    return fits;
}

const char *json_refs_misfit(json_t *doc, json_t *schema, json_t *value, apr_pool_t *pool)
{
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    json_t *type = json_object_get(schema, "type");
    json_t *items = json_object_get(schema, "items");
    if (ref != NULL) {
        json_t *named = json_refs_find(doc, ref, pool);
        ck_assert_msg(named != NULL, "%s", ref);
        return json_refs_misfit(doc, named, value, pool);
    }
    if (type != NULL && !has_type(value, type)) {
        return "another type";
    }
    if (!fits_any(doc, json_object_get(schema, "anyOf"), value, pool) ||
        !fits_any(doc, json_object_get(schema, "oneOf"), value, pool)) {
        return "none of the alternatives";
    }
    for (size_t i = 0; items != NULL && i < json_array_size(value); i++) {
        const char *why = json_refs_misfit(doc, items, json_array_get(value, i), pool);
        if (why != NULL) {
            return apr_psprintf(pool, "entry %d: %s", (int)i, why);
        }
    }
    return json_is_object(value) ? members_misfit(doc, schema, value, pool) : NULL;
}
