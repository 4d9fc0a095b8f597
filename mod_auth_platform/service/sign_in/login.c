/* SPDX-License-Identifier: Apache-2.0 */
#include "service/sign_in/login.h"

#include "base/log.h"
#include "crypto/password/bcrypt.h"
#include "service/account/account_rules.h"
#include "service/account/attempt.h"
#include "service/account/user.h"
#include "service/account/user_change.h"
#include "service/invite/invite.h"

#include <apr_strings.h>
#include <apr_time.h>
#include <string.h>

/* How each refusal takes the same work. An attempt takes one bcrypt of BCRYPT_ROUNDS, whichever
 * account is named:
 *  - If there is no such user, no password or no usable hash, a dummy hash of that cost is
 *    verified.
 *  - If the hash has a lower cost c (it was made before BCRYPT_ROUNDS was raised) and does not
 *    match, dummies of cost c, c + 1, ... BCRYPT_ROUNDS - 1 follow: 2^c + (2^c + 2^(c+1) + ... +
 *    2^(r-1)) = 2^r.
 *  - If bcrypt would refuse the password (over 72 bytes, or a NUL), another text is verified and
 *    the result is ignored.
 * A hash of a higher cost is not covered (BCRYPT_ROUNDS was lowered). Refusals for its owner take
 * longer until the password is changed. Other differences (a row to read, an index entry with an id
 * in it: some 10 us) are hidden, because refusals are answered only at whole steps of time. `make
 * timing` measures it. */
#define STEP_US 5000

static void wait_for_step(apr_time_t began)
{
    apr_time_t took = apr_time_now() - began;
    apr_sleep(STEP_US - (took > 0 ? took % STEP_US : 0));
}

static bool usable_password(const authp_login_t *in)
{
    return in->password_len <= AUTHP_BCRYPT_MAX_BYTES &&
           memchr(in->password, '\0', in->password_len) == NULL;
}

/* Finds the account. *out stays NULL if there is none. */
static authp_err_t find_user(const authp_realm_t *realm, const authp_target_t *target,
                             authp_user_t **out, apr_pool_t *pool)
{
    authp_err_t err =
        authp_store_user_by_login(realm->store, target->kind, target->login, out, pool);
    return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
}

/* Makes more hashes after a check at the lower cost `cost`, so that a refusal takes as much work as
 * a check at BCRYPT_ROUNDS (see the top of this file). */
static authp_err_t burn(const authp_realm_t *realm, authp_hash_for_t who, int cost)
{
    static const char nobody[] = "nobody's password";
    for (; cost < realm->settings->bcrypt_rounds; cost++) {
        bool match = false;
        authp_err_t err = authp_hasher_verify(realm->hasher, who, nobody, sizeof(nobody) - 1,
                                              authp_bcrypt_dummy(cost), &match);
        if (err != AUTHP_OK) {
            return err;
        }
    }
    return AUTHP_OK;
}

/* `user` may be NULL. AUTHP_OK only for the password of an enabled account. *out_cost gets the cost
 * of the verified hash. If it is lower than BCRYPT_ROUNDS, burn() adds the difference after the
 * failure was counted. */
static authp_err_t check_password(const authp_realm_t *realm, const authp_user_t *user,
                                  const authp_login_t *in, authp_hash_for_t who, int *out_cost)
{
    static const char stand_in[] = "stand-in";
    int cost =
        user != NULL && user->password_hash != NULL ? authp_bcrypt_cost(user->password_hash) : 0;
    bool own = cost != 0;
    if (!own) {
        cost = realm->settings->bcrypt_rounds;
    }
    bool usable = usable_password(in);
    bool match = false;
    *out_cost = cost;
    authp_err_t err =
        authp_hasher_verify(realm->hasher, who, usable ? in->password : stand_in,
                            usable ? in->password_len : sizeof(stand_in) - 1,
                            own ? user->password_hash : authp_bcrypt_dummy(cost), &match);
    if (err != AUTHP_OK) {
        return err;
    }
    return match && own && usable && !user->disabled ? AUTHP_OK : AUTHP_E_INVALID_CREDENTIALS;
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

/* The person has signed in already. If this fails, the next sign-in tries again. */
static void upgrade_hash(const authp_realm_t *realm, const authp_user_t *user,
                         const authp_login_t *in, authp_hash_for_t who, apr_pool_t *pool)
{
    int rounds = realm->settings->bcrypt_rounds;
    if (authp_bcrypt_cost(user->password_hash) >= rounds) {
        return;
    }
    char hash[AUTHP_BCRYPT_HASH_LEN + 1];
    authp_err_t err =
        authp_hasher_hash(realm->hasher, who, in->password, in->password_len, rounds, hash);
    if (err == AUTHP_OK) {
        err = authp_store_user_upgrade_hash(realm->store, user, hash, authp_realm_now(realm), pool);
    }
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_INFO, "AUTHP0304",
                  "user %s: a password hash of lower cost was not replaced: %s", user->id.hex,
                  authp_err_name(err));
    }
}

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

