/* SPDX-License-Identifier: Apache-2.0 */
/* The longest and the shortest value of each setting that is a text, a secret or a list, all words
 * of a setting that is on or off, all units of a rate, and files that cannot be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "service/settings/roles.h"
#include "service/settings/settings_table.h"
#include "suite.h"
#include "wiped.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define KEY "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"

static apr_pool_t *pool;
static apr_table_t *environment;

static const char *lookup(void *ctx, const char *name)
{
    return apr_table_get(ctx, name);
}

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    environment = apr_table_make(pool, 4);
    apr_table_setn(environment, "JWT_SECRET_KEY", KEY);
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Loads the environment. Returns the errors, each followed by '|'. */
static const char *load(authp_settings_t **out)
{
    const authp_settings_env_t env = {lookup, environment};
    apr_array_header_t *errors = NULL;
    const char *said = "";
    *out = NULL;
    authp_err_t err = authp_settings_load(NULL, &env, out, &errors, pool);
    for (int i = 0; i < errors->nelts; i++) {
        said = apr_pstrcat(pool, said, APR_ARRAY_IDX(errors, i, const char *), "|", NULL);
    }
    ck_assert_int_eq(err == AUTHP_OK, errors->nelts == 0);
    return said;
}

/* What is said about one setting with this value. */
static const char *said_of(const char *name, const char *value)
{
    authp_settings_t *s = NULL;
    apr_table_setn(environment, name, value);
    const char *said = load(&s);
    apr_table_setn(environment, name, "");
    apr_table_setn(environment, "JWT_SECRET_KEY", KEY);
    return said;
}

/* Text of that many bytes without any pattern. */
static char *of_length(int len)
{
    char *text = apr_palloc(pool, (apr_size_t)len + 1);
    for (int i = 0; i < len; i++) {
        text[i] = (char)('a' + (i * 7 + i / 26) % 26);
    }
    text[len] = '\0';
    return text;
}

/* The texts. Other complaints about them, such as "must be an https URL", do not matter here. */
static const struct {
    const char *name;
    int most;
} texts[] = {
    {"AUTH_STATE_DIR", 1000},
    {"MONGODB_URI", 4000},
    {"MONGODB_DB", 63},
    {"DATABASE_URL", 4000},
    {"AUTH_DB_SCHEMA", 63},
    {"JWT_ALGORITHM", 20},
    {"JWT_KEY_FILE", 1000},
    {"JWT_ISSUER", 255},
    {"JWT_AUDIENCE", 255},
    {"PASSWORD_REFUSED_FILE", 1000},
    {"FRONTEND_URL", 2000},
    {"MSG91_TEMPLATE_ID", 100},
    {"MSG91_BASE_URL", 500},
    {"PHONE_DEFAULT_COUNTRY", 3},
    {"MAIL_URL", 2000},
    {"MAIL_FROM", 320},
    {"PUBLIC_URL", 300},
    {"MAIL_CA_FILE", 1000},
    {"MAIL_TEMPLATE_DIR", 1000},
    {"GOOGLE_CLIENT_ID", 500},
    {"GOOGLE_OAUTH_REDIRECT_URI", 1000},
    {"GOOGLE_ISSUER", 255},
    {"OIDC_CA_FILE", 1000},
    {"OIDC_CORP_ISSUER", 255},
    {"OIDC_CORP_CLIENT_ID", 500},
    {"OIDC_CORP_REDIRECT_URI", 1000},
    {"OIDC_CORP_SCOPES", 500},
    {"OIDC_CORP_LABEL", 100},
};

START_TEST(longest_texts)
{
    const char *name = texts[_i].name;
    const char *what = apr_psprintf(pool, "%s in the environment: must be at most %d bytes|", name,
                                    texts[_i].most);
    apr_table_setn(environment, "OIDC_PROVIDERS", "corp");
    const char *said = said_of(name, of_length(texts[_i].most));
    ck_assert_msg(strstr(said, "must be at most") == NULL, "%s", said);
    said = said_of(name, of_length(texts[_i].most + 1));
    ck_assert_msg(strstr(said, what) != NULL, "%s", said);
}
END_TEST

/* No text of the table is left out above. */
START_TEST(all_texts)
{
    int count = 5; /* the settings of a provider */
    for (int i = 0; i < authp_settings_table_count; i++) {
        count += authp_settings_table[i].kind == AUTHP_SETTING_TEXT;
    }
    ck_assert_int_eq(count, LENGTH(texts));
}
END_TEST

static const struct {
    const char *name;
    int least;
    int most;
} secrets[] = {
    {"JWT_SECRET_KEY", 32, 4096},        {"JWT_SECRET_KEY_PREVIOUS", 32, 4096},
    {"MSG91_AUTH_KEY", 1, 500},          {"GOOGLE_CLIENT_SECRET", 8, 500},
    {"OIDC_CORP_CLIENT_SECRET", 8, 500},
};

