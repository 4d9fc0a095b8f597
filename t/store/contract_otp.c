/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of one-time codes, and of requests of administrators. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define UNTIL (NOW + 60000)

static const char phone[] = "+919876543210";
static const char hmac[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char other_hmac[] = "2222222222222222222222222222222222222222222222222222222222222222";

static authp_otp_code_t make_code(const char *number, const char *its_hmac)
{
    authp_otp_code_t code = {.phone = number,
                             .purpose = "enter",
                             .code_hmac = its_hmac,
                             .created_at = NOW,
                             .expires_at = UNTIL};
    contract_next_id(&code.id);
    contract_next_id(&code.code_id);
    return code;
}

static authp_otp_code_t put(const char *number, const char *its_hmac)
{
    authp_otp_code_t code = make_code(number, its_hmac);
    ck_assert_int_eq(authp_store_otp_put(contract_store(), &code, contract_pool()), AUTHP_OK);
    return code;
}

static authp_otp_code_t *get(const char *number)
{
    authp_otp_code_t *got = NULL;
    ck_assert_int_eq(authp_store_otp_of(contract_store(), number, &got, contract_pool()), AUTHP_OK);
    return got;
}

static authp_err_t attempt(const authp_otp_code_t *code, int64_t most, authp_ms_t now)
{
    return authp_store_otp_attempt(contract_store(), code->phone, code->code_id.hex, most, now,
                                   contract_pool());
}

static authp_err_t undo(const authp_otp_code_t *code)
{
    return authp_store_otp_attempt_undo(contract_store(), code->phone, code->code_id.hex,
                                        contract_pool());
}

static authp_err_t use(const authp_otp_code_t *code, const char *its_hmac, authp_ms_t now)
{
    return authp_store_otp_use(contract_store(), code->phone, code->code_id.hex, its_hmac, now,
                               contract_pool());
}

static int purged(authp_ms_t codes, authp_ms_t others, int batch)
{
    int removed = -1;
    const authp_purge_t what = {.codes_before = codes, .tokens_before = others, .batch = batch};
    ck_assert_int_eq(authp_store_purge(contract_store(), &what, &removed, contract_pool()),
                     AUTHP_OK);
    return removed;
}

START_TEST(codes_keep_every_column)
{
    authp_otp_code_t code;
    authp_otp_code_t *none = NULL;
    for (int serial = 0; serial < 4; serial++) {
        columns_fixture_fill(&authp_columns_otp_code, &code, serial, contract_pool());
        ck_assert_int_eq(authp_store_otp_of(contract_store(), code.phone, &none, contract_pool()),
                         AUTHP_E_NOT_FOUND);
        ck_assert_int_eq(authp_store_otp_put(contract_store(), &code, contract_pool()), AUTHP_OK);
        columns_fixture_same(&authp_columns_otp_code, get(code.phone), &code, 0, 0);
    }
    ck_assert_ptr_null(none);
}
END_TEST

/* The new row has nothing of the old one but the id. */
START_TEST(a_newer_code_replaces_the_row)
{
    authp_otp_code_t old;
    columns_fixture_fill(&authp_columns_otp_code, &old, 1, contract_pool());
    ck_assert_int_eq(authp_store_otp_put(contract_store(), &old, contract_pool()), AUTHP_OK);
    authp_otp_code_t new = make_code(old.phone, NULL);
    ck_assert_int_eq(authp_store_otp_put(contract_store(), &new, contract_pool()), AUTHP_OK);
    authp_otp_code_t *got = get(old.phone);
    columns_fixture_same(&authp_columns_otp_code, got, &new, 0, AUTHP_COLUMN_FIXED);
    ck_assert_str_eq(got->id.hex, old.id.hex);
    ck_assert_ptr_null(got->code_hmac);
    ck_assert_ptr_null(got->bound_ip);
    ck_assert_int_eq(got->used_at, 0);
    ck_assert_int_eq(got->attempts, 0);
    /* And back to one that has everything; also the same row twice. */
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(authp_store_otp_put(contract_store(), &old, contract_pool()), AUTHP_OK);
        columns_fixture_same(&authp_columns_otp_code, get(old.phone), &old, 0, 0);
    }
    ck_assert_int_eq(purged(old.expires_at + 1, 0, 10), 1);
}
END_TEST

