/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_JSON_SCAN_H
#define AUTHP_BASE_JSON_SCAN_H

#include "base/err.h"

#include <stddef.h>

#define AUTHP_JSON_MAX_DEPTH 8

/* What json.c needs to know before jansson reads a text. Copies `text` to `out` (room for `len`
 * bytes), where
 *  - numbers that jansson has no type for become 1e308 or -1e308,
 *  - \u0000 in a member name becomes \uFFFD (jansson refuses such names; no field of ours has one),
 * and refuses nesting beyond AUTHP_JSON_MAX_DEPTH. Whether the text is JSON at all is left to
 * jansson. */
AUTHP_CHECKED authp_err_t authp_json_scan(const char *text, size_t len, char *out, size_t *copied);

#endif
