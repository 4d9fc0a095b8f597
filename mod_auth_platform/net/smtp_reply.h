/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_NET_SMTP_REPLY_H
#define AUTHP_NET_SMTP_REPLY_H

#include <stddef.h>

/* The replies of SMTP servers (RFC 5321 section 4.2, RFC 3463). Their texts are dropped, because
 * they may repeat an address or anything else. */

#define AUTHP_SMTP_ENHANCED_SIZE 10 /* bytes of "5.123.123" and its NUL */

typedef struct authp_smtp_reply_t {
    int code;                                /* 200 to 599; 0: none yet */
    char enhanced[AUTHP_SMTP_ENHANCED_SIZE]; /* such as "5.1.1"; "" if there is none */
} authp_smtp_reply_t;

typedef enum authp_smtp_line_t {
    AUTHP_SMTP_LINE_MORE, /* further lines of the same reply follow */
    AUTHP_SMTP_LINE_LAST,
    AUTHP_SMTP_LINE_BROKEN /* no line of a reply; *reply does not change */
} authp_smtp_line_t;

/* Takes one line, without its line end, into *reply, which is zeroed before the first line. The
 * enhanced code of the last line that has one counts. It must be of the class of `code`. */
authp_smtp_line_t authp_smtp_reply_line(const char *line, size_t len, authp_smtp_reply_t *reply);

#endif
