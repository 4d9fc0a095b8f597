/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_BUILTIN_H
#define AUTHP_SERVICE_MAIL_MAIL_BUILTIN_H

#include <stddef.h>

/* The files of service/mail/texts/, embedded by the build (build/mails.pl). */
typedef struct authp_mail_builtin_t {
    const char *kind;     /* "verify_email" */
    const char *language; /* "en" */
    const char *text;     /* the template with its line of the subject */
} authp_mail_builtin_t;

/* Each kind in each language, and their number. */
extern const authp_mail_builtin_t authp_mail_builtin[];
extern const size_t authp_mail_builtin_count;

/* Parts of the HTML: the page, a paragraph, the button of a link and the box of a code. */
extern const char authp_mail_builtin_layout[];
extern const char authp_mail_builtin_paragraph[];
extern const char authp_mail_builtin_button[];
extern const char authp_mail_builtin_code[];

#endif
