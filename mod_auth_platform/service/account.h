/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_H
#define AUTHP_SERVICE_ACCOUNT_H

#include "service/session.h"

/* The data of a new account. The body schema, or authp_account_check_* for the command line, has
 * checked it. */
typedef struct authp_new_account_t {
    const char *email; /* letters of any case, white space around it is allowed */
    const char *name;  /* NULL if none */
    const char *password;
    size_t password_len;
    const char *role; /* NULL = none */
    bool verified;    /* is_recruiter_verified */
    bool email_verified;
} authp_new_account_t;

/* Makes an account without a session. AUTHP_E_EMAIL_TAKEN, AUTHP_E_BUSY, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_account_create(const authp_realm_t *realm,
                                               const authp_new_account_t *in, const char *actor_id,
                                               const authp_client_t *client, authp_user_t **out,
                                               apr_pool_t *pool);

/* The same without an entry in the audit, for callers that may have to remove the account again. */
AUTHP_CHECKED authp_err_t authp_account_insert(const authp_realm_t *realm,
                                               const authp_new_account_t *in, authp_hash_for_t who,
                                               authp_user_t **out, apr_pool_t *pool);

/* POST /register: makes a candidate and a first session. If only the session fails, the account is
 * complete and can sign in, and the result is AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_account_register(const authp_realm_t *realm,
                                                 const authp_new_account_t *in,
                                                 const authp_client_t *client, authp_grant_t *out,
                                                 apr_pool_t *pool);

/* The three sign-in routes, which differ in the roles that they let in (README.md, "The routes").
 */
typedef enum authp_door_t {
    AUTHP_DOOR_ANY,
    AUTHP_DOOR_CANDIDATE,
    AUTHP_DOOR_RECRUITER /* verified recruiters, and accounts that become one by invite_code */
} authp_door_t;

typedef struct authp_login_t {
    authp_login_kind_t kind;
    const char *login; /* e-mail address or username as typed */
    const char *password;
    size_t password_len;
    authp_door_t door;
    const char *invite_code; /* for AUTHP_DOOR_RECRUITER; NULL if none was sent */
} authp_login_t;

/* Signs in. An unknown user, a wrong password, an account without a password and a disabled account
 * all get AUTHP_E_INVALID_CREDENTIALS after equal work. A stored hash of lower cost is replaced.
 * AUTHP_E_NOT_CANDIDATE, AUTHP_E_NOT_RECRUITER, AUTHP_E_INVITE_INVALID and
 * AUTHP_E_RECRUITER_PENDING need the right password, and a sign-in that fails does not use up an
 * invite. */
AUTHP_CHECKED authp_err_t authp_account_login(const authp_realm_t *realm, const authp_login_t *in,
                                              const authp_client_t *client, authp_grant_t *out,
                                              apr_pool_t *pool);

/* The rules for fields, for the body schema, OpenAPI and the command line. They return NULL, or a
 * sentence for people. `text` has `len` bytes of well-formed UTF-8. All of them refuse a NUL
 * inside. */
const char *authp_account_check_email(const char *text, size_t len);
const char *authp_account_check_name(const char *text, size_t len);
const char *authp_account_check_password(const authp_settings_t *settings, const char *text,
                                         size_t len, apr_pool_t *pool);
/* True if the password is too common and the settings refuse it. */
bool authp_account_password_is_common(const authp_settings_t *settings, const char *text,
                                      size_t len);
/* The address without white space around it, in lower case. */
const char *authp_account_normal_email(const char *text, apr_pool_t *pool);

#endif
