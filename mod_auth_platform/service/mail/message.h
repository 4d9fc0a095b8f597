/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MESSAGE_H
#define AUTHP_SERVICE_MAIL_MESSAGE_H

#include "base/clock.h"
#include "base/err.h"

#include <apr_pools.h>
#include <stddef.h>

/* One mail to one address, and how it is written for SMTP (RFC 5322, RFC 2045 to 2047). All texts
 * are UTF-8. The members up to `id` have no control character, so that no member can add a header
 * line. */
typedef struct authp_message_t {
    const char *from;      /* an address of ASCII */
    const char *from_name; /* NULL: none */
    const char *to;        /* an address of ASCII */
    const char *subject;
    const char *id;  /* the part of the Message-ID before the @: letters, digits, '.', '-', '_'. The
                      * same mail has the same id however often it is sent */
    authp_ms_t date; /* when the row of the mail was made */
    const char *text; /* lines end with LF or CRLF */
    const char *html; /* NULL: the mail is `text` alone */
} authp_message_t;

/* Writes header and body: multipart/alternative with the text and then the HTML, both
 * quoted-printable, so that no line is longer than 76 bytes and all bytes are ASCII. The header
 * says that a program wrote the mail (Auto-Submitted, RFC 3834). AUTHP_E_MALFORMED: a member is not
 * as authp_message_t says; *bytes and *len then do not change. */
AUTHP_CHECKED authp_err_t authp_message_write(const authp_message_t *message, const char **bytes,
                                              size_t *len, apr_pool_t *pool);

#endif
