/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_FIXTURE_H
#define AUTHP_TEST_FIXTURE_H

#include "fake_clock.h"
#include "fixed_rng.h"
#include "mem_store.h"
#include "service/account/account.h"

/* A realm on the in-memory store, with a fake clock, a fixed random source, and bcrypt at its
 * lowest cost. Only one exists at a time. */
typedef struct fixture_t {
    apr_pool_t *pool;
    authp_realm_t *realm;
    authp_store_t *store;
    authp_settings_t *settings; /* the realm's settings, which a test may change */
    fake_clock_t clock;
    fixed_rng_t rng;
} fixture_t;

extern const authp_client_t fixture_client;
extern const authp_terms_t fixture_terms; /* of a profile whose tokens have all claims */
#define FIXTURE_PASSWORD "correct horse 9"
#define FIXTURE_SECRET "first-key-first-key-first-key-first-key"

void fixture_open(fixture_t *f);
void fixture_close(fixture_t *f);
/* Returns settings as the server loads them: the defaults, except for FIXTURE_SECRET,
 * BCRYPT_ROUNDS=4, no limits, and common passwords are allowed. */
authp_settings_t fixture_settings(apr_pool_t *pool);

/* Returns a new account with FIXTURE_PASSWORD. */
authp_new_account_t fixture_new(const char *email, const char *role);
/* Makes an account by authp_account_create(); with `role` NULL it has no role. */
authp_user_t *fixture_user(fixture_t *f, const char *email, const char *role, bool verified);
/* Calls authp_session_start(), which must succeed. */
authp_grant_t fixture_start(fixture_t *f, authp_user_t *user);
/* Checks the refresh token and refreshes with it, as a route does. */
AUTHP_CHECKED authp_err_t fixture_refresh(const fixture_t *f, const char *token, authp_grant_t *out,
                                          apr_pool_t *pool);
/* Returns a copy of the session row of a valid refresh token, in the fixture's pool. */
authp_session_t *fixture_session_of(const fixture_t *f, const char *refresh_token);
/* Return how many sessions were ever stored, and how many have not ended. */
int fixture_sessions(const fixture_t *f);
int fixture_live_sessions(const fixture_t *f);
/* Returns the latest audit entry with that event, or NULL. Its strings live as long as the
 * fixture. */
const authp_audit_t *fixture_audit(const fixture_t *f, const char *event);
/* Returns the number of audit entries so far, and the entry `index` of them, counted from 0. */
int fixture_audits(const fixture_t *f);
const authp_audit_t *fixture_audit_at(const fixture_t *f, int index);

/* Turns limits on with these rates and empty counts, as on a server that has just started. They use
 * the fixture's clock. */
void fixture_limits(fixture_t *f, authp_rate_t address, authp_rate_t enroll, authp_rate_t account);

/* Replaces the key for refresh tokens, CSRF tokens and device cookies, but not the key for access
 * tokens. FIXTURE_SECRET becomes the previous key, or is removed. */
void fixture_roll_key(fixture_t *f, bool keep_previous);
void fixture_restore_key(fixture_t *f);

#endif
