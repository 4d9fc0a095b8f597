/* SPDX-License-Identifier: Apache-2.0 */
#include "api/problem.h"
#include "base/json.h"

#include <apr_escape.h>
#include <apr_strings.h>
#include <string.h>

/* The policy of the HTML page below: it allows the page's one <style> and nothing else. An answer
 * without a policy would get the one that the site sets for its own pages, and that one would block
 * the style. */
#define PAGE_POLICY                                                                                \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "         \
    "frame-ancestors 'none'"

/* Every code that a client may get. `type` is a URN of the code: it is stable, and nobody tries to
 * open it. */
static const authp_problem_t problems[] = {
    {AUTHP_E_INVALID_CREDENTIALS, 401, "invalid_credentials", "Wrong e-mail or password",
     "The e-mail address and password do not match an account.", 0},
    {AUTHP_E_WRONG_PASSWORD, 403, "invalid_credentials", "Wrong password",
     "This is not the account's current password.", 0},
    {AUTHP_E_TOKEN_MISSING, 401, "token_missing", "Sign-in needed",
     "This needs an access token or a session.", 0},
    {AUTHP_E_TOKEN_INVALID, 401, "token_invalid", "Token not valid",
     "The access token is not valid.", 0},
    {AUTHP_E_TOKEN_EXPIRED, 401, "token_expired", "Token expired",
     "The access token has expired: refresh it.", 0},
    {AUTHP_E_TOKEN_REVOKED, 401, "token_revoked", "Signed out",
     "The session of this token has ended: sign in again.", 0},
    {AUTHP_E_INSUFFICIENT_ROLE, 403, "insufficient_role", "Not allowed",
     "Your account does not have the role or the property that this needs.", 0},
    {AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION, 401, "insufficient_user_authentication",
     "Sign-in too long ago", "This needs a more recent sign-in.", 0},
    {AUTHP_E_NOT_CANDIDATE, 403, "not_candidate", "Not a candidate",
     "This sign-in is for candidates.", 0},
    {AUTHP_E_NOT_RECRUITER, 403, "not_recruiter", "Not a recruiter",
     "This sign-in is for recruiters.", 0},
    {AUTHP_E_CANNOT_VERIFY, 422, "not_recruiter", "Not a recruiter",
     "This person neither is a recruiter nor asked to be one.", 0},
    {AUTHP_E_RECRUITER_PENDING, 403, "recruiter_pending", "Verification pending",
     "Recruiter pending verification", 0},
    {AUTHP_E_INVITE_REQUIRED, 403, "invite_required", "Invite needed",
     "A recruiter account needs an invite.", 0},
    {AUTHP_E_INVITE_INVALID, 403, "invite_invalid", "Invite not valid",
     "The invite is wrong, expired, used, or for another e-mail address.", 0},
    {AUTHP_E_EMAIL_TAKEN, 409, "email_taken", "E-mail address taken",
     "An account with this e-mail address exists: sign in.", 0},
    {AUTHP_E_CSRF_FAILED, 403, "csrf_failed", "CSRF check failed",
     "X-CSRF-Token must hold the value of the csrf_token cookie.", 0},
    {AUTHP_E_ORIGIN_DENIED, 403, "origin_denied", "Origin not allowed",
     "Requests from this origin are not allowed here.", 0},
    {AUTHP_E_REFRESH_INVALID, 401, "refresh_invalid", "Session over",
     "The refresh token is not valid any more: sign in again.", 0},
    {AUTHP_E_REFRESH_REUSED, 401, "refresh_reused", "Session ended",
     "This refresh token had been used before, so its session was ended: sign in again.", 0},
    {AUTHP_E_LAST_ADMIN, 409, "last_admin", "Last administrator",
     "The last administrator cannot be removed or demoted.", 0},
    {AUTHP_E_RATE_LIMITED, 429, "rate_limited", "Too many requests",
     "Too many tries: wait before the next one.", 60},
    {AUTHP_E_BUSY, 503, "busy", "Busy", "The server is busy: try again in a moment.", 1},
    {AUTHP_E_UNAVAILABLE, 503, "store_unavailable", "Temporarily unavailable",
     "The account store does not answer: try again in a moment.", 2},
    {AUTHP_E_VALIDATION_FAILED, 422, "validation_failed", "Fields not valid",
     "Some fields are wrong: see errors.", 0},
    {AUTHP_E_MALFORMED, 400, "malformed_json", "Not JSON", "The body is not well-formed JSON.", 0},
    {AUTHP_E_TOO_LARGE, 413, "body_too_large", "Body too large",
     "The body is larger than this server takes.", 0},
    {AUTHP_E_UNSUPPORTED_MEDIA_TYPE, 415, "unsupported_media_type", "Not application/json",
     "The body must be application/json, not compressed.", 0},
    {AUTHP_E_NOT_FOUND, 404, "not_found", "Not found", "There is nothing here.", 0},
    {AUTHP_E_METHOD_NOT_ALLOWED, 405, "method_not_allowed", "Method not allowed",
     "This path does not take that method.", 0},
    {AUTHP_E_INTERNAL, 500, "internal_error", "Internal error",
     "Something went wrong on the server.", 0},
};

