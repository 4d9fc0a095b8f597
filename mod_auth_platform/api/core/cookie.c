/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/cookie.h"
#include "api/core/origin_rule.h"
#include "api/core/profile.h"
#include "base/secret.h"
#include "base/text.h"
#include "service/account/device.h"
#include "service/provider/pending.h"
#include "service/session/csrf.h"

#include <apr_strings.h>
#include <string.h>

#define CSRF_HEADER "X-CSRF-Token"
#define DELIVERY_HEADER "X-Token-Delivery"

void authp_cookie_add(authp_call_t *call, const authp_cookie_t *cookie)
{
    bool secure = call->realm->settings->secure_cookies;
    const char *line =
        apr_pstrcat(call->pool, cookie->name, "=", cookie->value, "; Path=", cookie->path,
                    "; Max-Age=", apr_itoa(call->pool, cookie->max_age), "; SameSite=Lax",
                    secure ? "; Secure" : "", cookie->readable ? "" : "; HttpOnly", NULL);
    apr_table_addn(call->out->headers, "Set-Cookie", line);
}

void authp_cookie_clear_access(authp_call_t *call)
{
    const char *name = authp_credential_access_cookie(call->realm->settings->secure_cookies);
    authp_cookie_add(call, &(authp_cookie_t){name, "", "/", 0, false});
}

authp_err_t authp_cookie_set(authp_call_t *call, const authp_grant_t *grant)
{
    const char *csrf = NULL;
    bool secure = call->realm->settings->secure_cookies;
    int age = grant->refresh_expires_in;
    authp_err_t err = authp_csrf_make(call->realm, grant->session->id.hex, &csrf, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_cookie_add(call, &(authp_cookie_t){authp_credential_access_cookie(secure),
                                             grant->access_token, "/", grant->expires_in, false});
    authp_cookie_add(call, &(authp_cookie_t){authp_credential_refresh_cookie(secure),
                                             grant->refresh_token, call->request->mount->path, age,
                                             false});
    authp_cookie_add(call, &(authp_cookie_t){AUTHP_CSRF_COOKIE, csrf, "/", age, true});
    return AUTHP_OK;
}

const char *authp_cookie_value(const authp_call_t *call, const char *name)
{
    const char *cookies = authp_call_header(call, "Cookie");
    const char *value = NULL;
    size_t len = 0;
    if (cookies == NULL || !authp_credential_cookie(cookies, name, &value, &len) || len == 0) {
        return NULL;
    }
    return apr_pstrmemdup(call->pool, value, len);
}

const char *authp_cookie_refresh(const authp_call_t *call)
{
    return authp_cookie_value(
        call, authp_credential_refresh_cookie(call->realm->settings->secure_cookies));
}

const char *authp_cookie_access(const authp_call_t *call)
{
    return authp_cookie_value(
        call, authp_credential_access_cookie(call->realm->settings->secure_cookies));
}

const authp_device_t *authp_cookie_device(const authp_call_t *call)
{
    const char *name = authp_credential_device_cookie(call->realm->settings->secure_cookies);
    const char *value = authp_cookie_value(call, name);
    authp_device_t *device = apr_palloc(call->pool, sizeof(*device));
    return value != NULL && authp_device_read(call->realm, value, device) == AUTHP_OK ? device
                                                                                      : NULL;
}

authp_err_t authp_cookie_set_device(authp_call_t *call, const authp_grant_t *grant)
{
    const char *value = NULL;
    authp_err_t err = authp_device_make(call->realm, call->client.device, grant->user->id.hex,
                                        &value, call->pool);
    if (err == AUTHP_OK) {
        authp_cookie_add(
            call,
            &(authp_cookie_t){authp_credential_device_cookie(call->realm->settings->secure_cookies),
                              value, call->request->mount->path, AUTHP_DEVICE_DAYS * 86400, false});
    }
    return err;
}

const char *authp_cookie_pending(const authp_call_t *call)
{
    return authp_cookie_value(
        call, authp_credential_pending_cookie(call->realm->settings->secure_cookies));
}

void authp_cookie_set_pending(authp_call_t *call, const char *value)
{
    const char *name = authp_credential_pending_cookie(call->realm->settings->secure_cookies);
    int age = value[0] != '\0' ? AUTHP_PENDING_SECONDS : 0;
    authp_cookie_add(call, &(authp_cookie_t){name, value, "/", age, false});
}

/* The csrf_token of a session of the platform. That of another profile counts as absent. */
static const char *csrf_of(const authp_call_t *call)
{
    const char *csrf = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    return csrf != NULL && !authp_csrf_is_named(csrf, strlen(csrf)) ? csrf : NULL;
}

void authp_cookie_clear(authp_call_t *call)
{
    const char *kept = authp_cookie_value(call, AUTHP_CSRF_COOKIE);
    authp_cookie_clear_access(call);
    authp_cookie_add(call, &(authp_cookie_t){authp_credential_refresh_cookie(
                                                 call->realm->settings->secure_cookies),
                                             "", call->request->mount->path, 0, false});
    if (kept == NULL || csrf_of(call) != NULL) {
        authp_cookie_add(call, &(authp_cookie_t){AUTHP_CSRF_COOKIE, "", "/", 0, true});
    }
}

authp_err_t authp_cookie_check(const authp_call_t *call)
{
    const authp_request_t *request = call->request;
    authp_err_t err = authp_origin_rule_check(call->realm, &request->headers, request->scheme,
                                              request->host, false, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    const char *sent = authp_call_header(call, CSRF_HEADER);
    const char *kept = csrf_of(call);
    return sent != NULL && kept != NULL && authp_secret_equal_str(sent, kept) ? AUTHP_OK
                                                                              : AUTHP_E_CSRF_FAILED;
}

authp_err_t authp_cookie_check_session(const authp_call_t *call, const char *sid)
{
    const char *sent = authp_call_header(call, CSRF_HEADER);
    return sent != NULL ? authp_csrf_check(call->realm, sid, sent) : AUTHP_E_CSRF_FAILED;
}

bool authp_cookie_is_of(const authp_call_t *call, const char *sid)
{
    const char *csrf = csrf_of(call);
    return sid != NULL && csrf != NULL && authp_csrf_check(call->realm, sid, csrf) == AUTHP_OK;
}

bool authp_cookie_wanted(const authp_call_t *call)
{
    authp_delivery_t delivery = call->request->mount->delivery;
    if (call->request->mount->profile->bearer_only) {
        return false;
    }
    return delivery == AUTHP_DELIVERY_COOKIE ||
           (delivery == AUTHP_DELIVERY_ASK &&
            authp_text_same(authp_call_header(call, DELIVERY_HEADER), "cookie"));
}
