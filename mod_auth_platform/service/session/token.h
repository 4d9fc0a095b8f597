/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_SESSION_TOKEN_H
#define AUTHP_SERVICE_SESSION_TOKEN_H

#include "service/realm/principal.h"
#include "service/realm/realm.h"
#include "service/session/terms.h"

/* What an access token is made of. */
typedef struct authp_token_order_t {
    const authp_user_t *user;
    const authp_session_t *session;
    const authp_terms_t *terms; /* NULL = the platform's */
    const char *door_role;      /* the role of the door that was used; NULL = it has none */
} authp_token_order_t;

/* Makes an access token for a session of that user, with the roles effective now. *expires_in gets
 * its life in seconds: as the terms say, or less if the session expires before. */
AUTHP_CHECKED authp_err_t authp_token_issue(const authp_realm_t *realm,
                                            const authp_token_order_t *order, const char **out,
                                            int *expires_in, apr_pool_t *pool);

/* The one role that a client is told where an account may have several, the claims role and
 * user_type: admin if it is held, else `wanted` (a role's bit, 0 = none) if it is held, else the
 * first one in the order of ROLES. NULL if `held` is empty. */
const char *authp_token_role(const authp_realm_t *realm, authp_roles_t held, authp_roles_t wanted);

/* The same for the effective roles of `user`, where `door_role` is the role of the door that was
 * used (NULL: it has none). Without one the first stored role is wanted, if SELF_SERVICE_ROLES has
 * it: the owner has chosen it at the registration. */
const char *authp_token_role_of(const authp_realm_t *realm, const authp_user_t *user,
                                const char *door_role);

/* What ROLE_PERMISSIONS gives to these roles: a new array of const char *, each of them once. */
apr_array_header_t *authp_token_permissions(const authp_realm_t *realm, authp_roles_t held,
                                            apr_pool_t *pool);

/* The role that the accepted token names, if the account still has it. Else as authp_token_role()
 * without a wanted role. */
const char *authp_token_role_now(const authp_realm_t *realm, const authp_principal_t *principal);

/* Keeps what authp_live_guard() has found out about a token that authp_token_verify() accepted, for
 * the next requests with it. */
void authp_token_remember(const authp_realm_t *realm, const char *token, size_t len,
                          const authp_principal_t *principal);

/* Verifies the token alone: signature, claims and times. AUTHP_E_TOKEN_INVALID, or
 * AUTHP_E_TOKEN_EXPIRED, where *out is set too. It reads no store. Every guarded request calls it.
 */
AUTHP_CHECKED authp_err_t authp_token_verify(const authp_realm_t *realm, const char *token,
                                             size_t len, authp_principal_t *out, apr_pool_t *pool);

#endif
