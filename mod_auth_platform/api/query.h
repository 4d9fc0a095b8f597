/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_API_QUERY_H
#define AUTHP_API_QUERY_H

#include "api/route.h"

/* The query parameters of a list, as data: `limit` and `cursor`, and the filters of the route.
 * Other parameters are ignored. */
typedef enum authp_query_kind_t {
    AUTHP_QUERY_PREFIX, /* the beginning of an e-mail address */
    AUTHP_QUERY_ROLE    /* a configured role */
} authp_query_kind_t;

struct authp_filter_t {
    const char *name; /* NULL ends the list */
    authp_query_kind_t kind;
    const char *about;
};

#define AUTHP_QUERY_MOST 200
#define AUTHP_QUERY_USUAL 50
#define AUTHP_QUERY_PREFIX_MOST 254 /* characters */

/* Checks all parameters. AUTHP_E_VALIDATION_FAILED: call->findings names every wrong one. */
AUTHP_CHECKED authp_err_t authp_query_check(authp_call_t *call);
/* A parameter's value, checked before by authp_query_check(). NULL if it is absent. */
const char *authp_query_value(const authp_call_t *call, const char *name);
/* The page to ask the store for. It has one row more than the client wants. If that row exists,
 * there is a next page. */
authp_page_t authp_query_page(const authp_call_t *call);

/* Answers with {items, next_cursor}. `make` makes each item from a row, which is a pointer to a
 * struct that begins with its authp_id_t. */
typedef json_t *authp_query_item_fn(const authp_call_t *call, const void *row);
void authp_query_answer(authp_call_t *call, const apr_array_header_t *rows,
                        authp_query_item_fn *make);

#endif
