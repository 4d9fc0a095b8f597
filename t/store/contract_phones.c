/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of users.phone: unique, and free again after a change or a deletion. */
#include "contract.h"
#include "store/model.h"

#define NOW CONTRACT_NOW
#define PHONE "+919876543210"
#define OTHER "+919876543211"

static authp_user_t put_user(const char *phone)
{
    authp_user_t user = contract_user(NULL, contract_pool());
    user.phone = phone;
    ck_assert_int_eq(authp_store_user_create(contract_store(), &user, contract_pool()), AUTHP_OK);
    return user;
}

static authp_err_t change(authp_user_t *user, const char *phone)
{
    authp_user_t after = *user;
    after.phone = phone;
    after.updated_at++;
    authp_err_t err = authp_store_user_update(contract_store(), user, &after, contract_pool());
    *user = err == AUTHP_OK ? after : *user;
    return err;
}

/* The id of the account; NULL: none. */
static const char *owner(const char *phone)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_store_user_by_login(contract_store(), AUTHP_LOGIN_PHONE, phone, &user,
                                                contract_pool());
    ck_assert(err == (user != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND));
    return user != NULL ? user->id.hex : NULL;
}

START_TEST(a_phone_is_found)
{
    authp_user_t user = put_user(PHONE);
    authp_user_t bare = put_user(NULL);
    authp_user_t *got = NULL;
    ck_assert_str_eq(owner(PHONE), user.id.hex);
    ck_assert_ptr_null(owner(OTHER));
    ck_assert_ptr_null(owner("919876543210"));
    ck_assert_ptr_null(owner(""));
    ck_assert_ptr_null(owner("\xff"));
    ck_assert_int_eq(authp_store_user_by_login(contract_store(), AUTHP_LOGIN_USERNAME, PHONE, &got,
                                               contract_pool()),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_by_login(contract_store(), AUTHP_LOGIN_EMAIL, PHONE, &got,
                                               contract_pool()),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(change(&bare, OTHER), AUTHP_OK);
    ck_assert_str_eq(owner(OTHER), bare.id.hex);
}
END_TEST

START_TEST(a_phone_is_of_one_account)
{
    authp_user_t user = put_user(PHONE);
    authp_user_t other = put_user(OTHER);
    authp_user_t bare = put_user(NULL);
    authp_user_t twin = contract_user(NULL, contract_pool());
    twin.phone = PHONE;
    ck_assert_int_eq(authp_store_user_create(contract_store(), &twin, contract_pool()),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(change(&other, PHONE), AUTHP_E_CONFLICT);
    ck_assert_int_eq(change(&bare, PHONE), AUTHP_E_CONFLICT);
    ck_assert_str_eq(owner(OTHER), other.id.hex);
    ck_assert_str_eq(owner(PHONE), user.id.hex);
    /* Its own phone is no other account's. */
    ck_assert_int_eq(change(&user, PHONE), AUTHP_OK);
    ck_assert_str_eq(owner(PHONE), user.id.hex);
}
END_TEST

START_TEST(a_phone_becomes_free)
{
    authp_user_t user = put_user(PHONE);
    authp_user_t other = put_user(NULL);
    ck_assert_int_eq(change(&user, OTHER), AUTHP_OK);
    ck_assert_ptr_null(owner(PHONE));
    ck_assert_int_eq(change(&other, PHONE), AUTHP_OK);
    ck_assert_int_eq(change(&user, NULL), AUTHP_OK);
    ck_assert_int_eq(change(&other, NULL), AUTHP_OK);
    ck_assert_ptr_null(owner(PHONE));
    ck_assert_ptr_null(owner(OTHER));
    ck_assert_int_eq(change(&user, PHONE), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_delete(contract_store(), &user, NOW + 9, contract_pool()),
                     AUTHP_OK);
    ck_assert_ptr_null(owner(PHONE));
    ck_assert_int_eq(change(&other, PHONE), AUTHP_OK);
    ck_assert_str_eq(owner(PHONE), other.id.hex);
}
END_TEST

void contract_add_phones(TCase *tests)
{
    tcase_add_test(tests, a_phone_is_found);
    tcase_add_test(tests, a_phone_is_of_one_account);
    tcase_add_test(tests, a_phone_becomes_free);
}