START_TEST(lengths_of_secrets)
{
    const char *name = secrets[_i].name;
    const int lengths[] = {secrets[_i].least, secrets[_i].most, secrets[_i].most + 1,
                           secrets[_i].least - 1};
    apr_table_setn(environment, "OIDC_PROVIDERS", "corp");
    for (int i = 0; i < LENGTH(lengths) && lengths[i] > 0; i++) {
        const char *said = said_of(name, of_length(lengths[i]));
        const char *what = apr_psprintf(pool, "%s in the environment: is %d bytes, needs %d to %d ",
                                        name, lengths[i], secrets[_i].least, secrets[_i].most);
        ck_assert_msg((strstr(said, what) != NULL) == (i >= 2), "%d: %s", lengths[i], said);
    }
}
END_TEST

static const struct {
    const char *name;
    int most;
} lists[] = {
    {"GOOGLE_EXTRA_CLIENT_IDS", 500},
    {"OIDC_PROVIDERS", 32},
    {"PHONE_COUNTRIES", 3},
    {"OIDC_CORP_EMAIL_DOMAINS", 253},
};

/* Each element has at least one byte. */
START_TEST(elements_of_lists)
{
    const char *name = lists[_i].name;
    const char *what =
        apr_psprintf(pool, "%s in the environment: must be a list of texts of 1 to %d bytes each|",
                     name, lists[_i].most);
    if (strcmp(name, "OIDC_PROVIDERS") != 0) {
        apr_table_setn(environment, "OIDC_PROVIDERS", "corp");
    }
    const char *said = said_of(name, of_length(lists[_i].most));
    ck_assert_msg(strstr(said, "must be a list of texts") == NULL, "%s", said);
    const char *const wrong[] = {apr_pstrcat(pool, "a,", of_length(lists[_i].most + 1), NULL),
                                 "a, ,b",
                                 "[\"a\",\"\"]",
                                 "[\"a\",1]",
                                 "[\"a\\u0000b\"]",
                                 "[\"a\\nb\"]"};
    for (int i = 0; i < LENGTH(wrong); i++) {
        said = said_of(name, wrong[i]);
        ck_assert_msg(strstr(said, what) != NULL, "%s: %s", wrong[i], said);
    }
}
END_TEST

START_TEST(words_for_on_and_off)
{
    static const struct {
        const char *word;
        bool on;
    } rows[] = {{"true", true},   {"on", true},   {"1", true},  {"yes", true}, {"TRUE", true},
                {"false", false}, {"off", false}, {"0", false}, {"no", false}, {"No", false}};
    for (int i = 0; i < LENGTH(rows); i++) {
        authp_settings_t *s = NULL;
        apr_table_setn(environment, "SECURE_COOKIES", rows[i].word);
        ck_assert_str_eq(load(&s), "");
        ck_assert_msg(s->secure_cookies == rows[i].on, "%s", rows[i].word);
    }
}
END_TEST

START_TEST(units_of_rates)
{
    static const struct {
        const char *text;
        int count;
        int seconds; /* 0: refused */
    } rows[] = {
        {"7/30s", 7, 30},     {"7/2m", 7, 120},  {"7/3h", 7, 10800},
        {"7/2d", 7, 172800},  {"7/2H", 7, 7200}, {"1000000/1000d", 1000000, 86400000},
        {"1000001/1d", 0, 0}, {"1/1001s", 0, 0}, {"1/1", 0, 0},
        {"1/", 0, 0},         {"1/1w", 0, 0},
    };
    for (int i = 0; i < LENGTH(rows); i++) {
        authp_settings_t *s = NULL;
        apr_table_setn(environment, "AUTH_LIMIT_ADDRESS", rows[i].text);
        const char *said = load(&s);
        ck_assert_msg((*said == '\0') == (rows[i].seconds > 0), "%s: %s", rows[i].text, said);
        if (s != NULL) {
            ck_assert_int_eq(s->limit_address.count, rows[i].count);
            ck_assert_int_eq(s->limit_address.seconds, rows[i].seconds);
        }
    }
}
END_TEST

/* All words of documents, alone, in capitals and inside of a longer text. */
START_TEST(every_sample)
{
    static const char *const samples[] = {
        "change-me",   "changeme",     "change_me",    "replace-me",  "replace_me",
        "your-secret", "your_secret",  "example",      "placeholder", "secret-key",
        "supersecret", "replace_this", "replace-this", "change_this", "change-this"};
    for (int i = 0; i < LENGTH(samples); i++) {
        for (int upper = 0; upper < 2; upper++) {
            char *word = apr_pstrdup(pool, samples[i]);
            for (char *at = word; upper != 0 && *at != '\0'; at++) {
                *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 'a' + 'A' : *at);
            }
            const char *said =
                said_of("JWT_SECRET_KEY", apr_pstrcat(pool, of_length(24), word, "XYZ", NULL));
            ck_assert_msg(strstr(said, "is a sample or a pattern") != NULL, "%s: %s", word, said);
        }
    }
    (void)wiped_sizes();
    ck_assert_str_eq(said_of("JWT_SECRET_KEY", of_length(36)), "");
    ck_assert_ptr_nonnull(strstr(wiped_sizes(), "4097 ")); /* the copy in small letters */
}
END_TEST

