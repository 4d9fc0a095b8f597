/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/throttle.h"
#include "api/core/cookie.h"
#include "service/account/device.h"
#include "service/limit/limit.h"

#include <apr_time.h>

/* A stranger asks every 5 ms whether it may go on to the store, 400 times at most: 2 s. */
#define ASK_US 5000
#define ASK_TRIES 400

#define SIGNING_IN (AUTHP_ROUTE_LIMIT_CREDENTIAL | AUTHP_ROUTE_LIMIT_REGISTER)

static bool has(const authp_call_t *call, unsigned flags)
{
    return (call->route->flags & flags) != 0;
}

static authp_err_t charge(authp_call_t *call, authp_limit_class_t class)
{
    return authp_limit_take_address(call->realm->limits, class, call->client.ip,
                                    &call->retry_after);
}

/* Requests of a device are counted for the device, so that another client of the same address
 * cannot lock its owner out. If the device does not know the account that is named,
 * service/account/attempt.c counts the request for the address too. */
static authp_err_t charge_sign_in(authp_call_t *call)
{
    const authp_device_t *device = call->client.device;
    if (device == NULL) {
        return charge(call, AUTHP_LIMIT_CREDENTIAL);
    }
    return authp_limit_take_device(call->realm->limits, AUTHP_LIMIT_CREDENTIAL, device->id,
                                   sizeof(device->id), &call->retry_after);
}

authp_err_t authp_throttle_enter(authp_call_t *call)
{
    call->client.retry_after = &call->retry_after;
    if (has(call, SIGNING_IN) && !call->form) {
        call->client.device = authp_cookie_device(call);
    }
    if (has(call, AUTHP_ROUTE_LIMIT_CREDENTIAL)) {
        return charge_sign_in(call);
    }
    if (has(call, AUTHP_ROUTE_LIMIT_REFRESH)) {
        return charge(call, AUTHP_LIMIT_REFRESH);
    }
    if (has(call, AUTHP_ROUTE_LIMIT_REGISTER)) {
        authp_err_t err = charge(call, AUTHP_LIMIT_CREDENTIAL);
        return err == AUTHP_OK ? charge(call, AUTHP_LIMIT_REGISTER) : err;
    }
    return AUTHP_OK;
}

/* True if a registration counts against its limit: it made an account, or its answer told something
 * (an address or username is taken, an invite is invalid). */
static bool counts(const authp_call_t *call, authp_err_t outcome)
{
    return !call->by_admin && (outcome == AUTHP_OK || outcome == AUTHP_E_EMAIL_TAKEN ||
                               outcome == AUTHP_E_USER_EXISTS || outcome == AUTHP_E_INVITE_INVALID);
}

/* True if the line for hashes would be done within 250 ms. Strangers that have entered the gate and
 * may not have reached the line yet are counted too. Otherwise all requests of a flood would find
 * the line short at the same moment. */
static bool is_quick(const authp_call_t *call)
{
    const authp_hasher_t *hasher = call->realm->hasher;
    const authp_gate_t *gate = call->request->gate;
    int entered = gate != NULL ? atomic_load(&gate->strangers) : 0;
    return hasher != NULL && authp_hasher_line_is_quick(hasher, entered + 1);
}

/* In a flood the line for hashes must stay short, because each waiting request holds a thread that
 * pages may need. */
static bool is_flood(const authp_call_t *call)
{
    authp_hasher_t *hasher = call->realm->hasher;
    return hasher != NULL && authp_gate_is_flooded(call->request->gate) &&
           authp_hasher_line_is_long(hasher) && !is_quick(call);
}

/* True if a busy server should answer a stranger 429 and not 503. After a 503 httpd closes the
 * connection. In a flood new connections cost the server more than anything else, above all with
 * TLS. The answer stays 503 if a slow store is the reason. */
static bool are_too_many(const authp_call_t *call)
{
    return call->route->auth != AUTHP_AUTH_REQUIRED && authp_throttle_is_stranger(call) &&
           (call->crowded || authp_hasher_strangers_wait(call->realm->hasher) || is_flood(call));
}

authp_err_t authp_throttle_settle(authp_call_t *call, authp_err_t outcome)
{
    if (has(call, AUTHP_ROUTE_LIMIT_REGISTER) && !counts(call, outcome)) {
        authp_limit_give_address(call->realm->limits, AUTHP_LIMIT_REGISTER, call->client.ip);
    }
    if (outcome != AUTHP_E_BUSY || !are_too_many(call)) {
        return outcome;
    }
    call->detail = "Too many people sign in at once: try again in a moment.";
    call->retry_after = 1;
    return AUTHP_E_RATE_LIMITED;
}

/* Strangers that come at one moment go on to the store one share after the other, and from there to
 * the line for hashes. If the store does not answer, no more of them go on. */
authp_err_t authp_throttle_ask(authp_call_t *call)
{
    authp_hasher_t *hasher = call->realm->hasher;
    call->crowded = is_flood(call);
    if (call->crowded) {
        return AUTHP_E_BUSY;
    }
    for (int tries = 0;
         !authp_gate_ask(call->request->gate, hasher != NULL ? authp_hasher_hashing(hasher) : 0);
         tries++) {
        if (tries == ASK_TRIES || !authp_gate_moves(call->request->gate)) {
            return AUTHP_E_BUSY;
        }
        apr_sleep(ASK_US);
    }
    return AUTHP_OK;
}

static bool wait_for_place(const authp_call_t *call)
{
    authp_gate_t *gate = call->request->gate;
    bool entered = false;
    if (!authp_gate_line_up(gate)) {
        return false;
    }
    for (int tries = 0; !entered && tries < ASK_TRIES && authp_gate_lets_in(gate); tries++) {
        apr_sleep(ASK_US);
        entered = authp_gate_enter(gate, false);
    }
    authp_gate_line_leave(gate);
    return entered;
}

bool authp_throttle_enter_gate(const authp_call_t *call, bool stranger)
{
    authp_gate_t *gate = call->request->gate;
    if (authp_gate_enter(gate, stranger)) {
        return true;
    }
    if (!stranger) {
        return wait_for_place(call);
    }
    return is_quick(call) && authp_gate_enter_quickly(gate);
}

bool authp_throttle_is_stranger(const authp_call_t *call)
{
    return has(call, SIGNING_IN) && call->client.device == NULL && call->user == NULL;
}
