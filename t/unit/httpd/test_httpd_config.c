/* SPDX-License-Identifier: Apache-2.0 */
/* Every directive: where it may stand, each value in each spelling, its default, and how an inner
 * section or a virtual host inherits it. */
#include "api/core/profile.h"
#include "httpd/directives.h"
#include "httpd/way_in.h"
#include "httpd_fake.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>
#include <strings.h>

#define MAIN (1u << FAKE_MAIN)
#define HOST (1u << FAKE_HOST)
#define DIR (1u << FAKE_SECTION | 1u << FAKE_HTACCESS)

typedef enum kind_t { TEXT, NUMBER, LONG, PAGE, MOUNTS, PROFILE } kind_t;

/* Where the directive may stand, the kind of its member, two values, and the member's value for
 * each. */
static const struct directive_t {
    const char *name;
    unsigned places;
    kind_t kind;
    const char *unset;
    const char *one[2];
    const char *other[2];
} directives[] = {
    {"AuthPlatformEnvFile", MAIN, TEXT, NULL, {"/a/.env", "/a/.env"}, {"b.env", "/etc/b.env"}},
    {"AuthPlatformRevocationMaxLag", MAIN, LONG, "0", {"2s", "2000"}, {"1h", "3600000"}},
    {"AuthPlatformLiveTableSize", MAIN, NUMBER, "0", {"1024", "1024"}, {"16777216", "16777216"}},
    {"AuthPlatformTokenCache", MAIN, NUMBER, "-1", {"off", "0"}, {"64K", "64"}},
    {"AuthPlatformMount", MAIN | HOST, MOUNTS, NULL, {"/a", "/a"}, {"off", ""}},
    {"AuthPlatformMe", MAIN | HOST, TEXT, NULL, {"/a/me", "/a/me"}, {"off", ""}},
    {"AuthPlatformTokenDelivery", MAIN | HOST, NUMBER, "-1", {"json", "0"}, {"ask", "2"}},
    {"AuthPlatformOptional", MAIN | HOST | DIR, NUMBER, "-1", {"on", "1"}, {"off", "0"}},
    {"AuthPlatformSignInPage", MAIN | HOST | DIR, PAGE, NULL, {"/in", "/in"}, {"off", ""}},
    {"AuthPlatformForwardAuthorization",
     MAIN | HOST | DIR,
     NUMBER,
     "-1",
     {"on", "1"},
     {"off", "0"}},
    {"AuthPlatformRemoteUser", MAIN | HOST | DIR, NUMBER, "-1", {"email", "1"}, {"id", "0"}},
    {"AuthPlatformWhenUnavailable",
     MAIN | HOST | DIR,
     NUMBER,
     "-1",
     {"allow-valid", "1"},
     {"deny", "0"}},
    {"AuthPlatformAdminPassesRoles", MAIN | HOST | DIR, NUMBER, "-1", {"on", "1"}, {"off", "0"}},
    {"AuthPlatformErrorShape",
     MAIN | HOST | DIR,
     PROFILE,
     NULL,
     {"assessment", "assessment"},
     {"platform", "platform"}},
};
#define DIRECTIVES ((int)(sizeof(directives) / sizeof(directives[0])))

static const command_rec *row_of(const char *name)
{
    const command_rec *row = authp_directives_table;
    while (row->name != NULL && strcmp(row->name, name) != 0) {
        row++;
    }
    ck_assert_ptr_nonnull(row->name);
    return row;
}

/* The paths of mounts, separated by blanks. */
static const char *paths_of(const apr_array_header_t *mounts)
{
    const char *paths = mounts != NULL ? "" : NULL;
    for (int i = 0; mounts != NULL && i < mounts->nelts; i++) {
        paths = apr_pstrcat(fake.f.pool, paths, i > 0 ? " " : "",
                            APR_ARRAY_IDX(mounts, i, const authp_mount_t).path, NULL);
    }
    return paths;
}

/* The member that the directive sets, as text. */
static const char *value_in(const struct directive_t *directive, void *config)
{
    const void *member = (char *)config + (size_t)row_of(directive->name)->cmd_data;
    switch (directive->kind) {
    case TEXT:
        return *(const char *const *)member;
    case NUMBER:
        return apr_itoa(fake.f.pool, *(const int *)member);
    case LONG:
        return apr_psprintf(fake.f.pool, "%" APR_INT64_T_FMT, *(const int64_t *)member);
    case MOUNTS:
        return paths_of(*(apr_array_header_t *const *)member);
    case PROFILE: {
        const authp_profile_t *profile = *(const authp_profile_t *const *)member;
        return profile != NULL ? profile->name : NULL;
    }
    case PAGE:
        break;
    }
    const authp_way_in_t *way = *(const authp_way_in_t *const *)member;
    return way != NULL ? way->page : NULL;
}

