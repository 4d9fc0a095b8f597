/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <apr_strings.h>
#include <string.h>

#define NOW CONTRACT_NOW

static authp_user_t *get_user(const char *id)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_id(contract_store(), id, &user, contract_pool()),
                     AUTHP_OK);
    return user;
}

static authp_session_t *get_session(const char *sid)
{
    authp_session_t *session = NULL;
    ck_assert_int_eq(authp_store_session_by_id(contract_store(), sid, &session, contract_pool()),
                     AUTHP_OK);
    return session;
}

/* Returns a changed copy of the user, as the service makes it. */
static authp_user_t changed(const authp_user_t *user, const char *name)
{
    authp_user_t after = *user;
    after.name = name;
    after.ver++;
    after.auth_changed_at = NOW + 5;
    after.updated_at = user->updated_at + 1;
    return after;
}

START_TEST(update_writes_what_may_change)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t user = contract_put_user("before@example.org");
    authp_user_t after = changed(&user, "New \xc3\xa9 name");
    after.email = "after@example.org";
    after.username = "ignored";
    after.created_at = 1;
    after.roles = apr_array_make(pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(after.roles, const char *) = "recruiter";
    APR_ARRAY_PUSH(after.roles, const char *) = "admin";
    after.is_recruiter_verified = true;
    after.recruiter_requested_at = NOW - 9;
    after.email_verified = true;
    after.disabled = true;
    after.min_ver = after.ver;
    after.password_hash = NULL;
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    authp_user_t *got = get_user(user.id.hex);
    ck_assert_str_eq(got->email, "after@example.org");
    ck_assert_ptr_null(got->username);
    ck_assert_int_eq(got->created_at, user.created_at);
    ck_assert_str_eq(got->name, "New \xc3\xa9 name");
    ck_assert_ptr_null(got->password_hash);
    ck_assert_int_eq(got->roles->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(got->roles, 1, const char *), "admin");
    ck_assert(got->is_recruiter_verified && got->email_verified && got->disabled);
    ck_assert_int_eq(got->recruiter_requested_at, NOW - 9);
    ck_assert_int_eq(got->ver, 1);
    ck_assert_int_eq(got->min_ver, 1);
    ck_assert_int_eq(got->auth_changed_at, NOW + 5);
    ck_assert_int_eq(got->updated_at, user.updated_at + 1);
    /* The columns become absent again. */
    authp_user_t bare = changed(got, NULL);
    bare.roles = apr_array_make(pool, 1, sizeof(const char *));
    bare.recruiter_requested_at = 0;
    ck_assert_int_eq(authp_store_user_update(store, got, &bare, pool), AUTHP_OK);
    got = get_user(user.id.hex);
    ck_assert_ptr_null(got->name);
    ck_assert_int_eq(got->roles->nelts, 0);
    ck_assert_int_eq(got->recruiter_requested_at, 0);
}
END_TEST

/* An account that has lost its address is found by its id alone, and another one may take it. */
START_TEST(address_is_given_up)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t user = contract_put_user("lost@example.org");
    authp_user_t after = changed(&user, "n");
    authp_user_t *found = NULL;
    after.email = NULL;
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_ptr_null(get_user(user.id.hex)->email);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "lost@example.org", &found, pool),
        AUTHP_E_NOT_FOUND);
    authp_user_t next = contract_put_user("lost@example.org");
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "lost@example.org", &found, pool),
        AUTHP_OK);
    ck_assert_str_eq(found->id.hex, next.id.hex);
}
END_TEST

