/* SPDX-License-Identifier: Apache-2.0 */
#include "service/two_step/admin_login.h"

#include "base/text.h"
#include "service/account/device.h"
#include "service/account/find.h"
#include "service/account/new_device.h"
#include "service/account/user.h"
#include "service/limit/limit_network.h"
#include "service/otp/otp.h"
#include "service/sign_in/login.h"

#include <apr_strings.h>
#include <string.h>

/* No number: looking for its code takes as long as looking for that of an administrator. */
#define NOBODY "+0"

/* --- what a first step is bound to ------------------------------------------------------------ */

/* The client that gave the right password, as texts for otp.h. NULL: the client has none. */
typedef struct binding_t {
    const char *ip;
    const char *device;
} binding_t;

/* With min_ver in it the text is another one after a new password. */
static const char *text_of(const authp_user_t *user, const char *value, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s %" APR_INT64_T_FMT " %s", user->id.hex, user->min_ver, value);
}

static binding_t binding_of(const authp_user_t *user, const authp_client_t *client,
                            apr_pool_t *pool)
{
    binding_t out = {.ip = NULL};
    /* The network, because an IPv6 client changes its address within it every few hours. */
    unsigned char network[AUTHP_LIMIT_NETWORK_MOST];
    size_t len = authp_limit_network(client->ip, network);
    if (len > 0) {
        out.ip = text_of(user, authp_text_hex(network, len, pool), pool);
    }
    if (client->device != NULL) {
        const unsigned char *id = client->device->id;
        out.device = text_of(user, authp_text_hex(id, sizeof(client->device->id), pool), pool);
    }
    return out;
}

/* --- the first step --------------------------------------------------------------------------- */

static authp_err_t send_code(const authp_realm_t *realm, const authp_user_t *user,
                             const authp_client_t *client, apr_pool_t *pool)
{
    const binding_t binding = binding_of(user, client, pool);
    const authp_otp_request_t request = {.phone = user->phone,
                                         .purpose = AUTHP_OTP_ADMIN_LOGIN,
                                         .bound_ip = binding.ip,
                                         .bound_device = binding.device,
                                         .known = true};
    return authp_otp_send(realm, &request, client, pool);
}

authp_err_t authp_admin_login_begin(const authp_realm_t *realm, const char *email,
                                    const char *password, const authp_client_t *client,
                                    authp_user_t **out, apr_pool_t *pool)
{
    const authp_login_t in = {.kind = AUTHP_LOGIN_EMAIL,
                              .login = email,
                              .password = password,
                              .password_len = strlen(password),
                              .door = AUTHP_DOOR_ADMIN};
    authp_user_t *user = NULL;
    authp_err_t err = authp_login_prove(realm, &in, client, &user, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (user->phone == NULL) {
        authp_login_audit(realm, user, AUTHP_E_NOT_FOUND, NULL, client, pool);
        return AUTHP_E_NOT_FOUND;
    }
    err = send_code(realm, user, client, pool);
    if (err == AUTHP_OK) {
        *out = user;
    }
    return err;
}

/* --- the second step -------------------------------------------------------------------------- */

/* *out: the administrator. NULL if the address has none who could have done the first step. */
static authp_err_t find_admin(const authp_realm_t *realm, const char *email, authp_user_t **out,
                              apr_pool_t *pool)
{
    authp_user_t *user = NULL;
    authp_err_t err = authp_find_by_login(realm, AUTHP_LOGIN_EMAIL, email, &user, pool);
    if (err != AUTHP_OK) {
        return err == AUTHP_E_NOT_FOUND ? AUTHP_OK : err;
    }
    bool good = !user->disabled && user->phone != NULL && authp_user_holds(user, "admin");
    *out = good ? user : NULL;
    return AUTHP_OK;
}

/* AUTHP_E_INVALID_OTP: the client is not that of a first step of `user`, who may be NULL, or the
 * first step is ten minutes ago or more. */
static authp_err_t check_client(const authp_realm_t *realm, const authp_user_t *user,
                                const authp_client_t *client, apr_pool_t *pool)
{
    binding_t binding = {.ip = NULL};
    const char *phone = NOBODY;
    if (user != NULL) {
        binding = binding_of(user, client, pool);
        phone = user->phone;
    }
    return authp_otp_bound(realm, phone, AUTHP_OTP_ADMIN_LOGIN, binding.ip, binding.device, pool);
}

/* Uses the code up. The client is checked before the code, and once more for the code that was
 * found right: a newer one may have come in between. */
static authp_err_t check_code(const authp_realm_t *realm, const authp_user_t *user,
                              const char *code, const authp_client_t *client, apr_pool_t *pool)
{
    authp_otp_code_t *right = NULL;
    authp_err_t err = check_client(realm, user, client, pool);
    if (err == AUTHP_OK && user == NULL) {
        err = AUTHP_E_INVALID_OTP;
    }
    if (err == AUTHP_OK) {
        err = authp_otp_check(realm, &(authp_otp_try_t){user->phone, AUTHP_OTP_ADMIN_LOGIN, code},
                              client, &right, pool);
    }
    if (err == AUTHP_OK) {
        err = check_client(realm, user, client, pool);
    }
    return err == AUTHP_OK ? authp_otp_use(realm, right, pool) : err;
}

static bool is_refusal(authp_err_t err)
{
    return err == AUTHP_E_INVALID_OTP || err == AUTHP_E_OTP_EXPIRED || err == AUTHP_E_OTP_USED;
}

authp_err_t authp_admin_login_finish(const authp_realm_t *realm, const char *email,
                                     const char *code, const authp_client_t *client,
                                     authp_grant_t *out, apr_pool_t *pool)
{
    apr_time_t began = apr_time_now();
    authp_user_t *user = NULL;
    authp_grant_t grant = {0};
    authp_err_t err = find_admin(realm, email, &user, pool);
    if (err == AUTHP_OK) {
        err = check_code(realm, user, code, client, pool);
    }
    if (is_refusal(err)) {
        authp_login_audit(realm, user, err, NULL, client, pool);
        authp_login_wait_for_step(began);
    }
    if (err == AUTHP_OK) {
        err = authp_session_start(realm, user, client, &grant, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_login_audit(realm, user, AUTHP_OK, grant.session->id.hex, client, pool);
    authp_new_device_tell(realm, &grant, client, pool);
    *out = grant;
    return AUTHP_OK;
}
