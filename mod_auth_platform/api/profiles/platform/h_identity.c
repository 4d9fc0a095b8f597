/* SPDX-License-Identifier: Apache-2.0 */
/* The identities at providers that belong to an account. */
#include "api/core/answer.h"
#include "api/profiles/platform/handlers.h"
#include "base/json.h"
#include "service/account/shape.h"
#include "service/provider/pairs.h"
#include "service/provider/provider_link.h"
#include "service/provider/provider_set.h"

#include <apr_strings.h>
#include <string.h>

static authp_self_t self_of(const authp_call_t *call)
{
    return (authp_self_t){.user = call->user,
                          .session = call->session,
                          .client = &call->client,
                          .auth_time = call->principal.auth_time};
}

static authp_err_t answer_list(authp_call_t *call, const authp_user_t *user)
{
    json_t *out = authp_json_object(call->pool);
    authp_json_set(out, "items", authp_shape_identities(user, call->pool));
    authp_json_set_bool(out, "password", user->password_hash != NULL);
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t authp_h_identity_list(authp_call_t *call)
{
    return answer_list(call, call->user);
}

/* The URL of the route /login with this ticket. Its host is that of the redirect URI, because the
 * cookie of the sign-in is kept for that host. */
static const char *login_url(const authp_provider_t *provider, const char *ticket, apr_pool_t *pool)
{
    const authp_pair_t pairs[] = {{"ticket", ticket}};
    size_t len = strlen(provider->redirect_uri) - strlen("callback");
    return authp_pairs_url(
        apr_pstrcat(pool, apr_pstrmemdup(pool, provider->redirect_uri, len), "login", NULL),
        AUTHP_PAIRS(pairs), pool);
}

authp_err_t authp_h_identity_begin(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    const authp_provider_t *provider =
        authp_provider_set_find(call->realm, authp_path_value(&call->path, "provider"));
    const char *ticket = NULL;
    if (provider == NULL) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err =
        authp_provider_link_ticket(call->realm, &self, provider->name,
                                   authp_call_field(call, "return_to"), &ticket, call->pool);
    if (err != AUTHP_OK) {
        return err;
    }
    json_t *out = authp_json_object(call->pool);
    authp_json_set_str(out, "location", login_url(provider, ticket, call->pool));
    authp_answer_json(call, 200, out);
    return AUTHP_OK;
}

authp_err_t authp_h_identity_link(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    authp_user_t *user = NULL;
    authp_err_t err = authp_provider_link_finish(
        call->realm, &self, authp_call_field(call, "link_code"), &user, call->pool);
    return err == AUTHP_OK ? answer_list(call, user) : err;
}

authp_err_t authp_h_identity_remove(authp_call_t *call)
{
    const authp_self_t self = self_of(call);
    call->out->status = 204;
    return authp_provider_link_remove(call->realm, &self, authp_path_value(&call->path, "provider"),
                                      call->pool);
}

authp_err_t authp_h_identity_remove_of(authp_call_t *call)
{
    const authp_actor_t actor = {.id = call->user->id.hex, .client = &call->client};
    call->out->status = 204;
    return authp_provider_link_remove_of(call->realm, &actor, authp_call_id(call),
                                         authp_path_value(&call->path, "provider"), call->pool);
}
