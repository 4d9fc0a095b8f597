/* SPDX-License-Identifier: Apache-2.0 */
#include "json_refs.h"

#include <apr_strings.h>
#include <check.h>
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
