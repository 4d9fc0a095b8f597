/* SPDX-License-Identifier: Apache-2.0 */
#include "flock_fake.h"

#include <errno.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *flock_fake_removes;
int flock_fake_refuses;

int flock(int fd, int operation)
{
    if (flock_fake_removes != NULL && (operation & LOCK_SH) != 0) {
        (void)unlink(flock_fake_removes);
        flock_fake_removes = NULL;
    }
    if (flock_fake_refuses > 0 && (operation & LOCK_SH) != 0) {
        flock_fake_refuses--;
        errno = EWOULDBLOCK;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}
