/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of all mails: those that are built in, and the files of MAIL_TEMPLATE_DIR. */
#include "service/mail/mail_texts.h"
#include "service/mail/message.h"
#include "suite.h"

#include <apr_file_io.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK "https://www.example.org/api/auth/verify-email#t0k_en-x"
#define CODE "c0de-of_an_invite"

static apr_pool_t *pool;
static authp_settings_t settings;
static char folder[64];

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    strcpy(folder, "/tmp/authp_mails.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    settings = (authp_settings_t){.source = "test.env"};
}

static void tear_down(void)
{
    apr_dir_t *dir = NULL;
    apr_finfo_t info;
    ck_assert_int_eq(apr_dir_open(&dir, folder, pool), APR_SUCCESS);
    while (apr_dir_read(&info, APR_FINFO_NAME, dir) == APR_SUCCESS) {
        const char *path = apr_pstrcat(pool, folder, "/", info.name, NULL);
        if (unlink(path) != 0) {
            (void)rmdir(path);
        }
    }
    apr_dir_close(dir);
    (void)rmdir(folder);
    apr_pool_destroy(pool);
}

static void put(const char *name, const char *text)
{
    apr_file_t *file = NULL;
    apr_size_t len = strlen(text);
    ck_assert_int_eq(apr_file_open(&file, apr_pstrcat(pool, folder, "/", name, NULL),
                                   APR_WRITE | APR_CREATE | APR_TRUNCATE, APR_OS_DEFAULT, pool),
                     APR_SUCCESS);
    ck_assert_int_eq(apr_file_write_full(file, text, len, NULL), APR_SUCCESS);
    ck_assert_int_eq(apr_file_close(file), APR_SUCCESS);
}

static authp_mail_texts_t *loaded(void)
{
    authp_mail_texts_t *texts = NULL;
    apr_array_header_t *errors = apr_array_make(pool, 1, sizeof(const char *));
    authp_err_t err = authp_mail_texts_load(&settings, &texts, errors, pool);
    ck_assert_msg(err == AUTHP_OK, "%s", errors->nelts > 0 ? APR_ARRAY_IDX(errors, 0, char *) : "");
    return texts;
}

/* The errors of a folder that is refused, one a line. */
static const char *refused(void)
{
    authp_mail_texts_t *texts = NULL;
    apr_array_header_t *errors = apr_array_make(pool, 1, sizeof(const char *));
    settings.mail_template_dir = folder;
    ck_assert_int_eq(authp_mail_texts_load(&settings, &texts, errors, pool),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_ptr_null(texts);
    return apr_array_pstrcat(pool, errors, '\n');
}

static authp_mail_text_t written(const authp_mail_texts_t *texts, authp_mail_kind_t kind,
                                 const char *language, const char *name)
{
    const authp_mail_values_t values = {.link = LINK, .name = name, .code = CODE};
    authp_mail_text_t out;
    ck_assert_int_eq(authp_mail_texts_write(texts, kind, language, &values, &out, pool), AUTHP_OK);
    return out;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    while ((text = strstr(text, part)) != NULL) {
        found++;
        text += strlen(part);
    }
    return found;
}

/* --- built in --------------------------------------------------------------------------------- */

static const char *const languages[] = {"en", "de", "hi"};
#define LANGUAGES 3

/* The words of the life of a link, which each text of a link must have. */
static const char *life_of(authp_mail_kind_t kind, int language)
{
    static const char *const lives[][LANGUAGES] = {
        {"24 hours", "24 Stunden", "24 \xe0\xa4\x98\xe0\xa4\x82\xe0\xa4\x9f"},
        {"30 minutes", "30 Minuten", "30 \xe0\xa4\xae\xe0\xa4\xbf\xe0\xa4\xa8"},
        {"7 days", "7 Tage", "7 \xe0\xa4\xa6\xe0\xa4\xbf\xe0\xa4\xa8"},
    };
    return lives[kind == AUTHP_MAIL_VERIFY_EMAIL     ? 0
                 : kind == AUTHP_MAIL_RESET_PASSWORD ? 1
                                                     : 2][language];
}

static void check_html(const char *html, const char *language)
{
    static const char *const none[] = {"<img",    "<script", "<link",      "src=",    "url(",
                                       "@import", "<form",   "javascript", "onclick", "{{"};
    ck_assert_ptr_nonnull(
        strstr(html, apr_pstrcat(pool, "<html lang=\"", language, "\" dir=\"ltr\">", NULL)));
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        ck_assert_msg(strstr(html, none[i]) == NULL, "has %s", none[i]);
    }
    ck_assert_int_eq(count(html, "http"), count(html, LINK));
    ck_assert_uint_lt(strlen(html), 20000);
}

