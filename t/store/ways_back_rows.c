/* SPDX-License-Identifier: Apache-2.0 */
#include "ways_back_rows.h"
#include "columns_fixture.h"
#include "contract.h"
#include "store/identities.h"

#include <check.h>

#define NOW CONTRACT_NOW

/* A user that has these parts, and no others. */
static authp_user_t user_of(int serial, int parts, apr_pool_t *pool)
{
    authp_user_t user;
    columns_fixture_fill(&authp_columns_user, &user, serial, pool);
    if ((parts & WAYS_BACK_LINKED) == 0) {
        user.identities = NULL;
    }
    if ((parts & WAYS_BACK_PROFILED) == 0) {
        user.profiles = NULL;
        user.phone_used_at = 0;
    }
    return user;
}

void ways_back_put_user(authp_store_t *store, int serial, int parts, apr_pool_t *pool)
{
    authp_user_t user = user_of(serial, parts, pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
}

void ways_back_put_plain_user(authp_store_t *store, apr_pool_t *pool)
{
    ways_back_put_user(store, 1, 0, pool);
}

void ways_back_put_linked_user(authp_store_t *store, apr_pool_t *pool)
{
    ways_back_put_user(store, 2, WAYS_BACK_LINKED, pool);
}

void ways_back_put_deleted_user(authp_store_t *store, apr_pool_t *pool)
{
    authp_user_t user = contract_user("gone@example.org", pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(store, &user, NOW, pool), AUTHP_OK);
}

void ways_back_put_session(authp_store_t *store, apr_pool_t *pool)
{
    authp_session_t session;
    columns_fixture_fill(&authp_columns_session, &session, 1, pool);
    ck_assert_int_eq(authp_store_session_create(store, &session, pool), AUTHP_OK);
}

void ways_back_put_entry(authp_store_t *store, apr_pool_t *pool)
{
    authp_audit_t entry;
    columns_fixture_fill(&authp_columns_audit, &entry, 1, pool);
    ck_assert_int_eq(authp_store_audit_append(store, &entry, pool), AUTHP_OK);
}

static authp_invite_t plain_invite(apr_pool_t *pool)
{
    authp_invite_t invite;
    columns_fixture_fill(&authp_columns_invite, &invite, 1, pool);
    invite.role = NULL;
    return invite;
}

void ways_back_put_invite(authp_store_t *store, apr_pool_t *pool)
{
    authp_invite_t invite = plain_invite(pool);
    ck_assert_int_eq(authp_store_invite_create(store, &invite, pool), AUTHP_OK);
}

void ways_back_put_failure(authp_store_t *store, apr_pool_t *pool)
{
    const authp_failure_t failure = {.key = "key", .at = NOW, .expires_at = NOW + 1};
    int64_t count = 0;
    ck_assert_int_eq(authp_store_failure_add(store, &failure, &count, pool), AUTHP_OK);
}

void ways_back_put_used_token(authp_store_t *store, apr_pool_t *pool)
{
    ck_assert_int_eq(authp_store_used_token_add(store, "key", NOW, pool), AUTHP_OK);
}

void ways_back_put_login_code(authp_store_t *store, apr_pool_t *pool)
{
    authp_login_code_t code;
    columns_fixture_fill(&authp_columns_login_code, &code, 1, pool);
    ck_assert_int_eq(authp_store_login_code_create(store, &code, pool), AUTHP_OK);
}

void ways_back_put_profiled_user(authp_store_t *store, apr_pool_t *pool)
{
    ways_back_put_user(store, 3, WAYS_BACK_PROFILED, pool);
}

void ways_back_put_admin_invite(authp_store_t *store, apr_pool_t *pool)
{
    authp_invite_t invite;
    columns_fixture_fill(&authp_columns_invite, &invite, 2, pool);
    ck_assert_int_eq(authp_store_invite_create(store, &invite, pool), AUTHP_OK);
}

void ways_back_put_otp_code(authp_store_t *store, apr_pool_t *pool)
{
    authp_otp_code_t code;
    columns_fixture_fill(&authp_columns_otp_code, &code, 1, pool);
    ck_assert_int_eq(authp_store_otp_put(store, &code, pool), AUTHP_OK);
}

void ways_back_put_tally(authp_store_t *store, apr_pool_t *pool)
{
    authp_tallied_t out;
    const authp_tally_t tally = {.key = "key", .most = 1, .window_ms = 1, .now = NOW};
    ck_assert_int_eq(authp_store_tally_take(store, &tally, &out, pool), AUTHP_OK);
}

void ways_back_put_pending_admin(authp_store_t *store, apr_pool_t *pool)
{
    authp_pending_admin_t admin;
    columns_fixture_fill(&authp_columns_pending_admin, &admin, 1, pool);
    ck_assert_int_eq(authp_store_pending_admin_put(store, &admin, pool), AUTHP_OK);
}

void ways_back_put_data_key(authp_store_t *store, apr_pool_t *pool)
{
    authp_data_key_t key;
    columns_fixture_fill(&authp_columns_data_key, &key, 1, pool);
    ck_assert_int_eq(authp_store_data_key_add(store, &key, pool), AUTHP_OK);
}

void ways_back_put_mail(authp_store_t *store, apr_pool_t *pool)
{
    authp_mail_row_t mail;
    columns_fixture_fill(&authp_columns_outbox, &mail, 1, pool);
    ck_assert_int_eq(authp_store_outbox_add(store, &mail, pool), AUTHP_OK);
}

void ways_back_put_everything(authp_store_t *store, apr_pool_t *pool)
{
    ways_back_put_plain_user(store, pool);
    ways_back_put_linked_user(store, pool);
    ways_back_put_deleted_user(store, pool);
    ways_back_put_session(store, pool);
    ways_back_put_entry(store, pool);
    ways_back_put_invite(store, pool);
    ways_back_put_failure(store, pool);
    ways_back_put_used_token(store, pool);
    ways_back_put_login_code(store, pool);
    ways_back_put_profiled_user(store, pool);
    ways_back_put_admin_invite(store, pool);
    ways_back_put_otp_code(store, pool);
    ways_back_put_tally(store, pool);
    ways_back_put_pending_admin(store, pool);
    ways_back_put_data_key(store, pool);
    ways_back_put_mail(store, pool);
}

void ways_back_check_user(authp_store_t *store, int serial, int parts, int steps, apr_pool_t *pool)
{
    static const char issuer[] = "https://accounts.example";
    authp_user_t user = user_of(serial, WAYS_BACK_LINKED, pool);
    authp_user_t *got = NULL;
    const char *sub = authp_identities_at(user.identities, 0)->sub;
    authp_err_t by_id = authp_store_user_by_id(store, user.id.hex, &got, pool);
    ck_assert_int_eq(by_id, steps > 0 ? AUTHP_OK : AUTHP_E_NOT_FOUND);
    parts &= steps >= WAYS_BACK_IDENTITIES ? -1 : ~WAYS_BACK_LINKED;
    parts &= steps >= WAYS_BACK_PHONES ? -1 : ~WAYS_BACK_PROFILED;
    user = user_of(serial, parts, pool);
    if (steps > 0) {
        columns_fixture_same(&authp_columns_user, got, &user, 0, 0);
    }
    ck_assert_int_eq(authp_store_user_by_identity(store, issuer, sub, &got, pool),
                     user.identities != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND);
}

void ways_back_check_rows(authp_store_t *store, int steps, apr_pool_t *pool)
{
    authp_session_t session;
    authp_session_t *got_session = NULL;
    authp_invite_t invite = plain_invite(pool);
    authp_invite_t *got_invite = NULL;
    apr_array_header_t *entries = NULL;
    authp_audit_t entry;
    const authp_audit_filter_t filter = {.limit = 10};
    columns_fixture_fill(&authp_columns_session, &session, 1, pool);
    columns_fixture_fill(&authp_columns_audit, &entry, 1, pool);
    ck_assert_int_eq(authp_store_session_by_id(store, session.id.hex, &got_session, pool),
                     steps > 0 ? AUTHP_OK : AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_invite_by_id(store, invite.id.hex, &got_invite, pool),
                     steps >= WAYS_BACK_INVITES ? AUTHP_OK : AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_audit_list(store, &filter, &entries, pool), AUTHP_OK);
    ck_assert_int_eq(entries->nelts, steps > 0 ? 1 : 0);
    if (steps > 0) {
        columns_fixture_same(&authp_columns_session, got_session, &session, 0, 0);
        columns_fixture_same(&authp_columns_audit, APR_ARRAY_IDX(entries, 0, authp_audit_t *),
                             &entry, 0, 0);
    }
    if (steps >= WAYS_BACK_INVITES) {
        columns_fixture_same(&authp_columns_invite, got_invite, &invite, 0, 0);
    }
}
