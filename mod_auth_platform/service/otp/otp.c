/* SPDX-License-Identifier: Apache-2.0 */
#include "service/otp/otp.h"

#include "base/log.h"
#include "service/otp/firewall.h"
#include "service/otp/otp_code.h"
#include "service/otp/sender.h"
#include "service/phone/phone.h"

#include <apr_strings.h>
#include <string.h>

#define MINUTE ((int64_t)60000)
/* For how long a code that the provider made is valid, and how long after a right password an
 * administrator may send the code. */
#define PROVIDER_MINUTES 10
#define ADMIN_LOGIN_MINUTES 10

/* Writes `entry` to the audit, with the last digits of the number added to its reason:
 * "OTP_LIMIT_PHONE *******3210". */
static void tell(const authp_realm_t *realm, authp_event_t entry, const char *phone,
                 const authp_client_t *client, apr_pool_t *pool)
{
    entry.reason = apr_pstrcat(pool, entry.reason, " ", authp_phone_logged(phone, pool), NULL);
    authp_audit_write(realm, &entry, client, pool);
}

static authp_err_t pass_limits(const authp_realm_t *realm, const authp_otp_request_t *request,
                               const authp_client_t *client, apr_pool_t *pool)
{
    authp_firewall_refusal_t refusal = {0};
    authp_err_t err = authp_firewall_check(realm, request->phone, &refusal, pool);
    if (err == AUTHP_OK) {
        err = authp_firewall_take(realm, request, client->ip, &refusal, pool);
    }
    if (err == AUTHP_E_RATE_LIMITED) {
        tell(realm,
             (authp_event_t){.event = "otp_send", .outcome = "denied", .reason = refusal.limit},
             request->phone, client, pool);
        if (client->retry_after != NULL) {
            *client->retry_after = refusal.retry_after;
        }
    }
    return err;
}

static authp_err_t bind_row(const authp_realm_t *realm, const authp_otp_request_t *request,
                            authp_otp_code_t *row, apr_pool_t *pool)
{
    const char *ip = request->bound_ip;
    const char *device = request->bound_device;
    authp_err_t err = AUTHP_OK;
    if (ip != NULL) {
        err = authp_otp_code_hash(realm, "bound ip", ip, strlen(ip), &row->bound_ip, pool);
    }
    if (device != NULL && err == AUTHP_OK) {
        err = authp_otp_code_hash(realm, "bound device", device, strlen(device), &row->bound_device,
                                  pool);
    }
    return err;
}

/* A code that is to be sent. */
typedef struct made_t {
    char digits[AUTHP_SENDER_LENGTH_MOST + 1]; /* empty if the provider makes the code */
    authp_id_t code_id;                        /* of its row */
    authp_otp_message_t message;
} made_t;

/* Makes the code and its row, which replaces the one of the number. */
static authp_err_t make(const authp_realm_t *realm, const authp_otp_request_t *request, made_t *out,
                        apr_pool_t *pool)
{
    const authp_settings_t *s = realm->settings;
    bool theirs = realm->otp->makes_all || request->purpose == AUTHP_OTP_USER;
    int minutes = request->purpose == AUTHP_OTP_USER ? PROVIDER_MINUTES : s->otp_expire_minutes;
    authp_ms_t now = authp_realm_now(realm);
    authp_otp_code_t row = {.id = authp_id_new(realm->clock, realm->random),
                            .phone = request->phone,
                            .code_id = authp_id_new(realm->clock, realm->random),
                            .purpose = authp_otp_code_purpose(request->purpose),
                            .provider = theirs ? realm->otp->name : NULL,
                            .created_at = now,
                            .expires_at = now + minutes * MINUTE};
    authp_err_t err = bind_row(realm, request, &row, pool);
    if (!theirs && err == AUTHP_OK) {
        authp_otp_code_make(realm->random, s->otp_length, out->digits);
        err = authp_otp_code_seal(realm, &row, out->digits, pool);
    }
    if (err == AUTHP_OK) {
        err = authp_store_otp_put(realm->store, &row, pool);
    }
    out->code_id = row.code_id;
    out->message = (authp_otp_message_t){.phone = request->phone,
                                         .code = theirs ? NULL : out->digits,
                                         .length = s->otp_length,
                                         .minutes = minutes};
    return err;
}

static authp_err_t begin(const authp_realm_t *realm, const authp_otp_request_t *request,
                         const authp_client_t *client, apr_pool_t *pool)
{
    return realm->otp == NULL ? AUTHP_E_OTP_UNAVAILABLE : pass_limits(realm, request, client, pool);
}

/* Makes the row of a code that the provider did not send good for nothing. The provider may still
 * have an older code of another purpose, and would accept that one. The row of a newer code stays
 * as it is: without the pause between two codes (AUTH_LIMITS=off) one may have been sent while this
 * one waited for the provider. */
