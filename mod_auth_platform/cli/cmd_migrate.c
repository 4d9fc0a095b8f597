/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cmd_migrate.h"

#include "cli/output.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_MOST 9999 /* of any version */

/* Reads --to and --force. Returns the exit status. */
static int read_goal(const authp_context_t *context, authp_store_goal_t *goal)
{
    const char *to = authp_context_value(context, "to");
    goal->steps = AUTHP_STORE_NEWEST;
    goal->force = authp_context_value(context, "force") != NULL;
    if (to == NULL && goal->force) {
        authp_output_error(context->pool, "--force is for --to N only");
        return AUTHP_EXIT_USAGE;
    }
    if (to == NULL) {
        return AUTHP_EXIT_OK;
    }
    bool digits = strspn(to, "0123456789") == strlen(to);
    long steps = digits ? strtol(to, NULL, 10) : -1;
    if (steps < 0 || steps > STEPS_MOST) {
        authp_output_error(context->pool, "--to is a number of steps, 0 for none");
        return AUTHP_EXIT_USAGE;
    }
    goal->steps = (int)steps;
    return AUTHP_EXIT_OK;
}

static int failure(const authp_context_t *context, authp_err_t err,
                   const authp_store_migrated_t *done)
{
    if (err == AUTHP_E_MALFORMED && done->refusal != NULL) {
        authp_output_error(context->pool, "--to: %s", done->refusal);
        return AUTHP_EXIT_USAGE;
    }
    if (err == AUTHP_E_CONFLICT && done->refusal != NULL) {
        authp_output_error(context->pool,
                           "nothing was changed, because data would be lost: %s. With --force "
                           "that data is lost; make a backup first.",
                           done->refusal);
        return AUTHP_EXIT_FAILED;
    }
    return authp_context_failure(context, err, NULL);
}

static void show(const authp_context_t *context, const authp_store_migrated_t *done)
{
    int count = done->made + done->undone;
    if (context->options->json) {
        json_t *answer = authp_json_object(context->pool);
        authp_json_set_str(answer, "store", context->ops->name);
        authp_json_set_int(answer, "applied", done->made);
        authp_json_set_int(answer, "undone", done->undone);
        authp_output_json(answer, context->pool);
    } else if (count == 0) {
        bool to = authp_context_value(context, "to") != NULL;
        authp_output_line(context->pool, "%s: %s", context->ops->name,
                          to ? "nothing to do" : "up to date");
    } else {
        authp_output_line(context->pool, "%s: %d step%s %s", context->ops->name, count,
                          count == 1 ? "" : "s", done->undone > 0 ? "undone" : "applied");
    }
}

int authp_cmd_migrate(authp_context_t *context)
{
    authp_store_goal_t goal;
    authp_store_migrated_t done;
    int status = read_goal(context, &goal);
    if (status != AUTHP_EXIT_OK) {
        return status;
    }
    if (authp_context_open_unasked(context) != AUTHP_OK) {
        return AUTHP_EXIT_FAILED;
    }
    authp_err_t err = authp_store_migrate_to(context->realm->store, &goal, &done, context->pool);
    if (err != AUTHP_OK) {
        return failure(context, err, &done);
    }
    show(context, &done);
    if (done.undone > 0) {
        authp_output_error(context->pool, "note: a server of this version makes these steps again "
                                          "when one of its processes starts");
    }
    return AUTHP_EXIT_OK;
}
