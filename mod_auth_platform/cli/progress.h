/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_CLI_PROGRESS_H
#define AUTHP_CLI_PROGRESS_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

/* If standard error is a terminal, one line there shows the progress of a long command: the
 * number of rows, rows per second, and the time that is left. */
typedef struct authp_progress_t {
    bool shown;
    authp_ms_t began;
    authp_ms_t latest; /* when the line was last written; 0 = not yet */
} authp_progress_t;

authp_progress_t authp_progress_start(void);
/* `done` of `all` is the part that is done (all = 0: unknown), `rows` what is counted. */
void authp_progress_show(authp_progress_t *progress, int64_t done, int64_t all, int64_t rows);
/* Removes the line, before another line is written and at the end. */
void authp_progress_clear(authp_progress_t *progress);

#endif
