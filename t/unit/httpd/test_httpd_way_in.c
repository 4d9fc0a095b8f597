/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests a guarded site lets pass to its sign-in page and to the files of that page. The
 * decision uses the path that httpd serves, the path that the client sent, and the method. */
#include "httpd_fake.h"
#include "suite.h"

#include "httpd/way_in.h"

#include <apr_strings.h>
#include <string.h>

static const struct {
    const char *uri;
    const char *sent; /* the path that the client sent; NULL: the same */
    bool holds;
} paths[] = {
    {"/signin.html", NULL, true},
    {"/signin.html", "/signin.html?return_to=%2Fx;y\\", true},
    {"/signin.html", "http://site.example/signin.html", true},
    {"/signin.html", "http://site.example:8080/signin.html?x", true},
    {"/signin.html", "/rewritten/to-it", true},
    {"/signin.html", "/signin.html;x", false},
    {"/signin.html", "/a;b/signin.html", false},
    {"/signin.html", "/%73ignin.html", false},
    {"/signin.html", "/signin.html%3f", false},
    {"/signin.html", "/\\signin.html", false},
    {"/signin.html", "//signin.html", false},
    {"/signin.html", "/a//signin.html", false},
    {"/signin.html", "/./signin.html", false},
    {"/signin.html", "/a/./signin.html", false},
    {"/signin.html", "/../signin.html", false},
    {"/signin.html", "/a/../signin.html", false},
    {"/signin.html", "http://site.example/a/../signin.html", false},
    {"/signin.html", "http://site.example\\@other/signin.html", false},
    {"/signin.html", "http://site.example", false},
    {"/signin.html", "http://site.example?/signin.html", false},
    {"/signin.html", "http://site.example#/signin.html", false},
    {"/signin.html", "signin.html", false},
    {"/signin.html", "*", false},
    {"/signin.html", "", false},
    {"/signin.html/", NULL, false},
    {"/signin.html/x", NULL, false},
    {"/signin.htm", NULL, false},
    {"/signin.htmlx", NULL, false},
    {"/Signin.html", NULL, false},
    {"/x/signin.html", NULL, false},
    {"/", NULL, false},
    {"/assets/a.css", NULL, true},
    {"/assets/a.js", NULL, true},
    {"/assets/a.mjs", NULL, true},
    {"/assets/a.svg", NULL, true},
    {"/assets/a.png", NULL, true},
    {"/assets/a.ico", NULL, true},
    {"/assets/a.woff", NULL, true},
    {"/assets/a.woff2", NULL, true},
    {"/assets/a.css", "/assets/a.css?v=1;2", true},
    {"/assets/x/y/a.b-_~@+9.css", NULL, true},
    {"/assets/a.css", "/assets/a.css;x", false},
    {"/assets/a.css", "/assets/%61.css", false},
    {"/assets/a.css", "/assets/x/../a.css", false},
    {"/assets/a.CSS", NULL, false},
    {"/assets/a.html", NULL, false},
    {"/assets/a.json", NULL, false},
    {"/assets/a.css.map", NULL, false},
    {"/assets/acss", NULL, false},
    {"/assets/", NULL, false},
    {"/assets", NULL, false},
    {"/assets/x.css/", NULL, false},
    {"/assets/.css", NULL, false},
    {"/assets/.a.css", NULL, false},
    {"/assets/.git/a.css", NULL, false},
    {"/assets/../a.css", NULL, false},
    {"/assets//a.css", NULL, false},
    {"/assets/x//a.css", NULL, false},
    {"/assets/a b.css", NULL, false},
    {"/assets/a;b.css", NULL, false},
    {"/assets/a\\b.css", NULL, false},
    {"/assets/a%b.css", NULL, false},
    {"/assets/\xc3\xa9.css", NULL, false},
    {"/assetsx/a.css", NULL, false},
    {"/x/assets/a.css", NULL, false},
    {"/a.css", NULL, false},
};

