/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of identities of providers: issuer and sub together belong to one account. */
#include "contract.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

#define NOW CONTRACT_NOW
#define GOOGLE "https://accounts.google.com"
#define CORP "https://corp.example.org"

/* Makes the list if it is NULL. */
static void give(apr_array_header_t **list, const char *provider, const char *issuer,
                 const char *sub)
{
    if (*list == NULL) {
        *list = apr_array_make(contract_pool(), 2, sizeof(authp_identity_t));
    }
    APR_ARRAY_PUSH(*list, authp_identity_t) = (authp_identity_t){
        .provider = provider, .issuer = issuer, .sub = sub, .linked_at = NOW, .last_login = NOW};
}

static authp_user_t person(const char *email, const char *provider, const char *issuer,
                           const char *sub)
{
    authp_user_t user = contract_user(email, contract_pool());
    give(&user.identities, provider, issuer, sub);
    return user;
}

static authp_err_t create(const authp_user_t *user)
{
    return authp_store_user_create(contract_store(), user, contract_pool());
}

/* The account's state after a change that the caller makes. */
static authp_user_t next(const authp_user_t *before)
{
    authp_user_t after = *before;
    after.updated_at++;
    after.identities = authp_identities_copy(before->identities, contract_pool());
    return after;
}

static authp_err_t update(const authp_user_t *before, const authp_user_t *after)
{
    return authp_store_user_update(contract_store(), before, after, contract_pool());
}

static authp_user_t *get(const char *id)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_user_by_id(contract_store(), id, &user, contract_pool()),
                     AUTHP_OK);
    return user;
}

/* The id of the account with that identity; NULL if there is none. */
static const char *owner(const char *issuer, const char *sub)
{
    authp_user_t *user = NULL;
    authp_err_t err =
        authp_store_user_by_identity(contract_store(), issuer, sub, &user, contract_pool());
    ck_assert(err == (user != NULL ? AUTHP_OK : AUTHP_E_NOT_FOUND));
    return user != NULL ? user->id.hex : NULL;
}

static void owned_by(const char *issuer, const char *sub, const authp_user_t *user)
{
    const char *id = owner(issuer, sub);
    ck_assert_msg(id != NULL, "nobody has %s of %s", sub, issuer);
    ck_assert_str_eq(id, user->id.hex);
}

static const char *repeat(const char *part, int times)
{
    const char *text = "";
    for (int i = 0; i < times; i++) {
        text = apr_pstrcat(contract_pool(), text, part, NULL);
    }
    return text;
}

START_TEST(every_read_has_them)
{
    apr_pool_t *pool = contract_pool();
    authp_user_t user = person("ada@example.org", "google", GOOGLE, "1");
    authp_user_t plain = contract_put_user("plain@example.org");
    authp_user_t *got = NULL;
    apr_array_header_t *list = NULL;
    authp_seen_t seen;
    const authp_user_filter_t filter = {.limit = 9};
    user.username = "ada";
    user.auth_changed_at = NOW;
    give(&user.identities, "corp", CORP, "x");
    *authp_identities_at(user.identities, 1) =
        (authp_identity_t){.provider = "corp",
                           .issuer = repeat("\xc3\xa9", 127),
                           .sub = repeat("\"\\\x01\xf0\x9f\x98\x80'%s;", 20),
                           .email = "Ada@Corp.example",
                           .picture = repeat("https://example.org/{?text}%lld/", 32),
                           .linked_at = NOW - 5,
                           .last_login = NOW - 3};
    ck_assert_int_eq(create(&user), AUTHP_OK);
    const authp_identity_t *corp = authp_identities_at(user.identities, 1);
    ck_assert(authp_identities_same(get(user.id.hex)->identities, user.identities));
    ck_assert_int_eq(
        authp_store_user_by_login(contract_store(), AUTHP_LOGIN_EMAIL, user.email, &got, pool),
        AUTHP_OK);
    ck_assert(authp_identities_same(got->identities, user.identities));
    ck_assert_int_eq(
        authp_store_user_by_identity(contract_store(), corp->issuer, corp->sub, &got, pool),
        AUTHP_OK);
    ck_assert_str_eq(got->id.hex, user.id.hex);
    ck_assert(authp_identities_same(got->identities, user.identities));
    ck_assert_int_eq(authp_store_user_list(contract_store(), &filter, &list, pool), AUTHP_OK);
    ck_assert_int_eq(list->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(list, 1, authp_user_t *)->id.hex, plain.id.hex);
    ck_assert_ptr_null(APR_ARRAY_IDX(list, 1, authp_user_t *)->identities);
    ck_assert(
        authp_identities_same(APR_ARRAY_IDX(list, 0, authp_user_t *)->identities, user.identities));
    ck_assert_int_eq(authp_store_user_changed(contract_store(), NOW, 9, &list, &seen, pool),
                     AUTHP_OK);
    ck_assert_int_eq(list->nelts, 1);
    ck_assert(
        authp_identities_same(APR_ARRAY_IDX(list, 0, authp_user_t *)->identities, user.identities));
}
END_TEST

