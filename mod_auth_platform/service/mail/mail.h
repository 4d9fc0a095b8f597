/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_H
#define AUTHP_SERVICE_MAIL_MAIL_H

#include "service/mail/mail_kind.h"
#include "service/realm/realm.h"

/* A mail without a link. Members but `kind` and `to` may be NULL. */
typedef struct authp_mail_post_t {
    authp_mail_kind_t kind;
    const char *to;       /* the address */
    const char *name;     /* of the person; NULL unless the address is proven */
    const char *code;     /* of an invite */
    const char *language; /* an Accept-Language header */
    const char *asker;    /* the address or id of the account that caused the mail, for which
                             AUTH_LIMIT_MAIL counts AUTHP_MAIL_ADDRESS_TAKEN, too */
} authp_mail_post_t;

/* True if MAIL_URL is set: mails can be sent. */
bool authp_mail_available(const authp_realm_t *realm);

/* Writes a mail about the account `user_id` (NULL: about no account) to the outbox, from which a
 * process of any host sends the mail (postman.h). Without MAIL_URL, and for AUTHP_MAIL_NEW_DEVICE
 * with MAIL_NOTICES=off, nothing is written. AUTHP_MAIL_ADDRESS_TAKEN counts against
 * AUTH_LIMIT_MAIL (outbox.h); beyond it a decoy is written, which is not sent.
 * AUTHP_E_UNAVAILABLE: the store does not answer, or its data keys are lost. */
AUTHP_CHECKED authp_err_t authp_mail_notice(const authp_realm_t *realm,
                                            const authp_mail_post_t *post, const char *user_id,
                                            apr_pool_t *pool);

#endif
