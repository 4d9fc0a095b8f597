/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_ROTATION_H
#define AUTHP_SERVICE_SESSION_ROTATION_H

#include "service/audit/audit.h"

/* How often a caller tries again after AUTHP_E_CONFLICT. After a lost race one new read is enough.
 * More are needed only if the store returns old data. */
#define AUTHP_ROTATION_TRIES 4

/* Writes the next generation of session **row (`rotate`), or only moves its idle limit (no
 * `rotate`: REFRESH_TOKEN_ROTATION=false), if the store still has the generation of **row and the
 * session lives. AUTHP_OK: **row is as the store has it now. AUTHP_E_CONFLICT: the store had
 * another generation, or the session has ended; then *row is read again, in `pool`.
 * AUTHP_E_NOT_FOUND: the row is gone. AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_rotation_advance(const authp_realm_t *realm, bool rotate,
                                                 const authp_client_t *client,
                                                 authp_session_t **row, apr_pool_t *pool);

#endif
