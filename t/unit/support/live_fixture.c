/* SPDX-License-Identifier: Apache-2.0 */
#include "live_fixture.h"
#include "service/live/live_poll.h"
#include "service/live_table/live_layout.h"
#include "service/session/token.h"

#include <string.h>

#include <check.h>

authp_principal_t live_fixture_principal(live_fixture_t *live, const authp_grant_t *grant)
{
    authp_principal_t out = {0};
    ck_assert_int_eq(authp_token_verify(live->f.realm, grant->access_token,
                                        strlen(grant->access_token), &out, live->f.pool),
                     AUTHP_OK);
    return out;
}

void live_fixture_open(live_fixture_t *live)
{
    fixture_t *f = &live->f;
    fixture_open(f);
    /* The table uses the real time to tell old changes from new ones. */
    atomic_store(&f->clock.now, authp_clock_now(authp_clock_system()));
    const authp_live_terms_t terms = {
        .roles = f->settings->roles, .token_ms = 900000, .max_lag_ms = 5000};
    ck_assert_int_eq(authp_live_table_make(1024, &live->shared), AUTHP_OK);
    ck_assert_int_eq(authp_live_table_open(live->shared, &terms, &live->table, f->pool), AUTHP_OK);
    ck_assert_int_eq(authp_live_make(live->table, 2, &f->realm->live, f->pool), AUTHP_OK);
    authp_live_open(f->realm->live);
    live->user = fixture_user(f, "ada@example.org", "recruiter", true);
    live->grant = fixture_start(f, live->user);
    live->who = live_fixture_principal(live, &live->grant);
}

void live_fixture_close(live_fixture_t *live)
{
    fixture_close(&live->f);
}

void live_fixture_poll(live_fixture_t *live)
{
    live->shared->round_began = 0;
    authp_live_poll(live->f.realm, live->f.pool);
}
