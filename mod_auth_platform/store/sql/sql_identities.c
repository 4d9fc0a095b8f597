/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_identities.h"
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

const char *authp_sql_identities_text(const apr_array_header_t *list, apr_pool_t *pool)
{
    if (authp_identities_count(list) == 0) {
        return NULL;
    }
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
    return authp_json_text(array, NULL, pool);
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

authp_err_t authp_sql_identities_parse(const char *text, apr_array_header_t **out, apr_pool_t *pool)
{
    json_t *array = NULL;
    if (text == NULL) {
        *out = NULL;
        return AUTHP_OK;
    }
    if (authp_json_parse(text, strlen(text), &array, pool) != AUTHP_OK ||
        json_array_size(array) == 0) {
        return AUTHP_E_MALFORMED;
    }
    int count = (int)json_array_size(array);
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

static const authp_sql_statement_t take = {
    .name = "user_identities take",
    .text = "INSERT INTO user_identities (issuer, sub, user_id) VALUES ({?text}, {?text}, {?id}) "
            "ON CONFLICT DO NOTHING RETURNING user_id"};
static const authp_sql_statement_t release = {
    .name = "user_identities release",
    .text = "DELETE FROM user_identities WHERE issuer = {?text} AND sub = {?text} AND "
            "user_id = {?id} RETURNING user_id"};

static void add_step(apr_array_header_t *steps, const authp_sql_statement_t *statement,
                     const authp_identity_t *identity, const char *user_id)
{
    const void **values = apr_pcalloc(steps->pool, 3 * sizeof(*values));
    values[0] = identity->issuer;
    values[1] = identity->sub;
    values[2] = user_id;
    APR_ARRAY_PUSH(steps, authp_sql_step_t) =
        (authp_sql_step_t){.statement = statement, .values = values, .any = statement == &release};
}

/* Adds a step for each identity of `list` that is not in `other`. Under two names the same identity
 * counts once. */
static void add_steps(apr_array_header_t *steps, const authp_sql_statement_t *statement,
                      const apr_array_header_t *list, const apr_array_header_t *other,
                      const char *user_id)
{
    for (int i = 0; i < authp_identities_count(list); i++) {
        const authp_identity_t *identity = authp_identities_at(list, i);
        if (authp_identities_find(other, identity->issuer, identity->sub) == NULL &&
            authp_identities_find(list, identity->issuer, identity->sub) == identity) {
            add_step(steps, statement, identity, user_id);
        }
    }
}

void authp_sql_identities_take(const authp_user_t *user, apr_array_header_t *steps)
{
    add_steps(steps, &take, user->identities, NULL, user->id.hex);
}

authp_err_t authp_sql_identities_change(authp_sql_t *sql, const authp_sql_step_t *change,
                                        const authp_user_t *before, const authp_user_t *after,
                                        apr_pool_t *pool)
{
    const apr_array_header_t *old = before != NULL ? before->identities : NULL;
    const apr_array_header_t *new = after != NULL ? after->identities : NULL;
    const char *user_id = before != NULL ? before->id.hex : after->id.hex;
    apr_array_header_t *steps = apr_array_make(pool, 1, sizeof(authp_sql_step_t));
    authp_err_t err = authp_identities_check(new);
    if (err != AUTHP_OK) {
        return err;
    }
    APR_ARRAY_PUSH(steps, authp_sql_step_t) = *change;
    add_steps(steps, &release, old, new, user_id);
    add_steps(steps, &take, new, old, user_id);
    return authp_sql_change_together(sql, (const authp_sql_step_t *)steps->elts, steps->nelts,
                                     AUTHP_E_CONFLICT);
}