static void set_up(void)
{
    httpd_fake_open();
    fake.auth_type = "Platform";
    ck_assert_ptr_null(
        httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", "/signin.html", NULL));
}

static request_rec *request(int i)
{
    request_rec *r = httpd_fake_request(paths[i].uri);
    if (paths[i].sent != NULL) {
        r->unparsed_uri = apr_pstrdup(r->pool, paths[i].sent);
    }
    return r;
}

START_TEST(spellings)
{
    ck_assert_msg(authp_way_in_holds(request(_i)) == paths[_i].holds, "%s, sent as %s",
                  paths[_i].uri, paths[_i].sent);
}
END_TEST

/* The page may be requested with POST. Its files may only be read, and may not be programs with a
 * path behind their name. */
START_TEST(how_it_is_asked_for)
{
    bool page = strcmp(paths[_i].uri, "/signin.html") == 0;
    request_rec *r = request(_i);
    r->method = "POST";
    r->method_number = M_POST;
    ck_assert_int_eq(authp_way_in_holds(r), paths[_i].holds && page);
    r = request(_i);
    r->path_info = apr_pstrdup(r->pool, "/more");
    ck_assert_int_eq(authp_way_in_holds(r), paths[_i].holds && page);
    r->path_info[0] = '\0';
    ck_assert_int_eq(authp_way_in_holds(r), paths[_i].holds);
}
END_TEST

/* Each word is checked, wherever it stands. */
static const struct {
    const char *words;
    const char *error; /* the end of it; NULL: taken */
} lines[] = {
    {"/in.html only", NULL},
    {"/in.html /x/ /y.css", NULL},
    {"off", NULL},
    {"in.html", "must begin with a slash"},
    {"in.html only", "must begin with a slash"},
    {"/in.html x/", "must begin with a slash"},
    {"/in.html /x/ only", "must begin with a slash"},
    {"/in.html /x/ y.css", "must begin with a slash"},
    {"/a/../in.html only", "must not contain //, /./ or /../"},
    {"/in;x.html only", "back ends read what follows as a parameter"},
    {"/in.html /x/ /y;z.css", "back ends read what follows as a parameter"},
    {"/in.html /", "must not open the whole site"},
    {"/in.html /x/ /", "must not open the whole site"},
    {"off only", "off takes no further words"},
};

START_TEST(words)
{
    const char *error =
        httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", lines[_i].words, NULL);
    const char *wanted = lines[_i].error;
    ck_assert_msg((error == NULL) == (wanted == NULL), "%s: %s", lines[_i].words, error);
    ck_assert_msg(wanted == NULL || strstr(error, wanted) != NULL, "%s: %s", lines[_i].words,
                  error);
}
END_TEST

/* No page is configured, or only the page without files. */
START_TEST(switched_off)
{
    ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", "off", NULL));
    ck_assert(!authp_way_in_holds(request(_i)));
    ck_assert_ptr_null(
        httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage", "/signin.html only", NULL));
    ck_assert_int_eq(authp_way_in_holds(request(_i)),
                     paths[_i].holds && strcmp(paths[_i].uri, "/signin.html") == 0);
}
END_TEST

/* The open folder is /static/, and the open file /favicon.ico. The path of the request and of the
 * file, the longest <Location> and <Directory> with a Require that apply (0: none), whether there
 * is one of another kind, and whether the request passes. */
static const struct {
    const char *uri;
    const char *filename;
    size_t location;
    size_t directory;
    bool other;
    bool holds;
} guards[] = {
    {"/static/a.css", "/srv/static/a.css", 0, 0, false, true},
    {"/static/a.css", "/srv/static/a.css", 0, 0, true, false},
    {"/static/a.css", "/srv/static/a.css", 1, 1, false, true},
    {"/static/a.css", "/srv/static/a.css", 6, 0, false, true},
    {"/static/a.css", "/srv/static/a.css", 7, 0, false, false},
    {"/static/a.css", "/srv/static/a.css", 8, 0, false, false},
    {"/static/a.css", "/srv/static/a.css", 0, 10, false, true},
    {"/static/a.css", "/srv/static/a.css", 0, 11, false, false},
    {"/static/a.css", "/srv/static/a.css", 0, 12, false, false},
    /* a file that is mapped in a special way */
    {"/static/a.css", "/srv/static/b.css", 0, 1, false, true},
    {"/static/a.css", "/srv/static/b.css", 0, 2, false, false},
    {"/static/a.css", "/a", 0, 1, false, true},
    {"/static/a.css", "/a", 0, 2, false, false},
    {"/static/a.css", NULL, 0, 2, false, false},
    {"/favicon.ico", "/srv/favicon.ico", 11, 15, false, true},
    {"/favicon.ico", "/srv/favicon.ico", 12, 0, false, false},
    {"/favicon.ico", "/srv/favicon.ico", 0, 16, false, false},
    {"/favicon.ico", "/srv/favicon.ico", 0, 0, true, false},
    {"/favicon.icon", "/srv/favicon.icon", 0, 0, false, false},
    {"/favicon.ico/x", "/srv/favicon.ico/x", 0, 0, false, false},
    /* the page itself is open, whatever guards it */
    {"/signin.html", "/srv/signin.html", 12, 16, true, true},
};

START_TEST(guards_within)
{
    ck_assert_ptr_null(httpd_fake_line(FAKE_SECTION, "AuthPlatformSignInPage",
                                       "/signin.html /static/ /favicon.ico", NULL));
    request_rec *r = httpd_fake_request(guards[_i].uri);
    r->filename = apr_pstrdup(r->pool, guards[_i].filename);
    fake.dir->guarded_by = (authp_guarded_by_t){.location = guards[_i].location,
                                                .directory = guards[_i].directory,
                                                .other = guards[_i].other};
    ck_assert_int_eq(authp_way_in_holds(r), guards[_i].holds);
}
END_TEST

Suite *suite_httpd_way_in(void)
{
    int count = (int)(sizeof(paths) / sizeof(paths[0]));
    Suite *suite = suite_create("httpd_way_in");
    TCase *tests = tcase_create("httpd_way_in");
    tcase_add_checked_fixture(tests, set_up, httpd_fake_close);
    tcase_add_loop_test(tests, spellings, 0, count);
    tcase_add_loop_test(tests, how_it_is_asked_for, 0, count);
    tcase_add_loop_test(tests, switched_off, 0, count);
    tcase_add_loop_test(tests, words, 0, (int)(sizeof(lines) / sizeof(lines[0])));
    tcase_add_loop_test(tests, guards_within, 0, (int)(sizeof(guards) / sizeof(guards[0])));
    suite_add_tcase(suite, tests);
    return suite;
}
