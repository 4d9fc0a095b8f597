/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_session.h"

#include "base/json.h"
#include "cli/input.h"
#include "cli/output.h"
#include "cli/show.h"
#include "cli/which.h"

int authp_cmd_session_list(authp_context_t *context)
{
    authp_page_t page;
    authp_user_t *user = NULL;
    apr_array_header_t *sessions = NULL;
    int status = authp_listing_page(context, &page);
    if (status == AUTHP_EXIT_OK) {
        status = authp_which_user(context, &user);
    }
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    authp_err_t err =
        authp_store_session_list(context->realm->store, user->id.hex,
                                 authp_realm_now(context->realm), &page, &sessions, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_listing_show(context, &authp_show_sessions, &page, sessions);
    return AUTHP_EXIT_OK;
}

static int show_ended(const authp_context_t *context, int count)
{
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_int(answer, "ended", count);
        authp_output_json(answer, context->pool);
    } else {
        authp_output_line(context->pool, "%d session%s ended", count, count == 1 ? "" : "s");
    }
    return AUTHP_EXIT_OK;
}

static int end_one(authp_context_t *context, const char *sid)
{
    if (!authp_input_id(context, "session")) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err =
        authp_admin_end_session(context->realm, &authp_context_actor, sid, context->pool);
    return err == AUTHP_OK ? show_ended(context, 1)
                           : authp_context_failure(
                                 context, err, "there is no such session, or it has ended already");
}

static int end_all(authp_context_t *context)
{
    int count = 0;
    authp_user_t *user = NULL;
    int status = authp_which_user(context, &user);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    authp_err_t err = authp_admin_end_sessions(context->realm, &authp_context_actor, user->id.hex,
                                               &count, context->pool);
    return err == AUTHP_OK ? show_ended(context, count)
                           : authp_context_failure(context, err, authp_which_missing(context));
}

int authp_cmd_session_end(authp_context_t *context)
{
    const char *sid = authp_context_value(context, "session");
    if ((sid != NULL) + authp_which_count(context) != 1) {
        authp_output_error(
            context->pool,
            "name one session by --session, or the user whose "
            "sessions are to end by --email or by --id, or by --username or --phone");
        return AUTHP_EXIT_USAGE;
    }
    return sid != NULL ? end_one(context, sid) : end_all(context);
}
