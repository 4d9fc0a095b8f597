/* SPDX-License-Identifier: Apache-2.0 */
#include "service/sign_in/login.h"

#include "base/log.h"
#include "crypto/password/bcrypt.h"
#include "crypto/password/foreign.h"
#include "service/account/attempt.h"
#include "service/account/find.h"
#include "service/account/new_device.h"
#include "service/account/phone_account.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/invite/invite.h"

#include <apr_strings.h>
#include <string.h>

/* How each refusal takes the same work. An attempt takes one hash of PASSWORD_HASH, whichever
 * account is named:
 *  - If there is no such user, no password or no hash that can be verified, a dummy hash of that
 *    cost is verified.
 *  - If the hash is bcrypt of a lower cost c (it was made before BCRYPT_ROUNDS was raised) and
 *    bcrypt is chosen, dummies of cost c, c + 1, ... BCRYPT_ROUNDS - 1 follow a refusal: 2^c +
 *    (2^c + 2^(c+1) + ... + 2^(r-1)) = 2^r.
 *  - If the hash is of another kind (another system's, or PASSWORD_HASH was changed) and takes
 *    less processor time than one of PASSWORD_HASH, the rest of that time is spent after a refusal.
 *    The times are measured, so they are equal to some milliseconds only.
 *  - A password that is too long for the hash takes the work of another one and is wrong.
 * A hash that takes more work than those of PASSWORD_HASH is not covered: bcrypt after
 * BCRYPT_ROUNDS was lowered, or a slow one of another system. Refusals for its owner take longer
 * until the next sign-in replaces it. Other differences (a row to read, an index entry with an id
 * in it: some 10 us) are hidden, because refusals are answered only at whole steps of time. `make
 * timing` measures it. */
#define STEP_US 5000

void authp_login_wait_for_step(apr_time_t began)
{
    apr_time_t took = apr_time_now() - began;
    apr_sleep(STEP_US - (took > 0 ? took % STEP_US : 0));
}

/* The result of trying a password. */
typedef struct tried_t {
    authp_user_t *user; /* NULL: there is no such account */
    authp_hash_for_t who;
    int cost;         /* of the bcrypt hash that was verified, if bcrypt is chosen; else 0 */
    int64_t spent_us; /* processor time for a hash of another kind; 0 = it was none */
} tried_t;

/* Does the rest of the work of a hash of PASSWORD_HASH after another one was verified (see the top
 * of this file). */
static authp_err_t burn(const authp_realm_t *realm, const tried_t *tried)
{
    static const char nobody[] = "nobody's password";
    authp_err_t err = AUTHP_OK;
    if (tried->spent_us > 0) {
        return authp_hasher_spend(realm->hasher, tried->who, tried->spent_us);
    }
    for (int cost = tried->cost;
         err == AUTHP_OK && cost != 0 && cost < realm->settings->bcrypt_rounds; cost++) {
        bool match = false;
        err = authp_hasher_verify(realm->hasher, tried->who, nobody, sizeof(nobody) - 1,
                                  authp_bcrypt_dummy(cost), &match);
    }
    return err;
}

/* True if the door does not refuse the account as if its password were wrong. */
static bool is_let_in(const authp_user_t *user, authp_door_t door)
{
    return door == AUTHP_DOOR_ADMIN       ? authp_user_holds(user, "admin")
           : door == AUTHP_DOOR_NOT_ADMIN ? !authp_user_holds(user, "admin")
                                          : true;
}

/* `tried->user` may be NULL. AUTHP_OK only for the password of an enabled account that is_let_in().
 * Otherwise burn() does the rest of the work, after the failure was counted. */
static authp_err_t check_password(const authp_realm_t *realm, const authp_login_t *in,
                                  tried_t *tried, apr_pool_t *pool)
{
    const authp_user_t *user = tried->user;
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    const char *hash = user != NULL ? user->password_hash : NULL;
    authp_hash_verdict_t verdict;
    bool own = hash != NULL && authp_foreign_refusal(hash, pool) == NULL;
    authp_err_t err =
        authp_hasher_verify_timed(realm->hasher, tried->who, in->password, in->password_len,
                                  own ? hash : authp_scheme_dummy(&scheme), &verdict);
    if (err != AUTHP_OK) {
        return err;
    }
    tried->cost = own && !scheme.argon2id ? authp_bcrypt_cost(hash) : 0;
    tried->spent_us =
        own && tried->cost == 0 && !authp_scheme_holds(&scheme, hash) ? verdict.spent_us : 0;
    return verdict.match && own && !user->disabled && is_let_in(user, in->door)
               ? AUTHP_OK
               : AUTHP_E_INVALID_CREDENTIALS;
}

