/* SPDX-License-Identifier: Apache-2.0 */
/* .env files: how they are read, which are refused, and that no error shows a value. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/envfile.h"
#include "base/file.h"
#include "suite.h"

#define LENGTH(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define LIMIT 65536

static apr_pool_t *pool;
static char folder[64];

static void set_up(void)
{
    ck_assert_int_eq(apr_pool_create(&pool, NULL), APR_SUCCESS);
    snprintf(folder, sizeof(folder), "/tmp/authp-envfile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
    (void)unlink(apr_pstrcat(pool, folder, "/env", NULL));
    (void)unlink(apr_pstrcat(pool, folder, "/link", NULL));
    ck_assert_int_eq(rmdir(folder), 0);
    apr_pool_destroy(pool);
}

static authp_err_t parse(const char *text, size_t len, apr_table_t **out, const char **error)
{
    return authp_envfile_parse("a.env", apr_pmemdup(pool, text, len), len, out, error, pool);
}

static const char *write_file(const char *text, size_t len, mode_t mode)
{
    const char *path = apr_pstrcat(pool, folder, "/env", NULL);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    ck_assert_int_eq(close(fd), 0);
    return path;
}

/* Returns all pairs in their order, "K=[V]K=[V]". */
static const char *shown(const apr_table_t *table)
{
    const apr_array_header_t *entries = apr_table_elts(table);
    const char *text = "";
    for (int i = 0; i < entries->nelts; i++) {
        const apr_table_entry_t *entry = &APR_ARRAY_IDX(entries, i, apr_table_entry_t);
        text = apr_pstrcat(pool, text, entry->key, "=[", entry->val, "]", NULL);
    }
    return text;
}

static const struct {
    const char *text;
    const char *pairs;
} reads[] = {
    {"", ""},
    {"\n\n", ""},
    {"\xEF\xBB\xBF", ""},
    {"# comment only", ""},
    {"  \t # indented\n \t\n", ""},
    {"A=b", "A=[b]"},
    {"A=b\n", "A=[b]"},
    {"A=b\r\nC=d\r\n", "A=[b]C=[d]"},
    {"A=b\nC=d\r\n\r\n#x\r\nE=f", "A=[b]C=[d]E=[f]"},
    {"A=b\r", "A=[b]"},
    {"\xEF\xBB\xBF# c\nA=b", "A=[b]"},
    {"\xEF\xBB\xBF"
     "A=b\r\n",
     "A=[b]"},
    {" \tA \t= \tb \t\n", "A=[b]"},
    {"A=", "A=[]"},
    {"A= \t", "A=[]"},
    {"A=\nB=", "A=[]B=[]"},
    {"A=b=c==", "A=[b=c==]"},
    {"A=b c  d", "A=[b c  d]"},
    {"A=b\tc", "A=[b\tc]"},
    {"_a1.B-c=d", "_a1.B-c=[d]"},
    {"a=1\nA=2", "a=[1]A=[2]"},
    {"A=caf\xc3\xa9", "A=[caf\xc3\xa9]"},
    /* comments */
    {"A=b # c", "A=[b]"},
    {"A=b\t# c", "A=[b]"},
    {"A=b#c", "A=[b#c]"},
    {"A=#c", "A=[#c]"},
    {"A= #c", "A=[]"},
    {"A=b#c #d # e", "A=[b#c]"},
    {"A='b' # c", "A=[b]"},
    {"A=\"b\"\t#c", "A=[b]"},
    {"A=\"b # c\"", "A=[b # c]"},
    /* export */
    {"export A=b", "A=[b]"},
    {"  export \t A = b", "A=[b]"},
    {"exportA=b", "exportA=[b]"},
    {"export=b", "export=[b]"},
    {"export = b", "export=[b]"},
    {"export export=b", "export=[b]"},
    {"exporting=b", "exporting=[b]"},
    /* single quotes: literal */
    {"A=''", "A=[]"},
    {"A=' b '", "A=[ b ]"},
    {"A='b\"c\\n$D # e'", "A=[b\"c\\n$D # e]"},
    {"A='b\\'", "A=[b\\]"},
    /* double quotes: six escapes */
    {"A=\"\"", "A=[]"},
    {"A=\" b \"", "A=[ b ]"},
    {"A=\"\\n\\r\\t\\\"\\\\\\$\"", "A=[\n\r\t\"\\$]"},
    {"A=\"\\\\n\"", "A=[\\n]"},
    {"A=\"it's\"", "A=[it's]"},
    /* nothing is expanded, and quotes inside of a plain value are text */
    {"A=$B ${C} `d` $(e) ~", "A=[$B ${C} `d` $(e) ~]"},
    {"A=\"$B\"", "A=[$B]"},
    {"A=b\\nc\\", "A=[b\\nc\\]"},
    {"A=b'c'\"d\"", "A=[b'c'\"d\"]"},
};

