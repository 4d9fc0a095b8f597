/* SPDX-License-Identifier: Apache-2.0 */
/* Whole rows that move from one store to another. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

#define ROWS 7
#define NOW CONTRACT_NOW

static const authp_columns_t *const kinds[] = {&authp_columns_user, &authp_columns_session,
                                               &authp_columns_invite, &authp_columns_audit};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* Rows of different serials have no value in common. */
static void *make(const authp_columns_t *columns, int serial)
{
    void *row = apr_pcalloc(contract_pool(), columns->size);
    columns_fixture_fill(columns, row, serial, contract_pool());
    return row;
}

static void add(const authp_columns_t *columns, void *const *rows, int count, bool *added)
{
    ck_assert_int_eq(
        authp_store_move_add(contract_store(), columns, rows, count, added, contract_pool()),
        AUTHP_OK);
}

static authp_rows_t list(const authp_columns_t *columns, const char *after, int limit)
{
    authp_rows_t out = {.seen = -1};
    const authp_page_t page = {.after_id = after, .limit = limit};
    ck_assert_int_eq(authp_store_move_list(contract_store(), columns, &page, &out, contract_pool()),
                     AUTHP_OK);
    return out;
}

static int64_t count(const authp_columns_t *columns)
{
    int64_t found = -1;
    ck_assert_int_eq(authp_store_move_count(contract_store(), columns, &found, contract_pool()),
                     AUTHP_OK);
    return found;
}

static bool add_one(const authp_columns_t *columns, void *row)
{
    bool added = false;
    add(columns, &row, 1, &added);
    return added;
}

/* The rows are added in another order than that of their ids. */
START_TEST(rows_come_back_whole_and_in_order)
{
    const authp_columns_t *columns = kinds[_i];
    void *rows[ROWS];
    void *mixed[ROWS];
    bool added[ROWS] = {false};
    for (int i = 0; i < ROWS; i++) {
        rows[i] = make(columns, i + 1);
        mixed[(i * 3) % ROWS] = rows[i];
    }
    ck_assert_int_eq(count(columns), 0);
    ck_assert_int_eq(list(columns, NULL, 10).seen, 0);
    add(columns, mixed, ROWS, added);
    for (int i = 0; i < ROWS; i++) {
        ck_assert(added[i]);
    }
    ck_assert_int_eq(count(columns), ROWS);
    const char *after = NULL;
    for (int i = 0; i < ROWS; i += 3) {
        authp_rows_t page = list(columns, after, 3);
        ck_assert_int_eq(page.seen, i + 3 > ROWS ? ROWS - i : 3);
        ck_assert_int_eq(page.list->nelts, page.seen);
        for (int j = 0; j < page.seen; j++) {
            columns_fixture_same(columns, APR_ARRAY_IDX(page.list, j, void *), rows[i + j], 0, 0);
        }
        after = apr_pstrdup(contract_pool(), page.last.hex);
        ck_assert_str_eq(after, ((authp_id_t *)rows[i + page.seen - 1])->hex);
    }
    ck_assert_int_eq(list(columns, after, 3).seen, 0);
    ck_assert_str_eq(list(columns, after, 3).last.hex, "");
}
END_TEST

START_TEST(a_row_that_is_there_stays)
{
    const authp_columns_t *columns = kinds[_i];
    void *rows[] = {make(columns, 1), make(columns, 2), make(columns, 3)};
    void *again = make(columns, 4);
    void *batch[] = {rows[0], again, rows[2], rows[2]};
    bool added[4] = {true, true, false, true};
    ck_assert(add_one(columns, rows[0]) && add_one(columns, rows[1]));
    *(authp_id_t *)again = *(authp_id_t *)rows[1];
    add(columns, batch, 4, added);
    ck_assert(!added[0] && !added[1] && added[2] && !added[3]);
    authp_rows_t all = list(columns, NULL, 10);
    ck_assert_int_eq(all.seen, 3);
    for (int i = 0; i < 3; i++) {
        columns_fixture_same(columns, APR_ARRAY_IDX(all.list, i, void *), rows[i], 0, 0);
    }
}
END_TEST

