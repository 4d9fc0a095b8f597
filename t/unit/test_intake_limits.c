/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of the files of other systems, each at its last value and one more, and the small
 * pieces of which the formats are made: times, truth values, roles, texts of hashes. */
#include "base/json.h"
#include "intake_fixture.h"
#include "service/intake/csv_feed.h"
#include "service/intake/draft.h"
#include "service/intake/hash_form.h"
#include "service/intake/json_feed.h"
#include "service/intake/row.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define LENGTH(list) ((int)(sizeof(list) / sizeof((list)[0])))

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const char *of_length(size_t len, char byte)
{
    return memset(apr_pcalloc(pool, len + 1), byte, len);
}

/* The value then lives as long as the pool. */
static json_t *owned(json_t *value)
{
    (void)json_array_append_new(authp_json_array(pool), value);
    return value;
}

/* --- the bytes of a file ---------------------------------------------------------------------- */

typedef struct source_t {
    const char *const *parts; /* one for each call; NULL: the end */
    int calls;
    int after_end; /* calls after the end */
} source_t;

static int read_part(void *ctx, char *buffer, int len)
{
    source_t *source = ctx;
    const char *part = source->parts[source->calls];
    if (part == NULL) {
        source->after_end++;
        return 0;
    }
    source->calls++;
    ck_assert_int_le((int)strlen(part), len);
    memcpy(buffer, part, strlen(part));
    return (int)strlen(part);
}

/* A terminal may go on after an end. Bytes and lines are counted from the first one on. */
START_TEST(bytes_and_lines)
{
    static const char *const parts[] = {"\xef", "\xbb\xbf", "a\n", "b", NULL};
    source_t source = {.parts = parts};
    authp_feed_t *feed = authp_feed_make(read_part, &source, pool);
    ck_assert_int_eq(authp_feed_taken(feed), 3);
    ck_assert_int_eq(authp_feed_get(feed), 'a');
    ck_assert_int_eq(authp_feed_line(feed), 1);
    ck_assert_int_eq(authp_feed_get(feed), '\n');
    ck_assert_int_eq(authp_feed_line(feed), 2);
    ck_assert_int_eq(authp_feed_get(feed), 'b');
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(authp_feed_get(feed), AUTHP_FEED_END);
        ck_assert_int_eq(authp_feed_peek_past_space(feed), AUTHP_FEED_END);
    }
    ck_assert_int_eq(source.after_end, 1);
    ck_assert_int_eq(authp_feed_taken(feed), 6);
    ck_assert_int_eq(authp_feed_check(feed), AUTHP_OK);
    ck_assert_ptr_null(authp_feed_refusal(feed));
    ck_assert_int_eq(authp_feed_refuse_at(feed, 7, "first"), AUTHP_E_MALFORMED);
    ck_assert_int_eq(authp_feed_refuse(feed, "second"), AUTHP_E_MALFORMED);
    ck_assert_str_eq(authp_feed_refusal(feed), "line 7: first");
}
END_TEST

static authp_feed_t *feed_of(const char *text)
{
    intake_text_t *file = apr_palloc(pool, sizeof(*file));
    *file = (intake_text_t){.text = text, .len = strlen(text), .chunk = 65536};
    return authp_feed_make(intake_fixture_read, file, pool);
}

/* NULL: the first row is read. Otherwise the refusal. */
static const char *first_row(const char *text)
{
    authp_csv_feed_t *rows = NULL;
    json_t *row = NULL;
    bool odd = false;
    long line = 0;
    authp_feed_t *feed = feed_of(text);
    authp_err_t err = authp_csv_feed_make(feed, &rows, pool);
    err = err == AUTHP_OK ? authp_csv_feed_next(rows, &row, &odd, &line, pool) : err;
    ck_assert_int_eq(err == AUTHP_OK, row != NULL);
    return err == AUTHP_OK ? NULL : authp_feed_refusal(feed);
}

/* A row of 200 fields, and of 1 MiB with a byte for the end of each field. */
START_TEST(largest_rows)
{
    const size_t most = AUTHP_FEED_RECORD_MOST - 1;
    for (size_t more = 0; more < 2; more++) {
        const char *names = "a0";
        for (size_t i = 1; i < 200 + more; i++) {
            names = apr_psprintf(pool, "%s,a%d", names, (int)i);
        }
        const char *row = of_length(199 + more, ',');
        ck_assert_pstr_eq(first_row(apr_pstrcat(pool, names, "\n", row, "\n", NULL)),
                          more ? "line 1: a row has more than 200 fields" : NULL);
        static const char *const quotes[] = {"", "\""};
        for (int i = 0; i < 2; i++) {
            const char *text = apr_pstrcat(pool, "a\n", quotes[i], of_length(most + more, 'x'),
                                           quotes[i], "\n", NULL);
            ck_assert_pstr_eq(first_row(text), more ? "line 2: a row is larger than 1 MiB" : NULL);
        }
    }
}
END_TEST

