/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_LINK_H
#define AUTHP_SERVICE_MAIL_LINK_H

#include "service/mail/mail_kind.h"
#include "service/realm/realm.h"

/* Links in mails. One row of the outbox is a mail and the link in it. The row has the digest of the
 * link's token, and the addresses of the link, sealed by a key that is derived from the token
 * (row->box). After the mail was sent, nobody can read an address in the row without the link. */

/* A new link. Members but `kind`, `to` and `user` may be NULL. */
typedef struct authp_link_new_t {
    authp_mail_kind_t kind;   /* AUTHP_MAIL_VERIFY_EMAIL, _RESET_PASSWORD or _SET_PASSWORD */
    const authp_user_t *user; /* the account; NULL: a decoy is written, which is not sent */
    const char *to;           /* the address, in lower case, to which it is mailed */
    const char
        *old; /* the account's present address, which differs from `to` if the link changes it */
    const char *language; /* an Accept-Language header */
    bool count_own;       /* AUTH_LIMIT_MAIL counts the mail for the account, too; beyond that limit
                             `to` is not counted */
} authp_link_new_t;

/* Writes a mail with a link to the outbox, by one insert. AUTH_LIMIT_MAIL counts it (outbox.h).
 * Beyond the limit a decoy is written instead, and the result is the same. AUTHP_MAIL_SET_PASSWORD
 * is counted, too, but is sent also beyond the limit. AUTHP_E_UNAVAILABLE: the store does not
 * answer, or its data keys are lost. */
AUTHP_CHECKED authp_err_t authp_link_send(const authp_realm_t *realm, const authp_link_new_t *in,
                                          apr_pool_t *pool);

/* A link that was found. */
typedef struct authp_link_t {
    authp_mail_row_t *row;
    const char *email;  /* the address to which the link was mailed: `to` of authp_link_new_t */
    const char *old;    /* `old` of authp_link_new_t */
    authp_user_t *user; /* the account, as authp_link_find() has read it */
} authp_link_t;

/* Finds the link of `token`. AUTHP_E_LINK_INVALID: there is none, its kind is not one of `kinds` (a
 * sum of 1 << kind), it was used, it is too old, its account is gone, or authp_link_still_fits() is
 * false. AUTHP_E_UNAVAILABLE. */
AUTHP_CHECKED authp_err_t authp_link_find(const authp_realm_t *realm, const char *token,
                                          unsigned kinds, authp_link_t *out, apr_pool_t *pool);

/* Uses the link up. AUTHP_E_LINK_INVALID: another request has used the link since
 * authp_link_find(), or the link has become too old. */
AUTHP_CHECKED authp_err_t authp_link_use(const authp_realm_t *realm, authp_link_t *link,
                                         apr_pool_t *pool);
/* Makes a link unused again, after the change for which authp_link_use() was called has failed. */
AUTHP_CHECKED authp_err_t authp_link_give_back(const authp_realm_t *realm, const authp_link_t *link,
                                               apr_pool_t *pool);

/* True if the link still counts for `user`, its account as it is now. Edit functions call this. A
 * disabled account fits no link. A link that proves the present address of the account always fits.
 * A link that changes the address fits while the account has the address link->old and the min_ver
 * of the row. A link to a password fits while the account has the address link->email and that
 * min_ver. A new password changes min_ver. */
bool authp_link_still_fits(const authp_link_t *link, const authp_user_t *user);

#endif
