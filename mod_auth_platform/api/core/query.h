/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_CORE_QUERY_H
#define AUTHP_API_CORE_QUERY_H

#include "api/core/call.h"

/* The query of a route, as its row describes it. */
#define AUTHP_QUERY_MOST 200
#define AUTHP_QUERY_USUAL 50
#define AUTHP_QUERY_PREFIX_MOST 254 /* characters */

/* Checks all parameters. AUTHP_E_VALIDATION_FAILED: call->findings names every wrong one. */
AUTHP_CHECKED authp_err_t authp_query_check(authp_call_t *call);
/* True if the route has a parameter that authp_query_check() may refuse. */
bool authp_query_may_fail(const authp_route_t *route);
/* The parameters of a list without filters, and those that come first in any list. */
#define AUTHP_QUERY_PAGE                                                                           \
    {"limit", AUTHP_QUERY_LIMIT, "How many at most."},                                             \
    {                                                                                              \
        "cursor", AUTHP_QUERY_CURSOR, "next_cursor of the page before."                            \
    }

/* The page to ask the store for. It has one row more than the client wants. If that row exists,
 * there is a next page. */
authp_page_t authp_query_page(const authp_call_t *call);

/* Answers with {items, next_cursor}. `make` makes each item from a row, which is a pointer to a
 * struct that begins with its authp_id_t. */
typedef json_t *authp_query_item_fn(const authp_call_t *call, const void *row);
void authp_query_answer(authp_call_t *call, const apr_array_header_t *rows,
                        authp_query_item_fn *make);

#endif