START_TEST(update_is_conditional)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t user = contract_put_user("cond@example.org");
    authp_user_t first = changed(&user, "first");
    authp_user_t second = changed(&user, "second");
    ck_assert_int_eq(authp_store_user_update(store, &user, &first, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_update(store, &user, &second, pool), AUTHP_E_CONFLICT);
    ck_assert_str_eq(get_user(user.id.hex)->name, "first");
    /* A new hash of the same password does not change `ver`, but an update of the row as it was
     * read before must fail. */
    authp_user_t *read = get_user(user.id.hex);
    ck_assert_int_eq(authp_store_user_upgrade_hash(store, read, "$2y$05$other", NOW + 50, pool),
                     AUTHP_OK);
    authp_user_t third = changed(read, "third");
    ck_assert_int_eq(authp_store_user_update(store, read, &third, pool), AUTHP_E_CONFLICT);
    ck_assert_str_eq(get_user(user.id.hex)->password_hash, "$2y$05$other");
    authp_user_t gone = contract_user("gone@example.org", pool);
    authp_user_t never = changed(&gone, "never");
    ck_assert_int_eq(authp_store_user_update(store, &gone, &never, pool), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(deleted_is_absent)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t *none = NULL;
    apr_array_header_t *list = NULL;
    authp_user_t user = contract_user("del@example.org", pool);
    user.username = "del";
    user.phone = "911111111111";
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    authp_user_t stale = user;
    stale.updated_at--;
    ck_assert_int_eq(authp_store_user_delete(store, &stale, NOW + 7, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_delete(store, &user, NOW + 7, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(store, &user, NOW + 7, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &none, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "del@example.org", &none, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_by_login(store, AUTHP_LOGIN_USERNAME, "del", &none, pool),
                     AUTHP_E_NOT_FOUND);
    const authp_user_filter_t all = {.limit = 200};
    ck_assert_int_eq(authp_store_user_list(store, &all, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    authp_user_t after = changed(&user, "back");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_upgrade_hash(store, &user, "$2y$05$x", NOW, pool),
                     AUTHP_E_CONFLICT);
    /* The unique values of a deleted account are free, also for a second account that is then
     * deleted too. */
    authp_user_t again = contract_user("del@example.org", pool);
    again.username = "del";
    again.phone = user.phone;
    ck_assert_int_eq(authp_store_user_create(store, &again, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(store, &again, NOW + 8, pool), AUTHP_OK);
    authp_page_t page = {.limit = 1};
    ck_assert_int_eq(authp_store_user_list_deleted(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, const char *), user.id.hex);
    page.after_id = user.id.hex;
    ck_assert_int_eq(authp_store_user_list_deleted(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, const char *), again.id.hex);
}
END_TEST

START_TEST(discard_takes_back)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t *none = NULL;
    apr_array_header_t *list = NULL;
    const authp_page_t page = {.limit = 10};
    authp_user_t user = contract_put_user("back@example.org");
    authp_user_t after = changed(&user, "seen");
    ck_assert_int_eq(authp_store_user_update(store, &user, &after, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_discard(store, &user, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_discard(store, &after, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &none, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_list_deleted(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
}
END_TEST

START_TEST(forget_strips_what_is_personal)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t user = contract_put_user("forget@example.org");
    authp_user_t other = contract_put_user("stays@example.org");
    authp_session_t mine = contract_put_session(&user);
    authp_session_t theirs = contract_put_session(&other);
    ck_assert_int_eq(authp_store_user_forget(store, user.id.hex, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_forget(store, user.id.hex, pool), AUTHP_OK);
    const authp_session_t *got = get_session(mine.id.hex);
    ck_assert_ptr_null(got->device_id);
    ck_assert_ptr_null(got->ip);
    ck_assert_ptr_null(got->user_agent);
    ck_assert_int_eq(got->generation, mine.generation);
    got = get_session(theirs.id.hex);
    ck_assert_str_eq(got->ip, theirs.ip);
}
END_TEST

START_TEST(list_can_leave_out_the_disabled)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    apr_array_header_t *list = NULL;
    authp_user_t on = contract_put_user("on@example.org");
    authp_user_t off = contract_user("off@example.org", pool);
    off.disabled = true;
    ck_assert_int_eq(authp_store_user_create(store, &off, pool), AUTHP_OK);
    authp_user_filter_t filter = {.role = "candidate", .limit = 10};
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    filter.enabled_only = true;
    ck_assert_int_eq(authp_store_user_list(store, &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_user_t *)->id.hex, on.id.hex);
}
END_TEST

START_TEST(sessions_of_a_user)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    apr_array_header_t *list = NULL;
    authp_user_t user = contract_put_user("dev@example.org");
    authp_user_t other = contract_put_user("dev2@example.org");
    authp_session_t mine[4];
    for (int i = 0; i < 4; i++) {
        mine[i] = contract_put_session(&user);
    }
    (void)contract_put_session(&other);
    ck_assert_int_eq(authp_store_session_end(store, mine[1].id.hex, "logout", NOW, pool), AUTHP_OK);
    authp_page_t page = {.limit = 2};
    ck_assert_int_eq(authp_store_session_list(store, user.id.hex, NOW, &page, &list, pool),
                     AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    const authp_session_t *first = APR_ARRAY_IDX(list, 0, authp_session_t *);
    ck_assert_str_eq(first->id.hex, mine[0].id.hex);
    ck_assert_str_eq(first->user_agent, "A browser");
    ck_assert_mem_eq(first->salt, mine[0].salt, AUTHP_SALT_LEN);
    page.after_id = mine[2].id.hex;
    ck_assert_int_eq(authp_store_session_list(store, user.id.hex, NOW, &page, &list, pool),
                     AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_session_t *)->id.hex, mine[3].id.hex);
    page.after_id = NULL;
    ck_assert_int_eq(
        authp_store_session_list(store, user.id.hex, mine[0].expires_at, &page, &list, pool),
        AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    for (int i = 0; i < 2; i++) { /* the value that is there already counts as set */
        ck_assert_int_eq(authp_store_session_set_ver(store, mine[0].id.hex, 9, pool), AUTHP_OK);
        ck_assert_int_eq(get_session(mine[0].id.hex)->ver, 9);
    }
    ck_assert_int_eq(authp_store_session_set_ver(store, mine[1].id.hex, 9, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(get_session(mine[1].id.hex)->ver, 3);
}
END_TEST

START_TEST(purge_removes_what_is_over)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_session_t *none = NULL;
    apr_array_header_t *list = NULL;
    int removed = -1;
    authp_user_t user = contract_put_user("purge@example.org");
    authp_user_t deleted = contract_put_user("purged@example.org");
    authp_session_t ended = contract_put_session(&user);
    authp_session_t expired = contract_put_session(&user); /* expires at NOW + 1000 */
    authp_session_t living = contract_session(&user);
    living.expires_at = NOW + 9000;
    ck_assert_int_eq(authp_store_session_create(store, &living, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_end(store, ended.id.hex, "logout", NOW + 2000, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(store, &deleted, NOW + 500, pool), AUTHP_OK);
    for (int i = 0; i < 3; i++) {
        authp_audit_t entry = {.at = NOW + i, .event = "login", .outcome = "ok"};
        contract_next_id(&entry.id);
        ck_assert_int_eq(authp_store_audit_append(store, &entry, pool), AUTHP_OK);
    }
    /* The age of an ended session counts from its end, not from the time at which it would have
     * expired. */
    authp_purge_t what = {.sessions_before = NOW + 1500, .users_before = NOW + 500, .batch = 10};
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(authp_store_session_by_id(store, expired.id.hex, &none, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(get_session(ended.id.hex)->ended_at, NOW + 2000);
    what = (authp_purge_t){.sessions_before = NOW + 2001,
                           .users_before = NOW + 501,
                           .audit_before = NOW + 2,
                           .batch = 1};
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 3); /* a session, a tombstone, one of two entries */
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 1);
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 0);
    const authp_page_t page = {.limit = 10};
    ck_assert_int_eq(authp_store_user_list_deleted(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 0);
    ck_assert_int_eq(get_session(living.id.hex)->ended_at, 0);
    ck_assert_int_eq(get_user(user.id.hex)->ver, 0);
}
END_TEST

/* Five rows of each kind are old enough: each purge removes two of each kind, until none is
 * left. */
START_TEST(purge_goes_by_batches)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    static const int gone[] = {10, 10, 5, 0};
    int removed = -1;
    for (int i = 0; i < 5; i++) {
        int64_t count = 0;
        authp_user_t user = contract_put_user(apr_psprintf(pool, "b%d@example.org", i));
        (void)contract_put_session(&user);
        ck_assert_int_eq(authp_store_user_delete(store, &user, NOW, pool), AUTHP_OK);
        authp_invite_t invite = {.email = "grace@example.org",
                                 .code_hash = apr_psprintf(pool, "%064d", i),
                                 .created_at = NOW,
                                 .expires_at = NOW + 1,
                                 .created_by = "cli"};
        contract_next_id(&invite.id);
        ck_assert_int_eq(authp_store_invite_create(store, &invite, pool), AUTHP_OK);
        authp_audit_t entry = {.at = NOW, .event = "login", .outcome = "ok"};
        contract_next_id(&entry.id);
        ck_assert_int_eq(authp_store_audit_append(store, &entry, pool), AUTHP_OK);
        const authp_failure_t failure = {
            .key = apr_psprintf(pool, "%064d", i), .at = NOW, .expires_at = NOW + 1};
        ck_assert_int_eq(authp_store_failure_add(store, &failure, &count, pool), AUTHP_OK);
    }
    const authp_purge_t what = {.sessions_before = NOW + 2000,
                                .users_before = NOW + 2000,
                                .invites_before = NOW + 2000,
                                .audit_before = NOW + 2000,
                                .failures_before = NOW + 2000,
                                .batch = 2};
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
        ck_assert_int_eq(removed, gone[i]);
    }
}
END_TEST

START_TEST(the_rest)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    int applied = -1;
    authp_audit_t entry = {.at = NOW, .event = "login", .outcome = "ok"};
    contract_next_id(&entry.id);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_migrate(store, &applied, pool), AUTHP_OK);
    ck_assert_int_eq(applied, 0);
    ck_assert_int_eq(authp_store_audit_append(store, &entry, pool), AUTHP_OK);
    authp_store_maintain(store);
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
}
END_TEST

void contract_add_changes(TCase *tests)
{
    tcase_add_test(tests, update_writes_what_may_change);
    tcase_add_test(tests, address_is_given_up);
    tcase_add_test(tests, update_is_conditional);
    tcase_add_test(tests, deleted_is_absent);
    tcase_add_test(tests, discard_takes_back);
    tcase_add_test(tests, forget_strips_what_is_personal);
    tcase_add_test(tests, list_can_leave_out_the_disabled);
    tcase_add_test(tests, sessions_of_a_user);
    tcase_add_test(tests, the_rest);
    tcase_add_test(tests, purge_removes_what_is_over);
    tcase_add_test(tests, purge_goes_by_batches);
}
