/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_BASE_TEXT_H
#define AUTHP_BASE_TEXT_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <stdbool.h>
#include <stddef.h>

/* Well-formed UTF-8 (no surrogates, no overlong forms); counts code points into *count if not NULL.
 */
bool authp_text_utf8(const char *text, size_t len, size_t *count);
/* Any byte below 0x20, 0x7f, or a C1 control (U+0080..U+009F). `text` is well-formed UTF-8. */
bool authp_text_has_control(const char *text, size_t len);
/* ASCII only: the locale never matters here. */
void authp_text_lower(char *text);
/* Without leading and trailing ASCII white space. */
char *authp_text_trim(const char *text, apr_pool_t *pool);
/* Lower-case hex of bytes. */
char *authp_text_hex(const unsigned char *bytes, size_t len, apr_pool_t *pool);
/* RFC 3986 percent-encoding of all but unreserved characters: for URL query values. */
char *authp_text_url_encode(const char *text, apr_pool_t *pool);
/* Decodes %XX (and '+' as space if `form`); NULL if an escape is broken or a NUL would result. */
char *authp_text_url_decode(const char *text, bool form, apr_pool_t *pool);
/* Value of `name` in a raw query string, decoded as a form field; NULL if absent or broken. First
 * one wins. */
const char *authp_text_query(const char *query, const char *name, apr_pool_t *pool);
/* Is it there, be its value broken or not? */
bool authp_text_query_has(const char *query, const char *name, apr_pool_t *pool);
/* For header values to an app: bytes outside printable ASCII, and '%', percent-encoded. */
const char *authp_text_header_safe(const char *text, apr_pool_t *pool);
/* For logs: first character and domain of an e-mail, "j***@example.org"; "?" for NULL. */
const char *authp_text_mask_email(const char *email, apr_pool_t *pool);
/* Case-insensitive ASCII equality; NULLs are equal to nothing. */
bool authp_text_same(const char *a, const char *b);
/* The element of `known` (const char *) that `word` may be a misspelling of, for "did you mean":
 * the one with the fewest inserted, deleted, replaced or swapped characters, at most 2 in names of
 * 8 characters and more, at most 1 in shorter ones, and fewer than half of a name. ASCII letters of
 * either case are equal. NULL if there is none, and for words longer than 40 bytes. */
const char *authp_text_nearest(const char *word, const apr_array_header_t *known);

#endif