START_TEST(attempts_end)
{
    authp_otp_code_t code = put(phone, hmac);
    authp_otp_code_t other = put("+919876543211", hmac);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(attempt(&code, 3, UNTIL - 1), AUTHP_OK);
        ck_assert_int_eq(get(phone)->attempts, i + 1);
    }
    ck_assert_int_eq(attempt(&code, 3, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(attempt(&code, 0, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(get(phone)->attempts, 3);
    ck_assert_int_eq(attempt(&code, 4, NOW), AUTHP_OK);
    ck_assert_int_eq(get(other.phone)->attempts, 0);
    authp_otp_code_t next = put(phone, hmac);
    ck_assert_int_eq(get(phone)->attempts, 0);
    ck_assert_int_eq(attempt(&code, 9, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(attempt(&next, 9, NOW), AUTHP_OK);
}
END_TEST

START_TEST(an_attempt_needs_a_living_code)
{
    authp_otp_code_t code = put(phone, hmac);
    authp_otp_code_t absent = make_code("+919876543219", hmac);
    ck_assert_int_eq(attempt(&absent, 5, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(attempt(&code, 5, UNTIL), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, hmac, NOW), AUTHP_OK);
    ck_assert_int_eq(attempt(&code, 5, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(get(phone)->attempts, 0);
    authp_otp_code_t other = code;
    other.phone = "\xff";
    ck_assert_int_eq(attempt(&other, 5, NOW), AUTHP_E_CONFLICT);
    other = code;
    apr_cpystrn(other.code_id.hex, "no id", sizeof(other.code_id.hex));
    ck_assert_int_eq(attempt(&other, 5, NOW), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(attempts_are_given_back)
{
    authp_otp_code_t code = put(phone, NULL);
    authp_otp_code_t absent = make_code("+919876543219", NULL);
    ck_assert_int_eq(undo(&absent), AUTHP_OK);
    ck_assert_int_eq(undo(&code), AUTHP_OK);
    ck_assert_int_eq(get(phone)->attempts, 0);
    ck_assert_int_eq(attempt(&code, 2, NOW), AUTHP_OK);
    ck_assert_int_eq(attempt(&code, 2, NOW), AUTHP_OK);
    ck_assert_int_eq(undo(&code), AUTHP_OK);
    ck_assert_int_eq(get(phone)->attempts, 1);
    ck_assert_int_eq(attempt(&code, 2, NOW), AUTHP_OK);
    ck_assert_int_eq(attempt(&code, 2, NOW), AUTHP_E_CONFLICT);
    /* Neither to a newer code nor to one that was used. */
    authp_otp_code_t next = put(phone, NULL);
    ck_assert_int_eq(attempt(&next, 2, NOW), AUTHP_OK);
    ck_assert_int_eq(undo(&code), AUTHP_OK);
    ck_assert_int_eq(get(phone)->attempts, 1);
    ck_assert_int_eq(use(&next, NULL, NOW), AUTHP_OK);
    ck_assert_int_eq(undo(&next), AUTHP_OK);
    ck_assert_int_eq(get(phone)->attempts, 1);
}
END_TEST

START_TEST(a_code_is_used_once)
{
    authp_otp_code_t code = put(phone, hmac);
    ck_assert_int_eq(use(&code, other_hmac, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, NULL, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, "", NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, "\xff", NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, hmac, UNTIL), AUTHP_E_CONFLICT);
    ck_assert_int_eq(get(phone)->used_at, 0);
    ck_assert_int_eq(use(&code, hmac, UNTIL - 1), AUTHP_OK);
    ck_assert_int_eq(get(phone)->used_at, UNTIL - 1);
    ck_assert_int_eq(use(&code, hmac, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(get(phone)->used_at, UNTIL - 1);
    ck_assert_str_eq(get(phone)->code_hmac, hmac);
    /* The next code of the number has the same HMAC here, and is another one. */
    authp_otp_code_t next = put(phone, hmac);
    ck_assert_int_eq(use(&code, hmac, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&next, hmac, NOW), AUTHP_OK);
}
END_TEST

START_TEST(a_code_of_a_provider_is_used_once)
{
    authp_otp_code_t code = put(phone, NULL);
    ck_assert_int_eq(use(&code, hmac, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, "", NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, NULL, UNTIL), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(&code, NULL, NOW), AUTHP_OK);
    ck_assert_int_eq(use(&code, NULL, NOW), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(codes_are_purged)
{
    authp_otp_code_t used = put(phone, hmac);
    (void)put("+919876543211", NULL);
    authp_otp_code_t *got = NULL;
    ck_assert_int_eq(use(&used, hmac, NOW), AUTHP_OK);
    ck_assert_int_eq(purged(0, UNTIL + 1, 10), 0);
    ck_assert_int_eq(purged(UNTIL, 0, 10), 0);
    ck_assert_int_eq(purged(UNTIL + 1, 0, 1), 1);
    ck_assert_int_eq(purged(UNTIL + 1, 0, 1), 1);
    ck_assert_int_eq(authp_store_otp_of(contract_store(), phone, &got, contract_pool()),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

static authp_err_t take_pending(const char *number, authp_ms_t now, authp_pending_admin_t **out)
{
    return authp_store_pending_admin_take(contract_store(), number, now, out, contract_pool());
}

static authp_pending_admin_t put_pending(int serial)
{
    authp_pending_admin_t admin;
    columns_fixture_fill(&authp_columns_pending_admin, &admin, serial, contract_pool());
    ck_assert_int_eq(authp_store_pending_admin_put(contract_store(), &admin, contract_pool()),
                     AUTHP_OK);
    return admin;
}

START_TEST(a_request_is_taken_once)
{
    authp_pending_admin_t *got = NULL;
    for (int serial = 0; serial < 4; serial++) {
        authp_pending_admin_t admin = put_pending(serial);
        got = NULL;
        ck_assert_int_eq(take_pending("+1", NOW, &got), AUTHP_E_NOT_FOUND);
        ck_assert_int_eq(take_pending("\xff", NOW, &got), AUTHP_E_NOT_FOUND);
        ck_assert_int_eq(take_pending(admin.phone, admin.expires_at, &got), AUTHP_E_NOT_FOUND);
        ck_assert_ptr_null(got);
        ck_assert_int_eq(take_pending(admin.phone, admin.expires_at - 1, &got), AUTHP_OK);
        columns_fixture_same(&authp_columns_pending_admin, got, &admin, 0, 0);
        ck_assert_int_eq(take_pending(admin.phone, 1, &got), AUTHP_E_NOT_FOUND);
    }
}
END_TEST

START_TEST(a_newer_request_replaces_the_row)
{
    authp_pending_admin_t *got = NULL;
    authp_pending_admin_t old = put_pending(1);
    authp_pending_admin_t new = {.email = "grace@example.org",
                                 .phone = old.phone,
                                 .password_hash = "$2y$04$x",
                                 .created_at = NOW,
                                 .expires_at = UNTIL};
    contract_next_id(&new.id);
    ck_assert_int_eq(authp_store_pending_admin_put(contract_store(), &new, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(take_pending(old.phone, NOW, &got), AUTHP_OK);
    columns_fixture_same(&authp_columns_pending_admin, got, &new, 0, AUTHP_COLUMN_FIXED);
    ck_assert_ptr_null(got->name);
    ck_assert_ptr_null(got->invite_id);
    ck_assert_ptr_null(got->created_by);
    ck_assert_int_eq(take_pending(old.phone, NOW, &got), AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(requests_are_purged)
{
    authp_pending_admin_t *got = NULL;
    authp_pending_admin_t one = put_pending(1);
    authp_pending_admin_t two = put_pending(2);
    ck_assert_int_eq(purged(two.expires_at + 1, one.expires_at, 10), 0);
    ck_assert_int_eq(purged(0, one.expires_at + 1, 10), 1);
    ck_assert_int_eq(take_pending(one.phone, 1, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take_pending(two.phone, 1, &got), AUTHP_OK);
}
END_TEST

void contract_add_otp(TCase *tests)
{
    tcase_add_test(tests, codes_keep_every_column);
    tcase_add_test(tests, a_newer_code_replaces_the_row);
    tcase_add_test(tests, attempts_end);
    tcase_add_test(tests, an_attempt_needs_a_living_code);
    tcase_add_test(tests, attempts_are_given_back);
    tcase_add_test(tests, a_code_is_used_once);
    tcase_add_test(tests, a_code_of_a_provider_is_used_once);
    tcase_add_test(tests, codes_are_purged);
    tcase_add_test(tests, a_request_is_taken_once);
    tcase_add_test(tests, a_newer_request_replaces_the_row);
    tcase_add_test(tests, requests_are_purged);
}
