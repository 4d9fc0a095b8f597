/* SPDX-License-Identifier: Apache-2.0 */
#include "service/session/session_device.h"

#include "service/session/session.h"

#include <string.h>

#define PAGE 200

static bool is_older(const authp_session_t *one, const authp_session_t *other)
{
    return one->created_at != other->created_at ? one->created_at < other->created_at
                                                : strcmp(one->id.hex, other->id.hex) < 0;
}

/* Ends those of one page. */
static authp_err_t end_some(const authp_realm_t *realm, const apr_array_header_t *page,
                            const authp_session_t *than, const authp_client_t *client,
                            apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    for (int i = 0; i < page->nelts && err == AUTHP_OK; i++) {
        const authp_session_t *session = APR_ARRAY_IDX(page, i, const authp_session_t *);
        if (session->device_id != NULL && strcmp(session->device_id, than->device_id) == 0 &&
            is_older(session, than)) {
            err = authp_session_end(realm, session, "device_replaced", client, pool);
        }
    }
    return err;
}

authp_err_t authp_session_device_end_older(const authp_realm_t *realm,
                                           const authp_session_t *session,
                                           const authp_client_t *client, apr_pool_t *pool)
{
    authp_err_t err = AUTHP_OK;
    apr_array_header_t *list = NULL;
    authp_page_t page = {.after_id = NULL, .limit = PAGE};
    if (session->device_id == NULL) {
        return AUTHP_OK;
    }
    do {
        err = authp_store_session_list(realm->store, session->user_id.hex, authp_realm_now(realm),
                                       &page, &list, pool);
        if (err != AUTHP_OK) {
            return err;
        }
        err = end_some(realm, list, session, client, pool);
        if (list->nelts > 0) {
            page.after_id = APR_ARRAY_IDX(list, list->nelts - 1, const authp_session_t *)->id.hex;
        }
    } while (err == AUTHP_OK && list->nelts == PAGE);
    return err;
}
