/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require_claim.h"
#include "api/core/profiles.h"
#include "httpd/identity.h"
#include "httpd/require_words.h"
#include "httpd/runtime.h"

#include <ap_provider.h>
#include <apr_strings.h>
#include <http_request.h>
#include <mod_auth.h>
#include <stdbool.h>
#include <string.h>

#define CLAIM "Require platform-claim"

typedef bool has_value_fn(const authp_principal_t *who, const char *value);

static bool has_sub(const authp_principal_t *who, const char *value)
{
    return strcmp(who->user_id, value) == 0;
}

static bool has_sid(const authp_principal_t *who, const char *value)
{
    return strcmp(who->session_id, value) == 0;
}

/* Anybody can register with the address of somebody else. So only a proven address counts. */
static bool has_email(const authp_principal_t *who, const char *value)
{
    return who->email != NULL && who->email_verified && ap_cstr_casecmp(who->email, value) == 0;
}

static bool has_email_verified(const authp_principal_t *who, const char *value)
{
    return strcmp(who->email_verified ? "true" : "false", value) == 0;
}

static bool has_role(const authp_principal_t *who, const char *value)
{
    return (who->roles & authp_roles_bit(authp_runtime_get()->realm->roles, value)) != 0;
}

/* The platform's own tokens have no claim prf. */
static bool has_prf(const authp_principal_t *who, const char *value)
{
    return strcmp(who->prf != NULL ? who->prf : AUTHP_PROFILES_USUAL, value) == 0;
}

/* `name` is missing because people choose it freely. The times are missing because Require auth-age
 * is for them. */
static const struct claim_t {
    const char *name;
    has_value_fn *has;
} claims[] = {{"sub", has_sub},     {"sid", has_sid},
              {"email", has_email}, {"email_verified", has_email_verified},
              {"prf", has_prf},     {"roles", has_role}};

typedef struct require_claim_t {
    has_value_fn *has;
    authp_require_words_t *values;
} require_claim_t;

static has_value_fn *find(const char *name)
{
    for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
        if (strcmp(claims[i].name, name) == 0) {
            return claims[i].has;
        }
    }
    return NULL;
}

static bool all_boolean(const apr_array_header_t *values)
{
    bool fine = true;
    for (int i = 0; values != NULL && i < values->nelts && fine; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);
        fine = strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
    }
    return fine;
}

static const char *parse(cmd_parms *cmd, const char *line, const void **parsed)
{
    require_claim_t *out = apr_pcalloc(cmd->pool, sizeof(*out));
    const char *name = ap_getword_conf(cmd->pool, &line);
    out->has = find(name);
    if (out->has == NULL) {
        return apr_psprintf(
            cmd->pool, CLAIM ": \"%s\" is not one of sub, sid, email, email_verified, prf, roles",
            name);
    }
    const char *error = authp_require_words_parse(cmd, CLAIM, line, &out->values);
    if (error != NULL) {
        return error;
    }
    if (out->values == NULL) {
        return apr_pstrcat(cmd->pool, CLAIM " ", name, " needs at least one value", NULL);
    }
    if (out->has == has_email_verified && !all_boolean(authp_require_words_plain(out->values))) {
        return CLAIM " email_verified is true or false";
    }
    *parsed = out;
    return NULL;
}

static authz_status check(request_rec *r, const char *line, const void *parsed)
{
    const require_claim_t *wanted = parsed;
    (void)line;
    const authp_context_t *who = NULL;
    authz_status status = authp_identity_required(r, &who);
    if (status != AUTHZ_GRANTED) {
        return status;
    }
    const apr_array_header_t *values = authp_require_words_get(r, CLAIM, wanted->values);
    if (values == NULL) {
        return AUTHZ_GENERAL_ERROR;
    }
    for (int i = 0; i < values->nelts; i++) {
        if (wanted->has(&who->principal, APR_ARRAY_IDX(values, i, const char *))) {
            return AUTHZ_GRANTED;
        }
    }
    return AUTHZ_DENIED;
}

const authz_provider authp_require_claim_provider = {check, parse};