START_TEST(read_text)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    authp_err_t err = parse(reads[_i].text, strlen(reads[_i].text), &table, &error);
    ck_assert_msg(err == AUTHP_OK, "%s: %s", reads[_i].text, error);
    ck_assert_ptr_null(error);
    ck_assert_str_eq(shown(table), reads[_i].pairs);
}
END_TEST

/* Where a text has a value, the value contains "hush". No error may contain it. */
static const struct {
    const char *text;
    const char *error;
} refusals[] = {
    {"hush", "a.env: line 1 is not KEY=VALUE"},
    {"A=1\n\n# c\nhush\nB=2", "a.env: line 4 is not KEY=VALUE"},
    {"A=1\r\n\r\nhush\r\n", "a.env: line 3 is not KEY=VALUE"},
    {"\xEF\xBB\xBFhush", "a.env: line 1 is not KEY=VALUE"},
    {"A=1\n\xEF\xBB\xBF"
     "B=hush",
     "a.env: line 2 is not KEY=VALUE"},
    {"=hush", "a.env: line 1 is not KEY=VALUE"},
    {" = hush", "a.env: line 1 is not KEY=VALUE"},
    {"1A=hush", "a.env: line 1 is not KEY=VALUE"},
    {"-A=hush", "a.env: line 1 is not KEY=VALUE"},
    {"A B=hush", "a.env: line 1 is not KEY=VALUE"},
    {"A: hush", "a.env: line 1 is not KEY=VALUE"},
    {"'A'=hush", "a.env: line 1 is not KEY=VALUE"},
    {"A!=hush", "a.env: line 1 is not KEY=VALUE"},
    {"\xc3\xa9=hush", "a.env: line 1 is not KEY=VALUE"},
    {"export", "a.env: line 1 is not KEY=VALUE"},
    {"export A", "a.env: line 1 is not KEY=VALUE"},
    {"export 1A=hush", "a.env: line 1 is not KEY=VALUE"},
    {"export A B=hush", "a.env: line 1 is not KEY=VALUE"},
    {"A=1\nA=hush", "a.env: line 2 sets A a second time"},
    {"A=hush\nB=1\nexport A=hush", "a.env: line 3 sets A a second time"},
    {"A=\nA=", "a.env: line 2 sets A a second time"},
    {"A='hush", "a.env: line 1 (A) has a single quote that is not closed"},
    {"A='hush\nB=x'", "a.env: line 1 (A) has a single quote that is not closed"},
    {"A=\"hush", "a.env: line 1 (A) has a double quote that is not closed"},
    {"A=\"hush\\\"", "a.env: line 1 (A) has a double quote that is not closed"},
    {"A=\"", "a.env: line 1 (A) has a double quote that is not closed"},
    {"A='", "a.env: line 1 (A) has a single quote that is not closed"},
    {"A=\"hush\\", "a.env: line 1 (A) has an unknown escape"},
    {"A=\"hush\\x41\"", "a.env: line 1 (A) has an unknown escape"},
    {"A=\"hush\\'\"", "a.env: line 1 (A) has an unknown escape"},
    {"A=\"\\\nhush\"", "a.env: line 1 (A) has an unknown escape"},
    {"A=\"hush\" x", "a.env: line 1 (A) has text behind the closing quote"},
    {"A='hush'x", "a.env: line 1 (A) has text behind the closing quote"},
    {"A='hush'#x", "a.env: line 1 (A) has text behind the closing quote"},
    {"A='hush''x'", "a.env: line 1 (A) has text behind the closing quote"},
    {"A=hush\rB=x", "a.env: line 1 has a control character"},
    {"A=hush\r\r\n", "a.env: line 1 has a control character"},
    {"A=hush\v", "a.env: line 1 has a control character"},
    {"A=\x1bhush", "a.env: line 1 has a control character"},
    {"A=\"hush\x7f\"", "a.env: line 1 has a control character"},
    {"# hush\x01", "a.env: line 1 has a control character"},
};

