/* SPDX-License-Identifier: Apache-2.0 */
#include "service/code_sign_in/code_sign_in.h"

#include "service/account/find.h"
#include "service/account/new_device.h"
#include "service/account/phone_account.h"
#include "service/otp/otp.h"
#include "service/sign_in/login.h"

#include <string.h>

static void audit(const authp_realm_t *realm, const authp_user_t *user, authp_err_t err,
                  const char *sid, const authp_client_t *client, apr_pool_t *pool)
{
    const char *id = user != NULL ? user->id.hex : NULL;
    const authp_event_t event = {.event = "login",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = err == AUTHP_OK ? id : NULL,
                                 .subject_id = id,
                                 .session_id = sid};
    authp_audit_write(realm, &event, client, pool);
}

static authp_err_t check_code(const authp_realm_t *realm, const authp_code_proof_t *proof,
                              authp_otp_purpose_t purpose, const authp_client_t *client,
                              struct authp_otp_code_t **right, apr_pool_t *pool)
{
    const authp_otp_try_t given = {proof->phone, purpose, proof->code};
    return authp_otp_check(realm, &given, client, right, pool);
}

/* Hashes a new password. Callers do this before they use the code up: it may fail because the
 * server is busy. */
static authp_err_t hash(const authp_realm_t *realm, authp_hash_for_t who, const char *password,
                        char out[AUTHP_SCHEME_HASH_LEN + 1])
{
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    return authp_hasher_hash(realm->hasher, who, password, strlen(password), &scheme, out);
}

/* --- auth/register ---------------------------------------------------------------------------- */

authp_err_t authp_code_sign_in_register(const authp_realm_t *realm, const authp_new_account_t *in,
                                        const char *code, const authp_client_t *client,
                                        authp_grant_t *out, apr_pool_t *pool)
{
    struct authp_otp_code_t *right = NULL;
    authp_user_t *user = NULL;
    char hashed[AUTHP_SCHEME_HASH_LEN + 1];
    authp_new_account_t made = *in;
    const authp_code_proof_t proof = {.phone = in->phone, .code = code};
    authp_err_t err = check_code(realm, &proof, AUTHP_OTP_ENTER, client, &right, pool);
    if (err == AUTHP_OK) {
        err = authp_find_free(realm, in->phone, in->email, pool);
    }
    if (err == AUTHP_OK) {
        err = hash(realm, AUTHP_HASH_STRANGER, in->password, hashed);
    }
    if (err == AUTHP_OK) {
        err = authp_otp_use(realm, right, pool);
    }
    if (err == AUTHP_OK) {
        made.password = NULL;
        made.password_hash = hashed;
        err = authp_account_sign_up(realm, &made, client, &user, pool);
    }
    return err == AUTHP_OK ? authp_session_start(realm, user, client, out, pool) : err;
}

/* --- auth/login-otp and users/auth ------------------------------------------------------------ */

/* A right code, and the account of its number; NULL if there is none. */
typedef struct opening_t {
    struct authp_otp_code_t *right;
    authp_user_t *user;
} opening_t;

static authp_err_t check(const authp_realm_t *realm, const authp_code_proof_t *proof,
                         authp_otp_purpose_t purpose, const authp_client_t *client, opening_t *out,
                         apr_pool_t *pool)
{
    *out = (opening_t){NULL, NULL};
    authp_err_t err = check_code(realm, proof, purpose, client, &out->right, pool);
    return err == AUTHP_OK
               ? authp_find_if_any(realm, AUTHP_LOGIN_PHONE, proof->phone, &out->user, pool)
               : err;
}

/* What `user` needs besides a right code. AUTHP_E_INSUFFICIENT_ROLE: codes do not open it. */
static authp_err_t prove(const authp_realm_t *realm, const authp_user_t *user,
                         const authp_code_proof_t *proof, const authp_client_t *client,
                         apr_pool_t *pool)
{
    authp_err_t err = authp_phone_account_may_open(user)
                          ? authp_login_check_door(realm, user, AUTHP_DOOR_ANY)
                          : AUTHP_E_INSUFFICIENT_ROLE;
    return err == AUTHP_OK ? authp_phone_account_prove(realm, user, proof->password, client, pool)
                           : err;
}

/* Uses the code up if `err` is AUTHP_OK or `final`, after which the same code is of no use. */
static authp_err_t use(const authp_realm_t *realm, const opening_t *opening, authp_err_t err,
                       authp_err_t final, apr_pool_t *pool)
{
    if (err != AUTHP_OK && err != final) {
        return err;
    }
    authp_err_t used = authp_otp_use(realm, opening->right, pool);
    return used != AUTHP_OK ? used : err;
}

