/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/attempt.h"
#include "base/log.h"
#include "base/text.h"
#include "crypto/password/foreign.h"
#include "service/account/device.h"
#include "service/limit/limit_account.h"

#include <string.h>

static authp_ms_t window(const authp_realm_t *realm)
{
    return (authp_ms_t)realm->settings->limit_account.seconds * 1000;
}

static authp_err_t find_key(const authp_realm_t *realm, const authp_target_t *target,
                            const authp_client_t *client, authp_attempt_t *out, apr_pool_t *pool)
{
    unsigned char tag[AUTHP_SHA256_LEN];
    const char kind[] = {out->known ? 'd' : 'a', (char)('0' + (int)target->kind)};
    authp_bytes_t parts[] = {{kind, sizeof(kind)}, {"", 0}, {target->login, strlen(target->login)}};
    if (out->known) {
        parts[1] = (authp_bytes_t){client->device->id, sizeof(client->device->id)};
        parts[2] = (authp_bytes_t){target->user->id.hex, AUTHP_ID_LEN};
    }
    authp_err_t err = authp_keys_tag(realm->keys, AUTHP_KEY_LIMIT, parts, 3, tag);
    if (err == AUTHP_OK) {
        memcpy(&out->hash, tag, sizeof(out->hash));
        out->key = authp_text_hex(tag, sizeof(tag), pool);
    }
    return err;
}

/* Asks the store for failed attempts if shared memory has none. */
static void learn(const authp_realm_t *realm, const authp_attempt_t *attempt, apr_pool_t *pool)
{
    authp_failures_t failures = {.count = 0};
    authp_ms_t now = authp_realm_now(realm);
    if (authp_limit_account_known(realm->limits, attempt->hash)) {
        return;
    }
    authp_err_t err = authp_store_failure_get(realm->store, attempt->key, now, &failures, pool);
    if (err == AUTHP_OK) {
        authp_limit_account_learn(realm->limits, attempt->hash, failures.count,
                                  now - failures.last_at);
    }
}

static void say_when(const authp_client_t *client, int seconds)
{
    if (client->retry_after != NULL) {
        *client->retry_after = seconds;
    }
}

/* A request with a device cookie has been counted for the device (api/core/throttle.c). If the
 * device does not know this account, the request also counts for its address. */
static authp_err_t charge_address(const authp_realm_t *realm, const authp_client_t *client)
{
    int seconds = 0;
    authp_err_t err =
        authp_limit_take_address(realm->limits, AUTHP_LIMIT_CREDENTIAL, client->ip, &seconds);
    if (err == AUTHP_E_RATE_LIMITED) {
        say_when(client, seconds);
    }
    return err;
}

authp_err_t authp_attempt_begin(const authp_realm_t *realm, const authp_target_t *target,
                                const authp_client_t *client, authp_attempt_t *out,
                                apr_pool_t *pool)
{
    authp_limit_attempt_t counted;
    authp_attempt_t attempt = {.known = target->user != NULL &&
                                        authp_device_knows(client->device, target->user->id.hex)};
    if (realm->limits == NULL) {
        *out = attempt;
        return AUTHP_OK;
    }
    authp_err_t err = AUTHP_OK;
    if (client->device != NULL && !attempt.known) {
        err = charge_address(realm, client);
    }
    if (err == AUTHP_OK) {
        err = find_key(realm, target, client, &attempt, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    learn(realm, &attempt, pool);
    err = authp_limit_account_begin(realm->limits, attempt.hash, &counted);
    if (err != AUTHP_OK) {
        say_when(client, counted.retry_after);
        return err;
    }
    attempt.counted = true;
    attempt.before = counted.before;
    attempt.after = counted.after;
    attempt.count = counted.count;
    *out = attempt;
    return AUTHP_OK;
}

static void failed(const authp_realm_t *realm, const authp_attempt_t *attempt,
                   const authp_client_t *client, apr_pool_t *pool)
{
    int64_t count = 0;
    authp_ms_t now = authp_realm_now(realm);
    /* If this is the first attempt that shared memory has, older failures in the store no longer
     * count, except those that other hosts have just added. An entry is kept for two windows: the
     * longest delay is one window, and after another one the attempts are forgotten. */
    const authp_failure_t what = {.key = attempt->key,
                                  .at = now,
                                  .forget_before = attempt->count > 1 ? 0 : now - window(realm),
                                  .expires_at = now + 2 * window(realm)};
    authp_err_t err = authp_store_failure_add(realm->store, &what, &count, pool);
    if (err == AUTHP_OK) {
        authp_limit_account_learn(realm->limits, attempt->hash, count, 0);
    }
    if (attempt->count == realm->settings->limit_account.count) {
        authp_log(AUTHP_LOG_NOTICE, "AUTHP0330",
                  "wrong passwords on one account: delays begin; client %s, %s, request %s",
                  client->ip != NULL ? client->ip : "-",
                  attempt->known ? "a known device" : "no known device",
                  client->request_id != NULL ? client->request_id : "-");
    }
}

void authp_attempt_end(const authp_realm_t *realm, const authp_attempt_t *attempt,
                       authp_err_t outcome, const authp_client_t *client, apr_pool_t *pool)
{
    if (!attempt->counted) {
        return;
    }
    if (outcome == AUTHP_E_INVALID_CREDENTIALS || outcome == AUTHP_E_WRONG_PASSWORD) {
        failed(realm, attempt, client, pool);
    } else if (outcome == AUTHP_OK) {
        authp_limit_account_clear(realm->limits, attempt->hash);
        /* If there were no attempts before, the store has no entry. */
        authp_err_t err = attempt->count > 1
                              ? authp_store_failure_clear(realm->store, attempt->key, pool)
                              : AUTHP_OK;
        (void)err;
    } else {
        const authp_limit_attempt_t counted = {.before = attempt->before, .after = attempt->after};
        authp_limit_account_cancel(realm->limits, attempt->hash, &counted);
    }
}

authp_err_t authp_attempt_password(const authp_realm_t *realm, const authp_target_t *target,
                                   const char *password, const authp_client_t *client,
                                   apr_pool_t *pool)
{
    authp_attempt_t attempt = {.known = false};
    const char *hash = target->user->password_hash;
    bool match = false;
    if (authp_foreign_refusal(hash, pool) != NULL) {
        return AUTHP_E_WRONG_PASSWORD;
    }
    authp_err_t err = authp_attempt_begin(realm, target, client, &attempt, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    err = authp_hasher_verify(realm->hasher, AUTHP_HASH_KNOWN, password, strlen(password), hash,
                              &match);
    if (err == AUTHP_OK && !match) {
        err = AUTHP_E_WRONG_PASSWORD;
    }
    authp_attempt_end(realm, &attempt, err, client, pool);
    return err;
}
