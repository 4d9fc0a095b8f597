/* SPDX-License-Identifier: Apache-2.0 */
/* The folder MAIL_TEMPLATE_DIR: how many files it may have, their size and order, and what is left
 * open. */
#include "service/mail/mail_files.h"
#include "service/mail/mail_texts.h"
#include "suite.h"

#include <apr_strings.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLAMED "MAIL_TEMPLATE_DIR in test.env: "

static apr_pool_t *pool;
static authp_settings_t settings;
static apr_array_header_t *errors;
static char folder[64];

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    strcpy(folder, "/tmp/authp_files.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    settings = (authp_settings_t){.source = "test.env", .mail_template_dir = folder};
    errors = apr_array_make(pool, 4, sizeof(const char *));
}

static const char *path_of(const char *name)
{
    return apr_pstrcat(pool, folder, "/", name, NULL);
}

static void tear_down(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry = NULL;
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.' && unlink(path_of(entry->d_name)) != 0) {
            (void)rmdir(path_of(entry->d_name));
        }
    }
    closedir(dir);
    (void)rmdir(folder);
    apr_pool_destroy(pool);
}

static void put(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static const char *error(int i)
{
    ck_assert_int_lt(i, errors->nelts);
    return APR_ARRAY_IDX(errors, i, const char *);
}

/* Languages aaa, aab, ... */
static const char *language(int i)
{
    return apr_psprintf(pool, "%c%c%c", 'a' + i / 676, 'a' + i / 26 % 26, 'a' + i % 26);
}

/* 1,000 files are read. With more the folder is refused, once. Hidden files do not count. */
START_TEST(many_files)
{
    put(".hidden", "");
    for (int i = 0; i < 1000; i++) {
        put(apr_pstrcat(pool, "invite.", language(i), ".txt", NULL), "x");
    }
    apr_array_header_t *files = authp_mail_files_read(&settings, errors, pool);
    ck_assert_int_eq(errors->nelts, 0);
    ck_assert_int_eq(files->nelts, 1000);
    put("invite.zzy.txt", "x");
    put("invite.zzz.txt", "x");
    (void)authp_mail_files_read(&settings, errors, pool);
    ck_assert_int_eq(errors->nelts, 1);
    ck_assert_str_eq(error(0),
                     apr_pstrcat(pool, BLAMED, folder, " has more than 1000 files", NULL));
}
END_TEST

/* Whatever order the file system has, files come in the order of their names. */
START_TEST(in_order)
{
    static const char *const names[] = {"verify_email.de.txt", "invite.en.txt", "invite.de.txt",
                                        "invite.de.html", "new_device.hi.txt"};
    static const char *const sorted[] = {"invite.de.html", "invite.de.txt", "invite.en.txt",
                                         "new_device.hi.txt", "verify_email.de.txt"};
    for (int i = 0; i < 5; i++) {
        put(names[i], names[i]);
    }
    const apr_array_header_t *files = authp_mail_files_read(&settings, errors, pool);
    ck_assert_int_eq(files->nelts, 5);
    for (int i = 0; i < 5; i++) {
        const authp_mail_file_t *file = &APR_ARRAY_IDX(files, i, authp_mail_file_t);
        ck_assert_str_eq(file->name, sorted[i]);
        ck_assert_uint_eq(file->len, strlen(sorted[i]));
        ck_assert_str_eq(file->bytes, sorted[i]);
        ck_assert_int_eq(file->is_html, strstr(sorted[i], ".html") != NULL);
        ck_assert_ptr_eq(strstr(sorted[i], file->language),
                         sorted[i] + strlen(authp_mail_kind_name(file->kind)) + 1);
    }
}
END_TEST

/* A file of the largest size is used. */
START_TEST(largest)
{
    const char begin[] = "Subject: A\n\n";
    char *text = apr_palloc(pool, AUTHP_MAIL_TEMPLATE_MOST + 1);
    memset(text, 'x', AUTHP_MAIL_TEMPLATE_MOST);
    memcpy(text, begin, sizeof(begin) - 1);
    text[AUTHP_MAIL_TEMPLATE_MOST] = '\0';
    put("new_device.en.txt", text);
    const apr_array_header_t *files = authp_mail_files_read(&settings, errors, pool);
    ck_assert_int_eq(errors->nelts, 0);
    ck_assert_uint_eq(APR_ARRAY_IDX(files, 0, authp_mail_file_t).len, AUTHP_MAIL_TEMPLATE_MOST);
    put("new_device.en.txt", apr_pstrcat(pool, text, "x", NULL));
    (void)authp_mail_files_read(&settings, errors, pool);
    ck_assert_str_eq(error(0), apr_pstrcat(pool, BLAMED, folder,
                                           "/new_device.en.txt is larger than 100 KiB", NULL));
}
END_TEST

/* What a name has besides printable ASCII does not get into a line. */
START_TEST(odd_names)
{
    put("a\x7f\x1b\xc3\xa9 ~.x", "");
    (void)authp_mail_files_read(&settings, errors, pool);
    ck_assert_str_eq(error(0), apr_pstrcat(pool, BLAMED, folder,
                                           "/a???? ~.x is not named KIND.LANGUAGE.txt or "
                                           "KIND.LANGUAGE.html",
                                           NULL));
}
END_TEST

static int open_files(void)
{
    int count = 0;
    DIR *dir = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(dir);
    while (readdir(dir) != NULL) {
        count++;
    }
    closedir(dir);
    return count;
}

/* Neither the folder nor a file stays open, whether the files are used or refused. */
START_TEST(nothing_stays_open)
{
    put("new_device.en.txt", "Subject: A\n\nB\n");
    put("new_device.de.txt", "wrong");
    put("other.de.txt", "wrong");
    ck_assert_int_eq(mkfifo(path_of("invite.de.txt"), 0600), 0);
    ck_assert_int_eq(mkdir(path_of("invite.hi.txt"), 0700), 0);
    (void)authp_mail_files_read(&settings, errors, pool);
    const int before = open_files();
    for (int i = 0; i < 3; i++) {
        (void)authp_mail_files_read(&settings, errors, pool);
    }
    ck_assert_int_eq(open_files(), before);
    settings.mail_template_dir = path_of("none");
    (void)authp_mail_files_read(&settings, errors, pool);
    ck_assert_int_eq(open_files(), before);
}
END_TEST

/* Errors of other settings, which are in the list already, are none of the texts. */
START_TEST(earlier_errors)
{
    authp_mail_texts_t *texts = NULL;
    put("new_device.en.txt", "Subject: A\n\nB\n");
    APR_ARRAY_PUSH(errors, const char *) = "of another setting";
    ck_assert_int_eq(authp_mail_texts_load(&settings, &texts, errors, pool), AUTHP_OK);
    ck_assert_ptr_nonnull(texts);
    ck_assert_int_eq(errors->nelts, 1);
    put("new_device.de.txt", "wrong");
    ck_assert_int_eq(authp_mail_texts_load(&settings, &texts, errors, pool),
                     AUTHP_E_VALIDATION_FAILED);
    ck_assert_int_eq(errors->nelts, 2);
}
END_TEST

Suite *suite_mail_files(void)
{
    Suite *suite = suite_create("mail_files");
    TCase *tests = tcase_create("mail_files");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, many_files);
    tcase_add_test(tests, in_order);
    tcase_add_test(tests, largest);
    tcase_add_test(tests, odd_names);
    tcase_add_test(tests, nothing_stays_open);
    tcase_add_test(tests, earlier_errors);
    suite_add_tcase(suite, tests);
    return suite;
}
