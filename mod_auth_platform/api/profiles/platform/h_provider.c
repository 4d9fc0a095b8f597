/* SPDX-License-Identifier: Apache-2.0 */
/* Signing in with a provider of identities: the way to the provider, and the callback. */
#include "api/core/answer.h"
#include "api/core/cookie.h"
#include "api/core/sign_in.h"
#include "api/core/target.h"
#include "api/profiles/platform/handlers.h"
#include "api/profiles/platform/provider_answer.h"
#include "base/json.h"
#include "service/account/new_device.h"
#include "service/provider/login_code.h"
#include "service/provider/mapping.h"
#include "service/provider/provider_flow.h"
#include "service/provider/provider_link.h"

#include <apr_strings.h>
#include <string.h>

#define GOOGLE "google"
#define CODE_MOST 4096 /* bytes; a longer code of a provider is not sent back to it */

/* The provider that the path names; /google/... has no name in braces. NULL: there is none. */
static const authp_provider_t *provider_of(const authp_call_t *call)
{
    const char *name = authp_path_value(&call->path, "provider");
    return authp_provider_set_find(call->realm, name != NULL ? name : GOOGLE);
}

static authp_asked_t asked_of(const char *role)
{
    return role != NULL && strcmp(role, "recruiter") == 0 ? AUTHP_ASKED_RECRUITER
                                                          : AUTHP_ASKED_CANDIDATE;
}

