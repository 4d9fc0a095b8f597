/* SPDX-License-Identifier: Apache-2.0 */
#include "httpd/require.h"
#include "httpd/config.h"
#include "httpd/identity.h"
#include "httpd/require_age.h"
#include "httpd/require_claim.h"
#include "httpd/require_words.h"
#include "httpd/runtime.h"

#include <ap_provider.h>
#include <http_request.h>
#include <string.h>

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
    const authp_roles_map_t *map = authp_runtime_get()->realm->roles;
    authp_roles_t passing = authp_roles_mask(map, names);
    if (authp_config_dir(r)->admin_passes_roles == 1) {
        passing |= authp_roles_bit(map, "admin");
    }
    return (who->principal.roles & passing) != 0 ? AUTHZ_GRANTED : AUTHZ_DENIED;
}

static const char *parse_verified(cmd_parms *cmd, const char *line, const void **parsed)
{
    (void)cmd, (void)parsed;
    return line[0] == '\0' ? NULL : "Require verified takes no further words";
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

static const char *all_words(const char *words, apr_pool_t *pool)
{
    (void)pool;
    return words;
}

static const char *claim_roles(const char *words, apr_pool_t *pool)
{
    return strcmp(ap_getword_conf(pool, &words), "roles") == 0 ? words : NULL;
}

const authp_require_t authp_require_table[] = {
    {.name = "role", .provider = &role_provider, .roles = all_words},
    {.name = "verified", .provider = &verified_provider},
    {.name = "platform-claim", .provider = &authp_require_claim_provider, .roles = claim_roles},
    {.name = "auth-age", .provider = &authp_require_age_provider},
    {.name = NULL}};

void authp_require_register(apr_pool_t *pool)
{
    for (const authp_require_t *row = authp_require_table; row->name != NULL; row++) {
        ap_register_auth_provider(pool, AUTHZ_PROVIDER_GROUP, row->name, AUTHZ_PROVIDER_VERSION,
                                  row->provider, AP_AUTH_INTERNAL_PER_CONF);
    }
}
