/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SHAPE_H
#define AUTHP_SERVICE_SHAPE_H

#include "base/json.h"
#include "store/model.h"

/* How accounts, sessions and invites look as JSON (contract 2), to clients of the API and to
 * programs that call the tool: never a hash or a secret. */
json_t *authp_shape_user(const authp_user_t *user, apr_pool_t *pool);
/* `current`: it is the one in which somebody is asking. */
json_t *authp_shape_session(const authp_session_t *session, bool current, apr_pool_t *pool);
json_t *authp_shape_invite(const authp_invite_t *invite, apr_pool_t *pool);
/* One just made: the only place where its code is shown. */
/* An entry of the audit. */
json_t *authp_shape_audit(const authp_audit_t *entry, apr_pool_t *pool);
json_t *authp_shape_new_invite(const authp_invite_t *invite, const char *code, apr_pool_t *pool);

#endif
