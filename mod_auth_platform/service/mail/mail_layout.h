/* SPDX-License-Identifier: Apache-2.0 */
#ifndef AUTHP_SERVICE_MAIL_MAIL_LAYOUT_H
#define AUTHP_SERVICE_MAIL_MAIL_LAYOUT_H

#include "service/mail/mail_template.h"

#include <apr_pools.h>

/* Makes the template of HTML that says the same as the template of text, from the
 * HTML files in service/mail/texts/. Each paragraph of the text is a paragraph of the HTML. The
 * paragraph
 * "{{link}}" becomes a button with the subject as its words, and below it the link as text. The
 * paragraph "{{code}}" becomes large. Each line of the text is a line of the HTML, so that
 * authp_mail_template_fill() leaves the same lines out of both. `language` is a language tag. */
const char *authp_mail_layout_html(const authp_mail_template_t *text, const char *language,
                                   apr_pool_t *pool);

#endif
