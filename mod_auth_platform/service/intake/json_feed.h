/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_JSON_FEED_H
#define AUTHP_SERVICE_INTAKE_JSON_FEED_H

#include "base/json.h"
#include "service/intake/feed.h"

/* The records (objects) of a file of JSON, one after the other. */
typedef struct authp_json_feed_t authp_json_feed_t;

/* `list` is the name of the member that has the records: {"users": [{...}, ...], ...}. Several such
 * objects may be in a list. With NULL the records are the elements of a list, or follow one another
 * (JSON Lines). */
authp_json_feed_t *authp_json_feed_make(authp_feed_t *feed, const char *list, apr_pool_t *pool);

/* Parses the next record. *line gets the line where it begins. *out is NULL if the record is larger
 * than AUTHP_FEED_RECORD_MOST. AUTHP_E_NOT_FOUND: there is no more. AUTHP_E_MALFORMED: the file is
 * refused (authp_feed_refusal): it is not JSON, is cut off, has an element that is no object, a
 * nesting deeper than 64, or no member `list`. AUTHP_E_UNAVAILABLE: it could not be read. */
AUTHP_CHECKED authp_err_t authp_json_feed_next(authp_json_feed_t *json, json_t **out, long *line,
                                               apr_pool_t *pool);

#endif
