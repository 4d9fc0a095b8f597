/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_SHAPE_H
#define AUTHP_SERVICE_ACCOUNT_SHAPE_H

#include "base/json.h"
#include "store/model.h"

/* Accounts, sessions, invites and audit entries as JSON, for clients of the API and for programs
 * that call the tool. They never contain a password hash or a secret. An account has the
 * members `username` and `phone` only if it has a username or a number, and an invite has `role`
 * only if it is for another role than recruiter. */
json_t *authp_shape_user(const authp_user_t *user, apr_pool_t *pool);
/* The identities of an account, as a list. */
json_t *authp_shape_identities(const authp_user_t *user, apr_pool_t *pool);
/* `current` is true for the session of the request. */
json_t *authp_shape_session(const authp_session_t *session, bool current, apr_pool_t *pool);
json_t *authp_shape_invite(const authp_invite_t *invite, apr_pool_t *pool);
/* An entry of the audit. */
json_t *authp_shape_audit(const authp_audit_t *entry, apr_pool_t *pool);
/* An invite that was just made. Only this form contains its code. */
json_t *authp_shape_new_invite(const authp_invite_t *invite, const char *code, apr_pool_t *pool);

#endif
