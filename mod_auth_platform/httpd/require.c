/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require.h"
#include "httpd/config.h"
#include "httpd/identity.h"
#include "httpd/lifecycle.h"
#include "httpd/require_age.h"
#include "httpd/require_claim.h"
#include "httpd/require_words.h"

#include <ap_provider.h>
#include <http_request.h>
#include <mod_auth.h>

#define ROLE "Require role"

static const char *parse_role(cmd_parms *cmd, const char *line, const void **parsed)
{
    authp_require_words_t *words = NULL;
    const char *error = authp_require_words_parse(cmd, ROLE, line, &words);
    *parsed = words;
    return error != NULL || words != NULL ? error : ROLE " needs at least one role";
}

static authz_status check_role(request_rec *r, const char *line, const void *parsed)
{
    (void)line;
    const authp_context_t *who = NULL;
    authz_status status = authp_identity_required(r, &who);
    if (status != AUTHZ_GRANTED) {
        return status;
    }
    const apr_array_header_t *names = authp_require_words_get(r, ROLE, parsed);
    if (names == NULL) {
        return AUTHZ_GENERAL_ERROR;
    }
    const authp_roles_map_t *map = authp_lifecycle_runtime()->realm->roles;
    authp_roles_t passing = authp_roles_mask(map, names);
    if (authp_config_dir(r)->admin_passes_roles == 1) {
        passing |= authp_roles_bit(map, "admin");
    }
    return (who->principal.roles & passing) != 0 ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const char *parse_verified(cmd_parms *cmd, const char *line, const void **parsed)
{
    (void)cmd, (void)parsed;
    return line[0] == '\0' ? NULL : "Require verified takes no words behind it";
}

static authz_status check_verified(request_rec *r, const char *line, const void *parsed)
{
    (void)line, (void)parsed;
    const authp_context_t *who = NULL;
    authz_status status = authp_identity_required(r, &who);
    return status == AUTHZ_GRANTED && !who->principal.email_verified ? AUTHZ_DENIED : status;
}

static const authz_provider role_provider = {check_role, parse_role};
static const authz_provider verified_provider = {check_verified, parse_verified};

void authp_require_register(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "role", AUTHZ_PROVIDER_VERSION,
                              &role_provider, AP_AUTH_INTERNAL_PER_CONF);
    ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, "verified", AUTHZ_PROVIDER_VERSION,
                              &verified_provider, AP_AUTH_INTERNAL_PER_CONF);
    authp_require_claim_register(pool);
    authp_require_age_register(pool);
}
