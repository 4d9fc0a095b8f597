/* SPDX-License-Identifier: Apache-2.0 */
/* What the command line tool may do and the API may not. */
#include "fixture.h"
#include "service/account/admin.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "suite.h"

#include <apr_strings.h>

static fixture_t f;
static const authp_actor_t tool = {.id = AUTHP_ACTOR_CLI};

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static const apr_array_header_t *roles(const char *list)
{
    char *last = NULL;
    apr_array_header_t *names = apr_array_make(f.pool, 2, sizeof(const char *));
    for (char *name = apr_strtok(apr_pstrdup(f.pool, list), ",", &last); name != NULL;
         name = apr_strtok(NULL, ",", &last)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    return names;
}

static authp_user_t *set_roles(const authp_user_t *user, const char *list)
{
    authp_user_t *changed = NULL;
    const authp_user_patch_t patch = {.has_roles = true, .roles = roles(list)};
    ck_assert_int_eq(authp_admin_patch(f.realm, &tool, user->id.hex, &patch, &changed, f.pool),
                     AUTHP_OK);
    return changed;
}

START_TEST(may_remove_the_last_admin)
{
    authp_user_t *boss = fixture_user(&f, "boss@example.org", "admin", false);
    authp_user_t *other = fixture_user(&f, "other@example.org", "admin", false);
    ck_assert_int_eq(authp_admin_delete(f.realm, &tool, other->id.hex, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_admin_spare(f.realm, boss, f.pool), AUTHP_E_LAST_ADMIN);
    ck_assert_int_eq(set_roles(boss, "")->roles->nelts, 0);
    ck_assert_str_eq(fixture_audit(&f, "user_change")->actor_id, "cli");
    boss = set_roles(boss, "admin,candidate");
    ck_assert_int_eq(boss->roles->nelts, 2);
    ck_assert_int_eq(authp_admin_delete(f.realm, &tool, boss->id.hex, f.pool), AUTHP_OK);
}
END_TEST

/* Another process changes the row in between, so the row is read again. Personal data of the
 * sessions is removed with the account. */
START_TEST(deletes_at_the_second_try)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_grant_t grant = fixture_start(&f, ada);
    authp_session_t *session = mem_store_session(f.store, grant.session->id.hex);
    session->ip = "192.0.2.7";
    session->device_id = "phone";
    session->user_agent = "browser";
    mem_store_fail(f.store, "user_delete", 1, AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_admin_delete(f.realm, &tool, ada->id.hex, f.pool), AUTHP_OK);
    session = mem_store_session(f.store, grant.session->id.hex);
    ck_assert_str_eq(session->end_reason, "deleted");
    ck_assert(session->ip == NULL && session->device_id == NULL && session->user_agent == NULL);
    ck_assert_int_eq(mem_store_audit_count(f.store, "user_delete"), 1);
    ck_assert_int_eq(authp_admin_delete(f.realm, &tool, ada->id.hex, f.pool), AUTHP_E_NOT_FOUND);
    authp_user_t *bob = fixture_user(&f, "bob@example.org", "candidate", false);
    mem_store_fail(f.store, "user_delete", 0, AUTHP_E_CONFLICT);
    (void)mem_store_calls(f.store, f.pool);
    ck_assert_int_eq(authp_admin_delete(f.realm, &tool, bob->id.hex, f.pool), AUTHP_E_BUSY);
    const char *twice = "user_by_id user_delete user_by_id user_delete";
    ck_assert_str_eq(mem_store_calls(f.store, f.pool),
                     apr_pstrcat(f.pool, twice, " ", twice, " ", twice, " ", twice, NULL));
    const authp_user_patch_t name = {.has_name = true, .name = "Bob"};
    mem_store_fail(f.store, "user_update", 0, AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_admin_patch(f.realm, &tool, bob->id.hex, &name, &bob, f.pool),
                     AUTHP_E_BUSY);
    twice = "user_by_id user_update user_by_id user_update";
    ck_assert_str_eq(mem_store_calls(f.store, f.pool),
                     apr_pstrcat(f.pool, twice, " ", twice, " ", twice, " ", twice, NULL));
}
END_TEST

/* A recruiter whose role is removed and given back is not verified any more. */
START_TEST(a_role_given_back_is_not_verified)
{
    authp_user_t *rita = fixture_user(&f, "rita@example.org", "recruiter", true);
    ck_assert(set_roles(rita, "candidate,recruiter")->is_recruiter_verified);
    ck_assert(!set_roles(rita, "candidate")->is_recruiter_verified);
    ck_assert(!set_roles(rita, "recruiter")->is_recruiter_verified);
    authp_user_t *both = NULL;
    const authp_user_patch_t patch = {
        .has_roles = true, .roles = roles("recruiter"), .has_verified = true, .verified = true};
    ck_assert_int_eq(authp_admin_patch(f.realm, &tool, rita->id.hex, &patch, &both, f.pool),
                     AUTHP_OK);
    ck_assert(both->is_recruiter_verified);
}
END_TEST

/* Two changes in one millisecond count as two, and replacing one role by another counts as a
 * change. */
START_TEST(each_change_counts)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    authp_ms_t at = ada->updated_at;
    int64_t ver = ada->ver;
    authp_user_t *changed = set_roles(ada, "admin");
    ck_assert_int_eq(changed->ver, ver + 1);
    ck_assert_int_eq(changed->updated_at, at + 1);
    changed = set_roles(ada, "candidate");
    ck_assert_int_eq(changed->ver, ver + 2);
    ck_assert_int_eq(changed->updated_at, at + 2);
    changed = set_roles(ada, "candidate");
    ck_assert_int_eq(changed->ver, ver + 2);
    ck_assert_int_eq(changed->updated_at, at + 2);
}
END_TEST