START_TEST(refuse_text)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    const char *text = refusals[_i].text;
    ck_assert_int_eq(parse(text, strlen(text), &table, &error), AUTHP_E_MALFORMED);
    ck_assert_ptr_null(table);
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strncmp(error, refusals[_i].error, strlen(refusals[_i].error)) == 0, "%s: %s",
                  text, error);
    ck_assert_ptr_null(strstr(error, "hush"));
    ck_assert_ptr_null(strpbrk(error, "\r\n"));
}
END_TEST

START_TEST(nul_bytes)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    ck_assert_int_eq(parse("A=b\0c", 5, &table, &error), AUTHP_E_MALFORMED);
    ck_assert_str_eq(error, "a.env: has a NUL byte");
    ck_assert_int_eq(parse("A=b\n# \0", 7, &table, &error), AUTHP_E_MALFORMED);
    ck_assert_int_eq(parse("\0", 1, &table, &error), AUTHP_E_MALFORMED);
    ck_assert_ptr_null(table);
}
END_TEST

static char *padded(size_t len)
{
    char *text = apr_palloc(pool, len);
    memset(text, '#', len);
    memcpy(text, "A=b\n", 4);
    return text;
}

START_TEST(size_limit)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    ck_assert_int_eq(parse(padded(LIMIT + 1), LIMIT + 1, &table, &error), AUTHP_E_TOO_LARGE);
    ck_assert_str_eq(error, "a.env: is over 64 KiB");
    const char *path = write_file(padded(LIMIT + 1), LIMIT + 1, 0600);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_TOO_LARGE);
    ck_assert_ptr_nonnull(strstr(error, path));
    ck_assert_ptr_null(table);
    ck_assert_int_eq(parse(padded(LIMIT), LIMIT, &table, &error), AUTHP_OK);
    path = write_file(padded(LIMIT), LIMIT, 0600);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_OK);
    ck_assert_str_eq(shown(table), "A=[b]");
}
END_TEST

START_TEST(modes)
{
    static const mode_t good[] = {0600, 0400, 0700};
    static const mode_t bad[] = {0640, 0620, 0604, 0602, 0644, 0666, 0440, 0660};
    apr_table_t *table = NULL;
    const char *error = NULL;
    for (int i = 0; i < LENGTH(bad); i++) {
        const char *path = write_file("A=hush\n", 7, bad[i]);
        ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_MALFORMED);
        ck_assert_str_eq(error, apr_pstrcat(pool, path,
                                            ": is readable or writable by its group or by others; "
                                            "make it private with `chmod 600`",
                                            NULL));
        ck_assert_ptr_null(table);
    }
    for (int i = 0; i < LENGTH(good); i++) {
        const char *path = write_file("A=b\n", 4, good[i]);
        table = NULL;
        ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_OK);
        ck_assert_str_eq(shown(table), "A=[b]");
    }
}
END_TEST