/* Every paragraph of the text is in the HTML, too. */
static void check_same(const authp_mail_text_t *text)
{
    char *state = NULL;
    for (char *line = apr_strtok(apr_pstrdup(pool, text->text), "\n", &state); line != NULL;
         line = apr_strtok(NULL, "\n", &state)) {
        ck_assert_msg(strstr(text->html, line) != NULL, "the HTML lacks: %s", line);
    }
}

START_TEST(builtin)
{
    authp_mail_kind_t kind = (authp_mail_kind_t)(_i / LANGUAGES);
    const char *language = languages[_i % LANGUAGES];
    authp_mail_text_t text = written(loaded(), kind, language, NULL);
    const bool links = authp_mail_kind_links(kind);
    const bool invite = kind == AUTHP_MAIL_INVITE; /* its link is the site, in a sentence */
    ck_assert_int_eq(count(text.text, LINK), links || invite ? 1 : 0);
    /* button, its words, and as text */
    ck_assert_int_eq(count(text.html, LINK), links ? 3 : (invite ? 1 : 0));
    ck_assert_int_eq(count(text.text, CODE), invite ? 1 : 0);
    ck_assert_int_eq(count(text.html, CODE), invite ? 1 : 0);
    ck_assert_ptr_null(strstr(text.text, "{{"));
    ck_assert_ptr_null(strstr(text.text, "\n\n\n"));
    ck_assert_ptr_null(strstr(text.subject, "{{"));
    ck_assert_int_ne(text.text[0], '\n');
    if (links) {
        ck_assert_ptr_nonnull(strstr(text.text, life_of(kind, _i % LANGUAGES)));
    }
    check_html(text.html, language);
    check_same(&text);
}
END_TEST

/* A name is in no mail to an address that may not be proven, and escaped in all others. */
START_TEST(names)
{
    authp_mail_kind_t kind = (authp_mail_kind_t)(_i / LANGUAGES);
    authp_mail_text_t text = written(loaded(), kind, languages[_i % LANGUAGES], "<b>&\"");
    bool proven = kind != AUTHP_MAIL_ADDRESS_TAKEN && kind != AUTHP_MAIL_INVITE &&
                  !authp_mail_kind_links(kind);
    ck_assert_int_eq(count(text.text, "<b>&\""), proven ? 1 : 0);
    ck_assert_int_eq(count(text.html, "&lt;b&gt;&amp;&quot;"), proven ? 1 : 0);
    ck_assert_ptr_null(strstr(text.html, "<b>"));
}
END_TEST

START_TEST(on_the_wire)
{
    authp_mail_kind_t kind = (authp_mail_kind_t)(_i / LANGUAGES);
    authp_mail_text_t text = written(loaded(), kind, languages[_i % LANGUAGES], "Gr\xc3\xa4tzel");
    const char *bytes = NULL;
    size_t len = 0;
    const authp_message_t message = {.from = "a@example.org",
                                     .to = "b@example.org",
                                     .subject = text.subject,
                                     .id = "1",
                                     .date = 1,
                                     .text = text.text,
                                     .html = text.html};
    ck_assert_int_eq(authp_message_write(&message, &bytes, &len, pool), AUTHP_OK);
    for (const char *line = bytes; *line != '\0'; line += strcspn(line, "\n") + 1) {
        ck_assert_uint_le(strcspn(line, "\r\n"), 76);
    }
}
END_TEST

/* Languages differ, so that none was left as a copy. */
START_TEST(translated)
{
    const authp_mail_texts_t *texts = loaded();
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        authp_mail_text_t en = written(texts, (authp_mail_kind_t)kind, "fr, *;q=0.1", NULL);
        authp_mail_text_t de = written(texts, (authp_mail_kind_t)kind, "de-AT, en;q=0.5", NULL);
        authp_mail_text_t hi = written(texts, (authp_mail_kind_t)kind, "hi-IN", NULL);
        ck_assert_str_ne(en.subject, de.subject);
        ck_assert_str_ne(en.subject, hi.subject);
        ck_assert_ptr_nonnull(strstr(en.html, "lang=\"en\""));
        ck_assert_ptr_nonnull(strstr(de.html, "lang=\"de\""));
        ck_assert_ptr_nonnull(strstr(hi.html, "lang=\"hi\""));
        ck_assert_ptr_null(strstr(de.text, " the "));
        ck_assert_ptr_null(strstr(hi.text, " the "));
    }
}
END_TEST

