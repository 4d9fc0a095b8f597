/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_FUZZ_PROVIDER_WORLD_H
#define AUTHP_FUZZ_PROVIDER_WORLD_H

#include "api/core/http.h"
#include "service/realm/realm.h"

/* A server with one account, an empty in-memory store and a provider at PROVIDER_WORLD_ISSUER that
 * answers from memory. Each input has its own. */
#define PROVIDER_WORLD_ISSUER "https://op.example"

typedef struct provider_world_t {
    apr_pool_t *pool;
    authp_realm_t *realm;
    const struct authp_mount_t *mount; /* /api/auth */
    const char *answer;                /* of the token endpoint */
    const char *id_token;              /* set by provider_world_answer_good() */
} provider_world_t;

/* Makes what all inputs share. Call it once. */
void provider_world_start(void);
void provider_world_open(provider_world_t *world);
void provider_world_close(provider_world_t *world);

/* Begins a sign-in. Returns the value of its cookie. */
const char *provider_world_pending(provider_world_t *world, const char **state);
/* Lets the token endpoint answer a good id_token for the sign-in `state` in that Cookie header. */
void provider_world_answer_good(provider_world_t *world, const char *cookie, const char *state);

authp_err_t provider_world_no_body(void *ctx, size_t limit, const char **data, size_t *len);

#endif
