/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

pid_t child_start(void (*run)(void))
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run();
        _exit(0);
    }
    return child;
}

void child_finish(pid_t child)
{
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