/* The result of trying a password. */
typedef struct tried_t {
    authp_user_t *user; /* NULL: there is no such account */
    authp_hash_for_t who;
    int cost; /* cost of the hash that was verified; 0 = none was */
} tried_t;

/* Finds the account and checks the password, as one attempt that counts. For a stranger the room
 * for a hash and the delay are checked before the store is read. With a device the account is read
 * first, because only the account tells whether it knows the device. */
static authp_err_t try_password(const authp_realm_t *realm, const authp_login_t *in,
                                const authp_client_t *client, tried_t *out, apr_pool_t *pool)
{
    authp_attempt_t attempt = {.known = false};
    authp_user_t *user = NULL;
    const char *login = in->kind == AUTHP_LOGIN_EMAIL
                            ? authp_account_rules_normal_email(in->login, pool)
                            : in->login;
    authp_target_t target = {.kind = in->kind, .login = login};
    bool first = client->device != NULL;
    if (!first && !authp_hasher_has_room(realm->hasher, AUTHP_HASH_STRANGER)) {
        return AUTHP_E_BUSY;
    }
    authp_err_t err = first ? find_user(realm, &target, &user, pool) : AUTHP_OK;
    target.user = user;
    if (err == AUTHP_OK) {
        err = authp_attempt_begin(realm, &target, client, &attempt, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    err = first ? AUTHP_OK : find_user(realm, &target, &user, pool);
    if (err == AUTHP_OK) {
        out->who = attempt.known ? AUTHP_HASH_KNOWN : AUTHP_HASH_STRANGER;
        err = check_password(realm, user, in, out->who, &out->cost);
    }
    authp_attempt_end(realm, &attempt, err, client, pool);
    out->user = user;
    return err;
}

/* Does the rest of the work of a refusal. The failure has been counted and written to the audit
 * before. If there is no room for these hashes, the answer is another error, but the attempt
 * counts. */
static authp_err_t refuse(const authp_realm_t *realm, const tried_t *tried, apr_time_t began)
{
    authp_err_t err = burn(realm, tried->who, tried->cost);
    if (err != AUTHP_OK) {
        return err;
    }
    wait_for_step(began);
    return AUTHP_E_INVALID_CREDENTIALS;
}

authp_err_t authp_login_by_password(const authp_realm_t *realm, const authp_login_t *in,
                                    const authp_client_t *client, authp_grant_t *out,
                                    apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    tried_t tried = {.who = AUTHP_HASH_STRANGER};
    authp_err_t err = try_password(realm, in, client, &tried, pool);
    authp_user_t *user = tried.user;
    if (err == AUTHP_OK) {
        err = in->door == AUTHP_DOOR_RECRUITER ? enter_as_recruiter(realm, in, client, &user, pool)
                                               : authp_login_check_door(realm, user, in->door);
    }
    if (err == AUTHP_E_INVALID_CREDENTIALS || err == AUTHP_E_NOT_CANDIDATE ||
        err == AUTHP_E_RECRUITER_PENDING || err == AUTHP_E_NOT_RECRUITER ||
        err == AUTHP_E_INVITE_INVALID) {
        audit(realm, user, err, NULL, client, pool);
    }
    if (err == AUTHP_E_INVALID_CREDENTIALS) {
        err = refuse(realm, &tried, began);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_grant_t grant = {0};
    err = authp_session_start(realm, user, client, &grant, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    audit(realm, user, AUTHP_OK, grant.session->id.hex, client, pool);
    upgrade_hash(realm, user, in, tried.who, pool);
    *out = grant;
    return AUTHP_OK;
}