START_TEST(largest_records)
{
    const size_t frame = strlen("{\"a\":\"\"}");
    for (size_t more = 0; more < 2; more++) {
        json_t *record = NULL;
        long line = 0;
        const char *filler = of_length(AUTHP_FEED_RECORD_MOST - frame + more, 'x');
        const char *text = apr_pstrcat(pool, "{\"a\":\"", filler, "\"}\n{\"b\":\"\\u0000\"}", NULL);
        authp_json_feed_t *json = authp_json_feed_make(feed_of(text), NULL, pool);
        ck_assert_int_eq(authp_json_feed_next(json, &record, &line, pool), AUTHP_OK);
        ck_assert_int_eq(record == NULL, more == 1);
        /* The next one begins anew. A text may have a NUL: the rules of the row see to it. */
        ck_assert_int_eq(authp_json_feed_next(json, &record, &line, pool), AUTHP_OK);
        ck_assert_int_eq(line, 2);
        ck_assert_uint_eq(json_object_size(record), 1);
        ck_assert_uint_eq(json_string_length(json_object_get(record, "b")), 1);
        ck_assert_int_eq(authp_json_feed_next(json, &record, &line, pool), AUTHP_E_NOT_FOUND);
    }
}
END_TEST

/* --- values ----------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    authp_ms_t ms;
} times[] = {
    {"99999999999", 99999999999000LL}, /* the last number of seconds */
    {"100000000000", 100000000000LL},  /* the first of milliseconds */
    {"253402300799999", 253402300799999LL},
    {"253402300800000", 0},
    {"0000000000000001", 0}, /* more than 15 digits */
    {"000000000000001", 1000},
    {"1970-01-01T00:00:00Z", 0},
    {"9999-12-31T23:59:59.999Z", 253402300799999LL},
    {"2016-12-31T23:59:60Z", 1483228800000LL},
    {"2100-03-01T00:00:00Z", 4107542400000LL}, /* 2100 has no 29th of February */
    {"2000-02-29T00:00:00Z", 951782400000LL},
    {"2400-02-29T00:00:00Z", 13574563200000LL},
    {"2024-12-31T00:00:00Z", 1735603200000LL},
    {"2024-01-01T00:00:00.1Z", 1704067200100LL},
    {"2024-01-01T00:00:00.12Z", 1704067200120LL},
    {"2024-01-01T00:00:00.123456789Z", 1704067200123LL},
    {"2024-01-01T00:00:00.Z", 1704067200000LL},
    {"2024-01-01T00:00:00z", 1704067200000LL},
    {"2024-01-01T00:00:00+15", 1704013200000LL},
    {"2024-01-01T00:00:00-15:59", 1704124740000LL},
    {"2024-01-01T00:00:00+0059", 1704063660000LL},
    {"2024-01-01T00:00:00+0060", 0},
    {"2024-01-01T00:00:00+1600", 0},
    {"2024-01-01T00:00:00+00:000", 0},
    {"2024-01-01T23:59:59Z", 1704153599000LL},
    {"2024-01-00T00:00:00Z", 0},
    {"2024-1-01T00:00:00Z", 0},
    {"2024-01-01X00:00:00Z", 0},
    {"", 0},
};

START_TEST(times_of_a_file)
{
    ck_assert_msg(authp_draft_time(owned(json_string(times[_i].text))) == times[_i].ms, "%s: %lld",
                  times[_i].text, (long long)authp_draft_time(owned(json_string(times[_i].text))));
}
END_TEST

START_TEST(times_as_numbers)
{
    ck_assert_int_eq(authp_draft_time(owned(json_integer(99999999999LL))), 99999999999000LL);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(100000000000LL))), 100000000000LL);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(253402300799999LL))), 253402300799999LL);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(253402300800000LL))), 0);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(1))), 1000);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(0))), 0);
    ck_assert_int_eq(authp_draft_time(owned(json_integer(-1))), 0);
    ck_assert_int_eq(authp_draft_time(owned(json_real(1.5))), 0);
    ck_assert_int_eq(authp_draft_time(NULL), 0);
}
END_TEST

