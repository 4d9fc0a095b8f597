/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of routes with values in them, and which mount of a host serves a path. */
#include "api/core/mount.h"
#include "api/core/mounts.h"
#include "api/core/path.h"
#include "api/core/profiles.h"
#include "suite.h"

#include <apr_strings.h>
#include <regex.h>
#include <string.h>

#define ID "65f0c0ffee00000000000a01"

static apr_pool_t *pool;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const struct {
    const char *pattern;
    const char *path;
    const char *values; /* joined by ' '; NULL: no match */
} paths[] = {
    {"", "", ""},
    {"", "/", NULL},
    {"/me", "/me", ""},
    {"/me", "/me/", NULL},
    {"/me", "/m", NULL},
    {"/me", "/mee", NULL},
    {"/me", "", NULL},
    {"/users/{id}", "/users/" ID, ID},
    {"/users/{id}", "/users/" ID "/", NULL},
    {"/users/{id}", "/users/", NULL},
    {"/users/{id}", "/users", NULL},
    {"/users/{id}", "/users/65F0C0FFEE00000000000A01", NULL},
    {"/users/{id}", "/users/" ID "0", NULL},
    {"/users/{id}", "/users/65f0c0ffee00000000000a0", NULL},
    {"/users/{id}/sessions", "/users/" ID "/sessions", ID},
    {"/users/{id}/sessions", "/users/" ID, NULL},
    {"/users/{id}/sessions", "/users/" ID "/session", NULL},
    {"/oidc/{provider}/login", "/oidc/my-idp_2/login", "my-idp_2"},
    {"/oidc/{provider}/login", "/oidc//login", NULL},
    {"/oidc/{provider}/login", "/oidc/2idp/login", NULL},
    {"/oidc/{provider}/login", "/oidc/Google/login", NULL},
    {"/oidc/{provider}/login", "/oidc/a.b/login", NULL},
    {"/users/{id}/profiles/{role}", "/users/" ID "/profiles/seeker", ID " seeker"},
    {"/users/{id}/profiles/{role}", "/users/" ID "/profiles/", NULL},
    {"/{role}/{name}", "/a/b", "a b"},
    {"/{role}/{name}", "/a/b/c", NULL},
    {"/{role}/{name}/{id}", "/a/b/" ID, NULL}, /* more values than a call has room for */
    {"/{nothing}", "/a", NULL},
    {"/{name", "/a", NULL},
};

START_TEST(what_a_path_says)
{
    authp_path_values_t values;
    const char *said = "";
    bool matches = authp_path_matches(paths[_i].pattern, paths[_i].path, &values, pool);
    ck_assert_int_eq(matches, paths[_i].values != NULL);
    if (!matches) {
        return;
    }
    for (int i = 0; i < values.count; i++) {
        said = apr_pstrcat(pool, said, i > 0 ? " " : "", values.at[i].text, NULL);
        ck_assert_str_eq(authp_path_value(&values, values.at[i].name), values.at[i].text);
    }
    ck_assert_str_eq(said, paths[_i].values);
    ck_assert_ptr_null(authp_path_value(&values, "other"));
    ck_assert(authp_path_matches(paths[_i].pattern, paths[_i].path, NULL, NULL));
}
END_TEST

START_TEST(words_have_a_length)
{
    char path[80] = "/";
    memset(path + 1, 'a', 65);
    path[66] = '\0';
    ck_assert(!authp_path_matches("/{name}", path, NULL, NULL));
    path[65] = '\0';
    ck_assert(authp_path_matches("/{name}", path, NULL, NULL));
}
END_TEST

START_TEST(kinds_one_after_the_other)
{
    const char *pattern = "/a/{role}/b/{id}/c";
    ck_assert_str_eq(authp_path_next(&pattern)->name, "role");
    ck_assert_str_eq(authp_path_next(&pattern)->name, "id");
    ck_assert_ptr_null(authp_path_next(&pattern));
}
END_TEST

/* What a document says of a value is what the server takes: the pattern of a kind fits the same
 * texts as the kind itself. Tried are its example with each byte of it changed, cut and longer, and
 * words of all lengths. */
