/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_PAGES_PAGES_H
#define AUTHP_API_PAGES_PAGES_H

#include "api/core/call.h"

/* The pages to which links in mails lead. The link's token is in the fragment of the address, which
 * browsers do not send. The script of the page removes it from the address and posts it to the
 * route of the same mount that uses the link. So no log and no Referer has the token, and a program
 * that only follows links uses nothing up. */
authp_err_t authp_pages_verify(authp_call_t *call);
authp_err_t authp_pages_reset(authp_call_t *call);

/* The rows of these pages, which a profile puts into its table. `group` is one of its tags. */
#define AUTHP_PAGES_ROUTES(group)                                                                  \
    {.method = "GET",                                                                              \
     .path = "/verify-email",                                                                      \
     .handler = authp_pages_verify,                                                                \
     .flags = AUTHP_ROUTE_PAGE,                                                                    \
     .tag = (group),                                                                               \
     .summary = "The page of the links that prove an e-mail address",                              \
     .success = 200,                                                                               \
     .answer = "Page"},                                                                            \
    {                                                                                              \
        .method = "GET", .path = "/reset-password", .handler = authp_pages_reset,                  \
        .flags = AUTHP_ROUTE_PAGE, .tag = (group),                                                 \
        .summary = "The page of the links that set a new password, which can also ask for one",    \
        .success = 200, .answer = "Page"                                                           \
    }

#endif
