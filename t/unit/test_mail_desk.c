/* SPDX-License-Identifier: Apache-2.0 */
/* Which process of an httpd sends mails, and when. */
#include "base/shm.h"
#include "service/mail/mail_desk.h"
#include "suite.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define LEASE AUTHP_MAIL_DESK_LEASE_MS

static authp_mail_desk_t *desk;

static void set_up(void)
{
    void *memory = NULL;
    ck_assert_int_eq(authp_shm_make(sizeof(*desk), &memory), AUTHP_OK);
    desk = memory;
}

/* Another process takes the lease, and lives until it is killed. */
static pid_t other_takes(authp_ms_t now)
{
    int ready[2];
    char said = '\0';
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        said = authp_mail_desk_take(desk, now) ? 'y' : 'n';
        if (write(ready[1], &said, 1) == 1) {
            (void)pause();
        }
        _exit(0);
    }
    ck_assert_int_eq(read(ready[0], &said, 1), 1);
    close(ready[0]);
    close(ready[1]);
    ck_assert_int_eq(said, 'y');
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(one_at_a_time)
{
    pid_t pid = other_takes(1000);
    ck_assert(!authp_mail_desk_take(desk, 1000));
    ck_assert(!authp_mail_desk_take(desk, 1000 + LEASE - 1));
    authp_mail_desk_give(desk, 5000); /* a process that has no lease takes none away */
    authp_mail_desk_news(desk);
    ck_assert(!authp_mail_desk_take(desk, 2000));
    end(pid);
}
END_TEST

START_TEST(a_process_that_was_killed)
{
    pid_t pid = other_takes(1000);
    ck_assert(!authp_mail_desk_take(desk, 1000));
    kill(pid, SIGKILL);
    /* Whether its parent has waited for it or not. */
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert(authp_mail_desk_take(desk, 1000));
    end(pid);
}
END_TEST

START_TEST(a_lease_lapses)
{
    pid_t pid = other_takes(1000);
    ck_assert(!authp_mail_desk_take(desk, 1000 + LEASE - 1));
    authp_mail_desk_keep(desk, 2000);
    ck_assert(!authp_mail_desk_take(desk, 2000 + LEASE - 1));
    ck_assert(authp_mail_desk_take(desk, 2000 + LEASE));
    end(pid);
}
END_TEST

START_TEST(next_round)
{
    ck_assert(authp_mail_desk_take(desk, 1000));
    authp_mail_desk_give(desk, 3000);
    ck_assert(!authp_mail_desk_take(desk, 2999));
    ck_assert(authp_mail_desk_take(desk, 3000));
    authp_mail_desk_give(desk, 9000);
    authp_mail_desk_news(desk);
    ck_assert(authp_mail_desk_take(desk, 3001));
    authp_mail_desk_pause(desk, 4000);
    authp_mail_desk_give(desk, 0);
    ck_assert(!authp_mail_desk_take(desk, 4000 + AUTHP_MAIL_DESK_PAUSE_MS - 1)); /* news or not */
    ck_assert(authp_mail_desk_take(desk, 4000 + AUTHP_MAIL_DESK_PAUSE_MS));
}
END_TEST

START_TEST(turns)
{
    ck_assert_int_eq(authp_mail_desk_turn(desk, 1000), 0);
    ck_assert_int_eq(authp_mail_desk_turn(desk, 1000), 50);
    ck_assert_int_eq(authp_mail_desk_turn(desk, 1010), 90);
    ck_assert_int_eq(authp_mail_desk_turn(desk, 5000), 0);
}
END_TEST

START_TEST(a_store_that_fails)
{
    static const int seconds[] = {1, 2, 4, 8, 16, 32, 32};
    for (int i = 0; i < (int)(sizeof(seconds) / sizeof(seconds[0])); i++) {
        ck_assert_int_eq(authp_mail_desk_store(desk, true), 1000 * seconds[i]);
    }
    ck_assert_int_eq(authp_mail_desk_store(desk, false), 1000);
    ck_assert_int_eq(authp_mail_desk_store(desk, true), 1000);
}
END_TEST

Suite *suite_mail_desk(void)
{
    Suite *s = suite_create("mail_desk");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, one_at_a_time);
    tcase_add_test(tc, a_process_that_was_killed);
    tcase_add_test(tc, a_lease_lapses);
    tcase_add_test(tc, next_round);
    tcase_add_test(tc, turns);
    tcase_add_test(tc, a_store_that_fails);
    suite_add_tcase(s, tc);
    return s;
}
