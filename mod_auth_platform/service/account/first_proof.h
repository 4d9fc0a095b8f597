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

/* What the first proof of user->email does to the account. Reads no other row. */
authp_first_proof_t authp_first_proof_of(const authp_user_t *user);

/* Changes `user` in an edit function, for AUTHP_FIRST_PROOF_TAKE and AUTHP_FIRST_PROOF_PART. The
 * edit must also have ends_sessions set. A role from an invite stays, because the invite was for
 * the address that is proven now, and so do roles that an administrator gave. */
void authp_first_proof_apply(authp_first_proof_t proof, authp_user_t *user);

/* After that change: marks the sessions, which are invalid already, as ended in lists. A failure is
 * logged. */
void authp_first_proof_end_sessions(const authp_realm_t *realm, const char *user_id,
                                    apr_pool_t *pool);

#endif
