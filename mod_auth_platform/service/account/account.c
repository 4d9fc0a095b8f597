/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/account.h"

#include "crypto/password/bcrypt.h"
#include "service/account/account_mail.h"
#include "service/account/account_rules.h"
#include "service/account/user.h"

#include <apr_strings.h>

/* A role that is not configured is an error. Otherwise the account would be made without any role.
 */
static authp_err_t put_role(const authp_realm_t *realm, const char *role, authp_user_t *user,
                            apr_pool_t *pool)
{
    if (authp_roles_bit(realm->roles, role) == 0) {
        return AUTHP_E_VALIDATION_FAILED;
    }
    authp_user_add_role(user, role, pool);
    return AUTHP_OK;
}

static authp_err_t put_roles(const authp_realm_t *realm, const authp_new_account_t *in,
                             authp_user_t *user, apr_pool_t *pool)
{
    user->roles = apr_array_make(pool, 2, sizeof(const char *));
    authp_err_t err = in->role != NULL ? put_role(realm, in->role, user, pool) : AUTHP_OK;
    for (int i = 0; err == AUTHP_OK && in->roles != NULL && i < in->roles->nelts; i++) {
        err = put_role(realm, APR_ARRAY_IDX(in->roles, i, const char *), user, pool);
    }
    user->is_recruiter_verified = in->verified && authp_user_holds(user, "recruiter");
    return err;
}

const char *authp_account_default_role(const authp_realm_t *realm)
{
    return authp_roles_bit(realm->roles, "candidate") != 0 ? "candidate" : NULL;
}

static authp_err_t put_hash(const authp_realm_t *realm, const authp_new_account_t *in,
                            authp_hash_for_t who, authp_user_t *user, apr_pool_t *pool)
{
    if (in->password == NULL) {
        /* Without a hash the account can sign in by a provider or a one-time code only. */
        user->password_hash =
            in->password_hash != NULL ? apr_pstrdup(pool, in->password_hash) : NULL;
        return AUTHP_OK;
    }
    char *hash = apr_palloc(pool, AUTHP_SCHEME_HASH_LEN + 1);
    const authp_scheme_t scheme = authp_realm_scheme(realm);
    /* 72 bytes with Argon2id, too: so PASSWORD_HASH can be set back to bcrypt. */
    authp_err_t err =
        in->password_len > AUTHP_BCRYPT_MAX_BYTES
            ? AUTHP_E_MALFORMED
            : authp_hasher_hash(realm->hasher, who, in->password, in->password_len, &scheme, hash);
    if (err == AUTHP_E_MALFORMED) {
        /* Over 72 bytes or with a NUL, which the caller should have checked. */
        return AUTHP_E_VALIDATION_FAILED;
    }
    if (err == AUTHP_OK) {
        user->password_hash = hash;
    }
    return err;
}

/* AUTHP_E_VALIDATION_FAILED: nobody could sign in to the account. */
static authp_err_t put_login(const authp_new_account_t *in, authp_user_t *user, apr_pool_t *pool)
{
    user->email = in->email != NULL ? authp_account_rules_normal_email(in->email, pool) : NULL;
    user->username =
        in->username != NULL ? authp_account_rules_normal_username(in->username, pool) : NULL;
    user->phone = in->phone != NULL ? apr_pstrdup(pool, in->phone) : NULL;
    user->identities = in->identities;
    bool none = user->email == NULL && user->username == NULL && user->phone == NULL &&
                user->identities == NULL;
    return none ? AUTHP_E_VALIDATION_FAILED : AUTHP_OK;
}

static authp_err_t taken(const authp_new_account_t *in)
{
    return in->username != NULL || in->phone != NULL ? AUTHP_E_USER_EXISTS : AUTHP_E_EMAIL_TAKEN;
}