/* One unique value is taken: nothing of the row is there, and the rows beside it are. */
START_TEST(unique_values_of_accounts)
{
    authp_user_t *first = make(&authp_columns_user, 1);
    authp_user_t *clash = make(&authp_columns_user, 2);
    authp_user_t *beside = make(&authp_columns_user, 3);
    authp_user_t *got = NULL;
    void *batch[] = {clash, beside};
    bool added[2] = {true, false};
    switch (_i) {
    case 0:
        clash->email = first->email;
        break;
    case 1:
        clash->username = first->username;
        break;
    case 2:
        clash->phone = first->phone;
        break;
    default: /* its second identity */
        *authp_identities_of(clash->identities, "corp") =
            *authp_identities_of(first->identities, "corp");
        break;
    }
    ck_assert(add_one(&authp_columns_user, first));
    add(&authp_columns_user, batch, 2, added);
    ck_assert(!added[0] && added[1]);
    ck_assert_int_eq(authp_store_user_by_id(contract_store(), clash->id.hex, &got, contract_pool()),
                     AUTHP_E_NOT_FOUND);
    const authp_identity_t *google = authp_identities_of(clash->identities, "google");
    ck_assert_int_eq(authp_store_user_by_identity(contract_store(), google->issuer, google->sub,
                                                  &got, contract_pool()),
                     AUTHP_E_NOT_FOUND);
    google = authp_identities_of(beside->identities, "google");
    ck_assert_int_eq(authp_store_user_by_identity(contract_store(), google->issuer, google->sub,
                                                  &got, contract_pool()),
                     AUTHP_OK);
    columns_fixture_same(&authp_columns_user, got, beside, 0, 0);
    ck_assert_int_eq(count(&authp_columns_user), 2);
}
END_TEST

START_TEST(codes_of_invites_are_unique)
{
    authp_invite_t *first = make(&authp_columns_invite, 1);
    authp_invite_t *clash = make(&authp_columns_invite, 2);
    clash->code_hash = first->code_hash;
    ck_assert(add_one(&authp_columns_invite, first));
    ck_assert(!add_one(&authp_columns_invite, clash));
    ck_assert_int_eq(count(&authp_columns_invite), 1);
}
END_TEST

START_TEST(identities_that_no_store_keeps)
{
    authp_user_t *wrong = make(&authp_columns_user, 1);
    authp_user_t *beside = make(&authp_columns_user, 2);
    void *batch[] = {wrong, beside, wrong};
    bool added[3] = {true, false, true};
    authp_identities_at(wrong->identities, 0)->sub = "";
    ck_assert(!add_one(&authp_columns_user, wrong));
    add(&authp_columns_user, batch, 3, added);
    ck_assert(!added[0] && added[1] && !added[2]);
}
END_TEST

