/* SPDX-License-Identifier: Apache-2.0 */
#include "service/account/new_device.h"

#include "base/log.h"
#include "base/text.h"
#include "service/account/account_mail.h"
#include "service/account/device.h"
#include "service/mail/mail.h"

#include <string.h>

#define PAGE 100
#define PAGES 5
/* A provider's sign-in that makes an account may take this long to fetch its tokens. */
#define JUST_MADE_MS INT64_C(120000)

/* True for an account that this sign-in at a provider has just made: no change has followed. */
static bool is_just_made(const authp_user_t *user, const authp_session_t *session)
{
    return user->ver == 1 && session->created_at - user->created_at <= JUST_MADE_MS;
}

static bool is_same_device(const authp_session_t *one, const authp_session_t *other)
{
    return one->device_id != NULL ? authp_text_equal(one->device_id, other->device_id)
                                  : authp_text_equal(one->user_agent, other->user_agent);
}

static bool is_listed(const authp_session_t *session, const apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        const authp_session_t *other = APR_ARRAY_IDX(list, i, const authp_session_t *);
        if (strcmp(other->id.hex, session->id.hex) != 0 && is_same_device(session, other)) {
            return true;
        }
    }
    return false;
}

/* *known becomes true if another live session of the account is on the same device. At most PAGES
 * pages of sessions are read. */
static authp_err_t ask_sessions(const authp_realm_t *realm, const authp_session_t *session,
                                bool *known, apr_pool_t *pool)
{
    authp_page_t page = {.after_id = NULL, .limit = PAGE};
    *known = false;
    for (int i = 0; i < PAGES && !*known; i++) {
        apr_array_header_t *list = NULL;
        authp_err_t err = authp_store_session_list(realm->store, session->user_id.hex,
                                                   authp_realm_now(realm), &page, &list, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        *known = is_listed(session, list);
        if (list->nelts < PAGE) {
            return AUTHP_OK;
        }
        page.after_id = APR_ARRAY_IDX(list, list->nelts - 1, const authp_session_t *)->id.hex;
    }
    return AUTHP_OK;
}

void authp_new_device_tell(const authp_realm_t *realm, const authp_grant_t *grant,
                           const authp_client_t *client, apr_pool_t *pool)
{
    const authp_user_t *user = grant->user;
    bool known = true;
    if (!authp_mail_available(realm) || !realm->settings->mail_notices || !user->email_verified ||
        authp_device_knows(client->device, user->id.hex) || is_just_made(user, grant->session)) {
        return;
    }
    authp_err_t err = ask_sessions(realm, grant->session, &known, pool);
    if (err != AUTHP_OK) {
        authp_log(
            AUTHP_LOG_WARNING, "AUTHP0392",
            "user %s: no mail about a sign-in was written, because it is not known whether the "
            "device is new: %s",
            user->id.hex, authp_err_name(err));
        return;
    }
    if (!known) {
        authp_account_mail_notice(realm, AUTHP_MAIL_NEW_DEVICE, user, client, pool);
    }
}