START_TEST(both_parts_make_one)
{
    authp_user_t one = person("one@example.org", "google", GOOGLE, "1");
    authp_user_t two = person("two@example.org", "google", "https://other.example", "1");
    authp_user_t three = person("three@example.org", "corp", CORP, "1");
    ck_assert_int_eq(create(&one), AUTHP_OK);
    ck_assert_int_eq(create(&two), AUTHP_OK);
    ck_assert_int_eq(create(&three), AUTHP_OK);
    owned_by(GOOGLE, "1", &one);
    owned_by("https://other.example", "1", &two);
    owned_by(CORP, "1", &three);
    ck_assert_ptr_null(owner(GOOGLE, "11"));
    ck_assert_ptr_null(owner(GOOGLE "/", "1"));
    ck_assert_ptr_null(owner("", ""));
    ck_assert_ptr_null(owner(GOOGLE, "\xff"));
    ck_assert_ptr_null(owner("\xff", "1"));
    ck_assert_ptr_null(owner("google", "1"));
}
END_TEST

/* An account that cannot be made leaves nothing, so its other values are free. */
START_TEST(a_taken_one_makes_no_account)
{
    authp_user_t first = person("first@example.org", "google", GOOGLE, "1");
    authp_user_t second = person("second@example.org", "corp", CORP, "2");
    give(&second.identities, "google", GOOGLE, "1");
    ck_assert_int_eq(create(&first), AUTHP_OK);
    ck_assert_int_eq(create(&second), AUTHP_E_CONFLICT);
    ck_assert_ptr_null(owner(CORP, "2"));
    owned_by(GOOGLE, "1", &first);
    second.identities->nelts = 1;
    ck_assert_int_eq(create(&second), AUTHP_OK);
    owned_by(CORP, "2", &second);
    /* An account whose address is taken takes no identity either. */
    authp_user_t third = person("first@example.org", "google", GOOGLE, "3");
    ck_assert_int_eq(create(&third), AUTHP_E_CONFLICT);
    ck_assert_ptr_null(owner(GOOGLE, "3"));
}
END_TEST