/* The unique indexes of the store decide whether address, username and number are free. */
authp_err_t authp_account_insert(const authp_realm_t *realm, const authp_new_account_t *in,
                                 authp_hash_for_t who, authp_user_t **out, apr_pool_t *pool)
{
    authp_user_t *user = apr_pcalloc(pool, sizeof(*user));
    authp_err_t err = put_login(in, user, pool);
    if (err == AUTHP_OK) {
        err = put_roles(realm, in, user, pool);
    }
    if (err == AUTHP_OK) {
        err = put_hash(realm, in, who, user, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    user->id = in->id.hex[0] != '\0' ? in->id : authp_id_new(realm->clock, realm->random);
    /* An empty field of a form means no name. */
    user->name = in->name != NULL && *in->name != '\0' ? apr_pstrdup(pool, in->name) : NULL;
    user->email_verified = in->email_verified;
    user->ver = 1;
    user->created_at = authp_realm_now(realm);
    user->updated_at = user->created_at;
    user->recruiter_requested_at = in->asks_for_recruiter ? user->created_at : 0;
    err = authp_store_user_create(realm->store, user, pool);
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err == AUTHP_E_CONFLICT ? taken(in) : err;
}

static void audit_created(const authp_realm_t *realm, const char *name, const char *actor_id,
                          const authp_user_t *user, const authp_client_t *client, apr_pool_t *pool)
{
    const authp_event_t event = {.event = name,
                                 .outcome = "ok",
                                 .actor_id = actor_id != NULL ? actor_id : user->id.hex,
                                 .subject_id = user->id.hex};
    authp_audit_write(realm, &event, client, pool);
}

/* Writes an entry if the account was refused because there is one with the same address or
 * username. */
static void audit_refused(const authp_realm_t *realm, authp_event_t event, authp_err_t err,
                          const authp_client_t *client, apr_pool_t *pool)
{
    if (err == AUTHP_E_EMAIL_TAKEN || err == AUTHP_E_USER_EXISTS) {
        event.outcome = "denied";
        event.reason = authp_err_name(err);
        authp_audit_write(realm, &event, client, pool);
    }
}

authp_err_t authp_account_create(const authp_realm_t *realm, const authp_new_account_t *in,
                                 const char *actor_id, const authp_client_t *client,
                                 authp_user_t **out, apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_hash_for_t who = actor_id != NULL ? AUTHP_HASH_KNOWN : AUTHP_HASH_STRANGER;
    authp_err_t err = authp_account_insert(realm, in, who, &user, pool);
    if (err == AUTHP_OK) {
        err = authp_account_mail_welcome(realm, user, client, pool);
    }
    if (err != AUTHP_OK) {
        audit_refused(realm, (authp_event_t){.event = "user_create", .actor_id = actor_id}, err,
                      client, pool);
        return err;
    }
    audit_created(realm, "user_create", actor_id, user, client, pool);
    *out = user;
    return AUTHP_OK;
}

authp_err_t authp_account_sign_up(const authp_realm_t *realm, const authp_new_account_t *in,
                                  const authp_client_t *client, authp_user_t **out,
                                  apr_pool_t *pool)
{
    authp_new_account_t own = *in;
    own.email_verified = false;
    authp_user_t *user = NULL;
    authp_err_t err = authp_account_insert(realm, &own, AUTHP_HASH_STRANGER, &user, pool);
    if (err == AUTHP_OK) {
        err = authp_account_mail_welcome(realm, user, client, pool);
    }
    if (err != AUTHP_OK) {
        audit_refused(realm, (authp_event_t){.event = "register"}, err, client, pool);
        return err;
    }
    audit_created(realm, "register", NULL, user, client, pool);
    *out = user;
    return AUTHP_OK;
}

authp_err_t authp_account_register(const authp_realm_t *realm, const authp_new_account_t *in,
                                   const authp_client_t *client, authp_grant_t *out,
                                   apr_pool_t *pool)
{
    /* A person who registers can neither choose a role nor verify it. */
    authp_new_account_t own = *in;
    own.role = authp_account_default_role(realm);
    own.verified = false;
    authp_user_t *user = NULL;
    authp_err_t err = authp_account_sign_up(realm, &own, client, &user, pool);
    return err == AUTHP_OK ? authp_session_start(realm, user, client, out, pool) : err;
}
