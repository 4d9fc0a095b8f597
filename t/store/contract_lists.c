/* SPDX-License-Identifier: Apache-2.0 */
/* Lists over more rows than a store sorts for one page: it finds them in another way then. */
#include "contract.h"

#include <apr_strings.h>
#include <string.h>

#define ACCOUNTS 2100
#define ENTRIES 2100
#define BATCH 700
#define NOW CONTRACT_NOW

/* Account i has the address "many<i>@example.org", every 7th is a recruiter, too, every 300th an
 * admin in one of two ways, and every second admin is disabled. Nobody else begins with "rare". Two
 * of three accounts have a username, "user<i>", or "odd.<i>" if i is 1, 501 and so on. */
static void *make_account(int i)
{
    apr_pool_t *pool = contract_pool();
    authp_user_t *user = apr_palloc(pool, sizeof(*user));
    const char *name = i % 500 == 250 ? "rare" : "many";
    *user = contract_user(apr_psprintf(pool, "%s%04d@example.org", name, i), pool);
    if (i % 3 != 0) {
        user->username = apr_psprintf(pool, "%s%04d", i % 500 == 1 ? "odd." : "user", i);
    }
    if (i % 600 == 300) {
        user->roles = apr_array_make(pool, 1, sizeof(const char *));
        user->disabled = true;
    }
    if (i % 7 == 0) {
        APR_ARRAY_PUSH(user->roles, const char *) = "recruiter";
    }
    if (i % 300 == 0) {
        APR_ARRAY_PUSH(user->roles, const char *) = "admin";
    }
    return user;
}

static void *make_entry(int i)
{
    authp_audit_t *entry = apr_pcalloc(contract_pool(), sizeof(*entry));
    contract_next_id(&entry->id);
    entry->at = NOW + i;
    entry->event = i % 500 == 499 ? "rare" : "many";
    entry->outcome = "ok";
    return entry;
}

static void fill(const authp_columns_t *columns, void *(*make)(int), int count)
{
    bool added[BATCH];
    void *rows[BATCH];
    for (int i = 0; i < count; i++) {
        rows[i % BATCH] = make(i);
        if (i % BATCH == BATCH - 1) {
            ck_assert_int_eq(authp_store_move_add(contract_store(), columns, rows, BATCH, added,
                                                  contract_pool()),
                             AUTHP_OK);
        }
    }
}

/* Reads all pages. Returns the numbers in the addresses, joined by spaces. */
static const char *numbers_of(authp_user_filter_t filter)
{
    const char *out = "";
    for (;;) {
        apr_array_header_t *users = NULL;
        ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &users, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_le(users->nelts, filter.limit);
        for (int i = 0; i < users->nelts; i++) {
            const authp_user_t *user = APR_ARRAY_IDX(users, i, const authp_user_t *);
            out = apr_psprintf(contract_pool(), "%s%.4s ", out, user->email + 4);
            filter.after_id = user->id.hex;
        }
        if (users->nelts < filter.limit) {
            return out;
        }
    }
}

static int count_of(authp_user_filter_t filter)
{
    return (int)strlen(numbers_of(filter)) / 5;
}

START_TEST(many_accounts)
{
    const char *admins = "0000 0300 0600 0900 1200 1500 1800 ";
    fill(&authp_columns_user, make_account, ACCOUNTS);
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.role = "admin", .limit = 2}), admins);
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.role = "admin", .limit = 100}), admins);
    ck_assert_str_eq(
        numbers_of((authp_user_filter_t){.role = "admin", .limit = 2, .enabled_only = true}),
        "0000 0600 1200 1800 ");
    ck_assert_int_eq(count_of((authp_user_filter_t){.role = "recruiter", .limit = 100}), 300);
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.role = "dmin", .limit = 2}), "");
    ck_assert_int_eq(count_of((authp_user_filter_t){.limit = 700}), ACCOUNTS);
    /* More accounts than are sorted begin so. */
    ck_assert_int_eq(count_of((authp_user_filter_t){.email_prefix = "many", .limit = 700}),
                     ACCOUNTS - 4);
    ck_assert_str_eq(
        numbers_of((authp_user_filter_t){.email_prefix = "many", .role = "admin", .limit = 3}),
        admins);
    ck_assert_str_eq(
        numbers_of((authp_user_filter_t){
            .email_prefix = "many", .role = "admin", .limit = 3, .enabled_only = true}),
        "0000 0600 1200 1800 ");
    /* Few do. */
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.email_prefix = "rare", .limit = 2}),
                     "0250 0750 1250 1750 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.email_prefix = "many001", .limit = 3}),
                     "0010 0011 0012 0013 0014 0015 0016 0017 0018 0019 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){
                         .email_prefix = "many00", .role = "recruiter", .limit = 4}),
                     "0000 0007 0014 0021 0028 0035 0042 0049 0056 0063 0070 0077 0084 0091 0098 ");
    ck_assert_str_eq(
        numbers_of((authp_user_filter_t){.email_prefix = "many03", .role = "admin", .limit = 4}),
        "0300 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.email_prefix = "manz", .limit = 4}), "");
}
END_TEST