/* Starts the session of `user`, who has used a code up, or writes that `err` refused it. */
static authp_err_t finish(const authp_realm_t *realm, const opening_t *opening, authp_err_t err,
                          const authp_client_t *client, authp_grant_t *out, apr_pool_t *pool)
{
    if (err == AUTHP_OK) {
        authp_phone_account_used(realm, opening->user, pool);
        err = authp_session_start(realm, opening->user, client, out, pool);
    }
    /* A request without a right code has no entry here: service/otp counts wrong codes, and writes
     * an entry when it refuses the number. */
    if (err == AUTHP_OK || opening->right != NULL) {
        audit(realm, opening->user, err, err == AUTHP_OK ? out->session->id.hex : NULL, client,
              pool);
    }
    if (err == AUTHP_OK) {
        authp_new_device_tell(realm, out, client, pool);
    }
    return err;
}

authp_err_t authp_code_sign_in_login(const authp_realm_t *realm, const authp_code_proof_t *proof,
                                     const authp_client_t *client, authp_grant_t *out,
                                     apr_pool_t *pool)
{
    opening_t opening;
    authp_err_t err = check(realm, proof, AUTHP_OTP_ENTER, client, &opening, pool);
    if (err == AUTHP_OK) {
        err = opening.user != NULL ? prove(realm, opening.user, proof, client, pool)
                                   : AUTHP_E_NOT_FOUND;
        err = err == AUTHP_E_INSUFFICIENT_ROLE ? AUTHP_E_NOT_FOUND : err;
        err = use(realm, &opening, err, AUTHP_E_NOT_FOUND, pool);
    }
    return finish(realm, &opening, err, client, out, pool);
}

/* `roles` in the order of ROLES. The first one is user_type of a new account. */
static apr_array_header_t *in_order(const authp_realm_t *realm, const apr_array_header_t *roles,
                                    apr_pool_t *pool)
{
    return authp_roles_names(realm->roles, authp_roles_mask(realm->roles, roles), pool);
}

/* Makes the account of the number, or adds roles to it. */
static authp_err_t become(const authp_realm_t *realm, const char *phone,
                          const apr_array_header_t *roles, const authp_client_t *client,
                          authp_user_t **user, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    if (*user == NULL) {
        const authp_new_account_t in = {.phone = phone, .roles = in_order(realm, roles, pool)};
        err = authp_account_sign_up(realm, &in, client, user, pool);
        if (err != AUTHP_E_USER_EXISTS) {
            return err;
        }
        /* A parallel request made the account. */
        err = authp_find_by_login(realm, AUTHP_LOGIN_PHONE, phone, user, pool);
    }
    return err == AUTHP_OK
               ? authp_phone_account_add_roles(realm, (*user)->id.hex, roles, client, user, pool)
               : err;
}

authp_err_t authp_code_sign_in_user(const authp_realm_t *realm, const authp_code_proof_t *proof,
                                    const apr_array_header_t *roles, const authp_client_t *client,
                                    authp_grant_t *out, apr_pool_t *pool)
{
    opening_t opening;
    authp_err_t err = check(realm, proof, AUTHP_OTP_USER, client, &opening, pool);
    if (err == AUTHP_OK) {
        err = opening.user != NULL ? prove(realm, opening.user, proof, client, pool) : AUTHP_OK;
        err = use(realm, &opening, err, AUTHP_E_INSUFFICIENT_ROLE, pool);
    }
    if (err == AUTHP_OK) {
        err = become(realm, proof->phone, roles, client, &opening.user, pool);
    }
    return finish(realm, &opening, err, client, out, pool);
}

/* --- auth/reset-password ---------------------------------------------------------------------- */

authp_err_t authp_code_sign_in_reset(const authp_realm_t *realm, const authp_code_proof_t *proof,
                                     const authp_client_t *client, apr_pool_t *pool)
{
    opening_t opening;
    char hashed[AUTHP_SCHEME_HASH_LEN + 1];
    authp_err_t err = check(realm, proof, AUTHP_OTP_RESET, client, &opening, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (opening.user == NULL || !authp_phone_account_may_open(opening.user)) {
        return AUTHP_E_INVALID_OTP;
    }
    /* Without the old password, so an idle account with one stays closed. */
    err = authp_phone_account_prove(realm, opening.user, NULL, client, pool);
    if (err == AUTHP_E_PASSWORD_REQUIRED) {
        return AUTHP_E_INVALID_OTP;
    }
    if (err == AUTHP_OK) {
        err = hash(realm, AUTHP_HASH_KNOWN, proof->password, hashed);
    }
    err = use(realm, &opening, err, AUTHP_OK, pool);
    return err == AUTHP_OK
               ? authp_phone_account_reset_password(realm, opening.user, hashed, client, pool)
               : err;
}
