/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_AUDIT_H
#define AUTHP_SERVICE_AUDIT_H

#include "service/realm.h"

/* Who is asking, as far as the transport knows: for sessions' device_info and the audit. Strings
 * may be NULL. */
typedef struct authp_client_t {
    const char *ip;
    const char *user_agent;
    const char *device_id; /* what it calls itself: proves nothing */
    const char *request_id;
    const struct authp_device_t *device; /* what its signed cookie says; NULL if none */
    int *retry_after; /* gets seconds with AUTHP_E_RATE_LIMITED; NULL if nobody asks */
} authp_client_t;

/* Writes a security event to the store and, above INFO, one line to the log. A store failure is
 * logged and otherwise ignored: the event's own outcome has been decided already. `reason`, ids may
 * be NULL. */
typedef struct authp_event_t {
    const char *event;   /* "register", "login", "logout", "refresh_reuse", "user_create", ... */
    const char *outcome; /* "ok" or "denied" */
    const char *reason;
    const char *actor_id;
    const char *subject_id; /* the account, or the invite, that it is about */
    const char *session_id;
} authp_event_t;

void authp_audit_write(const authp_realm_t *realm, const authp_event_t *event,
                       const authp_client_t *client, apr_pool_t *pool);

#endif