START_TEST(links_and_unlinks)
{
    authp_user_t user = contract_put_user("ada@example.org");
    authp_user_t other = person("other@example.org", "google", GOOGLE, "taken");
    ck_assert_int_eq(create(&other), AUTHP_OK);
    authp_user_t linked = next(&user);
    give(&linked.identities, "google", GOOGLE, "1");
    give(&linked.identities, "corp", CORP, "2");
    ck_assert_int_eq(update(&user, &linked), AUTHP_OK);
    owned_by(GOOGLE, "1", &linked);
    owned_by(CORP, "2", &linked);
    ck_assert_int_eq(get(user.id.hex)->ver, user.ver);
    /* The identity of another account: nothing of the change is made. */
    authp_user_t wrong = next(&linked);
    wrong.name = "changed";
    authp_identities_of(wrong.identities, "google")->sub = "taken";
    ck_assert_int_eq(update(&linked, &wrong), AUTHP_E_CONFLICT);
    ck_assert_ptr_null(get(user.id.hex)->name);
    owned_by(GOOGLE, "1", &linked);
    owned_by(GOOGLE, "taken", &other);
    /* A change of an account that has changed meanwhile frees nothing and takes nothing. */
    authp_user_t late = next(&user);
    give(&late.identities, "google", GOOGLE, "3");
    ck_assert_int_eq(update(&user, &late), AUTHP_E_CONFLICT);
    ck_assert_ptr_null(owner(GOOGLE, "3"));
    owned_by(GOOGLE, "1", &linked);
    /* One goes, the other stays, and what has gone can be another's. */
    authp_user_t unlinked = next(&linked);
    *authp_identities_at(unlinked.identities, 0) = *authp_identities_of(linked.identities, "corp");
    unlinked.identities->nelts = 1;
    ck_assert_int_eq(update(&linked, &unlinked), AUTHP_OK);
    ck_assert(authp_identities_same(get(user.id.hex)->identities, unlinked.identities));
    ck_assert_ptr_null(owner(GOOGLE, "1"));
    owned_by(CORP, "2", &unlinked);
    authp_user_t heir = person("heir@example.org", "google", GOOGLE, "1");
    ck_assert_int_eq(create(&heir), AUTHP_OK);
    owned_by(GOOGLE, "1", &heir);
    /* The last one goes. */
    authp_user_t bare = next(&unlinked);
    bare.identities = NULL;
    ck_assert_int_eq(update(&unlinked, &bare), AUTHP_OK);
    ck_assert_ptr_null(get(user.id.hex)->identities);
    ck_assert_ptr_null(owner(CORP, "2"));
}
END_TEST

START_TEST(a_name_gets_another_issuer)
{
    authp_user_t user = person("ada@example.org", "corp", CORP, "1");
    ck_assert_int_eq(create(&user), AUTHP_OK);
    authp_user_t moved = next(&user);
    authp_identities_at(moved.identities, 0)->issuer = "https://new.example";
    ck_assert_int_eq(update(&user, &moved), AUTHP_OK);
    ck_assert_ptr_null(owner(CORP, "1"));
    owned_by("https://new.example", "1", &user);
    ck_assert(authp_identities_same(get(user.id.hex)->identities, moved.identities));
}
END_TEST

/* A sign-in renews what the provider tells. Texts that the provider does not tell any more go. */
START_TEST(members_are_renewed)
{
    authp_user_t user = person("ada@example.org", "google", GOOGLE, "1");
    give(&user.identities, "corp", CORP, "1");
    authp_identities_at(user.identities, 0)->email = "old@example.org";
    authp_identities_at(user.identities, 0)->picture = "https://example.org/p";
    ck_assert_int_eq(create(&user), AUTHP_OK);
    for (int i = 0; i < 2; i++) {
        authp_user_t renewed = next(&user);
        authp_identity_t *google = authp_identities_at(renewed.identities, 0);
        google->email = i == 0 ? "new@example.org" : NULL;
        google->picture = i == 0 ? NULL : "https://example.org/q";
        google->linked_at = i == 0 ? NOW : 0;
        google->last_login = NOW + 7;
        ck_assert_int_eq(update(&user, &renewed), AUTHP_OK);
        ck_assert(authp_identities_same(get(user.id.hex)->identities, renewed.identities));
        owned_by(GOOGLE, "1", &user);
        owned_by(CORP, "1", &user);
        user = renewed;
    }
}
END_TEST

START_TEST(what_goes_frees_them)
{
    apr_pool_t *pool = contract_pool();
    for (int i = 0; i < 2; i++) {
        authp_user_t user =
            person(i == 0 ? "a@example.org" : "b@example.org", "google", GOOGLE, "1");
        authp_user_t stale = user;
        stale.updated_at--;
        ck_assert_int_eq(create(&user), AUTHP_OK);
        ck_assert_int_eq(authp_store_user_delete(contract_store(), &stale, NOW, pool),
                         AUTHP_E_CONFLICT);
        ck_assert_int_eq(authp_store_user_discard(contract_store(), &stale, pool),
                         AUTHP_E_CONFLICT);
        owned_by(GOOGLE, "1", &user);
        ck_assert_int_eq(i == 0 ? authp_store_user_delete(contract_store(), &user, NOW, pool)
                                : authp_store_user_discard(contract_store(), &user, pool),
                         AUTHP_OK);
        ck_assert_ptr_null(owner(GOOGLE, "1"));
    }
    authp_user_t user = person("c@example.org", "google", GOOGLE, "1");
    ck_assert_int_eq(create(&user), AUTHP_OK);
    owned_by(GOOGLE, "1", &user);
}
END_TEST

