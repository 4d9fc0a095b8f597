/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_LINK_H
#define AUTHP_SERVICE_MAIL_LINK_H

#include "service/mail/mail_kind.h"
#include "service/realm/realm.h"

/* Links in mails. A link is a row of the outbox: the row of the mail that has it. The link's token
 * is stored as its digest, and what the link is for is sealed by the token, so that after the mail
 * was sent nobody without the link can read the address. */

/* A new link. Members but `kind`, `to` and `user` may be NULL. */
typedef struct authp_link_new_t {
    authp_mail_kind_t kind;   /* AUTHP_MAIL_VERIFY_EMAIL, _RESET_PASSWORD or _SET_PASSWORD */
    const authp_user_t *user; /* its account; NULL: a decoy, which is not sent */
    const char *to;           /* the address, in lower case, to which it is mailed */
    const char *old;          /* the account's address now: `to`, or that before a change to `to` */
    const char *language;     /* an Accept-Language header */
    bool count_own;           /* count the mail for the account, too (AUTH_LIMIT_MAIL) */
} authp_link_new_t;

/* Writes a mail with a link to the outbox, by one insert. AUTH_LIMIT_MAIL counts it. Beyond the
 * limit a decoy is written instead, and the result is the same. AUTHP_MAIL_SET_PASSWORD is counted,
 * and is always sent.
 * AUTHP_E_UNAVAILABLE: the store does not answer, or its data keys are lost. */
AUTHP_CHECKED authp_err_t authp_link_send(const authp_realm_t *realm, const authp_link_new_t *in,
                                          apr_pool_t *pool);

/* A link that was found. */
typedef struct authp_link_t {
    authp_mail_row_t *row;
    const char *email;  /* the address to which it was mailed */
    const char *old;    /* as authp_link_new_t */
    authp_user_t *user; /* the account as it was read now */
} authp_link_t;

/* Finds the link of `token`, if it counts: it is of one of `kinds` (1 << kind, added), unused, not
 * too old, its account is not disabled, and authp_link_still_fits(). AUTHP_E_LINK_INVALID */
AUTHP_CHECKED authp_err_t authp_link_find(const authp_realm_t *realm, const char *token,
                                          unsigned kinds, authp_link_t *out, apr_pool_t *pool);

/* Uses the link up. AUTHP_E_LINK_INVALID: it was used meanwhile, or is too old. */
AUTHP_CHECKED authp_err_t authp_link_use(const authp_realm_t *realm, authp_link_t *link,
                                         apr_pool_t *pool);
/* Gives that use back, after the change that it was for has failed. */
AUTHP_CHECKED authp_err_t authp_link_give_back(const authp_realm_t *realm, const authp_link_t *link,
                                               apr_pool_t *pool);

/* True if the link still counts for `user`, its account as it is now. Edit functions call it. The
 * address must be that of the link. For another address the account must have the old one still.
 * Except for the first proof of an address, a new min_ver, such as after a new password, ends the
 * link. */
bool authp_link_still_fits(const authp_link_t *link, const authp_user_t *user);

#endif
