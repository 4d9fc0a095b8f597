/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/rotation.h"

#include "service/session/grant.h"

authp_err_t authp_rotation_advance(const authp_realm_t *realm, bool rotate,
                                   const authp_client_t *client, authp_session_t **row,
                                   apr_pool_t *pool)
{
    authp_session_t *session = *row;
    const char *sid = session->id.hex;
    authp_ms_t now = authp_realm_now(realm);
    authp_ms_t idle = authp_grant_idle_limit(realm->settings, now, session, client);
    authp_err_t err =
        rotate ? authp_store_session_rotate(realm->store, sid, session->generation, now, idle, pool)
               : authp_store_session_slide(realm->store, sid, session->generation, now, idle, pool);
    if (err == AUTHP_E_CONFLICT) {
        err = authp_store_session_by_id(realm->store, sid, row, pool);
        return err == AUTHP_OK ? AUTHP_E_CONFLICT : err;
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (rotate) {
        session->generation++;
        session->rotated_at = now;
    }
    session->last_used_at = now;
    session->expires_at = idle;
    return AUTHP_OK;
}
