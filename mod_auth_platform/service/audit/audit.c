/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/audit.h"

#include "base/log.h"

#include <string.h>

static const char *or_dash(const char *text)
{
    return text != NULL ? text : "-";
}

/* Logs events that an operator should see: a stolen token as a warning, a refusal as a notice.
 * Successful events are only in the audit. */
static void log_event(const authp_event_t *event, const authp_client_t *client)
{
    bool theft = strcmp(event->event, "refresh_reuse") == 0;
    if (!theft && strcmp(event->outcome, "ok") == 0) {
        return;
    }
    authp_log(theft ? AUTHP_LOG_WARNING : AUTHP_LOG_NOTICE, "AUTHP0301",
              "%s %s: reason %s, user %s, session %s, client %s, request %s", event->event,
              event->outcome, or_dash(event->reason), or_dash(event->subject_id),
              or_dash(event->session_id), or_dash(client->ip), or_dash(client->request_id));
}

void authp_audit_write(const authp_realm_t *realm, const authp_event_t *event,
                       const authp_client_t *client, apr_pool_t *pool)
{
    static const authp_client_t nobody = {0};
    if (client == NULL) {
        client = &nobody;
    }
    authp_audit_t entry = {
        .id = authp_id_new(realm->clock, realm->random),
        .at = authp_realm_now(realm),
        .event = event->event,
        .outcome = event->outcome,
        .reason = event->reason,
        .actor_id = event->actor_id,
        .subject_id = event->subject_id,
        .session_id = event->session_id,
        .ip = client->ip,
        .request_id = client->request_id,
    };
    log_event(event, client);
    authp_err_t err = authp_store_audit_append(realm->store, &entry, pool);
    if (err != AUTHP_OK) {
        authp_log(AUTHP_LOG_WARNING, "AUTHP0302", "audit event %s (%s) could not be stored: %s",
                  event->event, event->outcome, authp_err_name(err));
    }
}
