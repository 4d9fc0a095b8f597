/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_LANGUAGE_H
#define AUTHP_SERVICE_MAIL_LANGUAGE_H

#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>

/* Language tags (RFC 5646) and the header Accept-Language (RFC 9110 section 12.5.4). */

/* True for a tag such as "de", "pt-BR" or "zh-Hant": a part of 2 or 3 letters, and parts of 2 to 8
 * letters and digits; at most 35 bytes. */
bool authp_language_is_tag(const char *text, size_t len);

/* Returns the element of `known` (language tags, const char *) that the header asks for. The ranges
 * of the header count by their q values, and equal ones in their order. A range means the tag that
 * equals it, else the tag that equals it without its last parts (de-AT: de), else the first tag
 * that begins with it (pt: pt-BR). "*" means "en" if `known` has that, else the first tag. A range
 * with q=0 excludes its tags. If no tag fits, or `header` is NULL: "en", also if `known` lacks
 * that. Ranges that are malformed, and those after the 20th good one, are skipped. */
const char *authp_language_choose(const char *header, const apr_array_header_t *known);

#endif