/* *user then is the account after the invite was used. */
static authp_err_t enter_as_recruiter(const authp_realm_t *realm, const authp_login_t *in,
                                      const authp_client_t *client, authp_user_t **user,
                                      apr_pool_t *pool)
{
    bool holds = authp_user_holds(*user, "recruiter");
    if (holds && (*user)->is_recruiter_verified) {
        return AUTHP_OK;
    }
    if (in->invite_code != NULL) {
        return authp_invite_redeem(realm, in->invite_code, client, user, pool);
    }
    return holds || (*user)->recruiter_requested_at != 0 ? AUTHP_E_RECRUITER_PENDING
                                                         : AUTHP_E_NOT_RECRUITER;
}

authp_err_t authp_login_check_door(const authp_realm_t *realm, const authp_user_t *user,
                                   authp_door_t door)
{
    if (door == AUTHP_DOOR_CANDIDATE && user->roles->nelts > 0 &&
        !authp_user_holds(user, "candidate")) {
        return AUTHP_E_NOT_CANDIDATE;
    }
    /* An account whose roles are not configured any more has no roles. It is not pending. */
    bool pending = authp_user_holds(user, "recruiter") && !user->is_recruiter_verified;
    if (pending &&
        authp_roles_effective(realm->roles, user->roles, user->is_recruiter_verified) == 0) {
        return AUTHP_E_RECRUITER_PENDING;
    }
    return AUTHP_OK;
}

/* Replaces a hash of another system, of the scheme that is not chosen, or of a lower cost. The
 * person has signed in already: if this fails, the next sign-in tries again. bcrypt cannot take a
 * password of more than 72 bytes, which only other systems have accepted. It gets Argon2id. */
static void upgrade_hash(const authp_realm_t *realm, const authp_user_t *user,
                         const authp_login_t *in, authp_hash_for_t who, apr_pool_t *pool)
{
    authp_scheme_t scheme = authp_realm_scheme(realm);
    scheme.argon2id = scheme.argon2id || in->password_len > AUTHP_BCRYPT_MAX_BYTES;
    if (authp_scheme_holds(&scheme, user->password_hash)) {
        return;
    }
    char hash[AUTHP_SCHEME_HASH_LEN + 1];
    authp_err_t err =
        authp_hasher_hash(realm->hasher, who, in->password, in->password_len, &scheme, hash);
    if (err == AUTHP_OK) {
        err = authp_store_user_upgrade_hash(realm->store, user, hash, authp_realm_now(realm), pool);
    }
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0304", "user %s: an old password hash was not replaced: %s",
                  user->id.hex, authp_err_name(err));
    }
}