/* A disabled admin does not count as one, because nobody can sign in to that account. */
START_TEST(a_disabled_admin_does_not_count)
{
    authp_user_t *boss = fixture_user(&f, "boss@example.org", "admin", false);
    authp_user_t *other = fixture_user(&f, "other@example.org", "admin", false);
    ck_assert_int_eq(authp_admin_spare(f.realm, boss, f.pool), AUTHP_OK);
    mem_store_user(f.store, other->id.hex)->disabled = true;
    ck_assert_int_eq(authp_admin_spare(f.realm, boss, f.pool), AUTHP_E_LAST_ADMIN);
    mem_store_fail(f.store, "user_list", 0, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_admin_spare(f.realm, boss, f.pool), AUTHP_E_UNAVAILABLE);
    /* About an account that is no admin, or a disabled one, the store is not asked. */
    ck_assert_int_eq(
        authp_admin_spare(f.realm, fixture_user(&f, "c@example.org", "candidate", false), f.pool),
        AUTHP_OK);
    ck_assert_int_eq(authp_admin_spare(f.realm, mem_store_user(f.store, other->id.hex), f.pool),
                     AUTHP_OK);
}
END_TEST

static authp_err_t decide(const authp_user_t *user, bool verified, authp_user_t **out)
{
    const authp_verdict_t verdict = {.id = user->id.hex, .verified = verified};
    return authp_admin_verify(f.realm, &tool, &verdict, out, f.pool);
}

/* A denied request gives no role. An impossible verification is in the audit too. */
START_TEST(decides_about_requests)
{
    authp_user_t *out = NULL;
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    ck_assert_int_eq(decide(ada, true, &out), AUTHP_E_CANNOT_VERIFY);
    ck_assert_str_eq(fixture_audit(&f, "recruiter_verify")->outcome, "denied");
    ck_assert_ptr_null(out);
    const authp_verdict_t nobody = {.email = "nobody@example.org", .verified = false};
    ck_assert_int_eq(authp_admin_verify(f.realm, &tool, &nobody, &out, f.pool), AUTHP_E_NOT_FOUND);
    ck_assert_ptr_null(fixture_audit(&f, "recruiter_withdraw"));
    mem_store_user(f.store, ada->id.hex)->recruiter_requested_at = 5;
    ck_assert_int_eq(decide(ada, false, &out), AUTHP_OK);
    ck_assert(!authp_user_holds(out, "recruiter"));
    ck_assert_int_eq(out->recruiter_requested_at, 0);
    /* It is stored, although nothing else of the account has changed. */
    ck_assert_int_eq(mem_store_user(f.store, ada->id.hex)->recruiter_requested_at, 0);
    mem_store_user(f.store, ada->id.hex)->recruiter_requested_at = 5;
    const authp_verdict_t by_address = {.email = "Ada@example.org", .verified = true};
    ck_assert_int_eq(authp_admin_verify(f.realm, &tool, &by_address, &out, f.pool), AUTHP_OK);
    ck_assert(authp_user_holds(out, "recruiter") && out->is_recruiter_verified);
    ck_assert_str_eq(fixture_audit(&f, "recruiter_verify")->subject_id, ada->id.hex);
}
END_TEST

