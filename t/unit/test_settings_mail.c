/* SPDX-License-Identifier: Apache-2.0 */
/* Settings of mail: their values, the complaints about them, and MAIL_URL. */
#include "service/settings/mail_url.h"
#include "service/settings/settings.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define SECRET "kV3rZ1pQ8tY6wB2nM5xC7sD9fG4hJ0aL"
#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))

static apr_pool_t *pool;

static void setup(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
}

static void teardown(void)
{
    apr_pool_destroy(pool);
}

static const char *find(void *ctx, const char *name)
{
    size_t len = strlen(name);
    for (const char *const *pair = ctx; *pair != NULL; pair++) {
        if (strncmp(*pair, name, len) == 0 && (*pair)[len] == '=') {
            return *pair + len + 1;
        }
    }
    return NULL;
}

/* Loads settings from "NAME=VALUE" texts up to NULL. Returns the complaints, each followed by '|'.
 */
static const char *load(const char **pairs, authp_settings_t **out)
{
    const authp_settings_env_t env = {find, (void *)pairs};
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

START_TEST(defaults)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET, NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert(s->mail_url == NULL && s->mail_server == NULL && s->mail_from == NULL);
    ck_assert(s->public_url == NULL && s->public_host == NULL && s->mail_template_dir == NULL);
    ck_assert(s->mail_from_address == NULL && s->mail_from_name == NULL);
    ck_assert(!s->mail_tls_off && s->mail_ca_file == NULL && s->mail_notices);
    ck_assert(!s->email_verification_required);
    ck_assert_int_eq(s->limit_mail.count, 3);
    ck_assert_int_eq(s->limit_mail.seconds, 3600);
}
END_TEST

START_TEST(typed_values)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                           "MAIL_URL=smtp://localhost:8025",
                           "MAIL_FROM=M\xc3\xbcller & Co. <no-reply+a@Example.org>",
                           "PUBLIC_URL=HTTPS://WWW.Example.org:8443",
                           "MAIL_TLS=off",
                           "MAIL_CA_FILE=/dev/null",
                           "MAIL_TEMPLATE_DIR=/tmp",
                           "MAIL_NOTICES=off",
                           "EMAIL_VERIFICATION=required",
                           "AUTH_LIMIT_MAIL=1/30s",
                           NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert_str_eq(s->mail_server->host, "localhost");
    ck_assert_int_eq(s->mail_server->port, 8025);
    ck_assert_str_eq(s->mail_from_name, "M\xc3\xbcller & Co.");
    ck_assert_str_eq(s->mail_from_address, "no-reply+a@Example.org");
    ck_assert_str_eq(s->public_url, "https://www.example.org:8443");
    ck_assert_str_eq(s->public_host, "www.example.org");
    ck_assert(s->mail_tls_off && !s->mail_notices && s->email_verification_required);
    ck_assert_str_eq(s->mail_ca_file, "/dev/null");
    ck_assert_str_eq(s->mail_template_dir, "/tmp");
    ck_assert_int_eq(s->limit_mail.count, 1);
    ck_assert_int_eq(s->limit_mail.seconds, 30);
}
END_TEST

/* Values of one setting that are fine beside a MAIL_URL of another machine. */
static const char *const fine[] = {
    "MAIL_FROM=a@b",
    "MAIL_FROM=<a@b.example>",
    "MAIL_FROM=!#$%&'*+-/=?^_`{|}~.x@b.example",
    "MAIL_FROM=1234567890123456789012345678901234567890123456789012345678901234@b.example",
    "PUBLIC_URL=http://127.0.0.1:8080",
    "PUBLIC_URL=http://localhost",
    "PUBLIC_URL=http://[::1]:8080",
    "EMAIL_VERIFICATION=optional",
    "MAIL_TLS=required",
};

START_TEST(fine_values)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                           fine[_i],
                           "MAIL_URL=smtps://u:" SECRET "@smtp.example.org",
                           "MAIL_FROM=a@example.org",
                           "PUBLIC_URL=https://example.org",
                           NULL};
    authp_settings_t *s = NULL;
    ck_assert_msg(*load(pairs, &s) == '\0', "%s", fine[_i]);
}
END_TEST

