/* SPDX-License-Identifier: Apache-2.0 */
#include "api/profiles/platform/provider_answer.h"
#include "api/core/answer.h"
#include "api/core/navigation.h"
#include "api/core/profile.h"
#include "api/core/refusal_page.h"
#include "api/core/target.h"
#include "base/json.h"
#include "net/origin.h"
#include "service/provider/pairs.h"

#include <apr_strings.h>

/* The URL that gets the error as a parameter. NULL: there is none. */
static const char *place_of(const authp_call_t *call, const char *return_to, authp_err_t err)
{
    const authp_problem_t *problem = authp_profile_problem(call->request->mount->profile, err);
    bool path = return_to != NULL && authp_target_is_path(return_to);
    const char *place = path ? call->request->sign_in_page : return_to;
    if (place == NULL) {
        return NULL;
    }
    const authp_pair_t pairs[] = {{"return_to", path ? return_to : NULL},
                                  {"error", problem->code},
                                  {"error_description", path ? NULL : problem->detail},
                                  {"login_code", NULL},
                                  {"link_code", NULL}};
    return authp_pairs_url(place, AUTHP_PAIRS(pairs), call->pool);
}

authp_err_t authp_provider_answer_error(authp_call_t *call, const char *return_to, authp_err_t err)
{
    static const authp_refusal_page_reader_t nobody = {.known = false};
    const authp_request_t *request = call->request;
    const char *place = place_of(call, return_to, err);
    if (place != NULL) {
        authp_answer_redirect(call, place);
        return AUTHP_OK;
    }
    if (!authp_navigation_is(request->method, &request->headers)) {
        return err;
    }
    authp_refusal_page(err, request->request_id, &nobody, call->out, call->pool);
    /* The address of this page may hold a code of the provider. */
    apr_table_setn(call->out->headers, "Referrer-Policy", "no-referrer");
    return AUTHP_OK;
}

const char *authp_provider_answer_path(const authp_call_t *call, const char *return_to)
{
    return authp_origin_return_to(return_to, call->pool);
}

authp_err_t authp_provider_answer_code(authp_call_t *call, const char *return_to, const char *name,
                                       const char *code)
{
    if (return_to == NULL) {
        json_t *out = authp_json_object(call->pool);
        authp_json_set_str(out, name, code);
        authp_answer_json(call, 200, out);
        return AUTHP_OK;
    }
    const char *place =
        authp_target_is_path(return_to) ? authp_provider_answer_path(call, return_to) : return_to;
    const authp_pair_t pairs[] = {{name, code},
                                  {"login_code", NULL},
                                  {"link_code", NULL},
                                  {"error", NULL},
                                  {"error_description", NULL}};
    authp_answer_redirect(call, authp_pairs_url(place, AUTHP_PAIRS(pairs), call->pool));
    return AUTHP_OK;
}

void authp_provider_answer_audit(const authp_call_t *call, const char *provider, authp_err_t err,
                                 const char *why, const authp_grant_t *grant)
{
    bool good = err == AUTHP_OK;
    if (err == AUTHP_E_OAUTH_UNAVAILABLE || err == AUTHP_E_BUSY) {
        return; /* nobody was refused, and a provider that is down must not fill the audit */
    }
    const char *denied = why != NULL ? apr_pstrcat(call->pool, authp_err_name(err), ": ", why, NULL)
                                     : authp_err_name(err);
    const char *id = good ? grant->user->id.hex : NULL;
    const authp_event_t event = {.event = "login",
                                 .outcome = good ? "ok" : "denied",
                                 .reason = good ? provider : denied,
                                 .actor_id = id,
                                 .subject_id = id,
                                 .session_id = good ? grant->session->id.hex : NULL};
    authp_audit_write(call->realm, &event, &call->client, call->pool);
}
