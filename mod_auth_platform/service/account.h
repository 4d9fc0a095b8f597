/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_ACCOUNT_H
#define AUTHP_SERVICE_ACCOUNT_H

#include "service/session.h"

/* Syntax has been checked by the body schema (or by authp_account_check_* for the command line). */
typedef struct authp_new_account_t {
    const char *email; /* any case, untrimmed is fine */
    const char *name;  /* NULL if none */
    const char *password;
    size_t password_len;
    const char *role; /* NULL = none */
    bool verified;    /* is_recruiter_verified */
    bool email_verified;
} authp_new_account_t;

/* Makes an account; no session. AUTHP_E_EMAIL_TAKEN, AUTHP_E_BUSY, AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_account_create(const authp_realm_t *realm,
                                               const authp_new_account_t *in, const char *actor_id,
                                               const authp_client_t *client, authp_user_t **out,
                                               apr_pool_t *pool);

/* The same without a word in the audit, for who may have to take it back. */
AUTHP_CHECKED authp_err_t authp_account_insert(const authp_realm_t *realm,
                                               const authp_new_account_t *in, authp_hash_for_t who,
                                               authp_user_t **out, apr_pool_t *pool);

/* POST /register: a candidate and a first session. If only the session fails the account is
 * complete and the answer is AUTHP_E_UNAVAILABLE: sign in. */
AUTHP_CHECKED authp_err_t authp_account_register(const authp_realm_t *realm,
                                                 const authp_new_account_t *in,
                                                 const authp_client_t *client, authp_grant_t *out,
                                                 apr_pool_t *pool);

/* The doors a password opens: which stored roles may come in (contract 2 and 3). */
typedef enum authp_door_t {
    AUTHP_DOOR_ANY,
    AUTHP_DOOR_CANDIDATE,
    AUTHP_DOOR_RECRUITER /* verified ones, and who becomes one by invite_code */
} authp_door_t;

typedef struct authp_login_t {
    authp_login_kind_t kind;
    const char *login; /* e-mail or username as typed */
    const char *password;
    size_t password_len;
    authp_door_t door;
    const char *invite_code; /* AUTHP_DOOR_RECRUITER: NULL if none */
} authp_login_t;

/* Equal work and AUTHP_E_INVALID_CREDENTIALS for unknown user, wrong password, account without a
 * password, disabled account. A stored hash of lower cost is upgraded. AUTHP_E_NOT_CANDIDATE,
 * AUTHP_E_NOT_RECRUITER, AUTHP_E_INVITE_INVALID, AUTHP_E_RECRUITER_PENDING only after the right
 * password: a sign-in that fails uses no invite up. */
AUTHP_CHECKED authp_err_t authp_account_login(const authp_realm_t *realm, const authp_login_t *in,
                                              const authp_client_t *client, authp_grant_t *out,
                                              apr_pool_t *pool);

/* Field rules of contract 1, used by the body schema, OpenAPI and the command line: NULL if fine,
 * else a sentence for people. `text` is well-formed UTF-8 of `len` bytes; a NUL inside is refused
 * by each. */
const char *authp_account_check_email(const char *text, size_t len);
const char *authp_account_check_name(const char *text, size_t len);
const char *authp_account_check_password(const authp_settings_t *settings, const char *text,
                                         size_t len, apr_pool_t *pool);
/* True if the password is too common and the settings refuse it. */
bool authp_account_password_is_common(const authp_settings_t *settings, const char *text,
                                      size_t len);
/* Trimmed and lower-cased. */
const char *authp_account_normal_email(const char *text, apr_pool_t *pool);

#endif
