/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_KIND_H
#define AUTHP_SERVICE_MAIL_MAIL_KIND_H

#include <stdbool.h>

/* The kinds of mail. The first three have a link. README.md of the source says what a new kind
 * needs. */
typedef enum authp_mail_kind_t {
    AUTHP_MAIL_VERIFY_EMAIL,     /* a link that proves an address, also a new one */
    AUTHP_MAIL_RESET_PASSWORD,   /* a link to a new password, for an owner who forgot the old one */
    AUTHP_MAIL_SET_PASSWORD,     /* a link to the first password of an account that an admin made */
    AUTHP_MAIL_ADDRESS_TAKEN,    /* a registration or a change named the address of an account */
    AUTHP_MAIL_PASSWORD_CHANGED, /* a new password was set */
    AUTHP_MAIL_EMAIL_CHANGED,    /* the address was changed; goes to the address before */
    AUTHP_MAIL_NEW_DEVICE,       /* a sign-in on a device that the account does not know */
    AUTHP_MAIL_IDENTITY_LINKED,  /* an identity at a provider was linked */
    AUTHP_MAIL_FACTOR_CHANGED,   /* a second factor was changed; no route writes this mail yet */
    AUTHP_MAIL_INVITE,           /* the code of an invite */
    AUTHP_MAIL_KINDS
} authp_mail_kind_t;

/* The name of a kind in the outbox, in file names of templates and in log lines: "verify_email". */
const char *authp_mail_kind_name(authp_mail_kind_t kind);
/* Returns the kind with that name, or AUTHP_MAIL_KINDS if no kind has the name or it is NULL. */
authp_mail_kind_t authp_mail_kind_of(const char *name);

/* True for a kind whose mail has a link. */
bool authp_mail_kind_links(authp_mail_kind_t kind);

#endif
