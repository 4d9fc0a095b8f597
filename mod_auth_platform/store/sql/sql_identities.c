/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sql/sql_identities.h"
#include "store/identities_json.h"

#include <apr_strings.h>
#include <string.h>

const char *authp_sql_identities_text(const apr_array_header_t *list, apr_pool_t *pool)
{
    return authp_identities_count(list) > 0
               ? authp_json_text(authp_identities_json_make(list, pool), NULL, pool)
               : NULL;
}

authp_err_t authp_sql_identities_parse(const char *text, apr_array_header_t **out, apr_pool_t *pool)
{
    json_t *array = NULL;
    if (text == NULL) {
        *out = NULL;
        return AUTHP_OK;
    }
    authp_err_t err = authp_json_parse(text, strlen(text), &array, pool);
    return err == AUTHP_OK ? authp_identities_json_read(array, out, pool) : err;
}

static const authp_sql_statement_t take = {
    .name = "user_identities take",
    .text =
        "INSERT INTO {table:user_identities} (issuer, sub, user_id) VALUES ({?text}, {?text}, {?id}) "
        "ON CONFLICT DO NOTHING RETURNING user_id"};
static const authp_sql_statement_t release = {
    .name = "user_identities release",
    .text = "DELETE FROM {table:user_identities} WHERE issuer = {?text} AND sub = {?text} AND "
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
