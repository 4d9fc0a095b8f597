/* SPDX-License-Identifier: Apache-2.0 */
#include "service/settings/role_permissions.h"

#include "base/json.h"
#include "base/text.h"
#include "service/settings/roles.h"

#include <apr_strings.h>
#include <stdbool.h>
#include <string.h>

#define PERMISSION_MOST 64
#define ALL_MOST 2048
/* Quotes and comma around one in JSON. */
#define AROUND 3

static bool is_permission(const char *text)
{
    size_t len = text != NULL ? strlen(text) : 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return len >= 1 && len <= PERMISSION_MOST;
}

/* Adds the texts of `list` to `permissions`, and their size to *size. */
static authp_err_t add_all(const json_t *list, apr_array_header_t *permissions, size_t *size)
{
    if (!json_is_array(list)) {
        return AUTHP_E_MALFORMED;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = authp_json_str(json_array_get(list, i));
        if (!is_permission(text)) {
            return AUTHP_E_MALFORMED;
        }
        *size += strlen(text) + AROUND;
        if (!authp_text_listed(text, permissions)) {
            APR_ARRAY_PUSH(permissions, const char *) = apr_pstrdup(permissions->pool, text);
        }
    }
    return AUTHP_OK;
}

authp_err_t authp_role_permissions_parse(const char *text, const apr_array_header_t **out,
                                         apr_pool_t *pool)
{
    apr_array_header_t *rows = apr_array_make(pool, 2, sizeof(authp_role_permissions_t));
    json_t *json = NULL;
    const char *role = NULL;
    json_t *list = NULL;
    size_t size = 0;
    if (authp_json_parse(text, strlen(text), &json, pool) != AUTHP_OK || !json_is_object(json)) {
        return AUTHP_E_MALFORMED;
    }
    json_object_foreach(json, role, list)
    {
        const authp_role_permissions_t row = {.role = apr_pstrdup(pool, role),
                                              .permissions =
                                                  apr_array_make(pool, 4, sizeof(const char *))};
        if (!authp_roles_is_name(role) || add_all(list, row.permissions, &size) != AUTHP_OK ||
            size > ALL_MOST) {
            return AUTHP_E_MALFORMED;
        }
        APR_ARRAY_PUSH(rows, authp_role_permissions_t) = row;
    }
    *out = rows;
    return AUTHP_OK;
}

apr_array_header_t *authp_role_permissions_of(const apr_array_header_t *rows,
                                              const apr_array_header_t *roles, apr_pool_t *pool)
{
    apr_array_header_t *all = apr_array_make(pool, 4, sizeof(const char *));
    for (int i = 0; i < rows->nelts; i++) {
        const authp_role_permissions_t *row = &APR_ARRAY_IDX(rows, i, authp_role_permissions_t);
        for (int k = 0; k < row->permissions->nelts && authp_text_listed(row->role, roles); k++) {
            const char *permission = APR_ARRAY_IDX(row->permissions, k, const char *);
            if (!authp_text_listed(permission, all)) {
                APR_ARRAY_PUSH(all, const char *) = permission;
            }
        }
    }
    return all;
}
