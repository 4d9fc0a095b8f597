/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_OUTBOX_H
#define AUTHP_SERVICE_MAIL_OUTBOX_H

#include "service/mail/mail_kind.h"
#include "service/realm/realm.h"

/* For files of service/mail: rows of the outbox. The outbox is a table of the store. A route
 * inserts a row, and postman.h sends the mail. */

/* What the text of a mail needs. Members may be NULL. A data key seals the letter in row->sealed.
 */
typedef struct authp_letter_t {
    const char *to; /* NULL: a decoy, which is not sent */
    const char *name;
    const char *code;
    const char *token;    /* of the link */
    const char *language; /* an Accept-Language header */
} authp_letter_t;

/* A new row of `kind` that waits to be sent. Its times are those of a mail without a link: the last
 * try is 24 hours from now, and the purge may remove the row after 25 hours. row->user_id and the
 * members of the link are not set. */
authp_mail_row_t authp_outbox_row(const authp_realm_t *realm, authp_mail_kind_t kind);

/* Seals `letter` into row->sealed and inserts the row. With `decoy` the sealed letter has no
 * address, and is as long as with the address. AUTHP_E_UNAVAILABLE: the store does not answer, or
 * its data keys are lost. */
AUTHP_CHECKED authp_err_t authp_outbox_put(const authp_realm_t *realm, authp_mail_row_t *row,
                                           const authp_letter_t *letter, bool decoy,
                                           apr_pool_t *pool);

/* Opens row->sealed. AUTHP_E_UNAVAILABLE: its data key is lost. AUTHP_E_MALFORMED: the row was
 * changed. */
AUTHP_CHECKED authp_err_t authp_outbox_letter(const authp_realm_t *realm,
                                              const authp_mail_row_t *row, authp_letter_t *out,
                                              apr_pool_t *pool);

/* Counts a mail to the address `to` against AUTH_LIMIT_MAIL. AUTHP_MAIL_VERIFY_EMAIL and
 * AUTHP_MAIL_ADDRESS_TAKEN each have a count of their own, and all other kinds have one together.
 * So neither a person who asks for proofs of an address nor a stranger who names it keeps its owner
 * from a new password. `asker` is the address or id of the account that caused the mail (NULL:
 * none, or the mail does not count for it). It is counted first, as for a proof, whatever the kind:
 * otherwise the proofs that the account still gets would tell whether an address is taken. Beyond
 * the limit of `asker` no mail is sent, and `to` is not counted: otherwise one account could keep
 * the owners of many addresses from proving them. *room becomes false beyond a limit, and otherwise
 * stays as it is. AUTH_LIMITS=off: nothing is counted. AUTHP_E_UNAVAILABLE: the store does not
 * answer, or its data keys are lost; nothing more is counted. */
AUTHP_CHECKED authp_err_t authp_outbox_count(const authp_realm_t *realm, authp_mail_kind_t kind,
                                             const char *to, const char *asker, bool *room,
                                             apr_pool_t *pool);

#define AUTHP_OUTBOX_HOUR_MS INT64_C(3600000)

#endif