/* Only plain files are accepted. A FIFO without a writer must not block a start. */
START_TEST(kinds)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    const char *path = apr_pstrcat(pool, folder, "/env", NULL);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_NOT_FOUND);
    ck_assert_ptr_eq(strstr(error, path), error);
    ck_assert_ptr_nonnull(strstr(error, "cannot be opened"));
    ck_assert_int_eq(authp_envfile_read(folder, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_str_eq(error, apr_pstrcat(pool, folder, ": is a folder, not a regular file", NULL));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_str_eq(error, apr_pstrcat(pool, path, ": is a FIFO, not a regular file", NULL));
    const char *below = apr_pstrcat(pool, path, "/env", NULL);
    ck_assert_int_eq(authp_envfile_read(below, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error, "cannot be opened"));
    ck_assert_ptr_null(table);
}
END_TEST

/* A user who can write the folder must not be able to select another file by a symbolic or hard
 * link. */
START_TEST(links)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    const char *link = apr_pstrcat(pool, folder, "/link", NULL);
    ck_assert_int_eq(symlink("env", link), 0);
    ck_assert_int_eq(authp_envfile_read(link, &table, &error, pool), AUTHP_E_MALFORMED);
    const char *path = write_file("A=b", 3, 0600);
    ck_assert_int_eq(authp_envfile_read(link, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error, "/link: is a symbolic link"));
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_OK);
    ck_assert_str_eq(shown(table), "A=[b]");
    ck_assert_int_eq(unlink(link), 0);
    int result = linkat(AT_FDCWD, path, AT_FDCWD, link, 0);
    ck_assert_int_eq(result, 0);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_nonnull(strstr(error, "/env: has more than one name"));
}
END_TEST

START_TEST(file_errors_name_file_and_line)
{
    apr_table_t *table = NULL;
    const char *error = NULL;
    const char *path = write_file("A=b\r\n\r\nhush\r\n", 13, 0600);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_E_MALFORMED);
    ck_assert_ptr_eq(strstr(error, apr_pstrcat(pool, path, ": line 3 ", NULL)), error);
    ck_assert_ptr_null(strstr(error, "hush"));
    path = write_file("", 0, 0600);
    ck_assert_int_eq(authp_envfile_read(path, &table, &error, pool), AUTHP_OK);
    ck_assert_str_eq(shown(table), "");
}
END_TEST

/* Only a regular file that has one name is taken, and a log line says what else it is. */
START_TEST(words_for_kinds)
{
    static const struct {
        mode_t mode;
        nlink_t names;
        const char *words;
    } rows[] = {{S_IFREG | 0600, 1, NULL},
                {S_IFREG | 0777, 0, NULL}, /* deleted meanwhile */
                {S_IFREG, 2, "has more than one name (a hard link)"},
                {S_IFLNK | 0777, 1, "is a symbolic link, not a regular file"},
                {S_IFIFO, 2, "is a FIFO, not a regular file"},
                {S_IFDIR | 0700, 3, "is a folder, not a regular file"},
                {S_IFSOCK, 1, "is not a regular file"},
                {S_IFCHR, 1, "is not a regular file"},
                {S_IFBLK, 1, "is not a regular file"}};
    for (int i = 0; i < LENGTH(rows); i++) {
        const struct stat info = {.st_mode = rows[i].mode, .st_nlink = rows[i].names};
        ck_assert_pstr_eq(authp_file_refusal(&info), rows[i].words);
    }
}
END_TEST

Suite *suite_envfile(void)
{
    Suite *suite = suite_create("envfile");
    TCase *tests = tcase_create("envfile");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, read_text, 0, LENGTH(reads));
    tcase_add_loop_test(tests, refuse_text, 0, LENGTH(refusals));
    tcase_add_test(tests, nul_bytes);
    tcase_add_test(tests, size_limit);
    tcase_add_test(tests, modes);
    tcase_add_test(tests, kinds);
    tcase_add_test(tests, words_for_kinds);
    tcase_add_test(tests, links);
    tcase_add_test(tests, file_errors_name_file_and_line);
    suite_add_tcase(suite, tests);
    return suite;
}
