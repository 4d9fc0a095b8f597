/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_QUERY_H
#define AUTHP_API_QUERY_H

#include "api/route.h"

/* The query of a list, as data: `?limit=&cursor=` for each, and what this one filters by. Other
 * parameters are nobody's business. */
typedef enum authp_query_kind_t {
    AUTHP_QUERY_PREFIX, /* of an e-mail address */
    AUTHP_QUERY_ROLE    /* a configured one */
} authp_query_kind_t;

struct authp_filter_t {
    const char *name; /* NULL ends the list */
    authp_query_kind_t kind;
    const char *about;
};

#define AUTHP_QUERY_MOST 200
#define AUTHP_QUERY_USUAL 50
#define AUTHP_QUERY_PREFIX_MOST 254 /* characters */

/* AUTHP_E_VALIDATION_FAILED with call->findings naming every bad one. */
AUTHP_CHECKED authp_err_t authp_query_check(authp_call_t *call);
/* Valid by now; NULL if absent. */
const char *authp_query_value(const authp_call_t *call, const char *name);
/* What to ask the store for: one more than the client wants, to know whether there is more. */
authp_page_t authp_query_page(const authp_call_t *call);

/* {items, next_cursor}: the items are made by `make` from the rows (pointers to structs that begin
 * with their authp_id_t). */
typedef json_t *authp_query_item_fn(const authp_call_t *call, const void *row);
void authp_query_answer(authp_call_t *call, const apr_array_header_t *rows,
                        authp_query_item_fn *make);

#endif
