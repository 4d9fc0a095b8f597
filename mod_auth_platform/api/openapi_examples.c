/* SPDX-License-Identifier: Apache-2.0 */
#include "api/openapi_examples.h"
#include "api/docs_text.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

const json_t *authp_openapi_examples_read(apr_pool_t *pool)
{
    json_t *all = NULL;
    const char *text = (const char *)authp_docs_text_examples;
    authp_err_t err = authp_json_parse(text, authp_docs_text_examples_len, &all, pool);
    /* A test checks that the text is JSON. */
    return err == AUTHP_OK ? all : authp_json_object(pool);
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
