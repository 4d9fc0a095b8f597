/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of times that are exactly a bound: which rows a purge removes, and until when a row
 * counts. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>

#define NOW CONTRACT_NOW
/* A session expires at a time that is no multiple of four hours, by which an index of PostgreSQL is
 * rounded. */
#define BOUND (NOW + 12345)

static const char key[] = "3333333333333333333333333333333333333333333333333333333333333333";

static authp_session_t *session_of(authp_ms_t expires_at)
{
    authp_user_t user = contract_put_user("bounds@example.org");
    authp_session_t *session = apr_pcalloc(contract_pool(), sizeof(*session));
    *session = contract_session(&user);
    session->expires_at = expires_at;
    ck_assert_int_eq(authp_store_session_create(contract_store(), session, contract_pool()),
                     AUTHP_OK);
    return session;
}

static authp_invite_t *invite_until(authp_ms_t expires_at)
{
    authp_invite_t *invite = apr_pcalloc(contract_pool(), sizeof(*invite));
    *invite = (authp_invite_t){.email = "grace@example.org",
                               .code_hash = key,
                               .created_at = NOW,
                               .expires_at = expires_at,
                               .created_by = "cli"};
    contract_next_id(&invite->id);
    ck_assert_int_eq(authp_store_invite_create(contract_store(), invite, contract_pool()),
                     AUTHP_OK);
    return invite;
}

/* --- each of these makes one row whose time is BOUND -------------------------------------------
 */
static void put_ended(void)
{
    const authp_session_t *session = session_of(NOW + 99999999);
    ck_assert_int_eq(authp_store_session_end(contract_store(), session->id.hex, "logout", BOUND,
                                             contract_pool()),
                     AUTHP_OK);
}

static void put_expired(void)
{
    (void)session_of(BOUND);
}

static void put_deleted(void)
{
    authp_user_t user = contract_put_user("gone@example.org");
    ck_assert_int_eq(authp_store_user_delete(contract_store(), &user, BOUND, contract_pool()),
                     AUTHP_OK);
}

static void put_invite(void)
{
    (void)invite_until(BOUND);
}

static void put_audit(void)
{
    authp_audit_t entry = {.at = BOUND, .event = "login", .outcome = "ok"};
    contract_next_id(&entry.id);
    ck_assert_int_eq(authp_store_audit_append(contract_store(), &entry, contract_pool()), AUTHP_OK);
}

static void put_failure(void)
{
    int64_t count = 0;
    const authp_failure_t failure = {.key = key, .at = NOW, .expires_at = BOUND};
    ck_assert_int_eq(authp_store_failure_add(contract_store(), &failure, &count, contract_pool()),
                     AUTHP_OK);
}

static void put_token(void)
{
    ck_assert_int_eq(authp_store_used_token_add(contract_store(), key, BOUND, contract_pool()),
                     AUTHP_OK);
}

static void put_code(void)
{
    authp_login_code_t code;
    columns_fixture_fill(&authp_columns_login_code, &code, 1, contract_pool());
    code.expires_at = BOUND;
    code.used_at = 0;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &code, contract_pool()),
                     AUTHP_OK);
}

static void put_otp(void)
{
    authp_otp_code_t code;
    columns_fixture_fill(&authp_columns_otp_code, &code, 1, contract_pool());
    code.expires_at = BOUND;
    ck_assert_int_eq(authp_store_otp_put(contract_store(), &code, contract_pool()), AUTHP_OK);
}

static void put_tally(void)
{
    authp_tallied_t out;
    const authp_tally_t tally = {.key = key, .most = 5, .window_ms = BOUND - NOW, .now = NOW};
    ck_assert_int_eq(authp_store_tally_take(contract_store(), &tally, &out, contract_pool()),
                     AUTHP_OK);
}

static void put_admin(void)
{
    authp_pending_admin_t admin;
    columns_fixture_fill(&authp_columns_pending_admin, &admin, 1, contract_pool());
    admin.expires_at = BOUND;
    ck_assert_int_eq(authp_store_pending_admin_put(contract_store(), &admin, contract_pool()),
                     AUTHP_OK);
}

static void put_mail(authp_ms_t due_at, authp_ms_t give_up_at, authp_ms_t expires_at)
{
    authp_mail_row_t mail;
    columns_fixture_fill(&authp_columns_outbox, &mail, 1, contract_pool());
    mail.due_at = due_at;
    mail.give_up_at = give_up_at;
    mail.expires_at = expires_at;
    ck_assert_int_eq(authp_store_outbox_add(contract_store(), &mail, contract_pool()), AUTHP_OK);
}

static void put_sent(void)
{
    put_mail(0, BOUND + 1000, BOUND);
}