START_TEST(sets_a_password)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    (void)fixture_start(&f, ada);
    mem_store_fail(f.store, "user_update", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(
        authp_admin_reset_password(f.realm, &tool, ada->id.hex, "another horse", f.pool),
        AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_int_eq(
        authp_admin_reset_password(f.realm, &tool, ada->id.hex, "another horse", f.pool), AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 0);
    const authp_user_t *row = mem_store_user(f.store, ada->id.hex);
    ck_assert_int_eq(row->min_ver, row->ver);
    bool match = false;
    ck_assert_int_eq(authp_hasher_verify(f.realm->hasher, AUTHP_HASH_KNOWN, "another horse", 13,
                                         row->password_hash, &match),
                     AUTHP_OK);
    ck_assert(match);
    ck_assert_str_eq(fixture_audit(&f, "password_reset")->subject_id, ada->id.hex);
    ck_assert_int_eq(authp_admin_reset_password(f.realm, &tool, "6b0000000000000000000001",
                                                "another horse", f.pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

/* The account has another address than the one that is to be marked, for example because its owner
 * has just changed it: nothing is marked. */
START_TEST(proves_only_the_address_that_was_meant)
{
    authp_user_t *proven = NULL;
    authp_user_t *ada = fixture_user(&f, "ada.new@example.org", "candidate", false);
    (void)fixture_start(&f, ada);
    ck_assert_int_eq(
        authp_admin_prove_email(f.realm, &tool, ada->id.hex, "ada@example.org", &proven, f.pool),
        AUTHP_E_CONFLICT);
    ck_assert_ptr_null(proven);
    ck_assert(!mem_store_user(f.store, ada->id.hex)->email_verified);
    ck_assert_ptr_null(fixture_audit(&f, "email_verify"));
    /* Another process changes the row in between, so the row is read again. */
    mem_store_fail(f.store, "user_update", 1, AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_admin_prove_email(f.realm, &tool, ada->id.hex, ada->email, &proven, f.pool),
        AUTHP_OK);
    ck_assert(proven->email_verified);
    ck_assert(mem_store_user(f.store, ada->id.hex)->email_verified);
    ck_assert_int_eq(proven->min_ver, ada->min_ver);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_str_eq(fixture_audit(&f, "email_verify")->actor_id, "cli");
    ck_assert_str_eq(fixture_audit(&f, "email_verify")->subject_id, ada->id.hex);
}
END_TEST

START_TEST(ends_one_session)
{
    authp_user_t *ada = fixture_user(&f, "ada@example.org", "candidate", false);
    (void)fixture_start(&f, ada);
    const char *sid = fixture_start(&f, ada).session->id.hex;
    mem_store_fail(f.store, "session_end", 1, AUTHP_E_UNAVAILABLE);
    ck_assert_int_eq(authp_admin_end_session(f.realm, &tool, sid, f.pool), AUTHP_E_UNAVAILABLE);
    ck_assert_ptr_null(fixture_audit(&f, "session_end"));
    ck_assert_int_eq(authp_admin_end_session(f.realm, &tool, sid, f.pool), AUTHP_OK);
    ck_assert_int_eq(fixture_live_sessions(&f), 1);
    ck_assert_str_eq(mem_store_session(f.store, sid)->end_reason, "admin");
    const authp_audit_t *entry = fixture_audit(&f, "session_end");
    ck_assert_str_eq(entry->session_id, sid);
    ck_assert_str_eq(entry->subject_id, ada->id.hex);
    ck_assert_str_eq(entry->actor_id, "cli");
    ck_assert_int_eq(authp_admin_end_session(f.realm, &tool, sid, f.pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_admin_end_session(f.realm, &tool, "6b0000000000000000000001", f.pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

Suite *suite_admin(void)
{
    Suite *suite = suite_create("admin");
    TCase *all = tcase_create("the tool");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, may_remove_the_last_admin);
    tcase_add_test(all, deletes_at_the_second_try);
    tcase_add_test(all, a_role_given_back_is_not_verified);
    tcase_add_test(all, each_change_counts);
    tcase_add_test(all, a_disabled_admin_does_not_count);
    tcase_add_test(all, decides_about_requests);
    tcase_add_test(all, sets_a_password);
    tcase_add_test(all, proves_only_the_address_that_was_meant);
    tcase_add_test(all, ends_one_session);
    suite_add_tcase(suite, all);
    return suite;
}
