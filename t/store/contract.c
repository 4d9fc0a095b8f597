/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <apr_strings.h>
#include <stdatomic.h>
#include <string.h>

#define NOW CONTRACT_NOW

static apr_pool_t *pool;
static authp_store_t *store;

void contract_begin(authp_store_t *fresh, apr_pool_t *its_pool)
{
    pool = its_pool;
    store = fresh;
}

authp_store_t *contract_store(void)
{
    return store;
}

apr_pool_t *contract_pool(void)
{
    return pool;
}

void contract_end(void)
{
    apr_pool_destroy(pool);
}

void contract_next_id(authp_id_t *id)
{
    static atomic_uint next = 1;
    apr_snprintf(id->hex, sizeof(id->hex), "6b0000000000%012x", atomic_fetch_add(&next, 1));
}

authp_user_t contract_user(const char *email, apr_pool_t *p)
{
    authp_user_t user = {.email = email, .ver = 0, .created_at = NOW, .updated_at = NOW};
    contract_next_id(&user.id);
    user.roles = apr_array_make(p, 1, sizeof(const char *));
    APR_ARRAY_PUSH(user.roles, const char *) = "candidate";
    user.password_hash = "$2y$04$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    return user;
}

authp_session_t contract_session(const authp_user_t *user)
{
    authp_session_t session = {.user_id = user->id,
                               .ver = 3,
                               .auth_time = NOW,
                               .created_at = NOW,
                               .last_used_at = NOW,
                               .expires_at = NOW + 1000,
                               .absolute_expires_at = NOW + 5000,
                               .device_id = "laptop",
                               .ip = "192.0.2.1",
                               .user_agent = "A browser"};
    contract_next_id(&session.id);
    for (int i = 0; i < AUTHP_SALT_LEN; i++) {
        session.salt[i] = (unsigned char)(255 - i);
    }
    return session;
}

authp_user_t contract_put_user(const char *email)
{
    authp_user_t user = contract_user(email, pool);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    return user;
}

authp_session_t contract_put_session(const authp_user_t *user)
{
    authp_session_t session = contract_session(user);
    ck_assert_int_eq(authp_store_session_create(store, &session, pool), AUTHP_OK);
    return session;
}

static authp_session_t *get_session(const char *sid)
{
    authp_session_t *session = NULL;
    ck_assert_int_eq(authp_store_session_by_id(store, sid, &session, pool), AUTHP_OK);
    return session;
}

START_TEST(user_comes_back_whole)
{
    authp_user_t user = contract_user("ada@example.org", pool);
    authp_user_t *got = NULL;
    user.username = "ada";
    user.phone = "919999999999";
    user.name = "Ada \xc3\xa9 '\"; DROP TABLE users --%s";
    APR_ARRAY_PUSH(user.roles, const char *) = "recruiter";
    user.is_recruiter_verified = true;
    user.recruiter_requested_at = NOW - 1;
    user.email_verified = true;
    user.disabled = true;
    user.ver = INT64_C(9007199254740991);
    user.min_ver = 7;
    user.auth_changed_at = NOW + 1;
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &got, pool), AUTHP_OK);
    ck_assert_str_eq(got->id.hex, user.id.hex);
    ck_assert_str_eq(got->email, user.email);
    ck_assert_str_eq(got->username, user.username);
    ck_assert_str_eq(got->phone, user.phone);
    ck_assert_str_eq(got->name, user.name);
    ck_assert_str_eq(got->password_hash, user.password_hash);
    ck_assert_int_eq(got->roles->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(got->roles, 1, const char *), "recruiter");
    ck_assert(got->is_recruiter_verified && got->email_verified && got->disabled);
    ck_assert_int_eq(got->recruiter_requested_at, NOW - 1);
    ck_assert_int_eq(got->ver, INT64_C(9007199254740991));
    ck_assert_int_eq(got->min_ver, 7);
    ck_assert_int_eq(got->auth_changed_at, NOW + 1);
    ck_assert_int_eq(got->created_at, NOW);
    ck_assert_int_eq(got->updated_at, NOW);
}
END_TEST

START_TEST(absent_stays_absent)
{
    authp_user_t user = contract_user(NULL, pool);
    authp_user_t other = contract_user(NULL, pool);
    authp_user_t *got = NULL;
    user.password_hash = NULL;
    user.roles = apr_array_make(pool, 1, sizeof(const char *));
    /* Two accounts without an e-mail address, username and phone do not clash. */
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_create(store, &other, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &got, pool), AUTHP_OK);
    ck_assert_ptr_null(got->email);
    ck_assert_ptr_null(got->username);
    ck_assert_ptr_null(got->phone);
    ck_assert_ptr_null(got->name);
    ck_assert_ptr_null(got->password_hash);
    ck_assert_int_eq(got->roles->nelts, 0);
    ck_assert(!got->is_recruiter_verified && !got->email_verified && !got->disabled);
}
END_TEST

