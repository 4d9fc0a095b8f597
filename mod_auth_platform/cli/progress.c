/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define PAUSE_MS 250

static authp_ms_t now(void)
{
    return authp_clock_now(authp_clock_monotonic());
}

authp_progress_t authp_progress_start(void)
{
    return (authp_progress_t){.shown = isatty(STDERR_FILENO) == 1, .began = now()};
}

void authp_progress_show(authp_progress_t *progress, int64_t done, int64_t all, int64_t rows)
{
    authp_ms_t at = now();
    if (!progress->shown || (progress->latest != 0 && at - progress->latest < PAUSE_MS)) {
        return;
    }
    progress->latest = at;
    double spent = (double)(at - progress->began + 1) / 1000;
    fprintf(stderr, "\r%" PRId64 " rows, %.0f a second", rows, (double)rows / spent);
    if (all > 0 && done > 0 && done <= all) {
        double part = (double)done / (double)all;
        int64_t left = (int64_t)(spent * (1 - part) / part) + 1;
        fprintf(stderr, ", %.0f %%, %" PRId64 ":%02" PRId64 " left", part * 100, left / 60,
                left % 60);
    }
    fputs("\033[K", stderr);
}

void authp_progress_clear(authp_progress_t *progress)
{
    if (progress->latest != 0) {
        fputs("\r\033[K", stderr);
        progress->latest = 0;
    }
}
