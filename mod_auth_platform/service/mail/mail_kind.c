/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail_kind.h"

#include <stddef.h>
#include <string.h>

/* Rows of the outbox and files of MAIL_TEMPLATE_DIR use these names, so no name may change. */
static const char *const names[AUTHP_MAIL_KINDS] = {
    [AUTHP_MAIL_VERIFY_EMAIL] = "verify_email",
    [AUTHP_MAIL_RESET_PASSWORD] = "reset_password",
    [AUTHP_MAIL_SET_PASSWORD] = "set_password",
    [AUTHP_MAIL_ADDRESS_TAKEN] = "address_taken",
    [AUTHP_MAIL_PASSWORD_CHANGED] = "password_changed",
    [AUTHP_MAIL_EMAIL_CHANGED] = "email_changed",
    [AUTHP_MAIL_NEW_DEVICE] = "new_device",
    [AUTHP_MAIL_IDENTITY_LINKED] = "identity_linked",
    [AUTHP_MAIL_FACTOR_CHANGED] = "factor_changed",
    [AUTHP_MAIL_INVITE] = "invite",
};

const char *authp_mail_kind_name(authp_mail_kind_t kind)
{
    return names[kind];
}

authp_mail_kind_t authp_mail_kind_of(const char *name)
{
    int kind = 0;
    while (kind < AUTHP_MAIL_KINDS && (name == NULL || strcmp(names[kind], name) != 0)) {
        kind++;
    }
    return (authp_mail_kind_t)kind;
}

bool authp_mail_kind_links(authp_mail_kind_t kind)
{
    return kind == AUTHP_MAIL_VERIFY_EMAIL || kind == AUTHP_MAIL_RESET_PASSWORD ||
           kind == AUTHP_MAIL_SET_PASSWORD;
}