START_TEST(unique_values_decide)
{
    authp_user_t first = contract_user("same@example.org", pool);
    authp_user_t second = contract_user("same@example.org", pool);
    authp_user_t third = contract_user("third@example.org", pool);
    authp_user_t *got = NULL;
    first.username = "same";
    third.username = "same";
    ck_assert_int_eq(authp_store_user_create(store, &first, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_create(store, &second, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_create(store, &third, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_create(store, &first, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "third@example.org", &got, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "same@example.org", &got, pool),
        AUTHP_OK);
    ck_assert_str_eq(got->id.hex, first.id.hex);
    ck_assert_int_eq(authp_store_user_by_login(store, AUTHP_LOGIN_USERNAME, "same", &got, pool),
                     AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_USERNAME, "same@example.org", &got, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_by_id(store, "6bffffffffffffffffffffff", &got, pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

static int list(const char *prefix, const char *role, const char *after, int limit,
                apr_array_header_t **out)
{
    authp_user_filter_t filter = {
        .email_prefix = prefix, .role = role, .after_id = after, .limit = limit};
    ck_assert_int_eq(authp_store_user_list(store, &filter, out, pool), AUTHP_OK);
    return (*out)->nelts;
}

START_TEST(lists_filter_and_page)
{
    static const char *const emails[] = {"a%b@example.org", "a_b@example.org", "axb@example.org",
                                         "b@example.org"};
    apr_array_header_t *found = NULL;
    for (int i = 0; i < 4; i++) {
        contract_put_user(emails[i]);
    }
    authp_user_t admin = contract_user("c@example.org", pool);
    APR_ARRAY_PUSH(admin.roles, const char *) = "admin";
    ck_assert_int_eq(authp_store_user_create(store, &admin, pool), AUTHP_OK);
    ck_assert_int_eq(list(NULL, NULL, NULL, 200, &found), 5);
    ck_assert_int_eq(list("a", NULL, NULL, 200, &found), 3);
    ck_assert_int_eq(list("a%", NULL, NULL, 200, &found), 1);
    ck_assert_int_eq(list("a_", NULL, NULL, 200, &found), 1);
    ck_assert_int_eq(list("zz", NULL, NULL, 200, &found), 0);
    ck_assert_int_eq(list(NULL, "admin", NULL, 200, &found), 1);
    ck_assert_int_eq(list(NULL, "adm", NULL, 200, &found), 0);
    ck_assert_int_eq(list(NULL, "candidate", NULL, 200, &found), 5);
    /* The list is read page by page while a row is added. Each account must be listed exactly
     * once. */
    ck_assert_int_eq(list(NULL, NULL, NULL, 2, &found), 2);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 0, authp_user_t *)->email, emails[0]);
    contract_put_user("late@example.org");
    ck_assert_int_eq(list(NULL, NULL, APR_ARRAY_IDX(found, 1, authp_user_t *)->id.hex, 200, &found),
                     4);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 0, authp_user_t *)->email, emails[2]);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 3, authp_user_t *)->email, "late@example.org");
}
END_TEST