static bool is_of_places(const struct directive_t *directive)
{
    return (directive->places & DIR) != 0;
}

/* Returns a new configuration of a server or of a place with the line in it; NULL: without a
 * line. */
static void *config_with(const struct directive_t *directive, const char *value)
{
    bool place = is_of_places(directive);
    void *config = place ? authp_config_create_dir(fake.f.pool, NULL)
                         : authp_config_create_server(fake.f.pool, &fake.main);
    if (!place) {
        ap_set_module_config(fake.main.module_config, &auth_platform_module, config);
    }
    if (value != NULL) {
        ck_assert_ptr_null(httpd_fake_line(place ? FAKE_SECTION : FAKE_MAIN, directive->name, value,
                                           place ? config : NULL));
    }
    return config;
}

START_TEST(all_of_them_are_here)
{
    int count = 0;
    for (const command_rec *row = authp_directives_table; row->name != NULL; row++) {
        count += strncmp(row->name, "AuthPlatform", 12) == 0;
    }
    ck_assert_int_eq(count, DIRECTIVES);
}
END_TEST

START_TEST(where_it_may_stand)
{
    const struct directive_t *directive = &directives[_i];
    for (int place = 0; place < FAKE_PLACES; place++) {
        const char *error =
            httpd_fake_line((httpd_fake_place_t)place, directive->name, directive->one[0], NULL);
        ck_assert_int_eq(error == NULL, (directive->places >> place & 1u) != 0);
    }
}
END_TEST

START_TEST(what_it_sets)
{
    const struct directive_t *directive = &directives[_i];
    ck_assert_pstr_eq(value_in(directive, config_with(directive, NULL)), directive->unset);
    ck_assert_str_eq(value_in(directive, config_with(directive, directive->one[0])),
                     directive->one[1]);
    ck_assert_str_eq(value_in(directive, config_with(directive, directive->other[0])),
                     directive->other[1]);
}
END_TEST

/* The outer value, the inner value, and the value in force; 0 is unset. */
START_TEST(how_the_inner_one_takes_over)
{
    static const int merges[][3] = {{0, 0, 0}, {1, 0, 1}, {2, 0, 2}, {0, 1, 1},
                                    {0, 2, 2}, {1, 2, 2}, {2, 1, 1}, {1, 1, 1}};
    const struct directive_t *directive = &directives[_i];
    if (directive->places == MAIN) {
        return; /* the directive is for the main server only */
    }
    const char *const given[] = {NULL, directive->one[0], directive->other[0]};
    const char *const wanted[] = {directive->unset, directive->one[1], directive->other[1]};
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        void *outer = config_with(directive, given[merges[i][0]]);
        void *inner = config_with(directive, given[merges[i][1]]);
        void *both = is_of_places(directive) ? authp_config_merge_dir(fake.f.pool, outer, inner)
                                             : authp_config_merge_server(fake.f.pool, outer, inner);
        ck_assert_pstr_eq(value_in(directive, both), wanted[merges[i][2]]);
        for (int other = 0; other < DIRECTIVES; other++) {
            if (other != _i && is_of_places(&directives[other]) == is_of_places(directive) &&
                directives[other].places != MAIN) {
                ck_assert_pstr_eq(value_in(&directives[other], both), directives[other].unset);
            }
        }
    }
}
END_TEST

