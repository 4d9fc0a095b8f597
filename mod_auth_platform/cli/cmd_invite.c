/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_invite.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/show.h"
#include "service/invite.h"

int authp_cmd_invite_create(authp_context_t *context)
{
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const authp_new_invite_t in = {
        .email = authp_context_value(context, "email"),
        .hours = authp_input_number(context, "hours", AUTHP_INVITE_HOURS, AUTHP_INVITE_HOURS_MOST),
    };
    if (in.hours == 0) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    const char *why = authp_input_check(in.email, authp_account_check_email);
    if (why != NULL) {
        return authp_input_wrong(context, "email", why);
    }
    authp_err_t err =
        authp_invite_make(context->realm, &authp_context_actor, &in, &invite, &code, context->pool);
    if (err != AUTHP_OK) {
        return authp_output_failure(err, NULL, context->pool);
    }
    authp_show_new_invite(context, invite, code);
    return AUTHP_EXIT_OK;
}

int authp_cmd_invite_list(authp_context_t *context)
{
    authp_page_t page;
    apr_array_header_t *invites = NULL;
    int status = authp_listing_page(context, &page);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_store_invite_list(context->realm->store, &page, &invites, context->pool);
    if (err != AUTHP_OK) {
        return authp_output_failure(err, NULL, context->pool);
    }
    authp_listing_show(context, &authp_show_invites, &page, invites);
    return AUTHP_EXIT_OK;
}

int authp_cmd_invite_revoke(authp_context_t *context)
{
    const char *id = authp_context_value(context, "id");
    if (!authp_input_id(context, "id")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_invite_revoke(context->realm, &authp_context_actor, id, context->pool);
    if (err != AUTHP_OK) {
        return authp_output_failure(
            err, "there is no such invite, or it was used or revoked already", context->pool);
    }
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "id", id);
        authp_json_set_bool(answer, "revoked", 1);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "revoked invite %s", id);
    }
    return AUTHP_EXIT_OK;
}
