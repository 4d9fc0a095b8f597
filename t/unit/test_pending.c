/* SPDX-License-Identifier: Apache-2.0 */
/* Sign-ins that have begun, in the cookie of the browser: how many it keeps, for how long, and that
 * each counts once, in this browser alone. */
#include "fixture.h"
#include "service/provider/pending.h"
#include "suite.h"

#include <string.h>

#include <apr_strings.h>

#define STATE_LEN 22
#define OTHER_SECRET "other-key-other-key-other-key-other-key"

static fixture_t f;

static void set_up(void)
{
    fixture_open(&f);
}

static void tear_down(void)
{
    fixture_close(&f);
}

static authp_pending_t wanted(const char *return_to)
{
    return (authp_pending_t){.provider = "google",
                             .issuer = "https://accounts.google.com",
                             .redirect_uri = "https://jobs.example.org/api/auth/google/callback",
                             .asked = AUTHP_ASKED_RECRUITER,
                             .return_to = return_to};
}

/* Begins a sign-in. *cookie is the value before, and gets the one after it. */
static authp_pending_t begun(const char **cookie, const char *return_to)
{
    authp_pending_t pending = wanted(return_to);
    ck_assert_int_eq(authp_pending_begin(f.realm, &pending, *cookie, cookie, f.pool), AUTHP_OK);
    ck_assert_uint_le(strlen(*cookie), AUTHP_PENDING_COOKIE_MOST);
    return pending;
}

static authp_err_t take(const char *cookie, const char *state, const char **after)
{
    authp_pending_t out;
    *after = "untouched";
    return authp_pending_take(f.realm, cookie, state, &out, after, f.pool);
}

/* Takes an entry that must be good. Returns the cookie without it. */
static const char *taken(const char *cookie, const char *state)
{
    const char *after = NULL;
    ck_assert_int_eq(take(cookie, state, &after), AUTHP_OK);
    ck_assert_ptr_nonnull(after);
    return after;
}

/* `left`: the value without the refused entry; NULL: there was no such entry. */
static void refused(const char *cookie, const char *state, const char *left)
{
    const char *after = NULL;
    ck_assert_int_eq(take(cookie, state, &after), AUTHP_E_OAUTH_STATE_INVALID);
    ck_assert_pstr_eq(after, left);
}

static int entries(const char *cookie)
{
    int count = *cookie != '\0';
    for (; *cookie != '\0'; cookie++) {
        count += *cookie == '~';
    }
    return count;
}

