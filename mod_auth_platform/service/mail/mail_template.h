/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_TEMPLATE_H
#define AUTHP_SERVICE_MAIL_MAIL_TEMPLATE_H

#include "base/err.h"
#include "service/mail/mail_kind.h"

#include <apr_pools.h>
#include <stdbool.h>
#include <stddef.h>

/* Templates of mails: text or HTML with the placeholders {{link}}, {{name}} and {{code}}. */

/* The values of the placeholders. A value that is NULL or empty is absent. */
typedef struct authp_mail_values_t {
    const char *link;
    const char *name; /* of the person */
    const char *code; /* of an invite */
} authp_mail_values_t;

#define AUTHP_MAIL_TEMPLATE_MOST ((size_t)100 * 1024) /* bytes of a template */

/* A template of text. */
typedef struct authp_mail_template_t {
    const char *subject; /* without a placeholder */
    const char *body;    /* lines end with LF */
} authp_mail_template_t;

/* Reads a template of text for mails of `kind`: a first line "Subject: ...", and then the body. A
 * UTF-8 BOM is skipped, and lines may end with CRLF. AUTHP_E_MALFORMED: *why says what is wrong and
 * begins with "line N: " if one line is wrong. A template is wrong if it is not UTF-8, is larger
 * than AUTHP_MAIL_TEMPLATE_MOST, has control characters, has no subject or no body, has a
 * placeholder that is unknown or for which mails of this kind have no value, or lacks the link or
 * the code that mails of this kind have. */
AUTHP_CHECKED authp_err_t authp_mail_template_text(authp_mail_kind_t kind, const char *bytes,
                                                   size_t len, authp_mail_template_t *out,
                                                   const char **why, apr_pool_t *pool);

/* Reads a template of HTML in the same way. It has no subject. */
AUTHP_CHECKED authp_err_t authp_mail_template_html(authp_mail_kind_t kind, const char *bytes,
                                                   size_t len, const char **out, const char **why,
                                                   apr_pool_t *pool);

/* Returns a copy of `template` with the values in place of the placeholders. With `html` the values
 * are escaped. Control characters of a value become spaces. A line with a placeholder whose value
 * is absent is left out. An empty line that follows is left out with it, if the line before it is
 * empty or if it is the first line. */
const char *authp_mail_template_fill(const char *template, const authp_mail_values_t *values,
                                     bool html, apr_pool_t *pool);

/* `text` with the characters that mean something in HTML escaped, also in quoted attributes. */
const char *authp_mail_template_escape(const char *text, apr_pool_t *pool);

#endif
