/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of data keys, of mails that wait to be sent, and of the links in them. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>

#define NOW CONTRACT_NOW
#define HOUR_MS 3600000
#define DAY_MS (24 * HOUR_MS)

static authp_store_t *store(void)
{
    return contract_store();
}

static apr_pool_t *pool(void)
{
    return contract_pool();
}

static authp_mail_row_t put(authp_ms_t due_at)
{
    authp_mail_row_t mail = {.kind = "verify_email",
                             .sealed = "sealed",
                             .due_at = due_at,
                             .created_at = NOW,
                             .give_up_at = NOW + DAY_MS,
                             .expires_at = NOW + DAY_MS + HOUR_MS,
                             .link_until = NOW + DAY_MS};
    contract_next_id(&mail.id);
    mail.token_hash = apr_pstrcat(pool(), "hash-", mail.id.hex, NULL);
    ck_assert_int_eq(authp_store_outbox_add(store(), &mail, pool()), AUTHP_OK);
    return mail;
}

static authp_mail_row_t *get(const authp_mail_row_t *mail)
{
    authp_mail_row_t *got = NULL;
    ck_assert_int_eq(authp_store_outbox_by_token(store(), mail->token_hash, &got, pool()),
                     AUTHP_OK);
    return got;
}

static void same(const authp_mail_row_t *mail)
{
    columns_fixture_same(&authp_columns_outbox, get(mail), mail, 0, 0);
}

static apr_array_header_t *due(authp_ms_t now, int limit)
{
    apr_array_header_t *found = NULL;
    ck_assert_int_eq(authp_store_outbox_due(store(), now, limit, &found, pool()), AUTHP_OK);
    return found;
}

static int purged(authp_ms_t before)
{
    int removed = -1;
    const authp_purge_t what = {.mails_before = before, .batch = 100};
    ck_assert_int_eq(authp_store_purge(store(), &what, &removed, pool()), AUTHP_OK);
    return removed;
}

static int retried(const char *id, authp_ms_t now)
{
    int count = -1;
    ck_assert_int_eq(authp_store_outbox_retry(store(), id, now, &count, pool()), AUTHP_OK);
    return count;
}

START_TEST(data_keys_keep_every_column)
{
    apr_array_header_t *found = NULL;
    authp_data_key_t keys[3];
    for (int i = 0; i < 3; i++) {
        columns_fixture_fill(&authp_columns_data_key, &keys[i], i, pool());
        keys[i].rewrapped_at = i == 1 ? 0 : keys[i].rewrapped_at;
        ck_assert_int_eq(authp_store_data_key_add(store(), &keys[i], pool()), AUTHP_OK);
        ck_assert_int_eq(authp_store_data_key_add(store(), &keys[i], pool()), AUTHP_E_CONFLICT);
    }
    ck_assert_int_eq(authp_store_data_key_list(store(), &found, pool()), AUTHP_OK);
    ck_assert_int_eq(found->nelts, 3);
    for (int i = 0; i < 3; i++) {
        columns_fixture_same(&authp_columns_data_key,
                             APR_ARRAY_IDX(found, 2 - i, authp_data_key_t *), &keys[i], 0, 0);
    }
}
END_TEST