START_TEST(everything_comes_back)
{
    authp_pending_t in = wanted("https://app.example.org/?a=\xc3\xa4\"&b");
    authp_pending_t out;
    const char *cookie = NULL;
    const char *after = NULL;
    in.challenge = "challenge";
    in.device_id = "phone";
    in.session = "65f0c0ffee00000000000001";
    ck_assert_int_eq(authp_pending_begin(f.realm, &in, NULL, &cookie, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_pending_take(f.realm, cookie, in.state, &out, &after, f.pool), AUTHP_OK);
    ck_assert_str_eq(after, "");
    ck_assert_str_eq(out.state, in.state);
    ck_assert_str_eq(out.nonce, in.nonce);
    ck_assert_str_eq(out.verifier, in.verifier);
    ck_assert_int_eq(out.at, FAKE_CLOCK_START);
    ck_assert_str_eq(out.provider, in.provider);
    ck_assert_str_eq(out.issuer, in.issuer);
    ck_assert_str_eq(out.redirect_uri, in.redirect_uri);
    ck_assert_int_eq(out.asked, AUTHP_ASKED_RECRUITER);
    ck_assert_str_eq(out.return_to, in.return_to);
    ck_assert_str_eq(out.challenge, in.challenge);
    ck_assert_str_eq(out.device_id, in.device_id);
    ck_assert_str_eq(out.session, in.session);
}
END_TEST

START_TEST(what_is_absent_stays_absent)
{
    authp_pending_t in = wanted(NULL);
    authp_pending_t out;
    const char *cookie = NULL;
    const char *after = NULL;
    in.asked = AUTHP_ASKED_CANDIDATE;
    ck_assert_int_eq(authp_pending_begin(f.realm, &in, "", &cookie, f.pool), AUTHP_OK);
    ck_assert_int_eq(authp_pending_take(f.realm, cookie, in.state, &out, &after, f.pool), AUTHP_OK);
    ck_assert_int_eq(out.asked, AUTHP_ASKED_CANDIDATE);
    ck_assert(out.return_to == NULL && out.challenge == NULL);
    ck_assert(out.device_id == NULL && out.session == NULL);
}
END_TEST

/* Random each time: 16 bytes of state, 32 bytes each of nonce and verifier. The cookie shows the
 * state alone. */
START_TEST(values_are_random_and_hidden)
{
    const char *cookie = NULL;
    const authp_pending_t first = begun(&cookie, "/jobs");
    const authp_pending_t second = begun(&cookie, "/jobs");
    ck_assert_uint_eq(strlen(first.state), STATE_LEN);
    ck_assert_uint_eq(strlen(first.nonce), 43);
    ck_assert_uint_eq(strlen(first.verifier), 43);
    ck_assert_str_ne(first.state, second.state);
    ck_assert_str_ne(first.nonce, second.nonce);
    ck_assert_str_ne(first.verifier, second.verifier);
    ck_assert_str_ne(first.nonce, first.verifier);
    ck_assert_ptr_nonnull(strstr(cookie, first.state));
    ck_assert_ptr_null(strstr(cookie, first.nonce));
    ck_assert_ptr_null(strstr(cookie, first.verifier));
}
END_TEST

START_TEST(five_are_kept_and_the_oldest_goes)
{
    const char *cookie = NULL;
    const char *states[7];
    for (int i = 0; i < 7; i++) {
        states[i] = begun(&cookie, NULL).state;
        ck_assert_int_eq(entries(cookie), i < 5 ? i + 1 : 5);
    }
    refused(cookie, states[0], NULL);
    refused(cookie, states[1], NULL);
    for (int i = 2; i < 7; i++) {
        ck_assert_int_eq(entries(taken(cookie, states[i])), 4);
    }
    for (int i = 6; i >= 2; i--) {
        cookie = taken(cookie, states[i]);
    }
    ck_assert_str_eq(cookie, "");
}
END_TEST

static const char *repeated(char c, size_t len)
{
    char *text = apr_palloc(f.pool, len + 1);
    memset(text, c, len);
    text[len] = '\0';
    return text;
}

/* Older entries that do not fit into 3,800 bytes go, and all that are older than them. */
START_TEST(bytes_of_a_cookie)
{
    const char *alone = NULL;
    (void)begun(&alone, NULL);
    size_t room = AUTHP_PENDING_COOKIE_MOST - strlen(alone) - 1;
    const char *cookie = repeated('x', room);
    (void)begun(&cookie, NULL);
    ck_assert_uint_eq(strlen(cookie), AUTHP_PENDING_COOKIE_MOST);
    ck_assert_int_eq(entries(cookie), 2);
    cookie = repeated('x', room + 1);
    (void)begun(&cookie, NULL);
    ck_assert_int_eq(entries(cookie), 1);
    cookie = apr_pstrcat(f.pool, "a.b~", repeated('x', room), "~c.d", NULL);
    (void)begun(&cookie, NULL);
    ck_assert_int_eq(entries(cookie), 2);
    ck_assert_ptr_nonnull(strstr(cookie, "~a.b"));
    ck_assert_ptr_null(strstr(cookie, "c.d"));
}
END_TEST

START_TEST(an_entry_that_no_cookie_holds)
{
    size_t longest = 0;
    const char *cookie = NULL;
    for (size_t len = 2000; len < 3000; len++) {
        authp_pending_t in = wanted(repeated('r', len));
        const char *after = "untouched";
        authp_err_t err = authp_pending_begin(f.realm, &in, NULL, &after, f.pool);
        if (err != AUTHP_OK) {
            ck_assert_int_eq(err, AUTHP_E_TOO_LARGE);
            ck_assert_str_eq(after, "untouched");
            break;
        }
        ck_assert_uint_ge(strlen(after), longest);
        longest = strlen(after);
        cookie = after;
    }
    /* base64url does not come in every length. */
    ck_assert_uint_ge(longest, AUTHP_PENDING_COOKIE_MOST - 1);
    ck_assert_uint_le(longest, AUTHP_PENDING_COOKIE_MOST);
    (void)taken(cookie, apr_pstrmemdup(f.pool, cookie, STATE_LEN));
}
END_TEST

START_TEST(ten_minutes_to_the_millisecond)
{
    static const struct {
        authp_ms_t age;
        bool good;
    } ages[] = {{0, true}, {599999, true}, {600000, true}, {600001, false}, {86400000, false}};
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        const char *cookie = NULL;
        const char *other = begun(&cookie, NULL).state;
        const char *left = cookie;
        const authp_pending_t pending = begun(&cookie, NULL);
        fake_clock_advance(&f.clock, ages[i].age);
        if (ages[i].good) {
            ck_assert_str_eq(taken(cookie, pending.state), left);
        } else {
            refused(cookie, pending.state, left);
            refused(cookie, other,
                    apr_pstrmemdup(f.pool, cookie, strlen(cookie) - strlen(left) - 1));
        }
    }
}
END_TEST

START_TEST(an_entry_counts_once)
{
    const char *cookie = NULL;
    const authp_pending_t first = begun(&cookie, NULL);
    const authp_pending_t second = begun(&cookie, NULL);
    cookie = taken(cookie, first.state);
    refused(cookie, first.state, NULL);
    cookie = taken(cookie, second.state);
    ck_assert_str_eq(cookie, "");
    refused(cookie, second.state, NULL);
}
END_TEST

