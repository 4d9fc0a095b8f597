/* SPDX-License-Identifier: Apache-2.0 */
#include "contract.h"

#include <apr_strings.h>
#include <string.h>

#define NOW CONTRACT_NOW

/* Returns 64 hex digits that differ by `tag`. */
static const char *hash_of(const char *tag)
{
    char *hash = apr_psprintf(contract_pool(), "%-64s", tag);
    for (char *c = hash; *c != '\0'; c++) {
        *c = *c == ' ' ? '0' : *c;
    }
    return hash;
}

static authp_invite_t put_invite(const char *tag)
{
    authp_invite_t invite = {.email = "grace@example.org",
                             .code_hash = hash_of(tag),
                             .created_at = NOW,
                             .expires_at = NOW + 1000,
                             .created_by = "6b0000000000000000000001"};
    contract_next_id(&invite.id);
    ck_assert_int_eq(authp_store_invite_create(contract_store(), &invite, contract_pool()),
                     AUTHP_OK);
    return invite;
}

static authp_invite_t *get_invite(const char *id)
{
    authp_invite_t *invite = NULL;
    ck_assert_int_eq(authp_store_invite_by_id(contract_store(), id, &invite, contract_pool()),
                     AUTHP_OK);
    return invite;
}

START_TEST(invite_comes_back_whole)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_invite_t *got = NULL;
    authp_invite_t invite = put_invite("a");
    ck_assert_int_eq(authp_store_invite_by_code(store, "the code", invite.code_hash, &got, pool),
                     AUTHP_OK);
    ck_assert_str_eq(got->id.hex, invite.id.hex);
    ck_assert_str_eq(got->email, invite.email);
    ck_assert_str_eq(got->code_hash, invite.code_hash);
    ck_assert_str_eq(got->created_by, invite.created_by);
    ck_assert_int_eq(got->created_at, NOW);
    ck_assert_int_eq(got->expires_at, NOW + 1000);
    ck_assert_int_eq(got->used_at, 0);
    ck_assert_ptr_null(got->used_by);
    ck_assert_int_eq(got->revoked_at, 0);
    ck_assert_int_eq(authp_store_invite_by_code(store, "x", hash_of("b"), &got, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_invite_by_id(store, "6bffffffffffffffffffffff", &got, pool),
                     AUTHP_E_NOT_FOUND);
    authp_invite_t twin = invite;
    contract_next_id(&twin.id);
    ck_assert_int_eq(authp_store_invite_create(store, &twin, pool), AUTHP_E_CONFLICT);
}
END_TEST