#define PROBLEMS ((int)(sizeof(problems) / sizeof(problems[0])))

const authp_problem_t *authp_problem_of(authp_err_t err)
{
    for (int i = 0; i < PROBLEMS; i++) {
        if (problems[i].err == err) {
            return &problems[i];
        }
    }
    return &problems[PROBLEMS - 1];
}

const authp_problem_t *authp_problem_at(int index)
{
    return index >= 0 && index < PROBLEMS ? &problems[index] : NULL;
}

const char *authp_problem_example(const authp_problem_t *problem, apr_pool_t *pool)
{
    for (const authp_problem_t *other = problems; other < problem; other++) {
        if (strcmp(other->code, problem->code) == 0) {
            return apr_psprintf(pool, "%s_%d", problem->code, problem->status);
        }
    }
    return problem->code;
}

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

static void set_headers(const authp_problem_t *problem, const char *request_id,
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

void authp_problem_fill(authp_err_t err, const char *detail, json_t *findings,
                        const char *request_id, authp_response_t *out, apr_pool_t *pool)
{
    const authp_problem_t *problem = authp_problem_of(err);
    set_headers(problem, request_id, out, pool);
    json_t *document = authp_json_object(pool);
    authp_json_set_str(document, "type",
                       apr_pstrcat(pool, "urn:auth-platform:problem:", problem->code, NULL));
    authp_json_set_str(document, "title", problem->title);
    authp_json_set_int(document, "status", problem->status);
    authp_json_set_str(document, "detail", detail != NULL ? detail : problem->detail);
    authp_json_set_str(document, "code", problem->code);
    const char *name = NULL;
    json_t *member = NULL;
    json_object_foreach(findings, name, member)
    {
        authp_json_set(document, name, member);
    }
    authp_json_set_str(document, "request_id", request_id);
    apr_table_setn(out->headers, "Content-Type", "application/problem+json");
    out->body = authp_json_text(document, &out->body_len, pool);
}

void authp_problem_max_age(int seconds, authp_response_t *out, apr_pool_t *pool)
{
    apr_table_setn(out->headers, "WWW-Authenticate",
                   apr_psprintf(pool, "%s, max_age=\"%d\"",
                                challenge_for(AUTHP_E_INSUFFICIENT_USER_AUTHENTICATION), seconds));
}

static const char *escaped(const char *text, apr_pool_t *pool)
{
    return apr_pescape_entity(pool, text, 0);
}

/* Names are chosen by users. <bdi> limits the effect of characters that change the direction of
 * text to the name. */
static const char *reader_text(const authp_problem_reader_t *reader, apr_pool_t *pool)
{
    if (!reader->known) {
        return "";
    }
    const char *who = reader->name != NULL ? reader->name : reader->email;
    const char *both = reader->name != NULL ? reader->email : NULL;
    const char *text = "<p>You are signed in";
    if (who != NULL) {
        text = apr_pstrcat(pool, text, " as <strong><bdi>", escaped(who, pool), "</bdi></strong>",
                           NULL);
    }
    if (both != NULL) {
        text = apr_pstrcat(pool, text, " (<bdi>", escaped(both, pool), "</bdi>)", NULL);
    }
    if (reader->sign_in != NULL) {
        return apr_pstrcat(pool, text, ".</p>\n<p><a href=\"", escaped(reader->sign_in, pool),
                           "\">Sign in as somebody else</a></p>\n", NULL);
    }
    return apr_pstrcat(pool, text, ".</p>\n", NULL);
}

void authp_problem_page(authp_err_t err, const char *request_id,
                        const authp_problem_reader_t *reader, authp_response_t *out,
                        apr_pool_t *pool)
{
    /* `title` and `detail` are constants without markup. Everything else is escaped. */
    const authp_problem_t *problem = authp_problem_of(err);
    const char *id = request_id != NULL ? escaped(request_id, pool) : NULL;
    set_headers(problem, request_id, out, pool);
    out->body = apr_pstrcat(
        pool,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<title>",
        problem->title,
        "</title>\n<style>:root{color-scheme:light dark}body{font:1rem/1.5 system-ui,sans-serif;max-width:36rem;"
        "margin:15vh auto;padding:0 1rem;overflow-wrap:anywhere}small{opacity:.7}</style>\n</head>\n<body>\n<main>\n<h1>",
        problem->title, "</h1>\n<p>", problem->detail, "</p>\n", reader_text(reader, pool),
        "<p><a href=\"/\">Back to the start page</a></p>\n", id != NULL ? "<p><small>Request " : "",
        id != NULL ? id : "", id != NULL ? "</small></p>\n" : "", "</main>\n</body>\n</html>\n",
        NULL);
    out->body_len = strlen(out->body);
    apr_table_setn(out->headers, "Content-Type", "text/html; charset=utf-8");
    apr_table_setn(out->headers, "Content-Security-Policy", PAGE_POLICY);
}