/* An account may lose its address, and another one may get it. */
START_TEST(an_address_moves)
{
    authp_store_t *store = contract_store();
    apr_pool_t *pool = contract_pool();
    authp_user_t *got = NULL;
    authp_user_t first = contract_put_user("first@example.org");
    authp_user_t second = contract_put_user("second@example.org");
    authp_user_t taken = second;
    taken.updated_at++;
    taken.email = "first@example.org";
    taken.name = "changed";
    ck_assert_int_eq(authp_store_user_update(store, &second, &taken, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_by_id(store, second.id.hex, &got, pool), AUTHP_OK);
    ck_assert_str_eq(got->email, "second@example.org");
    ck_assert_ptr_null(got->name);
    authp_user_t bare = first;
    bare.updated_at++;
    bare.email = NULL;
    ck_assert_int_eq(authp_store_user_update(store, &first, &bare, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "first@example.org", &got, pool),
        AUTHP_E_NOT_FOUND);
    ck_assert_int_eq(authp_store_user_update(store, &second, &taken, pool), AUTHP_OK);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "first@example.org", &got, pool),
        AUTHP_OK);
    ck_assert_str_eq(got->id.hex, second.id.hex);
    ck_assert_int_eq(
        authp_store_user_by_login(store, AUTHP_LOGIN_EMAIL, "second@example.org", &got, pool),
        AUTHP_E_NOT_FOUND);
    /* A second account without an address. */
    authp_user_t also = taken;
    also.updated_at++;
    also.email = NULL;
    ck_assert_int_eq(authp_store_user_update(store, &taken, &also, pool), AUTHP_OK);
}
END_TEST

static const authp_identity_t refused[] = {
    {.provider = "", .issuer = GOOGLE, .sub = "1"},
    {.provider = "a.b", .issuer = GOOGLE, .sub = "1"},
    {.provider = "$a", .issuer = GOOGLE, .sub = "1"},
    {.provider = "google", .issuer = "", .sub = "1"},
    {.provider = "google", .issuer = GOOGLE, .sub = NULL},
    {.provider = "google", .issuer = GOOGLE, .sub = "\xed\xa0\x80"},
    {.provider = "google", .issuer = GOOGLE, .sub = "1", .email = "\xff"},
    {.provider = "google", .issuer = GOOGLE, .sub = "1", .picture = "\xc0\x80"},
    {.provider = "corp", .issuer = CORP, .sub = "its name stands twice"},
};

START_TEST(lists_that_no_store_keeps)
{
    authp_user_t user = person("ada@example.org", "corp", CORP, "1");
    authp_user_t plain = contract_put_user("plain@example.org");
    authp_user_t after = next(&plain);
    APR_ARRAY_PUSH(user.identities, authp_identity_t) = refused[_i];
    after.identities = user.identities;
    ck_assert_int_eq(create(&user), AUTHP_E_INTERNAL);
    ck_assert_int_eq(update(&plain, &after), AUTHP_E_INTERNAL);
    ck_assert_ptr_null(owner(CORP, "1"));
}
END_TEST

void contract_add_identities(TCase *tests)
{
    tcase_add_test(tests, every_read_has_them);
    tcase_add_test(tests, both_parts_make_one);
    tcase_add_test(tests, a_taken_one_makes_no_account);
    tcase_add_test(tests, links_and_unlinks);
    tcase_add_test(tests, a_name_gets_another_issuer);
    tcase_add_test(tests, members_are_renewed);
    tcase_add_test(tests, what_goes_frees_them);
    tcase_add_test(tests, an_address_moves);
    tcase_add_loop_test(tests, lists_that_no_store_keeps, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
}