static void close_unsent(const authp_realm_t *realm, const made_t *made, apr_pool_t *pool)
{
    authp_otp_code_t *row = NULL;
    authp_err_t err = authp_store_otp_of(realm->store, made->message.phone, &row, pool);
    if (err == AUTHP_OK && row->provider != NULL && row->used_at == 0 &&
        strcmp(row->code_id.hex, made->code_id.hex) == 0) {
        row->provider = "unsent";
        err = authp_store_otp_put(realm->store, row, pool);
    }
    (void)err; /* the client is told that nothing was sent, whatever the store says */
}

authp_err_t authp_otp_send(const authp_realm_t *realm, const authp_otp_request_t *request,
                           const authp_client_t *client, apr_pool_t *pool)
{
    made_t made = {.digits = ""};
    authp_err_t err = begin(realm, request, client, pool);
    if (err == AUTHP_OK) {
        err = make(realm, request, &made, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    err = realm->otp->send(realm->otp->ctx, &made.message, pool);
    authp_secret_wipe(made.digits, sizeof(made.digits));
    if (err != AUTHP_OK && made.message.code == NULL) {
        close_unsent(realm, &made, pool);
    }
    const char *what =
        err == AUTHP_OK ? authp_otp_code_purpose(request->purpose) : authp_err_name(err);
    tell(realm,
         (authp_event_t){
             .event = "otp_send", .outcome = err == AUTHP_OK ? "ok" : "denied", .reason = what},
         request->phone, client, pool);
    return err;
}

authp_err_t authp_otp_send_later(const authp_realm_t *realm, const authp_otp_request_t *request,
                                 bool real, const authp_client_t *client, apr_pool_t *pool)
{
    made_t made = {.digits = ""};
    authp_err_t err = begin(realm, request, client, pool);
    if (err == AUTHP_OK) {
        err = make(realm, request, &made, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (real) {
        /* The sender logs a failure. The answer must not depend on it. */
        authp_err_t left = realm->otp->send_later(realm->otp->ctx, &made.message);
        (void)left;
    }
    authp_secret_wipe(made.digits, sizeof(made.digits));
    tell(realm,
         (authp_event_t){.event = "otp_send",
                         .outcome = "ok",
                         .reason = authp_otp_code_purpose(request->purpose)},
         request->phone, client, pool);
    return AUTHP_OK;
}

/* Reads the newest code of the number. AUTHP_E_INVALID_OTP: there is none for this purpose, or
 * another provider made it than the one that is configured now. */
static authp_err_t find(const authp_realm_t *realm, const char *phone, authp_otp_purpose_t purpose,
                        authp_otp_code_t **out, apr_pool_t *pool)
{
    authp_otp_code_t *row = NULL;
    authp_err_t err = authp_store_otp_of(realm->store, phone, &row, pool);
    if (err == AUTHP_E_NOT_FOUND) {
        return AUTHP_E_INVALID_OTP;
    }
    if (err != AUTHP_OK) {
        return err;
    }
    if (strcmp(row->purpose, authp_otp_code_purpose(purpose)) != 0 ||
        (row->provider != NULL && strcmp(row->provider, realm->otp->name) != 0)) {
        return AUTHP_E_INVALID_OTP;
    }
    *out = row;
    return AUTHP_OK;
}

static authp_err_t compare(const authp_realm_t *realm, const authp_otp_code_t *row,
                           const char *code, apr_pool_t *pool)
{
    size_t len = strlen(code);
    if (len == 0 || len > AUTHP_SENDER_LENGTH_MOST || strspn(code, "0123456789") != len) {
        return AUTHP_E_INVALID_OTP;
    }
    return row->provider == NULL ? authp_otp_code_compare(realm, row, code)
                                 : realm->otp->verify(realm->otp->ctx, row->phone, code, pool);
}

/* AUTHP_E_OTP_USED or AUTHP_E_OTP_EXPIRED: the newest code was used or has expired. AUTHP_OK: it is
 * neither. After a code was used, any other code is AUTHP_E_INVALID_OTP, except where MSG91 made
 * the used one: MSG91 is not asked again, so each code is AUTHP_E_OTP_USED. */
static authp_err_t state_of(const authp_realm_t *realm, const authp_otp_code_t *row,
                            const char *code, apr_pool_t *pool)
{
    if (row->used_at != 0) {
        bool asks = row->provider != NULL && !realm->otp->makes_all;
        return asks || compare(realm, row, code, pool) == AUTHP_OK ? AUTHP_E_OTP_USED
                                                                   : AUTHP_E_INVALID_OTP;
    }
    return row->expires_at <= authp_realm_now(realm) ? AUTHP_E_OTP_EXPIRED : AUTHP_OK;
}

static void count_wrong(const authp_realm_t *realm, const char *phone, const authp_client_t *client,
                        apr_pool_t *pool)
{
    bool locked = false;
    authp_err_t err = authp_firewall_wrong(realm, phone, &locked, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0372", "a wrong one-time code could not be counted: %s",
                  authp_err_name(err));
    }
    if (locked) {
        tell(
            realm,
            (authp_event_t){.event = "otp_check", .outcome = "denied", .reason = "OTP_LIMIT_WRONG"},
            phone, client, pool);
    }
}

/* Compares `code`, for which an attempt was taken, and gives the attempt back if the provider did
 * not say whether it is right. */
static authp_err_t try_it(const authp_realm_t *realm, const authp_otp_code_t *row, const char *code,
                          const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = compare(realm, row, code, pool);
    if (err == AUTHP_E_INVALID_OTP) {
        count_wrong(realm, row->phone, client, pool);
    }
    if (err != AUTHP_E_UNAVAILABLE) {
        return err;
    }
    err = authp_store_otp_attempt_undo(realm->store, row->phone, row->code_id.hex, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0373",
                  "an attempt at a one-time code could not be given back: %s", authp_err_name(err));
    }
    return AUTHP_E_OTP_SEND_FAILED;
}

authp_err_t authp_otp_check(const authp_realm_t *realm, const authp_otp_try_t *given,
                            const authp_client_t *client, authp_otp_code_t **right,
                            apr_pool_t *pool)
{
    const char *phone = given->phone;
    authp_firewall_refusal_t refusal;
    authp_otp_code_t *row = NULL;
    if (realm->otp == NULL) {
        return AUTHP_E_OTP_UNAVAILABLE;
    }
    authp_err_t err = authp_firewall_check(realm, phone, &refusal, pool);
    if (err == AUTHP_OK) {
        err = find(realm, phone, given->purpose, &row, pool);
    }
    if (err == AUTHP_OK) {
        err = state_of(realm, row, given->code, pool);
    }
    if (err != AUTHP_OK) {
        return err == AUTHP_E_RATE_LIMITED ? AUTHP_E_INVALID_OTP : err;
    }
    err = authp_store_otp_attempt(realm->store, phone, row->code_id.hex,
                                  realm->settings->otp_max_attempts, authp_realm_now(realm), pool);
    if (err == AUTHP_E_CONFLICT) {
        /* No attempt is left, or it was used or replaced since it was read. */
        err = find(realm, phone, given->purpose, &row, pool);
        err = err == AUTHP_OK ? state_of(realm, row, given->code, pool) : err;
        return err == AUTHP_OK ? AUTHP_E_INVALID_OTP : err;
    }
    if (err == AUTHP_OK) {
        err = try_it(realm, row, given->code, client, pool);
    }
    if (err == AUTHP_OK) {
        *right = row;
    }
    return err;
}

authp_err_t authp_otp_use(const authp_realm_t *realm, const authp_otp_code_t *right,
                          apr_pool_t *pool)
{
    authp_otp_code_t *row = NULL;
    authp_err_t err = authp_store_otp_use(realm->store, right->phone, right->code_id.hex,
                                          right->code_hmac, authp_realm_now(realm), pool);
    if (err != AUTHP_E_CONFLICT) {
        return err;
    }
    err = authp_store_otp_of(realm->store, right->phone, &row, pool);
    if (err != AUTHP_OK && err != AUTHP_E_NOT_FOUND) {
        return err;
    }
    return row != NULL && row->used_at != 0 && strcmp(row->code_id.hex, right->code_id.hex) == 0
               ? AUTHP_E_OTP_USED
               : AUTHP_E_INVALID_OTP;
}

/* True if `stored` is the hash of `text`. */
static authp_err_t same(const authp_realm_t *realm, const char *kind, const char *text,
                        const char *stored, bool *is, apr_pool_t *pool)
{
    const char *hash = NULL;
    if (text == NULL || stored == NULL) {
        return AUTHP_OK;
    }
    authp_err_t err = authp_otp_code_hash(realm, kind, text, strlen(text), &hash, pool);
    if (err == AUTHP_OK && authp_secret_equal_str(hash, stored)) {
        *is = true;
    }
    return err;
}

authp_err_t authp_otp_bound(const authp_realm_t *realm, const char *phone,
                            authp_otp_purpose_t purpose, const char *ip, const char *device,
                            apr_pool_t *pool)
{
    authp_otp_code_t *row = NULL;
    bool is = false;
    if (realm->otp == NULL) {
        return AUTHP_E_OTP_UNAVAILABLE;
    }
    authp_err_t err = find(realm, phone, purpose, &row, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (purpose == AUTHP_OTP_ADMIN_LOGIN &&
        row->created_at + ADMIN_LOGIN_MINUTES * MINUTE <= authp_realm_now(realm)) {
        return AUTHP_E_INVALID_OTP;
    }
    err = same(realm, "bound ip", ip, row->bound_ip, &is, pool);
    if (err == AUTHP_OK) {
        err = same(realm, "bound device", device, row->bound_device, &is, pool);
    }
    return err != AUTHP_OK || is ? err : AUTHP_E_INVALID_OTP;
}
