/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_invite.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/show.h"
#include "service/account/account_rules.h"
#include "service/invite/invite.h"

#include <string.h>

#define BATCH 200

int authp_cmd_invite_create(authp_context_t *context)
{
    authp_invite_t *invite = NULL;
    const char *code = NULL;
    const char *role = authp_context_value(context, "role");
    bool admin = role != NULL && strcmp(role, "admin") == 0;
    const authp_new_invite_t in = {
        .email = authp_context_value(context, "email"),
        .role = admin ? "admin" : NULL,
        .hours = authp_input_number(context, "hours", AUTHP_INVITE_HOURS, AUTHP_INVITE_HOURS_MOST),
    };
    if (in.hours == 0) {
        return AUTHP_EXIT_USAGE;
    }
    if (role != NULL && !admin && strcmp(role, "recruiter") != 0) {
        authp_output_error(context->pool, "--role is recruiter or admin");
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    const char *why = authp_input_check(in.email, authp_account_rules_check_email);
    if (why != NULL) {
        return authp_input_wrong(context, "email", why);
    }
    authp_err_t err =
        authp_invite_make(context->realm, &authp_context_actor, &in, &invite, &code, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_show_new_invite(context, invite, code);
    return AUTHP_EXIT_OK;
}

static int check_state(const authp_context_t *context)
{
    static const char *const states[] = {"open", "used", "revoked", "expired"};
    const char *state = authp_context_value(context, "state");
    for (size_t i = 0; state != NULL && i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(state, states[i]) == 0) {
            return AUTHP_EXIT_OK;
        }
    }
    if (state != NULL) {
        authp_output_error(context->pool, "--state is open, used, revoked or expired");
        return AUTHP_EXIT_USAGE;
    }
    return AUTHP_EXIT_OK;
}

static bool is_wanted(const authp_context_t *context, const authp_invite_t *invite)
{
    const char *prefix = authp_context_value(context, "email");
    const char *state = authp_context_value(context, "state");
    if (prefix != NULL) {
        prefix = authp_account_rules_normal_email(prefix, context->pool);
    }
    return (prefix == NULL || strncmp(invite->email, prefix, strlen(prefix)) == 0) &&
           (state == NULL || strcmp(authp_show_invite_state(context, invite), state) == 0);
}

/* Reads pages of the store until the page to show is full. The store cannot select by state,
 * because a state depends on the time. */
static authp_err_t find_invites(const authp_context_t *context, const authp_page_t *page,
                                apr_array_header_t *out)
{
    authp_page_t at = {.after_id = page->after_id, .limit = BATCH};
    bool more = true;
    while (more && out->nelts < page->limit) {
        apr_array_header_t *batch = NULL;
        authp_err_t err =
            authp_store_invite_list(context->realm->store, &at, &batch, context->pool);
        if (err != AUTHP_OK) {
            return err;
        }
        more = batch->nelts == BATCH;
        for (int i = 0; i < batch->nelts && out->nelts < page->limit; i++) {
            authp_invite_t *invite = APR_ARRAY_IDX(batch, i, authp_invite_t *);
            at.after_id = invite->id.hex;
            if (is_wanted(context, invite)) {
                APR_ARRAY_PUSH(out, authp_invite_t *) = invite;
            }
        }
    }
    return AUTHP_OK;
}

int authp_cmd_invite_list(authp_context_t *context)
{
    authp_page_t page;
    int status = authp_listing_page(context, &page);
    if (status == AUTHP_EXIT_OK) {
        status = check_state(context);
    }
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    apr_array_header_t *invites = apr_array_make(context->pool, 8, sizeof(authp_invite_t *));
    authp_err_t err = find_invites(context, &page, invites);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
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
        return authp_context_failure(context, err,
                                     "there is no such invite, or it was used or revoked already");
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
