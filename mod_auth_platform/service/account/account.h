/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_ACCOUNT_H
#define AUTHP_SERVICE_ACCOUNT_ACCOUNT_H

#include "service/session/session.h"

/* The data of a new account. The body schema, or authp_account_rules_check_* for the command line,
 * has checked it. */
typedef struct authp_new_account_t {
    authp_id_t id;        /* "": a new one */
    const char *email;    /* letters of any case, white space around it is allowed. NULL if none */
    const char *username; /* letters of any case. NULL if none */
    const char *phone;    /* E.164. NULL if none. Its owner has proven it, or the tool sets it */
    const char *name;     /* NULL if none */
    const char *password; /* NULL: none */
    size_t password_len;
    const char *password_hash; /* instead of a password: its hash. NULL: none */
    const char *role;          /* NULL = none */
    /* More roles (const char *), in this order after `role`. NULL = none. The first role of all is
     * the one that its owner has chosen, if SELF_SERVICE_ROLES has it (session/token.h). */
    const apr_array_header_t *roles;
    bool verified; /* is_recruiter_verified */
    bool email_verified;
    apr_array_header_t *identities; /* authp_identity_t, NULL = none */
    bool asks_for_recruiter;        /* notes the request (recruiter_requested_at) */
} authp_new_account_t;

/* The role of an account that somebody makes for themselves. NULL if it is not configured. */
const char *authp_account_default_role(const authp_realm_t *realm);

/* Makes an account without a session, and mails the link that proves its address, unless
 * in->email_verified is set (authp_account_mail_welcome()). It has an address, a username, a phone
 * number or an identity, so that it can sign in. AUTHP_E_EMAIL_TAKEN, or AUTHP_E_USER_EXISTS if
 * `in` has a username or a number: one of them or the address is taken. AUTHP_E_BUSY,
 * AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_account_create(const authp_realm_t *realm,
                                               const authp_new_account_t *in, const char *actor_id,
                                               const authp_client_t *client, authp_user_t **out,
                                               apr_pool_t *pool);

/* The same without an entry in the audit, for callers that may have to remove the account again. */
AUTHP_CHECKED authp_err_t authp_account_insert(const authp_realm_t *realm,
                                               const authp_new_account_t *in, authp_hash_for_t who,
                                               authp_user_t **out, apr_pool_t *pool);

/* Makes the account of the person who registers, without a session, and mails the link that proves
 * its address (authp_account_mail_welcome()). The caller decides in->role and in->verified.
 * in->email_verified does not count, because registering proves no address.
 * AUTHP_E_EMAIL_TAKEN, or AUTHP_E_USER_EXISTS as authp_account_create(). */
AUTHP_CHECKED authp_err_t authp_account_sign_up(const authp_realm_t *realm,
                                                const authp_new_account_t *in,
                                                const authp_client_t *client, authp_user_t **out,
                                                apr_pool_t *pool);

/* POST /register: makes a candidate and a first session. If only the session fails, the account is
 * complete and can sign in, and the result is AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_account_register(const authp_realm_t *realm,
                                                 const authp_new_account_t *in,
                                                 const authp_client_t *client, authp_grant_t *out,
                                                 apr_pool_t *pool);

#endif
