/* SPDX-License-Identifier: Apache-2.0 */
/* Language tags, and the language that an Accept-Language header asks for. */
#include "service/mail/language.h"
#include "suite.h"

#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>

static apr_pool_t *pool;

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

static const apr_array_header_t *list(const char *words)
{
    char *state = NULL;
    apr_array_header_t *out = apr_array_make(pool, 4, sizeof(const char *));
    for (char *word = apr_strtok(apr_pstrdup(pool, words), " ", &state); word != NULL;
         word = apr_strtok(NULL, " ", &state)) {
        APR_ARRAY_PUSH(out, const char *) = word;
    }
    return out;
}

static const struct {
    const char *known;
    const char *header;
    const char *expected;
} choices[] = {
    {"en de hi", NULL, "en"},
    {"en de hi", "", "en"},
    {"en de hi", "de", "de"},
    {"en de hi", "DE", "de"},
    {"en de hi", "fr, hi", "hi"},
    {"en de hi", "fr", "en"},
    /* by q, equal ones in their order */
    {"en de hi", "de;q=0.5, hi;q=0.8", "hi"},
    {"en de hi", "de;q=0.8, hi;q=0.8", "de"},
    {"en de hi", "de;q=0.801,hi;q=0.802", "hi"},
    {"en de hi", "en;q=0.1,de;q=1.000,hi", "de"},
    {"en de hi", " de ; q=0.5 ,\thi ;Q=0.6", "hi"},
    /* shorter and longer tags */
    {"en de hi", "de-AT", "de"},
    {"en de hi", "de-AT-1996, hi", "de"},
    {"en pt-BR", "pt", "pt-BR"},
    {"en pt pt-BR", "pt-br", "pt-BR"},
    {"en pt pt-BR", "pt-PT", "pt"},
    {"en pt-BR", "pt-PT, en;q=0.5", "en"},
    {"en de", "den", "en"},
    {"en den", "de", "en"},
    /* q=0 excludes */
    {"en de hi", "de;q=0, hi;q=0.1", "hi"},
    {"en de hi", "de-AT, de;q=0, hi;q=0.1", "hi"},
    {"en de hi", "de-AT;q=0, de", "de"},
    {"en de hi", "*, en;q=0", "de"},
    {"en de hi", "*, en;q=0, de;q=0.0", "hi"},
    {"en de", "en;q=0.000, de;q=0", "en"},
    {"en de hi", "*;q=0", "en"},
    /* any */
    {"de en hi", "*", "en"},
    {"de hi", "*", "de"},
    {"en de hi", "hi;q=0.5, *;q=0.1", "hi"},
    {"en de hi", "*;q=0.6, hi;q=0.5", "en"},
    /* members that are malformed are skipped */
    {"en de hi", "de;q=2, hi;q=0.1", "hi"},
    {"en de hi", "de;q=1.001, hi;q=0.1", "hi"},
    {"en de hi", "de;q=0.1234, hi;q=0.1", "hi"},
    {"en de hi", "de;q=-1, hi;q=0.1", "hi"},
    {"en de hi", "de;q, hi;q=0.1", "hi"},
    {"en de hi", "de;q=0x5, hi;q=0.1", "hi"},
    {"en de hi", "de;x=1, hi;q=0.1", "hi"},
    {"en de hi", "de;q=0,5", "en"},
    {"en de hi", ",, ;, ;q=1,--,d,*-de,hi", "hi"},
    {"en de hi", "d\xc3\xa9,../../etc,hi", "hi"},
    {"en de hi", "de;q=0.", "en"}, /* 0, as it may be after a cut */
};

START_TEST(chooses)
{
    ck_assert_str_eq(authp_language_choose(choices[_i].header, list(choices[_i].known)),
                     choices[_i].expected);
}
END_TEST

/* The 21st range is not read. */
START_TEST(many_ranges)
{
    const char *header = "";
    for (int i = 0; i < 19; i++) {
        header = apr_pstrcat(pool, header, "fr,", NULL);
    }
    ck_assert_str_eq(authp_language_choose(apr_pstrcat(pool, header, "de", NULL), list("en de")),
                     "de");
    ck_assert_str_eq(authp_language_choose(apr_pstrcat(pool, header, "fr,de", NULL), list("en de")),
                     "en");
}
END_TEST

static const struct {
    const char *tag;
    bool good;
} tags[] = {
    {"de", true},
    {"gsw", true},
    {"pt-BR", true},
    {"zh-Hant-TW", true},
    {"de-1996", true},
    {"sl-rozaj-biske-1994", true},
    {"", false},
    {"d", false},
    {"germ", false}, /* a language has 2 or 3 letters */
    {"german", false},
    {"d1", false},
    {"de-", false},
    {"-de", false},
    {"de--AT", false},
    {"de_AT", false},
    {"de-A", false},
    {"de-abcdefghi", false},
    {"../etc", false},
    {"de AT", false},
    {"d\xc3\xa9", false},
    {"aa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaaaa", false},
    /* 35 and 36 bytes */
    {"aa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaa", true},
    {"aa-aaaaaaaa-aaaaaaaa-aaaaaaaa-aaaaaa", false},
};

START_TEST(is_tag)
{
    ck_assert_int_eq(authp_language_is_tag(tags[_i].tag, strlen(tags[_i].tag)), tags[_i].good);
}
END_TEST

Suite *suite_language(void)
{
    Suite *suite = suite_create("language");
    TCase *tc = tcase_create("language");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, chooses, 0, sizeof(choices) / sizeof(choices[0]));
    tcase_add_test(tc, many_ranges);
    tcase_add_loop_test(tc, is_tag, 0, sizeof(tags) / sizeof(tags[0]));
    suite_add_tcase(suite, tc);
    return suite;
}
