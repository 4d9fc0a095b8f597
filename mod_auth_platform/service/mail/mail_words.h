/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_WORDS_H
#define AUTHP_SERVICE_MAIL_MAIL_WORDS_H

#include <apr_pools.h>
#include <stddef.h>

/* Encodings of text in mails. `text` is well-formed UTF-8 without control characters. */

/* The value of a header line whose name, with the colon and the space, has `column` bytes. Text of
 * printable ASCII that fits into the line stays as it is. Other text becomes encoded words of RFC
 * 2047 (UTF-8, B encoding), none longer than 75 bytes and no line longer than 76, none of which
 * cuts a character. */
const char *authp_mail_words_header(const char *text, size_t column, apr_pool_t *pool);

/* The display name of an address (a phrase of RFC 5322): words of letters as they are, other ASCII
 * as a quoted string, everything else as authp_mail_words_header(). */
const char *authp_mail_words_name(const char *text, size_t column, apr_pool_t *pool);

/* Quoted-printable (RFC 2045 section 6.7) of a text whose lines end with LF or CRLF. In the result
 * each line ends with CRLF, the last one too, and none has more than 76 bytes before that. A dot
 * and the word "From " at the start of a line are encoded, because some servers change them. `text`
 * may have any bytes but NUL. */
const char *authp_mail_words_body(const char *text, apr_pool_t *pool);

#endif
