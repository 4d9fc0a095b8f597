/* SPDX-License-Identifier: Apache-2.0 */
/* A server runs for months: what it does a thousand times holds no more memory than what it does
 * once. A pool that nobody destroys is no leak for the tools that look for leaks, because APR knows
 * all pools. So the memory is counted. */
#include <malloc.h>
#include <string.h>

#include <apr_strings.h>

#include "base/json.h"
#include "crypto/jwt/jwk.h"
#include "jose.h"
#include "kept_fixture.h"
#include "live_fixture.h"
#include "net/fetch.h"
#include "service/live/live_poll.h"
#include "service/live_table/live_layout.h"
#include "service/session/purge.h"
#include "service/session/token.h"
#include "sqlite_fixture.h"
#include "suite.h"

#ifdef __SANITIZE_ADDRESS__
/* Of the sanitizer's library, which gcc installs without its headers. */
size_t __sanitizer_get_current_allocated_bytes(void); /* NOLINT(bugprone-reserved-identifier) */
#endif

#define WARM_UP 40
#define TIMES 400
#define MOST_BYTES 60000 /* 150 for each time */

static live_fixture_t live;
static kept_fixture_t kept;
static authp_store_t *store;
static apr_pool_t *pool; /* of one time */

static void set_up(void)
{
    live_fixture_open(&live);
    kept_fixture_open(&kept);
    sqlite_fixture_make();
    store = sqlite_fixture_open(live.f.pool);
}

static void tear_down(void)
{
    kept_fixture_close(&kept);
    live_fixture_close(&live);
    sqlite_fixture_remove();
}

static size_t held(void)
{
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    const struct mallinfo2 all = mallinfo2();
    return all.uordblks + all.hblkhd;
#endif
}

static void odd_text_in_json(void)
{
    json_t *object = authp_json_object(pool);
    authp_json_set_str(object, "a", "\xff\xfe odd");
    ck_assert_str_eq(authp_json_text(object, NULL, pool), "{\"a\":\"?? odd\"}");
}

static void read_json(void)
{
    static const char text[] = "{\"a\":[1,2,{\"b\":\"c\"}]}";
    json_t *value = NULL;
    ck_assert_int_eq(authp_json_parse(text, strlen(text), &value, pool), AUTHP_OK);
    ck_assert_int_eq(authp_json_parse(text, strlen(text) - 1, &value, pool), AUTHP_E_MALFORMED);
}

static void read_keys(void)
{
    authp_jwk_set_t *set = NULL;
    ck_assert_int_eq(authp_jwk_parse(JOSE_SET, strlen(JOSE_SET), &set, pool), AUTHP_OK);
    ck_assert_int_eq(authp_jwk_parse("{\"keys\":1}", 10, &set, pool), AUTHP_E_MALFORMED);
}

static void look_at_a_url(void)
{
    ck_assert(authp_fetch_url_fits("https://op.example/keys"));
    ck_assert(!authp_fetch_url_fits("https://op.example/ keys"));
}

/* Each time the document is fetched anew. The second fetch fails. */
static void keep_a_document(void)
{
    const void *value = NULL;
    kept.script.err = AUTHP_OK;
    fake_clock_advance(&kept.clock, AUTHP_KEPT_MOST_MS);
    ck_assert_int_eq(authp_kept_get(kept.kept, KEPT_URL, &value, pool), AUTHP_OK);
    fake_clock_advance(&kept.clock, AUTHP_KEPT_MOST_MS);
    kept.script.err = AUTHP_E_UNAVAILABLE;
    ck_assert_int_eq(authp_kept_get(kept.kept, KEPT_URL, &value, pool), AUTHP_OK);
}

/* A round takes a long time to come. The fixture lets it come at once. */
static void poll_the_store(void)
{
    live.shared->round_began = 0;
    authp_live_poll(live.f.realm, live.f.pool);
}

static void ask_a_store(void)
{
    authp_user_t *user = NULL;
    ck_assert_int_eq(authp_store_ping(store, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_by_id(store, "65f0c0ffee00000000000001", &user, pool),
                     AUTHP_E_NOT_FOUND);
    authp_store_maintain(store);
}

static void change_a_store(void)
{
    const authp_user_t user = {.id = {"65f0c0ffee00000000000001"},
                               .email = "ada@example.org",
                               .roles = apr_array_make(pool, 1, sizeof(const char *)),
                               .ver = 1,
                               .created_at = 1,
                               .updated_at = 1};
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_OK);
    ck_assert_int_eq(authp_store_user_create(store, &user, pool), AUTHP_E_CONFLICT);
    ck_assert_int_eq(authp_store_user_discard(store, &user, pool), AUTHP_OK);
}

static void verify_a_token(void)
{
    authp_principal_t who = {0};
    const char *token = live.grant.access_token;
    ck_assert_int_eq(authp_token_verify(live.f.realm, token, strlen(token), &who, pool), AUTHP_OK);
    ck_assert_int_eq(authp_token_verify(live.f.realm, token, strlen(token) - 1, &who, pool),
                     AUTHP_E_TOKEN_INVALID);
}

static const struct {
    const char *what;
    void (*work)(void);
} works[] = {{"odd text in JSON", odd_text_in_json},
             {"JSON", read_json},
             {"a set of keys", read_keys},
             {"a URL", look_at_a_url},
             {"a kept document", keep_a_document},
             {"the poll", poll_the_store},
             {"a store that is asked", ask_a_store},
             {"a store that is changed", change_a_store},
             {"a token", verify_a_token}};

static void times(int row, int count)
{
    for (int i = 0; i < count; i++) {
        apr_pool_create(&pool, NULL);
        works[row].work();
        apr_pool_destroy(pool);
    }
}

START_TEST(no_more_than_before)
{
    times(_i, WARM_UP);
    const size_t before = held();
    times(_i, TIMES);
    const size_t after = held();
    ck_assert_msg(after < before + MOST_BYTES, "%s, %d times: %zu bytes more", works[_i].what,
                  TIMES, after - before);
}
END_TEST

Suite *suite_held(void)
{
    Suite *suite = suite_create("held");
    TCase *tests = tcase_create("held");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, no_more_than_before, 0, sizeof(works) / sizeof(works[0]));
    suite_add_tcase(suite, tests);
    return suite;
}