/* What the caller's memory holds later does not change the settings. */
START_TEST(values_are_copied)
{
    char issuer[] = "issuer-of-tokens";
    char file[] = "/tmp/authp-bounds-XXXXXX";
    authp_settings_t *s = NULL;
    apr_table_setn(environment, "JWT_ISSUER", issuer);
    const authp_settings_env_t env = {lookup, environment};
    apr_array_header_t *errors = NULL;
    ck_assert_int_eq(close(mkstemp(file)), 0);
    const char *name = apr_pstrdup(pool, file);
    ck_assert_int_eq(authp_settings_load(file, &env, &s, &errors, pool), AUTHP_OK);
    ck_assert_int_eq(unlink(file), 0);
    memset(issuer, 'x', strlen(issuer));
    memset(file, 'x', strlen(file));
    ck_assert_str_eq(s->jwt_issuer, "issuer-of-tokens");
    ck_assert_str_eq(s->source, name);
}
END_TEST

/* --- files that are there but cannot be read. root may read all files, so this is another user ---
 */
#define OTHER_USER 65534

static const struct {
    const char *name;
    bool is_folder;
} files[] = {{"OIDC_CA_FILE", false},
             {"PASSWORD_REFUSED_FILE", false},
             {"MAIL_CA_FILE", false},
             {"MAIL_TEMPLATE_DIR", true}};

START_TEST(files_that_cannot_be_read)
{
    const bool is_folder = files[_i].is_folder;
    char folder[] = "/tmp/authp-bounds-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0);
    const char *file = apr_pstrcat(pool, folder, "/x", NULL);
    if (is_folder) {
        ck_assert_int_eq(mkdir(file, 0700), 0);
    } else {
        FILE *made = fopen(file, "w");
        ck_assert_ptr_nonnull(made);
        ck_assert_int_eq(fclose(made), 0);
    }
    ck_assert_str_eq(said_of(files[_i].name, file), "");
    static const mode_t modes[] = {0, 0400, 0100};
    ck_assert(geteuid() != 0 || chown(file, OTHER_USER, OTHER_USER) == 0);
    for (int i = 0; i < (is_folder ? 3 : 1); i++) {
        ck_assert_int_eq(chmod(file, modes[i]), 0);
        pid_t child = fork();
        if (child == 0) {
            bool fine = geteuid() != 0 || setresuid(OTHER_USER, OTHER_USER, OTHER_USER) == 0;
            const char *said = fine ? said_of(files[_i].name, file) : "";
            _exit(strstr(said, is_folder ? "is not a folder that can be read" : "cannot be read") !=
                          NULL
                      ? 0
                      : 1);
        }
        int status = -1;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(status == 0, "%s of mode %o", files[_i].name, (unsigned int)modes[i]);
    }
    ck_assert_int_eq(is_folder ? rmdir(file) : unlink(file), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

/* Each of the most roles that ROLES takes has a bit of its own. */
START_TEST(most_roles)
{
    const char *names = "r0";
    authp_settings_t *s = NULL;
    for (int i = 1; i < 32; i++) {
        names = apr_psprintf(pool, "%s,r%d", names, i);
    }
    apr_table_setn(environment, "ROLES", names);
    ck_assert_str_eq(load(&s), "");
    const authp_roles_map_t *map = authp_roles_map_make(s->roles, pool);
    for (int i = 0; i < 32; i++) {
        ck_assert_uint_eq(authp_roles_bit(map, apr_psprintf(pool, "r%d", i)), 1U << i);
    }
    ck_assert_uint_eq(authp_roles_mask(map, s->roles), UINT32_MAX);
}
END_TEST

/* The folder of the state may be a link to a folder. */
START_TEST(a_link_to_the_state)
{
    char folder[] = "/tmp/authp-bounds-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const char *link = apr_pstrcat(pool, folder, "/state", NULL);
    ck_assert_int_eq(symlink("/tmp", link), 0);
    ck_assert_str_eq(said_of("AUTH_STATE_DIR", link), "");
    ck_assert_int_eq(unlink(link), 0);
    ck_assert_int_eq(symlink("/dev/null", link), 0);
    const char *said = said_of("AUTH_STATE_DIR", link);
    ck_assert_msg(strstr(said, "/state is not a folder|") != NULL, "%s", said);
    ck_assert_int_eq(unlink(link), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

Suite *suite_settings_bounds(void)
{
    Suite *suite = suite_create("settings_bounds");
    TCase *tests = tcase_create("settings_bounds");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, longest_texts, 0, LENGTH(texts));
    tcase_add_test(tests, all_texts);
    tcase_add_loop_test(tests, lengths_of_secrets, 0, LENGTH(secrets));
    tcase_add_loop_test(tests, elements_of_lists, 0, LENGTH(lists));
    tcase_add_test(tests, words_for_on_and_off);
    tcase_add_test(tests, units_of_rates);
    tcase_add_test(tests, every_sample);
    tcase_add_test(tests, values_are_copied);
    tcase_add_loop_test(tests, files_that_cannot_be_read, 0, LENGTH(files));
    tcase_add_test(tests, most_roles);
    tcase_add_test(tests, a_link_to_the_state);
    suite_add_tcase(suite, tests);
    return suite;
}
