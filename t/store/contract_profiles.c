/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of columns of JSON: any object comes back as the same value, with the order of its
 * members, after it was inserted, changed to another one, or moved between stores. */
#include "base/json.h"
#include "contract.h"
#include "store/model.h"

#include <apr_strings.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of random changes of one account. */
#define CHANGES 150

/* Names and values that a store could take for something else. */
static const char *const values[] = {
    "{}",
    "{\"provider\":{\"personal_info\":{\"name\":\"Ada\",\"age\":36},\"stats\":{},\"job_id\":\"j\"}}",
    "{\"provider\":{\"personal_info\":{},\"stats\":{\"b\":1,\"a\":2},\"job_id\":null}}",
    "{\"\":{\"\":{\"\":\"\"}},\"a\":1}",
    "{\"a.b\":{\"c.d\":{\".\":1,\"..\":2,\"x.\":3}}}",
    "{\"$set\":{\"$inc\":{\"$\":1,\"$oid\":\"6b0000000000000000000001\"}},\"a$b\":1}",
    "{\"%\":1,\"%%\":2,\"%2E\":3,\"%24\":4,\"%25\":5,\"100%\":6,\"%2e\":7,\"%.\":8,\"%2\":{\"%\":9}}",
    "{\"_id\":1,\"id\":2,\"0\":3,\"1\":{\"0\":[]},\"__proto__\":4,\"key with \\\"\\\\\\n\\u0001\":5}",
    "{\"a\":[[],[{}],{\"b\":[null,true,false]}],\"c\":\"\",\"d\":null}",
    "{\"z\":1,\"y\":2,\"x\":3,\"a\":4,\"A\":5}",
    "{\"i\":0,\"j\":-1,\"k\":9223372036854775807,\"l\":-9223372036854775808,\"m\":2147483648}",
    "{\"d\":1.5,\"e\":1.0,\"f\":1e308,\"g\":5e-324,\"h\":0.1,\"i\":-0.0,\"j\":123456789.123456}",
    "{\"nul\":\"a\\u0000b\",\"end\":\"\\u0000\"}",
    "{\"\xf0\x9f\x98\x80\":\"\xf0\x9f\x98\x80 \xe0\xa4\xa8\xe0\xa4\xae\xe0\xa4\xb8\xe0\xa5\x8d\",\"\xc3\xa9\":1}",
    "{\"sql\":\"'; DROP TABLE users; --\",\"%s\":\"%lld\",\"{no}\":\"{?text}\"}",
};
#define VALUES ((int)(sizeof(values) / sizeof(values[0])))

/* The same value in the one way in which this program writes it. */
static const char *normal(const char *text)
{
    json_t *value = NULL;
    if (text == NULL) {
        return "absent";
    }
    ck_assert_msg(authp_json_parse_stored(text, strlen(text), &value, contract_pool()) == AUTHP_OK,
                  "%s", text);
    return authp_json_text(value, NULL, contract_pool());
}

static authp_user_t *check(const char *id, const char *text)
{
    authp_user_t *got = NULL;
    ck_assert_int_eq(authp_store_user_by_id(contract_store(), id, &got, contract_pool()), AUTHP_OK);
    ck_assert_str_eq(normal(got->profiles), normal(text));
    return got;
}

static authp_user_t put(const char *text)
{
    authp_user_t user = contract_user(NULL, contract_pool());
    user.profiles = text;
    ck_assert_int_eq(authp_store_user_create(contract_store(), &user, contract_pool()), AUTHP_OK);
    return user;
}

static void change(authp_user_t *user, const char *text)
{
    authp_user_t after = *user;
    after.profiles = text;
    after.updated_at++;
    ck_assert_int_eq(authp_store_user_update(contract_store(), user, &after, contract_pool()),
                     AUTHP_OK);
    *user = after;
}

START_TEST(any_object_comes_back)
{
    authp_user_t user = put(values[_i]);
    (void)check(user.id.hex, values[_i]);
}
END_TEST

/* From each of them to each other one, and to none and back. */
START_TEST(any_change_comes_back)
{
    authp_user_t user = put(values[_i]);
    for (int i = 0; i < VALUES; i++) {
        change(&user, values[i]);
        (void)check(user.id.hex, values[i]);
        change(&user, values[_i]);
        (void)check(user.id.hex, values[_i]);
    }
    change(&user, NULL);
    ck_assert_ptr_null(check(user.id.hex, NULL)->profiles);
    change(&user, values[_i]);
    (void)check(user.id.hex, values[_i]);
}
END_TEST

