/* SPDX-License-Identifier: Apache-2.0 */
#include "service/invite/admin_invite.h"

#include "service/invite/invite.h"

/* used_ver of a claim. No account has this ver, so the repair of interrupted recruiter invites
 * (authp_invite_accept()) never finds such a claim. */
#define NO_VER 0

authp_err_t authp_admin_invite_find(const authp_realm_t *realm, const char *code, const char *email,
                                    authp_invite_t **out, apr_pool_t *pool)
{
    authp_invite_t *invite = NULL;
    const authp_invite_wanted_t wanted = {.code = code, .email = email, .role = "admin"};
    authp_err_t err = authp_invite_find(realm, &wanted, &invite, pool);
    if (err == AUTHP_OK && !authp_invite_is_open(realm, invite)) {
        err = AUTHP_E_INVITE_INVALID;
    }
    if (err == AUTHP_OK) {
        *out = invite;
    }
    return err;
}

authp_err_t authp_admin_invite_claim(const authp_realm_t *realm, const char *id,
                                     const char *user_id, const authp_client_t *client,
                                     apr_pool_t *pool)
{
    authp_err_t err =
        authp_store_invite_claim(realm->store, id, user_id, NO_VER, authp_realm_now(realm), pool);
    if (err == AUTHP_OK) {
        const authp_event_t event = {
            .event = "invite_use", .outcome = "ok", .actor_id = user_id, .subject_id = id};
        authp_audit_write(realm, &event, client, pool);
    }
    return err == AUTHP_E_CONFLICT ? AUTHP_E_INVITE_INVALID : err;
}