START_TEST(hash_upgrade_is_conditional)
{
    static const char better[] = "$2y$05$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234";
    authp_user_t user = contract_put_user("up@example.org");
    authp_user_t *got = NULL;
    ck_assert_int_eq(authp_store_user_upgrade_hash(store, &user, better, NOW + 9, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_upgrade_hash(store, &user, better, NOW + 9, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_by_id(store, user.id.hex, &got, pool), AUTHP_OK);
    ck_assert_str_eq(got->password_hash, better);
    ck_assert_int_eq(got->updated_at, NOW + 9);
    ck_assert_int_eq(got->ver, user.ver);
}
END_TEST

START_TEST(session_comes_back_whole)
{
    authp_user_t user = contract_put_user("s@example.org");
    authp_session_t session = contract_put_session(&user);
    authp_session_t *got = get_session(session.id.hex);
    ck_assert_str_eq(got->id.hex, session.id.hex);
    ck_assert_str_eq(got->user_id.hex, user.id.hex);
    ck_assert_mem_eq(got->salt, session.salt, AUTHP_SALT_LEN);
    ck_assert_int_eq(got->ver, 3);
    ck_assert_int_eq(got->generation, 0);
    ck_assert_int_eq(got->rotated_at, 0);
    ck_assert_int_eq(got->auth_time, NOW);
    ck_assert_int_eq(got->expires_at, NOW + 1000);
    ck_assert_int_eq(got->absolute_expires_at, NOW + 5000);
    ck_assert_int_eq(got->ended_at, 0);
    ck_assert_ptr_null(got->end_reason);
    ck_assert_str_eq(got->device_id, "laptop");
    ck_assert_str_eq(got->ip, "192.0.2.1");
    ck_assert_str_eq(got->user_agent, "A browser");
    ck_assert_int_eq(authp_store_session_create(store, &session, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_session_by_id(store, "6bffffffffffffffffffffff", &got, pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(rotation_is_conditional)
{
    authp_user_t user = contract_put_user("r@example.org");
    authp_session_t session = contract_put_session(&user);
    const char *sid = session.id.hex;
    ck_assert_int_eq(authp_store_session_rotate(store, sid, 1, NOW + 10, NOW + 2000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_session_rotate(store, sid, 0, NOW + 1000, NOW + 2000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_session_rotate(store, sid, 0, NOW + 10, NOW + 2000, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_session_rotate(store, sid, 0, NOW + 10, NOW + 2000, pool),
                     AUTHP_E_CONFLICT);
    authp_session_t *got = get_session(sid);
    ck_assert_int_eq(got->generation, 1);
    ck_assert_int_eq(got->rotated_at, NOW + 10);
    ck_assert_int_eq(got->last_used_at, NOW + 10);
    ck_assert_int_eq(got->expires_at, NOW + 2000);
    ck_assert_int_eq(authp_store_session_slide(store, sid, 0, NOW + 20, NOW + 3000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_session_slide(store, sid, 1, NOW + 20, NOW + 3000, pool),
                     AUTHP_OK);
    got = get_session(sid);
    ck_assert_int_eq(got->generation, 1);
    ck_assert_int_eq(got->rotated_at, NOW + 10);
    ck_assert_int_eq(got->last_used_at, NOW + 20);
    ck_assert_int_eq(got->expires_at, NOW + 3000);
    ck_assert_int_eq(authp_store_session_end(store, sid, "logout", NOW + 30, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_session_end(store, sid, "again", NOW + 31, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_session_rotate(store, sid, 1, NOW + 40, NOW + 4000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_session_slide(store, sid, 1, NOW + 40, NOW + 4000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(get_session(sid)->ended_at, NOW + 30);
    ck_assert_str_eq(get_session(sid)->end_reason, "logout");
    ck_assert_int_eq(authp_store_session_end(store, "6bffffffffffffffffffffff", "x", NOW, pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(all_of_a_user_end)
{
    authp_user_t user = contract_put_user("all@example.org");
    authp_user_t other = contract_put_user("other@example.org");
    authp_session_t mine[3];
    for (int i = 0; i < 3; i++) {
        mine[i] = contract_put_session(&user);
    }
    authp_session_t theirs = contract_put_session(&other);
    int ended = -1;
    authp_end_t end = {.except_sid = mine[1].id.hex, .reason = "others", .now = NOW + 1};
    ck_assert_int_eq(authp_store_session_end_user(store, user.id.hex, &end, &ended), AUTHP_OK);
    ck_assert_int_eq(ended, 2);
    ck_assert_int_eq(get_session(mine[1].id.hex)->ended_at, 0);
    ck_assert_int_eq(get_session(theirs.id.hex)->ended_at, 0);
    ck_assert_str_eq(get_session(mine[0].id.hex)->end_reason, "others");
    end = (authp_end_t){.reason = "all", .now = NOW + 2};
    ck_assert_int_eq(authp_store_session_end_user(store, user.id.hex, &end, &ended), AUTHP_OK);
    ck_assert_int_eq(ended, 1);
    ck_assert_int_eq(get_session(mine[0].id.hex)->ended_at, NOW + 1);
    ck_assert_int_eq(authp_store_session_end_user(store, user.id.hex, &end, &ended), AUTHP_OK);
    ck_assert_int_eq(ended, 0);
}
END_TEST

Suite *contract_suite(const char *name, SFun setup, SFun teardown)
{
    Suite *suite = suite_create(name);
    TCase *tests = tcase_create(name);
    TCase *races = tcase_create("races"); /* CK_RUN_CASE=races runs these alone */
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_checked_fixture(races, setup, teardown);
    tcase_set_timeout(tests, 60);
    tcase_set_timeout(races, 60);
    tcase_add_test(tests, user_comes_back_whole);
    tcase_add_test(tests, absent_stays_absent);
    tcase_add_test(tests, unique_values_decide);
    tcase_add_test(tests, lists_filter_and_page);
    tcase_add_test(tests, hash_upgrade_is_conditional);
    tcase_add_test(tests, session_comes_back_whole);
    tcase_add_test(tests, rotation_is_conditional);
    tcase_add_test(tests, all_of_a_user_end);
    contract_add_changes(tests);
    contract_add_invites(tests);
    contract_add_live(tests);
    contract_add_failures(tests);
    contract_add_races(races);
    contract_add_audit(tests);
    contract_add_columns(tests);
    contract_add_identities(tests);
    contract_add_identity_races(races);
    contract_add_bounds(tests);
    contract_add_once(tests);
    contract_add_otp(tests);
    contract_add_tallies(tests);
    contract_add_codes(races);
    contract_add_phones(tests);
    contract_add_phone_races(races);
    contract_add_profiles(tests);
    contract_add_lists(tests);
    contract_add_mail(tests);
    contract_add_mail_races(races);
    contract_add_transfer(tests);
    suite_add_tcase(suite, tests);
    suite_add_tcase(suite, races);
    return suite;
}
