/* SPDX-License-Identifier: Apache-2.0 */
#include "store/identities_json.h"
#include "base/json.h"

#include <apr_strings.h>
#include <string.h>

/* The texts of an identity. The others are times. */
static const struct {
    const char *name;
    size_t offset;
    bool needed;
} texts[] = {{"provider", offsetof(authp_identity_t, provider), true},
             {"issuer", offsetof(authp_identity_t, issuer), true},
             {"sub", offsetof(authp_identity_t, sub), true},
             {"email", offsetof(authp_identity_t, email), false},
             {"picture", offsetof(authp_identity_t, picture), false}};

#define TEXTS (sizeof(texts) / sizeof(texts[0]))
#define MEMBERS_MOST (TEXTS + 2)

json_t *authp_identities_json_make(const apr_array_header_t *list, apr_pool_t *pool)
{
    json_t *array = authp_json_array(pool);
    for (int i = 0; i < authp_identities_count(list); i++) {
        const authp_identity_t *identity = authp_identities_at(list, i);
        json_t *object = authp_json_append_object(array);
        for (size_t j = 0; j < TEXTS; j++) {
            const char *text = *(const char *const *)((const char *)identity + texts[j].offset);
            if (text != NULL) {
                authp_json_set_str(object, texts[j].name, text);
            }
        }
        authp_json_set_int(object, "linked_at", identity->linked_at);
        authp_json_set_int(object, "last_login", identity->last_login);
    }
    return array;
}

/* False if the member is there with another type, or is needed and absent. */
static bool read_text(const json_t *object, size_t j, authp_identity_t *out, size_t *members,
                      apr_pool_t *pool)
{
    const json_t *value = json_object_get(object, texts[j].name);
    if (value == NULL) {
        return !texts[j].needed;
    }
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value)) {
        return false;
    }
    *(const char **)((char *)out + texts[j].offset) = apr_pstrdup(pool, text);
    (*members)++;
    return true;
}

static bool read_time(const json_t *object, const char *name, authp_ms_t *out, size_t *members)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value)) {
        return false;
    }
    *out = json_integer_value(value);
    (*members)++;
    return true;
}

static bool read_identity(const json_t *object, authp_identity_t *out, apr_pool_t *pool)
{
    size_t members = 0;
    bool fine = json_is_object(object);
    for (size_t j = 0; fine && j < TEXTS; j++) {
        fine = read_text(object, j, out, &members, pool);
    }
    return fine && read_time(object, "linked_at", &out->linked_at, &members) &&
           read_time(object, "last_login", &out->last_login, &members) &&
           members == json_object_size(object);
}

authp_err_t authp_identities_json_read(const json_t *array, apr_array_header_t **out,
                                       apr_pool_t *pool)
{
    int count = (int)json_array_size(array);
    if (count == 0) {
        return AUTHP_E_MALFORMED;
    }
    apr_array_header_t *list = apr_array_make(pool, count, sizeof(authp_identity_t));
    for (int i = 0; i < count; i++) {
        authp_identity_t identity = {.provider = NULL};
        if (!read_identity(json_array_get(array, (size_t)i), &identity, pool) ||
            authp_identities_of(list, identity.provider) != NULL) {
            return AUTHP_E_MALFORMED;
        }
        APR_ARRAY_PUSH(list, authp_identity_t) = identity;
    }
    *out = list;
    return AUTHP_OK;
}
