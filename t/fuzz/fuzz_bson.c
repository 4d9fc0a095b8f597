/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a document as another program may have written it, in each collection, as a row of ours.
 * This file takes the place of store/mongodb/mongo_run.c: every query answers the document at
 * hand. */
#include "base/text.h"
#include "fuzz.h"
#include "store/mongodb/mongo_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bson_t *at_hand;

authp_err_t authp_mongo_run_find(authp_mongo_t *m, const authp_mongo_find_t *what,
                                 authp_mongo_read_fn *read, void *ctx)
{
    (void)m, (void)what;
    return read(at_hand, ctx);
}

authp_err_t authp_mongo_run_list(authp_mongo_t *m, const authp_mongo_find_t *what,
                                 const char *after_id, authp_mongo_read_fn *read, void *ctx)
{
    (void)m, (void)what, (void)after_id;
    authp_err_t err = read(at_hand, ctx);
    return err == AUTHP_E_INTERNAL ? AUTHP_OK : err;
}

void authp_mongo_run_see(authp_seen_t *seen, const bson_t *document, const char *field)
{
    (void)document, (void)field;
    seen->rows++;
}

authp_err_t authp_mongo_run_insert(authp_mongo_t *m, const char *collection, const bson_t *document)
{
    (void)m, (void)collection, (void)document;
    return AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_mongo_run_write(authp_mongo_t *m, const authp_mongo_write_t *what, int *matched)
{
    (void)m, (void)what, (void)matched;
    return AUTHP_E_UNAVAILABLE;
}

authp_err_t authp_mongo_run_modify(authp_mongo_t *m, const authp_mongo_write_t *what, bool insert,
                                   authp_mongo_read_fn *read, void *ctx)
{
    (void)m, (void)what, (void)insert;
    return read(at_hand, ctx);
}

authp_err_t authp_mongo_run_change_one(authp_mongo_t *m, const char *collection, bson_t *filter,
                                       bson_t *update, authp_err_t otherwise)
{
    (void)m, (void)collection, (void)otherwise;
    bson_destroy(filter);
    bson_destroy(update);
    return AUTHP_E_UNAVAILABLE;
}

/* Checks text that is later written into JSON and headers. */
static void check_text(const char *text)
{
    FUZZ_DEMAND(text == NULL || authp_text_utf8(text, strlen(text), NULL));
}

static void check_user(const authp_user_t *user)
{
    FUZZ_DEMAND(authp_id_valid(user->id.hex));
    FUZZ_DEMAND(user->roles != NULL);
    for (int i = 0; i < user->roles->nelts; i++) {
        const char *role = APR_ARRAY_IDX(user->roles, i, const char *);
        FUZZ_DEMAND(role != NULL);
        check_text(role);
    }
    check_text(user->email);
    check_text(user->username);
    check_text(user->phone);
    check_text(user->name);
    check_text(user->password_hash);
}

static void try_users(authp_mongo_t *m, apr_pool_t *pool)
{
    static const char id[] = "65f0c0ffee00000000000001";
    const authp_user_filter_t filter = {.limit = 1};
    authp_user_t *user = NULL;
    apr_array_header_t *rows = NULL;
    if (authp_mongo_user_by_id(m, id, &user, pool) == AUTHP_OK) {
        check_user(user);
    }
    if (authp_mongo_user_list(m, &filter, &rows, pool) == AUTHP_OK) {
        for (int i = 0; i < rows->nelts; i++) {
            check_user(APR_ARRAY_IDX(rows, i, const authp_user_t *));
        }
    }
    (void)authp_mongo_user_changed(m, 1, 1, &rows, &(authp_seen_t){0}, pool);
    (void)authp_mongo_user_list_deleted(m, &(authp_page_t){.limit = 1}, &rows, pool);
}

static void try_sessions(authp_mongo_t *m, apr_pool_t *pool)
{
    static const char id[] = "65f0c0ffee00000000000001";
    authp_session_t *session = NULL;
    apr_array_header_t *rows = NULL;
    if (authp_mongo_session_by_id(m, id, &session, pool) == AUTHP_OK) {
        FUZZ_DEMAND(authp_id_valid(session->id.hex) && authp_id_valid(session->user_id.hex));
        check_text(session->end_reason);
        check_text(session->device_id);
        check_text(session->ip);
        check_text(session->user_agent);
    }
    authp_seen_t seen = {0};
    if (authp_mongo_session_ended(m, 1, 1, &rows, &seen, pool) == AUTHP_OK) {
        FUZZ_DEMAND(seen.rows >= rows->nelts);
        for (int i = 0; i < rows->nelts; i++) {
            FUZZ_DEMAND(authp_id_valid(APR_ARRAY_IDX(rows, i, const authp_ended_t *)->id.hex));
        }
    }
    (void)authp_mongo_session_list(m, id, 1, &(authp_page_t){.limit = 1}, &rows, pool);
    (void)authp_mongo_session_ended_of(m, id, 1, &rows, pool);
}

static void try_others(authp_mongo_t *m, apr_pool_t *pool)
{
    authp_invite_t *invite = NULL;
    authp_failures_t failures = {0};
    int64_t count = 0;
    if (authp_mongo_invite_by_id(m, "65f0c0ffee00000000000001", &invite, pool) == AUTHP_OK) {
        FUZZ_DEMAND(authp_id_valid(invite->id.hex) && invite->email != NULL);
        check_text(invite->email);
        check_text(invite->code_hash);
        check_text(invite->created_by);
        check_text(invite->used_by);
    }
    (void)authp_mongo_invite_by_code(m, "code", "hash", &invite, pool);
    (void)authp_mongo_failure_get(m, "key", 1, &failures, pool);
    (void)authp_mongo_failure_add(m, &(authp_failure_t){.key = "key", .at = 1}, &count, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = NULL;
    authp_mongo_t m;
    bson_t document;
    /* The driver refuses documents of a broken shape before the store sees them, so this target
     * does too. */
    if (!bson_init_static(&document, data, size) ||
        !bson_validate(&document, BSON_VALIDATE_NONE, NULL)) {
        return 0;
    }
    memset(&m, 0, sizeof(m));
    at_hand = &document;
    apr_pool_create(&pool, fuzz_pool());
    try_users(&m, pool);
    try_sessions(&m, pool);
    try_others(&m, pool);
    apr_pool_destroy(pool);
    return 0;
}