static const char *const names[] = {"", "a", "b", "c.d", "$e", "%", "%2E", "personal_info"};
#define NAMES ((unsigned int)(sizeof(names) / sizeof(names[0])))

static void fill(json_t *object, int depth, unsigned int *seed)
{
    unsigned int members = (unsigned int)rand_r(seed) % 4;
    for (unsigned int i = 0; i < members; i++) {
        const char *name = names[(unsigned int)rand_r(seed) % NAMES];
        if (depth < 4 && rand_r(seed) % 3 != 0) {
            fill(authp_json_set_object(object, name), depth + 1, seed);
        } else {
            authp_json_set_int(object, name, rand_r(seed) % 3);
        }
    }
}

START_TEST(random_changes_come_back)
{
    const char *chosen = getenv("AUTHP_SEED");
    unsigned int seed = chosen != NULL ? (unsigned int)atoi(chosen) : (unsigned int)rand();
    authp_user_t user = put(NULL);
    printf("# AUTHP_SEED=%u\n", seed);
    for (int i = 0; i < CHANGES; i++) {
        json_t *object = authp_json_object(contract_pool());
        fill(object, 0, &seed);
        change(&user, authp_json_text(object, NULL, contract_pool()));
        (void)check(user.id.hex, user.profiles);
    }
}
END_TEST

/* As deep as a text may be, and longer than any one that this program's routes take. */
START_TEST(deep_and_long)
{
    const char *deep = "1";
    for (int i = 1; i < AUTHP_JSON_STORED_DEPTH; i++) {
        deep = apr_pstrcat(contract_pool(), i % 2 != 0 ? "[" : "{\"a\":", deep,
                           i % 2 != 0 ? "]" : "}", NULL);
    }
    deep = apr_pstrcat(contract_pool(), "{\"top\":", deep, "}", NULL);
    char *filler = apr_palloc(contract_pool(), 300001);
    memset(filler, 'x', 300000);
    filler[300000] = '\0';
    const char *longer = apr_pstrcat(contract_pool(), "{\"text\":\"", filler, "\"}", NULL);
    authp_user_t user = put(deep);
    (void)check(user.id.hex, deep);
    change(&user, longer);
    (void)check(user.id.hex, longer);
    change(&user, deep);
    (void)check(user.id.hex, deep);
}
END_TEST

/* A change of something else leaves it as it is. */
START_TEST(another_change_leaves_it)
{
    authp_user_t user = put(values[_i]);
    authp_user_t after = user;
    after.name = "Ada";
    after.updated_at++;
    ck_assert_int_eq(authp_store_user_update(contract_store(), &user, &after, contract_pool()),
                     AUTHP_OK);
    ck_assert_str_eq(check(user.id.hex, values[_i])->name, "Ada");
}
END_TEST

START_TEST(it_moves)
{
    authp_rows_t page;
    bool added = false;
    const authp_page_t first = {.limit = 10};
    authp_user_t user = contract_user(NULL, contract_pool());
    user.profiles = values[_i];
    user.phone_used_at = CONTRACT_NOW;
    void *row = &user;
    ck_assert_int_eq(authp_store_move_add(contract_store(), &authp_columns_user, &row, 1, &added,
                                          contract_pool()),
                     AUTHP_OK);
    ck_assert(added);
    ck_assert_int_eq(authp_store_move_list(contract_store(), &authp_columns_user, &first, &page,
                                           contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(page.list->nelts, 1);
    const authp_user_t *got = APR_ARRAY_IDX(page.list, 0, authp_user_t *);
    ck_assert_str_eq(normal(got->profiles), normal(values[_i]));
    ck_assert_int_eq(got->phone_used_at, CONTRACT_NOW);
}
END_TEST

void contract_add_profiles(TCase *tests)
{
    tcase_add_loop_test(tests, any_object_comes_back, 0, VALUES);
    tcase_add_loop_test(tests, any_change_comes_back, 0, VALUES);
    tcase_add_test(tests, random_changes_come_back);
    tcase_add_test(tests, deep_and_long);
    tcase_add_loop_test(tests, another_change_leaves_it, 0, VALUES);
    tcase_add_loop_test(tests, it_moves, 0, VALUES);
}
