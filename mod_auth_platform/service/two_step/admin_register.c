/* SPDX-License-Identifier: Apache-2.0 */
#include "service/two_step/admin_register.h"

#include "crypto/password/bcrypt.h"
#include "service/account/account_mail.h"
#include "service/account/account_rules.h"
#include "service/account/find.h"
#include "service/invite/admin_invite.h"
#include "service/otp/otp.h"
#include "service/phone/phone.h"

#include <apr_strings.h>

#define LIFE_MS (INT64_C(60000) * AUTHP_ADMIN_REGISTER_MINUTES)
#define ADMIN "admin"

/* Writes the result of a registration to the audit. A request of an administrator has that actor.
 */
static void audit(const authp_realm_t *realm, const char *admin_id, const authp_user_t *user,
                  authp_err_t err, const authp_client_t *client, apr_pool_t *pool)
{
    const char *id = user != NULL ? user->id.hex : NULL;
    const authp_event_t event = {.event = admin_id != NULL ? "user_create" : "register",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? NULL : authp_err_name(err),
                                 .actor_id = admin_id != NULL ? admin_id : id,
                                 .subject_id = id};
    authp_audit_write(realm, &event, client, pool);
}

static bool is_refusal(authp_err_t err)
{
    return err == AUTHP_E_INSUFFICIENT_ROLE || err == AUTHP_E_INVITE_INVALID ||
           err == AUTHP_E_USER_EXISTS;
}

/* --- the first step --------------------------------------------------------------------------- */

/* Notes in `pending` who allows the request. */
static authp_err_t authorize(const authp_realm_t *realm, const authp_admin_register_t *in,
                             authp_pending_admin_t *pending, apr_pool_t *pool)
{
    authp_invite_t *invite = NULL;
    if (in->admin_id != NULL) {
        pending->created_by = in->admin_id;
        return AUTHP_OK;
    }
    if (in->invite_code == NULL) {
        return AUTHP_E_INSUFFICIENT_ROLE;
    }
    authp_err_t err =
        authp_admin_invite_find(realm, in->invite_code, pending->email, &invite, pool);
    if (err == AUTHP_OK) {
        pending->invite_id = invite->id.hex;
    }
    return err;
}

static authp_err_t put_hash(const authp_realm_t *realm, const authp_admin_register_t *in,
                            authp_pending_admin_t *pending, apr_pool_t *pool)
{
    char *hash = apr_palloc(pool, AUTHP_SCHEME_HASH_LEN + 1);
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    authp_err_t err = in->password_len > AUTHP_BCRYPT_MAX_BYTES
                          ? AUTHP_E_MALFORMED
                          : authp_hasher_hash(realm->hasher, AUTHP_HASH_KNOWN, in->password,
                                              in->password_len, &scheme, hash);
    pending->password_hash = hash;
    return err == AUTHP_E_MALFORMED ? AUTHP_E_VALIDATION_FAILED : err;
}

/* The code is sent before the row is written, so a request that a limit refuses does not replace
 * the row of the code that is on its way. */
