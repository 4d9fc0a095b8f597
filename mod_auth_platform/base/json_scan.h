/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_JSON_SCAN_H
#define AUTHP_BASE_JSON_SCAN_H

#include "base/err.h"

#include <stddef.h>

#define AUTHP_JSON_MAX_DEPTH 8     /* of what clients send */
#define AUTHP_JSON_STORED_DEPTH 32 /* of what is in stores and export files */

/* Prepares a text for jansson. Copies `text` to `out`, which has room for `len` bytes, with two
 * changes:
 *  - a number that is too large for jansson becomes 1e308 or -1e308,
 *  - \u0000 in a member name becomes \uFFFD. Jansson refuses a name with \u0000, and no field has
 *    such a name.
 * AUTHP_E_MALFORMED: the nesting is deeper than `depth`, or the text has a NUL byte.
 * Jansson decides whether the text is JSON. */
AUTHP_CHECKED authp_err_t authp_json_scan(const char *text, size_t len, size_t depth, char *out,
                                          size_t *copied);

#endif