START_TEST(claim_is_conditional)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t user = contract_put_user("grace@example.org");
    authp_invite_t used = put_invite("a");
    authp_invite_t late = put_invite("b");
    authp_invite_t revoked = put_invite("c");
    ck_assert_int_eq(authp_store_invite_claim(store, used.id.hex, user.id.hex, 7, NOW + 5, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claim(store, used.id.hex, user.id.hex, 8, NOW + 6, pool),
                     AUTHP_E_CONFLICT);
    const authp_invite_t *got = get_invite(used.id.hex);
    ck_assert_int_eq(got->used_at, NOW + 5);
    ck_assert_str_eq(got->used_by, user.id.hex);
    ck_assert_int_eq(got->used_ver, 7);
    ck_assert_int_eq(authp_store_invite_claim(store, late.id.hex, user.id.hex, 0, NOW + 1000, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_invite_revoke(store, revoked.id.hex, NOW + 3, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_revoke(store, revoked.id.hex, NOW + 4, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(get_invite(revoked.id.hex)->revoked_at, NOW + 3);
    ck_assert_int_eq(authp_store_invite_claim(store, revoked.id.hex, user.id.hex, 0, NOW + 5, pool),
                     AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_invite_revoke(store, used.id.hex, NOW + 9, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(get_invite(used.id.hex)->revoked_at, 0);
}
END_TEST

/* The id of the live invite; NULL if there is none. */
static const char *live_of(const char *email, authp_ms_t now)
{
    authp_invite_t *invite = NULL;
    authp_err_t err =
        authp_store_invite_live_of(contract_store(), email, NULL, now, &invite, contract_pool());
    ck_assert(err == (invite != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND));
    return invite != NULL ? invite->id.hex : NULL;
}

START_TEST(the_newest_live_invite)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_invite_t *got = NULL;
    authp_user_t user = contract_put_user("grace@example.org");
    ck_assert_ptr_null(live_of("grace@example.org", NOW));
    authp_invite_t first = put_invite("a");
    authp_invite_t second = put_invite("b");
    authp_invite_t third = put_invite("c");
    authp_invite_t other = third;
    contract_next_id(&other.id);
    other.email = "other@example.org";
    other.code_hash = hash_of("d");
    other.expires_at = NOW + 9000;
    ck_assert_int_eq(authp_store_invite_create(store, &other, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_live_of(store, "grace@example.org", NULL, NOW, &got, pool),
                     AUTHP_OK);
    ck_assert_str_eq(got->id.hex, third.id.hex);
    ck_assert_str_eq(got->code_hash, third.code_hash);
    ck_assert_int_eq(got->expires_at, NOW + 1000);
    /* A used one and a revoked one do not count, but the older one does until it expires. */
    ck_assert_int_eq(authp_store_invite_claim(store, third.id.hex, user.id.hex, 1, NOW, pool),
                     AUTHP_OK);
    ck_assert_str_eq(live_of("grace@example.org", NOW), second.id.hex);
    ck_assert_int_eq(authp_store_invite_revoke(store, second.id.hex, NOW, pool), AUTHP_OK);
    ck_assert_str_eq(live_of("grace@example.org", NOW + 999), first.id.hex);
    ck_assert_ptr_null(live_of("grace@example.org", NOW + 1000));
    ck_assert_str_eq(live_of("other@example.org", NOW + 1000), other.id.hex);
    ck_assert_ptr_null(live_of("race@example.org", NOW));
    ck_assert_ptr_null(live_of("grace@example.or", NOW));
    ck_assert_ptr_null(live_of("\xff", NOW));
}
END_TEST

static const char *live_for(const char *role)
{
    authp_invite_t *invite = NULL;
    authp_err_t err = authp_store_invite_live_of(contract_store(), "grace@example.org", role, NOW,
                                                 &invite, contract_pool());
    ck_assert(err == (invite != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND));
    return invite != NULL ? invite->id.hex : NULL;
}

/* An invite is found for its own role alone, also if a newer one is for another role. */
START_TEST(the_live_invite_of_a_role)
{
    authp_invite_t of_admin = put_invite("a");
    ck_assert_int_eq(
        authp_store_invite_revoke(contract_store(), of_admin.id.hex, NOW, contract_pool()),
        AUTHP_OK);
    contract_next_id(&of_admin.id);
    of_admin.code_hash = hash_of("b");
    of_admin.role = "admin";
    ck_assert_int_eq(authp_store_invite_create(contract_store(), &of_admin, contract_pool()),
                     AUTHP_OK);
    ck_assert_ptr_null(live_for(NULL));
    ck_assert_str_eq(live_for("admin"), of_admin.id.hex);
    ck_assert_ptr_null(live_for("recruiter"));
    ck_assert_ptr_null(live_for(""));
    ck_assert_ptr_null(live_for("\xff"));
    authp_invite_t newer = put_invite("c");
    ck_assert_str_eq(live_for("admin"), of_admin.id.hex);
    ck_assert_str_eq(live_for(NULL), newer.id.hex);
}
END_TEST

/* A claim is found by who made it and when, so that what it began can be completed. */
START_TEST(claim_is_found)
{
    static const char user_id[] = "6b0000000000000000000077";
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_invite_t invite = put_invite("found");
    (void)put_invite("another");
    authp_invite_t *got = NULL;
    ck_assert_int_eq(authp_store_invite_claimed_by(store, user_id, 5, &got, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_invite_claim(store, invite.id.hex, user_id, 5, NOW + 1, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claimed_by(store, user_id, 4, &got, pool),
                     AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(
        authp_store_invite_claimed_by(store, "6b0000000000000000000078", 5, &got, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_ptr_null(got);
    ck_assert_int_eq(authp_store_invite_claimed_by(store, user_id, 5, &got, pool), AUTHP_OK);
    ck_assert_str_eq(got->id.hex, invite.id.hex);
    ck_assert_str_eq(got->email, invite.email);
    ck_assert_int_eq(got->used_at, NOW + 1);
    /* Another program may revoke an invite that has been used. */
    authp_invite_t revoked = {.id = {"6b0000000000000000000099"},
                              .email = "revoked@example.org",
                              .code_hash = "revoked",
                              .created_at = NOW,
                              .expires_at = NOW + 1000,
                              .used_at = NOW,
                              .used_by = user_id,
                              .used_ver = 9,
                              .revoked_at = NOW};
    ck_assert_int_eq(authp_store_invite_create(store, &revoked, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_claimed_by(store, user_id, 9, &got, pool),
                     AUTHP_E_NOT_FOUND);
}
END_TEST

START_TEST(invites_are_listed_forgotten_and_purged)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    apr_array_header_t *list = NULL;
    authp_invite_t *none = NULL;
    int removed = -1;
    authp_user_t user = contract_put_user("grace@example.org");
    authp_invite_t first = put_invite("a");
    authp_invite_t second = put_invite("b");
    authp_invite_t third = put_invite("c");
    authp_page_t page = {.limit = 2};
    ck_assert_int_eq(authp_store_invite_list(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, authp_invite_t *)->id.hex, second.id.hex);
    page.after_id = second.id.hex;
    ck_assert_int_eq(authp_store_invite_list(store, &page, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 0, authp_invite_t *)->id.hex, third.id.hex);
    /* An invite that a deleted account has used contains that account's id, so it is removed
     * too. */
    ck_assert_int_eq(authp_store_invite_claim(store, first.id.hex, user.id.hex, 0, NOW, pool),
                     AUTHP_OK);
    ck_assert_int_eq(authp_store_user_forget(store, user.id.hex, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_invite_by_id(store, first.id.hex, &none, pool), AUTHP_E_NOT_FOUND);
    authp_purge_t what = {.invites_before = NOW + 1000, .batch = 10};
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 0);
    what.invites_before++;
    ck_assert_int_eq(authp_store_purge(store, &what, &removed, pool), AUTHP_OK);
    ck_assert_int_eq(removed, 2);
}
END_TEST

void contract_add_invites(TCase *tests)
{
    tcase_add_test(tests, invite_comes_back_whole);
    tcase_add_test(tests, claim_is_conditional);
    tcase_add_test(tests, the_newest_live_invite);
    tcase_add_test(tests, the_live_invite_of_a_role);
    tcase_add_test(tests, claim_is_found);
    tcase_add_test(tests, invites_are_listed_forgotten_and_purged);
}
