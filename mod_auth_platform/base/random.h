/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_RANDOM_H
#define AUTHP_BASE_RANDOM_H

#include <stddef.h>

/* A source of random bytes behind a function pointer, so that tests can repeat a run. fill() cannot
 * fail: if the system's source has no random bytes, the process is aborted. */
typedef struct authp_random_t {
    void (*fill)(void *ctx, unsigned char *out, size_t len);
    void *ctx;
} authp_random_t;

/* The system's source: getrandom(2). */
const authp_random_t *authp_random_system(void);
void authp_random_fill(const authp_random_t *random, unsigned char *out, size_t len);

#endif
