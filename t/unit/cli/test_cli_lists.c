/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of the tool that are longer than what it reads of the store at a time. */
#include "base/id.h"
#include "cli_fixture.h"
#include "suite.h"

#include <apr_strings.h>
#include <string.h>

#define INVITES 410 /* the tool reads 200 at a time */
#define SECOND 205  /* the first invite that is revoked */

static const char *id_of(int number)
{
    return apr_psprintf(cli_fixture.f.pool, "65%022x", (unsigned int)number);
}

/* Those before SECOND are open, and of ann; the others are revoked, and of zoe. */
static void set_up(void)
{
    fixture_t *f = &cli_fixture.f;
    cli_fixture_open();
    for (int i = 1; i <= INVITES; i++) {
        bool later = i >= SECOND;
        authp_invite_t invite = {
            .code_hash = apr_psprintf(f->pool, "hash%d", i),
            .email = apr_psprintf(f->pool, "%s%d@example.org", later ? "zoe" : "ann", i),
            .created_by = "cli",
            .created_at = f->clock.now,
            .expires_at = f->clock.now + 3600000,
            .revoked_at = later ? f->clock.now : 0};
        apr_cpystrn(invite.id.hex, id_of(i), sizeof(invite.id.hex));
        ck_assert_int_eq(authp_store_invite_create(f->store, &invite, f->pool), AUTHP_OK);
    }
}

static const struct {
    const char *line;
    int first; /* 0: none */
    int last;
    int next; /* what continues the list; 0: nothing */
} lists[] = {
    {"invite list --limit 200", 1, 200, 200},
    {"invite list --email zoe --limit 3", SECOND, SECOND + 2, SECOND + 2},
    {"invite list --email Zoe410", 410, 410, 0},
    {"invite list --state revoked --limit 200", SECOND, 404, 404},
    {"invite list --state revoked --after 65000000000000000000019a", 0, 0, 0},
    {"invite list --state open --limit 200", 1, 200, 200},
    {"invite list --state used", 0, 0, 0},
    {"invite list --email eve", 0, 0, 0},
    {"invite list --email ann --state revoked", 0, 0, 0},
    {"invite list --email zoe410 --state revoked", 410, 410, 0},
};

START_TEST(more_than_a_batch)
{
    cli_answer_t answer = cli_fixture_run(lists[_i].line, NULL);
    ck_assert_msg(answer.status == 0, "%s", answer.err);
    int shown = 0;
    for (int i = 1; i <= INVITES; i++) {
        bool listed = strstr(answer.out, id_of(i)) != NULL;
        ck_assert_msg(listed ==
                          (lists[_i].first != 0 && i >= lists[_i].first && i <= lists[_i].last),
                      "%s: %d", lists[_i].line, i);
        shown += listed;
    }
    ck_assert_int_eq(shown, lists[_i].first == 0 ? 0 : lists[_i].last - lists[_i].first + 1);
    const char *note = lists[_i].next == 0
                           ? ""
                           : apr_pstrcat(cli_fixture.f.pool,
                                         "authplatform: note: there are more; continue with "
                                         "--after ",
                                         id_of(lists[_i].next), "\n", NULL);
    ck_assert_str_eq(answer.err, note);
}
END_TEST

/* An invite without a role is one of a recruiter. */
START_TEST(roles_of_invites)
{
    cli_answer_t made = cli_fixture_run("invite create --role admin --email yan@example.org", NULL);
    ck_assert_int_eq(made.status, 0);
    const char *out = cli_fixture_run("invite list --email yan", NULL).out;
    ck_assert_ptr_nonnull(strstr(out, "admin"));
    ck_assert_ptr_null(strstr(out, "recruiter"));
    out = cli_fixture_run("invite list --email ann1 --limit 1", NULL).out;
    ck_assert_ptr_nonnull(strstr(out, "recruiter"));
}
END_TEST

Suite *suite_cli_lists(void)
{
    Suite *suite = suite_create("cli_lists");
    TCase *tests = tcase_create("lists");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, set_up, cli_fixture_close);
    tcase_add_loop_test(tests, more_than_a_batch, 0, (int)(sizeof(lists) / sizeof(lists[0])));
    tcase_add_test(tests, roles_of_invites);
    suite_add_tcase(suite, tests);
    return suite;
}
