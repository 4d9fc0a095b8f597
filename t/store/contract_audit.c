/* SPDX-License-Identifier: Apache-2.0 */
/* The audit in every store: what a list shows, and what is removed. */
#include "contract.h"

#include <string.h>

#define NOW CONTRACT_NOW
#define ADA "6b00000000000000000000aa"
#define BOB "6b00000000000000000000bb"
#define ENTRIES 6

/* The rows are inserted in another order than that of their ids. */
static const struct {
    int id;
    int at;
    const char *event;
    const char *actor;
    const char *subject;
} rows[ENTRIES] = {
    {3, 30, "login", ADA, ADA},       {1, 10, "register", ADA, ADA},
    {2, 20, "login", NULL, BOB},      {6, 60, "user_update", "cli", BOB},
    {5, 50, "user_update", BOB, ADA}, {4, 40, "logout", BOB, BOB},
};

static const struct {
    authp_audit_filter_t filter;
    const char *ids; /* the last digit of each id, in the expected order */
} lists[] = {
    {{.limit = 50}, "123456"},
    {{.limit = 6}, "123456"},
    {{.limit = 2}, "12"},
    {{.limit = 2, .after_id = "6c0000000000000000000002"}, "34"},
    {{.limit = 50, .after_id = "6c0000000000000000000006"}, ""},
    {{.limit = 50, .person = ADA}, "135"},
    {{.limit = 50, .person = BOB}, "2456"},
    {{.limit = 2, .person = BOB, .after_id = "6c0000000000000000000002"}, "45"},
    {{.limit = 50, .person = "cli"}, "6"},
    {{.limit = 50, .person = "6b00000000000000000000cc"}, ""},
    {{.limit = 50, .person = "nobody"}, ""},
    {{.limit = 50, .event = "login"}, "23"},
    {{.limit = 50, .event = "log"}, ""},
    {{.limit = 50, .event = "login", .person = BOB}, "2"},
    {{.limit = 50, .since = NOW + 30}, "3456"},
    {{.limit = 50, .since = NOW + 31}, "456"},
    {{.limit = 50, .since = NOW + 61}, ""},
    {{.limit = 50, .since = NOW + 50, .event = "user_update", .person = ADA}, "5"},
};

static void put_all(void)
{
    for (int i = 0; i < ENTRIES; i++) {
        authp_audit_t entry = {.id = {.hex = "6c0000000000000000000000"},
                               .at = NOW + rows[i].at,
                               .event = rows[i].event,
                               .outcome = "ok",
                               .actor_id = rows[i].actor,
                               .subject_id = rows[i].subject};
        entry.id.hex[23] = (char)('0' + rows[i].id);
        ck_assert_int_eq(authp_store_audit_append(contract_store(), &entry, contract_pool()),
                         AUTHP_OK);
    }
}

START_TEST(the_audit_is_listed)
{
    put_all();
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        char ids[ENTRIES + 1] = "";
        apr_array_header_t *found = NULL;
        ck_assert_int_eq(
            authp_store_audit_list(contract_store(), &lists[i].filter, &found, contract_pool()),
            AUTHP_OK);
        ck_assert_int_le(found->nelts, ENTRIES);
        for (int k = 0; k < found->nelts; k++) {
            ids[k] = APR_ARRAY_IDX(found, k, authp_audit_t *)->id.hex[23];
        }
        ck_assert_msg(strcmp(ids, lists[i].ids) == 0, "list %zu: %s", i, ids);
    }
}
END_TEST