START_TEST(truth)
{
    static const char *const yes[] = {"true", "TRUE", "t", "T", "yes", "Yes", "1"};
    static const char *const no[] = {"false", "FALSE", "f", "no", "No", "0", ""};
    bool odd = false;
    for (int i = 0; i < LENGTH(yes); i++) {
        ck_assert(authp_draft_truth(owned(json_string(yes[i])), &odd) && !odd);
    }
    for (int i = 0; i < LENGTH(no); i++) {
        ck_assert(!authp_draft_truth(owned(json_string(no[i])), &odd) && !odd);
    }
    ck_assert(authp_draft_truth(json_true(), &odd) && !odd);
    ck_assert(!authp_draft_truth(json_false(), &odd) && !odd);
    ck_assert(!authp_draft_truth(json_null(), &odd) && !odd);
    ck_assert(!authp_draft_truth(NULL, &odd) && !odd);
    ck_assert(!authp_draft_truth(owned(json_string("y")), NULL));
    ck_assert(!authp_draft_truth(owned(json_string("y")), &odd) && odd);
    odd = false;
    ck_assert(!authp_draft_truth(owned(json_integer(1)), &odd) && odd);
}
END_TEST

static authp_draft_t draft(void)
{
    return (authp_draft_t){.roles = apr_array_make(pool, 2, sizeof(const char *)),
                           .notes = apr_array_make(pool, 2, sizeof(const char *))};
}

/* A file may name any number of roles. Each one is kept once, and 200 of them. */
START_TEST(most_roles)
{
    authp_draft_t many = draft();
    for (int i = 0; i < 201; i++) {
        authp_draft_role(&many, apr_psprintf(pool, "role%d", i));
        authp_draft_role(&many, apr_psprintf(pool, "role%d", i));
    }
    authp_draft_role(&many, "");
    authp_draft_role(&many, NULL);
    ck_assert_int_eq(many.roles->nelts, 200);
    ck_assert_str_eq(APR_ARRAY_IDX(many.roles, 199, const char *), "role199");
    authp_draft_t some = draft();
    authp_draft_roles(&some, owned(json_string("a b\tc\rd\ne,f;g|h,,a")), pool);
    ck_assert_str_eq(apr_array_pstrcat(pool, some.roles, ','), "a,b,c,d,e,f,g,h");
    some = draft();
    authp_draft_roles(&some, owned(json_pack("[s, s, i, s]", "a b", "", 7, "c")), pool);
    ck_assert_str_eq(apr_array_pstrcat(pool, some.roles, ','), "a b,c");
}
END_TEST

START_TEST(identities)
{
    static const char *const issuers[][2] = {{"google", "https://accounts.google.com"},
                                             {"google.com", "https://accounts.google.com"},
                                             {"google-oauth2", "https://accounts.google.com"},
                                             {"github", "https://github.com"},
                                             {"github.com", "https://github.com"},
                                             {"Google", NULL},
                                             {"", NULL},
                                             {NULL, NULL}};
    authp_draft_t one = draft();
    for (int i = 0; i < LENGTH(issuers); i++) {
        ck_assert_pstr_eq(authp_draft_issuer(issuers[i][0]), issuers[i][1]);
    }
    authp_draft_identity(&one, of_length(70, 'p'), NULL, "1", NULL);
    authp_draft_identity(&one, "google", "https://accounts.google.com", "", NULL);
    authp_draft_identity(&one, NULL, "https://accounts.google.com", NULL, NULL);
    ck_assert_ptr_null(one.identities);
    ck_assert_str_eq(
        APR_ARRAY_IDX(one.notes, 0, const char *),
        apr_psprintf(pool, "the identity at \"%s\" is not taken over", of_length(64, 'p')));
    ck_assert_str_eq(APR_ARRAY_IDX(one.notes, 1, const char *),
                     "the identity at \"google\" is not taken over");
    ck_assert_str_eq(APR_ARRAY_IDX(one.notes, 2, const char *),
                     "the identity at \"an unknown provider\" is not taken over");
    ck_assert_str_eq(authp_draft_join(" Ada", NULL, pool), "Ada");
    ck_assert_str_eq(authp_draft_join("Ada", "Byron ", pool), "Ada Byron");
    ck_assert_ptr_null(authp_draft_join(" ", NULL, pool));
}
END_TEST

/* --- texts of hashes -------------------------------------------------------------------------- */