/* One or two settings, and what the complaints about them say. They are loaded beside a complete
 * set of mail settings. "-NAME" takes that one away. */
static const struct {
    const char *first;
    const char *second;
    const char *says;
} wrong[] = {
    {"MAIL_URL=http://u:" SECRET "@h", NULL,
     "MAIL_URL in the environment: must begin with smtp://"},
    {"MAIL_URL=SMTP://u:" SECRET "@h", NULL, "must begin with smtp://"},
    {"MAIL_URL=smtps://u:p@ss@smtp.example.org", NULL, "must have a user and a password"},
    {"MAIL_URL=smtps://u@example.org:pw@smtp.example.org", NULL, "must have a user and a password"},
    {"MAIL_URL=smtps://u:pw@smtp.example.org@", NULL, "must have a user and a password"},
    {"-MAIL_FROM", NULL, "MAIL_FROM in the environment: is needed with MAIL_URL"},
    {"-PUBLIC_URL", NULL, "PUBLIC_URL in the environment: is needed with MAIL_URL"},
    {"-MAIL_URL", "EMAIL_VERIFICATION=required",
     "EMAIL_VERIFICATION in the environment: is required, but"},
    {"MAIL_TLS=off", NULL, "MAIL_TLS in the environment: is off, so that anybody"},
    {"MAIL_TLS=off", "MAIL_URL=smtp://127.evil.example", "MAIL_TLS in the environment: is off, so"},
    {"MAIL_TLS=off", "MAIL_URL=smtps://localhost",
     "MAIL_TLS in the environment: is off, but MAIL_URL"},
    {"MAIL_TLS=Required", NULL, "must be required or off"},
    {"EMAIL_VERIFICATION=yes", NULL, "must be optional or required"},
    {"MAIL_NOTICES=some", NULL, "MAIL_NOTICES in the environment: must be true or false"},
    {"MAIL_FROM=Example", NULL, "MAIL_FROM in the environment: must be an address"},
    {"MAIL_FROM=@example.org", NULL, "must be an address"},
    {"MAIL_FROM=a@", NULL, "must be an address"},
    {"MAIL_FROM=a@b@example.org", NULL, "must be an address"},
    {"MAIL_FROM=a..b@example.org", NULL, "must be an address"},
    {"MAIL_FROM=.a@example.org", NULL, "must be an address"},
    {"MAIL_FROM=a.@example.org", NULL, "must be an address"},
    {"MAIL_FROM=a b@example.org", NULL, "must be an address"},
    {"MAIL_FROM=\"a b\"@example.org", NULL, "must be an address"},
    {"MAIL_FROM=a@example.org:25", NULL, "must be an address"},
    {"MAIL_FROM=a@[127.0.0.1]", NULL, "must be an address"},
    {"MAIL_FROM=a@exa mple.org", NULL, "must be an address"},
    {"MAIL_FROM=M\xc3\xbcller@example.org", NULL, "must be an address"},
    {"MAIL_FROM=Example <a@example.org", NULL, "must be an address"},
    {"MAIL_FROM=Example <b@example.org> <a@example.org>", NULL, "must be an address"},
    {"MAIL_FROM=\"Example\" <a@example.org>", NULL, "must be an address"},
    {"MAIL_FROM=12345678901234567890123456789012345678901234567890123456789012345@b.example", NULL,
     "must be an address"},
    {"MAIL_FROM=a@example.org\r\nBcc: x@y", NULL, "control characters"},
    {"PUBLIC_URL=https://example.org/", NULL, "PUBLIC_URL in the environment: must be an origin"},
    {"PUBLIC_URL=https://example.org/app", NULL, "must be an origin"},
    {"PUBLIC_URL=https://u@example.org", NULL, "must be an origin"},
    {"PUBLIC_URL=example.org", NULL, "must be an origin"},
    {"PUBLIC_URL=ftp://example.org", NULL, "must be an origin"},
    {"PUBLIC_URL=https://example.org#x", NULL, "must be an origin"},
    {"PUBLIC_URL=http://example.org", NULL, "PUBLIC_URL in the environment: must be https"},
    {"PUBLIC_URL=http://127.0.0.1.example.org", NULL, "must be https"},
    {"MAIL_CA_FILE=/nonexistent/ca", NULL, "/nonexistent/ca cannot be read"},
    {"MAIL_TEMPLATE_DIR=/nonexistent", NULL, "/nonexistent is not a folder that can be read"},
    {"MAIL_TEMPLATE_DIR=/dev/null", NULL, "/dev/null is not a folder that can be read"},
    {"AUTH_LIMIT_MAIL=3", NULL, "AUTH_LIMIT_MAIL in the environment: must be COUNT/TIME"},
};

