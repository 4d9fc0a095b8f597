/* SPDX-License-Identifier: Apache-2.0 */
#include "service/mail/mail.h"

#include "service/mail/outbox.h"

#include <apr_strings.h>

bool authp_mail_available(const authp_realm_t *realm)
{
    return realm->settings->mail_url != NULL;
}

authp_err_t authp_mail_notice(const authp_realm_t *realm, const authp_mail_post_t *post,
                              const char *user_id, apr_pool_t *pool)
{
    bool room = true;
    if (!authp_mail_available(realm) ||
        (post->kind == AUTHP_MAIL_NEW_DEVICE && !realm->settings->mail_notices)) {
        return AUTHP_OK;
    }
    /* Only this notice has a limit. */
    authp_err_t err = AUTHP_OK;
    if (post->kind == AUTHP_MAIL_ADDRESS_TAKEN) {
        err = authp_outbox_count(realm, post->kind, post->to, post->asker, &room, pool);
    }
    if (err != AUTHP_OK) {
        return err;
    }
    authp_mail_row_t row = authp_outbox_row(realm, post->kind);
    row.user_id = user_id;
    const authp_letter_t letter = {
        .to = post->to, .name = post->name, .code = post->code, .language = post->language};
    return authp_outbox_put(realm, &row, &letter, !room, pool);
}
