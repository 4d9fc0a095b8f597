/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of identities: what is found in them, where an identity goes, what makes two lists
 * different, and which lists the stores refuse. */
#include "../unit/suite.h"
#include "base/log.h"
#include "store/identities.h"

#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;
static int refusals;

static void count_refusals(void *ctx, authp_log_level_t level, const char *message)
{
    (void)ctx;
    refusals += level == AUTHP_LOG_ERROR && strncmp(message, "AUTHP0213: ", 11) == 0;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    refusals = 0;
    authp_log_set_sink(count_refusals, NULL);
}

static void tear_down(void)
{
    authp_log_set_sink(NULL, NULL);
    apr_pool_destroy(pool);
}

static void add(apr_array_header_t **list, const char *provider, const char *issuer,
                const char *sub)
{
    if (*list == NULL) {
        *list = apr_array_make(pool, 1, sizeof(authp_identity_t));
    }
    APR_ARRAY_PUSH(*list, authp_identity_t) =
        (authp_identity_t){.provider = apr_pstrdup(pool, provider),
                           .issuer = apr_pstrdup(pool, issuer),
                           .sub = apr_pstrdup(pool, sub),
                           .email = "ada@example.org",
                           .picture = "https://p.example/1",
                           .linked_at = 5,
                           .last_login = 6};
}

/* "provider=issuer/sub" of all, in order. */
static const char *shown(const apr_array_header_t *list)
{
    const char *out = "";
    for (int i = 0; i < authp_identities_count(list); i++) {
        const authp_identity_t *at = authp_identities_at(list, i);
        out = apr_psprintf(pool, "%s%s%s=%s/%s", out, i > 0 ? " " : "",
                           at->provider != NULL ? at->provider : "?",
                           at->issuer != NULL ? at->issuer : "?", at->sub != NULL ? at->sub : "?");
    }
    return out;
}

static apr_array_header_t *three(void)
{
    apr_array_header_t *list = NULL;
    add(&list, "a", "i", "1");
    add(&list, "b", "i", "2");
    add(&list, "c", "j", "1");
    return list;
}

START_TEST(what_is_found)
{
    const apr_array_header_t *list = three();
    ck_assert_int_eq(authp_identities_count(NULL), 0);
    ck_assert_int_eq(authp_identities_count(list), 3);
    ck_assert_ptr_eq(authp_identities_of(list, "a"), authp_identities_at(list, 0));
    ck_assert_ptr_eq(authp_identities_of(list, "c"), authp_identities_at(list, 2));
    ck_assert_ptr_null(authp_identities_of(list, "A"));
    ck_assert_ptr_null(authp_identities_of(list, ""));
    ck_assert_ptr_null(authp_identities_of(NULL, "a"));
    ck_assert_ptr_eq(authp_identities_find(list, "i", "2"), authp_identities_at(list, 1));
    ck_assert_ptr_eq(authp_identities_find(list, "j", "1"), authp_identities_at(list, 2));
    ck_assert_ptr_null(authp_identities_find(list, "j", "2"));
    ck_assert_ptr_null(authp_identities_find(list, "i", "3"));
    ck_assert_ptr_null(authp_identities_find(NULL, "i", "1"));
    ck_assert_ptr_eq(authp_identities_issued(list, "i"), authp_identities_at(list, 0));
    ck_assert_ptr_eq(authp_identities_issued(list, "j"), authp_identities_at(list, 2));
    ck_assert_ptr_null(authp_identities_issued(list, "k"));
    ck_assert_ptr_null(authp_identities_issued(NULL, "i"));
}
END_TEST

/* Where the identity goes in the list of three, and what the list is then. */
static const struct {
    const char *provider;
    const char *issuer;
    const char *sub;
    int place;
    const char *list;
} places[] = {
    {"b", "i", "2", 1, "a=i/1 b=i/2 c=j/1"},         /* as it is */
    {"new", "i", "2", 1, "a=i/1 b=i/2 c=j/1"},       /* under its old name */
    {"b", "i", "9", 1, "a=i/1 b=i/2 c=j/1"},         /* another account of that provider */
    {"new", "k", "1", 3, "a=i/1 b=i/2 c=j/1 ?=?/?"}, /* a new one */
    {"b", "i", "1", 1, "c=j/1 b=i/2"}, /* the name is that of another entry: one goes */
    {"a", "i", "2", 0, "a=i/1 c=j/1"},
    {"a", "j", "1", 0, "a=i/1 b=i/2"}, /* the one that goes is the last one */
    {"c", "i", "1", 0, "c=j/1 b=i/2"}, /* the last one takes its place */
};