START_TEST(wrong_values_are_named)
{
    static const char *const usual[] = {"MAIL_URL=smtp://u:" SECRET "@smtp.example.org",
                                        "MAIL_FROM=a@example.org",
                                        "PUBLIC_URL=https://example.org"};
    const char *pairs[8] = {"JWT_SECRET_KEY=" SECRET "b", wrong[_i].first};
    authp_settings_t *s = NULL;
    int count = 2;
    if (wrong[_i].second != NULL) {
        pairs[count++] = wrong[_i].second;
    }
    for (int i = 0; i < LENGTH(usual); i++) {
        size_t len = strcspn(usual[i], "=");
        if (wrong[_i].first[0] != '-' || strncmp(usual[i], wrong[_i].first + 1, len) != 0) {
            pairs[count++] = usual[i];
        }
    }
    const char *said = load(pairs, &s);
    ck_assert_msg(strstr(said, wrong[_i].says) != NULL, "%s: %s", wrong[_i].first, said);
    ck_assert_ptr_null(strstr(said, SECRET));
    ck_assert_ptr_eq(strchr(said, '|'), strrchr(said, '|'));
    ck_assert_ptr_null(s);
}
END_TEST

/* With APP_ENV=development mails may go in the clear, and links may begin with http. */
START_TEST(development)
{
    const char *pairs[] = {"JWT_SECRET_KEY=" SECRET,
                           "APP_ENV=development",
                           "MAIL_URL=smtp://mailbox:1025",
                           "MAIL_TLS=off",
                           "MAIL_FROM=a@b",
                           "PUBLIC_URL=http://web:8080",
                           NULL};
    authp_settings_t *s = NULL;
    ck_assert_str_eq(load(pairs, &s), "");
    ck_assert(!s->mail_server->loopback && s->mail_tls_off);
}
END_TEST

static const struct {
    const char *text;
    const char *host; /* NULL: refused */
    int port;
    const char *user;
    const char *password;
} urls[] = {
    {"smtp://h", "h", 587, NULL, NULL},
    {"smtps://h", "h", 465, NULL, NULL},
    {"smtp://SMTP.Example.org:25", "smtp.example.org", 25, NULL, NULL},
    {"smtp://h:80", "h", 80, NULL, NULL},
    {"smtps://h:443", "h", 443, NULL, NULL},
    {"smtp://h:65535", "h", 65535, NULL, NULL},
    {"smtp://192.0.2.1:2525", "192.0.2.1", 2525, NULL, NULL},
    {"smtp://[2001:DB8::0:1]", "[2001:db8::1]", 587, NULL, NULL},
    {"smtp://[::1]:25", "[::1]", 25, NULL, NULL},
    {"smtps://u:p@h:465", "h", 465, "u", "p"},
    {"smtps://a%40b.example:p%3A%2F%25%40@h", "h", 465, "a@b.example", "p:/%@"},
    {"smtps://apikey:SG.a-b_c~d!e$f&g'h(i)j*k+l,m;n=o@h", "h", 465, "apikey",
     "SG.a-b_c~d!e$f&g'h(i)j*k+l,m;n=o"},
    {"smtps://u:%C3%BC@[::1]:1", "[::1]", 1, "u", "\xc3\xbc"},
    {"", NULL, 0, NULL, NULL},
    {"smtp:h", NULL, 0, NULL, NULL},
    {"smtp://", NULL, 0, NULL, NULL},
    {"smtps:///", NULL, 0, NULL, NULL},
    {"smtp://h/", NULL, 0, NULL, NULL},
    {"smtp://h?x=1", NULL, 0, NULL, NULL},
    {"smtp://h#x", NULL, 0, NULL, NULL},
    {"smtp://h:", NULL, 0, NULL, NULL},
    {"smtp://h:0", NULL, 0, NULL, NULL},
    {"smtp://h:65536", NULL, 0, NULL, NULL},
    {"smtp://h:25x", NULL, 0, NULL, NULL},
    {"smtp://h:25:26", NULL, 0, NULL, NULL},
    {"smtp://h h", NULL, 0, NULL, NULL},
    {"smtp://::1", NULL, 0, NULL, NULL},
    {"smtp://[::1", NULL, 0, NULL, NULL},
    {"smtp://[::1]x", NULL, 0, NULL, NULL},
    {"smtp://[::g]", NULL, 0, NULL, NULL},
    {"smtp://h..h", NULL, 0, NULL, NULL},
    {"smtp://u@h", NULL, 0, NULL, NULL},
    {"smtp://u:@h", NULL, 0, NULL, NULL},
    {"smtp://:p@h", NULL, 0, NULL, NULL},
    {"smtp://@h", NULL, 0, NULL, NULL},
    {"smtp://u:p@", NULL, 0, NULL, NULL},
    {"smtp://u:p:q@h", NULL, 0, NULL, NULL},
    {"smtp://u@a:p@h", NULL, 0, NULL, NULL},
    {"smtp://u:p/q@h", NULL, 0, NULL, NULL},
    {"smtp://u:p q@h", NULL, 0, NULL, NULL},
    {"smtp://u:%zz@h", NULL, 0, NULL, NULL},
    {"smtp://u:%4@h", NULL, 0, NULL, NULL},
    {"smtp://u:%00@h", NULL, 0, NULL, NULL},
    {"smtp://u:%0d%0aX@h", NULL, 0, NULL, NULL},
    {"smtp://u%0a:p@h", NULL, 0, NULL, NULL},
    {"smtp://u:%ff@h", NULL, 0, NULL, NULL},
    {"smtp://u:\xc3\xbc@h", NULL, 0, NULL, NULL},
    {"http://h", NULL, 0, NULL, NULL},
};

