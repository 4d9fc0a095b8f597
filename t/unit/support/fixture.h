/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FIXTURE_H
#define AUTHP_TEST_FIXTURE_H

#include "fake_clock.h"
#include "fixed_rng.h"
#include "mem_store.h"
#include "service/account/account.h"

/* A realm on the in-memory store, with a clock and a random source of the test's own and bcrypt at
 * its lowest cost. One at a time. */
typedef struct fixture_t {
    apr_pool_t *pool;
    authp_realm_t *realm;
    authp_store_t *store;
    authp_settings_t *settings; /* the realm's own, for a test to change */
    fake_clock_t clock;
    fixed_rng_t rng;
} fixture_t;

extern const authp_client_t fixture_client;
#define FIXTURE_PASSWORD "correct horse 9"
#define FIXTURE_SECRET "first-key-first-key-first-key-first-key"

void fixture_open(fixture_t *f);
void fixture_close(fixture_t *f);
/* Loaded as the server loads them: the defaults, but FIXTURE_SECRET, BCRYPT_ROUNDS=4, no limits,
 * and common passwords are allowed. */
authp_settings_t fixture_settings(apr_pool_t *pool);

/* With FIXTURE_PASSWORD. */
authp_new_account_t fixture_new(const char *email, const char *role);
/* An account made by authp_account_create(); `role` NULL for none. */
authp_user_t *fixture_user(fixture_t *f, const char *email, const char *role, bool verified);
/* authp_session_start() that works. */
authp_grant_t fixture_start(fixture_t *f, authp_user_t *user);
/* Proves the refresh token and refreshes by it, as a route does. */
AUTHP_CHECKED authp_err_t fixture_refresh(const fixture_t *f, const char *token, authp_grant_t *out,
                                          apr_pool_t *pool);
/* The row of a refresh token that is ours, a copy in the fixture's pool. */
authp_session_t *fixture_session_of(const fixture_t *f, const char *refresh_token);
/* How many sessions were ever stored, and how many have not ended. */
int fixture_sessions(const fixture_t *f);
int fixture_live_sessions(const fixture_t *f);
/* The last event of that name, NULL if there is none; strings live as long as the fixture. */
const authp_audit_t *fixture_audit(const fixture_t *f, const char *event);

/* AUTH_LIMITS=on, with these rates, as on a server that has just started; clocked by the fixture's
 * clock. */
void fixture_limits(fixture_t *f, authp_rate_t address, authp_rate_t enroll, authp_rate_t account);

/* JWT_SECRET_KEY of our own tags (not of the access token) is another one now; FIXTURE_SECRET is
 * the previous one, or gone. */
void fixture_roll_key(fixture_t *f, bool keep_previous);
void fixture_restore_key(fixture_t *f);

#endif
