/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_TEXT_H
#define AUTHP_BASE_TEXT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>

/* True for well-formed UTF-8 (no surrogates, no overlong forms). *count (may be NULL) gets the
 * number of code points. */
bool authp_text_utf8(const char *text, size_t len, size_t *count);
/* True if the text has a byte below 0x20, the byte 0x7f, or a C1 control (U+0080 to U+009F). `text`
 * must be well-formed UTF-8. */
bool authp_text_has_control(const char *text, size_t len);
/* Changes ASCII letters to lower case. The locale has no effect. */
void authp_text_lower(char *text);
/* A copy without leading and trailing ASCII white space. */
char *authp_text_trim(const char *text, apr_pool_t *pool);
/* Lower-case hex of bytes. */
char *authp_text_hex(const unsigned char *bytes, size_t len, apr_pool_t *pool);
/* Percent-encodes everything but the unreserved characters of RFC 3986, for query values of a URL.
 */
char *authp_text_url_encode(const char *text, apr_pool_t *pool);
/* Decodes %XX, and '+' as a space if `form` is true. NULL if an escape is broken or would give a
 * NUL. */
char *authp_text_url_decode(const char *text, bool form, apr_pool_t *pool);
/* The value of `name` in a raw query string, decoded as a form field. The first pair with that name
 * counts. NULL if it is absent or its value is broken. */
const char *authp_text_query(const char *query, const char *name, apr_pool_t *pool);
/* True if the query has `name`, whether its value is broken or not. */
bool authp_text_query_has(const char *query, const char *name, apr_pool_t *pool);
/* Percent-encodes '%' and bytes outside printable ASCII, for header values to an app. */
const char *authp_text_header_safe(const char *text, apr_pool_t *pool);
/* True if the texts are equal byte for byte, or both are NULL. */
bool authp_text_equal(const char *a, const char *b);
/* True if the texts are equal but for the case of ASCII letters. False if one of them is NULL. */
bool authp_text_same(const char *a, const char *b);
/* The element of `known` (const char *) that `word` may be a misspelling of, for "did you mean". It
 * is the one with the fewest inserted, deleted, replaced or swapped characters: at most 2 in names
 * of 8 characters and more, at most 1 in shorter ones, and fewer than half of a name. Upper and
 * lower case of ASCII letters are equal. NULL if there is none, or if `word` is longer than 40
 * bytes. */
const char *authp_text_nearest(const char *word, const apr_array_header_t *known);

/* True if `text` is an element of `list` (const char *), byte for byte. */
bool authp_text_listed(const char *text, const apr_array_header_t *list);

#endif