/* The directive, its value, and the member's value; NULL: refused. */
static const char *const spellings[][3] = {
    {"AuthPlatformEnvFile", "", NULL},
    {"AuthPlatformRevocationMaxLag", "1999ms", NULL},
    {"AuthPlatformRevocationMaxLag", "2000ms", "2000"},
    {"AuthPlatformRevocationMaxLag", "5", "5000"},
    {"AuthPlatformRevocationMaxLag", "3600s", "3600000"},
    {"AuthPlatformRevocationMaxLag", "3601s", NULL},
    {"AuthPlatformRevocationMaxLag", "-5", NULL},
    {"AuthPlatformRevocationMaxLag", "", NULL},
    {"AuthPlatformLiveTableSize", "1023", NULL},
    {"AuthPlatformLiveTableSize", "1025", "1025"},
    {"AuthPlatformLiveTableSize", "16777217", NULL},
    {"AuthPlatformLiveTableSize", "99999999999999999999", NULL},
    {"AuthPlatformLiveTableSize", "4096k", NULL},
    {"AuthPlatformLiveTableSize", "", NULL},
    {"AuthPlatformTokenCache", "Off", "0"},
    {"AuthPlatformTokenCache", "63K", NULL},
    {"AuthPlatformTokenCache", "64k", "64"},
    {"AuthPlatformTokenCache", "1m", "1024"},
    {"AuthPlatformTokenCache", "1M", "1024"},
    {"AuthPlatformTokenCache", "1024M", "1048576"},
    {"AuthPlatformTokenCache", "1048576K", "1048576"},
    {"AuthPlatformTokenCache", "1048577K", NULL},
    {"AuthPlatformTokenCache", "1025M", NULL},
    {"AuthPlatformTokenCache", "00000064K", NULL},
    {"AuthPlatformTokenCache", "64", NULL},
    {"AuthPlatformTokenCache", "64G", NULL},
    {"AuthPlatformTokenCache", "64KB", NULL},
    {"AuthPlatformTokenCache", "K", NULL},
    {"AuthPlatformTokenCache", "", NULL},
    {"AuthPlatformMount", "OFF", ""},
    {"AuthPlatformMount", "/", NULL},
    {"AuthPlatformMount", "/a/", NULL},
    {"AuthPlatformMount", "/a/b-c_d.e~f", "/a/b-c_d.e~f"},
    {"AuthPlatformMount", "/a/.b/..c/...", "/a/.b/..c/..."},
    {"AuthPlatformMount", "/a/.", NULL},
    {"AuthPlatformMount", "/a/..", NULL},
    {"AuthPlatformMount", "/./a", NULL},
    {"AuthPlatformMount", "/../a", NULL},
    {"AuthPlatformMount", "//a", NULL},
    {"AuthPlatformMount", "/a%2fb", NULL},
    {"AuthPlatformMount", "/a#b", NULL},
    {"AuthPlatformMount", "/a\\b", NULL},
    {"AuthPlatformMount", "/a\"b", NULL},
    {"AuthPlatformMount", "/a<b", NULL},
    {"AuthPlatformMount", "/a>b", NULL},
    {"AuthPlatformMount", "/a b", NULL},
    {"AuthPlatformMount", "/a\x7f", NULL},
    {"AuthPlatformMount", "/a\xc3\xa9", NULL},
    {"AuthPlatformMount", "", NULL},
    {"AuthPlatformTokenDelivery", "JSON", "0"},
    {"AuthPlatformTokenDelivery", "cookie", "1"},
    {"AuthPlatformTokenDelivery", "Ask", "2"},
    {"AuthPlatformTokenDelivery", "cookies", NULL},
    {"AuthPlatformTokenDelivery", "", NULL},
    {"AuthPlatformRemoteUser", "ID", "0"},
    {"AuthPlatformRemoteUser", "EMAIL", "1"},
    {"AuthPlatformRemoteUser", "mail", NULL},
    {"AuthPlatformWhenUnavailable", "Deny", "0"},
    {"AuthPlatformWhenUnavailable", "Allow-Valid", "1"},
    {"AuthPlatformWhenUnavailable", "allow", NULL},
    {"AuthPlatformSignInPage", "Off", ""},
    {"AuthPlatformSignInPage", "/in/", "/in/"},
    {"AuthPlatformSignInPage", "/in Only", "/in"},
    {"AuthPlatformSignInPage", "/in /a /b/", "/in"},
    {"AuthPlatformSignInPage", "/in /a b", NULL},
    {"AuthPlatformSignInPage", "/in only /a", NULL},
    {"AuthPlatformSignInPage", "/in /a only", NULL},
    {"AuthPlatformSignInPage", "only", NULL},
    {"AuthPlatformSignInPage", "off only", NULL},
    {"AuthPlatformSignInPage", "off /a", NULL},
    {"AuthPlatformSignInPage", "/in?x", NULL},
};

START_TEST(every_spelling)
{
    const struct directive_t *directive = directives;
    while (strcmp(directive->name, spellings[_i][0]) != 0) {
        directive++;
    }
    void *config = config_with(directive, NULL);
    const char *error =
        httpd_fake_line(is_of_places(directive) ? FAKE_SECTION : FAKE_MAIN, directive->name,
                        spellings[_i][1], is_of_places(directive) ? config : NULL);
    if (spellings[_i][2] != NULL) {
        ck_assert_pstr_eq(error, NULL);
        ck_assert_str_eq(value_in(directive, config), spellings[_i][2]);
        return;
    }
    ck_assert_ptr_nonnull(error);
    ck_assert_int_eq(strncmp(error, directive->name, strlen(directive->name)), 0);
    ck_assert_pstr_eq(value_in(directive, config), directive->unset);
}
END_TEST