START_TEST(needs_values)
{
    const authp_mail_texts_t *texts = loaded();
    const authp_mail_values_t none = {.link = "", .name = "Ada"};
    for (int kind = 0; kind < AUTHP_MAIL_KINDS; kind++) {
        authp_mail_text_t out = {.subject = "untouched"};
        bool needs = authp_mail_kind_links((authp_mail_kind_t)kind) || kind == AUTHP_MAIL_INVITE;
        ck_assert_int_eq(
            authp_mail_texts_write(texts, (authp_mail_kind_t)kind, NULL, &none, &out, pool),
            needs ? AUTHP_E_MALFORMED : AUTHP_OK);
        ck_assert_int_eq(strcmp(out.subject, "untouched") == 0, needs);
    }
    authp_mail_text_t out;
    ck_assert_int_eq(authp_mail_texts_write(texts, AUTHP_MAIL_KINDS, NULL, &none, &out, pool),
                     AUTHP_E_MALFORMED);
}
END_TEST

/* --- MAIL_TEMPLATE_DIR ------------------------------------------------------------------------ */

START_TEST(replaces)
{
    settings.mail_template_dir = folder;
    put("invite.fr.txt", "Subject: Votre invitation\n\nLe code:\n\n{{code}}\n");
    put("invite.de.html", "<p>Anders: {{code}}</p>\n");
    put("password_changed.en.txt", "Subject: Mine\n\nHi {{name}},\n\nmy text\n");
    put("new_device.en.txt", "Subject: Mine\n\nmy text\n");
    put("factor_changed.DE.txt", "Subject: Meins\n\nmein Text\n"); /* tags have no case */
    put("new_device.en.html", "<p>my HTML for {{name}}</p>\n");
    put(".hidden.txt~", "");
    const authp_mail_texts_t *texts = loaded();
    authp_mail_text_t text = written(texts, AUTHP_MAIL_INVITE, "fr", NULL);
    ck_assert_str_eq(text.subject, "Votre invitation");
    ck_assert_str_eq(text.text, "Le code:\n\n" CODE "\n");
    ck_assert_ptr_nonnull(strstr(text.html, "<html lang=\"fr\" dir=\"ltr\">"));
    ck_assert_ptr_nonnull(strstr(text.html, CODE));
    /* the kind has no text in this language */
    ck_assert_str_eq(written(texts, AUTHP_MAIL_VERIFY_EMAIL, "fr", NULL).subject,
                     "Confirm your e-mail address");
    text = written(texts, AUTHP_MAIL_INVITE, "de", NULL);
    ck_assert_str_eq(text.subject, "Ihre Einladung");
    ck_assert_str_eq(text.html, "<p>Anders: " CODE "</p>\n");
    text = written(texts, AUTHP_MAIL_PASSWORD_CHANGED, "en", "Ada");
    ck_assert_str_eq(text.text, "Hi Ada,\n\nmy text\n");
    ck_assert_ptr_nonnull(strstr(text.html, ">my text</p>"));
    text = written(texts, AUTHP_MAIL_FACTOR_CHANGED, "de", NULL);
    ck_assert_str_eq(text.text, "mein Text\n");
    text = written(texts, AUTHP_MAIL_NEW_DEVICE, "en", "<Ada>");
    ck_assert_str_eq(text.text, "my text\n");
    ck_assert_str_eq(text.html, "<p>my HTML for &lt;Ada&gt;</p>\n");
}
END_TEST

/* What `mail templates` writes can be read, and says the same. */
START_TEST(files)
{
    apr_array_header_t *all = NULL;
    ck_assert_int_eq(authp_mail_texts_files(&all, pool), AUTHP_OK);
    ck_assert_int_eq(all->nelts, 2 * AUTHP_MAIL_KINDS * LANGUAGES);
    const authp_mail_texts_t *built = loaded();
    for (int i = 0; i < all->nelts; i++) {
        const authp_mail_texts_file_t *file = &APR_ARRAY_IDX(all, i, authp_mail_texts_file_t);
        put(file->name, file->content);
    }
    settings.mail_template_dir = folder;
    const authp_mail_texts_t *read = loaded();
    for (int i = 0; i < AUTHP_MAIL_KINDS * LANGUAGES; i++) {
        authp_mail_kind_t kind = (authp_mail_kind_t)(i / LANGUAGES);
        authp_mail_text_t before = written(built, kind, languages[i % LANGUAGES], "Ada");
        authp_mail_text_t after = written(read, kind, languages[i % LANGUAGES], "Ada");
        ck_assert_str_eq(before.subject, after.subject);
        ck_assert_str_eq(before.text, after.text);
        ck_assert_str_eq(before.html, after.html);
    }
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    const char *why;
} bad_files[] = {
    {"invite.fr.html", "<p>{{code}}", "/invite.fr.html needs a text, too: invite.fr.txt"},
    {"invites.en.txt", "",
     "/invites.en.txt is not the name of a kind of mail; did you mean invite.en.txt?"},
    {"verify-email.de.html", "", "did you mean verify_email.de.html?"},
    {"welcome.en.txt", "", "/welcome.en.txt is not the name of a kind of mail"},
    {"invite.txt", "", "/invite.txt is not named KIND.LANGUAGE.txt or KIND.LANGUAGE.html"},
    {"invite.en.text", "", "/invite.en.text is not named KIND"},
    {"invite.en.txt~", "", "/invite.en.txt~ is not named KIND"},
    {"invite.english.txt", "", "/invite.english.txt is not named KIND"},
    {"invite..txt", "", "/invite..txt is not named KIND"},
    {"readme\n\x1b.txt", "", "/readme??.txt is not named KIND"},
    {"invite.en.txt", "Subject: A\n\n\n{{cod}}\n",
     "/invite.en.txt, line 4: {{cod}} is no placeholder; did you mean {{code}}?"},
    {"invite.en.txt", "Subject: A\n\nB\n", "/invite.en.txt lacks {{code}}"},
    {"invite.en.html", "<p>", "/invite.en.html lacks {{code}}"},
};

