/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_RANDOM_H
#define AUTHP_BASE_RANDOM_H

#include <stddef.h>

/* A port, so that tests can repeat themselves. fill() cannot fail: the system's source aborts the
 * process rather than hand out predictable bytes. */
typedef struct authp_random_t {
    void (*fill)(void *ctx, unsigned char *out, size_t len);
    void *ctx;
} authp_random_t;

/* getrandom(2). */
const authp_random_t *authp_random_system(void);
void authp_random_fill(const authp_random_t *random, unsigned char *out, size_t len);

#endif