START_TEST(what_is_in_force_without_any)
{
    request_rec *r = httpd_fake_request("/x");
    const authp_mount_t *mount = authp_config_mount(httpd_fake_request("/api/auth/x"));
    authp_guard_request_t request;
    ck_assert_ptr_null(authp_config_mount(r));
    ck_assert_str_eq(mount->path, "/api/auth");
    ck_assert_str_eq(mount->profile->name, "platform");
    mount = authp_config_mount(httpd_fake_request("/api/protected/me"));
    ck_assert_str_eq(mount->profile->name, "me");
    ck_assert_int_eq(mount->delivery, AUTHP_DELIVERY_JSON);
    ck_assert_uint_eq(authp_config_token_cache(&fake.main), 4 * 1024 * 1024);
    authp_context_guard_request(r, &request);
    ck_assert_ptr_null(request.sign_in_page);
    ck_assert_int_eq(request.when_unavailable, AUTHP_UNAVAILABLE_DENY);
}
END_TEST

START_TEST(what_a_request_gets)
{
    authp_guard_request_t request;
    ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformTokenCache", "off", NULL));
    ck_assert_uint_eq(authp_config_token_cache(&fake.main), 0);
    ck_assert_ptr_null(httpd_fake_line(FAKE_MAIN, "AuthPlatformTokenCache", "2M", NULL));
    ck_assert_uint_eq(authp_config_token_cache(&fake.main), 2 * 1024 * 1024);
    ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", "/in", NULL));
    ck_assert_ptr_null(
        httpd_fake_line(FAKE_SECTION, "AuthPlatformWhenUnavailable", "allow-valid", NULL));
    request_rec *r = httpd_fake_request("/x?a");
    request_rec *below = httpd_fake_subrequest(r, "/y");
    apr_table_set(below->headers_in, "Host", "jobs.example.org");
    authp_context_guard_request(below, &request);
    ck_assert_str_eq(request.sign_in_page, "/in");
    ck_assert_int_eq(request.when_unavailable, AUTHP_UNAVAILABLE_ALLOW_VALID);
    ck_assert_str_eq(request.target, "/x?a"); /* as the client sent it */
    ck_assert_str_eq(request.host, "jobs.example.org");
    ck_assert_str_eq(request.scheme, "http");
    fake.main.server_scheme = "https";
    authp_context_guard_request(below, &request);
    ck_assert_str_eq(request.scheme, "https");
}
END_TEST

/* Merges record which places have guards: the lengths of the longest Location and Directory, and
 * whether another kind exists. The rows have the outer, the inner and the merged record. */
START_TEST(where_guards_stand_is_a_union)
{
    static const authp_guarded_by_t merges[][3] = {
        {{0, 0, false}, {0, 0, false}, {0, 0, false}}, {{5, 7, true}, {0, 0, false}, {5, 7, true}},
        {{0, 0, false}, {5, 7, true}, {5, 7, true}},   {{5, 3, false}, {4, 9, true}, {5, 9, true}},
        {{4, 9, true}, {5, 3, false}, {5, 9, true}},
    };
    for (size_t i = 0; i < sizeof(merges) / sizeof(merges[0]); i++) {
        authp_dir_config_t *outer = authp_config_create_dir(fake.f.pool, NULL);
        authp_dir_config_t *inner = authp_config_create_dir(fake.f.pool, NULL);
        outer->guarded_by = merges[i][0];
        inner->guarded_by = merges[i][1];
        const authp_dir_config_t *both = authp_config_merge_dir(fake.f.pool, outer, inner);
        ck_assert_uint_eq(both->guarded_by.location, merges[i][2].location);
        ck_assert_uint_eq(both->guarded_by.directory, merges[i][2].directory);
        ck_assert_int_eq(both->guarded_by.other, merges[i][2].other);
    }
}
END_TEST

Suite *suite_httpd_config(void)
{
    Suite *suite = suite_create("httpd_config");
    TCase *tests = tcase_create("httpd_config");
    tcase_add_checked_fixture(tests, httpd_fake_open, httpd_fake_close);
    tcase_add_test(tests, all_of_them_are_here);
    tcase_add_loop_test(tests, where_it_may_stand, 0, DIRECTIVES);
    tcase_add_loop_test(tests, what_it_sets, 0, DIRECTIVES);
    tcase_add_loop_test(tests, how_the_inner_one_takes_over, 0, DIRECTIVES);
    tcase_add_loop_test(tests, every_spelling, 0, (int)(sizeof(spellings) / sizeof(spellings[0])));
    tcase_add_test(tests, what_is_in_force_without_any);
    tcase_add_test(tests, what_a_request_gets);
    tcase_add_test(tests, where_guards_stand_is_a_union);
    suite_add_tcase(suite, tests);
    return suite;
}