void authp_login_audit(const authp_realm_t *realm, const authp_user_t *user, authp_err_t err,
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

/* Finds the account and checks the password, as one attempt that counts. For a stranger the room
 * for a hash and the delay are checked before the store is read. With a device the account is read
 * first, because only the account tells whether it knows the device. */
static authp_err_t try_password(const authp_realm_t *realm, const authp_login_t *in,
                                const authp_client_t *client, tried_t *out, apr_pool_t *pool)
{
    authp_attempt_t attempt = {.known = false};
    authp_user_t *user = NULL;
    authp_target_t target = {.kind = in->kind,
                             .login = authp_find_normal(realm, in->kind, in->login, pool)};
    bool first = client->device != NULL;
    if (!first && !authp_hasher_has_room(realm->hasher, AUTHP_HASH_STRANGER)) {
        return AUTHP_E_BUSY;
    }
    authp_err_t err = first ? authp_find_if_any(realm, in->kind, in->login, &user, pool) : AUTHP_OK;
    target.user = user;
    if (err == AUTHP_OK) {
        err = authp_attempt_begin(realm, &target, client, &attempt, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    err = first ? AUTHP_OK : authp_find_if_any(realm, in->kind, in->login, &user, pool);
    if (err == AUTHP_OK) {
        out->who = attempt.known ? AUTHP_HASH_KNOWN : AUTHP_HASH_STRANGER;
        out->user = user;
        err = check_password(realm, in, out, pool);
    }
    authp_attempt_end(realm, &attempt, err, client, pool);
    return err;
}

/* Does the rest of the work of a refusal. The failure has been counted and written to the audit
 * before. If there is no room for these hashes, the answer is another error, but the attempt
 * counts. */
static authp_err_t refuse(const authp_realm_t *realm, const tried_t *tried, apr_time_t began)
{
    authp_err_t err = burn(realm, tried);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_login_wait_for_step(began);
    return AUTHP_E_INVALID_CREDENTIALS;
}

/* AUTHP_E_EMAIL_UNVERIFIED: EMAIL_VERIFICATION=required, and nobody has proven the address yet. The
 * owner has proven a phone number that is signed in with. */
static authp_err_t check_proven(const authp_realm_t *realm, const authp_login_t *in,
                                const authp_user_t *user)
{
    return realm->settings->email_verification_required && in->kind != AUTHP_LOGIN_PHONE &&
                   user->email != NULL && !user->email_verified
               ? AUTHP_E_EMAIL_UNVERIFIED
               : AUTHP_OK;
}

/* Checks the password and the door, and refuses. *user: the account, which an invite may have
 * changed. */
static authp_err_t enter(const authp_realm_t *realm, const authp_login_t *in,
                         const authp_client_t *client, tried_t *tried, authp_user_t **user,
                         apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    authp_err_t err = try_password(realm, in, client, tried, pool);
    *user = tried->user;
    if (err == AUTHP_OK) {
        err = check_proven(realm, in, *user);
    }
    if (err == AUTHP_OK) {
        err = in->door == AUTHP_DOOR_RECRUITER ? enter_as_recruiter(realm, in, client, user, pool)
                                               : authp_login_check_door(realm, *user, in->door);
    }
    if (err == AUTHP_E_INVALID_CREDENTIALS || err == AUTHP_E_EMAIL_UNVERIFIED ||
        err == AUTHP_E_NOT_CANDIDATE || err == AUTHP_E_RECRUITER_PENDING ||
        err == AUTHP_E_NOT_RECRUITER || err == AUTHP_E_INVITE_INVALID) {
        authp_login_audit(realm, *user, err, NULL, client, pool);
    }
    return err == AUTHP_E_INVALID_CREDENTIALS ? refuse(realm, tried, began) : err;
}

authp_err_t authp_login_prove(const authp_realm_t *realm, const authp_login_t *in,
                              const authp_client_t *client, authp_user_t **out, apr_pool_t *pool)
{
    tried_t tried = {.who = AUTHP_HASH_STRANGER};
    authp_user_t *user = NULL;
    authp_err_t err = enter(realm, in, client, &tried, &user, pool);
    if (err == AUTHP_OK) {
        upgrade_hash(realm, user, in, tried.who, pool);
        *out = user;
    }
    return err;
}

authp_err_t authp_login_by_password(const authp_realm_t *realm, const authp_login_t *in,
                                    const authp_client_t *client, authp_grant_t *out,
                                    apr_pool_t *pool)
{
    tried_t tried = {.who = AUTHP_HASH_STRANGER};
    authp_user_t *user = NULL;
    authp_grant_t grant = {0};
    authp_err_t err = enter(realm, in, client, &tried, &user, pool);
    if (err == AUTHP_OK) {
        err = authp_session_start(realm, user, client, &grant, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_login_audit(realm, user, AUTHP_OK, grant.session->id.hex, client, pool);
    authp_new_device_tell(realm, &grant, client, pool);
    upgrade_hash(realm, user, in, tried.who, pool);
    if (in->kind == AUTHP_LOGIN_PHONE) {
        authp_phone_account_used(realm, user, pool);
    }
    *out = grant;
    return AUTHP_OK;
}
