/* SPDX-License-Identifier: Apache-2.0 */
/* Measures bcrypt without a server: hash_rate COST SECONDS [THREADS] prints hashes a second. By
 * default it runs as many threads as there are cores. They have the priority of the module's own
 * threads. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>

#include "crypto/password/bcrypt.h"

#define MAX_THREADS 64
#define NICENESS 10

static int cost;
static atomic_bool stopping;

static double now(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Each thread measures its own rate, so that no thread waits for the last hash of another one. */
static void *work(void *data)
{
    double began = now();
    int done = 0;
    do {
        (void)authp_bcrypt_verify("wrong", 5, authp_bcrypt_dummy(cost));
        done++;
    } while (!stopping);
    *(double *)data = done / (now() - began);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[MAX_THREADS];
    double rates[MAX_THREADS];
    double sum = 0;
    if (argc < 3 || apr_initialize() != APR_SUCCESS) {
        fputs("hash_rate COST SECONDS [THREADS]\n", stderr);
        return EXIT_FAILURE;
    }
    cost = (int)strtol(argv[1], NULL, 10);
    double seconds = strtod(argv[2], NULL);
    long count = argc > 3 ? strtol(argv[3], NULL, 10) : sysconf(_SC_NPROCESSORS_ONLN);
    count = count < 1 ? 1 : count > MAX_THREADS ? MAX_THREADS : count;
    (void)setpriority(PRIO_PROCESS, 0, NICENESS);
    for (long i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, work, &rates[i]) != 0) {
            return EXIT_FAILURE;
        }
    }
    const struct timespec pause = {.tv_sec = (time_t)seconds,
                                   .tv_nsec = (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&pause, NULL);
    stopping = true;
    for (long i = 0; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
        sum += rates[i];
    }
    printf("%.2f\n", sum);
    return EXIT_SUCCESS;
}
