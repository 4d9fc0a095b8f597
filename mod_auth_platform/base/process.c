/* SPDX-License-Identifier: Apache-2.0 */
#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* PIDs of the kernel are below 2^22. 2^42 clock ticks are 1,394 years. */
#define START_BITS 42
#define START_MASK ((UINT64_C(1) << START_BITS) - 1)

/* Positions of fields in /proc/PID/stat, counted from the first field after the program's name. */
#define FIELD_THREADS 17
#define FIELD_START 19

typedef struct state_t {
    char letter;
    long threads;
    uint64_t start;
} state_t;

static authp_process_t pack(pid_t pid, uint64_t start)
{
    return (uint64_t)pid << START_BITS | (start & START_MASK);
}

/* `text` is the part of the line after the name: " S 1 2 ...". */
static bool parse(const char *text, state_t *state)
{
    if (text[0] != ' ' || text[1] == '\0') {
        return false;
    }
    state->letter = text[1];
    const char *at = text + 2;
    for (int field = 1; field <= FIELD_START; field++) {
        char *end = NULL;
        errno = 0;
        long long value = strtoll(at, &end, 10);
        if (end == at || errno != 0) {
            return false;
        }
        at = end;
        state->threads = field == FIELD_THREADS ? (long)value : state->threads;
        state->start = field == FIELD_START ? (uint64_t)value : state->start;
    }
    return true;
}

/* Reads /proc/PID/stat. Returns 0 or an errno. The program's name may contain any character, also
 * blanks and parentheses, so the last ')' ends it. */
static int look(const char *path, state_t *state)
{
    char text[1024];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    ssize_t len = read(fd, text, sizeof(text) - 1);
    int why = len < 0 ? errno : 0;
    (void)close(fd);
    if (why != 0) {
        return why;
    }
    text[len] = '\0';
    const char *behind = strrchr(text, ')');
    return behind != NULL && parse(behind + 1, state) ? 0 : EINVAL;
}

authp_process_t authp_process_self(void)
{
    static _Atomic uint64_t kept;
    pid_t pid = getpid();
    authp_process_t self = atomic_load(&kept);
    if (self >> START_BITS != (uint64_t)pid) {
        state_t state = {.start = 0};
        self = pack(pid, look("/proc/self/stat", &state) == 0 ? state.start : 0);
        atomic_store(&kept, self);
    }
    return self;
}

bool authp_process_is_gone(authp_process_t process)
{
    char path[64];
    state_t state = {.start = 0};
    state_t own = {.start = 0};
    pid_t pid = (pid_t)(process >> START_BITS);
    uint64_t start = process & START_MASK;
    (void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    int why = look(path, &state);
    if (why == 0) {
        /* A zombie holds no lock. But a zombie with other threads is a live process whose first
         * thread has ended. */
        bool ended = (state.letter == 'Z' || state.letter == 'X') && state.threads <= 1;
        return ended || (start != 0 && state.start != start);
    }
    /* With the mount option hidepid a process of another user is not visible. The callers of this
     * function look for processes of their own user. */
    if ((why == ENOENT || why == ESRCH) && look("/proc/self/stat", &own) == 0) {
        return true;
    }
    return kill(pid, 0) != 0 && errno == ESRCH;
}
