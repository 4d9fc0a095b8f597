/* SPDX-License-Identifier: Apache-2.0 */
/* How the tool becomes the owner of a folder: which calls, in which order, and that each of them
 * must have had its effect. */
#include <apr_strings.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "suite.h"

/* The file itself, as a process that is not this one. */
#define authp_owner_become become
#define authp_file_look look
#define setgroups fake_setgroups
#define setgid fake_setgid
#define setuid fake_setuid
#define geteuid fake_geteuid
#define getegid fake_getegid
#define access fake_access

static authp_err_t look(const char *path, struct stat *info);
static int fake_setgroups(size_t count, const gid_t *list);
static int fake_setgid(gid_t gid);
static int fake_setuid(uid_t uid);
static uid_t fake_geteuid(void);
static gid_t fake_getegid(void);
static int fake_access(const char *path, int mode);

#include "cli/owner.c"

#define OWNER 4000000001U
#define GROUP 4000000002U

static apr_pool_t *pool;
static uid_t uid;
static gid_t gid;
static int allowed; /* the modes that access() grants */
static const char *calls;
static const char *failing; /* the call that fails, */
static const char *idle;    /* and the one that has no effect */
static authp_err_t looked;
static struct stat folder;

static authp_err_t look(const char *path, struct stat *info)
{
    (void)path;
    *info = folder;
    errno = EACCES;
    return looked;
}

/* Notes a call. Returns whether it is to have an effect. *rc: its result. */
static bool called(const char *name, unsigned long value, int *rc)
{
    calls = apr_psprintf(pool, "%s%s %lu;", calls, name, value);
    *rc = failing != NULL && strcmp(failing, name) == 0 ? -1 : 0;
    errno = EPERM;
    return *rc == 0 && (idle == NULL || strcmp(idle, name) != 0);
}

static int fake_setgroups(size_t count, const gid_t *list)
{
    int rc = 0;
    ck_assert_uint_eq(count, 1);
    (void)called("setgroups", list[0], &rc);
    return uid == 0 ? rc : -1;
}

static int fake_setgid(gid_t to)
{
    int rc = 0;
    gid = called("setgid", to, &rc) ? to : gid;
    return uid == 0 ? rc : -1;
}

static int fake_setuid(uid_t to)
{
    int rc = 0;
    uid = called("setuid", to, &rc) ? to : uid;
    return rc;
}

static uid_t fake_geteuid(void)
{
    return uid;
}

static gid_t fake_getegid(void)
{
    return gid;
}

static int fake_access(const char *path, int mode)
{
    (void)path;
    return (allowed & mode) == mode ? 0 : -1;
}

static void set_up(void)
{
    apr_pool_create(&pool, NULL);
    uid = 0;
    gid = 0;
    allowed = 0;
    calls = "";
    failing = NULL;
    idle = NULL;
    looked = AUTHP_OK;
    folder = (struct stat){.st_mode = S_IFDIR | 0700, .st_uid = OWNER, .st_gid = GROUP};
}

static void tear_down(void)
{
    apr_pool_destroy(pool);
}

/* Checks the words of a refusal; NULL: there is none. */
static void becomes(const char *refusal)
{
    const char *error = NULL;
    authp_err_t err = become("/folder", &error, pool);
    ck_assert_pstr_eq(error, refusal);
    ck_assert_int_eq(err, refusal == NULL ? AUTHP_OK : AUTHP_E_INTERNAL);
}

START_TEST(root_becomes_the_owner)
{
    becomes(NULL);
    ck_assert_str_eq(calls, "setgroups 4000000002;setgid 4000000002;setuid 4000000001;");
    ck_assert_uint_eq(uid, OWNER);
    ck_assert_uint_eq(gid, GROUP);
}
END_TEST

static const char *const steps[] = {"setgroups", "setgid", "setuid"};

START_TEST(a_step_that_fails)
{
    failing = steps[_i];
    becomes("cannot become user with the id 4000000001, the owner of /folder: Operation not "
            "permitted");
}
END_TEST

START_TEST(a_step_without_effect)
{
    idle = steps[_i + 1];
    becomes("cannot become user with the id 4000000001, the owner of /folder: Operation not "
            "permitted");
}
END_TEST

START_TEST(a_folder_of_root)
{
    folder.st_uid = 0;
    for (mode_t mode = 0; mode < 0100; mode++) {
        bool open = (mode & 022) != 0;
        folder.st_mode = S_IFDIR | 0700 | mode;
        becomes(open ? "/folder belongs to root and can be written by others: make it private with "
                       "`chmod 700` or give it to httpd's User"
                     : NULL);
    }
    ck_assert_str_eq(calls, "");
}
END_TEST

/* A process of another user changes nothing, and needs to write and enter the folder. */
START_TEST(an_ordinary_user)
{
    uid = 1000;
    for (int i = 0; i < 8; i++) {
        allowed = i;
        becomes((i & 3) == 3 ? NULL
                             : "/folder belongs to user with the id 4000000001: run this as that "
                               "user or as root");
    }
    folder.st_uid = 0;
    allowed = 0;
    becomes("/folder belongs to user root: run this as that user or as root");
    ck_assert_str_eq(calls, "");
}
END_TEST

START_TEST(what_is_no_folder)
{
    folder.st_mode = S_IFREG | 0600;
    becomes("/folder is not a folder");
    folder.st_mode = S_IFLNK | 0777;
    becomes("/folder is not a folder but a symbolic link");
    looked = AUTHP_E_INTERNAL;
    becomes("cannot look at /folder: Permission denied");
    looked = AUTHP_E_NOT_FOUND;
    becomes(NULL);
    ck_assert_str_eq(calls, "");
}
END_TEST

Suite *suite_cli_owner(void)
{
    Suite *suite = suite_create("cli_owner");
    TCase *tests = tcase_create("owner");
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, root_becomes_the_owner);
    tcase_add_loop_test(tests, a_step_that_fails, 0, 3);
    tcase_add_loop_test(tests, a_step_without_effect, 0, 2);
    tcase_add_test(tests, a_folder_of_root);
    tcase_add_test(tests, an_ordinary_user);
    tcase_add_test(tests, what_is_no_folder);
    suite_add_tcase(suite, tests);
    return suite;
}
