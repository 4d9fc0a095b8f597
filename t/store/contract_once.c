/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of what counts once: tokens of providers, and login codes. */
#include "columns_fixture.h"
#include "contract.h"
#include "store/model.h"

#include <string.h>

#define NOW CONTRACT_NOW

static const char one[] = "1111111111111111111111111111111111111111111111111111111111111111";
static const char two[] = "2222222222222222222222222222222222222222222222222222222222222222";

static authp_err_t use(const char *key, authp_ms_t expires_at)
{
    return authp_store_used_token_add(contract_store(), key, expires_at, contract_pool());
}

static int purged(authp_ms_t before, int batch)
{
    int removed = -1;
    const authp_purge_t what = {.tokens_before = before, .batch = batch};
    ck_assert_int_eq(authp_store_purge(contract_store(), &what, &removed, contract_pool()),
                     AUTHP_OK);
    return removed;
}

START_TEST(a_token_is_used_once)
{
    ck_assert_int_eq(use(one, NOW), AUTHP_OK);
    ck_assert_int_eq(use(one, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(one, NOW + 9), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(two, NOW + 1), AUTHP_OK);
    ck_assert_int_eq(purged(NOW, 10), 0);
    ck_assert_int_eq(purged(NOW + 1, 10), 1);
    ck_assert_int_eq(use(two, NOW), AUTHP_E_CONFLICT);
    ck_assert_int_eq(use(one, NOW), AUTHP_OK);
    ck_assert_int_eq(purged(NOW + 9, 1), 1);
    ck_assert_int_eq(purged(NOW + 9, 1), 1);
    ck_assert_int_eq(purged(NOW + 9, 1), 0);
}
END_TEST

static authp_login_code_t make_code(int serial)
{
    authp_login_code_t code;
    columns_fixture_fill(&authp_columns_login_code, &code, serial, contract_pool());
    code.expires_at = NOW + 60000;
    code.used_at = 0;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &code, contract_pool()),
                     AUTHP_OK);
    return code;
}

static authp_err_t take(const char *hash, const char *challenge, authp_ms_t now,
                        authp_login_code_t **out)
{
    return authp_store_login_code_take(contract_store(), hash, challenge, now, out,
                                       contract_pool());
}

START_TEST(a_code_is_taken_once)
{
    authp_login_code_t code = make_code(0);
    authp_login_code_t other = make_code(1);
    authp_login_code_t *got = NULL;
    ck_assert_int_eq(take(code.code_hash, other.challenge, NOW, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take(one, code.challenge, NOW, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take(code.code_hash, "", NOW, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take(code.code_hash, "\xff", NOW, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take(code.code_hash, code.challenge, NOW + 60000, &got), AUTHP_E_NOT_FOUND);
    ck_assert_ptr_null(got);
    /* No try above has used it up. */
    ck_assert_int_eq(take(code.code_hash, code.challenge, NOW + 59999, &got), AUTHP_OK);
    code.used_at = NOW + 59999;
    columns_fixture_same(&authp_columns_login_code, got, &code, 0, 0);
    ck_assert_int_eq(take(code.code_hash, code.challenge, NOW, &got), AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(take(other.code_hash, other.challenge, NOW, &got), AUTHP_OK);
    ck_assert_str_eq(got->user_id.hex, other.user_id.hex);
}
END_TEST

START_TEST(a_code_without_a_device)
{
    authp_login_code_t code;
    authp_login_code_t *got = NULL;
    columns_fixture_fill(&authp_columns_login_code, &code, 0, contract_pool());
    code.device_id = NULL;
    code.used_at = 0;
    code.ver = 0;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &code, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(take(code.code_hash, code.challenge, 1, &got), AUTHP_OK);
    ck_assert_ptr_null(got->device_id);
    ck_assert_int_eq(got->ver, 0);
}
END_TEST

START_TEST(codes_are_unique_and_purged)
{
    authp_login_code_t code = make_code(0);
    authp_login_code_t twin = code;
    authp_login_code_t *got = NULL;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &code, contract_pool()),
                     AUTHP_E_CONFLICT);
    contract_next_id(&twin.id);
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &twin, contract_pool()),
                     AUTHP_E_CONFLICT);
    twin.code_hash = one;
    ck_assert_int_eq(authp_store_login_code_create(contract_store(), &twin, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(take(one, twin.challenge, NOW, &got), AUTHP_OK);
    ck_assert_int_eq(purged(code.expires_at, 10), 0);
    ck_assert_int_eq(purged(code.expires_at + 1, 1), 1);
    ck_assert_int_eq(purged(code.expires_at + 1, 1), 1);
    ck_assert_int_eq(take(code.code_hash, code.challenge, NOW, &got), AUTHP_E_NOT_FOUND);
}
END_TEST

void contract_add_once(TCase *tests)
{
    tcase_add_test(tests, a_token_is_used_once);
    tcase_add_test(tests, a_code_is_taken_once);
    tcase_add_test(tests, a_code_without_a_device);
    tcase_add_test(tests, codes_are_unique_and_purged);
}
