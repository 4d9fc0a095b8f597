/* SPDX-License-Identifier: Apache-2.0 */
/* What a Require line says about the place that it guards, by the sections around it. */
#include "httpd_fake.h"
#include "suite.h"

#include "httpd/way_in.h"

#include <string.h>
#include <util_cfgtree.h>

#define MOST_SECTIONS 3
#define VALID "valid-user"

/* What is expected: the length of the path of a <Location> or <Directory>, or another place. */
typedef enum place_t { NOTHING, LOCATION, DIRECTORY, OTHER } place_t;

static const struct {
    const char *sections[MOST_SECTIONS]; /* from the outermost one on */
    const char *args;                    /* of the innermost section */
    const char *path;
    const char *line;
    place_t place;
} rows[] = {
    {{"<Location"}, "/app>", "/app", VALID, LOCATION},
    {{"<LOCATION"}, "/app>", "/app", VALID, LOCATION},
    {{"<Location"}, "/app>", "/app", "all denied", LOCATION},
    {{"<Location"}, "/app>", "/app", "all granted", NOTHING},
    {{"<Location"}, "/app>", "/app", "ALL Granted", NOTHING},
    {{"<VirtualHost", "<Location"}, "/app>", "/app", VALID, LOCATION},
    {{"<Location", "<RequireAll"}, ">", "/app", VALID, LOCATION},
    {{"<Location", "<requireany"}, ">", "/app", VALID, LOCATION},
    {{"<Location", "<RequireAny", "<RequireNone"}, ">", "/app", VALID, LOCATION},
    {{"<Location", "<Limit"}, "GET>", "/app", VALID, LOCATION},
    {{"<Location", "<limitexcept"}, "GET>", "/app", VALID, LOCATION},
    {{"<Location", "<Limit", "<RequireAll"}, ">", "/app", VALID, LOCATION},
    {{"<Location", "<IfModule"}, "x>", "/app", VALID, LOCATION},
    {{"<Location", "<ifdefine"}, "x>", "/app", VALID, LOCATION},
    {{"<Location", "<If"}, "true>", "/app", VALID, OTHER},
    {{"<Location", "<IF"}, "true>", "/app", VALID, OTHER},
    {{"<Location", "<If", "<RequireAll"}, ">", "/app", VALID, OTHER},
    {{"<Location", "<Else"}, ">", "/app", VALID, OTHER},
    {{"<Location"}, "~ /app>", "/app", VALID, OTHER},
    {{"<Location"}, "/a*>", "/a*", VALID, OTHER},
    {{"<Location"}, "/a?>", "/a?", VALID, OTHER},
    {{"<Location"}, "/[ab]>", "/[ab]", VALID, OTHER},
    {{"<Location"}, "http://x/>", "http://x/", VALID, OTHER},
    {{"<LocationMatch"}, "/app>", "/app", VALID, OTHER},
    {{"<Directory"}, "/srv>", "/srv/", VALID, DIRECTORY},
    {{"<directory"}, "/srv>", "/srv/", VALID, DIRECTORY},
    {{"<Directory", "<Limit"}, "GET>", "/srv/", VALID, DIRECTORY},
    {{"<Directory", "<RequireAll"}, ">", "/srv/", VALID, DIRECTORY},
    {{"<Directory"}, "~ x>", "/srv/", VALID, OTHER},
    {{"<Directory", "<Files"}, "a>", "/srv/", VALID, OTHER},
    {{"<DirectoryMatch"}, "/srv>", "/srv", VALID, OTHER},
    {{"<Proxy"}, "*>", "/srv", VALID, OTHER},
    {{NULL}, NULL, "/srv/", VALID, DIRECTORY}, /* a .htaccess file */
    {{"<RequireAll"}, ">", "/srv/", VALID, DIRECTORY},
    {{"<Files"}, "a>", "/srv/", VALID, OTHER},
    {{NULL}, NULL, NULL, VALID, OTHER},
};

START_TEST(where_it_stands)
{
    ap_directive_t sections[MOST_SECTIONS];
    ap_directive_t line = {.directive = "Require", .args = rows[_i].line};
    authp_guarded_by_t by = {0};
    cmd_parms cmd = {.directive = &line, .path = (char *)(uintptr_t)rows[_i].path};
    memset(sections, 0, sizeof(sections));
    for (int i = 0; i < MOST_SECTIONS && rows[_i].sections[i] != NULL; i++) {
        sections[i].directive = rows[_i].sections[i];
        sections[i].args = "/outer>";
        sections[i].parent = i > 0 ? &sections[i - 1] : NULL;
        line.parent = &sections[i];
    }
    if (line.parent != NULL) {
        line.parent->args = rows[_i].args;
    }
    authp_way_in_note(&cmd, rows[_i].line, &by);
    const size_t len = rows[_i].path != NULL ? strlen(rows[_i].path) : 0;
    ck_assert_uint_eq(by.location, rows[_i].place == LOCATION ? len : 0);
    ck_assert_uint_eq(by.directory, rows[_i].place == DIRECTORY ? len : 0);
    ck_assert_int_eq(by.other, rows[_i].place == OTHER);
}
END_TEST

/* Of several lines the innermost place counts, in whatever order they are read. */
START_TEST(the_longest_counts)
{
    static const char *const paths[] = {"/a/b", "/a", "/a/b/c", "/"};
    ap_directive_t section = {.directive = "<Location", .args = ">"};
    ap_directive_t line = {.directive = "Require", .args = VALID, .parent = &section};
    authp_guarded_by_t by = {0};
    for (int i = 0; i < 4; i++) {
        cmd_parms cmd = {.directive = &line, .path = (char *)(uintptr_t)paths[i]};
        authp_way_in_note(&cmd, VALID, &by);
        ck_assert_uint_eq(by.location, i < 2 ? 4 : 6);
    }
}
END_TEST

Suite *suite_httpd_guarded(void)
{
    Suite *suite = suite_create("httpd_guarded");
    TCase *tests = tcase_create("httpd_guarded");
    tcase_add_loop_test(tests, where_it_stands, 0, sizeof(rows) / sizeof(rows[0]));
    tcase_add_test(tests, the_longest_counts);
    suite_add_tcase(suite, tests);
    return suite;
}