/* A deleted account is not listed, and does not come back. */
START_TEST(tombstones_stay_behind)
{
    authp_user_t *gone = make(&authp_columns_user, 1);
    authp_user_t *stays = make(&authp_columns_user, 2);
    ck_assert(add_one(&authp_columns_user, gone) && add_one(&authp_columns_user, stays));
    ck_assert_int_eq(authp_store_user_delete(contract_store(), gone, NOW, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(count(&authp_columns_user), 1);
    authp_rows_t all = list(&authp_columns_user, NULL, 10);
    ck_assert_int_eq(all.seen, 1);
    columns_fixture_same(&authp_columns_user, APR_ARRAY_IDX(all.list, 0, void *), stays, 0, 0);
    ck_assert(!add_one(&authp_columns_user, gone));
    ck_assert_int_eq(count(&authp_columns_user), 1);
}
END_TEST

static authp_session_t *session_now(const authp_session_t *session)
{
    authp_session_t *got = NULL;
    ck_assert_int_eq(
        authp_store_session_by_id(contract_store(), session->id.hex, &got, contract_pool()),
        AUTHP_OK);
    return got;
}

static authp_err_t replace_session(const authp_session_t *before, const authp_session_t *after)
{
    return authp_store_session_replace(contract_store(), before, after, contract_pool());
}

START_TEST(a_session_is_replaced_if_it_is_as_it_was_read)
{
    authp_session_t *before = make(&authp_columns_session, 1);
    authp_session_t *after = make(&authp_columns_session, 2);
    before->ended_at = after->ended_at = 0;
    before->end_reason = after->end_reason = NULL;
    after->id = before->id;
    after->ip = NULL;
    ck_assert_int_eq(replace_session(before, after), AUTHP_E_CONFLICT);
    ck_assert(add_one(&authp_columns_session, before));
    authp_session_t other = *before;
    other.generation++;
    ck_assert_int_eq(replace_session(&other, after), AUTHP_E_CONFLICT);
    other = *before;
    other.last_used_at++;
    ck_assert_int_eq(replace_session(&other, after), AUTHP_E_CONFLICT);
    columns_fixture_same(&authp_columns_session, session_now(before), before, 0, 0);
    ck_assert_int_eq(replace_session(before, after), AUTHP_OK);
    columns_fixture_same(&authp_columns_session, session_now(before), after, 0, 0);
    ck_assert_int_eq(
        authp_store_session_end(contract_store(), after->id.hex, "logout", NOW, contract_pool()),
        AUTHP_OK);
    ck_assert_int_eq(replace_session(after, before), AUTHP_E_CONFLICT);
    ck_assert_int_eq(session_now(after)->ended_at, NOW);
}
END_TEST

/* Also one that was never used, so that its times are absent. */
START_TEST(a_fresh_session_is_replaced)
{
    authp_session_t *before = make(&authp_columns_session, 1);
    before->ended_at = before->last_used_at = before->generation = 0;
    before->end_reason = NULL;
    authp_session_t after = *before;
    after.generation = 4;
    after.last_used_at = NOW;
    ck_assert(add_one(&authp_columns_session, before));
    ck_assert_int_eq(replace_session(before, &after), AUTHP_OK);
    columns_fixture_same(&authp_columns_session, session_now(before), &after, 0, 0);
}
END_TEST

START_TEST(an_invite_is_replaced_while_it_is_open)
{
    authp_invite_t *open = make(&authp_columns_invite, 1);
    authp_invite_t *got = NULL;
    open->used_at = open->revoked_at = open->used_ver = 0;
    open->used_by = NULL;
    authp_invite_t used = *open;
    used.used_at = NOW;
    used.used_by = "6b00000000000000000000aa";
    used.used_ver = 5;
    ck_assert_int_eq(authp_store_invite_replace(contract_store(), open, &used, contract_pool()),
                     AUTHP_E_CONFLICT);
    ck_assert(add_one(&authp_columns_invite, open));
    ck_assert_int_eq(authp_store_invite_replace(contract_store(), open, &used, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(
        authp_store_invite_by_id(contract_store(), open->id.hex, &got, contract_pool()), AUTHP_OK);
    columns_fixture_same(&authp_columns_invite, got, &used, 0, 0);
    ck_assert_int_eq(authp_store_invite_replace(contract_store(), &used, open, contract_pool()),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_store_invite_by_id(contract_store(), open->id.hex, &got, contract_pool()), AUTHP_OK);
    columns_fixture_same(&authp_columns_invite, got, &used, 0, 0);
}
END_TEST

START_TEST(the_most_rows_at_a_time)
{
    void **rows = apr_palloc(contract_pool(), AUTHP_MOVE_MOST * sizeof(*rows));
    bool added[AUTHP_MOVE_MOST] = {false};
    for (int i = 0; i < AUTHP_MOVE_MOST; i++) {
        rows[i] = make(&authp_columns_user, i);
    }
    for (int round = 0; round < 2; round++) {
        add(&authp_columns_user, rows, AUTHP_MOVE_MOST, added);
        for (int i = 0; i < AUTHP_MOVE_MOST; i++) {
            ck_assert_int_eq(added[i], round == 0);
        }
        ck_assert_int_eq(count(&authp_columns_user), AUTHP_MOVE_MOST);
    }
}
END_TEST

void contract_add_transfer(TCase *tests)
{
    tcase_add_loop_test(tests, rows_come_back_whole_and_in_order, 0, KINDS);
    tcase_add_loop_test(tests, a_row_that_is_there_stays, 0, KINDS);
    tcase_add_loop_test(tests, unique_values_of_accounts, 0, 4);
    tcase_add_test(tests, codes_of_invites_are_unique);
    tcase_add_test(tests, identities_that_no_store_keeps);
    tcase_add_test(tests, tombstones_stay_behind);
    tcase_add_test(tests, a_session_is_replaced_if_it_is_as_it_was_read);
    tcase_add_test(tests, a_fresh_session_is_replaced);
    tcase_add_test(tests, an_invite_is_replaced_while_it_is_open);
    tcase_add_test(tests, the_most_rows_at_a_time);
}
