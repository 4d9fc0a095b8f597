/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FIXTURE_H
#define AUTHP_TEST_FIXTURE_H

#include "fake_clock.h"
#include "fixed_rng.h"
#include "mem_store.h"
#include "service/account.h"

/* A realm on the in-memory store, with a clock and a random source of the test's own and bcrypt at its lowest cost. */
typedef struct fixture_t {
    apr_pool_t *pool;
    authp_realm_t *realm;
    authp_settings_t *settings; /* the realm's own, for a test to change */
    fake_clock_t clock;
    fixed_rng_t rng;
} fixture_t;

extern const authp_client_t fixture_client;
#define FIXTURE_PASSWORD "correct horse 9"

void fixture_open(fixture_t *f);
void fixture_close(fixture_t *f);
/* Settings as the defaults have them, BCRYPT_ROUNDS=4. */
authp_settings_t fixture_settings(apr_pool_t *pool);

/* An account with FIXTURE_PASSWORD, as the store has it; `role` NULL for none. */
authp_user_t *fixture_user(fixture_t *f, const char *email, const char *role, bool verified);
authp_new_account_t fixture_new(const char *email, const char *role);
/* What the store holds now. */
authp_session_t *fixture_session(fixture_t *f, const char *sid);
/* A sign-in that works. */
authp_grant_t fixture_start(fixture_t *f, authp_user_t *user);

#endif