START_TEST(refuses)
{
    put(bad_files[_i].name, bad_files[_i].text);
    const char *errors = refused();
    const char *start = apr_pstrcat(pool, "MAIL_TEMPLATE_DIR in test.env: ", folder, "/", NULL);
    ck_assert_msg(strstr(errors, bad_files[_i].why) != NULL, "%s", errors);
    ck_assert_msg(strncmp(errors, start, strlen(start)) == 0, "%s", errors);
    ck_assert_msg(strchr(errors, '\n') == NULL, "%s", errors);
}
END_TEST

/* All faults are named at once, in every file. */
START_TEST(all_faults)
{
    put("invite.en.txt", "B\n");
    put("new_device.en.txt", "C\n");
    ck_assert_int_eq(count(refused(), "line 1: must be \"Subject: \""), 2);
}
END_TEST

/* Neither a FIFO nor a folder is read, and the start does not wait for them. A link is followed, as
 * folders that an orchestrator mounts are made of links. */
START_TEST(odd_files)
{
    settings.mail_template_dir = folder;
    put(".data", "Subject: Linked\n\n{{code}}\n");
    ck_assert_int_eq(symlink(".data", apr_pstrcat(pool, folder, "/invite.en.txt", NULL)), 0);
    ck_assert_str_eq(written(loaded(), AUTHP_MAIL_INVITE, "en", NULL).subject, "Linked");
    ck_assert_int_eq(mkfifo(apr_pstrcat(pool, folder, "/invite.de.txt", NULL), 0600), 0);
    ck_assert_int_eq(mkdir(apr_pstrcat(pool, folder, "/invite.hi.txt", NULL), 0700), 0);
    ck_assert_int_eq(symlink("none", apr_pstrcat(pool, folder, "/invite.fr.txt", NULL)), 0);
    const char *errors = refused();
    ck_assert_ptr_nonnull(strstr(errors, "/invite.de.txt is not a regular file"));
    ck_assert_ptr_nonnull(strstr(errors, "/invite.hi.txt is not a regular file"));
    ck_assert_ptr_nonnull(strstr(errors, "/invite.fr.txt cannot be read: "));
}
END_TEST

START_TEST(large_file)
{
    char *text = apr_palloc(pool, AUTHP_MAIL_TEMPLATE_MOST + 2);
    memset(text, 'x', AUTHP_MAIL_TEMPLATE_MOST + 1);
    text[AUTHP_MAIL_TEMPLATE_MOST + 1] = '\0';
    put("new_device.en.txt", text);
    ck_assert_ptr_nonnull(strstr(refused(), "/new_device.en.txt is larger than 100 KiB"));
}
END_TEST

START_TEST(no_folder)
{
    const char *path = apr_pstrcat(pool, folder, "/none", NULL);
    authp_mail_texts_t *texts = NULL;
    apr_array_header_t *errors = apr_array_make(pool, 1, sizeof(const char *));
    settings.mail_template_dir = path;
    ck_assert_int_eq(authp_mail_texts_load(&settings, &texts, errors, pool),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(errors, 0, const char *), "/none cannot be read: "));
}
END_TEST

Suite *suite_mail_texts(void)
{
    const int all = AUTHP_MAIL_KINDS * LANGUAGES;
    Suite *suite = suite_create("mail_texts");
    TCase *tc = tcase_create("mail_texts");
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, builtin, 0, all);
    tcase_add_loop_test(tc, names, 0, all);
    tcase_add_loop_test(tc, on_the_wire, 0, all);
    tcase_add_test(tc, translated);
    tcase_add_test(tc, needs_values);
    tcase_add_test(tc, replaces);
    tcase_add_test(tc, files);
    tcase_add_loop_test(tc, refuses, 0, sizeof(bad_files) / sizeof(bad_files[0]));
    tcase_add_test(tc, all_faults);
    tcase_add_test(tc, odd_files);
    tcase_add_test(tc, large_file);
    tcase_add_test(tc, no_folder);
    suite_add_tcase(suite, tc);
    return suite;
}
