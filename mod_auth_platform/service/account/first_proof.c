/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/first_proof.h"

#include "base/log.h"
#include "service/account/user.h"
#include "service/live/live_change.h"
#include "store/identities.h"

authp_first_proof_t authp_first_proof_of(const authp_user_t *user)
{
    if (user->email_verified) {
        return AUTHP_FIRST_PROOF_NONE;
    }
    if (authp_user_holds(user, "admin")) {
        return AUTHP_FIRST_PROOF_NEVER;
    }
    return user->phone != NULL || authp_identities_count(user->identities) > 0
               ? AUTHP_FIRST_PROOF_PART
               : AUTHP_FIRST_PROOF_TAKE;
}

void authp_first_proof_apply(authp_first_proof_t proof, authp_user_t *user)
{
    if (proof == AUTHP_FIRST_PROOF_PART) {
        user->email = NULL;
    }
    if (proof == AUTHP_FIRST_PROOF_TAKE) {
        /* Somebody else than the owner of the address may have chosen the password. */
        user->password_hash = NULL;
        user->email_verified = true;
    }
}

void authp_first_proof_end_sessions(const authp_realm_t *realm, const char *user_id,
                                    apr_pool_t *pool)
{
    authp_err_t err =
        authp_live_change_session_end_user(realm, user_id, NULL, "first_proof", NULL, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0315",
                  "user %s: the sessions are invalid, but are not marked as ended: %s", user_id,
                  authp_err_name(err));
    }
}