START_TEST(where_it_goes)
{
    apr_array_header_t *list = three();
    authp_identity_t *got =
        authp_identities_place(&list, places[_i].provider, places[_i].issuer, places[_i].sub, pool);
    if (places[_i].place == 3) {
        memset(got, 0, sizeof(*got));
    }
    ck_assert_str_eq(shown(list), places[_i].list);
    ck_assert_ptr_eq(got, authp_identities_at(list, places[_i].place));
    apr_array_header_t *none = NULL;
    got = authp_identities_place(&none, places[_i].provider, "i", "1", pool);
    ck_assert_int_eq(authp_identities_count(none), 1);
    ck_assert_ptr_eq(got, authp_identities_at(none, 0));
}
END_TEST

/* Each member counts, and the order does not. */
START_TEST(what_is_the_same)
{
    static const char *const others[] = {"x", NULL};
    const apr_array_header_t *list = three();
    apr_array_header_t *turned = NULL;
    for (int i = 2; i >= 0; i--) {
        const authp_identity_t *from = authp_identities_at(list, i);
        add(&turned, from->provider, from->issuer, from->sub);
    }
    ck_assert(authp_identities_same(list, turned) && authp_identities_same(turned, list));
    ck_assert(authp_identities_same(NULL, NULL));
    ck_assert(!authp_identities_same(list, NULL) && !authp_identities_same(NULL, list));
    for (int member = 0; member < 7; member++) {
        for (int i = 0; i < (member < 5 ? 2 : 1); i++) {
            apr_array_header_t *changed = authp_identities_copy(list, pool);
            authp_identity_t *at = authp_identities_at(changed, 1);
            const char **texts[] = {&at->issuer, &at->sub, &at->email, &at->picture, &at->provider};
            authp_ms_t *times[] = {&at->linked_at, &at->last_login};
            if (member < 5) {
                *texts[member] = member < 4 ? others[i] : "x";
            } else {
                (*times[member - 5])++;
            }
            ck_assert_msg(!authp_identities_same(list, changed), "member %d", member);
            ck_assert_msg(!authp_identities_same(changed, list), "member %d", member);
        }
    }
    apr_array_header_t *fewer = authp_identities_copy(list, pool);
    (void)apr_array_pop(fewer);
    ck_assert(!authp_identities_same(list, fewer) && !authp_identities_same(fewer, list));
}
END_TEST

/* A copy shares no memory with the list. */
START_TEST(a_copy)
{
    apr_pool_t *own = NULL;
    apr_pool_create(&own, NULL);
    apr_array_header_t *list = apr_array_make(own, 1, sizeof(authp_identity_t));
    const char *const texts[] = {"google", "https://i", "sub", "a@example.org", "https://p"};
    char *kept[5];
    for (int i = 0; i < 5; i++) {
        kept[i] = apr_pstrdup(own, texts[i]);
    }
    APR_ARRAY_PUSH(list, authp_identity_t) = (authp_identity_t){.provider = kept[0],
                                                                .issuer = kept[1],
                                                                .sub = kept[2],
                                                                .email = kept[3],
                                                                .picture = kept[4],
                                                                .linked_at = 7,
                                                                .last_login = 8};
    const apr_array_header_t *copy = authp_identities_copy(list, pool);
    for (int i = 0; i < 5; i++) {
        memset(kept[i], 'x', strlen(kept[i]));
    }
    memset(list->elts, 0, sizeof(authp_identity_t));
    apr_pool_destroy(own);
    ck_assert_int_eq(authp_identities_count(copy), 1);
    const authp_identity_t *at = authp_identities_at(copy, 0);
    ck_assert_str_eq(at->provider, texts[0]);
    ck_assert_str_eq(at->issuer, texts[1]);
    ck_assert_str_eq(at->sub, texts[2]);
    ck_assert_str_eq(at->email, texts[3]);
    ck_assert_str_eq(at->picture, texts[4]);
    ck_assert_int_eq(at->linked_at, 7);
    ck_assert_int_eq(at->last_login, 8);
    ck_assert_ptr_null(authp_identities_copy(NULL, pool));
    ck_assert_ptr_null(
        authp_identities_copy(apr_array_make(pool, 1, sizeof(authp_identity_t)), pool));
}
END_TEST