static void check_kind(const authp_path_kind_t *kind)
{
    regex_t regex;
    char text[80] = "";
    size_t whole = strlen(kind->example);
    ck_assert_int_eq(regcomp(&regex, kind->pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert(kind->holds(kind->example, whole));
    for (size_t at = 0; at < whole + 1; at++) {
        for (int byte = 0; byte < 128; byte++) {
            apr_cpystrn(text, kind->example, sizeof(text));
            text[whole + 1] = '\0';
            text[at] = (char)byte;
            ck_assert_msg(kind->holds(text, strlen(text)) ==
                              (regexec(&regex, text, 0, NULL, 0) == 0),
                          "%s: byte %d is %d: %s", kind->name, (int)at, byte, text);
        }
    }
    for (size_t len = 0; len < sizeof(text); len++) {
        memset(text, 'a', len);
        text[len] = '\0';
        ck_assert_msg(kind->holds(text, len) == (regexec(&regex, text, 0, NULL, 0) == 0),
                      "%s: %d bytes", kind->name, (int)len);
    }
    regfree(&regex);
}

START_TEST(patterns_fit_what_is_taken)
{
    const char *pattern = "/{id}/{provider}/{role}/{name}";
    const authp_path_kind_t *kind = NULL;
    int count = 0;
    while ((kind = authp_path_next(&pattern)) != NULL) {
        check_kind(kind);
        count++;
    }
    ck_assert_int_eq(count, 4);
}
END_TEST

/* The mount with the longest path that owns the request serves it. */
START_TEST(which_mount)
{
    static const struct {
        const char *path;
        int mount; /* index of the mount; -1: none */
    } rows[] = {
        {"/api", 0},
        {"/api/", 0},
        {"/api/me", 0},
        {"/apis", -1},
        {"/", -1},
        {"", -1},
        {"/api/tiny", 1},
        {"/api/tiny/x", 1},
        {"/api/tinyx", 0},
        {"/api/tiny/who", 2},
        {"/api/tiny/who/x", 1},
        {"/who", 3},
        {"/who/x", -1},
        {"/who/", -1},
        {"/whom", -1},
    };
    apr_array_header_t *mounts = apr_array_make(pool, 4, sizeof(authp_mount_t));
    const authp_profile_t *me = authp_profiles_find("me");
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api", authp_profiles_find("platform"), AUTHP_DELIVERY_JSON);
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api/tiny", authp_profiles_find("tiny"), AUTHP_DELIVERY_JSON);
    APR_ARRAY_PUSH(mounts, authp_mount_t) =
        authp_mount_make("/api/tiny/who", me, AUTHP_DELIVERY_JSON);
    APR_ARRAY_PUSH(mounts, authp_mount_t) = authp_mount_make("/who", me, AUTHP_DELIVERY_JSON);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const authp_mount_t *found = authp_mounts_find(mounts, rows[i].path);
        const authp_mount_t *wanted =
            rows[i].mount >= 0 ? &APR_ARRAY_IDX(mounts, rows[i].mount, authp_mount_t) : NULL;
        ck_assert_msg(found == wanted, "%s: %s", rows[i].path, found != NULL ? found->path : "-");
    }
    ck_assert_ptr_eq(authp_mounts_renewing(mounts), &APR_ARRAY_IDX(mounts, 0, authp_mount_t));
    /* A mount without a document is described where errors look the same. */
    const authp_mount_t *at = &APR_ARRAY_IDX(mounts, 0, authp_mount_t);
    ck_assert_ptr_eq(authp_mounts_describing(mounts, &at[1]), &at[1]);
    ck_assert_ptr_eq(authp_mounts_describing(mounts, &at[2]), &at[0]);
    APR_ARRAY_IDX(mounts, 0, authp_mount_t) = at[1];
    ck_assert_ptr_null(authp_mounts_describing(mounts, &at[2]));
    mounts->nelts = 0;
    ck_assert_ptr_null(authp_mounts_find(mounts, "/api"));
    ck_assert_ptr_null(authp_mounts_renewing(mounts));
}
END_TEST

Suite *suite_path(void)
{
    Suite *suite = suite_create("path");
    TCase *tests = tcase_create("path");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, what_a_path_says, 0, sizeof(paths) / sizeof(paths[0]));
    tcase_add_test(tests, words_have_a_length);
    tcase_add_test(tests, kinds_one_after_the_other);
    tcase_add_test(tests, patterns_fit_what_is_taken);
    tcase_add_test(tests, which_mount);
    suite_add_tcase(suite, tests);
    return suite;
}
