/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_FIRST_PROOF_H
#define AUTHP_SERVICE_ACCOUNT_FIRST_PROOF_H

#include "service/realm/realm.h"

/* The first proof of an e-mail address by a person who is not signed in to the account: by a
 * provider, or by a mailed link. Until then anybody may have made the account with that address. */
typedef enum authp_first_proof_t {
    AUTHP_FIRST_PROOF_NONE, /* the address was proven before, so nothing changes */
    AUTHP_FIRST_PROOF_TAKE, /* the person gets the account, without its password and sessions */
    AUTHP_FIRST_PROOF_PART, /* a phone number or an identity also opens the account: the account
                             * keeps them and loses the address, and a new account gets it */
    AUTHP_FIRST_PROOF_NEVER /* an administrator's account, which an address alone does not open */
} authp_first_proof_t;

/* Returns what the first proof of user->email does to the account. Reads only `user`. */
authp_first_proof_t authp_first_proof_of(const authp_user_t *user);

/* Called by edit functions. AUTHP_FIRST_PROOF_TAKE: removes the password, and marks the address as
 * proven. AUTHP_FIRST_PROOF_PART: removes the address. Other values change nothing. The sessions of
 * the account must end, too: set ends_sessions of the edit, or end them after it
 * (service/address/password_reset.c). Roles stay: an invite was for the address that is proven now,
 * and other roles were given by an administrator. */
void authp_first_proof_apply(authp_first_proof_t proof, authp_user_t *user);

/* Called after that change, which has made the sessions invalid: marks the sessions as ended, for
 * lists of sessions. A failure is logged. */
void authp_first_proof_end_sessions(const authp_realm_t *realm, const char *user_id,
                                    apr_pool_t *pool);

#endif