static authp_err_t send_and_put(const authp_realm_t *realm, authp_pending_admin_t *pending,
                                const authp_client_t *client, apr_pool_t *pool)
{
    const authp_otp_request_t request = {
        .phone = pending->phone, .purpose = AUTHP_OTP_ADMIN_REGISTER, .known = true};
    authp_err_t err = authp_otp_send(realm, &request, client, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    pending->created_at = authp_realm_now(realm);
    pending->expires_at = pending->created_at + LIFE_MS;
    return authp_store_pending_admin_put(realm->store, pending, pool);
}

authp_err_t authp_admin_register_begin(const authp_realm_t *realm, const authp_admin_register_t *in,
                                       const authp_client_t *client, const char **phone,
                                       apr_pool_t *pool)
{
    bool named = in->name != NULL && *in->name != '\0';
    authp_pending_admin_t pending = {
        .id = authp_id_new(realm->clock, realm->random),
        .email = authp_account_rules_normal_email(in->email, pool),
        .name = named ? in->name : NULL,
    };
    authp_err_t err = authp_phone_parse(realm->settings, in->mobile, &pending.phone, pool);
    if (err == AUTHP_OK) {
        err = authorize(realm, in, &pending, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_find_free(realm, pending.phone, pending.email, pool);
    }
    if (is_refusal(err)) {
        audit(realm, in->admin_id, NULL, err, client, pool);
    }
    if (err == AUTHP_OK) {
        err = put_hash(realm, in, &pending, pool);
    }
    if (err == AUTHP_OK) {
        err = send_and_put(realm, &pending, client, pool);
    }
    if (err == AUTHP_OK) {
        *phone = pending.phone;
    }
    return err;
}

/* --- the second step -------------------------------------------------------------------------- */

/* Checks the code, uses it up, and takes the request of the number. */
static authp_err_t take(const authp_realm_t *realm, const char *mobile, const char *code,
                        const authp_client_t *client, authp_pending_admin_t **out, apr_pool_t *pool)
{
    const char *phone = NULL;
    authp_otp_code_t *right = NULL;
    authp_err_t err = authp_phone_parse(realm->settings, mobile, &phone, pool);
    if (err == AUTHP_OK) {
        err = authp_otp_check(realm, &(authp_otp_try_t){phone, AUTHP_OTP_ADMIN_REGISTER, code},
                              client, &right, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_otp_use(realm, right, pool);
    }
    if (err == AUTHP_OK) {
        err =
            authp_store_pending_admin_take(realm->store, phone, authp_realm_now(realm), out, pool);
    }
    return err == AUTHP_E_NOT_FOUND ? AUTHP_E_INVALID_OTP : err;
}

/* AUTHP_E_INSUFFICIENT_ROLE: who allowed the request is no administrator any more. */
static authp_err_t check_admin(const authp_realm_t *realm, const char *id, apr_pool_t *pool)
{
    authp_user_t *admin = NULL;
    authp_err_t err = authp_store_user_by_id(realm->store, id, &admin, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_INSUFFICIENT_ROLE : err;
    }
    authp_roles_t held =
        authp_roles_effective(realm->roles, admin->roles, admin->is_recruiter_verified);
    return !admin->disabled && (held & authp_roles_bit(realm->roles, ADMIN)) != 0
               ? AUTHP_OK
               : AUTHP_E_INSUFFICIENT_ROLE;
}

/* Makes the account. The invite is claimed for its id before it exists, so there never is an
 * account with the role that the invite has not given. If the store fails in between, the invite is
 * used up, and the person needs another one. */
static authp_err_t make(const authp_realm_t *realm, const authp_pending_admin_t *pending,
                        const authp_client_t *client, authp_user_t **out, apr_pool_t *pool)
{
    const authp_new_account_t in = {.id = authp_id_new(realm->clock, realm->random),
                                    .email = pending->email,
                                    .phone = pending->phone,
                                    .name = pending->name,
                                    .password_hash = pending->password_hash,
                                    .role = ADMIN};
    authp_err_t err = authp_find_free(realm, pending->phone, pending->email, pool);
    if (err == AUTHP_OK) {
        err =
            pending->invite_id != NULL
                ? authp_admin_invite_claim(realm, pending->invite_id, in.id.hex, client, pool)
                : check_admin(realm, pending->created_by != NULL ? pending->created_by : "", pool);
    }
    if (err == AUTHP_OK) {
        err = authp_account_insert(realm, &in, AUTHP_HASH_KNOWN, out, pool);
    }
    return err == AUTHP_OK ? authp_account_mail_welcome(realm, *out, client, pool) : err;
}

authp_err_t authp_admin_register_finish(const authp_realm_t *realm, const char *mobile,
                                        const char *code, const authp_client_t *client,
                                        authp_user_t **out, apr_pool_t *pool)
{
    authp_pending_admin_t *pending = NULL;
    authp_user_t *user = NULL;
    authp_err_t err = take(realm, mobile, code, client, &pending, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = make(realm, pending, client, &user, pool);
    if (err == AUTHP_OK || is_refusal(err)) {
        audit(realm, pending->created_by, user, err, client, pool);
    }
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}
