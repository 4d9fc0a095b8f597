/* SPDX-License-Identifier: Apache-2.0 */
#include "service/provider/login_code.h"

#include "base/b64url.h"
#include "crypto/digest.h"
#include "service/account/new_device.h"
#include "service/provider/pending.h"

#include <apr_strings.h>
#include <string.h>

#define CODE_BYTES 32

authp_err_t authp_login_code_make(const authp_realm_t *realm, const authp_user_t *user,
                                  const char *challenge, const char *device_id, const char **out,
                                  apr_pool_t *pool)
{
    unsigned char bytes[CODE_BYTES];
    authp_random_fill(realm->random, bytes, sizeof(bytes));
    const char *code = authp_b64url_encode(bytes, sizeof(bytes), pool);
    authp_ms_t now = authp_realm_now(realm);
    authp_login_code_t row = {.id = authp_id_new(realm->clock, realm->random),
                              .user_id = user->id,
                              .ver = user->ver,
                              .challenge = challenge,
                              .device_id = device_id,
                              .created_at = now,
                              .expires_at = now + AUTHP_LOGIN_CODE_SECONDS * INT64_C(1000)};
    authp_err_t err = authp_digest_sha256_hex(code, strlen(code), &row.code_hash, pool);
    if (err == AUTHP_OK) {
        err = authp_store_login_code_create(realm->store, &row, pool);
    }
    if (err == AUTHP_OK) {
        *out = code;
    }
    return err;
}

static void audit(const authp_realm_t *realm, const authp_user_t *user, authp_err_t err,
                  const char *sid, const authp_client_t *client, apr_pool_t *pool)
{
    const char *id = user != NULL ? user->id.hex : NULL;
    const authp_event_t event = {.event = "login",
                                 .outcome = err == AUTHP_OK ? "ok" : "denied",
                                 .reason = err == AUTHP_OK ? "login_code" : authp_err_name(err),
                                 .actor_id = err == AUTHP_OK ? id : NULL,
                                 .subject_id = id,
                                 .session_id = sid};
    authp_audit_write(realm, &event, client, pool);
}

/* Uses the code up and finds its account. */
static authp_err_t take(const authp_realm_t *realm, const char *code, const char *verifier,
                        authp_login_code_t **row, authp_user_t **user, apr_pool_t *pool)
{
    const char *hash = NULL;
    const char *challenge = NULL;
    authp_err_t err = authp_digest_sha256_hex(code, strlen(code), &hash, pool);
    if (err == AUTHP_OK) {
        err = authp_pending_challenge(verifier, &challenge, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_store_login_code_take(realm->store, hash, challenge, authp_realm_now(realm),
                                          row, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_store_user_by_id(realm->store, (*row)->user_id.hex, user, pool);
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_E_INVALID_CREDENTIALS : err;
    }
    return !(*user)->disabled && (*row)->ver >= (*user)->min_ver ? AUTHP_OK
                                                                 : AUTHP_E_INVALID_CREDENTIALS;
}

authp_err_t authp_login_code_redeem(const authp_realm_t *realm, const char *code,
                                    const char *verifier, const authp_client_t *client,
                                    authp_grant_t *out, apr_pool_t *pool)
{
    authp_login_code_t *row = NULL;
    authp_user_t *user = NULL;
    authp_err_t err = take(realm, code, verifier, &row, &user, pool);
    if (err == AUTHP_E_INVALID_CREDENTIALS) {
        audit(realm, user, err, NULL, client, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_client_t device = *client;
    if (device.device_id == NULL) {
        device.device_id = row->device_id;
    }
    authp_grant_t grant = {0};
    err = authp_session_start(realm, user, &device, &grant, pool);
    if (err == AUTHP_OK) {
        audit(realm, user, AUTHP_OK, grant.session->id.hex, client, pool);
        authp_new_device_tell(realm, &grant, &device, pool);
        *out = grant;
    }
    return err;
}
