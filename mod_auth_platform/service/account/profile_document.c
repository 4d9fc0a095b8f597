/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/profile_document.h"

#include "base/log.h"
#include "service/account/user.h"
#include "service/account/user_change.h"

#include <string.h>

#define HUGE_NUMBER 1e308

/* True if there is a number that the parser did not keep: it replaces those that are too large by
 * 1e308. */
/* NOLINTNEXTLINE(misc-no-recursion): a value is a tree, whose depth the parser bounds. */
static bool has_lost_number(const json_t *value)
{
    bool lost = json_is_real(value) &&
                (json_real_value(value) >= HUGE_NUMBER || json_real_value(value) <= -HUGE_NUMBER);
    for (size_t i = 0; !lost && i < json_array_size(value); i++) {
        lost = has_lost_number(json_array_get(value, i));
    }
    if (!lost && json_is_object(value)) {
        const char *key = NULL;
        json_t *member = NULL;
        json_object_foreach((json_t *)value, key, member)
        {
            lost = lost || has_lost_number(member);
        }
    }
    return lost;
}

const char *authp_profile_document_wrong(const json_t *value, apr_pool_t *pool)
{
    size_t len = 0;
    if (!json_is_object(value)) {
        return "This is not an object.";
    }
    if (has_lost_number(value)) {
        return "This has a number that is too large. Send it as a string.";
    }
    (void)authp_json_text(value, &len, pool);
    return len > AUTHP_PROFILE_DOCUMENT_MOST ? "This is more than 8192 bytes of JSON." : NULL;
}

/* *out: the object of all roles, a new one if there is none. */
static authp_err_t read_all(const authp_user_t *user, json_t **out, apr_pool_t *pool)
{
    json_t *all = NULL;
    if (user->profiles == NULL) {
        *out = authp_json_object(pool);
        return AUTHP_OK;
    }
    authp_err_t err = authp_json_parse_stored(user->profiles, strlen(user->profiles), &all, pool);
    if (err != AUTHP_OK || !json_is_object(all)) {
        authp_log(AUTHP_LOG_ERROR, "AUTHP0317", "user %s: the stored profiles are no JSON object",
                  user->id.hex);
        return AUTHP_E_INTERNAL;
    }
    *out = all;
    return AUTHP_OK;
}

static void write_all(authp_user_t *user, const json_t *all, apr_pool_t *pool)
{
    user->profiles = json_object_size(all) > 0 ? authp_json_text(all, NULL, pool) : NULL;
}

/* NULL if the member is absent or is no object. */
static json_t *object_in(const json_t *document, const char *name)
{
    json_t *value = json_object_get(document, name);
    return json_is_object(value) ? value : NULL;
}

authp_err_t authp_profile_document_read(const authp_user_t *user, const char *role,
                                        authp_profile_document_t *out, apr_pool_t *pool)
{
    json_t *all = NULL;
    authp_err_t err = read_all(user, &all, pool);
    if (err == AUTHP_OK) {
        const json_t *document = json_object_get(all, role);
        *out = (authp_profile_document_t){.role = role,
                                          .personal_info = object_in(document, "personal_info"),
                                          .stats = object_in(document, "stats"),
                                          .job_id = authp_json_get_str(document, "job_id")};
    }
    return err;
}

authp_err_t authp_profile_document_remove(authp_user_t *user, const char *role, apr_pool_t *pool)
{
    json_t *all = NULL;
    if (user->profiles == NULL) {
        return AUTHP_OK;
    }
    authp_err_t err = read_all(user, &all, pool);
    if (err == AUTHP_OK && json_object_del(all, role) == 0) {
        write_all(user, all, pool);
    }
    return err;
}

/* `ctx` is the change. */
static authp_err_t edit_document(authp_user_t *user, void *ctx, apr_pool_t *pool)
{
    const authp_profile_document_t *change = ctx;
    json_t *all = NULL;
    if (!authp_user_holds(user, change->role)) {
        return AUTHP_E_NOT_FOUND;
    }
    authp_err_t err = read_all(user, &all, pool);
    if (err != AUTHP_OK) {
        return err;
    }
    json_t *document = object_in(all, change->role);
    if (document == NULL) {
        document = authp_json_set_object(all, change->role);
    }
    if (change->personal_info != NULL) {
        authp_json_set(document, "personal_info", change->personal_info);
    }
    if (change->stats != NULL) {
        authp_json_set(document, "stats", change->stats);
    }
    if (change->job_id != NULL) {
        authp_json_set_str(document, "job_id", change->job_id);
    }
    write_all(user, all, pool);
    return AUTHP_OK;
}

static bool is_good(const json_t *value, apr_pool_t *pool)
{
    return value == NULL || authp_profile_document_wrong(value, pool) == NULL;
}

/* A person who changes the own document needs no entry, as with the own name. */
static void audit(const authp_realm_t *realm, const authp_actor_t *actor, const char *id,
                  apr_pool_t *pool)
{
    const authp_event_t event = {.event = "user_change",
                                 .outcome = "ok",
                                 .reason = "profiles",
                                 .actor_id = actor->id,
                                 .subject_id = id};
    if (strcmp(actor->id, id) != 0) {
        authp_audit_write(realm, &event, actor->client, pool);
    }
}

authp_err_t authp_profile_document_write(const authp_realm_t *realm, const authp_actor_t *actor,
                                         const char *id, const authp_profile_document_t *change,
                                         authp_user_t **out, apr_pool_t *pool)
{
    authp_profile_document_t wanted = *change;
    authp_user_edit_t edit = {.fn = edit_document, .ctx = &wanted};
    if (!is_good(change->personal_info, pool) || !is_good(change->stats, pool)) {
        return AUTHP_E_VALIDATION_FAILED;
    }
    authp_user_t *user = NULL;
    authp_err_t err = authp_user_change(realm, id, &edit, &user, pool);
    if (err == AUTHP_OK) {
        *out = user;
    }
    if (err == AUTHP_OK && edit.changed) {
        audit(realm, actor, id, pool);
    }
    return err;
}
