/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_INTAKE_CSV_FEED_H
#define AUTHP_SERVICE_INTAKE_CSV_FEED_H

#include "base/json.h"
#include "service/intake/feed.h"

#include <apr_tables.h>

/* The rows of a CSV file as RFC 4180 describes it, with a line of names at its start. A line ends
 * with LF or CRLF. Fields in quotes may have line ends, commas and doubled quotes. */
typedef struct authp_csv_feed_t authp_csv_feed_t;

/* Reads the line of names. AUTHP_E_MALFORMED: the file is refused, as below, or a name is empty or
 * occurs twice. */
AUTHP_CHECKED authp_err_t authp_csv_feed_make(authp_feed_t *feed, authp_csv_feed_t **out,
                                              apr_pool_t *pool);

/* The names (const char *), without white space around them. */
const apr_array_header_t *authp_csv_feed_names(const authp_csv_feed_t *csv);

/* Reads the next row as an object of texts. An empty field is left out, as is one that is not
 * UTF-8: `*odd` is true then. *out is NULL if the row has another number of fields than the line of
 * names. *line gets the line where the row begins. Empty lines are passed over. AUTHP_E_NOT_FOUND:
 * there is no more. AUTHP_E_MALFORMED: the file is refused (authp_feed_refusal): a quote is not
 * closed or is inside of a field without quotes, a row is larger than AUTHP_FEED_RECORD_MOST, or
 * there is a NUL byte. AUTHP_E_UNAVAILABLE: it could not be read. */
AUTHP_CHECKED authp_err_t authp_csv_feed_next(authp_csv_feed_t *csv, json_t **out, bool *odd,
                                              long *line, apr_pool_t *pool);

#endif