START_TEST(mail_urls)
{
    authp_mail_url_t *url = NULL;
    const char *why = NULL;
    authp_err_t err = authp_mail_url_parse(urls[_i].text, &url, &why, pool);
    ck_assert_msg((err == AUTHP_OK) == (urls[_i].host != NULL), "%s", urls[_i].text);
    if (err != AUTHP_OK) {
        ck_assert(url == NULL && strncmp(why, "must ", 5) == 0);
        return;
    }
    ck_assert_ptr_null(why);
    ck_assert_str_eq(url->host, urls[_i].host);
    ck_assert_int_eq(url->port, urls[_i].port);
    ck_assert_int_eq(url->tls, strncmp(urls[_i].text, "smtps:", 6) == 0);
    ck_assert_pstr_eq(url->user, urls[_i].user);
    ck_assert_int_eq(url->password != NULL, urls[_i].password != NULL);
    if (url->password != NULL) {
        ck_assert_str_eq((const char *)authp_secret_bytes(url->password), urls[_i].password);
    }
}
END_TEST

START_TEST(loopback)
{
    static const char *const own[] = {"localhost", "127.0.0.1", "127.9.9.9", "[::1]"};
    static const char *const others[] = {"localhost.example", "127.example", "127.0.0.1.example",
                                         "0.0.0.0",           "[::2]",       "::1",
                                         "128.0.0.1"};
    for (int i = 0; i < LENGTH(own); i++) {
        ck_assert_msg(authp_mail_url_loopback(own[i]), "%s", own[i]);
    }
    for (int i = 0; i < LENGTH(others); i++) {
        ck_assert_msg(!authp_mail_url_loopback(others[i]), "%s", others[i]);
    }
}
END_TEST

Suite *suite_settings_mail(void)
{
    Suite *suite = suite_create("settings_mail");
    TCase *tests = tcase_create("settings_mail");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_test(tests, defaults);
    tcase_add_test(tests, typed_values);
    tcase_add_loop_test(tests, fine_values, 0, LENGTH(fine));
    tcase_add_loop_test(tests, wrong_values_are_named, 0, LENGTH(wrong));
    tcase_add_test(tests, development);
    tcase_add_loop_test(tests, mail_urls, 0, LENGTH(urls));
    tcase_add_test(tests, loopback);
    suite_add_tcase(suite, tests);
    return suite;
}