START_TEST(an_entry_is_what_was_written)
{
    const authp_audit_t full = {.id = {.hex = "6c0000000000000000000001"},
                                .at = NOW + 1,
                                .event = "login",
                                .outcome = "denied",
                                .reason = "account_disabled",
                                .actor_id = ADA,
                                .subject_id = BOB,
                                .session_id = "6d0000000000000000000001",
                                .ip = "192.0.2.7",
                                .request_id = "r-1"};
    const authp_audit_t bare = {.id = {.hex = "6c0000000000000000000002"},
                                .at = NOW + 2,
                                .event = "purge",
                                .outcome = "ok"};
    const authp_audit_filter_t all = {.limit = 50};
    apr_array_header_t *found = NULL;
    ck_assert_int_eq(authp_store_audit_append(contract_store(), &full, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_audit_append(contract_store(), &bare, contract_pool()), AUTHP_OK);
    ck_assert_int_eq(authp_store_audit_list(contract_store(), &all, &found, contract_pool()),
                     AUTHP_OK);
    ck_assert_int_eq(found->nelts, 2);
    const authp_audit_t *first = APR_ARRAY_IDX(found, 0, authp_audit_t *);
    ck_assert_str_eq(first->id.hex, full.id.hex);
    ck_assert_int_eq(first->at, full.at);
    ck_assert_str_eq(first->event, full.event);
    ck_assert_str_eq(first->outcome, full.outcome);
    ck_assert_str_eq(first->reason, full.reason);
    ck_assert_str_eq(first->actor_id, full.actor_id);
    ck_assert_str_eq(first->subject_id, full.subject_id);
    ck_assert_str_eq(first->session_id, full.session_id);
    ck_assert_str_eq(first->ip, full.ip);
    ck_assert_str_eq(first->request_id, full.request_id);
    const authp_audit_t *second = APR_ARRAY_IDX(found, 1, authp_audit_t *);
    ck_assert_ptr_null(second->reason);
    ck_assert_ptr_null(second->actor_id);
    ck_assert_ptr_null(second->subject_id);
    ck_assert_ptr_null(second->session_id);
    ck_assert_ptr_null(second->ip);
    ck_assert_ptr_null(second->request_id);
}
END_TEST

/* When an account is deleted, the client address goes from entries in which that account acted or
 * may have acted. The address of another actor stays. */
static const struct {
    const char *actor;
    const char *subject;
    bool stays;
} traces[] = {
    {ADA, ADA, false},  {ADA, BOB, false},  {ADA, NULL, false}, {NULL, ADA, false},
    {BOB, ADA, true},   {"cli", ADA, true}, {BOB, BOB, true},   {NULL, BOB, true},
    {NULL, NULL, true}, {BOB, NULL, true},
};
#define TRACES ((int)(sizeof(traces) / sizeof(traces[0])))

START_TEST(addresses_of_the_forgotten_go)
{
    const authp_audit_filter_t all = {.limit = 50};
    apr_array_header_t *found = NULL;
    for (int i = 0; i < TRACES; i++) {
        authp_audit_t entry = {.id = {.hex = "6c0000000000000000000000"},
                               .at = NOW + i,
                               .event = "login",
                               .outcome = "ok",
                               .actor_id = traces[i].actor,
                               .subject_id = traces[i].subject,
                               .ip = "192.0.2.7",
                               .request_id = "r-1"};
        entry.id.hex[22] = (char)('0' + i);
        ck_assert_int_eq(authp_store_audit_append(contract_store(), &entry, contract_pool()),
                         AUTHP_OK);
    }
    for (int round = 0; round < 2; round++) { /* the call may be repeated */
        ck_assert_int_eq(authp_store_user_forget(contract_store(), ADA, contract_pool()), AUTHP_OK);
        ck_assert_int_eq(authp_store_audit_list(contract_store(), &all, &found, contract_pool()),
                         AUTHP_OK);
        ck_assert_int_eq(found->nelts, TRACES);
        for (int i = 0; i < TRACES; i++) {
            const authp_audit_t *entry = APR_ARRAY_IDX(found, i, authp_audit_t *);
            ck_assert_msg((entry->ip != NULL) == traces[i].stays, "row %d", i);
            ck_assert_str_eq(entry->event, "login");
            ck_assert_str_eq(entry->request_id, "r-1");
        }
    }
}
END_TEST

void contract_add_audit(TCase *tests)
{
    tcase_add_test(tests, the_audit_is_listed);
    tcase_add_test(tests, an_entry_is_what_was_written);
    tcase_add_test(tests, addresses_of_the_forgotten_go);
}
