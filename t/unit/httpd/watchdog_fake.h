/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_WATCHDOG_FAKE_H
#define AUTHP_TEST_WATCHDOG_FAKE_H

#include <mod_watchdog.h>
#include <stdbool.h>

/* A mod_watchdog without threads. It notes what it is asked for, and tests call the rounds. */

#define WATCHDOG_FAKE_MOST 4

typedef struct watch_t {
    const char *name;
    apr_interval_time_t interval;
    const void *data;
    ap_watchdog_callback_fn_t *round;
} watch_t;

extern watch_t watches[WATCHDOG_FAKE_MOST];
extern int nwatches;
extern bool no_instance; /* mod_watchdog makes no thread */
extern int refused_at;   /* the number of the registration that fails; 0: none */

/* Forgets all watches. mod_watchdog is loaded, or not. */
void watchdog_fake_load(bool there);

#endif
