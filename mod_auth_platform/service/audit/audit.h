/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_AUDIT_AUDIT_H
#define AUTHP_SERVICE_AUDIT_AUDIT_H

#include "service/realm/realm.h"

/* What is known about the client, for the device information of sessions and for the audit. Strings
 * may be NULL. */
typedef struct authp_client_t {
    const char *ip;
    const char *user_agent;
    const char *language;  /* Accept-Language: the languages of mails that the request causes */
    const char *device_id; /* a name that the client chose; proves nothing */
    const char *request_id;
    const struct authp_device_t *device; /* from its signed cookie; NULL if none */
    int *retry_after;                    /* gets seconds with AUTHP_E_RATE_LIMITED; may be NULL */
    const struct authp_terms_t *terms; /* of tokens that it gets (terms.h); NULL = the platform's */
    const char *door_role; /* the role of the door at which it signs in; NULL = it has none */
} authp_client_t;

/* An event for the audit: it is written to the store, and one line to the log if an operator should
 * see it. A failure of the store is logged and otherwise ignored, because the outcome of the event
 * is already decided. `reason` and the ids may be NULL. */
typedef struct authp_event_t {
    const char *event;   /* "register", "login", "logout", "refresh_reuse", "user_create", ... */
    const char *outcome; /* "ok" or "denied" */
    const char *reason;
    const char *actor_id;
    const char *subject_id; /* the account, or the invite, that the event is about */
    const char *session_id;
} authp_event_t;

void authp_audit_write(const authp_realm_t *realm, const authp_event_t *event,
                       const authp_client_t *client, apr_pool_t *pool);

#endif
