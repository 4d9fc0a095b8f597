/* SPDX-License-Identifier: Apache-2.0 */
#include "api/core/refusal.h"
#include "base/json.h"

#include <apr_strings.h>

/* The WWW-Authenticate of a 401. RFC 6750: `error` is present only if a token was sent. RFC 9470
 * names the error for a sign-in that is too long ago. */
static const char *challenge_for(authp_err_t err)
{
    switch (err) {
    case AUTHP_E_TOKEN_INVALID:
    case AUTHP_E_REFRESH_INVALID:
    case AUTHP_E_REFRESH_REUSED:
        return "Bearer realm=\"auth_platform\", error=\"invalid_token\", error_description=\"not valid\"";
    case AUTHP_E_TOKEN_EXPIRED:
        return "Bearer realm=\"auth_platform\", error=\"invalid_token\", error_description=\"expired\"";
    case AUTHP_E_TOKEN_REVOKED:
        return "Bearer realm=\"auth_platform\", error=\"invalid_token\", error_description=\"revoked\"";
    case AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION:
        return "Bearer realm=\"auth_platform\", error=\"insufficient_user_authentication\"";
    default:
        return "Bearer realm=\"auth_platform\"";
    }
}

void authp_refusal_head(const authp_problem_t *problem, const char *request_id,
                        authp_response_t *out, apr_pool_t *pool)
{
    if (out->headers == NULL) {
        out->headers = apr_table_make(pool, 8);
    }
    if (problem->status == 401) {
        apr_table_setn(out->headers, "WWW-Authenticate", challenge_for(problem->err));
    }
    if (problem->retry_after > 0) {
        apr_table_setn(out->headers, "Retry-After", apr_itoa(pool, problem->retry_after));
    }
    apr_table_setn(out->headers, "Cache-Control", "no-store");
    if (request_id != NULL) {
        /* Copied, because `out` may live longer than the request that `request_id` was made for. */
        apr_table_set(out->headers, "X-Request-Id", request_id);
    }
    out->status = problem->status;
}

void authp_refusal_write(const authp_profile_t *profile, const authp_refusal_t *refusal,
                         authp_response_t *out, apr_pool_t *pool)
{
    const authp_problem_t *problem = authp_profile_problem(profile, refusal->err);
    authp_refusal_t told = *refusal;
    json_t *body = authp_json_object(pool);
    told.detail = refusal->detail != NULL ? refusal->detail : problem->detail;
    authp_refusal_head(problem, refusal->request_id, out, pool);
    profile->shape->error(problem, &told, body, pool);
    apr_table_setn(out->headers, "Content-Type", profile->shape->error_type);
    out->body = authp_json_text(body, &out->body_len, pool);
}

void authp_refusal_max_age(int seconds, authp_response_t *out, apr_pool_t *pool)
{
    apr_table_setn(out->headers, "WWW-Authenticate",
                   apr_psprintf(pool, "%s, max_age=\"%d\"",
                                challenge_for(AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION), seconds));
}