START_TEST(unknown_states)
{
    const char *mine = NULL;
    const char *other = NULL;
    const authp_pending_t pending = begun(&mine, NULL);
    const authp_pending_t elsewhere = begun(&other, NULL);
    refused(mine, elsewhere.state, NULL);
    refused(NULL, pending.state, NULL);
    refused("", pending.state, NULL);
    refused(mine, NULL, NULL);
    refused(mine, "", NULL);
    refused(mine, ".", NULL);
    refused(mine, "~", NULL);
    refused(mine, apr_pstrmemdup(f.pool, pending.state, STATE_LEN - 1), NULL);
    refused(mine, pending.state + 1, NULL);
    refused(mine, apr_pstrcat(f.pool, pending.state, "x", NULL), NULL);
    refused(mine, apr_pstrcat(f.pool, pending.state, ".", NULL), NULL);
    refused(mine, mine, NULL);
    (void)taken(mine, pending.state);
}
END_TEST

START_TEST(every_byte_counts)
{
    const char *good = NULL;
    const char *state = begun(&good, NULL).state;
    for (size_t i = STATE_LEN + 1; good[i] != '\0'; i++) {
        char *bad = apr_pstrdup(f.pool, good);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        refused(bad, state, "");
    }
    refused(apr_pstrmemdup(f.pool, good, strlen(good) - 1), state, "");
    refused(apr_pstrcat(f.pool, good, "A", NULL), state, "");
    refused(apr_pstrcat(f.pool, state, ".", NULL), state, "");
    refused(state, state, NULL);
}
END_TEST

/* The sealed part belongs to its state. */
START_TEST(the_content_of_another_entry)
{
    const char *first = NULL;
    const char *second = NULL;
    const char *state = begun(&first, "/a").state;
    const char *other = begun(&second, "/b").state;
    refused(apr_pstrcat(f.pool, state, second + STATE_LEN, NULL), state, "");
    const char *both = apr_pstrcat(f.pool, state, second + STATE_LEN, "~", second, NULL);
    refused(both, state, second);
    (void)taken(both, other);
}
END_TEST

START_TEST(junk_is_left_alone)
{
    const char *cookie = "junk~a.b";
    const authp_pending_t pending = begun(&cookie, NULL);
    ck_assert_str_eq(taken(cookie, pending.state), "junk~a.b");
    refused("junk~a.b", pending.state, NULL);
    refused("junk~a.b", "a", "junk");
    refused("junk~a.b", "junk", NULL);
    /* Empty entries are none. */
    cookie = "~~a.b~";
    const authp_pending_t next = begun(&cookie, NULL);
    ck_assert_str_eq(taken(cookie, next.state), "a.b");
}
END_TEST

static void set_key(const char *present, const char *previous)
{
    authp_seal_t *seal = NULL;
    const authp_secret_t *old =
        previous != NULL ? authp_secret_make(previous, strlen(previous), f.pool) : NULL;
    ck_assert_int_eq(authp_seal_make(authp_secret_make(present, strlen(present), f.pool), old,
                                     "authp state", &seal, f.pool),
                     AUTHP_OK);
    f.realm->seal = seal;
}

START_TEST(a_new_key)
{
    const char *cookie = NULL;
    const authp_pending_t pending = begun(&cookie, NULL);
    set_key(OTHER_SECRET, FIXTURE_SECRET);
    ck_assert_str_eq(taken(cookie, pending.state), "");
    set_key(OTHER_SECRET, NULL);
    refused(cookie, pending.state, "");
    const authp_pending_t next = begun(&cookie, NULL);
    cookie = taken(cookie, next.state);
    refused(cookie, pending.state, "");
    set_key(FIXTURE_SECRET, NULL);
    (void)taken(cookie, pending.state);
}
END_TEST

/* RFC 7636, appendix B. */
START_TEST(challenge_of_a_verifier)
{
    const char *challenge = NULL;
    ck_assert_int_eq(
        authp_pending_challenge("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk", &challenge, f.pool),
        AUTHP_OK);
    ck_assert_str_eq(challenge, "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
}
END_TEST

Suite *suite_pending(void)
{
    Suite *suite = suite_create("pending");
    TCase *tests = tcase_create("pending");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, everything_comes_back);
    tcase_add_test(tests, what_is_absent_stays_absent);
    tcase_add_test(tests, values_are_random_and_hidden);
    tcase_add_test(tests, five_are_kept_and_the_oldest_goes);
    tcase_add_test(tests, bytes_of_a_cookie);
    tcase_add_test(tests, an_entry_that_no_cookie_holds);
    tcase_add_test(tests, ten_minutes_to_the_millisecond);
    tcase_add_test(tests, an_entry_counts_once);
    tcase_add_test(tests, unknown_states);
    tcase_add_test(tests, every_byte_counts);
    tcase_add_test(tests, the_content_of_another_entry);
    tcase_add_test(tests, junk_is_left_alone);
    tcase_add_test(tests, a_new_key);
    tcase_add_test(tests, challenge_of_a_verifier);
    suite_add_tcase(suite, tests);
    return suite;
}
