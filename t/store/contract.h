/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_TEST_CONTRACT_H
#define AUTHP_TEST_CONTRACT_H

#include "store/store.h"

#include <check.h>

/* The suite that every provider must pass. A provider registers a suite of its own: a setup that
 * makes a fresh store and calls contract_begin(), and a teardown that calls contract_end() and
 * removes the store. */
void contract_begin(authp_store_t *fresh, apr_pool_t *its_pool);
void contract_end(void);
/* The store and the pool of the test that runs now. */
authp_store_t *contract_store(void);
apr_pool_t *contract_pool(void);
/* contract_changes.c, contract_invites.c, contract_live.c, contract_failures.c and
 * contract_races.c */
void contract_add_changes(TCase *tests);
void contract_add_invites(TCase *tests);
void contract_add_live(TCase *tests);
void contract_add_failures(TCase *tests);
void contract_add_races(TCase *tests);
void contract_add_audit(TCase *tests);          /* contract_audit.c */
void contract_add_columns(TCase *tests);        /* contract_columns.c */
void contract_add_identities(TCase *tests);     /* contract_identities.c */
void contract_add_identity_races(TCase *tests); /* contract_identity_races.c */
void contract_add_bounds(TCase *tests);         /* contract_bounds.c */
void contract_add_once(TCase *tests);           /* contract_once.c */
void contract_add_otp(TCase *tests);            /* contract_otp.c */
void contract_add_tallies(TCase *tests);        /* contract_tallies.c */
void contract_add_codes(TCase *tests);          /* contract_codes.c */
void contract_add_phones(TCase *tests);         /* contract_phones.c */
void contract_add_phone_races(TCase *tests);    /* contract_phone_races.c */
void contract_add_profiles(TCase *tests);       /* contract_profiles.c */
void contract_add_lists(TCase *tests);          /* contract_lists.c */
void contract_add_mail(TCase *tests);           /* contract_mail.c */
void contract_add_mail_races(TCase *tests);     /* contract_mail.c */
void contract_add_transfer(TCase *tests);       /* contract_transfer.c */
Suite *contract_suite(const char *name, SFun setup, SFun teardown);

/* Rows to insert: a user and a session in which every optional column is set. */
authp_user_t contract_user(const char *email, apr_pool_t *pool);
authp_session_t contract_session(const authp_user_t *user);
void contract_next_id(authp_id_t *id);
authp_user_t contract_put_user(const char *email);
authp_session_t contract_put_session(const authp_user_t *user);

#define CONTRACT_NOW INT64_C(1795219200000)

#endif