static void put_given_up(void)
{
    put_mail(NOW, BOUND, BOUND - 1000);
}

static void put_waiting(void)
{
    put_mail(NOW, BOUND - 1000, BOUND);
}

static const struct {
    const char *name;
    void (*put)(void);
} kinds[] = {{"ended sessions", put_ended},
             {"expired sessions", put_expired},
             {"deleted accounts", put_deleted},
             {"invites", put_invite},
             {"audit entries", put_audit},
             {"failures", put_failure},
             {"used tokens", put_token},
             {"login codes", put_code},
             {"one-time codes", put_otp},
             {"tallies", put_tally},
             {"requests of administrators", put_admin},
             {"mails that were sent", put_sent},
             {"mails that wait, by give_up_at", put_given_up},
             {"mails that wait, by expires_at", put_waiting}};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static int purged(authp_ms_t before)
{
    int removed = -1;
    const authp_purge_t what = {.sessions_before = before,
                                .users_before = before,
                                .invites_before = before,
                                .audit_before = before,
                                .failures_before = before,
                                .tokens_before = before,
                                .codes_before = before,
                                .mails_before = before,
                                .batch = 10};
    ck_assert_int_eq(authp_store_purge(contract_store(), &what, &removed, contract_pool()),
                     AUTHP_OK);
    return removed;
}

START_TEST(a_purge_removes_what_is_earlier)
{
    kinds[_i].put();
    ck_assert_msg(purged(BOUND) == 0, "%s: removed at their time", kinds[_i].name);
    ck_assert_msg(purged(BOUND + 1) == 1, "%s: not removed later", kinds[_i].name);
    ck_assert_int_eq(purged(BOUND + 1), 0);
}
END_TEST

/* What counts until a time does not count at that time. */
START_TEST(nothing_counts_at_its_end)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    const authp_session_t *session = session_of(BOUND);
    const char *sid = session->id.hex;
    const authp_page_t page = {.limit = 5};
    apr_array_header_t *list = NULL;
    ck_assert_int_eq(
        authp_store_session_rotate(store, sid, session->generation, BOUND, BOUND + 1, pool),
        AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_store_session_slide(store, sid, session->generation, BOUND, BOUND + 1, pool),
        AUTHP_E_CONFLICT);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            authp_store_session_list(store, session->user_id.hex, BOUND - i, &page, &list, pool),
            AUTHP_OK);
        ck_assert_int_eq(list->nelts, i);
    }
    ck_assert_int_eq(
        authp_store_session_slide(store, sid, session->generation, BOUND - 1, BOUND, pool),
        AUTHP_OK);
    ck_assert_int_eq(
        authp_store_session_rotate(store, sid, session->generation, BOUND - 1, BOUND, pool),
        AUTHP_OK);

    authp_invite_t *found = NULL;
    const authp_invite_t *invite = invite_until(BOUND);
    ck_assert_int_eq(authp_store_invite_live_of(store, invite->email, NULL, BOUND, &found, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_store_invite_claim(store, invite->id.hex, session->user_id.hex, 1, BOUND, pool),
        AUTHP_E_CONFLICT);
    ck_assert_int_eq(
        authp_store_invite_live_of(store, invite->email, NULL, BOUND - 1, &found, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_invite_claim(store, invite->id.hex, session->user_id.hex, 1, BOUND - 1, pool),
        AUTHP_OK);
}
END_TEST

START_TEST(no_count_is_there_at_its_end)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_failures_t failures;
    authp_tallied_t tallied;
    put_failure();
    put_tally();
    ck_assert_int_eq(authp_store_failure_get(store, key, BOUND, &failures, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_failure_get(store, key, BOUND - 1, &failures, pool), AUTHP_OK);
    ck_assert_int_eq(failures.count, 1);
    ck_assert_int_eq(authp_store_tally_get(store, key, BOUND, &tallied, pool), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_tally_give(store, key, BOUND, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_tally_get(store, key, BOUND - 1, &tallied, pool), AUTHP_OK);
    ck_assert_int_eq(tallied.count, 1);
    ck_assert_int_eq(tallied.until, BOUND);
    /* What was given back is given back once. */
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_store_tally_give(store, key, BOUND - 1, pool), AUTHP_OK);
        ck_assert_int_eq(authp_store_tally_get(store, key, BOUND - 1, &tallied, pool), AUTHP_OK);
        ck_assert_int_eq(tallied.count, 0);
    }
}
END_TEST

void contract_add_bounds(TCase *tests)
{
    tcase_add_loop_test(tests, a_purge_removes_what_is_earlier, 0, KINDS);
    tcase_add_test(tests, nothing_counts_at_its_end);
    tcase_add_test(tests, no_count_is_there_at_its_end);
}
