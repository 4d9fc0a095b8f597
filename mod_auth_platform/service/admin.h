/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ADMIN_H
#define AUTHP_SERVICE_ADMIN_H

#include "service/audit.h"

/* What an administrator, or the command line tool, does to accounts. */
typedef struct authp_actor_t {
    const char *id;               /* the admin's user id, or AUTHP_ACTOR_CLI */
    const authp_client_t *client; /* may be NULL */
} authp_actor_t;

#define AUTHP_ACTOR_CLI "cli"

/* What PATCH /users/{id} may change: a member counts only if its has_ flag is set. */
typedef struct authp_user_patch_t {
    bool has_roles;
    bool has_disabled;
    bool has_name;
    bool has_verified;
    bool disabled;
    bool verified;                   /* is_recruiter_verified */
    const char *name;                /* NULL or "" = none */
    const apr_array_header_t *roles; /* const char *, configured ones */
} authp_user_patch_t;

/* Disabling ends the account's sessions; without the role recruiter nobody stays verified as one,
 * unless the patch says so. AUTHP_E_NOT_FOUND; AUTHP_E_LAST_ADMIN if nobody would be
 * left who can administer (the tool on the server may do that all the same). */
AUTHP_CHECKED authp_err_t authp_admin_patch(const authp_realm_t *realm, const authp_actor_t *actor,
                                            const char *id, const authp_user_patch_t *patch,
                                            authp_user_t **out, apr_pool_t *pool);

/* Verifies a recruiter, or somebody who asked to be one, or withdraws that. */
typedef struct authp_verdict_t {
    const char *id; /* NULL: by e-mail */
    const char *email;
    bool verified;
} authp_verdict_t;

/* AUTHP_E_NOT_FOUND, AUTHP_E_CANNOT_VERIFY. */
AUTHP_CHECKED authp_err_t authp_admin_verify(const authp_realm_t *realm, const authp_actor_t *actor,
                                             const authp_verdict_t *verdict, authp_user_t **out,
                                             apr_pool_t *pool);

/* The account, its sessions and whatever is personal about it elsewhere. The audit keeps the id. */
AUTHP_CHECKED authp_err_t authp_admin_delete(const authp_realm_t *realm, const authp_actor_t *actor,
                                             const char *id, apr_pool_t *pool);

/* Every live session of that account; *count ended. AUTHP_E_NOT_FOUND: no such account. */
AUTHP_CHECKED authp_err_t authp_admin_end_sessions(const authp_realm_t *realm,
                                                   const authp_actor_t *actor, const char *id,
                                                   int *count, apr_pool_t *pool);

/* One session, whoever's. AUTHP_E_NOT_FOUND: none, or over already. */
AUTHP_CHECKED authp_err_t authp_admin_end_session(const authp_realm_t *realm,
                                                  const authp_actor_t *actor, const char *sid,
                                                  apr_pool_t *pool);

/* Sets a password without knowing the old one (the tool only); all sessions end. */
AUTHP_CHECKED authp_err_t authp_admin_reset_password(const authp_realm_t *realm,
                                                     const authp_actor_t *actor, const char *id,
                                                     const char *password, apr_pool_t *pool);

/* AUTHP_E_LAST_ADMIN if `user` is the only enabled administrator. */
AUTHP_CHECKED authp_err_t authp_admin_spare(const authp_realm_t *realm, const authp_user_t *user,
                                            apr_pool_t *pool);

#endif