START_TEST(texts_of_hashes)
{
    const authp_hash_form_t parts = {.salt = "c2FsdA==", .hash = "aGFzaA"};
    const authp_hash_form_t odd = {.salt = "c2FsdA==", .hash = "a$b"};
    const authp_hash_form_t bare = {.hash = "aGFzaA"};
    ck_assert_str_eq(authp_hash_form_pbkdf2(512, 1, &parts, pool),
                     "$pbkdf2-sha512$1$c2FsdA==$aGFzaA");
    ck_assert_ptr_null(authp_hash_form_pbkdf2(512, 0, &parts, pool));
    ck_assert_ptr_null(authp_hash_form_pbkdf2(512, 1, &odd, pool));
    ck_assert_ptr_null(authp_hash_form_pbkdf2(512, 1, &bare, pool));
    ck_assert_str_eq(authp_hash_form_sha(512, true, &parts, pool), "$sha512$o=ps$c2FsdA==$aGFzaA");
    ck_assert_str_eq(authp_hash_form_sha(256, false, &bare, pool), "$sha256$o=sp$$aGFzaA");
    ck_assert_ptr_null(authp_hash_form_sha(256, false, &odd, pool));
    ck_assert_str_eq(authp_hash_form_scrypt(2, 1, 3, &parts, pool),
                     "$scrypt$ln=1,r=1,p=3$c2FsdA==$aGFzaA");
    ck_assert_str_eq(authp_hash_form_scrypt(1L << 31, 8, 1, &parts, pool),
                     "$scrypt$ln=31,r=8,p=1$c2FsdA==$aGFzaA");
    static const long wrong[][3] = {{0, 8, 1}, {1, 8, 1}, {3, 8, 1}, {1L << 32, 8, 1},
                                    {2, 0, 1}, {2, 8, 0}, {-2, 8, 1}};
    for (int i = 0; i < LENGTH(wrong); i++) {
        ck_assert_ptr_null(
            authp_hash_form_scrypt(wrong[i][0], wrong[i][1], wrong[i][2], &parts, pool));
    }
    ck_assert_ptr_null(authp_hash_form_scrypt(2, 8, 1, &odd, pool));
    ck_assert_ptr_null(authp_hash_form_scrypt(2, 8, 1, &bare, pool));
}
END_TEST

START_TEST(bytes_of_hashes)
{
    static const char *const wrong[] = {NULL, "", "0", "0g", "g0", "00 0"};
    ck_assert(authp_hash_form_is_base64("AZaz09+/-_="));
    ck_assert(!authp_hash_form_is_base64(NULL) && !authp_hash_form_is_base64(""));
    ck_assert(!authp_hash_form_is_base64("a b") && !authp_hash_form_is_base64("a,"));
    ck_assert_str_eq(authp_hash_form_from_hex("0123456789abcdefABCDEF", pool), "ASNFZ4mrze-rze8");
    for (int i = 0; i < LENGTH(wrong); i++) {
        ck_assert_ptr_null(authp_hash_form_from_hex(wrong[i], pool));
    }
    ck_assert_str_eq(authp_hash_form_from_text("bath", pool), "YmF0aA");
    ck_assert_str_eq(authp_hash_form_to_text("Pzo/Pj4+", pool), "?:?>>>");
    ck_assert_str_eq(authp_hash_form_to_text("Pzo_Pj4-", pool), "?:?>>>");
    ck_assert_ptr_null(authp_hash_form_to_text("YQBi", pool)); /* a NUL inside */
    ck_assert_ptr_null(authp_hash_form_to_text("YQA=", pool)); /* and at the end */
    ck_assert_ptr_null(authp_hash_form_to_text("YmF0a", pool));
    ck_assert_ptr_null(authp_hash_form_to_text("$2b$", pool));
    ck_assert_ptr_null(authp_hash_form_to_text(NULL, pool));
}
END_TEST

Suite *suite_intake_limits(void)
{
    Suite *suite = suite_create("intake_limits");
    TCase *tests = tcase_create("limits");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, bytes_and_lines);
    tcase_add_test(tests, largest_rows);
    tcase_add_test(tests, largest_records);
    tcase_add_loop_test(tests, times_of_a_file, 0, LENGTH(times));
    tcase_add_test(tests, times_as_numbers);
    tcase_add_test(tests, truth);
    tcase_add_test(tests, most_roles);
    tcase_add_test(tests, identities);
    tcase_add_test(tests, texts_of_hashes);
    tcase_add_test(tests, bytes_of_hashes);
    suite_add_tcase(suite, tests);
    return suite;
}