START_TEST(many_usernames)
{
    fill(&authp_columns_user, make_account, ACCOUNTS);
    /* More accounts than are sorted begin so. 1, 1001 and 1501 are "odd.", 501 and 2001 have no
     * username. */
    ck_assert_int_eq(count_of((authp_user_filter_t){.username_prefix = "user", .limit = 700}),
                     ACCOUNTS / 3 * 2 - 3);
    ck_assert_str_eq(
        numbers_of((authp_user_filter_t){
            .username_prefix = "user", .role = "recruiter", .email_prefix = "many001", .limit = 2}),
        "0014 ");
    ck_assert_int_eq(count_of((authp_user_filter_t){
                         .username_prefix = "user", .role = "recruiter", .limit = 70}),
                     199);
    /* Few do. */
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.username_prefix = "odd", .limit = 2}),
                     "0001 1001 1501 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){.username_prefix = "user001", .limit = 3}),
                     "0010 0011 0013 0014 0016 0017 0019 ");
    /* Both prefixes must be there, whichever of them is rare. */
    ck_assert_str_eq(numbers_of((authp_user_filter_t){
                         .email_prefix = "rare", .username_prefix = "user", .limit = 2}),
                     "0250 1250 1750 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){
                         .email_prefix = "many", .username_prefix = "odd.1", .limit = 2}),
                     "1001 1501 ");
    ck_assert_str_eq(numbers_of((authp_user_filter_t){
                         .email_prefix = "rare", .username_prefix = "odd", .limit = 2}),
                     "");
}
END_TEST

/* Accounts without an address and without a username, and characters that are patterns elsewhere.
 */
START_TEST(some_usernames)
{
    static const char *const usernames[] = {"a_b", "axb", "a.b", NULL, "b-a"};
    apr_array_header_t *found = NULL;
    authp_user_filter_t filter = {.username_prefix = "a_", .limit = 9};
    for (int i = 0; i < 5; i++) {
        authp_user_t user = contract_user("x@example.org", contract_pool());
        user.email = usernames[i] == NULL ? user.email : NULL;
        user.username = usernames[i];
        ck_assert_int_eq(authp_store_user_create(contract_store(), &user, contract_pool()),
                         AUTHP_OK);
    }
    ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &found, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
    const authp_user_t *only = APR_ARRAY_IDX(found, 0, const authp_user_t *);
    ck_assert_str_eq(only->username, "a_b");
    ck_assert_ptr_null(only->email);
    filter.username_prefix = "a";
    ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &found, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, 3);
    filter.username_prefix = NULL;
    filter.email_prefix = "x";
    ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &found, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, 1);
}
END_TEST

static int entries_of(authp_audit_filter_t filter)
{
    int count = 0;
    for (;;) {
        apr_array_header_t *entries = NULL;
        ck_assert_int_eq(
            authp_store_audit_list(contract_store(), &filter, &entries, contract_pool()), AUTHP_OK);
        for (int i = 0; i < entries->nelts; i++) {
            const authp_audit_t *entry = APR_ARRAY_IDX(entries, i, const authp_audit_t *);
            ck_assert(filter.after_id == NULL || strcmp(entry->id.hex, filter.after_id) > 0);
            filter.after_id = entry->id.hex;
        }
        count += entries->nelts;
        if (entries->nelts < filter.limit) {
            return count;
        }
    }
}

START_TEST(many_entries)
{
    fill(&authp_columns_audit, make_entry, ENTRIES);
    ck_assert_int_eq(entries_of((authp_audit_filter_t){.limit = 700}), ENTRIES);
    ck_assert_int_eq(entries_of((authp_audit_filter_t){.since = NOW, .limit = 700}), ENTRIES);
    ck_assert_int_eq(entries_of((authp_audit_filter_t){.since = NOW + 50, .limit = 700}),
                     ENTRIES - 50);
    ck_assert_int_eq(
        entries_of((authp_audit_filter_t){.since = NOW + 50, .event = "rare", .limit = 3}), 4);
    ck_assert_int_eq(entries_of((authp_audit_filter_t){.since = NOW + ENTRIES - 5, .limit = 2}), 5);
    ck_assert_int_eq(
        entries_of((authp_audit_filter_t){.since = NOW + 500, .event = "rare", .limit = 2}), 3);
}
END_TEST

void contract_add_lists(TCase *tests)
{
    tcase_add_test(tests, many_accounts);
    tcase_add_test(tests, many_usernames);
    tcase_add_test(tests, some_usernames);
    tcase_add_test(tests, many_entries);
}
