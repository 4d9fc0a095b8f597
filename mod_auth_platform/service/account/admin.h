/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_ADMIN_H
#define AUTHP_SERVICE_ACCOUNT_ADMIN_H

#include "service/audit/audit.h"

/* What an administrator, or the command line tool, does to accounts. The actor is written to the
 * audit. */
typedef struct authp_actor_t {
    const char *id;               /* the admin's user id, or AUTHP_ACTOR_CLI */
    const authp_client_t *client; /* may be NULL */
} authp_actor_t;

#define AUTHP_ACTOR_CLI "cli"

/* The change of PATCH /users/{id}. A member counts only if its has_ flag is set. */
typedef struct authp_user_patch_t {
    bool has_roles;
    bool has_disabled;
    bool has_name;
    bool has_verified;
    bool disabled;
    bool verified;                   /* is_recruiter_verified */
    const char *name;                /* NULL or "" = none */
    const apr_array_header_t *roles; /* configured roles (const char *) */
} authp_user_patch_t;

/* Changes an account. Disabling ends its sessions. A verification ends if the role recruiter is
 * added or removed, unless the patch sets it. AUTHP_E_NOT_FOUND. AUTHP_E_LAST_ADMIN: no
 * administrator would be left (this does not apply to the tool). */
AUTHP_CHECKED authp_err_t authp_admin_patch(const authp_realm_t *realm, const authp_actor_t *actor,
                                            const char *id, const authp_user_patch_t *patch,
                                            authp_user_t **out, apr_pool_t *pool);

/* The decision about a recruiter, or about a person who asked to be one: verified or not. */
typedef struct authp_verdict_t {
    const char *id; /* NULL: the account is found by `email` */
    const char *email;
    bool verified;
} authp_verdict_t;

/* Carries out the decision. AUTHP_E_NOT_FOUND. AUTHP_E_CANNOT_VERIFY: the account neither is a
 * recruiter nor asked to be one. */
AUTHP_CHECKED authp_err_t authp_admin_verify(const authp_realm_t *realm, const authp_actor_t *actor,
                                             const authp_verdict_t *verdict, authp_user_t **out,
                                             apr_pool_t *pool);

/* Marks `email`, the address of the account `id`, as proven. Password and sessions stay. Only the
 * tool calls this. AUTHP_E_NOT_FOUND: there is no such account. AUTHP_E_CONFLICT: the account does
 * not have this address any more. */
AUTHP_CHECKED authp_err_t authp_admin_prove_email(const authp_realm_t *realm,
                                                  const authp_actor_t *actor, const char *id,
                                                  const char *email, authp_user_t **out,
                                                  apr_pool_t *pool);

/* Deletes the account, its sessions and its personal data elsewhere. The audit keeps its id. */
AUTHP_CHECKED authp_err_t authp_admin_delete(const authp_realm_t *realm, const authp_actor_t *actor,
                                             const char *id, apr_pool_t *pool);

/* Ends every live session of that account. *count gets their number; it may be NULL.
 * AUTHP_E_NOT_FOUND: no such account. */
AUTHP_CHECKED authp_err_t authp_admin_end_sessions(const authp_realm_t *realm,
                                                   const authp_actor_t *actor, const char *id,
                                                   int *count, apr_pool_t *pool);

/* Ends one session of any account. AUTHP_E_NOT_FOUND: there is none, or it has ended already. */
AUTHP_CHECKED authp_err_t authp_admin_end_session(const authp_realm_t *realm,
                                                  const authp_actor_t *actor, const char *sid,
                                                  apr_pool_t *pool);

/* Sets a password without the old one, for the tool only. All sessions end. */
AUTHP_CHECKED authp_err_t authp_admin_reset_password(const authp_realm_t *realm,
                                                     const authp_actor_t *actor, const char *id,
                                                     const char *password, apr_pool_t *pool);

/* For files of service/: what follows a new password that was set without the old one. Marks
 * the sessions, which are invalid already, as ended, and writes the audit. */
void authp_admin_end_reset(const authp_realm_t *realm, const authp_actor_t *actor, const char *id,
                           apr_pool_t *pool);

/* AUTHP_E_LAST_ADMIN if `user` is the only enabled administrator. */
AUTHP_CHECKED authp_err_t authp_admin_spare(const authp_realm_t *realm, const authp_user_t *user,
                                            apr_pool_t *pool);

#endif