/* Letters and digits of ASCII, _ and -, and 1 to 63 of them. */
START_TEST(names)
{
    char name[AUTHP_IDENTITY_NAME_LEN + 2];
    for (int c = 1; c < 256; c++) {
        char text[] = {'a', (char)c, 'z', '\0'};
        bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '_' || c == '-';
        ck_assert_msg(authp_identities_is_name(text) == fits, "character %d", c);
    }
    for (size_t len = 0; len <= AUTHP_IDENTITY_NAME_LEN + 1; len++) {
        memset(name, 'a', len);
        name[len] = '\0';
        ck_assert_int_eq(authp_identities_is_name(name), len > 0 && len <= AUTHP_IDENTITY_NAME_LEN);
    }
    ck_assert(!authp_identities_is_name(NULL));
}
END_TEST

/* Each list has a sound identity first. */
static const struct {
    authp_identity_t second;
    bool fine;
} checked[] = {
    {{.provider = "b", .issuer = "i", .sub = "2", .email = "e", .picture = "p"}, true},
    {{.provider = "b", .issuer = "i", .sub = "2"}, true},
    {{.provider = "b", .issuer = "i", .sub = "1"}, true}, /* the same identity under two names */
    {{.provider = "a", .issuer = "i", .sub = "2"}, false},
    {{.provider = NULL, .issuer = "i", .sub = "2"}, false},
    {{.provider = "", .issuer = "i", .sub = "2"}, false},
    {{.provider = "b.c", .issuer = "i", .sub = "2"}, false},
    {{.provider = "b", .issuer = NULL, .sub = "2"}, false},
    {{.provider = "b", .issuer = "", .sub = "2"}, false},
    {{.provider = "b", .issuer = "\xff", .sub = "2"}, false},
    {{.provider = "b", .issuer = "i", .sub = NULL}, false},
    {{.provider = "b", .issuer = "i", .sub = ""}, false},
    {{.provider = "b", .issuer = "i", .sub = "\xff"}, false},
    {{.provider = "b", .issuer = "i", .sub = "2", .email = ""}, false},
    {{.provider = "b", .issuer = "i", .sub = "2", .email = "\xff"}, false},
    {{.provider = "b", .issuer = "i", .sub = "2", .picture = ""}, false},
    {{.provider = "b", .issuer = "i", .sub = "2", .picture = "\xff"}, false},
};

START_TEST(what_is_kept)
{
    apr_array_header_t *list = NULL;
    add(&list, "a", "i", "1");
    APR_ARRAY_PUSH(list, authp_identity_t) = checked[_i].second;
    ck_assert_int_eq(authp_identities_check(list), checked[_i].fine ? AUTHP_OK : AUTHP_E_INTERNAL);
    ck_assert_int_eq(refusals, checked[_i].fine ? 0 : 1);
    ck_assert_int_eq(authp_identities_check(NULL), AUTHP_OK);
}
END_TEST

Suite *suite_store_identities(void)
{
    Suite *suite = suite_create("store_identities");
    TCase *tests = tcase_create("store_identities");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, what_is_found);
    tcase_add_loop_test(tests, where_it_goes, 0, (int)(sizeof(places) / sizeof(places[0])));
    tcase_add_test(tests, what_is_the_same);
    tcase_add_test(tests, a_copy);
    tcase_add_test(tests, names);
    tcase_add_loop_test(tests, what_is_kept, 0, (int)(sizeof(checked) / sizeof(checked[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
