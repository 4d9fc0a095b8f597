/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the columns (store/columns.def): every column keeps its value in every store, and
 * changes, deletion and forgetting do what its flags say. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/model.h"

#include <string.h>

/* The bools of a row take all combinations. */
#define ROWS 16

START_TEST(users_keep_every_column)
{
    authp_user_t user;
    authp_user_t *got = NULL;
    for (int serial = 0; serial < ROWS; serial++) {
        columns_fixture_fill(&authp_columns_user, &user, serial, contract_pool());
        ck_assert_int_eq(authp_store_user_create(contract_store(), &user, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(
            authp_store_user_by_id(contract_store(), user.id.hex, &got, contract_pool()), AUTHP_OK);
        columns_fixture_same(&authp_columns_user, &user, got, 0, 0);
    }
}
END_TEST

START_TEST(sessions_keep_every_column)
{
    authp_session_t session;
    authp_session_t *got = NULL;
    for (int serial = 0; serial < ROWS; serial++) {
        columns_fixture_fill(&authp_columns_session, &session, serial, contract_pool());
        ck_assert_int_eq(authp_store_session_create(contract_store(), &session, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(
            authp_store_session_by_id(contract_store(), session.id.hex, &got, contract_pool()),
            AUTHP_OK);
        columns_fixture_same(&authp_columns_session, &session, got, 0, 0);
    }
}
END_TEST

START_TEST(invites_keep_every_column)
{
    authp_invite_t invite;
    authp_invite_t *got = NULL;
    for (int serial = 0; serial < ROWS; serial++) {
        columns_fixture_fill(&authp_columns_invite, &invite, serial, contract_pool());
        ck_assert_int_eq(authp_store_invite_create(contract_store(), &invite, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(
            authp_store_invite_by_id(contract_store(), invite.id.hex, &got, contract_pool()),
            AUTHP_OK);
        columns_fixture_same(&authp_columns_invite, &invite, got, 0, 0);
    }
}
END_TEST

static authp_audit_t *only_entry(void)
{
    apr_array_header_t *found = NULL;
    const authp_audit_filter_t filter = {.limit = 10};
    ck_assert_int_eq(authp_store_audit_list(contract_store(), &filter, &found, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
    return APR_ARRAY_IDX(found, 0, authp_audit_t *);
}

START_TEST(audit_keeps_every_column)
{
    authp_audit_t entry;
    columns_fixture_fill(&authp_columns_audit, &entry, _i, contract_pool());
    ck_assert_int_eq(authp_store_audit_append(contract_store(), &entry, contract_pool()), AUTHP_OK);
    columns_fixture_same(&authp_columns_audit, &entry, only_entry(), 0, 0);
}
END_TEST

static authp_user_t *get_user(const char *id)
{
    authp_user_t *got = NULL;
    ck_assert_int_eq(authp_store_user_by_id(contract_store(), id, &got, contract_pool()), AUTHP_OK);
    return got;
}

/* An update writes every column that is not fixed. */
START_TEST(an_update_writes_every_column)
{
    authp_user_t before;
    authp_user_t after;
    columns_fixture_fill(&authp_columns_user, &before, 0, contract_pool());
    columns_fixture_fill(&authp_columns_user, &after, ROWS - 1, contract_pool());
    ck_assert_int_eq(authp_store_user_create(contract_store(), &before, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_update(contract_store(), &before, &after, contract_pool()),
                     AUTHP_OK);
    const authp_user_t *got = get_user(before.id.hex);
    columns_fixture_same(&authp_columns_user, got, &after, 0, AUTHP_COLUMN_FIXED);
    columns_fixture_same(&authp_columns_user, got, &before, AUTHP_COLUMN_FIXED, 0);
}
END_TEST

/* An update of one column writes it, or makes it absent, and leaves all others as they are. */
START_TEST(an_update_of_one_column)
{
    static const authp_user_t nothing;
    const authp_column_t *column = &authp_columns_user.list[_i];
    const bool skipped = (column->flags & (AUTHP_COLUMN_FIXED | AUTHP_COLUMN_STAMP)) != 0 ||
                         column->kind == AUTHP_COLUMN_TEXTS;
    authp_user_t before;
    authp_user_t other;
    columns_fixture_fill(&authp_columns_user, &before, 0, contract_pool());
    columns_fixture_fill(&authp_columns_user, &other, ROWS - 1, contract_pool());
    ck_assert_int_eq(authp_store_user_create(contract_store(), &before, contract_pool()), AUTHP_OK);
    for (int absent = 0; !skipped && absent < 2; absent++) {
        authp_user_t after = before;
        after.updated_at++;
        memcpy(authp_columns_in(column, &after),
               authp_columns_at(column, absent ? &nothing : &other),
               columns_fixture_size(column->kind));
        ck_assert_int_eq(
            authp_store_user_update(contract_store(), &before, &after, contract_pool()), AUTHP_OK);
        columns_fixture_same(&authp_columns_user, get_user(before.id.hex), &after, 0, 0);
        before = after;
    }
}
END_TEST

/* The tombstone of a deleted account has only the values that user_delete itself writes. */
START_TEST(a_tombstone_is_empty)
{
    authp_user_t user;
    authp_user_t nothing = {.roles = apr_array_make(contract_pool(), 0, sizeof(const char *))};
    apr_array_header_t *found = NULL;
    authp_seen_t seen;
    columns_fixture_fill(&authp_columns_user, &user, ROWS - 1, contract_pool());
    ck_assert_int_eq(authp_store_user_create(contract_store(), &user, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_delete(contract_store(), &user, CONTRACT_NOW, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_changed(contract_store(), 1, 10, &found, &seen, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
    columns_fixture_same(&authp_columns_user, APR_ARRAY_IDX(found, 0, authp_user_t *), &nothing, 0,
                         AUTHP_COLUMN_TOMBSTONE);
}
END_TEST

START_TEST(forgetting_takes_personal_columns_alone)
{
    static const authp_session_t no_session;
    static const authp_audit_t no_entry;
    authp_session_t session;
    authp_audit_t entry;
    authp_session_t *got = NULL;
    columns_fixture_fill(&authp_columns_session, &session, 2, contract_pool());
    columns_fixture_fill(&authp_columns_audit, &entry, 2, contract_pool());
    entry.actor_id = session.user_id.hex;
    ck_assert_int_eq(authp_store_session_create(contract_store(), &session, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_audit_append(contract_store(), &entry, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_forget(contract_store(), session.user_id.hex, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_session_by_id(contract_store(), session.id.hex, &got, contract_pool()),
        AUTHP_OK);
    columns_fixture_same(&authp_columns_session, got, &session, 0, AUTHP_COLUMN_PERSONAL);
    columns_fixture_same(&authp_columns_session, got, &no_session, AUTHP_COLUMN_PERSONAL, 0);
    columns_fixture_same(&authp_columns_audit, only_entry(), &entry, 0, AUTHP_COLUMN_PERSONAL);
    columns_fixture_same(&authp_columns_audit, only_entry(), &no_entry, AUTHP_COLUMN_PERSONAL, 0);
}
END_TEST

void contract_add_columns(TCase *tests)
{
    tcase_add_test(tests, users_keep_every_column);
    tcase_add_test(tests, sessions_keep_every_column);
    tcase_add_test(tests, invites_keep_every_column);
    tcase_add_loop_test(tests, audit_keeps_every_column, 0, 2);
    tcase_add_test(tests, an_update_writes_every_column);
    tcase_add_loop_test(tests, an_update_of_one_column, 0, authp_columns_user.count);
    tcase_add_test(tests, a_tombstone_is_empty);
    tcase_add_test(tests, forgetting_takes_personal_columns_alone);
}
