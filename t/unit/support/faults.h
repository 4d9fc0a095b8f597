/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FAULTS_H
#define AUTHP_TEST_FAULTS_H

#include <apr_time.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Functions of libraries that fail when a test wants it, and what apr_sleep() is asked for. The
 * unit tests define these functions, so the libraries call them too. */
typedef struct faults_t {
    atomic_int mmap_at;             /* the number of the next mmap() of ours that fails; 0: none */
    atomic_int mutex_at;            /* the same of pthread_mutex_init() */
    atomic_int sleeps;              /* how many times apr_sleep() was called */
    _Atomic apr_interval_time_t us; /* what it was asked for, in total */
    bool awake;                     /* apr_sleep() returns at once */
    void (*on_sleep)(void);         /* called by apr_sleep(); NULL: nothing */
} faults_t;

extern faults_t faults;

/* Resets everything: no function fails, and nothing has been counted. */
void faults_open(void);

#endif
