/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_audit.h"

#include "cli/input.h"
#include "cli/output.h"
#include "cli/show.h"
#include "service/account/find.h"

#include <string.h>

/* Turns --user into the id that entries have. A deleted account has no address any more, but its id
 * stays in the audit. */
static int find_person(const authp_context_t *context, const char **out)
{
    const char *who = authp_context_value(context, "user");
    authp_user_t *user = NULL;
    if (who == NULL || authp_id_valid(who) || strcmp(who, AUTHP_ACTOR_CLI) == 0) {
        *out = who;
        return AUTHP_EXIT_OK;
    }
    /* A username has neither '@' nor '+'. */
    authp_login_kind_t kind = strchr(who, '@') != NULL ? AUTHP_LOGIN_EMAIL
                              : *who == '+'            ? AUTHP_LOGIN_PHONE
                                                       : AUTHP_LOGIN_USERNAME;
    static const char *const missing[] = {
        [AUTHP_LOGIN_EMAIL] =
            "there is no user with this e-mail address; name a deleted one by its id",
        [AUTHP_LOGIN_USERNAME] =
            "there is no user with this username; name a deleted one by its id",
        [AUTHP_LOGIN_PHONE] =
            "there is no user with this phone number; name a deleted one by its id"};
    authp_err_t err = authp_find_by_login(context->realm, kind, who, &user, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, missing[kind]);
    }
    *out = user->id.hex;
    return AUTHP_EXIT_OK;
}

int authp_cmd_audit_list(authp_context_t *context)
{
    authp_page_t page;
    apr_array_header_t *entries = NULL;
    authp_audit_filter_t filter = {.event = authp_context_value(context, "event")};
    int status = authp_listing_page(context, &page);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (!authp_input_since(context, "since", &filter.since)) {
        return AUTHP_EXIT_USAGE;
    }
    if (authp_context_open(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    status = find_person(context, &filter.person);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    filter.after_id = page.after_id;
    filter.limit = page.limit;
    authp_err_t err =
        authp_store_audit_list(context->realm->store, &filter, &entries, context->pool);
    if (err != AUTHP_OK) {
        return authp_context_failure(context, err, NULL);
    }
    authp_listing_show(context, &authp_show_audit, &page, entries);
    return AUTHP_EXIT_OK;
}
