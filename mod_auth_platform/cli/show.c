/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show.h"

#include "cli/output.h"
#include "service/account/shape.h"
#include "service/account/user.h"
#include "store/identities.h"

#include <apr_strings.h>

static const char *time_of(authp_ms_t at, apr_pool_t *pool)
{
    return at != 0 ? authp_clock_rfc3339(at, pool) : NULL;
}

static void put(const authp_context_t *context, const char *name, const char *value)
{
    authp_output_line(context->pool, "%-16s%s", apr_pstrcat(context->pool, name, ":", NULL),
                      value != NULL && *value != '\0' ? value : "-");
}

/* --- users ------------------------------------------------------------------------------------ */
bool authp_show_is_pending(const authp_user_t *user)
{
    return authp_user_holds(user, "recruiter") && !user->is_recruiter_verified;
}

static const char *state_of(const authp_user_t *user)
{
    if (user->disabled) {
        return "disabled";
    }
    return authp_show_is_pending(user) ? "recruiter pending" : "active";
}

static void put_identities(const authp_context_t *context, const authp_user_t *user)
{
    apr_pool_t *pool = context->pool;
    int count = authp_identities_count(user->identities);
    if (count == 0) {
        put(context, "identities", "none");
    }
    for (int i = 0; i < count; i++) {
        const authp_identity_t *identity = authp_identities_at(user->identities, i);
        const char *linked = time_of(identity->linked_at, pool);
        const char *used = time_of(identity->last_login, pool);
        put(context, "identity",
            apr_pstrcat(pool, identity->provider, ", ",
                        identity->email != NULL ? identity->email : "no e-mail address", ", of ",
                        identity->issuer, ", linked ", linked != NULL ? linked : "-",
                        ", last sign-in ", used != NULL ? used : "-", NULL));
    }
}

void authp_show_user(const authp_context_t *context, const char *headline, const authp_user_t *user)
{
    apr_pool_t *pool = context->pool;
    if (context->options->json) {
        json_t *out = authp_shape_user(user, pool);
        authp_json_set(out, "identities", authp_shape_identities(user, pool));
        authp_output_json(out, pool);
        return;
    }
    if (headline != NULL) {
        authp_output_line(pool, "%s", headline);
    }
    put(context, "id", user->id.hex);
    put(context, "e-mail",
        user->email != NULL && user->email_verified
            ? apr_pstrcat(pool, user->email, " (verified)", NULL)
            : user->email);
    if (user->username != NULL) {
        put(context, "username", user->username);
    }
    if (user->phone != NULL) {
        put(context, "phone", user->phone);
    }
    put(context, "name", user->name);
    put(context, "roles", apr_array_pstrcat(pool, user->roles, ','));
    put(context, "state", state_of(user));
    put(context, "password", user->password_hash != NULL ? "set" : "none");
    put_identities(context, user);
    put(context, "created", time_of(user->created_at, pool));
    put(context, "updated", time_of(user->updated_at, pool));
}

static void user_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_user_t *user = row;
    cells[0] = user->id.hex;
    /* A username has no '@', and a number begins with '+', so the column shows which it is. */
    cells[1] = user->email != NULL      ? user->email
               : user->username != NULL ? user->username
                                        : user->phone;
    cells[2] = apr_array_pstrcat(context->pool, user->roles, ',');
    cells[3] = state_of(user);
    cells[4] = time_of(user->created_at, context->pool);
    cells[5] = user->name;
}

static json_t *user_shape(const void *row, apr_pool_t *pool)
{
    return authp_shape_user(row, pool);
}

const authp_listing_t authp_show_users = {
    {"ID", "E-MAIL", "ROLES", "STATE", "CREATED", "NAME", NULL}, user_cells, user_shape};

/* --- sessions --------------------------------------------------------------------------------- */
static void session_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_session_t *session = row;
    cells[0] = session->id.hex;
    cells[1] = time_of(session->created_at, context->pool);
    cells[2] = time_of(session->last_used_at, context->pool);
    cells[3] = session->ip;
    cells[4] = session->device_id;
    cells[5] = session->user_agent;
}

/* The tool has no session of its own. */
static json_t *session_shape(const void *row, apr_pool_t *pool)
{
    return authp_shape_session(row, false, pool);
}

const authp_listing_t authp_show_sessions = {
    {"ID", "CREATED", "LAST USED", "ADDRESS", "DEVICE", "CLIENT", NULL},
    session_cells,
    session_shape};

/* --- invites ---------------------------------------------------------------------------------- */
void authp_show_new_invite(const authp_context_t *context, const authp_invite_t *invite,
                           const char *code)
{
    if (context->options->json) {
        authp_output_json(authp_shape_new_invite(invite, code, context->pool), context->pool);
        return;
    }
    authp_output_line(context->pool, "made invite %s", invite->id.hex);
    put(context, "e-mail", invite->email);
    if (invite->role != NULL) {
        put(context, "role", invite->role);
    }
    put(context, "code", code);
    put(context, "expires", time_of(invite->expires_at, context->pool));
    authp_output_error(context->pool,
                       "note: the code is shown this once, and the store has only its hash");
}

const char *authp_show_invite_state(const authp_context_t *context, const authp_invite_t *invite)
{
    if (invite->used_at != 0) {
        return "used";
    }
    if (invite->revoked_at != 0) {
        return "revoked";
    }
    return invite->expires_at > authp_realm_now(context->realm) ? "open" : "expired";
}

static void invite_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_invite_t *invite = row;
    cells[0] = invite->id.hex;
    cells[1] = invite->email;
    cells[2] = authp_show_invite_state(context, invite);
    cells[3] = time_of(invite->created_at, context->pool);
    cells[4] = time_of(invite->expires_at, context->pool);
    cells[5] = invite->created_by;
    cells[6] = invite->used_by;
    cells[7] = invite->role != NULL ? invite->role : "recruiter";
}

static json_t *invite_shape(const void *row, apr_pool_t *pool)
{
    return authp_shape_invite(row, pool);
}

const authp_listing_t authp_show_invites = {
    {"ID", "E-MAIL", "STATE", "CREATED", "EXPIRES", "MADE BY", "USED BY", "ROLE", NULL},
    invite_cells,
    invite_shape};

/* --- the audit -------------------------------------------------------------------------------- */
static void audit_cells(const authp_context_t *context, const void *row, const char **cells)
{
    const authp_audit_t *entry = row;
    cells[0] = entry->id.hex;
    cells[1] = time_of(entry->at, context->pool);
    cells[2] = entry->event;
    cells[3] = entry->outcome;
    cells[4] = entry->reason;
    cells[5] = entry->actor_id;
    cells[6] = entry->subject_id;
    cells[7] = entry->ip;
}

static json_t *audit_shape(const void *row, apr_pool_t *pool)
{
    return authp_shape_audit(row, pool);
}

const authp_listing_t authp_show_audit = {
    {"ID", "AT", "EVENT", "OUTCOME", "REASON", "BY", "ABOUT", "ADDRESS", NULL},
    audit_cells,
    audit_shape};