authp_err_t authp_h_provider_list(authp_call_t *call)
{
    json_t *out = authp_json_object(call->pool);
    json_t *list = authp_json_set_array(out, "providers");
    const apr_array_header_t *providers = call->realm->settings->providers;
    for (int i = 0; i < providers->nelts; i++) {
        const authp_provider_t *provider = APR_ARRAY_IDX(providers, i, const authp_provider_t *);
        json_t *item = authp_json_append_object(list);
        authp_json_set_str(item, "name", provider->name);
        authp_json_set_str(item, "label", provider->label);
        authp_json_set_str(item, "login",
                           apr_pstrcat(call->pool, call->request->mount->path,
                                       provider->google ? "/" : "/oidc/", provider->name, "/login",
                                       NULL));
    }
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

/* If return_to is a URL, it gets a login_code, which nobody can use without the challenge's
 * verifier.
 */
static authp_err_t check_challenge(authp_call_t *call, const authp_pending_t *pending)
{
    const char *method = authp_call_query(call, "code_challenge_method");
    bool needs = pending->return_to != NULL && !authp_target_is_path(pending->return_to);
    if (needs && pending->challenge == NULL) {
        call->findings = authp_findings_make(call->pool);
        authp_findings_add(call->findings, "code_challenge", "missing",
                           "Must be sent if return_to is a URL.");
    } else if (method != NULL && strcmp(method, "S256") != 0) {
        call->findings = authp_findings_make(call->pool);
        authp_findings_add(call->findings, "code_challenge_method", "invalid", "Must be S256.");
    }
    return call->findings == NULL ? AUTHP_OK : AUTHP_E_VALIDATION_FAILED;
}

/* Reads the parameters of a sign-in, or the ticket of a session that links an identity. */
static authp_err_t read_start(authp_call_t *call, const authp_provider_t *provider,
                              authp_pending_t *out)
{
    const char *ticket = authp_call_query(call, "ticket");
    *out = (authp_pending_t){.provider = provider->name,
                             .issuer = provider->issuer,
                             .redirect_uri = provider->redirect_uri};
    if (ticket != NULL) {
        return authp_provider_link_begin(call->realm, ticket, provider->name, &out->session,
                                         &out->return_to, call->pool);
    }
    out->asked = asked_of(authp_call_query(call, "role"));
    out->return_to = authp_call_query(call, "return_to");
    out->challenge = authp_call_query(call, "code_challenge");
    out->device_id = authp_call_query(call, "device_id");
    return check_challenge(call, out);
}

authp_err_t authp_h_provider_login(authp_call_t *call)
{
    const authp_provider_t *provider = provider_of(call);
    authp_pending_t pending;
    const char *cookie = NULL;
    const char *location = NULL;
    if (provider == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err = read_start(call, provider, &pending);
    if (err == AUTHP_E_VALIDATION_FAILED) {
        return err;
    }
    if (err == AUTHP_OK) {
        err = authp_pending_begin(call->realm, &pending, authp_cookie_pending(call), &cookie,
                                  call->pool);
    }
    if (err == AUTHP_OK) {
        err = authp_provider_flow_location(call->realm, provider, &pending,
                                           authp_call_query(call, "login_hint"), &location,
                                           call->pool);
    }
    if (err != AUTHP_OK) {
        return authp_provider_answer_error(call, pending.return_to, err);
    }
    authp_cookie_set_pending(call, cookie);
    authp_answer_redirect(call, location);
    return AUTHP_OK;
}

/* The entry of the cookie must be for this provider as it is configured now, and for this path. */
static authp_err_t take_pending(authp_call_t *call, const authp_provider_t *provider,
                                authp_pending_t *out)
{
    const char *after = NULL;
    if (strcmp(call->request->path, provider->redirect_path) != 0) {
        return AUTHP_E_OAUTH_STATE_INVALID;
    }
    authp_err_t err = authp_pending_take(call->realm, authp_cookie_pending(call),
                                         authp_call_query(call, "state"), out, &after, call->pool);
    if (after != NULL) {
        authp_cookie_set_pending(call, after);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    return strcmp(out->provider, provider->name) == 0 &&
                   strcmp(out->issuer, provider->issuer) == 0 &&
                   strcmp(out->redirect_uri, provider->redirect_uri) == 0
               ? AUTHP_OK
               : AUTHP_E_OAUTH_STATE_INVALID;
}

/* What the provider's answer says of the person. */
static authp_err_t read_person(authp_call_t *call, const authp_provider_t *provider,
                               const authp_pending_t *pending, authp_provider_word_t *out)
{
    const char *error = authp_call_query(call, "error");
    const char *code = authp_call_query(call, "code");
    if (error != NULL) {
        out->why = "answer";
        return strcmp(error, "access_denied") == 0 ? AUTHP_E_OAUTH_DENIED : AUTHP_E_OAUTH_FAILED;
    }
    if (code == NULL || strlen(code) > CODE_MOST) {
        out->why = "code";
        return AUTHP_E_OAUTH_FAILED;
    }
    return authp_provider_flow_redeem(call->realm, pending, provider, code, out, call->pool);
}

static authp_err_t link_to(authp_call_t *call, const authp_pending_t *pending,
                           const authp_person_t *person)
{
    const char *code = NULL;
    authp_err_t err =
        authp_provider_link_code(call->realm, pending->session, person, &code, call->pool);
    return err == AUTHP_OK ? authp_provider_answer_code(call, pending->return_to, "link_code", code)
                           : err;
}

/* Signs the person in. return_to decides the answer: none (tokens), a path (cookies), a URL (a
 * login_code). */
static authp_err_t enter(authp_call_t *call, const authp_pending_t *pending,
                         const authp_person_t *person)
{
    authp_user_t *user = NULL;
    authp_grant_t grant = {0};
    const char *code = NULL;
    const char *return_to = pending->return_to;
    call->client.device = authp_cookie_device(call);
    call->client.device_id = pending->device_id;
    authp_err_t err =
        authp_mapping_enter(call->realm, person, pending->asked, &call->client, &user, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    if (return_to != NULL && !authp_target_is_path(return_to)) {
        err = authp_login_code_make(call->realm, user, pending->challenge, pending->device_id,
                                    &code, call->pool);
        return err == AUTHP_OK ? authp_provider_answer_code(call, return_to, "login_code", code)
                               : err;
    }
    err = authp_session_start(call->realm, user, &call->client, &grant, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_provider_answer_audit(call, pending->provider, AUTHP_OK, NULL, &grant);
    authp_new_device_tell(call->realm, &grant, &call->client, call->pool);
    return return_to != NULL
               ? authp_sign_in_redirect(call, &grant, authp_provider_answer_path(call, return_to))
               : authp_sign_in_answer(call, 200, &grant);
}

authp_err_t authp_h_provider_callback(authp_call_t *call)
{
    const authp_provider_t *provider = provider_of(call);
    authp_pending_t pending = {.return_to = NULL};
    authp_provider_word_t word = {.why = NULL};
    if (provider == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err = take_pending(call, provider, &pending);
    if (err != AUTHP_OK) {
        return authp_provider_answer_error(call, NULL, err);
    }
    err = authp_provider_flow_check_iss(call->realm, provider, authp_call_query(call, "iss"),
                                        call->pool);
    if (err == AUTHP_E_OAUTH_STATE_INVALID) {
        authp_provider_answer_audit(call, provider->name, err, "iss", NULL);
        return authp_provider_answer_error(call, NULL, err);
    }
    if (err == AUTHP_OK) {
        err = read_person(call, provider, &pending, &word);
    }
    if (err == AUTHP_OK) {
        err = pending.session != NULL ? link_to(call, &pending, &word.person)
                                      : enter(call, &pending, &word.person);
    }
    if (err != AUTHP_OK) {
        authp_provider_answer_audit(call, provider->name, err, word.why, NULL);
        return authp_provider_answer_error(call, pending.return_to, err);
    }
    return AUTHP_OK;
}

authp_err_t authp_h_provider_token(authp_call_t *call)
{
    const authp_provider_t *provider = provider_of(call);
    authp_provider_word_t word = {.why = NULL};
    authp_user_t *user = NULL;
    authp_grant_t grant = {0};
    if (provider == NULL || !provider->google) {
        return AUTHP_E_NOT_FOUND;
    }
    call->client.device = authp_cookie_device(call);
    authp_err_t err =
        authp_provider_flow_token(call->realm, provider, authp_call_field(call, "id_token"),
                                  authp_call_field(call, "nonce"), &word, call->pool);
    if (err == AUTHP_OK) {
        err =
            authp_mapping_enter(call->realm, &word.person, asked_of(authp_call_field(call, "role")),
                                &call->client, &user, call->pool);
    }
    if (err == AUTHP_OK) {
        err = authp_session_start(call->realm, user, &call->client, &grant, call->pool);
    }
    authp_provider_answer_audit(call, provider->name, err, word.why, &grant);
    if (err != AUTHP_OK) {
        return err;
    }
    authp_new_device_tell(call->realm, &grant, &call->client, call->pool);
    return authp_sign_in_answer(call, 200, &grant);
}

authp_err_t authp_h_provider_code(authp_call_t *call)
{
    authp_grant_t grant = {0};
    call->client.device = authp_cookie_device(call);
    authp_err_t err = authp_login_code_redeem(call->realm, authp_call_field(call, "login_code"),
                                              authp_call_field(call, "code_verifier"),
                                              &call->client, &grant, call->pool);
    return err == AUTHP_OK ? authp_sign_in_answer(call, 200, &grant) : err;
}