/* Of two who wrap the same key again, the second one fails and changes nothing. */
START_TEST(a_data_key_is_wrapped_again_and_removed_once)
{
    apr_array_header_t *found = NULL;
    authp_data_key_t before;
    columns_fixture_fill(&authp_columns_data_key, &before, 1, pool());
    authp_data_key_t after = before;
    authp_data_key_t late = before;
    after.wrapped = "again";
    after.wrapped_by = "newer";
    after.rewrapped_at++;
    late.wrapped = "late";
    ck_assert_int_eq(authp_store_data_key_rewrap(store(), &before, &after, pool()),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_data_key_add(store(), &before, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_data_key_rewrap(store(), &before, &after, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_data_key_rewrap(store(), &before, &late, pool()),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_data_key_list(store(), &found, pool()), AUTHP_OK);
    columns_fixture_same(&authp_columns_data_key, APR_ARRAY_IDX(found, 0, authp_data_key_t *),
                         &after, 0, 0);
    ck_assert_int_eq(authp_store_data_key_remove(store(), &before, pool()), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_data_key_remove(store(), &after, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_data_key_remove(store(), &after, pool()), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_data_key_list(store(), &found, pool()), AUTHP_OK);
    ck_assert_int_eq(found->nelts, 0);
}
END_TEST

START_TEST(mails_keep_every_column)
{
    authp_mail_row_t mail;
    authp_mail_row_t *none = NULL;
    for (int serial = 0; serial < 4; serial++) {
        columns_fixture_fill(&authp_columns_outbox, &mail, serial, pool());
        ck_assert_int_eq(authp_store_outbox_add(store(), &mail, pool()), AUTHP_OK);
        same(&mail);
        ck_assert_int_eq(authp_store_outbox_add(store(), &mail, pool()), AUTHP_E_CONFLICT);
        contract_next_id(&mail.id);
        ck_assert_int_eq(authp_store_outbox_add(store(), &mail, pool()), AUTHP_E_CONFLICT);
    }
    const char *const unknown[] = {NULL, "", "\xff", "x"};
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(authp_store_outbox_by_token(store(), unknown[i], &none, pool()),
                         AUTHP_E_NOT_FOUND);
    }
    ck_assert_ptr_null(none);
}
END_TEST

/* Any number of mails have no link. What is absent stays absent. */
START_TEST(mails_without_links)
{
    for (int i = 0; i < 3; i++) {
        authp_mail_row_t mail = {.kind = "new_device",
                                 .sealed = "s",
                                 .due_at = NOW + i,
                                 .created_at = NOW,
                                 .give_up_at = NOW + 1,
                                 .expires_at = NOW + 2};
        contract_next_id(&mail.id);
        ck_assert_int_eq(authp_store_outbox_add(store(), &mail, pool()), AUTHP_OK);
        apr_array_header_t *found = due(NOW + i, 10);
        ck_assert_int_eq(found->nelts, i + 1);
        columns_fixture_same(&authp_columns_outbox, APR_ARRAY_IDX(found, i, authp_mail_row_t *),
                             &mail, 0, 0);
        ck_assert_int_eq(authp_store_outbox_use(store(), mail.id.hex, NOW, pool()),
                         AUTHP_E_CONFLICT);
    }
}
END_TEST

START_TEST(the_earliest_are_due)
{
    authp_mail_row_t third = put(NOW + 3);
    authp_mail_row_t first = put(NOW + 1);
    authp_mail_row_t second = put(NOW + 2);
    (void)put(0);
    ck_assert_int_eq(due(NOW, 10)->nelts, 0);
    ck_assert_int_eq(due(NOW + 1, 10)->nelts, 1);
    const char *const ids[] = {first.id.hex, second.id.hex, third.id.hex};
    for (int limit = 1; limit <= 3; limit++) {
        apr_array_header_t *found = due(NOW + 9, limit);
        ck_assert_int_eq(found->nelts, limit);
        for (int i = 0; i < limit; i++) {
            ck_assert_str_eq(APR_ARRAY_IDX(found, i, authp_mail_row_t *)->id.hex, ids[i]);
        }
    }
}
END_TEST

static authp_err_t claim(const authp_mail_row_t *mail, authp_ms_t due_at, authp_ms_t until)
{
    return authp_store_outbox_claim(store(), mail->id.hex, due_at, until, pool());
}

static authp_err_t sent(const authp_mail_row_t *mail, authp_ms_t claimed)
{
    return authp_store_outbox_sent(store(), mail->id.hex, claimed, NOW + 7, pool());
}

START_TEST(a_claim_lapses)
{
    authp_mail_row_t mail = put(NOW);
    ck_assert_int_eq(claim(&mail, NOW + 1, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(claim(&mail, 0, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(claim(&mail, NOW, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(claim(&mail, NOW, NOW + 61), AUTHP_E_CONFLICT);
    mail.due_at = mail.claim_until = NOW + 60;
    same(&mail);
    ck_assert_int_eq(due(NOW + 59, 10)->nelts, 0);
    ck_assert_int_eq(due(NOW + 60, 10)->nelts, 1);
    ck_assert_int_eq(claim(&mail, NOW + 60, NOW + 120), AUTHP_OK);
    /* The first holder of a claim comes back too late. */
    ck_assert_int_eq(sent(&mail, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_outbox_later(store(), mail.id.hex, NOW + 60, NOW + 9, "x", pool()),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_outbox_fail(store(), mail.id.hex, NOW + 60, NOW, "x", pool()),
                     AUTHP_E_CONFLICT);
    mail.due_at = mail.claim_until = NOW + 120;
    same(&mail);
    ck_assert_int_eq(sent(&mail, NOW + 120), AUTHP_OK);
}
END_TEST

START_TEST(a_mail_is_sent_once)
{
    authp_mail_row_t mail = put(NOW);
    ck_assert_int_eq(claim(&mail, NOW, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_outbox_later(store(), mail.id.hex, NOW + 60, NOW + 10, "421", pool()),
        AUTHP_OK);
    mail.due_at = NOW + 10; /* and the claim is over, so that the mail can be retried by hand */
    mail.tries = 1;
    mail.error = "421";
    same(&mail);
    ck_assert_int_eq(claim(&mail, NOW + 10, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(sent(&mail, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(sent(&mail, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(sent(&mail, 0), AUTHP_E_CONFLICT);
    mail.due_at = 0;
    mail.sent_at = NOW + 7;
    mail.sealed = mail.error = NULL;
    same(&mail);
    ck_assert_int_eq(claim(&mail, 0, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(due(NOW + DAY_MS, 10)->nelts, 0);
    ck_assert_int_eq(retried(mail.id.hex, NOW), 0);
    same(&mail);
}
END_TEST

START_TEST(a_failed_mail_is_tried_again)
{
    authp_mail_row_t mail = put(NOW);
    ck_assert_int_eq(claim(&mail, NOW, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_outbox_fail(store(), mail.id.hex, NOW + 60, NOW + 5, "550 5.1.1", pool()),
        AUTHP_OK);
    mail.due_at = 0;
    mail.failed_at = NOW + 5;
    mail.error = "550 5.1.1";
    same(&mail);
    ck_assert_int_eq(due(NOW + DAY_MS, 10)->nelts, 0);
    ck_assert_int_eq(claim(&mail, 0, NOW + 60), AUTHP_E_CONFLICT);
    ck_assert_int_eq(retried("6bffffffffffffffffffffff", NOW + 8), 0);
    ck_assert_int_eq(retried("no id", NOW + 8), 0);
    same(&mail);
    ck_assert_int_eq(retried(mail.id.hex, NOW + 8), 1);
    mail.due_at = NOW + 8;
    mail.failed_at = 0;
    mail.give_up_at = NOW + 8 + DAY_MS;
    same(&mail);
}
END_TEST

/* A mail that may be on its way at this moment is left alone, and so is one whose link is over. */
START_TEST(not_all_mails_are_tried_again)
{
    authp_mail_row_t waits = put(NOW + HOUR_MS);
    authp_mail_row_t claimed = put(NOW);
    authp_mail_row_t failed = put(NOW);
    ck_assert_int_eq(claim(&claimed, NOW, NOW + 60), AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_fail(store(), failed.id.hex, NOW, NOW, NULL, pool()),
                     AUTHP_OK);
    ck_assert_ptr_null(get(&failed)->error);
    ck_assert_int_eq(retried(NULL, NOW + 59), 2);
    ck_assert_int_eq(get(&waits)->due_at, NOW + 59);
    ck_assert_int_eq(get(&failed)->due_at, NOW + 59);
    ck_assert_int_eq(get(&claimed)->due_at, NOW + 60);
    ck_assert_int_eq(retried(claimed.id.hex, NOW + 59), 0);
    ck_assert_int_eq(retried(NULL, NOW + 60), 3);
    ck_assert_int_eq(get(&claimed)->claim_until, 0);
    ck_assert_int_eq(retried(NULL, NOW + DAY_MS - 1), 3);
    ck_assert_int_eq(retried(NULL, NOW + DAY_MS), 0);
}
END_TEST

START_TEST(a_link_is_used_once)
{
    authp_mail_row_t mail = put(NOW);
    const char *id = mail.id.hex;
    ck_assert_int_eq(authp_store_outbox_use(store(), id, NOW + DAY_MS, pool()), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_outbox_use(store(), id, NOW + DAY_MS - 1, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_use(store(), id, NOW, pool()), AUTHP_E_CONFLICT);
    ck_assert_int_eq(get(&mail)->used_at, NOW + DAY_MS - 1);
    /* Only the use that was made is given back. */
    ck_assert_int_eq(authp_store_outbox_unuse(store(), id, NOW, pool()), AUTHP_OK);
    ck_assert_int_eq(get(&mail)->used_at, NOW + DAY_MS - 1);
    ck_assert_int_eq(authp_store_outbox_unuse(store(), id, NOW + DAY_MS - 1, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_unuse(store(), "6bffffffffffffffffffffff", 1, pool()),
                     AUTHP_OK);
    same(&mail);
    ck_assert_int_eq(authp_store_outbox_use(store(), id, NOW, pool()), AUTHP_OK);
}
END_TEST

static int listed(authp_mail_state_t state, const char *after, int limit,
                  apr_array_header_t **found)
{
    const authp_page_t page = {.after_id = after, .limit = limit};
    ck_assert_int_eq(authp_store_outbox_list(store(), state, &page, found, pool()), AUTHP_OK);
    return (*found)->nelts;
}

START_TEST(lists_and_figures)
{
    apr_array_header_t *found = NULL;
    authp_mail_figures_t figures = {.waiting = -1};
    ck_assert_int_eq(authp_store_outbox_figures(store(), &figures, pool()), AUTHP_OK);
    ck_assert_int_eq(figures.waiting + figures.failed + figures.sent, 0);
    ck_assert_int_eq(figures.oldest_at + figures.next_at, 0);
    authp_mail_row_t late = put(NOW + 9);
    authp_mail_row_t soon = put(NOW + 2);
    authp_mail_row_t over = put(NOW);
    authp_mail_row_t done = put(NOW + 1);
    ck_assert_int_eq(authp_store_outbox_fail(store(), over.id.hex, NOW, NOW, "550", pool()),
                     AUTHP_OK);
    ck_assert_int_eq(sent(&done, NOW + 1), AUTHP_OK);
    ck_assert_int_eq(listed(AUTHP_MAIL_STATE_WAITING, NULL, 10, &found), 2);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 0, authp_mail_row_t *)->id.hex, late.id.hex);
    ck_assert_int_eq(listed(AUTHP_MAIL_STATE_WAITING, NULL, 1, &found), 1);
    ck_assert_int_eq(listed(AUTHP_MAIL_STATE_WAITING, late.id.hex, 10, &found), 1);
    columns_fixture_same(&authp_columns_outbox, APR_ARRAY_IDX(found, 0, authp_mail_row_t *), &soon,
                         0, 0);
    ck_assert_int_eq(listed(AUTHP_MAIL_STATE_FAILED, NULL, 10, &found), 1);
    ck_assert_str_eq(APR_ARRAY_IDX(found, 0, authp_mail_row_t *)->id.hex, over.id.hex);
    ck_assert_int_eq(authp_store_outbox_figures(store(), &figures, pool()), AUTHP_OK);
    ck_assert_int_eq(figures.waiting, 2);
    ck_assert_int_eq(figures.failed, 1);
    ck_assert_int_eq(figures.sent, 1);
    ck_assert_int_eq(figures.oldest_at, NOW);
    ck_assert_int_eq(figures.next_at, NOW + 2);
}
END_TEST

START_TEST(mails_are_purged)
{
    authp_mail_row_t waits = put(NOW);
    authp_mail_row_t done = put(NOW);
    authp_mail_row_t *none = NULL;
    ck_assert_int_eq(sent(&done, NOW), AUTHP_OK);
    ck_assert_int_eq(purged(done.expires_at), 0);
    ck_assert_int_eq(retried(waits.id.hex, NOW + DAY_MS - 1), 1);
    ck_assert_int_eq(purged(done.expires_at + 1), 1);
    ck_assert_int_eq(authp_store_outbox_by_token(store(), done.token_hash, &none, pool()),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(purged(get(&waits)->give_up_at), 0);
    ck_assert_int_eq(purged(get(&waits)->give_up_at + 1), 1);
}
END_TEST

START_TEST(mails_of_a_deleted_account_go)
{
    authp_mail_row_t mails[2];
    authp_mail_row_t *none = NULL;
    for (int i = 0; i < 2; i++) {
        columns_fixture_fill(&authp_columns_outbox, &mails[i], 2 * i, pool());
        ck_assert_int_eq(authp_store_outbox_add(store(), &mails[i], pool()), AUTHP_OK);
    }
    ck_assert_int_eq(authp_store_user_forget(store(), mails[0].user_id, pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_outbox_by_token(store(), mails[0].token_hash, &none, pool()),
                     AUTHP_E_NOT_FOUND);
    same(&mails[1]);
}
END_TEST

void contract_add_mail(TCase *tests)
{
    tcase_add_test(tests, data_keys_keep_every_column);
    tcase_add_test(tests, a_data_key_is_wrapped_again_and_removed_once);
    tcase_add_test(tests, mails_keep_every_column);
    tcase_add_test(tests, mails_without_links);
    tcase_add_test(tests, the_earliest_are_due);
    tcase_add_test(tests, a_claim_lapses);
    tcase_add_test(tests, a_mail_is_sent_once);
    tcase_add_test(tests, a_failed_mail_is_tried_again);
    tcase_add_test(tests, not_all_mails_are_tried_again);
    tcase_add_test(tests, a_link_is_used_once);
    tcase_add_test(tests, lists_and_figures);
    tcase_add_test(tests, mails_are_purged);
    tcase_add_test(tests, mails_of_a_deleted_account_go);
}
